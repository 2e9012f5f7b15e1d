//! Tests of the decisions that are made before a line is written: published ids.

use super::*;
use crate::decide::derive;
use crate::decide::diff::{Draft, DraftEntry};
use crate::model::entry::ParsedEntry;
use crate::model::time::Stamp;

/// An entry as a poll drafts it, with the id its publisher gave.
pub(super) fn drafted(n: u64, iri: Option<&str>, entry: ParsedEntry) -> DraftEntry {
    DraftEntry {
        iri: iri.map(str::to_owned),
        minted: format!("urn:entry:{n}"),
        keys: vec![key(n)],
        fingerprint: fingerprint(n),
        entry,
        backlog: false,
        decision: None,
    }
}

/// A poll that brings these entries: their numbers and titles.
pub(super) fn draft(source: &str, seconds: i64, entries: &[(u64, &str)]) -> Draft {
    let Record::Poll(poll) = poll(source, seconds) else { unreachable!("it is one") };
    let body = |(n, title): &(u64, &str)| {
        let mut entry = body(title, Some(Stamp::second(at(seconds - 60))));
        // No two link to one page.
        entry.links[0].href = format!("https://news.example/{n}");
        entry
    };
    let new: Vec<DraftEntry> = entries.iter().map(|entry| drafted(entry.0, None, body(entry))).collect();
    let sketches = new.iter().map(|new| sketch(source, seconds, &new.entry)).collect();
    Draft { poll, feed: None, new, changed: Vec::new(), sketches }
}

pub(super) fn sketch(source: &str, seconds: i64, entry: &ParsedEntry) -> crate::decide::story::Sketch {
    let def = sources().into_iter().find(|def| def.id == id(source)).expect("a source");
    derive::sketch(&standard(), &def.region, source, entry, at(seconds))
}

pub(super) fn poll_of(source: &str, seconds: i64, entries: &[(u64, &str)]) -> Fact {
    Fact::Poll(Box::new(draft(source, seconds, entries)))
}

/// A ledger that knows its sources.
pub(super) fn configured() -> (TempDir, Ledger) {
    filled_with(lines([config(0, &sources(), &[])]))
}

/// The ids of all entries, by number.
fn ids(ledger: &Ledger) -> Vec<String> {
    let entries = ledger.store().load().entries_from(0, usize::MAX).expect("read");
    entries.into_iter().map(|(_, entry)| entry.id).collect()
}

#[test]
fn an_id_is_claimed_once_in_a_group_and_against_the_store() {
    const IRI: &str = "https://news.example/entry";
    let (_dir, mut ledger) = configured();
    let polled = |source: &str, entries: Vec<DraftEntry>| {
        Fact::Poll(Box::new(Draft { new: entries, ..draft(source, 1000, &[]) }))
    };
    let titled = |n: u64, iri| drafted(n, iri, body(&format!("第{n}条"), None));
    // One document that gives an id twice, and another source that gives it too.
    let facts = vec![
        polled("fixed", vec![titled(1, Some(IRI)), titled(2, Some(IRI))]),
        polled("auto", vec![titled(3, Some(IRI))]),
    ];
    ledger.record(facts, today()).expect("recorded");
    // The last of a document is numbered first, and the first of it keeps the id.
    assert_eq!(ids(&ledger), ["urn:entry:2", IRI, "urn:entry:3"]);
    // Later, with what we would make of it taken as well, twice.
    ledger
        .record(vec![polled("auto", vec![titled(3, Some(IRI)), titled(3, None)])], today())
        .expect("recorded");
    let ids = ids(&ledger);
    assert!(ids[3..].iter().all(|id| id.starts_with("urn:uuid:")) && ids[3] != ids[4], "{ids:?}");
    assert_eq!(ids.len(), 5);
    let store = ledger.store().load_full();
    for (no, id) in (1..).zip(&ids) {
        assert_eq!(store.owner(id).expect("read"), Some(no));
    }
    dump(&ledger);
}

