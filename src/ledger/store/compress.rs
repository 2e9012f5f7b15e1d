//! Compression of values: zstd, with a dictionary that is part of the program.
//!
//! An entry has one or two kilobytes, too few for zstd to learn its structure. With `dictionary.txt` (the keys of
//! entries, sources and feeds, and common words of news) it takes about a third less. A change of that file is a
//! new version of the layout (see `value.rs`).

use std::cell::RefCell;
use std::io;
use std::sync::LazyLock;

use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

/// Raw content, without a header: the most frequent stands last.
const DICTIONARY: &[u8] = include_bytes!("dictionary.txt");

/// Level 1: up to 3 saves 1 % of news with the dictionary, 5 saves 10 % and takes twice the time.
const LEVEL: i32 = 1;

/// The most one payload may be once decompressed: an entry is bounded by the body it came in.
const MAX_PAYLOAD: usize = 64 << 20;

/// A buffer that grew beyond this is given back.
const KEPT: usize = 1 << 20;

static ENCODER: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
static DECODER: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));

thread_local! {
    // Making a context costs more than compressing a record with it.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> =
        RefCell::new(Compressor::with_prepared_dictionary(&ENCODER).ok());
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> =
        RefCell::new(Decompressor::with_prepared_dictionary(&DECODER).ok());
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Compresses into `out`, in place of what is there. False where that is not possible.
pub(super) fn pack(payload: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    out.reserve(zstd::zstd_safe::compress_bound(payload.len()));
    COMPRESSOR.with_borrow_mut(|context| {
        context.as_mut().is_some_and(|context| context.compress_to_buffer(payload, out).is_ok())
    })
}

/// Decompresses into a buffer of this thread and reads it there.
pub(super) fn unpacked<T>(frame: &[u8], read: impl FnOnce(&[u8]) -> T) -> io::Result<T> {
    // Taken out, so that `read` may come back here.
    let mut buffer = BUFFER.take();
    buffer.clear();
    let done = DECOMPRESSOR.with_borrow_mut(|context| {
        let context = context.as_mut().ok_or(io::ErrorKind::OutOfMemory)?;
        buffer.reserve(length(frame)?);
        context.decompress_to_buffer(frame, &mut buffer)
    });
    let result = done.map(|_| read(&buffer));
    if buffer.capacity() <= KEPT {
        BUFFER.set(buffer);
    }
    result
}

/// The frame says how long its content is: we wrote it in one go.
fn length(frame: &[u8]) -> io::Result<usize> {
    let said = zstd::zstd_safe::get_frame_content_size(frame).ok().flatten();
    let length = said.and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= MAX_PAYLOAD);
    length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it does not say its length"))
}
