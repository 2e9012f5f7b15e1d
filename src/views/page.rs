//! A rendered view: its bytes, plain and in each coding that a client asked for, and its validators.

mod coding;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::model::hash::hex16;
use crate::model::time::Time;

pub use coding::Coding;

/// Digits of the hash in a tag.
const DIGEST: usize = 32;

/// A rendered view. Equality ignores the compressed bytes.
#[derive(Debug)]
pub struct Page {
    pub media_type: &'static str,
    /// Time at which the bytes last changed, to the second.
    pub modified: Time,
    /// Of a feed with deltas: the state it shows. A reader that names the state gets the changes since.
    pub mark: Option<Mark>,
    /// The bytes, without a coding.
    pub plain: Bytes,
    /// True if the address will never have other bytes.
    pub lasts: bool,
    /// False if bytes may change without a new `modified`: then only the tag says if a client has them.
    pub dated: bool,
    /// The `Link` header (RFC 8288); empty for none.
    pub link: String,
    /// The entity tags by representation, see [`Page::etag`].
    etags: [String; 1 + Coding::ALL.len()],
    /// The bytes by coding, if a client asked for it.
    coded: [OnceLock<Bytes>; Coding::ALL.len()],
}

impl PartialEq for Page {
    fn eq(&self, other: &Self) -> bool {
        let of = |page: &Self| (page.media_type, page.modified, page.mark, page.plain.clone());
        of(self) == of(other)
    }
}

/// A state that a feed was rendered from: a position in the journal, under one configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark {
    /// Hash of instance and configuration: another one may show other entries of the same journal.
    pub generation: u32,
    /// The last line of the journal that touched the feed.
    pub seq: u64,
}

impl Mark {
    /// The generation of an instance under the configuration of this fingerprint.
    pub fn generation(instance: &[u8], fingerprint: &str) -> u32 {
        let mut hash = Sha256::new();
        hash.update(instance);
        hash.update(fingerprint);
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
        u32::from_be_bytes([a, b, c, d])
    }

    /// The mark in an entity tag of ours, quotes included, of whatever representation.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
        let inner = Coding::ALL.iter().find_map(|coding| inner.strip_suffix(coding.mark())).unwrap_or(inner);
        let mut parts = inner.split('-');
        let (hash, generation, seq) = (parts.next()?, parts.next()?, parts.next()?);
        if hash.len() != DIGEST || generation.len() != 8 || parts.next().is_some() {
            return None;
        }
        Some(Self {
            generation: u32::from_str_radix(generation, 16).ok()?,
            seq: u64::from_str_radix(seq, 16).ok()?,
        })
    }
}

impl Page {
    pub fn new(bytes: Vec<u8>, media_type: &'static str, modified: Time) -> Self {
        Self::build(bytes, media_type, modified, None)
    }

    /// A feed of these bytes, which shows the state as of `mark`.
    pub fn feed(bytes: Vec<u8>, media_type: &'static str, modified: Time, mark: Mark) -> Self {
        Self::build(bytes, media_type, modified, Some(mark))
    }

    fn build(bytes: Vec<u8>, media_type: &'static str, modified: Time, mark: Option<Mark>) -> Self {
        let mut tag = hex16(&Sha256::digest(&bytes));
        if let Some(Mark { generation, seq }) = mark {
            tag = format!("{tag}-{generation:08x}-{seq:x}");
        }
        Self { mark, ..Self::tagged(bytes, media_type, modified, &tag) }
    }

    /// A view with this entity tag, without quotes.
    pub(crate) fn tagged(bytes: Vec<u8>, media_type: &'static str, modified: Time, tag: &str) -> Self {
        let [brotli, zstd, gzip] = Coding::ALL.map(|coding| format!("\"{tag}{}\"", coding.mark()));
        let etags = [format!("\"{tag}\""), brotli, zstd, gzip];
        let (mark, lasts, link) = (None, false, String::new());
        Self {
            media_type,
            modified,
            mark,
            lasts,
            dated: true,
            link,
            plain: bytes.into(),
            etags,
            coded: Default::default(),
        }
    }

    /// A file whose address names its bytes.
    pub fn lasting(bytes: &[u8], media_type: &'static str, modified: Time) -> Self {
        Self { lasts: true, ..Self::new(bytes.to_vec(), media_type, modified) }
    }

    /// The same view, of which nobody knows when it last changed.
    pub fn undated(self) -> Self {
        Self { dated: false, ..self }
    }

    /// The same view with a `Link` header.
    pub fn with_link(self, link: String) -> Self {
        Self { link, ..self }
    }

    /// The strong validator of a representation (RFC 9110 section 8.8.3), quotes included: `"HASH.CODING"`, of
    /// a feed of which deltas are offered `"HASH-GENERATION-SEQ.CODING"`. It is made from the bytes and the mark alone, so it survives
    /// restarts, and two instances that follow one journal give the same bytes the same tag.
    pub fn etag(&self, coding: Option<Coding>) -> &str {
        &self.etags[coding.map_or(0, |coding| 1 + coding as usize)]
    }

    pub fn digest(&self) -> &str {
        &self.etags[0][1..][..DIGEST]
    }

    /// The octets in memory, in all representations.
    pub fn octets(&self) -> usize {
        let coded = self.coded.iter().filter_map(OnceLock::get);
        self.plain.len() + coded.map(Bytes::len).sum::<usize>()
    }

    /// True if it is offered in codings too.
    pub fn has_codings(&self) -> bool {
        self.plain.len() >= coding::WORTH_IT
    }

    /// The bytes in a coding. The first call of a coding compresses, which can take milliseconds; calls of other
    /// codings do not wait for it.
    pub fn bytes(&self, coding: Option<Coding>) -> &Bytes {
        let Some(coding) = coding else { return &self.plain };
        self.coded[coding as usize].get_or_init(|| coding.encode(&self.plain).into())
    }

    /// The bytes in a coding if they are compressed already.
    pub fn bytes_at_hand(&self, coding: Option<Coding>) -> Option<&Bytes> {
        coding.map_or(Some(&self.plain), |coding| self.coded[coding as usize].get())
    }

    /// Compresses in the codings that clients asked an earlier rendering for.
    pub fn encode_as(&self, earlier: &Self) {
        for coding in Coding::ALL {
            if self.has_codings() && earlier.coded[coding as usize].get().is_some() {
                self.bytes(Some(coding));
            }
        }
    }
}
