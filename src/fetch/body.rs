//! Bodies: read whole or not at all (of a robots.txt the beginning is enough), counted after decompression, so that neither an endless body nor
//! a compression bomb holds more memory than the limit.

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_ENCODING;

use crate::core::exchange::FetchFault;

use super::fault;

/// How much of a body is wanted, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Limit {
    /// All of it; one that is longer is of no use.
    Whole(u64),
    /// One byte more than this at most, by which whoever reads it can tell that there is more.
    Prefix(usize),
}

/// Reads a body.
pub(super) async fn read(mut response: reqwest::Response, limit: Limit) -> Result<Bytes, FetchFault> {
    check_coding(&response)?;
    // Where the length is known (uncompressed bodies), an excess need not be downloaded to be seen.
    if let Limit::Whole(limit) = limit
        && response.content_length().is_some_and(|length| length > limit)
    {
        return Err(FetchFault::TooLarge { limit });
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| fault::of_body(&e))? {
        let length = body.len() + chunk.len();
        match limit {
            Limit::Whole(limit) if length as u64 > limit => return Err(FetchFault::TooLarge { limit }),
            Limit::Prefix(limit) if length > limit => {
                body.extend_from_slice(&chunk[..limit + 1 - body.len()]);
                return Ok(body.freeze());
            }
            Limit::Whole(_) | Limit::Prefix(_) => {}
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The client takes the header away when it decompresses, so one that is left names a coding it could
/// not undo. Words that are no coding at all (`utf-8`, `none`) are seen in the wild on plain bodies.
fn check_coding(response: &reqwest::Response) -> Result<(), FetchFault> {
    let Some(value) = response.headers().get(CONTENT_ENCODING) else { return Ok(()) };
    let coding = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
    let known = ["gzip", "deflate", "compress", "br", "zstd", "dcb", "dcz"];
    if known.iter().any(|name| coding.contains(name)) {
        let why =
            format!("it came as {:?}, which was not asked for", coding.chars().take(40).collect::<String>());
        return Err(FetchFault::BadEncoding { why });
    }
    Ok(())
}
