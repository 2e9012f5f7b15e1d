//! Reads when a publisher wants the next request: HTTP freshness (RFC 9111), `sy:*` of RSS and
//! `Retry-After` (RFC 9110). These values may delay a poll and must not hasten one.

#[cfg(test)]
mod tests;

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use crate::model::time::Time;

/// The default maximum delay by freshness. Publishers behind a CDN often declare "a day" or "a year" for
/// everything they serve, and news is stale by then.
pub const LIMIT: Duration = Duration::from_secs(6 * 3600);

/// The header fields that set a response's freshness, as received; several Cache-Control lines are joined
/// with commas (RFC 9110 section 5.3).
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    pub cache_control: Option<&'a str>,
    pub expires: Option<&'a str>,
    pub date: Option<&'a str>,
    pub age: Option<&'a str>,
}

/// The instant before which the publisher wants no further poll: the later of the headers' freshness and
/// the feed's `interval` (its `ttl` or [`update_interval`]), at most `limit` after `received`. `None` if the
/// publisher asks for no delay.
///
/// It applies after a 304 too, with that response's headers (RFC 9111 section 4.3.4).
#[must_use]
pub fn not_before(
    received: Time,
    headers: &Headers<'_>,
    interval: Option<Duration>,
    limit: Duration,
) -> Option<Time> {
    let wait = remaining(headers, received).max(interval.unwrap_or_default()).min(limit);
    if wait.is_zero() { None } else { later(received, wait) }
}

/// The time after receipt during which the response is fresh. Counts explicit lifetimes only: the heuristic
/// ones of section 4.2.2 are for caches that save requests, not for readers that must not miss news.
#[must_use]
pub fn remaining(headers: &Headers<'_>, received: Time) -> Duration {
    let control = CacheControl::parse(headers.cache_control.unwrap_or_default());
    if control.forbids_reuse {
        return Duration::ZERO;
    }
    let lifetime = control.max_age.or_else(|| {
        let expires = headers.expires?;
        // Relative to the server's own clock, which may differ from ours. An invalid date, such as the
        // usual "0" or "-1", means expired (section 5.3).
        let date = headers.date.and_then(http_date).unwrap_or(received);
        Some(http_date(expires).and_then(|at| (at - date).to_std().ok()).unwrap_or_default())
    });
    // Section 4.2.3 would also count the difference of the two clocks as age. Then every response of a
    // server with a slow clock would be stale, so only the Age field counts.
    let age = headers.age.and_then(seconds).unwrap_or_default();
    lifetime.unwrap_or_default().saturating_sub(age)
}

/// The directives of Cache-Control that apply to a feed reader (RFC 9111 section 5.2.2). `s-maxage` does
/// not: it is for shared caches, and a feed reader is a private one.
#[derive(Debug, Default)]
struct CacheControl {
    forbids_reuse: bool,
    max_age: Option<Duration>,
}

impl CacheControl {
    fn parse(text: &str) -> Self {
        let mut control = Self::default();
        for directive in split_unquoted(text) {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" | "no-cache" => control.forbids_reuse = true,
                // The first max-age counts (section 4.2.1); an invalid value means stale.
                "max-age" if control.max_age.is_none() => {
                    control.max_age = Some(seconds(value.trim().trim_matches('"')).unwrap_or_default());
                }
                _ => {}
            }
        }
        control
    }
}

/// Splits a list at commas outside quotes.
fn split_unquoted(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

/// Whole seconds; a number that overflows becomes a very large one (RFC 9111 section 1.2.2).
fn seconds(text: &str) -> Option<Duration> {
    let text = text.trim();
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| Duration::from_secs(text.parse().unwrap_or(u64::from(u32::MAX))))
}

/// A date in one of the forms of RFC 9110 section 5.6.7. The weekday is redundant, so a wrong or missing one
/// is accepted. Callers compute with the result and must not send it back to a server.
pub(super) fn http_date(text: &str) -> Option<Time> {
    let text = text.trim();
    let strict = httpdate::parse_http_date(text).ok().map(DateTime::<Utc>::from);
    strict.or_else(|| without_weekday(text))
}

fn without_weekday(text: &str) -> Option<Time> {
    let rest = text.split_once(',').map_or(text, |(_, rest)| rest.trim_start());
    let (first, time) = rest.split_once(' ')?;
    // `28-Nov-26` as in RFC 850, or, without a comma, `Sat Nov 28 20:00:00 2026` as C's asctime writes it.
    let standard = DateTime::parse_from_rfc2822(&format!("{} {time}", first.replace('-', " ")));
    let asctime = || NaiveDateTime::parse_from_str(time, "%b %e %H:%M:%S %Y").ok();
    standard.ok().map(|at| at.to_utc()).or_else(|| asctime().map(|at| at.and_utc()))
}

fn later(start: Time, wait: Duration) -> Option<Time> {
    start.checked_add_signed(TimeDelta::from_std(wait).ok()?)
}

/// The update interval that a feed declares by `sy:updatePeriod` and `sy:updateFrequency` of the RSS 1.0
/// syndication module: `frequency` updates a period, one by default. `None` for a period that the module
/// does not define.
#[must_use]
pub fn update_interval(period: &str, frequency: Option<&str>) -> Option<Duration> {
    let hours = match period.trim().to_ascii_lowercase().as_str() {
        "hourly" => 1,
        "daily" => 24,
        "weekly" => 24 * 7,
        "monthly" => 24 * 30,
        "yearly" => 24 * 365,
        _ => return None,
    };
    let times = frequency.and_then(|text| text.trim().parse().ok()).unwrap_or(1_u32).max(1);
    Some(Duration::from_secs(hours * 3600) / times)
}

/// The earliest time for the next request after a 429 or 503. `Retry-After` holds seconds, or a date, which
/// counts from the response's own Date (RFC 9110 section 10.2.3); of several lines the longest wait counts.
/// At most `cap` after `now`: an error in a server's clock must not silence a source for years. `None` if the
/// value cannot be read.
#[must_use]
pub fn retry_after(value: &str, date: Option<&str>, now: Time, cap: Duration) -> Option<Time> {
    let by_our_clock = |line: &str| Some((http_date(line)? - now).to_std().unwrap_or_default());
    let waits = value.lines().filter_map(|line| wait_of_line(line, date).or_else(|| by_our_clock(line)));
    later(now, waits.max()?.min(cap))
}

/// The wait that a Retry-After asks for, if it can be computed without our clock.
#[must_use]
pub fn wait(value: &str, date: Option<&str>) -> Option<Duration> {
    value.lines().filter_map(|line| wait_of_line(line, date)).max()
}

fn wait_of_line(line: &str, date: Option<&str>) -> Option<Duration> {
    // Some proxies join header lines with commas, even of fields that are no list.
    let longest = line.split(',').filter_map(seconds).max();
    longest.or_else(|| Some((http_date(line)? - date.and_then(http_date)?).to_std().unwrap_or_default()))
}
