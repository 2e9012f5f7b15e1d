//! Reading the whole of a journal, or what follows a position, and what of it cannot be read.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::opening::read;
use super::segment::{Damage, Segment, SegmentName};
use super::{JournalError, live};
use crate::core::base::{Base, Counts};
use crate::core::record::{Line, Record};

/// Stretches and gaps that a summary names; the rest it counts.
const NAMED: usize = 3;

/// What a replay could not read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Losses {
    /// Stretches of segments that are damaged.
    pub damage: Vec<Damage>,
    /// Positions no line was found for: the first and the last of each gap.
    pub gaps: Vec<(u64, u64)>,
}

impl Losses {
    /// Whether all was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.damage.is_empty() && self.gaps.is_empty()
    }

    /// What the disk did not read, if there is anything: it may be possible to get at it by other means.
    #[must_use]
    pub fn refused(&self) -> Option<&Damage> {
        self.damage.iter().find(|damage| damage.refused)
    }
}

impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let damage = self.damage.iter().map(ToString::to_string);
        let gaps = self.gaps.iter().map(|(first, last)| match first == last {
            true => format!("line {first} is missing"),
            false => format!("lines {first} to {last} are missing"),
        });
        let mut told: Vec<String> = damage.take(NAMED).chain(gaps.take(NAMED)).collect();
        let more = self.damage.len() + self.gaps.len() - told.len();
        if more > 0 {
            told.push(format!("and {more} more such places"));
        }
        f.write_str(&told.join("; "))
    }
}

/// Hands every line after `from` of the journal in `dir` to `each`, in order, each position once; a base
/// that is of a later position than `from`, line by line.
/// Segments that hold only lines up to `from` are not read.
///
/// # Errors
/// When a segment cannot be read, or `each` says so.
pub fn replay<E: From<JournalError>>(
    dir: &Path,
    from: u64,
    each: &mut dyn FnMut(Line) -> Result<(), E>,
) -> Result<Losses, E> {
    let (base_seq, segments) = live(dir)?;
    replay_of(base_seq, segments, from, each)
}

/// Reads files of a journal through, and no others of their directory. Returns the position of the last line,
/// and what could not be read.
///
/// # Errors
/// When one cannot be read at all.
pub fn read_through<'a>(
    dir: &Path,
    names: impl Iterator<Item = &'a str>,
) -> Result<(u64, Losses), JournalError> {
    let segment = |name: &str| Some(Segment { name: SegmentName::parse(name)?, path: dir.join(name) });
    let mut segments: Vec<_> = names.filter_map(segment).collect();
    segments.sort_by_key(|segment| segment.name);
    read(segments)
}

/// [`replay`], of the segments that count.
pub(super) fn replay_of<E: From<JournalError>>(
    base_seq: u64,
    mut segments: Vec<Segment>,
    from: u64,
    each: &mut dyn FnMut(Line) -> Result<(), E>,
) -> Result<Losses, E> {
    let (mut last, mut losses) = (from, Losses::default());
    if (1..=from).contains(&base_seq) {
        segments.remove(0);
    }
    for segment in segments_after(segments, from)? {
        let (mut failed, mut is_base, mut is_whole) = (None, false, false);
        let mut counts = Counts::default();
        let end = segment.read(&mut |line| {
            let of_base = matches!(line.record, Record::Base(_));
            is_base |= of_base;
            if let Record::Base(part) = &line.record {
                counts.take(part);
                is_whole |= matches!(part, Base::End(end) if counts.agree_with(end));
            }
            if failed.is_none() && of_base && line.seq > from {
                last = last.max(line.seq);
                failed = each(line).err();
            } else if failed.is_none() && !of_base && line.seq > last {
                if line.seq > last + 1 {
                    losses.gaps.push((last + 1, line.seq - 1));
                }
                last = line.seq;
                failed = each(line).err();
            }
            Ok(())
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        let torn = end.torn(&segment.path);
        let (from, to) = (end.good_len, end.len);
        let is_told = torn.is_some() || !end.damage.is_empty();
        losses.damage.extend(end.damage);
        losses.damage.extend(torn);
        // One that was cut between two frames, or never held what it should, shows it by nothing else.
        let cut = Damage { path: segment.path.clone(), from, to, refused: false };
        losses.damage.extend((is_base && !is_whole && !is_told).then_some(cut));
    }
    Ok(losses)
}

/// The segments from the last one that begins at or before the line after `from`.
fn segments_after(segments: Vec<Segment>, from: u64) -> Result<Vec<Segment>, JournalError> {
    let mut start = 0;
    for (n, segment) in segments.iter().enumerate().skip(1).rev() {
        if segment.first_seq()?.is_some_and(|seq| seq <= from + 1) {
            start = n;
            break;
        }
    }
    Ok(segments.into_iter().skip(start).collect())
}
