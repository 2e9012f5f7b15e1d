//! Finds and decodes the content codings of a body (RFC 9110 section 8.4). The HTTP client could decode, but it stops
//! after the first member of a gzip body and drops the rest without an error. It also believes the head, while
//! servers compress bodies without saying so, or name another coding.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use crate::model::exchange::FetchFault;

/// The codings that a request accepts. `undo` knows more, since servers send codings that nobody asked for.
pub(super) const ACCEPTED: &str = "gzip, br, zstd";

/// Codings of one body. Two are seen where a server compresses what its application compressed; each more
/// costs another pass, and no server has a reason for it.
const MAX_CODINGS: usize = 3;

/// Members of one gzip body, and runs of zstd frames with padding between. Who flushes after each entry writes as many members as there are entries; each
/// costs some microseconds even when it is empty.
const MAX_MEMBERS: usize = 10_000;

/// The largest window of a zstd frame is 8 MiB (RFC 9659 section 3): a frame may name one of gigabytes.
const ZSTD_WINDOW_LOG: u32 = 23;

/// The first octets of a gzip member (RFC 1952 section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Those of a zstd frame (RFC 8878 section 3.1.1).
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Those of a zstd frame that is to be skipped, behind one that begins with 0x50 to 0x5f (section 3.1.2).
const ZSTD_SKIPPED: [u8; 3] = [0x2a, 0x4d, 0x18];

/// A coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Brotli,
    Zstd,
    /// zlib, or bare deflate data, which some servers take the word for (section 8.4.1.2).
    Deflate,
    /// A coding that dibao cannot decode.
    Foreign(&'static str),
}

/// The codings of a body in the order they were applied: those of all lines, which count as one list (section
/// 5.3), in whatever case. Words that are no coding at all (`utf-8`, `none`) are seen in the wild on plain
/// bodies, and pass.
pub(super) fn of(headers: &HeaderMap) -> Result<Vec<Coding>, FetchFault> {
    let bad = |why: String| FetchFault::BadEncoding { why };
    let mut codings = Vec::new();
    for line in headers.get_all(CONTENT_ENCODING) {
        let line = String::from_utf8_lossy(line.as_bytes()).to_ascii_lowercase();
        for word in line.split(',').map(str::trim) {
            codings.push(match word {
                // The latter is the former (section 8.4.1.3).
                "gzip" | "x-gzip" => Coding::Gzip,
                "br" => Coding::Brotli,
                "zstd" => Coding::Zstd,
                "deflate" => Coding::Deflate,
                "compress" | "x-compress" => Coding::Foreign("compress"),
                "dcb" => Coding::Foreign("dcb"),
                "dcz" => Coding::Foreign("dcz"),
                _ => continue,
            });
            if codings.len() > MAX_CODINGS {
                return Err(bad(format!("it has more than {MAX_CODINGS} content codings")));
            }
        }
    }
    Ok(codings)
}

impl Coding {
    /// Undoes it, as far as `most` bytes. What was read before an error stands in `out`.
    pub(super) fn undo(self, bytes: &[u8], most: u64, out: &mut Vec<u8>) -> io::Result<()> {
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match self {
            Self::Gzip => gunzip(bytes, most, out),
            Self::Brotli => brotli::Decompressor::new(bytes, 4096).take(most).read_to_end(out).map(drop),
            Self::Zstd => unzstd(bytes, most, out),
            Self::Deflate if has_zlib_header(bytes) => {
                ZlibDecoder::new(bytes).take(most).read_to_end(out).map(drop)
            }
            Self::Deflate => DeflateDecoder::new(bytes).take(most).read_to_end(out).map(drop),
            Self::Foreign(word) => {
                Err(io::Error::other(format!("it came as {word:?}, which was not asked for")))
            }
        }
    }

    /// The coding that the first octets of a body show. Brotli has none to be known by.
    pub(super) fn shown_by(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(&GZIP) {
            Some(Self::Gzip)
        } else if bytes.starts_with(&ZSTD) {
            Some(Self::Zstd)
        } else {
            // Those zlib headers that no text begins with.
            (bytes.starts_with(&[0x78, 0x9c]) || bytes.starts_with(&[0x78, 0xda])).then_some(Self::Deflate)
        }
    }
}

/// The part of a body that is decoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// The maximum of octets that one pass decodes.
    pub(super) most: u64,
    /// True if the beginning of the body is enough.
    pub(super) beginning: bool,
}

