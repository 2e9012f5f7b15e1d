//! Bodies: read whole or not at all; of a robots.txt the beginning is enough. Octets are counted before and after
//! decompression, so that an endless body or a compression bomb holds at most twice the limit in memory.

use bytes::{Bytes, BytesMut};

use crate::model::exchange::{FetchFault, Response, ResponseHead, Validators};

use super::coding::{self, Coding, Wanted};
use super::fault;

/// The part of a body that is wanted, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Limit {
    /// All of it; a longer body is refused.
    Whole(u64),
    /// At most one byte more than this: the extra byte shows that there is more.
    Prefix(usize),
}

/// Reads a body.
pub(super) async fn read(
    response: reqwest::Response,
    limit: Limit,
    head: &ResponseHead,
) -> Result<Bytes, FetchFault> {
    let codings = coding::of(response.headers())?;
    let is_announced = response.content_length().is_some();
    let bytes = match take(response, limit).await {
        Ok(bytes) => bytes,
        // Some servers always announce more than they send; its reader may find that it is complete.
        Err((FetchFault::Truncated { .. }, part)) if is_announced && codings.is_empty() => {
            let head = ResponseHead { validators: Validators::default(), ..head.clone() };
            return Err(FetchFault::Truncated { came: Some(Box::new(Response { head, body: part })) });
        }
        Err((fault, _)) => return Err(fault),
    };
    if codings.is_empty() && Coding::shown_by(&bytes).is_none() {
        return Ok(bytes);
    }
    // Decompression may take long: not on a thread of the runtime.
    let undoing = tokio::task::spawn_blocking(move || undo(codings, bytes, limit));
    undoing.await.unwrap_or_else(|panic| Err(FetchFault::BadEncoding { why: panic.to_string() }))
}

/// Reads a body as it comes. The compressed octets count against the limit too: hardly anything grows by compression,
/// and an endless stream that decompresses to nothing would otherwise never end. If the body breaks off, the error
/// carries what came.
async fn take(mut response: reqwest::Response, limit: Limit) -> Result<Bytes, (FetchFault, Bytes)> {
    let too_large = |limit| (FetchFault::TooLarge { limit }, Bytes::new());
    // An announced length over the limit is refused without a download.
    if let Limit::Whole(limit) = limit
        && response.content_length().is_some_and(|length| length > limit)
    {
        return Err(too_large(limit));
    }
    let mut body = BytesMut::new();
    loop {
        let chunk = match response.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Ok(body.freeze()),
            Err(error) => return Err((fault::of_body(&error), body.freeze())),
        };
        let length = body.len() + chunk.len();
        match limit {
            Limit::Whole(limit) if length as u64 > limit => return Err(too_large(limit)),
            Limit::Prefix(limit) if length > limit => {
                body.extend_from_slice(&chunk[..limit + 1 - body.len()]);
                return Ok(body.freeze());
            }
            Limit::Whole(_) | Limit::Prefix(_) => {}
        }
        body.extend_from_slice(&chunk);
    }
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
