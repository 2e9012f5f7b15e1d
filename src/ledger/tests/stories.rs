//! Tests of the story that is found for an entry before its line is written.

use super::decide::{configured, draft, drafted, poll_of, remove, sketch};
use super::*;
use crate::decide::diff::Draft;
use crate::model::entry::ParsedEntry;
use crate::model::record::Expiry;
use crate::model::stored::EntryNo;

const NEWS: &str = "殷墟遗址今天公布新的考古发现，专家称其填补空白";
const OTHER: &str = "全国铁路今天调整运行图，新开通多趟旅客列车";

/// The founders of the stories that entries joined, by number.
fn founders(ledger: &Ledger) -> Vec<Option<EntryNo>> {
    let entries = ledger.store().load().entries_from(0, usize::MAX).expect("read");
    entries.into_iter().map(|(_, entry)| entry.story.map(|story| story.founder)).collect()
}

/// By whose id the line of the last new entry names its story.
fn told_with(ledger: &Ledger) -> Option<String> {
    let mut told = None;
    let each = &mut |line: Line, _| -> Result<(), journal::JournalError> {
        if let Record::Observation(seen) = line.record {
            for new in seen.new {
                told = new.story.map(|story| story.with);
            }
        }
        Ok(())
    };
    ledger.journal.replay(None, each).expect("read");
    told
}

fn record(ledger: &mut Ledger, facts: Vec<Fact>) {
    ledger.record(facts, today()).expect("recorded");
}

fn expire(entries: &[u64], forgotten: &[u64]) -> Fact {
    let ids = |all: &[u64]| all.iter().map(|n| format!("urn:entry:{n}")).collect();
    Fact::Expire(Expiry {
        at: at(5000),
        entries: ids(entries),
        forgotten: ids(forgotten),
        ..Expiry::default()
    })
}

fn restarted(dir: &TempDir, ledger: Ledger) -> Ledger {
    ledger.close().expect("closed");
    let (mut ledger, notes) = open(dir);
    assert_eq!(notes.rebuild, None);
    ledger.warm();
    ledger
}

#[test]
fn entries_of_one_group_and_of_one_document_join() {
    let of = |source, at, n| poll_of(source, at, &[(n, NEWS)]);
    let cases = [
        ("two sources", vec![of("fixed", 1000, 1), of("auto", 1100, 2)], [None, Some(1)]),
        (
            "one document is one outlet's: its titles are forms",
            vec![poll_of("fixed", 1000, &[(1, NEWS), (2, NEWS)])],
            [None, None],
        ),
    ];
    for (name, facts, want) in cases {
        let (_dir, mut ledger) = configured();
        record(&mut ledger, facts);
        assert_eq!(founders(&ledger), want, "{name}");
        dump(&ledger);
    }
    let (_dir, mut ledger) = configured();
    record(&mut ledger, vec![poll_of("fixed", 1000, &[(1, NEWS)]), poll_of("auto", 1100, &[(2, OTHER)])]);
    assert_eq!(founders(&ledger), [None, None], "they tell different stories");
}

#[test]
fn an_entry_joins_one_that_was_recorded_before() {
    let (_dir, mut ledger) = configured();
    record(&mut ledger, vec![poll_of("fixed", 1000, &[(1, NEWS)])]);
    record(&mut ledger, vec![poll_of("auto", 1100, &[(2, NEWS)])]);
    record(&mut ledger, vec![poll_of("routed", 1200, &[(3, NEWS)])]);
    assert_eq!(founders(&ledger), [None, Some(1), Some(1)]);
    assert_eq!(told_with(&ledger).as_deref(), Some("urn:entry:1"), "by its founder");
}

#[test]
fn an_entry_joins_the_story_of_yesterday_after_a_restart() {
    let (dir, mut ledger) = configured();
    record(&mut ledger, vec![poll_of("fixed", 1000, &[(1, NEWS)]), poll_of("auto", 1100, &[(2, NEWS)])]);
    let mut ledger = restarted(&dir, ledger);
    record(&mut ledger, vec![poll_of("routed", 50_000, &[(3, NEWS)])]);
    assert_eq!(founders(&ledger), [None, Some(1), Some(1)]);
    // And whatever the index was built from.
    rebuild(&mut ledger);
    record(&mut ledger, vec![poll_of("auto", 51_000, &[(4, NEWS)])]);
    assert_eq!(founders(&ledger)[3], Some(1));
}

