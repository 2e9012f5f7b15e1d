//! Documents held against what is stored, some of it expired.

use chrono_tz::UTC;

use super::*;
use crate::core::entry::Link;
use crate::core::record::{Expiry, NewEntry, Record};
use crate::core::state::State;
use crate::store::Store;
use crate::testing::*;

const URL: &str = "https://paper.example/feed";

fn entry(n: u64, title: &str) -> ParsedEntry {
    let href = format!("https://paper.example/{n}");
    let page = Link { href: href.clone(), rel: "alternate".to_owned(), ..Link::default() };
    ParsedEntry { id: Some(href), title: Some(title.to_owned()), links: vec![page], ..ParsedEntry::default() }
}

fn document(entries: &[(u64, &str)]) -> ParsedFeed {
    ParsedFeed {
        entries: entries.iter().map(|(n, title)| entry(*n, title)).collect(),
        ..ParsedFeed::default()
    }
}

/// Numbers 1 to 3 are stored; the first of them expired, and its text is gone.
fn store() -> Store {
    let recorded = [1, 2, 3].map(|n| {
        let entry = entry(n, &format!("{n}号标题"));
        let candidate = identity::candidates(std::slice::from_ref(&entry), UTC).remove(0);
        let published_id = format!("urn:entry:{n}");
        NewEntry {
            published_id,
            keys: candidate.keys,
            fingerprint: candidate.fingerprint,
            entry,
            backlog: false,
        }
    });
    let mut records = vec![config(0, &[def("paper", fixed(&["henan"]))], &[])];
    records.extend(recorded.map(|new| seen("paper", 1000, vec![new], vec![])));
    let entries = vec!["urn:entry:1".to_owned()];
    records.push(Record::Expire(Expiry { at: at(9000), entries, forgotten: Vec::new() }));
    folded(&lines(records), &rules(&[]))
}

fn found(parsed: &ParsedFeed) -> Findings {
    let (store, paper) = (store(), id("paper"));
    let stored = store.source(&paper).expect("a sound store");
    findings(&store, &paper, stored.as_ref(), parsed, URL, Manner::Whole, UTC).expect("a sound store")
}

#[test]
fn the_window_begins_with_the_oldest_entry_that_is_known() {
    type Case = (&'static str, &'static [(u64, &'static str)], Option<EntryNo>);
    let cases: [Case; 5] = [
        ("the newest two", &[(3, "3号标题"), (2, "2号标题")], Some(2)),
        ("in any order", &[(2, "2号标题"), (9, "新的"), (3, "3号标题")], Some(2)),
        ("with one that expired", &[(3, "3号标题"), (1, "1号标题")], Some(1)),
        ("only new ones", &[(8, "新的"), (9, "更新的")], Some(0)),
        ("an empty document", &[], None),
    ];
    for (name, entries, expected) in cases {
        assert_eq!(found(&document(entries)).window_from, expected, "{name}");
    }
}

#[test]
fn an_entry_that_expired_is_neither_new_nor_changed() {
    for (name, title) in [("as it was", "1号标题"), ("rewritten", "1号标题有更正")] {
        let found = found(&document(&[(1, title), (2, "2号标题")]));
        assert_eq!((found.new.len(), found.changed.len()), (0, 0), "{name}");
    }
}
