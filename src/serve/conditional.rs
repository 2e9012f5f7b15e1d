//! A page as the response to one request: preconditions (RFC 9110 section 13), validators, caching and delta
//! encoding (RFC 3229).

use std::time::{Duration, SystemTime};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use bytes::Bytes;
use http_body_util::Full;

use super::accept::{self, Chosen};
use super::etag;
use super::response::{self, Response};
use crate::model::time::Time;
use crate::views::page::{Coding, Mark, Page};

/// The minimum `max-age`: a poll that is due ends some seconds later, and a reader that asked every second
/// meanwhile would learn nothing.
const LEAST_FRESH: Duration = Duration::from_secs(30);
/// The maximum `max-age`: an operator who withdraws an entry wants it gone from caches within the hour.
const MOST_FRESH: Duration = Duration::from_secs(3600);
/// `max-age` if the next poll is unknown.
const USUALLY_FRESH: Duration = Duration::from_secs(60);

/// RFC 3229 sections 10.5.3 and 10.5.1.
const A_IM: &str = "a-im";
const IM: HeaderName = HeaderName::from_static("im");

/// A client's date that is not our `Last-Modified` must be this many seconds after a change to count as knowing
/// it: a client that uses its own clock, or our `Date`, may have been answered just before the change.
const NOT_OURS: u64 = 60;

/// A page with what a response says of it.
#[derive(Clone, Copy)]
pub(super) struct Resource<'a> {
    pub(super) page: &'a Page,
    /// `Last-Modified`, in seconds. While another change may still get the same second, it is the second before:
    /// a client that came between the two changes would else seem to have the later one (RFC 9110 section
    /// 8.8.2.2).
    modified: u64,
    /// The time, in seconds, if it is known.
    now: Option<u64>,
    pub(super) fresh: Option<Duration>,
}

impl<'a> Resource<'a> {
    /// A change that was recorded while the clock was ahead is dated just before the response: the `Date` may be a
    /// second behind.
    pub(super) fn new(page: &'a Page, settled: bool, fresh: Option<Duration>, now: Option<Time>) -> Self {
        let modified = seconds(page.modified.into()).saturating_sub(u64::from(!settled));
        let now = now.map(|now| seconds(now.into()));
        let modified = now.map_or(modified, |now| modified.min(now.saturating_sub(1)));
        Self { page, modified, now, fresh }
    }

    /// True if a client that sends this date has the page.
    fn is_known_since(&self, since: u64) -> bool {
        let changed = seconds(self.page.modified.into());
        if !self.page.dated {
            return false;
        }
        // A date in the future comes from a wrong clock, ours or the client's.
        if self.now.is_some_and(|now| since > now) {
            return false;
        }
        (since == self.modified && self.modified == changed) || since >= changed + NOT_OURS
    }
}

/// The result of a request's preconditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evaluation<'a> {
    Full,
    /// The client has it, and knows it by this tag.
    NotModified(&'a str),
    PreconditionFailed,
    /// The client has this earlier state of the feed, and accepts a delta.
    Since(Mark),
}

/// Evaluates the preconditions in the order of RFC 9110 section 13.2.2. They apply to the one representation that
/// this request would get: a cache with another coding must not be told to use that.
pub(super) fn evaluate<'a>(
    resource: Resource<'_>,
    etag: &'a str,
    method: &Method,
    headers: &'a HeaderMap,
) -> Evaluation<'a> {
    if headers.contains_key(header::IF_MATCH) {
        // The strong comparison (section 8.8.3.2): a weak tag matches nothing.
        if !tags(headers, header::IF_MATCH).any(|tag| tag == "*" || tag == etag) {
            return Evaluation::PreconditionFailed;
        }
    } else if let Some(since) = date(headers, header::IF_UNMODIFIED_SINCE)
        && resource.page.dated
        && resource.modified > since
    {
        return Evaluation::PreconditionFailed;
    }
    if headers.contains_key(header::IF_NONE_MATCH) {
        let mut named = tags(headers, header::IF_NONE_MATCH);
        if let Some(tag) = named.find_map(|tag| etag::matches(tag, etag, resource.page.etag(None))) {
            return Evaluation::NotModified(tag);
        }
    } else if let Some(since) = date(headers, header::IF_MODIFIED_SINCE)
        && resource.is_known_since(since)
    {
        return Evaluation::NotModified(etag);
    }
    match earlier_state(resource.page, headers) {
        Some(mark) if *method == Method::GET => Evaluation::Since(mark),
        _ => Evaluation::Full,
    }
}

/// The latest state of the feed that the client has, if it accepts a delta (RFC 3229).
fn earlier_state(page: &Page, headers: &HeaderMap) -> Option<Mark> {
    let now = page.mark?;
    if !accept::names(headers, A_IM, "feed") {
        return None;
    }
    let named = tags(headers, header::IF_NONE_MATCH);
    let marks = named.filter_map(|tag| Mark::of_tag(&format!("\"{}\"", etag::bare(tag))));
    marks.filter(|mark| mark.generation == now.generation && mark.seq <= now.seq).max_by_key(|mark| mark.seq)
}