#[test]
fn nothing_is_filed_where_the_journal_refuses() {
    let (dir, mut ledger) = configured();
    record(&mut ledger, vec![poll_of("fixed", 1000, &[(1, OTHER)])]);
    let (journal, away) = (dir.path().join("journal"), dir.path().join("away"));
    fs::rename(&journal, &away).expect("moved");
    // The segment of another day cannot be begun.
    let tomorrow = today().succ_opt().expect("a day");
    let refused = ledger.record(vec![poll_of("fixed", 2000, &[(2, NEWS)])], tomorrow);
    assert!(matches!(refused, Err(LedgerError::Journal(_))), "{:?}", refused.map(|_| ()));
    fs::rename(&away, &journal).expect("moved back");
    record(&mut ledger, vec![poll_of("auto", 2100, &[(3, NEWS)])]);
    assert_eq!((founders(&ledger), ledger.seq()), (vec![None, None], 3), "the other was never recorded");
    record(&mut ledger, vec![poll_of("fixed", 2200, &[(2, NEWS)])]);
    assert_eq!(founders(&ledger), [None, None, Some(2)]);
}

#[test]
fn a_rewritten_entry_is_found_under_its_new_text() {
    // In a group of its own, in one with the poll that brings the other, and after a restart.
    for round in 0..3 {
        let (dir, mut ledger) = configured();
        record(&mut ledger, vec![poll_of("fixed", 1000, &[(1, OTHER)])]);
        let now = body(NEWS, None);
        let sketches = vec![sketch("fixed", 2000, &now)];
        let rewritten = Draft { changed: vec![changed(1, now)], sketches, ..draft("fixed", 2000, &[]) };
        let rewritten = Fact::Poll(Box::new(rewritten));
        let news = poll_of("auto", 2100, &[(2, NEWS)]);
        match round {
            0 => {
                record(&mut ledger, vec![rewritten]);
                record(&mut ledger, vec![news]);
            }
            1 => {
                record(&mut ledger, vec![rewritten, poll_of("auto", 2050, &[(3, "别的")])]);
                record(&mut ledger, vec![news]);
            }
            _ => {
                record(&mut ledger, vec![rewritten]);
                ledger = restarted(&dir, ledger);
                record(&mut ledger, vec![news]);
            }
        }
        assert_eq!(founders(&ledger).pop().expect("some"), Some(1), "{round}");
        record(&mut ledger, vec![poll_of("auto", 2200, &[(4, OTHER)])]);
        assert_eq!(founders(&ledger).pop().expect("some"), None, "{round}: nothing tells the old text");
    }
}

#[test]
fn a_later_report_joins_a_story_by_those_that_are_left() {
    let cases: [(&str, Vec<Fact>, &str); 3] = [
        ("its founder expired", vec![expire(&[1], &[])], "urn:entry:1"),
        ("its founder is forgotten", vec![expire(&[1], &[]), expire(&[], &[1])], "urn:entry:2"),
        ("a member expired", vec![expire(&[2], &[])], "urn:entry:1"),
    ];
    for (name, gone, with) in cases {
        let (dir, mut ledger) = configured();
        record(&mut ledger, vec![poll_of("fixed", 1000, &[(1, NEWS)]), poll_of("auto", 1100, &[(2, NEWS)])]);
        gone.into_iter().for_each(|fact| record(&mut ledger, vec![fact]));
        record(&mut ledger, vec![poll_of("routed", 1200, &[(3, NEWS)])]);
        assert_eq!(founders(&ledger).pop().expect("some"), Some(1), "{name}");
        assert_eq!(told_with(&ledger).as_deref(), Some(with), "{name}");
        dump(&ledger);
        let mut ledger = restarted(&dir, ledger);
        record(&mut ledger, vec![poll_of("auto", 1300, &[(4, NEWS)])]);
        assert_eq!(founders(&ledger).pop().expect("some"), Some(1), "{name}: after a restart too");
    }
    let (_dir, mut ledger) = configured();
    record(&mut ledger, vec![poll_of("fixed", 1000, &[(1, NEWS)]), poll_of("auto", 1100, &[(2, NEWS)])]);
    record(&mut ledger, vec![expire(&[1, 2], &[])]);
    record(&mut ledger, vec![poll_of("routed", 1200, &[(3, NEWS)])]);
    assert_eq!(founders(&ledger).pop().expect("some"), None, "a story that all have left is over");
}

