//! The layout of values: `version and flags, checksum (4)`, the number of further parts (2) if there are any,
//! then the payload.
//!
//! The payload of a record is JSON, compressed when that helps: the same shape as in the journal, so a field
//! that is added with a default needs no new version. Short values are packed (see `pack.rs`). The checksum is
//! over key, head and the whole payload, so a value that strayed to another key is found out too.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Octets, StoreError, compress};

/// The layout of rows, not only of values, with the dictionary they are compressed with. A store of another
/// one is built anew from the journal.
const VERSION: u8 = 4;
/// The flags stand above the version in one octet.
const COMPRESSED: u8 = 0x80;
const PARTED: u8 = 0x40;
const VERSION_BITS: u8 = 0x3f;
/// Version and flags, and the checksum.
const HEAD: usize = 5;

/// The most of a payload that is kept in one value. sled 0.34 writes values over about 6 KB (with its
/// default segments) to files that it never syncs.
const PART: usize = 4096;

/// A payload shorter than this does not get smaller, dictionary or not.
const WORTH_COMPRESSING: usize = 48;

pub(super) fn from_json<T: DeserializeOwned>(key: &[u8], payload: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(payload).map_err(|e| damaged(key, &e.to_string()))
}

/// Makes values, in buffers that it keeps.
#[derive(Default)]
pub(super) struct Sealer {
    payload: Vec<u8>,
    compressed: Vec<u8>,
    value: Vec<u8>,
}

impl Sealer {
    /// A record as JSON: its value, and the further parts of it.
    pub(super) fn json<T: Serialize>(&mut self, key: &[u8], record: &T) -> (Octets, Vec<Octets>) {
        self.payload.clear();
        serde_json::to_writer(&mut self.payload, record)
            .expect("our own values have text keys and no failing serializers");
        self.finish(key, true)
    }

    /// Adds the octets that `pack` appends, of any length.
    pub(super) fn long(&mut self, key: &[u8], pack: impl FnOnce(&mut Vec<u8>)) -> (Octets, Vec<Octets>) {
        self.payload.clear();
        pack(&mut self.payload);
        self.finish(key, true)
    }

    /// Octets of any length that do not get smaller.
    pub(super) fn hashes(&mut self, key: &[u8], octets: &[u8]) -> (Octets, Vec<Octets>) {
        self.payload.clear();
        self.payload.extend_from_slice(octets);
        self.finish(key, false)
    }

    /// Adds the octets that `pack` appends, which are few.
    pub(super) fn short(&mut self, key: &[u8], pack: impl FnOnce(&mut Vec<u8>)) -> Octets {
        self.value.clear();
        self.value.extend([VERSION, 0, 0, 0, 0]);
        pack(&mut self.value);
        debug_assert!(self.value.len() <= HEAD + PART, "it has parts");
        let sum = checksum(key, VERSION, 0, &self.value[HEAD..]);
        self.value[1..HEAD].copy_from_slice(&sum.to_be_bytes());
        Octets::from(&*self.value)
    }

    fn finish(&mut self, key: &[u8], compressible: bool) -> (Octets, Vec<Octets>) {
        let smaller = compressible
            && self.payload.len() >= WORTH_COMPRESSING
            && compress::pack(&self.payload, &mut self.compressed)
            && self.compressed.len() < self.payload.len();
        let stored = if smaller { &self.compressed } else { &self.payload };
        let (first, rest) = stored.split_at(stored.len().min(PART));
        let parts: Vec<Octets> = rest.chunks(PART).map(Octets::from).collect();
        let count = u16::try_from(parts.len()).expect("an entry is bounded by the body it came in");
        let head = VERSION | if smaller { COMPRESSED } else { 0 } | if parts.is_empty() { 0 } else { PARTED };
        self.value.clear();
        self.value.push(head);
        self.value.extend(checksum(key, head, count, stored).to_be_bytes());
        if count > 0 {
            self.value.extend(count.to_be_bytes());
        }
        self.value.extend_from_slice(first);
        (Octets::from(&*self.value), parts)
    }
}

/// A value taken apart, not yet held against its checksum.
struct Head<'a> {
    head: u8,
    sum: u32,
    parts: u16,
    first: &'a [u8],
}

fn head<'a>(key: &[u8], value: &'a [u8]) -> Result<Head<'a>, StoreError> {
    let short = || damaged(key, "it is cut short");
    let head = *value.first().ok_or_else(short)?;
    match head & VERSION_BITS {
        VERSION => {}
        newer if newer > VERSION => return Err(StoreError::Newer(newer)),
        older => return Err(StoreError::Older(older)),
    }
    let (sum, rest) = value[1..].split_first_chunk::<4>().ok_or_else(short)?;
    let (parts, first) = match head & PARTED {
        0 => (0, rest),
        _ => rest
            .split_first_chunk::<2>()
            .map(|(n, first)| (u16::from_be_bytes(*n), first))
            .ok_or_else(short)?,
    };
    Ok(Head { head, sum: u32::from_be_bytes(*sum), parts, first })
}

/// The number of further parts of a value.
pub(super) fn parts(key: &[u8], value: &[u8]) -> Result<u16, StoreError> {
    Ok(head(key, value)?.parts)
}

/// The octets of a value, or somewhat more, without reading its parts.
pub(super) fn at_most(key: &[u8], value: &[u8]) -> Result<usize, StoreError> {
    let Head { parts, first, .. } = head(key, value)?;
    Ok(first.len() + usize::from(parts) * PART)
}

/// The payload of a short value.
pub(super) fn short<'a>(key: &[u8], value: &'a [u8]) -> Result<&'a [u8], StoreError> {
    let Head { head, sum, parts, first } = head(key, value)?;
    if checksum(key, head, parts, first) != sum {
        return Err(damaged(key, "its checksum does not match"));
    }
    if head != VERSION {
        return Err(damaged(key, "it is longer than such a value can be"));
    }
    Ok(first)
}

/// Reads the payload of a value, given its further parts.
pub(super) fn open<T>(
    key: &[u8],
    value: &[u8],
    rest: &[Octets],
    read: impl FnOnce(&[u8]) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let Head { head, sum, parts, first } = head(key, value)?;
    let mut hash = start(key, head, parts);
    hash.update(first);
    rest.iter().for_each(|part| hash.update(part));
    if hash.finalize() != sum {
        return Err(damaged(key, "its checksum does not match"));
    }
    let whole;
    let stored = if rest.is_empty() {
        first
    } else {
        whole = rest.iter().fold(first.to_vec(), |mut whole, part| {
            whole.extend_from_slice(part);
            whole
        });
        &whole
    };
    if head & COMPRESSED == 0 {
        return read(stored);
    }
    compress::unpacked(stored, read).map_err(|e| damaged(key, &format!("it does not decompress: {e}")))?
}

fn start(key: &[u8], head: u8, parts: u16) -> crc32fast::Hasher {
    let mut crc = crc32fast::Hasher::new();
    crc.update(key);
    let [a, b] = parts.to_be_bytes();
    crc.update(&[head, a, b]);
    crc
}

fn checksum(key: &[u8], head: u8, parts: u16, stored: &[u8]) -> u32 {
    let mut crc = start(key, head, parts);
    crc.update(stored);
    crc.finalize()
}

/// The error of a record that is not what was written.
pub(super) fn damaged(key: &[u8], why: &str) -> StoreError {
    StoreError::Damaged { key: name(key), why: why.to_owned() }
}

pub(super) fn name(key: &[u8]) -> String {
    key.iter().flat_map(|b| std::ascii::escape_default(*b)).map(char::from).collect()
}
