//! One request to one response: methods, paths, and what is answered where there is no view.

use std::sync::Arc;

use axum::http::{self, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use bytes::Bytes;
use http_body_util::Full;

use super::conditional::{self, Known, Verdict};
use super::nearby;
use super::press::{Press, Unanswered};
use super::target::{self, BadTarget};
use super::{View, accept};
use crate::views::page::{Coding, Page};

/// All bodies are in memory.
pub(super) type Response = http::Response<Full<Bytes>>;

/// What is allowed of any resource here: it can only be read.
const ALLOW: &str = "GET, HEAD, OPTIONS";

/// What another site's script may send beside what every script may (the Fetch standard, section 4.8).
const SCRIPTS_MAY_SEND: &str = "a-im, cache-control, if-match, if-modified-since, if-none-match, \
                                if-unmodified-since, pragma, user-agent";

/// Seconds until a client that came during a start may ask again.
const SOON: &str = "10";

/// Methods that are known (RFC 9110, RFC 5789), and not allowed of anything here.
const KNOWN: [Method; 6] =
    [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::TRACE, Method::CONNECT];

/// The response to a request. Its body, which nothing here asks for, is not read.
pub(super) async fn answer(
    press: &Press,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    has_body: bool,
) -> Response {
    if has_body {
        let mut response = text(StatusCode::PAYLOAD_TOO_LARGE, "nothing here takes a body\n");
        // The body was not read, so what follows it cannot be found.
        put(&mut response, header::CONNECTION, "close");
        return response;
    }
    match *method {
        Method::OPTIONS => options(headers),
        // What a GET would be answered with; hyper leaves the body of the answer to a HEAD away.
        Method::GET | Method::HEAD => read(press, method, uri, headers).await,
        _ => {
            let known = KNOWN.contains(method);
            let status = if known { StatusCode::METHOD_NOT_ALLOWED } else { StatusCode::NOT_IMPLEMENTED };
            let mut response = text(status, "feeds can be read, and nothing else\n");
            put(&mut response, header::ALLOW, ALLOW);
            response
        }
    }
}

/// RFC 9110 section 9.3.7, and the question a browser asks before a script of another site sends a header.
fn options(headers: &HeaderMap) -> Response {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    put(&mut response, header::ALLOW, ALLOW);
    if headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        put(&mut response, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        put(&mut response, header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD");
        put(&mut response, header::ACCESS_CONTROL_ALLOW_HEADERS, SCRIPTS_MAY_SEND);
        put(&mut response, header::ACCESS_CONTROL_MAX_AGE, "86400");
    }
    response
}

async fn read(press: &Press, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    let target = uri.path_and_query().map_or("", |target| target.as_str());
    let base = press.views.base();
    let asked = base.as_deref().map_or(uri.path(), |base| target::below(base, uri.path()));
    let path = match target::path(target, asked) {
        Ok(path) => path,
        Err(BadTarget::Malformed) => return text(StatusCode::BAD_REQUEST, "this is no path\n"),
        Err(BadTarget::TooLong) => return text(StatusCode::URI_TOO_LONG, "no address here is so long\n"),
        Err(BadTarget::Nothing) => return missing(),
    };
    if path == "healthz" {
        return text(StatusCode::OK, "ok\n");
    }
    if let Some(progress) = press.views.starting()
        && (path == "readyz" || !press.views.serves())
    {
        return starting(&path, progress);
    }
    if path == "readyz" {
        return press.views.trouble().map_or_else(|| text(StatusCode::OK, "ready\n"), |why| not_ready(&why));
    }
    if path == "status.json" {
        return status(press).await;
    }
    if let Some(page) = press.views.at_hand(&path) {
        return show(press, &path, &page, method, headers).await;
    }
    let wanted = path.clone().into_owned();
    match press.ask(&path, move |views| views.view(&wanted)).await {
        Ok(View::Page(page)) => show(press, &path, &page, method, headers).await,
        Ok(View::Gone) => {
            text(StatusCode::GONE, "there was something here, and there will be nothing again\n")
        }
        Ok(View::Missing) => elsewhere(press, asked, &path).await,
        Ok(View::Failed) => failed(Unanswered::Broken),
        Err(why) => failed(why),
    }
}

async fn show(press: &Press, path: &str, page: &Arc<Page>, method: &Method, headers: &HeaderMap) -> Response {
    let Some(chosen) = accept::choose(page, headers) else { return conditional::not_acceptable(page) };
    let etag = page.etag(chosen);
    let settled = press.views.is_settled(page.modified);
    let known = Known::new(page, settled, press.views.fresh_for(path), press.views.now());
    let verdict = conditional::judge(known, etag, method, headers);
    if !verdict.is_full() {
        return conditional::respond_without(known, etag, verdict);
    }
    if let Verdict::Since(mark) = verdict {
        let asked = path.to_owned();
        let delta = press.ask(path, move |views| views.delta(&asked, mark)).await;
        if let Ok(Some(delta)) = delta
            && let Some(part) = accept::choose(&delta, headers)
            && let Ok(bytes) = bytes(press, path, &delta, part).await
        {
            return conditional::respond_delta(known, etag, &delta, part, &bytes);
        }
    }
    match bytes(press, path, page, chosen).await {
        Ok(bytes) => conditional::respond(known, chosen, &bytes, method),
        Err(why) => failed(why),
    }
}

/// The bytes of a page in a coding. Compressing them takes a turn, as rendering does.
async fn bytes(
    press: &Press,
    path: &str,
    page: &Arc<Page>,
    coding: Option<Coding>,
) -> Result<Bytes, Unanswered> {
    if let Some(bytes) = page.bytes_at_hand(coding) {
        return Ok(bytes.clone());
    }
    let page = Arc::clone(page);
    press.ask(path, move |_| page.bytes(coding).clone()).await
}

/// There are no views yet; `progress` is what the start is at.
fn starting(path: &str, progress: String) -> Response {
    let mut response = text(StatusCode::SERVICE_UNAVAILABLE, "starting; /readyz tells how far\n");
    if path == "readyz" {
        *response.body_mut() = Full::from(progress + "\n");
    }
    put(&mut response, header::RETRY_AFTER, SOON);
    response
}

/// The feeds are served, and nothing new comes into them.
fn not_ready(why: &str) -> Response {
    let mut response = text(StatusCode::SERVICE_UNAVAILABLE, "");
    *response.body_mut() = Full::from(format!("{why}\n"));
    put(&mut response, header::RETRY_AFTER, SOON);
    response
}

async fn status(press: &Press) -> Response {
    match press.ask("status.json", super::Views::status).await {
        Ok(Some(json)) => {
            let mut response = text(StatusCode::OK, "");
            *response.body_mut() = Full::from(json + "\n");
            put(&mut response, header::CONTENT_TYPE, "application/json");
            response
        }
        Ok(None) => missing(),
        Err(why) => failed(why),
    }
}

fn failed(why: Unanswered) -> Response {
    match why {
        Unanswered::Broken => text(StatusCode::INTERNAL_SERVER_ERROR, "this cannot be shown just now\n"),
        Unanswered::Late => busy(),
    }
}

/// Where there is no view, but one at nearly the same address, the way there.
async fn elsewhere(press: &Press, asked: &str, path: &str) -> Response {
    for (candidate, location) in nearby::candidates(asked, path) {
        let there = candidate.clone();
        // Nothing is made for this, so it needs no turn of those who want what is seldom made.
        match press.ask(&candidate, move |views| views.has(&there)).await {
            Ok(true) => return moved(&location),
            Ok(false) | Err(Unanswered::Broken) => {}
            Err(Unanswered::Late) => return busy(),
        }
    }
    missing()
}

fn moved(location: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(location) else { return missing() };
    let mut response = text(StatusCode::PERMANENT_REDIRECT, "see the address as it is written here\n");
    response.headers_mut().insert(header::LOCATION, location);
    put(&mut response, header::CACHE_CONTROL, "public, max-age=3600");
    response
}

/// Too many want what has to be made for them. What else the client has sent at once is not looked at: it
/// would keep its seat as long again for each.
fn busy() -> Response {
    let mut response = text(StatusCode::SERVICE_UNAVAILABLE, "too much is asked for just now\n");
    put(&mut response, header::RETRY_AFTER, "30");
    put(&mut response, header::CONNECTION, "close");
    response
}

/// RFC 9112 section 3.2.
pub(super) fn no_host() -> Response {
    let mut response = text(StatusCode::BAD_REQUEST, "which host? one Host header must say\n");
    // What stands between may have taken the end of this request for another place.
    put(&mut response, header::CONNECTION, "close");
    response
}

fn missing() -> Response {
    text(StatusCode::NOT_FOUND, "there is no such feed; / lists them\n")
}

fn text(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    put(&mut response, header::CONTENT_TYPE, "text/plain; charset=utf-8");
    put(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // A script of another site must be able to tell a feed that is gone from a network that is down.
    put(&mut response, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    // What is missing now may be there after the next change.
    put(&mut response, header::CACHE_CONTROL, "no-store");
    response
}

fn put(response: &mut Response, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}
