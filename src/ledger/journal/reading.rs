//! Reads one segment frame by frame, past damaged frames, and the lines of each frame.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::segment::{Damage, Segment};
use super::{JournalError, frame, io_error};
use crate::model::base::Base;
use crate::model::record::{LINE_VERSION, Line, Record};

pub(super) struct Reading<R> {
    path: PathBuf,
    /// None if the disk does not even open it.
    reader: Option<R>,
    decoder: frame::Decoder,
    /// Start of the frame that is tried next.
    at: u64,
    /// Number of times that the disk did not read: so far, and up to the last whole frame.
    refused: u32,
    refused_before: u32,
    end: End,
}

pub(super) struct End {
    pub(super) len: u64,
    /// The end of its last whole frame: beyond it there is at most a torn one.
    pub(super) good_len: u64,
    pub(super) damage: Vec<Damage>,
    /// The disk did not read all of it.
    pub(super) refused: bool,
}

impl End {
    /// The damage behind the last whole frame, if there is any.
    pub(super) fn torn(&self, path: &Path) -> Option<Damage> {
        let Self { len, good_len, refused, .. } = *self;
        let damage = Damage { path: path.to_owned(), from: good_len, to: len, refused };
        (good_len < len || (refused && self.damage.is_empty())).then_some(damage)
    }
}

impl Segment {
    /// Begins to read the segment at the end of a frame, or at 0. What the disk does not read is damage like
    /// any other.
    pub(super) fn read(&self, from: u64) -> Result<Reading<BufReader<File>>, JournalError> {
        let io = |what| io_error(&self.path, what);
        // A bad block may as well be one of the file system's own, and then nothing of the file is had.
        let opened = File::open(&self.path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (len, reader) = match opened {
            Ok((len, file)) => (len, Some(BufReader::with_capacity(1 << 16, file))),
            Err(e) if frame::is_of_the_medium(&e) => (0, None),
            Err(e) => return Err(io("open it")(e)),
        };
        Reading::new(&self.path, reader, len, from)
    }

    /// The number of its first line that can be read. Mostly that is in its first frame, and no more is read.
    pub(super) fn first_seq(&self) -> Result<Option<u64>, JournalError> {
        let mut reading = self.read(0)?;
        while reading.next()?.is_some() {
            for line in lines(reading.text()) {
                if let Some(seq) = seq_of(line, &self.path)? {
                    return Ok(Some(seq));
                }
            }
        }
        Ok(None)
    }
}

impl<R: BufRead + Seek> Reading<R> {
    /// Begins to read the segment of `len` octets.
    pub(super) fn new(path: &Path, mut reader: Option<R>, len: u64, from: u64) -> Result<Self, JournalError> {
        let from = from.min(len);
        if let Some(reader) = &mut reader {
            reader.seek(SeekFrom::Start(from)).map_err(io_error(path, "read it"))?;
        }
        Ok(Self {
            path: path.to_owned(),
            refused: u32::from(reader.is_none()),
            reader,
            decoder: frame::Decoder::new().map_err(io_error(path, "decompress it"))?,
            at: from,
            refused_before: 0,
            end: End { len, good_len: from, damage: Vec::new(), refused: false },
        })
    }

    /// Reads the next whole frame, and says where it stands.
    pub(super) fn next(&mut self) -> Result<Option<Range<u64>>, JournalError> {
        let Some(reader) = &mut self.reader else { return Ok(None) };
        let io = || io_error(&self.path, "read it");
        loop {
            let found = match self.decoder.read(reader) {
                Err(e) if frame::is_of_the_medium(&e) => {
                    self.refused += 1;
                    frame::Frame::Broken
                }
                found => found.map_err(io())?,
            };
            match found {
                frame::Frame::End => return Ok(None),
                frame::Frame::Whole(len) => {
                    let (from, to) = (self.at, self.at + len);
                    if from > self.end.good_len {
                        let refused = self.refused > self.refused_before;
                        let damage =
                            Damage { path: self.path.clone(), from: self.end.good_len, to: from, refused };
                        self.end.damage.push(damage);
                    }
                    (self.at, self.end.good_len, self.refused_before) = (to, to, self.refused);
                    return Ok(Some(from..to));
                }
                frame::Frame::Broken => {
                    let next = frame::next_readable(reader, self.at + 1, self.end.len, &mut self.refused);
                    let Some(next) = next.map_err(io())? else { return Ok(None) };
                    reader.seek(SeekFrom::Start(next)).map_err(io())?;
                    self.at = next;
                }
            }
        }
    }

    pub(super) fn text(&self) -> &[u8] {
        self.decoder.text()
    }

    /// Notes that a line of this frame makes no sense.
    pub(super) fn disown(&mut self, frame: Range<u64>) {
        let Range { start: from, end: to } = frame;
        self.end.damage.push(Damage { path: self.path.clone(), from, to, refused: false });
    }

    pub(super) fn end(self) -> End {
        End { refused: self.refused > 0, ..self.end }
    }
}

/// The lines of a frame, with their ends.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|b| *b == b'\n').filter(|line| *line != b"\n")
}

/// The fields of a line that say if it can be read, and its place.
#[derive(Deserialize)]
struct Head {
    v: u64,
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    round: u64,
    #[serde(default)]
    kind: RecordKind,
}

/// The kinds that most of a journal consists of, and the others.
#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RecordKind {
    Poll,
    Observation,
    Base,
    #[default]
    #[serde(other)]
    Other,
}

/// The same of the parts of a base.
#[derive(Deserialize)]
struct Part {
    of: Of,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Of {
    Entries,
    #[serde(other)]
    Other,
}

fn head_of(text: &[u8], path: &Path) -> Result<Option<Head>, JournalError> {
    match serde_json::from_slice(text) {
        Ok(Head { v, .. }) if v > u64::from(LINE_VERSION) => {
            Err(JournalError::Newer { path: path.to_owned(), version: v })
        }
        Ok(Head { v, .. }) if v < u64::from(LINE_VERSION) => {
            Err(JournalError::Older { path: path.to_owned() })
        }
        head => Ok(head.ok().filter(|head| head.seq > 0)),
    }
}

/// The number of a line, if the line makes sense so far.
pub(super) fn seq_of(text: &[u8], path: &Path) -> Result<Option<u64>, JournalError> {
    Ok(head_of(text, path)?.map(|head| head.seq))
}

/// A line, if it makes sense.
pub(super) fn line_of(text: &[u8], path: &Path) -> Result<Option<Line>, JournalError> {
    let Some(Head { seq, round, kind, .. }) = head_of(text, path)? else { return Ok(None) };
    // By its tags a line is read through values of any shape, which takes twice as long.
    let record = match kind {
        RecordKind::Poll => serde_json::from_slice(text).map(Record::Poll),
        RecordKind::Observation => serde_json::from_slice(text).map(Record::Observation),
        RecordKind::Base if matches!(serde_json::from_slice(text), Ok(Part { of: Of::Entries })) => {
            serde_json::from_slice(text).map(|part| Record::Base(Base::Entries(part)))
        }
        RecordKind::Base | RecordKind::Other => serde_json::from_slice::<Line>(text).map(|line| line.record),
    };
    Ok(record.ok().map(|record| Line { v: LINE_VERSION, seq, round, record }))
}
