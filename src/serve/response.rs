//! Responses that are no view: plain texts with a status. `conditional` makes those of views.

use axum::http::{self, HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use bytes::Bytes;
use http_body_util::Full;

use super::pool::PoolError;
use crate::views::page::Page;

/// All bodies are in memory.
pub(super) type Response = http::Response<Full<Bytes>>;

/// Seconds until a client may ask again during a start.
const RETRY_SOON: &str = "10";

/// RFC 9112 section 3.2.
pub(super) fn no_host() -> Response {
    let mut response = text(StatusCode::BAD_REQUEST, "which host? one Host header must say\n");
    // A proxy in between may have read another end of this request.
    put(&mut response, header::CONNECTION, "close");
    response
}

/// The body of the request was not read, so the end of the request is unknown.
pub(super) fn no_body_allowed() -> Response {
    let mut response = text(StatusCode::PAYLOAD_TOO_LARGE, "nothing here takes a body\n");
    put(&mut response, header::CONNECTION, "close");
    response
}

/// There are no views yet; `progress` says how far the start is.
pub(super) fn starting(path: &str, progress: String) -> Response {
    let mut response = text(StatusCode::SERVICE_UNAVAILABLE, "starting; /readyz tells how far\n");
    if path == "readyz" {
        *response.body_mut() = Full::from(progress + "\n");
    }
    put(&mut response, header::RETRY_AFTER, RETRY_SOON);
    response
}

/// The feeds are served, but nothing new comes in.
pub(super) fn not_ready(why: &str) -> Response {
    let mut response = text(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n"));
    put(&mut response, header::RETRY_AFTER, RETRY_SOON);
    response
}

/// An answer that is no view, with the page that says why. At 503, the client may ask again soon.
pub(super) fn refused(status: u16, page: &Page) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let mut response = text(status, page.plain.clone());
    put(&mut response, header::CONTENT_TYPE, page.media_type);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        put(&mut response, header::RETRY_AFTER, RETRY_SOON);
    }
    if page.media_type.starts_with("text/html") {
        protect(response.headers_mut());
    }
    response
}

/// A document that no cache keeps.
pub(super) fn live(media_type: &'static str, bytes: Vec<u8>) -> Response {
    let mut response = text(StatusCode::OK, bytes);
    put(&mut response, header::CONTENT_TYPE, media_type);
    response
}

/// Pages show texts of publishers, escaped. Should one slip through, it still runs nothing, sends nothing, loads
/// nothing of others and is framed by nobody.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// Adds the header that limits what a page may do.
pub(super) fn protect(head: &mut HeaderMap) {
    head.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
}

pub(super) fn failed(why: PoolError) -> Response {
    match why {
        PoolError::Panicked => text(StatusCode::INTERNAL_SERVER_ERROR, "this cannot be shown just now\n"),
        PoolError::Overloaded => overloaded(),
    }
}

/// Too many requests wait for a rendering. The connection closes: each further request that the client has
/// already sent would hold its slot as long again.
fn overloaded() -> Response {
    let mut response = text(StatusCode::SERVICE_UNAVAILABLE, "too much is asked for just now\n");
    put(&mut response, header::RETRY_AFTER, "30");
    put(&mut response, header::CONNECTION, "close");
    response
}

pub(super) fn moved(location: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(location) else { return missing() };
    let mut response = text(StatusCode::PERMANENT_REDIRECT, "see the address as it is written here\n");
    response.headers_mut().insert(header::LOCATION, location);
    put(&mut response, header::CACHE_CONTROL, "public, max-age=3600");
    response
}

pub(super) fn missing() -> Response {
    text(StatusCode::NOT_FOUND, "there is no such feed; / lists them\n")
}

pub(super) fn text(status: StatusCode, text: impl Into<Full<Bytes>>) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    put(&mut response, header::CONTENT_TYPE, "text/plain; charset=utf-8");
    put(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // A script of another site must be able to tell a feed that is gone from a network that is down.
    put(&mut response, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    // A missing feed may exist after the next change.
    put(&mut response, header::CACHE_CONTROL, "no-store");
    response
}

pub(super) fn put(response: &mut Response, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}
