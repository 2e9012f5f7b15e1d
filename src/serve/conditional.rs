//! One page to one request: which representation, and whether the client has it already (RFC 9110
//! sections 12.5.3 and 13).

use std::time::SystemTime;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use crate::views::page::{Encoded, Page};

/// Feeds change when a source is polled, at most every few minutes: until the next poll of a region is
/// known here, a reader that asks again within this many seconds learns nothing.
const MAX_AGE: &str = "public, max-age=60";

/// The response.
pub(super) fn respond(page: &Page, method: &Method, headers: &HeaderMap) -> Response {
    let (encoded, coding) =
        if accepts_gzip(headers) { (&page.gzip, Some("gzip")) } else { (&page.plain, None) };
    let modified: SystemTime = page.modified.into();
    let fresh = not_modified(headers, page, modified);
    let mut response = Response::new(match (fresh, method) {
        (true, _) | (_, &Method::HEAD) => Body::empty(),
        _ => Body::from(encoded.bytes.clone()),
    });
    let head = response.headers_mut();
    set(head, header::ETAG, &encoded.etag);
    set(head, header::LAST_MODIFIED, &httpdate::fmt_http_date(modified));
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static(MAX_AGE));
    head.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if fresh {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    describe(response.headers_mut(), page, encoded, coding);
    response
}

fn describe(head: &mut HeaderMap, page: &Page, encoded: &Encoded, coding: Option<&'static str>) {
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static(page.media_type));
    head.insert(header::CONTENT_LENGTH, HeaderValue::from(encoded.bytes.len()));
    head.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(coding) = coding {
        head.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
}

fn set(head: &mut HeaderMap, name: header::HeaderName, value: &str) {
    head.insert(name, HeaderValue::from_str(value).expect("tags and dates are visible ASCII"));
}

/// If-None-Match, and only without one If-Modified-Since (RFC 9110 section 13.2.2).
fn not_modified(headers: &HeaderMap, page: &Page, modified: SystemTime) -> bool {
    let mut tags = headers.get_all(header::IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        // The representations of one page change together, so a tag of any of them will do.
        return tags.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|tag| {
            let tag = tag.trim();
            let tag = tag.strip_prefix("W/").unwrap_or(tag);
            tag == "*" || tag == page.plain.etag || tag == page.gzip.etag
        });
    }
    let since = headers.get(header::IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
    since.and_then(|text| httpdate::parse_http_date(text).ok()).is_some_and(|since| {
        // Dates in headers are whole seconds.
        seconds(modified) <= seconds(since)
    })
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// Whether gzip is acceptable: named, or under `*`, with a weight above zero.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let (mut named, mut any) = (None, None);
    for value in headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|v| v.to_str().ok()) {
        for part in value.split(',') {
            let mut parameters = part.split(';').map(str::trim);
            let coding = parameters.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parameters
                .filter_map(|p| p.strip_prefix("q=").or_else(|| p.strip_prefix("Q=")))
                .find_map(|q| q.trim().parse::<f32>().ok());
            let accepted = weight.is_none_or(|q| q > 0.0);
            match coding.as_str() {
                "gzip" | "x-gzip" => named = Some(accepted),
                "*" => any = Some(accepted),
                _ => {}
            }
        }
    }
    named.or(any).unwrap_or(false)
}

#[cfg(test)]
mod tests;
