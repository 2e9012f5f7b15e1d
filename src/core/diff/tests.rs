//! Documents held against what is stored, some of it expired.

use chrono_tz::UTC;

use super::*;
use crate::core::entry::Link;
use crate::core::record::{Expiry, NewEntry, Record, Withdrawal};
use crate::core::state::State;
use crate::core::time::Stamp;
use crate::ledger::store::Store;
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
            story: None,
            decision: None,
        }
    });
    let mut records = vec![config(0, &[def("paper", fixed(&["henan"]))], &[])];
    records.extend(recorded.map(|new| seen("paper", 1000, vec![new], vec![])));
    let entries = vec!["urn:entry:1".to_owned()];
    records.push(Record::Expire(Expiry { at: at(9000), entries, forgotten: Vec::new() }));
    folded(&lines(records), &rules(&[]))
}

fn read(
    store: &Store,
    stored: Option<&SourceState>,
    parsed: &ParsedFeed,
    seconds: i64,
) -> Result<Findings, <Store as State>::Error> {
    let source = &id("paper");
    let at = at(seconds);
    let origin = Origin { source, stored, url: URL, manner: Manner::Whole, zone: UTC, at };
    findings(store, origin, parsed)
}

fn found(parsed: &ParsedFeed) -> Findings {
    let (store, paper) = (store(), id("paper"));
    let stored = store.source(&paper).expect("a sound store");
    read(&store, stored.as_ref(), parsed, 90_000).expect("a sound store")
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

/// The entries of these numbers, dated, at one host, which is in their guids and links too, if they have any.
fn listed(host: &str, numbers: &[u64], links: bool) -> ParsedFeed {
    let dated = |n: &u64| {
        let href = format!("https://{host}/{n}");
        let page = Link { href: href.clone(), rel: "alternate".to_owned(), ..Link::default() };
        ParsedEntry {
            id: Some(href),
            title: Some(format!("{n}号标题")),
            links: if links { vec![page] } else { Vec::new() },
            published: Some(Stamp::second(at(60 * i64::try_from(*n).expect("small")))),
            ..ParsedEntry::default()
        }
    };
    ParsedFeed { entries: numbers.iter().map(dated).collect(), ..ParsedFeed::default() }
}

/// Polls of these documents one after the other, and what is done between the first and the second.
fn followed(documents: &[ParsedFeed], between: Vec<Record>) -> (Store, Vec<Findings>) {
    let (store, paper, rules) = (memory(), id("paper"), rules(&[]));
    let mut records = vec![config(0, &[def("paper", fixed(&["henan"]))], &[])];
    let mut between = Some(between);
    let mut all = Vec::new();
    for (n, parsed) in documents.iter().enumerate() {
        fold(&store, &lines(records.clone()), &rules);
        let stored = store.source(&paper).expect("a sound store");
        let seconds = 10_000 * (1 + i64::try_from(n).expect("few"));
        let found = read(&store, stored.as_ref(), parsed, seconds).expect("a sound store");
        let new = found.new.iter().map(|draft| NewEntry {
            published_id: draft.iri.clone().expect("a guid that is an address"),
            keys: draft.keys.clone(),
            fingerprint: draft.fingerprint,
            entry: draft.entry.clone(),
            backlog: false,
            story: None,
            decision: None,
        });
        records.push(seen("paper", seconds, new.collect(), found.changed.clone()));
        records.extend((n == 0).then(|| between.take()).flatten().into_iter().flatten());
        all.push(found);
    }
    fold(&store, &lines(records), &rules);
    store.check().expect("sound");
    (store, all)
}

#[test]
fn what_is_not_told_of_any_more_is_known_at_its_new_address_also_by_the_poll_after_the_move() {
    let gone = |n: u64| format!("https://old.example/{n}");
    let expire = Record::Expire(Expiry { at: at(11_000), entries: vec![gone(1)], forgotten: Vec::new() });
    let withdraw = Record::Withdraw(Withdrawal { at: at(11_000), published_id: gone(1) });
    let rewrites = (0..HOURLY).map(|n| {
        let entry = listed("old.example", &[1], true).entries.remove(0);
        let rewrite = ChangedEntry { published_id: gone(1), ..changed(u64::from(n), entry) };
        seen("paper", 11_000 + i64::from(n), vec![], vec![rewrite])
    });
    let cases = [
        ("expired", vec![expire], true),
        ("withdrawn", vec![withdraw], true),
        ("rewritten too often", rewrites.collect(), true),
        ("shown, without links", vec![], false),
    ];
    for (name, between, links) in cases {
        let list = |host, numbers: &[u64]| listed(host, numbers, links);
        let documents = [
            list("old.example", &[1, 2, 3]),
            list("new.example", &[1, 2, 3]),
            list("new.example", &[1, 2, 3, 4]),
            list("new.example", &[1, 2, 3, 4, 5]),
        ];
        let (store, found) = followed(&documents, between);
        let new: Vec<_> = found.iter().map(|found| found.new.len()).collect();
        assert_eq!(new, [3, 0, 1, 1], "{name}");
        assert_eq!(found[1].changed.len(), 3, "{name}");
        assert!(found[2].changed.is_empty() && found[3].changed.is_empty(), "{name}: learned once");
        let no = store.owner(&gone(1)).expect("a sound store").expect("kept");
        let old = store.entry(no).expect("a sound store").expect("kept");
        assert!(old.rewrites == 0 || old.rewrites == HOURLY, "{name}: not told as changed");
    }
}

#[test]
fn guids_that_are_made_up_at_each_poll_are_not_learned_for_ever() {
    let documents: Vec<_> =
        (0..MAX_NAMES + 4).map(|n| listed(&format!("{n}.example"), &[1, 2], false)).collect();
    let (store, found) = followed(&documents, vec![]);
    assert!(found[1..].iter().all(|found| found.new.is_empty()));
    assert!(found[MAX_NAMES..].iter().all(|found| found.changed.is_empty()));
    let entries = store.entries_from(0, 9).expect("a sound store");
    assert!(entries.iter().all(|(_, entry)| entry.keys.len() == MAX_NAMES + 1 && entry.rewrites == 0));
}
