//! Reading a feed never panics, not even inside the panic guard around feed-rs. It keeps the limits of its results,
//! and gives the same result for the same bytes.
//!
//! `fuzz/run parse -max_total_time=60`

#![no_main]

use chrono::{DateTime, Utc};
use dibao::read::feed::{FeedInput, ReadError, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let input = FeedInput {
        bytes: data,
        url: "https://news.example/feed.xml",
        content_type: None,
        zone: chrono_tz::Asia::Shanghai,
        fetched_at: DateTime::<Utc>::UNIX_EPOCH + chrono::Duration::days(20_000),
    };
    let feed = read(&input);
    assert_eq!(feed, read(&input), "two readings differ");
    match feed {
        Ok(feed) => feed.entries.iter().for_each(check),
        Err(ReadError::NotAFeed(_) | ReadError::CutShort) => {}
    }
});

fn check(entry: &dibao::model::entry::ParsedEntry) {
    if let Some(title) = &entry.title {
        assert!(!title.is_empty() && !title.contains('\n') && title.trim() == title, "title {title:?}");
    }
    if let Some(id) = &entry.id {
        assert!(!id.trim().is_empty(), "blank id");
    }
    for link in &entry.links {
        assert!(link.href.contains(':'), "relative link {:?}", link.href);
        assert!(!link.href.starts_with("javascript:"), "dangerous link {:?}", link.href);
    }
}
