//! The layout of values: `version, flags, parts (2), checksum (4), payload`.
//!
//! The payload is JSON, compressed when that helps: the same shape as in the journal, so a field that is
//! added with a default needs no new version, and a dump reads as itself. The checksum is over key,
//! flags and the whole payload, so a value that strayed to another key is found out too.

use std::cell::RefCell;
use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;

use zstd::bulk::{Compressor, Decompressor};

use super::StoreError;

/// The layout of rows, not only of values: a store of another is built anew from the journal. 2: few rows an
/// entry (docs/design/0009-store-rows.md).
const VERSION: u8 = 2;
const COMPRESSED: u8 = 1;
const HEAD: usize = 8;

/// The most of a payload that is kept in one value. sled 0.34 writes values over about 6 KB (with its
/// default segments) to files that it never syncs.
const PART: usize = 4096;

/// A payload shorter than this does not get smaller.
const WORTH_COMPRESSING: usize = 256;

/// Level 1: records are read far more often than written, and are small either way.
const LEVEL: i32 = 1;

/// The most one payload may be once decompressed: an entry is bounded by the body it came in.
const MAX_PAYLOAD: usize = 64 << 20;

/// The compact form, for what is never read by people and read in bulk.
pub(super) fn compact<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("our own values have lengths that are known")
}

pub(super) fn from_compact<T: DeserializeOwned>(key: &[u8], payload: &[u8]) -> Result<T, StoreError> {
    postcard::from_bytes(payload).map_err(|e| damaged(key, &e.to_string()))
}

pub(super) fn from_json<T: DeserializeOwned>(key: &[u8], payload: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(payload).map_err(|e| damaged(key, &e.to_string()))
}

pub(super) fn json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("our own values have text keys and no failing serializers")
}

/// The value and its further parts.
pub(super) fn seal(key: &[u8], payload: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let compressed = (payload.len() >= WORTH_COMPRESSING)
        .then(|| compress(payload))
        .flatten()
        .filter(|c| c.len() < payload.len());
    let flags = if compressed.is_some() { COMPRESSED } else { 0 };
    let payload = compressed.as_deref().unwrap_or(payload);
    let (first, rest) = payload.split_at(payload.len().min(PART));
    let parts: Vec<Vec<u8>> = rest.chunks(PART).map(<[u8]>::to_vec).collect();
    let count = u16::try_from(parts.len()).expect("64 MiB are fewer than 65536 parts of 4 KiB");
    let mut head = Vec::with_capacity(HEAD + first.len());
    head.extend([VERSION, flags]);
    head.extend(count.to_be_bytes());
    head.extend(checksum(key, flags, payload).to_be_bytes());
    head.extend(first);
    (head, parts)
}

/// How many further parts a value has.
pub(super) fn parts(key: &[u8], head: &[u8]) -> Result<u16, StoreError> {
    match head {
        [VERSION, _, a, b, _, _, _, _, ..] => Ok(u16::from_be_bytes([*a, *b])),
        [version, ..] if *version > VERSION => Err(StoreError::Newer(*version)),
        [version @ 1..VERSION, ..] => Err(StoreError::Older(*version)),
        _ => Err(damaged(key, "it is cut short")),
    }
}

/// The payload of a value, from its head and the rest of it.
pub(super) fn unseal(key: &[u8], head: &[u8], rest: &[u8]) -> Result<Vec<u8>, StoreError> {
    parts(key, head)?;
    let flags = head[1];
    let sum = u32::from_be_bytes(head[4..HEAD].try_into().expect("four bytes"));
    let mut payload = head[HEAD..].to_vec();
    payload.extend(rest);
    if checksum(key, flags, &payload) != sum {
        return Err(damaged(key, "its checksum does not match"));
    }
    if flags & COMPRESSED != 0 {
        payload = decompress(&payload).map_err(|e| damaged(key, &format!("it does not decompress: {e}")))?;
    }
    Ok(payload)
}

thread_local! {
    // Making a context costs more than compressing a record with it.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = RefCell::new(Compressor::new(LEVEL).ok());
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = RefCell::new(Decompressor::new().ok());
}

fn compress(payload: &[u8]) -> Option<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|context| context.as_mut()?.compress(payload).ok())
}

fn decompress(payload: &[u8]) -> io::Result<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|context| match context {
        Some(context) => context.decompress(payload, capacity(payload)),
        None => Err(io::ErrorKind::OutOfMemory.into()),
    })
}

/// The frame says how long its content is: we wrote it in one go.
fn capacity(frame: &[u8]) -> usize {
    match zstd::zstd_safe::get_frame_content_size(frame) {
        Ok(Some(n)) => usize::try_from(n).unwrap_or(MAX_PAYLOAD).min(MAX_PAYLOAD),
        _ => MAX_PAYLOAD,
    }
}

fn checksum(key: &[u8], flags: u8, payload: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(key);
    crc.update(&[flags]);
    crc.update(payload);
    crc.finalize()
}

/// The error of a record that is not what was written.
pub(super) fn damaged(key: &[u8], why: &str) -> StoreError {
    let key = key.iter().flat_map(|b| std::ascii::escape_default(*b)).map(char::from).collect();
    StoreError::Damaged { key, why: why.to_owned() }
}
