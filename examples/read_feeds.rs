//! Reads feeds from files as if dibao had fetched them, and prints the entries that dibao would store.
//!
//! JSON lines on standard input, one a feed:
//! `{"id", "file", "url", "content_type"}`, and optionally `"zone"` (an IANA name: the zone of dates that
//! name none; default Asia/Shanghai, as dibao's sources have by default) and `"fetched_at"` (Unix seconds;
//! default now).
//!
//! One JSON line for each on standard output:
//! `{"id", "ok", "error", "feed_title", "repairs", "entries": [{"id", "title", "links", "published",
//! "updated", "summary", "content"}]}`. Dates are Unix seconds or null; of a date without a time of day, the
//! end of that day in its zone, or the fetch if that is sooner. The id is the publisher's as stored. An
//! entry without one has the id that dibao mints from its identity keys. (dibao also stores an id that is no
//! absolute IRI, to recognise the entry, but publishes a minted one, which is not shown here.)
//!
//! ```sh
//! echo '{"id":"a","file":"feed.xml","url":"https://example.com/feed.xml","content_type":"text/xml"}' \
//!   | cargo run --release --example read_feeds
//! ```

use std::io::{BufRead as _, Write as _, stdin, stdout};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use dibao::decide::identity::{Candidate, candidates, minted};
use dibao::model::entry::{Body, ParsedEntry, ParsedFeed};
use dibao::model::source::SourceId;
use dibao::model::time::{Stamp, Time};
use dibao::read::feed::{FeedInput, read};
use dibao::read::html::sanitise;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Request {
    id: Value,
    file: String,
    url: String,
    content_type: Option<String>,
    zone: Option<String>,
    fetched_at: Option<i64>,
}

fn main() -> anyhow::Result<()> {
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let line = line.context("standard input")?;
        if line.trim().is_empty() {
            continue;
        }
        let request: Request = serde_json::from_str(&line).with_context(|| format!("request {line}"))?;
        writeln!(out, "{}", answer(&request))?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "without a fetched_at, the feed is read as of now")]
fn answer(request: &Request) -> Value {
    let now = Utc::now();
    let fetched_at = request.fetched_at.and_then(|s| DateTime::from_timestamp(s, 0)).unwrap_or(now);
    let zone = request.zone.as_deref().map_or(Ok(chrono_tz::Asia::Shanghai), str::parse::<Tz>);
    let bytes = std::fs::read(&request.file).map_err(|e| e.to_string());
    let feed = zone.map_err(|e| e.to_string()).and_then(|zone| {
        let bytes = bytes?;
        let input = FeedInput {
            bytes: &bytes,
            url: &request.url,
            content_type: request.content_type.as_deref(),
            zone,
            fetched_at,
        };
        read(&input).map_err(|e| e.to_string())
    });
    match feed {
        Ok(feed) => report(&request.id, &request.url, &feed, fetched_at),
        Err(error) => json!({
            "id": request.id, "ok": false, "error": error, "feed_title": null, "repairs": [], "entries": [],
        }),
    }
}

fn report(id: &Value, url: &str, feed: &ParsedFeed, fetched_at: Time) -> Value {
    // Days begin elsewhere in another zone; which key is the most trusted does not depend on that.
    let candidates = candidates(&feed.entries, Tz::UTC);
    let entries: Vec<Value> =
        feed.entries.iter().zip(&candidates).map(|(e, c)| entry(e, c, url, fetched_at)).collect();
    json!({
        "id": id, "ok": true, "error": null, "feed_title": feed.title, "repairs": feed.repairs, "entries": entries,
    })
}

fn entry(entry: &ParsedEntry, candidate: &Candidate, url: &str, fetched_at: Time) -> Value {
    let seconds = |stamp: Option<Stamp>| stamp.map(|s| s.not_after(fetched_at).timestamp());
    let base = entry.base.as_deref().or(entry.page()).unwrap_or(url);
    json!({
        "id": entry.id.clone().or_else(|| minted_id(candidate, url)),
        "title": entry.title,
        "links": entry.links,
        "published": seconds(entry.published),
        "updated": seconds(entry.updated),
        "summary": entry.summary.as_ref().map(|b| stored(b, base)),
        "content": entry.content.as_ref().map(|b| stored(b, base)),
    })
}

/// A body as it is stored: HTML sanitised, its addresses absolute; text as it is.
fn stored(body: &Body, base: &str) -> String {
    match body {
        Body::Text(text) => text.clone(),
        Body::Html(html) => sanitise(html, Some(base)),
    }
}

/// The id that is minted for an entry without one: from its most trusted key, as when it is stored. The feed's
/// address stands for the source's name.
fn minted_id(candidate: &Candidate, url: &str) -> Option<String> {
    candidate.keys.first().map(|key| minted(&SourceId::new(url), key))
}
