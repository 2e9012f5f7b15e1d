//! Reads a journal back, whole or from a position on. A second thread reads, decompresses and parses, and hands the
//! lines over in batches.

use std::path::Path;
use std::sync::mpsc::{self, SyncSender};
use std::{mem, panic, thread};

use super::losses::Losses;
use super::opening::is_as_long;
use super::reading::{line_of, lines};
use super::segment::{self, Damage, Segment, SegmentName};
use super::{JournalError, io_error};
use crate::model::base::{Base, Counts};
use crate::model::record::{Line, Record};
use crate::model::state::Position;

/// Batches that wait at most, so that memory is bounded by a few of them and one frame.
const WAITING: usize = 4;

/// A batch is handed over at the first line that ends beyond this many octets of text, or lines.
const BATCH_TEXT: usize = 1 << 20;
const BATCH_LINES: usize = 1024;

/// Takes a line, and the position to read on from behind it: where its frame ends, or, if more lines of that
/// frame follow, where the frame begins.
pub type Each<'a, E> = &'a mut dyn FnMut(Line, Position) -> Result<(), E>;

/// Hands the lines of the journal in `dir` to `each`, in order, each number once: all of them, or those behind
/// a line, given with its position. What stands before the position is not read; if its segment is gone, the
/// number alone counts. A base of a later line than the given one comes line by line.
pub fn replay<E: From<JournalError>>(
    dir: &Path,
    from: Option<(u64, Position)>,
    each: Each<'_, E>,
) -> Result<Losses, E> {
    Plan::new(segment::live(dir)?, from)?.follow(each)
}

/// Reads files of a journal through, and no others of their directory. Returns the number of the last line,
/// and what could not be read.
pub fn read_through<'a>(
    dir: &Path,
    names: impl Iterator<Item = &'a str>,
) -> Result<(u64, Losses), JournalError> {
    let segment = |name: &str| Some(Segment { name: SegmentName::parse(name)?, path: dir.join(name) });
    let mut segments: Vec<_> = names.filter_map(segment).collect();
    segments.sort_by_key(|segment| segment.name);
    let mut last = 0;
    let losses = Plan::new(segment::live_of(segments).0, None)?.follow(&mut |line, _| {
        last = last.max(line.seq);
        Ok::<_, JournalError>(())
    })?;
    Ok((last, losses))
}

struct Plan {
    segments: Vec<Segment>,
    /// Start in the first of them.
    offset: u64,
    /// Lines up to this one are passed over.
    after: u64,
}

impl Plan {
    fn new(mut live: Vec<Segment>, from: Option<(u64, Position)>) -> Result<Self, JournalError> {
        let Some((after, position)) = from else { return Ok(Self { segments: live, offset: 0, after: 0 }) };
        let Position { segment, offset } = position;
        let holds = |s: &Segment| s.name.number == segment && !s.name.is_base && is_as_long(&s.path, offset);
        if let Some(at) = live.iter().position(holds) {
            return Ok(Self { segments: live.split_off(at), offset, after });
        }
        if (1..=after).contains(&segment::base_seq(&live)?) {
            live.remove(0);
        }
        Ok(Self { segments: segments_after(live, after)?, offset: 0, after })
    }

    fn follow<E: From<JournalError>>(self, each: Each<'_, E>) -> Result<Losses, E> {
        let Some(first) = self.segments.first() else { return Ok(Losses::default()) };
        let path = first.path.clone();
        thread::scope(|scope| {
            let (sender, receiver) = mpsc::sync_channel(WAITING);
            let reader = thread::Builder::new().name("replay".to_owned());
            let reader = reader.spawn_scoped(scope, move || self.read(sender));
            let reader = reader.map_err(io_error(&path, "start a thread to read it"))?;
            // When this ends early the receiver is dropped, and the reader ends at its next batch.
            for (line, position) in receiver.into_iter().flatten() {
                each(line, position)?;
            }
            Ok(reader.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked))?)
        })
    }

    fn read(self, way: SyncSender<Batch>) -> Result<Losses, JournalError> {
        let Self { segments, offset, after } = self;
        let mut reader =
            Reader { way, batch: Vec::new(), octets: 0, after, last: after, losses: Losses::default() };
        for (n, segment) in segments.iter().enumerate() {
            let is_done = reader.read(segment, if n == 0 { offset } else { 0 })?;
            if is_done {
                break;
            }
        }
        reader.send();
        Ok(reader.losses)
    }
}

type Batch = Vec<(Line, Position)>;

struct Reader {
    way: SyncSender<Batch>,
    batch: Batch,
    /// The text that the lines of the batch were made from.
    octets: usize,
    /// Lines up to this one are passed over.
    after: u64,
    last: u64,
    losses: Losses,
}

impl Reader {
    /// Reads a segment from an offset on. Returns whether the caller takes no more lines.
    fn read(&mut self, segment: &Segment, offset: u64) -> Result<bool, JournalError> {
        let Segment { name: SegmentName { number, is_base, .. }, path } = segment;
        let mut reading = segment.read(offset)?;
        let (mut counts, mut is_complete) = (Counts::default(), false);
        while let Some(frame) = reading.next()? {
            let mut is_whole = true;
            let mut rest = reading.text().len();
            for text in lines(reading.text()) {
                rest -= text.len();
                let Some(line) = line_of(text, path)? else {
                    is_whole = false;
                    continue;
                };
                if let Record::Base(part) = &line.record {
                    counts.take(part);
                    is_complete |= matches!(part, Base::End(end) if counts.agree_with(end));
                }
                let offset = if rest == 0 { frame.end } else { frame.start };
                let position = Position { segment: *number, offset };
                if self.finds(&line) && !self.push(line, position, text.len()) {
                    return Ok(true);
                }
            }
            if !is_whole {
                reading.disown(frame);
            }
        }
        let end = reading.end();
        let torn = end.torn(path);
        // A base that was cut between two frames, or never held what it should, shows it by nothing else.
        let is_cut = *is_base && !is_complete && torn.is_none() && end.damage.is_empty();
        let cut = Damage { path: path.clone(), from: end.good_len, to: end.len, refused: false };
        self.losses.damage.extend(end.damage.into_iter().chain(torn).chain(is_cut.then_some(cut)));
        Ok(false)
    }

    /// True if this is a line that was not found before.
    fn finds(&mut self, line: &Line) -> bool {
        let is_base = matches!(line.record, Record::Base(_));
        if line.seq <= if is_base { self.after } else { self.last } {
            return false;
        }
        if !is_base && line.seq > self.last + 1 {
            self.losses.gaps.push((self.last + 1, line.seq - 1));
        }
        self.last = self.last.max(line.seq);
        true
    }

    /// Returns whether the caller still takes lines.
    fn push(&mut self, line: Line, position: Position, octets: usize) -> bool {
        self.batch.push((line, position));
        self.octets += octets;
        (self.octets < BATCH_TEXT && self.batch.len() < BATCH_LINES) || self.send()
    }

    fn send(&mut self) -> bool {
        self.octets = 0;
        self.way.send(mem::take(&mut self.batch)).is_ok()
    }
}

/// The segments from the last one that begins at or before the line after `after`.
fn segments_after(mut segments: Vec<Segment>, after: u64) -> Result<Vec<Segment>, JournalError> {
    for n in (1..segments.len()).rev() {
        if segments[n].first_seq()?.is_some_and(|seq| seq <= after + 1) {
            return Ok(segments.split_off(n));
        }
    }
    Ok(segments)
}
