//! Walks over small stores, folded back into them.

use chrono::TimeDelta;

use super::*;
use crate::model::outcome::Outcome;
use crate::model::record::Record;
use crate::model::window::Windows;
use crate::testing::*;

const DAY: i64 = 86_400;

fn day(n: i64) -> Time {
    at(n * DAY)
}

fn policy(keep_at_least: usize) -> Policy {
    Policy { max_age: TimeDelta::days(7), keep_at_least }
}

/// Everything that a whole walk finds, in its steps.
fn walk(store: &Store, policy: Policy, now: Time) -> Vec<Expiry> {
    let (mut sweep, mut found) = (Sweep::new(policy, now), Vec::new());
    while !sweep.is_over() {
        found.push(sweep.step(store).expect("a sound store"));
        assert!(found.len() < 100, "it ends");
    }
    found
}

fn ids(found: &[Expiry], of: fn(&Expiry) -> &Vec<String>) -> Vec<u64> {
    let number = |id: &String| id.rsplit(':').next().and_then(|n| n.parse().ok()).expect("ours");
    found.iter().flat_map(of).map(number).collect()
}

/// Two sources of two regions, one entry a day each, odd and even.
fn journal() -> Vec<Record> {
    let sources = [def("odd", fixed(&["henan"])), def("even", fixed(&["hubei"]))];
    let mut records = vec![config(0, &sources, &[])];
    for n in 1..=20_u64 {
        let source = if n % 2 == 1 { "odd" } else { "even" };
        let seconds = i64::try_from(n).expect("small") * DAY;
        let title = format!("{n}号标题说的是另外一件事{}", "甲".repeat(usize::try_from(n).expect("small")));
        records.push(seen(source, seconds, vec![new(n, body(&title, None))], vec![]));
    }
    records
}

fn store(records: Vec<Record>) -> Store {
    folded(&lines(records), &rules(&[]))
}

#[test]
fn what_is_old_expires_but_for_the_newest_of_each_source_and_region() {
    let cases = [
        ("no floor", 0, 20, (1..=13).collect::<Vec<_>>()),
        ("two of each", 2, 20, (1..=13).collect()),
        ("five of each", 5, 20, (1..=10).collect()),
        ("all are young", 0, 8, vec![1]),
        ("long after", 1, 400, (1..=18).collect()),
    ];
    for (name, keep, now, expected) in cases {
        let found = walk(&store(journal()), policy(keep), day(now));
        assert_eq!(ids(&found, |e| &e.entries), expected, "{name}");
    }
}

#[test]
fn entries_of_a_source_that_fails_stay() {
    let mut records = journal();
    records.push(Record::Poll(poll_record("odd", 21 * DAY, Outcome::Failed { why: "no route".to_owned() })));
    let found = walk(&store(records), policy(0), day(22));
    assert_eq!(ids(&found, |e| &e.entries), [2, 4, 6, 8, 10, 12, 14]);
}

#[test]
fn stubs_are_forgotten_once_the_window_has_moved_past_them() {
    let mut records = journal();
    let old = walk(&store(records.clone()), policy(0), day(20)).remove(0);
    records.push(Record::Expire(old));
    let mut windows = Windows::default();
    let mut reading = |days, first| {
        let mut poll = poll_record("odd", days * DAY, Outcome::NotModified);
        windows.note(poll.at, first);
        (poll.state.window_from, poll.state.windows) = (Some(first), windows.clone());
        Record::Poll(poll)
    };
    // Three readings of the newest few, a week later: the first is not believed to have moved past the rest.
    records.push(reading(20, 1));
    let forgotten = |records: &Vec<Record>, days| {
        ids(&walk(&store(records.clone()), policy(0), day(days)), |e| &e.forgotten)
    };
    records.push(reading(26, 5));
    assert_eq!(forgotten(&records, 27), [0; 0], "it was there a day before");
    records.push(reading(27, 5));
    assert_eq!(forgotten(&records, 28), [0; 0], "it was there in the span before");
    records.push(reading(34, 5));
    assert_eq!(forgotten(&records, 26), [0; 0], "it expired lately");
    let store = store(records);
    let found = walk(&store, policy(0), day(34));
    assert_eq!(ids(&found, |e| &e.forgotten), [1, 3], "the other source's window is not known");
    assert_eq!(ids(&found, |e| &e.entries), (14..=20).collect::<Vec<_>>());
}

#[test]
fn what_a_clock_ahead_has_dated_hides_no_old_entries_behind_it() {
    let many = |first: u64, count: u64| {
        (first..first + count).map(|n| new(n, body(&format!("{n}号标题"), None))).collect::<Vec<_>>()
    };
    let mut records = vec![config(0, &[def("odd", fixed(&["henan"]))], &[])];
    records.push(seen("odd", 300 * DAY, many(1, PAGE as u64 + 1), vec![]));
    // Set right, and believed after an hour of polls.
    for hour in 0..3 {
        records.push(seen("odd", DAY + hour * 3600, many(1001 + hour.unsigned_abs() * 10, 10), vec![]));
    }
    let store = store(records);
    let mut sweep = Sweep { enough: 50, ..Sweep::new(policy(0), day(30)) };
    let mut expired = 0;
    while !sweep.is_over() {
        expired += sweep.step(&store).expect("a sound store").entries.len();
    }
    assert_eq!(expired, 20, "those that were dated right");
}

#[test]
fn a_long_walk_takes_steps_and_folds_into_a_sound_store() {
    let mut records = vec![config(0, &[def("odd", fixed(&["henan"]))], &[])];
    for n in 0..12_i64 {
        let first = 1 + n.unsigned_abs() * 30;
        let fresh = (first..first + 30).map(|n| new(n, body(&format!("{n}号标题"), None))).collect();
        records.push(seen("odd", n * 600, fresh, vec![]));
    }
    let count = records.len();
    let store = store(records);
    let found = walk(&store, policy(50), day(30));
    assert!(found.iter().all(|e| e.entries.len() <= STEP), "bounded");
    assert_eq!(found.iter().map(|e| e.entries.len()).sum::<usize>(), 310);
    let mut all = lines(found.into_iter().map(Record::Expire));
    all.iter_mut().for_each(|line| line.seq += count as u64);
    fold(&store, &all, &rules(&[]));
    store.check().expect("sound");
    assert_eq!(ids(&walk(&store, policy(50), day(30)), |e| &e.entries), [0; 0], "nothing is left to do");
    assert_eq!(store.meta().expect("read").map(|m| (m.entries, m.stubs)), Some((50, 310)));
}
