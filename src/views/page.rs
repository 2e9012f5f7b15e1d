//! A rendered view, ready to be served: its bytes, plain and compressed, and its validators.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::core::rules::hex16;
use crate::core::time::Time;

/// A rendered view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its media type.
    pub media_type: &'static str,
    /// When its bytes last changed, to the second.
    pub modified: Time,
    /// The bytes as they are.
    pub plain: Encoded,
    /// The same, gzipped.
    pub gzip: Encoded,
}

/// One representation: its bytes and its strong validator (RFC 9110 section 8.8.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The bytes.
    pub bytes: Bytes,
    /// The entity tag, quotes included. It is made from the bytes alone, so it survives restarts, and
    /// two instances that serve the same bytes name them the same.
    pub etag: String,
}

impl Page {
    /// A view of these bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>, media_type: &'static str, modified: Time) -> Self {
        let tag = hex16(&Sha256::digest(&bytes));
        let gzip = gzip(&bytes);
        Self {
            media_type,
            modified,
            plain: Encoded { bytes: bytes.into(), etag: format!("\"{tag}\"") },
            gzip: Encoded { bytes: gzip.into(), etag: format!("\"{tag}-gzip\"") },
        }
    }
}

/// No name and no time in the header: the same bytes for the same content.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::new(6));
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("writing to memory does not fail")
}