impl Evaluation<'_> {
    /// True if the page itself is the answer.
    pub(super) fn is_full(self) -> bool {
        matches!(self, Self::Full | Self::Since(_))
    }
}

/// The page in the chosen representation, as `bytes`.
pub(super) fn respond(resource: Resource<'_>, chosen: Chosen, bytes: &Bytes, method: &Method) -> Response {
    let body = if *method == Method::HEAD { Bytes::new() } else { bytes.clone() };
    let mut response = Response::new(Full::new(body));
    let head = response.headers_mut();
    validate(head, resource, resource.page.etag(chosen));
    describe(head, resource.page, chosen, bytes.len());
    head.insert(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
    response
}

/// The response without the page: 304 or 412.
pub(super) fn respond_without(resource: Resource<'_>, etag: &str, evaluation: Evaluation<'_>) -> Response {
    let (status, etag) = match evaluation {
        Evaluation::NotModified(tag) => (StatusCode::NOT_MODIFIED, tag),
        _ => (StatusCode::PRECONDITION_FAILED, etag),
    };
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    validate(response.headers_mut(), resource, etag);
    response
}

/// The delta of a feed, with the validators of the current feed (RFC 3229 section 10.4.1).
pub(super) fn respond_delta(
    resource: Resource<'_>,
    etag: &str,
    delta: &Page,
    chosen: Chosen,
    bytes: &Bytes,
) -> Response {
    let mut response = Response::new(Full::new(bytes.clone()));
    *response.status_mut() = StatusCode::IM_USED;
    let head = response.headers_mut();
    validate(head, resource, etag);
    describe(head, delta, chosen, bytes.len());
    head.insert(IM, HeaderValue::from_static("feed"));
    // A cache that does not know 226 would hand it to others as the feed (RFC 3229 section 10.8.1).
    set(head, header::CACHE_CONTROL, &format!("no-store, im, max-age={}", max_age(resource.fresh)));
    response
}

/// No representation is acceptable (RFC 9110 section 15.5.7).
pub(super) fn not_acceptable(page: &Page) -> Response {
    let mut response = Response::new(Full::from("gzip, br, zstd, or as it is: one of these must do\n"));
    *response.status_mut() = StatusCode::NOT_ACCEPTABLE;
    let head = response.headers_mut();
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    head.insert(header::VARY, HeaderValue::from_static(vary(page)));
    head.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// True if scripts of other sites may read a page. Feeds are for programs; pages are for people.
pub(super) fn is_shared(page: &Page) -> bool {
    !page.media_type.starts_with("text/html")
}

/// The headers that a 304 has too (RFC 9110 section 15.4.5). `Last-Modified` is among them because some readers
/// store only the headers of the latest response.
fn validate(head: &mut HeaderMap, resource: Resource<'_>, etag: &str) {
    let Resource { page, modified, fresh, .. } = resource;
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(modified);
    set(head, header::ETAG, etag);
    if page.dated {
        set(head, header::LAST_MODIFIED, &httpdate::fmt_http_date(modified));
    }
    match page.lasts {
        true => set(head, header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        false => set(head, header::CACHE_CONTROL, &format!("public, max-age={}", max_age(fresh))),
    }
    head.insert(header::VARY, HeaderValue::from_static(vary(page)));
    if is_shared(page) {
        head.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        head.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("etag, im, date, link"));
    }
}

fn describe(head: &mut HeaderMap, page: &Page, coding: Option<Coding>, length: usize) {
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static(page.media_type));
    head.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    head.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(coding) = coding {
        head.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    }
    if let Ok(link) = HeaderValue::from_str(&page.link)
        && !link.is_empty()
    {
        head.insert(header::LINK, link);
    }
    if !is_shared(page) {
        response::protect(head);
    }
}

fn vary(page: &Page) -> &'static str {
    match (page.mark, is_shared(page)) {
        (Some(_), _) => "A-IM, Accept-Encoding",
        (None, true) => "Accept-Encoding",
        (None, false) => "Accept-Encoding, Accept-Language",
    }
}

fn max_age(fresh: Option<Duration>) -> u64 {
    fresh.map_or(USUALLY_FRESH, |fresh| fresh.clamp(LEAST_FRESH, MOST_FRESH)).as_secs()
}

fn set(head: &mut HeaderMap, name: HeaderName, value: &str) {
    head.insert(name, HeaderValue::from_str(value).expect("tags, dates and numbers are visible ASCII"));
}

/// The tags that a header lists. Ours hold no comma, so one that does is cut into pieces that match none.
fn tags(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

/// The date of a header, in seconds; `None` if it is not one date, which then counts as not sent (RFC 9110
/// section 13.1.3).
fn date(headers: &HeaderMap, name: HeaderName) -> Option<u64> {
    let mut values = headers.get_all(name).iter();
    let text = values.next()?.to_str().ok()?;
    let date = httpdate::parse_http_date(text).ok()?;
    values.next().is_none().then_some(seconds(date))
}

/// Dates in headers are whole seconds.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

#[cfg(test)]
mod tests;
