//! Response heads: header maps to values, and a status to an exchange.

use http::HeaderMap;
use http::header::{
    AGE, AsHeaderName, CACHE_CONTROL, CONTENT_TYPE, DATE, ETAG, EXPIRES, LAST_MODIFIED, LINK, RETRY_AFTER,
    SET_COOKIE,
};
use url::Url;

use crate::model::exchange::{Block, Exchange, FetchFault, Hop, ResponseHead, Validators};

/// Longest header value kept. What is kept is stored and sent back; a publisher's server would not
/// take more than 8 KiB itself.
const MAX_VALUE: usize = 8 * 1024;

pub(super) fn read(status: u16, at: &Url, hops: Vec<Hop>, headers: &HeaderMap) -> ResponseHead {
    ResponseHead {
        status,
        final_url: at.as_str().to_owned(),
        hops,
        validators: Validators {
            etag: bytes(headers, ETAG),
            last_modified: bytes(headers, LAST_MODIFIED),
            of: None,
        },
        content_type: text(headers, CONTENT_TYPE),
        cache_control: joined(headers, CACHE_CONTROL, ", "),
        expires: text(headers, EXPIRES),
        date: text(headers, DATE),
        age: text(headers, AGE),
        retry_after: joined(headers, RETRY_AFTER, "\n"),
        link: joined(headers, LINK, ", "),
        x_robots_tag: joined(headers, "x-robots-tag", "\n"),
    }
}

/// The exchange of a response without a body of use; `None` when its body is to be read.
pub(super) fn without_body(head: &ResponseHead, headers: &HeaderMap, conditional: bool) -> Option<Exchange> {
    let blocked = |why| Exchange::Blocked { head: head.clone(), why };
    Some(match head.status {
        // 204, 205 and 206 are successes too, of something else than the whole feed.
        200..=203 | 207..=299 => return None,
        304 if conditional => Exchange::NotModified(head.clone()),
        304 => {
            Exchange::Failed(FetchFault::Http { why: "304 to a request that was not conditional".to_owned() })
        }
        400.. if is_challenge(headers) => blocked(Block::Challenge),
        401 | 407 => blocked(Block::Credentials),
        403 => blocked(Block::Forbidden),
        410 => Exchange::Gone(head.clone()),
        412 => blocked(Block::Firewall),
        429 => Exchange::Throttled(head.clone()),
        451 => blocked(Block::Legal),
        503 if headers.contains_key(RETRY_AFTER) => Exchange::Throttled(head.clone()),
        _ => Exchange::Status(head.clone()),
    })
}

/// Cloudflare says so in a header of its own; Knownsec's shield sets a `__jsl` cookie (with 521).
fn is_challenge(headers: &HeaderMap) -> bool {
    headers.get("cf-mitigated").is_some_and(|value| value == "challenge")
        || headers.get_all(SET_COOKIE).iter().any(|cookie| cookie.as_bytes().starts_with(b"__jsl"))
}

fn bytes(headers: &HeaderMap, name: impl AsHeaderName) -> Option<Vec<u8>> {
    let value = headers.get(name)?.as_bytes();
    (1..=MAX_VALUE).contains(&value.len()).then(|| value.to_vec())
}

fn text(headers: &HeaderMap, name: impl AsHeaderName) -> Option<String> {
    String::from_utf8(bytes(headers, name)?).ok()
}

fn joined(headers: &HeaderMap, name: impl AsHeaderName, by: &str) -> Option<String> {
    let mut all = String::new();
    for value in headers.get_all(name) {
        let Ok(value) = std::str::from_utf8(value.as_bytes()) else { continue };
        if all.len() + value.len() > MAX_VALUE {
            break;
        }
        if !all.is_empty() {
            all.push_str(by);
        }
        all.push_str(value);
    }
    (!all.is_empty()).then_some(all)
}
