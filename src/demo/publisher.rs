//! The web server of the demo world: well-behaved, with validators, 304, HEAD and gzip. It counts requests by
//! client and path, so that tests can assert politeness. Its owner calls `advance`; it never changes the world by
//! itself.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER, VARY,
};
use http::{HeaderMap, Method, StatusCode};
use tokio::net::TcpListener;

use super::world::{Answer, PublishedFeed, World};

/// The server's state; share it with an `Arc`.
pub struct Publisher {
    world: World,
    shown: Mutex<Shown>,
    counts: Mutex<Counts>,
}

/// The documents at one step.
struct Shown {
    step: u64,
    feeds: Arc<HashMap<&'static str, Feed>>,
    /// The pages that list pages lead to.
    articles: Arc<HashMap<String, Bytes>>,
}

impl Shown {
    fn at(world: &World, step: u64) -> Self {
        let articles = world.articles(step).into_iter().map(|(path, bytes)| (path, bytes.into()));
        Self { step, feeds: render(world, step), articles: Arc::new(articles.collect()) }
    }
}

struct Feed {
    published: PublishedFeed,
    plain: Bytes,
    gzipped: Bytes,
}

/// Requests seen, by path and by the status they got. All other paths count as one, `*`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All requests.
    pub by_status: BTreeMap<(String, u16), u64>,
    /// Those that carried `If-None-Match` or `If-Modified-Since`.
    pub conditional: BTreeMap<String, u64>,
}

impl Counts {
    /// Requests for a path that got this status.
    pub fn of(&self, path: &str, status: u16) -> u64 {
        self.by_status.get(&(path.to_owned(), status)).copied().unwrap_or(0)
    }

    pub fn with_status(&self, status: u16) -> u64 {
        self.by_status.iter().filter(|((_, s), _)| *s == status).map(|(_, n)| n).sum()
    }
}

impl Publisher {
    /// A publisher of this world, showing it at `step`.
    pub fn new(world: World, step: u64) -> Arc<Self> {
        let shown = Mutex::new(Shown::at(&world, step));
        Arc::new(Self { world, shown, counts: Mutex::default() })
    }

    /// Serves on `listener` until dropped.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) -> io::Result<()> {
        axum::serve(listener, Router::new().fallback(handle).with_state(self)).await
    }

    /// Goes on by one step; the step that is shown now.
    pub fn advance(&self) -> u64 {
        let step = self.step().saturating_add(1);
        self.set_step(step);
        step
    }

    pub fn set_step(&self, step: u64) {
        let shown = Shown::at(&self.world, step);
        *lock(&self.shown) = shown;
    }

    pub fn step(&self) -> u64 {
        lock(&self.shown).step
    }

    pub fn counts(&self) -> Counts {
        lock(&self.counts).clone()
    }

    fn count(&self, path: &str, status: u16, conditional: bool) {
        let mut counts = lock(&self.counts);
        *counts.by_status.entry((path.to_owned(), status)).or_default() += 1;
        if conditional {
            *counts.conditional.entry(path.to_owned()).or_default() += 1;
        }
    }
}

fn render(world: &World, step: u64) -> Arc<HashMap<&'static str, Feed>> {
    let feed = |published: PublishedFeed| {
        let plain = Bytes::from(published.bytes.clone());
        Feed { gzipped: gzip(&plain), plain, published }
    };
    Arc::new(world.at(step).into_iter().map(|published| (published.path, feed(published))).collect())
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes all writes").into()
}

async fn handle(State(publisher): State<Arc<Publisher>>, request: Request) -> Response {
    let (feeds, articles) = {
        let shown = lock(&publisher.shown);
        (Arc::clone(&shown.feeds), Arc::clone(&shown.articles))
    };
    let headers = request.headers();
    let known = feeds.get_key_value(request.uri().path());
    let response = match (known, request.method()) {
        (_, method) if method != Method::GET && method != Method::HEAD => {
            with(StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")], Body::empty())
        }
        (None, _) if articles.contains_key(request.uri().path()) => {
            let page = articles[request.uri().path()].clone();
            with(StatusCode::OK, [(CONTENT_TYPE, "text/html")], page.into())
        }
        (None, _) => with(StatusCode::NOT_FOUND, [(CONTENT_TYPE, "text/plain")], "no such paper\n".into()),
        (Some((_, feed)), _) => respond(feed, headers),
    };
    let conditional = headers.contains_key(IF_NONE_MATCH) || headers.contains_key(IF_MODIFIED_SINCE);
    publisher.count(known.map_or("*", |(path, _)| path), response.status().as_u16(), conditional);
    response
}

fn respond(feed: &Feed, asked: &HeaderMap) -> Response {
    let plain_text = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
    match feed.published.answer {
        Answer::Fail => with(StatusCode::INTERNAL_SERVER_ERROR, plain_text, "印刷机坏了\n".into()),
        Answer::Throttle { retry_after } => {
            let mut response = with(StatusCode::TOO_MANY_REQUESTS, plain_text, "请稍候\n".into());
            response.headers_mut().insert(RETRY_AFTER, retry_after.into());
            response
        }
        Answer::Serve => serve(feed, asked),
    }
}

fn serve(feed: &Feed, asked: &HeaderMap) -> Response {
    let unchanged = is_unchanged(&feed.published, asked);
    let zipped = asked
        .get_all(ACCEPT_ENCODING)
        .iter()
        .any(|codings| codings.to_str().is_ok_and(|codings| codings.split(',').any(|c| c.trim() == "gzip")));
    let status = if unchanged { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let body = match (unchanged, zipped) {
        (true, _) => Bytes::new(),
        (false, true) => feed.gzipped.clone(),
        (false, false) => feed.plain.clone(),
    };
    let mut response = with(status, [(VARY, "Accept-Encoding")], Body::from(body));
    let headers = response.headers_mut();
    if let Some(etag) = &feed.published.etag {
        // A compressed body is another representation; servers weaken the tag for it.
        let etag = if zipped { format!("W/{etag}") } else { etag.clone() };
        headers.insert(ETAG, HeaderValue::try_from(etag).expect("hexadecimal digits in quotes"));
    }
    if let Some(at) = feed.published.last_modified {
        let date = httpdate::fmt_http_date(at.into());
        headers.insert(LAST_MODIFIED, HeaderValue::try_from(date).expect("a date is ASCII"));
    }
    if !unchanged {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(feed.published.media_type));
        if zipped {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    response
}

/// RFC 9110 section 13.2.2: `If-None-Match`, where present, decides alone; compared weakly.
fn is_unchanged(feed: &PublishedFeed, asked: &HeaderMap) -> bool {
    if let Some(tags) = asked.get(IF_NONE_MATCH) {
        let Some(own) = &feed.etag else { return false };
        let tags = tags.to_str().unwrap_or_default();
        return tags
            .split(',')
            .any(|tag| matches!(tag.trim(), "*") || tag.trim().trim_start_matches("W/") == own);
    }
    let since =
        asked.get(IF_MODIFIED_SINCE).and_then(|value| httpdate::parse_http_date(value.to_str().ok()?).ok());
    // Dates in headers have whole seconds; what was said is what must compare equal.
    let said = feed.last_modified.map(|at| httpdate::fmt_http_date(at.into()));
    let said = said.and_then(|date| httpdate::parse_http_date(&date).ok());
    since.zip(said).is_some_and(|(since, said)| said <= since)
}

fn with<const N: usize>(
    status: StatusCode,
    headers: [(http::HeaderName, &'static str); N],
    body: Body,
) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