#[test]
fn the_index_is_read_anew_once_for_a_source_that_is_forgotten() {
    let (_dir, mut ledger) = configured();
    for (n, source) in (1..).zip(["fixed", "auto", "routed"]) {
        record(&mut ledger, vec![poll_of(source, 1000 + n, &[(n.unsigned_abs(), NEWS)])]);
    }
    remove(&mut ledger, "fixed");
    record(&mut ledger, vec![poll_of("auto", 91_000, &[(4, OTHER)])]);
    let forget = |erased: &[&str], sources: &[&str]| {
        Fact::Expire(Expiry {
            at: at(95_000),
            erased: erased.iter().map(ToString::to_string).collect(),
            sources: sources.iter().map(|name| id(name)).collect(),
            ..Expiry::default()
        })
    };
    record(&mut ledger, vec![forget(&["urn:entry:1"], &[])]);
    assert!(matches!(ledger.stories, StoryIndex::Ready(_)), "a group of many");
    // Its founder is not stored any more, and not known by another number yet.
    record(&mut ledger, vec![poll_of("routed", 1200, &[(5, NEWS)])]);
    dump(&ledger);
    record(&mut ledger, vec![forget(&[], &["fixed"])]);
    assert!(matches!(ledger.stories, StoryIndex::Cold), "the last group");
    record(&mut ledger, vec![poll_of("auto", 1300, &[(6, NEWS)])]);
    assert_eq!(founders(&ledger).pop().expect("some"), Some(2));
    dump(&ledger);
}

/// An undated entry at a page.
fn at_page(title: &str, page: &str) -> ParsedEntry {
    let mut entry = body(title, None);
    entry.links[0].href = format!("https://news.example/{page}");
    entry
}

fn brings(source: &str, seconds: i64, n: u64, entry: &ParsedEntry) -> Fact {
    let sketches = vec![sketch(source, seconds, entry)];
    let new = vec![drafted(n, None, entry.clone())];
    Fact::Poll(Box::new(Draft { new, sketches, ..draft(source, seconds, &[]) }))
}

fn rewrites(source: &str, seconds: i64, n: u64, entry: &ParsedEntry) -> Fact {
    let sketches = vec![sketch(source, seconds, entry)];
    let changed = vec![changed(n, entry.clone())];
    Fact::Poll(Box::new(Draft { changed, sketches, ..draft(source, seconds, &[]) }))
}

/// The entry whose report an entry repeats.
fn repeated(ledger: &Ledger, no: EntryNo) -> Option<EntryNo> {
    let entry = ledger.store().load().entry(no).expect("read").expect("stored");
    entry.story.and_then(|story| story.repeats())
}

#[test]
fn a_rewritten_entry_leaves_what_it_repeated_however_many_do() {
    let (_dir, mut ledger) = configured();
    record(&mut ledger, vec![brings("fixed", 1000, 1, &at_page(NEWS, "one"))]);
    for n in 2..=12 {
        record(&mut ledger, vec![brings("auto", 1000 + n, n as u64, &at_page(NEWS, "one"))]);
    }
    assert_eq!((repeated(&ledger, 11), repeated(&ledger, 12)), (Some(1), Some(1)));
    record(&mut ledger, vec![rewrites("auto", 2000, 12, &at_page(OTHER, "other"))]);
    assert_eq!((repeated(&ledger, 11), repeated(&ledger, 12)), (Some(1), None));
    assert_eq!(founders(&ledger)[11], None);
    dump(&ledger);
}

#[test]
fn what_repeats_a_rewritten_entry_comes_back_however_many_tell_its_story() {
    let (_dir, mut ledger) = configured();
    record(&mut ledger, vec![brings("fixed", 1000, 1, &at_page(NEWS, "one"))]);
    for n in 2..=11 {
        record(&mut ledger, vec![brings("auto", 1000 + n, n as u64, &at_page(NEWS, &n.to_string()))]);
    }
    record(&mut ledger, vec![brings("routed", 1100, 12, &at_page(NEWS, "one"))]);
    assert_eq!((repeated(&ledger, 11), repeated(&ledger, 12)), (None, Some(1)));
    // It still tells the story, at another page.
    record(&mut ledger, vec![rewrites("fixed", 2000, 1, &at_page(NEWS, "moved"))]);
    assert_eq!(repeated(&ledger, 12), None);
    dump(&ledger);
}

#[test]
fn an_undated_entry_is_of_the_day_it_came_when_it_is_corrected_later() {
    let (_dir, mut ledger) = configured();
    record(&mut ledger, vec![brings("fixed", 1000, 1, &at_page(NEWS, "one"))]);
    record(&mut ledger, vec![brings("auto", 1100, 2, &at_page(NEWS, "one"))]);
    assert_eq!(repeated(&ledger, 2), Some(1));
    let corrected = at_page(&NEWS.replace("专家", "学者"), "one");
    record(&mut ledger, vec![rewrites("fixed", 1000 + 4 * 86_400, 1, &corrected)]);
    assert_eq!(repeated(&ledger, 2), Some(1));
}
