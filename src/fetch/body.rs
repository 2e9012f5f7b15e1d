//! Bodies: read whole or not at all (of a robots.txt the beginning is enough), counted before and after
//! decompression, so that neither an endless body nor a compression bomb holds more memory than the limit, twice.

use bytes::{Bytes, BytesMut};

use crate::core::exchange::FetchFault;

use super::coding::{self, Coding};
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
    if codings.is_empty() {
        return Ok(bytes);
    }
    // It may take longer than others should wait for.
    let undoing = tokio::task::spawn_blocking(move || undo(&codings, bytes, limit));
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

/// Undoes the codings of a body, the last one first; each pass within the limit.
fn undo(codings: &[Coding], mut bytes: Bytes, limit: Limit) -> Result<Bytes, FetchFault> {
    let most = match limit {
        Limit::Whole(limit) => limit,
        Limit::Prefix(limit) => limit as u64,
    };
    let mut before = None;
    for coding in codings.iter().rev() {
        if coding.was_named_twice(before, &bytes) {
            continue;
        }
        before = Some(*coding);
        // Of a beginning there is no end to be read.
        let is_cut = bytes.len() as u64 > most;
        let mut out = Vec::new();
        if let Err(error) = coding.undo(&bytes, most.saturating_add(1), &mut out)
            && !is_cut
        {
            return Err(FetchFault::BadEncoding { why: error.to_string() });
        }
        if let Limit::Whole(limit) = limit
            && out.len() as u64 > limit
        {
            return Err(FetchFault::TooLarge { limit });
        }
        bytes = out.into();
    }
    Ok(bytes)
}
