//! Segments, the files of the journal: their names, and the list of them in a directory.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{JournalError, io_error};

const SUFFIX: &str = ".ndjson.zst";
const BASE: &str = ".base";

/// A segment's name. The number orders segments; the date is for people and never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SegmentName {
    pub(super) number: u32,
    pub(super) date: NaiveDate,
    /// It is a base, which stands for all segments before it.
    pub(super) is_base: bool,
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = if self.is_base { BASE } else { "" };
        write!(f, "{:08}-{}{base}{SUFFIX}", self.number, self.date.format("%Y-%m-%d"))
    }
}

impl SegmentName {
    pub(super) fn parse(name: &str) -> Option<Self> {
        let name = name.strip_suffix(SUFFIX)?;
        let (name, is_base) = name.strip_suffix(BASE).map_or((name, false), |name| (name, true));
        let (number, date) = name.split_once('-')?;
        let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?;
        Some(Self { number: number.parse().ok()?, date, is_base })
    }
}

/// A stretch of a segment that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    pub path: PathBuf,
    /// Start of the damage, in octets.
    pub from: u64,
    /// Place at which reading went on.
    pub to: u64,
    /// True if the disk failed to read it, false if the octets make no sense. Other tools may be able to read it.
    #[serde(default)]
    pub refused: bool,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, from, to, refused } = self;
        match from == to {
            _ if *refused => write!(f, "{}: the disk does not read octets {from} to {to}", path.display()),
            true => write!(f, "{}: ends too early, at octet {to}", path.display()),
            false => write!(f, "{}: octets {from} to {to} are damaged", path.display()),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Segment {
    pub(super) name: SegmentName,
    pub path: PathBuf,
}

/// The segments of a journal, in order.
pub(super) fn list(dir: &Path) -> Result<Vec<Segment>, JournalError> {
    let mut segments = Vec::new();
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(segments),
        Err(e) => return Err(io_error(dir, "list it")(e)),
    };
    for entry in entries {
        let path = entry.map_err(io_error(dir, "list it"))?.path();
        if let Some(name) = path.file_name().and_then(|n| n.to_str()).and_then(SegmentName::parse) {
            segments.push(Segment { name, path });
        }
    }
    segments.sort_by_key(|s| s.name);
    Ok(segments)
}

/// The segments that count, of all in order: the newest base, if there is one, and what follows it, or else
/// all. And those that a base stands for.
pub(super) fn live_of(mut segments: Vec<Segment>) -> (Vec<Segment>, Vec<Segment>) {
    let base = segments.iter().rposition(|segment| segment.name.is_base).unwrap_or(0);
    let live = segments.split_off(base);
    (live, segments)
}

/// The segments that count.
pub(super) fn live(dir: &Path) -> Result<Vec<Segment>, JournalError> {
    Ok(live_of(list(dir)?).0)
}

/// The number of the line that the base is of, among the segments that count; 0 without one.
pub(super) fn base_seq(live: &[Segment]) -> Result<u64, JournalError> {
    let base = live.first().filter(|segment| segment.name.is_base);
    Ok(base.map(Segment::first_seq).transpose()?.flatten().unwrap_or(0))
}

pub(super) fn length(path: &Path) -> Result<u64, JournalError> {
    fs::metadata(path).map(|m| m.len()).map_err(io_error(path, "read its length"))
}
