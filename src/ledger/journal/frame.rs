//! One zstd frame: how it is written, and how the next frame is found in a torn or damaged file.

use std::io::{self, BufRead, Cursor, Seek, SeekFrom};

use zstd::bulk::Compressor;
use zstd::stream::raw::{self, InBuffer, Operation, OutBuffer};
use zstd::zstd_safe;

/// Every zstd frame starts with it (RFC 8878 section 3.1.1).
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Level 3: on news it halves what level 1 leaves over again, at a few microseconds an entry.
const LEVEL: i32 = 3;

/// The most one frame may hold once decompressed; what claims more is damage.
const MAX_FRAME: u64 = 1 << 30;

/// The least room the decoder is given: what it decompresses at once (RFC 8878 section 3.1.1.2.4).
const ROOM: usize = 128 << 10;

/// The longest line that is written: with the lines before it in its frame it stays below the most a
/// frame may hold.
pub(super) const MAX_LINE: usize = 512 << 20;

/// Compresses frames. It keeps its context between them: a fresh one costs more than a short frame does.
pub(super) struct Encoder(Compressor<'static>);

impl Encoder {
    pub(super) fn new() -> io::Result<Self> {
        let mut zstd = Compressor::new(LEVEL)?;
        zstd.include_checksum(true)?;
        Ok(Self(zstd))
    }

    /// Compresses `text` into one frame with a content checksum, behind what `out` holds. On an error `out` is
    /// as it was.
    pub(super) fn encode(&mut self, text: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        let before = out.len();
        out.reserve(zstd_safe::compress_bound(text.len()));
        let mut behind = Cursor::new(&mut *out);
        behind.set_position(before as u64);
        let encoded = self.0.compress_to_buffer(text, &mut behind);
        encoded.map(|_| ()).inspect_err(|_| out.truncate(before))
    }
}

/// `EIO`, `EBADMSG` and `EUCLEAN` of Linux: a sector that cannot be read, and what file systems say of a
/// block that their checksums disown.
const OF_THE_MEDIUM: [i32; 3] = [5, 74, 117];

/// True if an error says that a place of a file cannot be read, as opposed to the file, or not now.
pub(super) fn is_of_the_medium(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| OF_THE_MEDIUM.contains(&code))
}

/// The content of a file at one place.
pub(super) enum Frame {
    /// A whole frame of this many octets. [`Decoder::text`] is what it holds.
    Whole(u64),
    /// Something else, or a frame that its checksum disowns.
    Broken,
    End,
}

/// Decompresses frames. It keeps its context and its buffer between them.
pub(super) struct Decoder {
    zstd: raw::Decoder<'static>,
    text: Vec<u8>,
}

impl Decoder {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { zstd: raw::Decoder::new()?, text: Vec::new() })
    }

    /// The text of the frame that was read last, if that was a whole one.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Reads the frame at the reader's place and leaves the reader right behind it. After `Broken` the
    /// place is undefined.
    pub(super) fn read<R: BufRead>(&mut self, reader: &mut R) -> io::Result<Frame> {
        self.zstd.reinit()?;
        self.text.clear();
        if reader.fill_buf()?.is_empty() {
            return Ok(Frame::End);
        }
        let mut len = 0;
        loop {
            let input = reader.fill_buf()?;
            let at = self.text.len();
            // All that the decoder had to give is given once it leaves room.
            if input.is_empty() && at < self.text.capacity() {
                return Ok(Frame::Broken);
            }
            self.text.reserve(ROOM);
            let mut from = InBuffer::around(input);
            let found = self.zstd.run(&mut from, &mut OutBuffer::around_pos(&mut self.text, at));
            let taken = from.pos();
            reader.consume(taken);
            len += taken as u64;
            match found {
                Ok(_) if self.text.len() as u64 > MAX_FRAME => return Ok(Frame::Broken),
                Ok(0) => return Ok(Frame::Whole(len)),
                Ok(_) => {}
                Err(_) => return Ok(Frame::Broken),
            }
        }
    }
}

/// The place of the next magic number at or after `from`, if there is one.
pub(super) fn next_magic<R: BufRead + Seek>(reader: &mut R, from: u64) -> io::Result<Option<u64>> {
    reader.seek(SeekFrom::Start(from))?;
    let (mut at, mut window) = (from, [0u8; 4]);
    let mut filled = 0usize;
    loop {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            return Ok(None);
        }
        let n = chunk.len();
        for &byte in chunk {
            window.rotate_left(1);
            window[3] = byte;
            at += 1;
            filled += 1;
            if filled >= 4 && window == MAGIC {
                return Ok(Some(at - 4));
            }
        }
        reader.consume(n);
    }
}

/// Octets that are skipped at first when the disk does not read: a page. It doubles at each further
/// place, so that a disk that takes seconds to fail is asked a few dozen times, however large the file is.
const SKIP: u64 = 4096;

/// [`next_magic`], past what the disk does not read. `refused` counts how often that was, over a whole file of
/// `len` octets: twice at each place, as the frame that begins before it is tried first.
pub(super) fn next_readable<R: BufRead + Seek>(
    reader: &mut R,
    mut from: u64,
    len: u64,
    refused: &mut u32,
) -> io::Result<Option<u64>> {
    loop {
        match next_magic(reader, from) {
            Err(e) if is_of_the_medium(&e) => {
                let skip = SKIP << (*refused / 2).min(40);
                *refused += 1;
                let at = reader.stream_position()?.max(from);
                from = (at / SKIP * SKIP).saturating_add(skip);
                if from >= len {
                    return Ok(None);
                }
            }
            found => return found,
        }
    }
}