#[test]
fn a_rebuild_gives_the_ids_and_stories_that_were_decided() {
    let (_dir, mut ledger) = configured();
    const NEWS: &str = "殷墟遗址今天公布新的考古发现，专家称其填补空白";
    let facts = vec![poll_of("fixed", 1000, &[(1, NEWS), (2, "铁路")]), poll_of("auto", 1100, &[(3, NEWS)])];
    ledger.record(facts, today()).expect("recorded");
    let before = dump(&ledger);
    rebuild(&mut ledger);
    assert!(dump(&ledger) == before);
}

#[test]
fn what_brings_nothing_is_a_poll_and_worth_no_sync() {
    let (_dir, mut ledger) = configured();
    let idle = poll_of("fixed", 1000, &[]);
    let news = poll_of("fixed", 2000, &[(1, "河南")]);
    let Record::Withdraw(withdrawal) = withdraw_of(1) else { unreachable!("it is one") };
    for (name, fact, worth) in [
        ("a poll that brings nothing", idle, false),
        ("one that brings an entry", news, true),
        ("what has expired expires once more", Fact::Expire(crate::model::record::Expiry::default()), false),
        ("what is taken back", Fact::Withdraw(withdrawal), true),
    ] {
        assert_eq!(fact.is_worth_a_sync(), worth, "{name}");
        ledger.record(vec![fact], today()).expect(name);
    }
    let mut kinds = Vec::new();
    let each = &mut |line: Line, _| -> Result<(), journal::JournalError> {
        kinds.push(match line.record {
            Record::Config(_) => "config",
            Record::Poll(_) => "poll",
            Record::Observation(_) => "observation",
            Record::Withdraw(_) => "withdraw",
            Record::Assign(_) => "assign",
            Record::Expire(_) => "expire",
            Record::Base(_) => "base",
        });
        Ok(())
    };
    ledger.journal.replay(None, each).expect("read");
    assert_eq!(kinds, ["config", "poll", "observation", "expire", "withdraw"]);
}

fn withdraw_of(n: u64) -> Record {
    let published_id = format!("urn:entry:{n}");
    Record::Withdraw(crate::model::record::Withdrawal { at: at(3000), published_id })
}

/// Takes a source out of the configuration.
pub(super) fn remove(ledger: &mut Ledger, source: &str) {
    let rest: Vec<_> = sources().into_iter().filter(|def| def.id != id(source)).collect();
    ledger.adopt(Arc::new(rules(&rest))).expect("adopted");
    ledger.record_lines(vec![config(90_000, &[], &[source])], today()).expect("recorded");
}

#[test]
fn a_source_that_is_configured_again_is_not_forgotten() {
    let (_dir, mut ledger) = configured();
    let polls = vec![poll_of("fixed", 1000, &[(1, "河南")]), poll_of("auto", 1100, &[(2, "河北")])];
    ledger.record(polls, today()).expect("recorded");
    remove(&mut ledger, "auto");
    let sources = vec![id("fixed"), id("auto")];
    let forget = Fact::Expire(crate::model::record::Expiry { at: at(95_000), sources, ..Default::default() });
    ledger.record(vec![forget], today()).expect("recorded");
    let polled = |source| ledger.store().load().source(&id(source)).expect("read").expect("known").polled_at;
    assert_eq!((polled("fixed"), polled("auto")), (Some(at(1000)), None));
}

#[test]
fn a_good_poll_without_entries_is_told_until_there_are_entries() {
    let (_dir, mut ledger) = configured();
    let mut told = |seconds, entries: &[(u64, &str)]| {
        ledger.record(vec![poll_of("auto", seconds, entries)], today()).expect("recorded").turned
    };
    let (first, second) = (told(60, &[]), told(120, &[]));
    assert!(!first.is_empty() && !second.is_empty() && first != second, "{first:?} {second:?}");
    told(180, &[(1, "河南防汛")]);
    assert_eq!(told(240, &[]), []);
}
