//! Opens a journal: finds the last line, and cuts off a torn frame at the end of the last segment.

use std::cmp::max;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;

use super::disk::{self, Disks, Mode};
use super::reading::{End, lines, seq_of};
use super::segment::{self, Damage, Segment, SegmentName};
use super::{Journal, JournalError, base_file, frame, io_error};
use crate::model::state::Position;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// The sequence number of the last line; 0 for an empty journal.
    pub seq: u64,
    /// The journal ends before the known place, or no frame ends there: it was cut, or it is another journal.
    pub beyond: bool,
    /// Octets of a torn last frame that were cut off.
    pub cut: u64,
    /// Damage of the last segment, in the part that was read.
    pub damage: Vec<Damage>,
}

impl Journal {
    /// Opens the journal in `dir`, creating it when there is none, and makes its end whole. `today`
    /// dates the first segment of an empty journal. `known` is the number of a line and the position that was
    /// given out with it: if the journal holds it, the lines before it are not read. Otherwise the whole
    /// last segment is read.
    pub fn open(
        dir: &Path,
        today: NaiveDate,
        known: Option<(u64, Position)>,
    ) -> Result<(Self, OpenReport), JournalError> {
        Self::open_on(Arc::new(disk::Real), dir, today, known)
    }

    pub(super) fn open_on(
        disks: Disks,
        dir: &Path,
        today: NaiveDate,
        known: Option<(u64, Position)>,
    ) -> Result<(Self, OpenReport), JournalError> {
        fs::create_dir_all(dir).map_err(io_error(dir, "create it"))?;
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            base_file::sync_dir(&disks, parent)?;
        }
        let (live, superseded) = segment::live_of(segment::list(dir)?);
        let base_seq = segment::base_seq(&live)?;
        let Mended { seq, end, refused, cut, damage, strays } = mend(&disks, &live, known)?;
        let beyond = strays || known.is_some_and(|known| known.0 > seq || known.1 > end);
        let report = OpenReport { seq, beyond, cut, damage };
        let name = match live.last() {
            // Nothing is appended to a base, nor behind what the disk does not read.
            Some(Segment { name, .. }) => {
                let next = u32::from(name.is_base || refused);
                SegmentName { number: name.number + next, is_base: false, ..*name }
            }
            None => SegmentName { number: 1, date: today, is_base: false },
        };
        // A journal of another version is left alone, so this comes after it was read.
        // What cannot be removed is passed over by every reader.
        let swept = base_file::sweep(&disks, dir);
        for left in [swept, base_file::remove(&disks, &superseded, dir)] {
            let _ = left.inspect_err(|error| tracing::warn!(%error, "it stays until the next start"));
        }
        let path = dir.join(name.to_string());
        let mut file = disks.open(&path, Mode::GoOn).map_err(io_error(&path, "open it to write"))?;
        // What a process that was killed left unsynced is vouched for from here on.
        file.sync().map_err(io_error(&path, "sync"))?;
        base_file::sync_dir(&disks, dir)?;
        let journal = Self {
            dir: dir.to_owned(),
            disks,
            name,
            good_len: segment::length(&path)?,
            encoder: frame::Encoder::new().map_err(io_error(&path, "begin to compress"))?,
            path,
            file,
            seq,
            base_seq,
            text: Vec::new(),
            unsynced: Vec::new(),
            torn: false,
            doubtful: false,
            stopwatch: Box::new(|sync| sync()),
        };
        Ok((journal, report))
    }
}

#[derive(Default)]
struct Mended {
    seq: u64,
    end: Position,
    /// The disk did not read all of the last segment: then it is left as it is.
    refused: bool,
    /// Octets of a torn last frame that were cut off.
    cut: u64,
    damage: Vec<Damage>,
    /// The known place lies within a frame.
    strays: bool,
}

/// The result of reading a segment for its last line.
struct Scan {
    /// The number of that line; 0 if none was found.
    last: u64,
    end: End,
    /// A frame begins or ends at the place that was asked for.
    meets: bool,
}

impl Scan {
    fn of(segment: &Segment, from: u64, place: u64) -> Result<Self, JournalError> {
        let mut reading = segment.read(from)?;
        let (mut last, mut meets) = (0, false);
        while let Some(frame) = reading.next()? {
            meets |= frame.start == place || frame.end == place;
            let mut is_whole = true;
            for line in lines(reading.text()) {
                let seq = seq_of(line, &segment.path)?;
                is_whole &= seq.is_some();
                last = max(last, seq.unwrap_or(0));
            }
            if !is_whole {
                reading.disown(frame);
            }
        }
        Ok(Self { last, end: reading.end(), meets })
    }
}

/// Finds the last line, and cuts a torn frame off the last segment.
fn mend(disks: &Disks, live: &[Segment], known: Option<(u64, Position)>) -> Result<Mended, JournalError> {
    let mut mended = Mended::default();
    for (back, Segment { name, path }) in live.iter().rev().enumerate() {
        let (is_last, number) = (back == 0, name.number);
        if name.is_base {
            // It was read back before it got its name, so its end is whole.
            mended.seq = segment::base_seq(live)?;
            if is_last {
                mended.end = Position { segment: number, offset: segment::length(path)? };
            }
            break;
        }
        let segment = &live[live.len() - 1 - back];
        let place = known.filter(|(_, at)| at.segment == number && is_as_long(path, at.offset));
        let (mut last, from) = place.map_or((0, 0), |(seq, at)| (seq, at.offset));
        let mut scan = Scan::of(segment, from, from)?;
        if from > 0 && !scan.meets && from < scan.end.len {
            // Either what stands there is torn, or the place is not one of this journal, and then whole frames
            // must not be taken for a torn one.
            scan = Scan::of(segment, 0, from)?;
            if !scan.meets {
                (last, mended.strays) = (0, true);
            }
        }
        last = max(last, scan.last);
        let end = scan.end;
        if end.refused {
            mended.damage.extend(end.torn(path));
        }
        mended.damage.extend(end.damage);
        if is_last {
            mended.refused = end.refused;
            mended.end = Position { segment: number, offset: end.len };
        }
        if is_last && !end.refused && end.good_len < end.len {
            let cut = disks.open(path, Mode::GoOn).and_then(|mut file| {
                file.cut(end.good_len)?;
                file.sync()
            });
            cut.map_err(io_error(path, "cut a torn frame"))?;
            mended.cut = end.len - end.good_len;
            mended.end.offset = end.good_len;
        }
        if last > 0 {
            mended.seq = last;
            break;
        }
    }
    Ok(mended)
}

/// True if a file reaches up to `len`. If nothing is had of the file, reading it says so.
pub(super) fn is_as_long(path: &Path, len: u64) -> bool {
    fs::metadata(path).is_ok_and(|file| file.len() >= len)
}
