//! Documents held against what is stored, some of it expired.

use chrono_tz::UTC;

use super::*;
use crate::ledger::store::Store;
use crate::model::entry::Link;
use crate::model::record::{Expiry, NewEntry, Record, Withdrawal};
use crate::model::state::State;
use crate::model::time::Stamp;
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
    records.push(Record::Expire(Expiry { at: at(9000), entries, ..Expiry::default() }));
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
    let expire = Record::Expire(Expiry { at: at(11_000), entries: vec![gone(1)], ..Expiry::default() });
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

/// The outcome for an entry that is known with one text and listed with another, at this many seconds and after so
/// many rewrites: told, waiting, or nothing.
fn retold(before: &str, now: &str, rewrites: u32, seconds: i64) -> &'static str {
    let texted = |text: &str| {
        let mut parsed = listed("paper.example", &[1], true);
        parsed.entries[0].summary = Some(Body::Text(text.to_owned()));
        parsed
    };
    let (store, rules) = (memory(), rules(&[]));
    let mut records = vec![config(0, &[def("paper", fixed(&["henan"]))], &[])];
    fold(&store, &lines(records.clone()), &rules);
    let stored = |store: &Store| store.source(&id("paper")).expect("a sound store");
    let draft = read(&store, None, &texted(before), 1000).expect("a sound store").new.remove(0);
    let DraftEntry { iri, keys, fingerprint, entry, .. } = draft;
    let published_id = iri.expect("a guid that is an address");
    let new = NewEntry { keys, fingerprint, entry: entry.clone(), ..new(1, entry.clone()) };
    records.push(seen("paper", 1000, vec![NewEntry { published_id: published_id.clone(), ..new }], vec![]));
    records.extend((0..rewrites).map(|_| {
        let told =
            ChangedEntry { published_id: published_id.clone(), fingerprint, ..changed(1, entry.clone()) };
        seen("paper", 1000, vec![], vec![told])
    }));
    fold(&store, &lines(records), &rules);
    let found = read(&store, stored(&store).as_ref(), &texted(now), 1000 + seconds).expect("a sound store");
    assert!(found.new.is_empty());
    match (found.changed.iter().any(|changed| !changed.renamed), found.deferred) {
        (true, false) => "told",
        (false, true) => "waits",
        (false, false) => "nothing",
        (true, true) => "both",
    }
}

#[test]
fn a_live_page_is_told_at_once_and_one_that_never_rests_ever_more_seldom() {
    let (hour, text, other) = (3600, "水位二十九米，堤防安全。", "水位三十米，群众开始转移。");
    let cases = [
        ("as it was", text, text, 0, 0, "nothing"),
        ("rewritten", text, other, 0, 0, "told"),
        ("rewritten for the thirtieth time within a second", text, other, 29, 1, "told"),
        ("rewritten 48 times", text, other, AT_ONCE, hour - 1, "waits"),
        ("rewritten 48 times, an hour later", text, other, AT_ONCE, hour, "told"),
        ("rewritten 96 times, an hour later", text, other, HOURLY, hour, "waits"),
        ("rewritten 96 times, six hours later", text, other, HOURLY, 6 * hour, "told"),
        ("read more often", "水位二十九米。阅读量：120", "水位二十九米。阅读量：1.3万", 0, 0, "nothing"),
        ("some minutes older", "3分钟前 水位二十九米。", "25分钟前 水位二十九米。", 0, 0, "nothing"),
    ];
    for (name, before, now, rewrites, seconds, want) in cases {
        assert_eq!(retold(before, now, rewrites, seconds), want, "{name}");
    }
}

#[test]
fn a_change_says_why_it_is_this_entry_and_what_its_title_was() {
    let (before, mut now) = (listed("a.example", &[1, 2], true), listed("a.example", &[1, 2], true));
    now.entries[0].title = Some("1号标题（更正）".to_owned());
    let (_, found) = followed(&[before, now], vec![]);
    let decision = found[1].changed[0].decision.as_ref().expect("it is recorded");
    assert_eq!(decision.was.as_deref(), Some("1号标题"));
    assert_eq!(decision.votes[..2], [Vote::SameGuid, Vote::SameAddress]);
    assert_eq!(decision.apart, None);
}
