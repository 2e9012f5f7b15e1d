//! A rendered view, ready to be served: its bytes, plain and compressed once, and its validators.

mod coding;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::core::rules::hex16;
use crate::core::time::Time;

pub use coding::Coding;

/// Digits of the hash in a tag.
const DIGEST: usize = 32;

/// A rendered view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its media type.
    pub media_type: &'static str,
    /// When its bytes last changed, to the second.
    pub modified: Time,
    /// Of a feed: what it shows the state as of. A reader that names it can be told what came after.
    pub mark: Option<Mark>,
    /// The bytes as they are.
    pub plain: Encoded,
    /// The same, compressed, the shortest first; none where that saves nothing.
    pub coded: Vec<(Coding, Encoded)>,
}

/// One representation: its bytes and its strong validator (RFC 9110 section 8.8.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The bytes.
    pub bytes: Bytes,
    /// The entity tag, quotes included: `"HASH-CODING"`, of a feed `"HASH-GENERATION-SEQ-CODING"`. It is
    /// made from the bytes and the mark alone, so it survives restarts, and two instances that follow one
    /// journal name the same bytes the same.
    pub etag: String,
}

/// A state that a feed was rendered from: a position in the journal, under one configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark {
    /// Which instance and configuration: another one may show other entries of the same journal.
    pub generation: u32,
    /// The last line of the journal that touched the feed.
    pub seq: u64,
}

impl Mark {
    /// The generation of an instance under the configuration of this fingerprint.
    #[must_use]
    pub fn generation(instance: &[u8], fingerprint: &str) -> u32 {
        let mut hash = Sha256::new();
        hash.update(instance);
        hash.update(fingerprint);
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
        u32::from_be_bytes([a, b, c, d])
    }

    /// The mark in an entity tag of ours, quotes included, of whatever representation.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
        let mut parts = inner.split('-');
        let (hash, generation, seq) = (parts.next()?, parts.next()?, parts.next()?);
        let known = parts.next().is_none_or(|name| Coding::ALL.iter().any(|c| c.name() == name));
        if hash.len() != DIGEST || generation.len() != 8 || !known || parts.next().is_some() {
            return None;
        }
        Some(Self {
            generation: u32::from_str_radix(generation, 16).ok()?,
            seq: u64::from_str_radix(seq, 16).ok()?,
        })
    }
}

impl Page {
    /// A view of these bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>, media_type: &'static str, modified: Time) -> Self {
        Self::build(bytes, media_type, modified, None)
    }

    /// A feed of these bytes, which shows the state as of `mark`.
    #[must_use]
    pub fn feed(bytes: Vec<u8>, media_type: &'static str, modified: Time, mark: Mark) -> Self {
        Self::build(bytes, media_type, modified, Some(mark))
    }

    fn build(bytes: Vec<u8>, media_type: &'static str, modified: Time, mark: Option<Mark>) -> Self {
        let mut tag = hex16(&Sha256::digest(&bytes));
        if let Some(Mark { generation, seq }) = mark {
            tag = format!("{tag}-{generation:08x}-{seq:x}");
        }
        let encoded = |coding: Coding, bytes: Vec<u8>| {
            (coding, Encoded { bytes: bytes.into(), etag: format!("\"{tag}-{}\"", coding.name()) })
        };
        let coded = coding::all(&bytes).into_iter().map(|(coding, bytes)| encoded(coding, bytes)).collect();
        let plain = Encoded { bytes: bytes.into(), etag: format!("\"{tag}\"") };
        Self { media_type, modified, mark, plain, coded }
    }

    /// What tells its bytes from all others: hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.plain.etag[1..][..DIGEST]
    }

    /// How much it holds, in every representation.
    #[must_use]
    pub fn octets(&self) -> usize {
        let coded = self.coded.iter().map(|(_, encoded)| encoded.bytes.len());
        self.plain.bytes.len() + coded.sum::<usize>()
    }

    /// The representation in a coding, or as it is; `None` where there is none in that coding.
    #[must_use]
    pub fn representation(&self, coding: Option<Coding>) -> Option<&Encoded> {
        let Some(coding) = coding else { return Some(&self.plain) };
        self.coded.iter().find(|(of, _)| *of == coding).map(|(_, encoded)| encoded)
    }
}
