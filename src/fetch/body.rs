//! Bodies: read whole or not at all (of a robots.txt the beginning is enough), counted before and after
//! decompression, so that neither an endless body nor a compression bomb holds more memory than the limit, twice.

use bytes::{Bytes, BytesMut};

use crate::core::exchange::FetchFault;

use super::coding::{self, Coding, Wanted};
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
pub(super) async fn read(response: reqwest::Response, limit: Limit) -> Result<Bytes, FetchFault> {
    let codings = coding::of(response.headers())?;
    let bytes = take(response, limit).await?;
    if codings.is_empty() && Coding::shown_by(&bytes).is_none() {
        return Ok(bytes);
    }
    // It may take longer than others should wait for.
    let undoing = tokio::task::spawn_blocking(move || undo(codings, bytes, limit));
    undoing.await.unwrap_or_else(|panic| Err(FetchFault::BadEncoding { why: panic.to_string() }))
}

/// Reads a body as it comes. What is coded is held against the limit as well: hardly anything grows by it, and
/// an endless stream of nothing would else cost nothing but end never.
async fn take(mut response: reqwest::Response, limit: Limit) -> Result<Bytes, FetchFault> {
    // Where the length is known, an excess need not be downloaded to be seen.
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

/// Undoes the codings of a body, each pass within the limit.
fn undo(codings: Vec<Coding>, bytes: Bytes, limit: Limit) -> Result<Bytes, FetchFault> {
    let wanted = match limit {
        Limit::Whole(limit) => Wanted { most: limit, beginning: false },
        Limit::Prefix(limit) => Wanted { most: limit as u64, beginning: true },
    };
    match coding::undo_all(codings, bytes, wanted) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(FetchFault::TooLarge { limit: wanted.most }),
        Err(error) => Err(FetchFault::BadEncoding { why: error.to_string() }),
    }
}
