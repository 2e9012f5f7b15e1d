//! Bodies: read whole or not at all, counted after decompression, so that neither an endless body nor
//! a compression bomb holds more memory than the limit.

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_ENCODING;

use crate::core::exchange::FetchFault;

use super::fault;

/// Reads a body of at most `limit` bytes.
pub(super) async fn read(mut response: reqwest::Response, limit: u64) -> Result<Bytes, FetchFault> {
    check_coding(&response)?;
    let too_large = || FetchFault::TooLarge { limit };
    // Where the length is known (uncompressed bodies), an excess need not be downloaded to be seen.
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| fault::of_body(&e))? {
        if body.len() as u64 + chunk.len() as u64 > limit {
            return Err(too_large());
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