/// Undoes the codings of a body, the last one first: those that were named, and those that its bytes show. The bytes
/// win over the names. `Ok(None)` is a body that is longer than what is wanted.
pub(super) fn undo_all(
    mut named: Vec<Coding>,
    mut bytes: Bytes,
    wanted: Wanted,
) -> io::Result<Option<Bytes>> {
    let mut undone = 0;
    loop {
        let shown = Coding::shown_by(&bytes);
        let coding = match (named.pop(), shown) {
            (None, None) => return Ok(Some(bytes)),
            (None, Some(shown)) => shown,
            // Server and application both name what one of them did.
            (Some(Coding::Gzip), None) if undone > 0 => continue,
            (Some(coding), _) => coding,
        };
        undone += 1;
        if undone > MAX_CODINGS {
            return Err(io::Error::other(format!("it has more than {MAX_CODINGS} content codings")));
        }
        let undoing = |coding: Coding| {
            let mut out = Vec::new();
            let read = coding.undo(&bytes, wanted.most.saturating_add(1), &mut out);
            // Of a beginning there is no end to be read.
            let is_cut = bytes.len() as u64 > wanted.most;
            if is_cut { Ok(out) } else { read.map(|()| out) }
        };
        let out = undoing(coding).or_else(|error| match shown.filter(|shown| *shown != coding) {
            Some(shown) => undoing(shown),
            None => Err(error),
        })?;
        if !wanted.beginning && out.len() as u64 > wanted.most {
            return Ok(None);
        }
        bytes = out.into();
    }
}

/// RFC 1950 section 2.2: the method is deflate, and the two octets are a multiple of 31.
fn has_zlib_header(bytes: &[u8]) -> bool {
    matches!(*bytes, [method, flags, ..]
        if method & 0x0f == 8 && (u16::from(method) << 8 | u16::from(flags)).is_multiple_of(31))
}

/// All members of a gzip body (RFC 1952 section 2.2). Octets behind the last member that begin no member
/// (padding, or later output of a script) are ignored, as in browsers: no reader finds an entry there. Octets that
/// begin as a member must be one, or entries would be lost.
fn gunzip(bytes: &[u8], most: u64, out: &mut Vec<u8>) -> io::Result<()> {
    let mut decoder = GzDecoder::new(bytes);
    for _ in 0..MAX_MEMBERS {
        let room = most.saturating_sub(out.len() as u64);
        decoder.by_ref().take(room).read_to_end(out)?;
        let rest = behind_padding(decoder.get_ref());
        if !rest.starts_with(&GZIP) || out.len() as u64 >= most {
            return Ok(());
        }
        decoder.reset(rest);
    }
    Err(too_many())
}

/// All frames of a zstd body (RFC 8878 section 3.1), by the same rule. Its decoder would take whatever comes
/// behind the last for one.
fn unzstd(mut bytes: &[u8], most: u64, out: &mut Vec<u8>) -> io::Result<()> {
    for _ in 0..MAX_MEMBERS {
        let (frames, rest) = bytes.split_at(length_of_frames(bytes));
        let mut decoder = zstd::Decoder::with_buffer(frames)?;
        decoder.window_log_max(ZSTD_WINDOW_LOG)?;
        decoder.take(most.saturating_sub(out.len() as u64)).read_to_end(out)?;
        bytes = behind_padding(rest);
        if !begins_as_frame(bytes) || out.len() as u64 >= most {
            return Ok(());
        }
    }
    Err(too_many())
}

/// The length of the frames at the start that follow one another. If one of them breaks off or is none, that is the
/// length of all octets: the decoder then reports the fault.
fn length_of_frames(bytes: &[u8]) -> usize {
    let mut length = 0;
    loop {
        match zstd::zstd_safe::find_frame_compressed_size(&bytes[length..]) {
            Ok(frame) => length += frame,
            Err(_) => return bytes.len(),
        }
        if !begins_as_frame(&bytes[length..]) {
            return length;
        }
    }
}

fn begins_as_frame(bytes: &[u8]) -> bool {
    let is_skipped = |first: &u8| first & 0xf0 == 0x50 && bytes[1..].starts_with(&ZSTD_SKIPPED);
    bytes.starts_with(&ZSTD) || bytes.first().is_some_and(is_skipped)
}

fn behind_padding(bytes: &[u8]) -> &[u8] {
    let padding = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[padding..]
}

fn too_many() -> io::Error {
    io::Error::other(format!("it has more than {MAX_MEMBERS} members"))
}

#[cfg(test)]
mod tests;
