//! One zstd frame: how it is written, and how the next is found in a file that may be torn or damaged.

use std::io::{self, BufRead, Read, Seek, SeekFrom, Write};

/// Every zstd frame starts with it (RFC 8878 section 3.1.1).
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Level 3: on news it halves what level 1 leaves over again, at a few microseconds an entry.
const LEVEL: i32 = 3;

/// The most one frame may hold once decompressed; what claims more is damage.
const MAX_FRAME: u64 = 1 << 30;

/// The longest line that is written: with the lines before it in its frame it stays below the most a
/// frame may hold.
pub(super) const MAX_LINE: usize = 512 << 20;

/// Compresses `text` into one frame with a content checksum.
pub(super) fn encode(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = zstd::Encoder::new(Vec::with_capacity(text.len() / 3 + 64), LEVEL)?;
    encoder.include_checksum(true)?;
    encoder.write_all(text)?;
    encoder.finish()
}

/// `EIO`, `EBADMSG` and `EUCLEAN` of Linux: a sector that cannot be read, and what file systems say of a
/// block that their checksums disown.
const OF_THE_MEDIUM: [i32; 3] = [5, 74, 117];

/// Whether an error says that a place of a file cannot be read, as opposed to the file, or not now.
pub(super) fn is_of_the_medium(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| OF_THE_MEDIUM.contains(&code))
}

/// What stands at a place of a file.
pub(super) enum Frame {
    /// A whole frame, with its text.
    Whole(Vec<u8>),
    /// Something else, or a frame that its checksum disowns.
    Broken,
    /// The end of the file.
    End,
}

/// Reads the frame at the reader's place and leaves the reader right behind it. After `Broken` the
/// place is undefined.
pub(super) fn read<R: BufRead>(reader: &mut R) -> io::Result<Frame> {
    if reader.fill_buf()?.is_empty() {
        return Ok(Frame::End);
    }
    let mut text = Vec::new();
    let decoder = zstd::Decoder::with_buffer(&mut *reader)?.single_frame();
    match decoder.take(MAX_FRAME + 1).read_to_end(&mut text) {
        Ok(n) if n as u64 <= MAX_FRAME => Ok(Frame::Whole(text)),
        Ok(_) => Ok(Frame::Broken),
        // The decoder reports damage through the kinds below; anything else is the disk's.
        Err(e) if e.raw_os_error().is_some() => Err(e),
        Err(_) => Ok(Frame::Broken),
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

/// What is passed over at first where the disk does not read: a page. Twice as much at each place after that, so
/// that a disk that takes seconds to say so is asked a few dozen times, however large the file is.
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
