//! One request to one response: methods and paths.

use std::sync::Arc;

use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use bytes::Bytes;
use http_body_util::Full;

use super::conditional::{self, Evaluation, Resource};
use super::pool::{Pool, PoolError};
use super::response::{Response, failed, missing, put, text};
use super::target::{self, BadTarget};
use super::{Live, View, accept, language, live, redirect, response};
use crate::views::html::lang::Tongue;
use crate::views::page::{Coding, Page};

/// Every resource is read only.
const ALLOW: &str = "GET, HEAD, OPTIONS";

/// Headers that scripts of other sites may send besides those that every script may (Fetch standard, section 4.8).
const SCRIPTS_MAY_SEND: &str = "a-im, cache-control, if-match, if-modified-since, if-none-match, \
                                if-unmodified-since, pragma, user-agent";

/// Methods of RFC 9110 and RFC 5789 that no resource here allows.
const KNOWN: [Method; 6] =
    [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::TRACE, Method::CONNECT];

/// The response to a request. The request's body is not read: nothing here takes one.
pub(super) async fn answer(
    pool: &Pool,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    has_body: bool,
) -> Response {
    if has_body {
        return response::no_body_allowed();
    }
    match *method {
        Method::OPTIONS => options(headers),
        // hyper leaves out the body of a response to HEAD.
        Method::GET | Method::HEAD => read(pool, method, uri, headers).await,
        _ => {
            let is_known = KNOWN.contains(method);
            let status = if is_known { StatusCode::METHOD_NOT_ALLOWED } else { StatusCode::NOT_IMPLEMENTED };
            let mut response = text(status, "feeds can be read, and nothing else\n");
            put(&mut response, header::ALLOW, ALLOW);
            response
        }
    }
}

/// RFC 9110 section 9.3.7, and the preflight request of a browser for a script of another site.
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

async fn read(pool: &Pool, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    let target = uri.path_and_query().map_or("", |target| target.as_str());
    let base = pool.views.base();
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
    if let Some(progress) = pool.views.starting()
        && (path == "readyz" || !pool.views.serves())
    {
        return response::starting(&path, progress);
    }
    if path == "readyz" {
        return pool
            .views
            .trouble()
            .map_or_else(|| text(StatusCode::OK, "ready\n"), |why| response::not_ready(&why));
    }
    let tongue = language::of(uri.query(), headers);
    if let Some(what) = Live::at(&path, tongue) {
        return live::show(pool, what, &path).await;
    }
    let mut view = language::view(&path, tongue);
    if let Some(query) = uri.query().filter(|_| pool.views.takes_query(&path)) {
        let separator = if view.contains('?') { '&' } else { '?' };
        view = format!("{view}{separator}{query}").into();
    }
    if let Some(page) = pool.views.at_hand(&view) {
        return show(pool, &view, &page, method, headers).await;
    }
    let wanted = view.clone().into_owned();
    match pool.run(&view, move |views| views.view(&wanted)).await {
        Ok(View::Page(page)) => show(pool, &view, &page, method, headers).await,
        Ok(View::Gone) => {
            text(StatusCode::GONE, "there was something here, and there will be nothing again\n")
        }
        Ok(View::Missing) => elsewhere(pool, asked, &path, uri.query(), tongue).await,
        Ok(View::Failed) => failed(PoolError::Panicked),
        Ok(View::Refused(status, page)) => response::refused(status, &page),
        Err(why) => failed(why),
    }
}

async fn show(pool: &Pool, path: &str, page: &Arc<Page>, method: &Method, headers: &HeaderMap) -> Response {
    let Some(chosen) = accept::choose(page, headers) else { return conditional::not_acceptable(page) };
    let etag = page.etag(chosen);
    let settled = pool.views.is_settled(page.modified);
    let resource = Resource::new(page, settled, pool.views.fresh_for(path), pool.views.now());
    let evaluation = conditional::evaluate(resource, etag, method, headers);
    if !evaluation.is_full() {
        return conditional::respond_without(resource, etag, evaluation);
    }
    if let Evaluation::Since(mark) = evaluation {
        let asked = path.to_owned();
        let delta = pool.run(path, move |views| views.delta(&asked, mark)).await;
        if let Ok(Some(delta)) = delta
            && let Some(part) = accept::choose(&delta, headers)
            && let Ok(bytes) = bytes(pool, path, &delta, part).await
        {
            return conditional::respond_delta(resource, etag, &delta, part, &bytes);
        }
    }
    match bytes(pool, path, page, chosen).await {
        Ok(bytes) => conditional::respond(resource, chosen, &bytes, method),
        Err(why) => failed(why),
    }
}

/// The bytes of a page in a coding. Compression takes a slot of the pool, as rendering does.
async fn bytes(
    pool: &Pool,
    path: &str,
    page: &Arc<Page>,
    coding: Option<Coding>,
) -> Result<Bytes, PoolError> {
    if let Some(bytes) = page.bytes_at_hand(coding) {
        return Ok(bytes.clone());
    }
    let page = Arc::clone(page);
    pool.run(path, move |_| page.bytes(coding).clone()).await
}

/// A redirect to a view of nearly the same address, if there is one. The language that was asked for stays.
async fn elsewhere(pool: &Pool, asked: &str, path: &str, query: Option<&str>, tongue: Tongue) -> Response {
    for (candidate, location) in redirect::candidates(asked, path) {
        let there = candidate.clone();
        // `has` renders nothing.
        match pool.run(&candidate, move |views| views.has(&there)).await {
            Ok(true) => {
                let query =
                    query.filter(|_| pool.views.takes_query(&candidate)).map(|query| format!("?{query}"));
                return response::moved(&format!(
                    "{location}{}",
                    query.unwrap_or_else(|| tongue.query().to_string())
                ));
            }
            Ok(false) | Err(PoolError::Panicked) => {}
            Err(why) => return failed(why),
        }
    }
    missing()
}
