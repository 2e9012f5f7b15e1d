//! One file of the journal: its name, and reading it whole, damage and all.

use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{JournalError, frame, io_error};
use crate::core::record::{LINE_VERSION, Line};

const SUFFIX: &str = ".ndjson.zst";

/// A segment's name. The number orders segments; the date is for people and never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SegmentName {
    pub(super) number: u32,
    pub(super) date: NaiveDate,
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}-{}{SUFFIX}", self.number, self.date.format("%Y-%m-%d"))
    }
}

impl SegmentName {
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (number, date) = name.strip_suffix(SUFFIX)?.split_once('-')?;
        Some(Self { number: number.parse().ok()?, date: NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()? })
    }
}

/// A stretch of a segment that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// The segment.
    pub path: PathBuf,
    /// Where it starts, in octets.
    pub from: u64,
    /// Where reading went on.
    pub to: u64,
    /// The disk did not read it, as opposed to what was read making no sense. It may be possible to get at it
    /// by other means.
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

/// A segment on disk.
#[derive(Clone, Debug)]
pub struct Segment {
    pub(super) name: SegmentName,
    /// Where it is.
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

/// Where reading a segment ended.
pub(super) struct End {
    /// The file's length.
    pub(super) len: u64,
    /// The end of its last whole frame: beyond it there is at most a torn one.
    pub(super) good_len: u64,
    /// Damage between whole frames.
    pub(super) damage: Vec<Damage>,
    /// The disk did not read all of it.
    pub(super) refused: bool,
}

impl End {
    /// What stands behind the last whole frame, if anything does.
    pub(super) fn torn(&self, path: &Path) -> Option<Damage> {
        let Self { len, good_len, refused, .. } = *self;
        let damage = Damage { path: path.to_owned(), from: good_len, to: len, refused };
        (good_len < len || (refused && self.damage.is_empty())).then_some(damage)
    }
}

#[derive(Deserialize)]
struct Version {
    v: u64,
}

/// What tells a segment from others.
#[derive(Deserialize)]
struct FirstLine {
    v: u64,
    seq: u64,
    #[serde(default)]
    kind: Option<String>,
}

impl Segment {
    /// The position of its first line, if its first frame can be read.
    pub(super) fn first_seq(&self) -> Result<Option<u64>, JournalError> {
        Ok(self.first_line()?.map(|line| line.seq))
    }

    /// The position of the base that it is, if it is one.
    pub(super) fn base_seq(&self) -> Result<Option<u64>, JournalError> {
        match self.first_line()?.filter(|line| line.kind.as_deref() == Some("base")) {
            Some(line) if line.v > u64::from(LINE_VERSION) => {
                Err(JournalError::Newer { path: self.path.clone(), version: line.v })
            }
            base => Ok(base.map(|line| line.seq)),
        }
    }

    fn first_line(&self) -> Result<Option<FirstLine>, JournalError> {
        let io = |what| io_error(&self.path, what);
        let file = match File::open(&self.path) {
            Err(e) if frame::is_of_the_medium(&e) => return Ok(None),
            file => file.map_err(io("open it"))?,
        };
        let text = match frame::read(&mut BufReader::new(file)) {
            Ok(frame::Frame::Whole(text)) => text,
            Ok(_) => return Ok(None),
            Err(e) if frame::is_of_the_medium(&e) => return Ok(None),
            Err(e) => return Err(io("read it")(e)),
        };
        let line = text.split(|b| *b == b'\n').next().unwrap_or_default();
        Ok(serde_json::from_slice(line).ok())
    }

    /// Hands every readable line to `each`, in order. What the disk does not read is damage like any other.
    pub(super) fn read(
        &self,
        each: &mut dyn FnMut(Line) -> Result<(), JournalError>,
    ) -> Result<End, JournalError> {
        let io = |what| io_error(&self.path, what);
        // A bad block may as well be one of the file system's own, and then nothing of the file is had.
        let opened = File::open(&self.path).and_then(|file| Ok((file.metadata()?.len(), file)));
        match opened {
            Ok((len, file)) => self.read_from(&mut BufReader::with_capacity(1 << 16, file), len, each),
            Err(e) if frame::is_of_the_medium(&e) => {
                Ok(End { len: 0, good_len: 0, damage: Vec::new(), refused: true })
            }
            Err(e) => Err(io("open it")(e)),
        }
    }

    /// [`Self::read`], of its `len` octets.
    pub(super) fn read_from<R: BufRead + Seek>(
        &self,
        reader: &mut R,
        len: u64,
        each: &mut dyn FnMut(Line) -> Result<(), JournalError>,
    ) -> Result<End, JournalError> {
        let io = |what| io_error(&self.path, what);
        let mut end = End { len, good_len: 0, damage: Vec::new(), refused: false };
        // Where the frame being tried starts, and how often the disk did not read: so far, and up to the last
        // whole frame.
        let (mut at, mut refused, mut before) = (0, 0, 0);
        loop {
            let found = match frame::read(reader) {
                Err(e) if frame::is_of_the_medium(&e) => {
                    refused += 1;
                    frame::Frame::Broken
                }
                found => found.map_err(io("read it"))?,
            };
            match found {
                frame::Frame::End => break,
                frame::Frame::Whole(text) => {
                    let damage = |from, to, refused| Damage { path: self.path.clone(), from, to, refused };
                    if at > end.good_len {
                        end.damage.push(damage(end.good_len, at, refused > before));
                    }
                    let place = reader.stream_position().map_err(io("read it"))?;
                    if !self.lines(&text, each)? {
                        end.damage.push(damage(at, place, false));
                    }
                    (at, before) = (place, refused);
                    end.good_len = place;
                }
                frame::Frame::Broken => {
                    let next = frame::next_readable(reader, at + 1, len, &mut refused);
                    let Some(next) = next.map_err(io("read it"))? else { break };
                    at = next;
                    reader.seek(SeekFrom::Start(at)).map_err(io("read it"))?;
                }
            }
        }
        end.refused = refused > 0;
        Ok(end)
    }

    /// Whether every line of a frame could be read.
    fn lines(
        &self,
        text: &[u8],
        each: &mut dyn FnMut(Line) -> Result<(), JournalError>,
    ) -> Result<bool, JournalError> {
        let mut whole = true;
        for line in text.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
            match serde_json::from_slice::<Line>(line) {
                Ok(line) if line.v <= LINE_VERSION => each(line)?,
                // One that reads like ours may still mean something else.
                _ => match serde_json::from_slice::<Version>(line) {
                    Ok(Version { v }) if v > u64::from(LINE_VERSION) => {
                        return Err(JournalError::Newer { path: self.path.clone(), version: v });
                    }
                    _ => whole = false,
                },
            }
        }
        Ok(whole)
    }
}
