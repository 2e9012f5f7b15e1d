//! Entries that expire, and those that are forgotten.

use super::membership::{members, report};
use super::*;
use crate::model::feed_key::FeedKey;
use crate::model::record::Expiry;
use crate::model::state::State;

pub(super) fn expiry(seconds: i64, entries: &[u64], forgotten: &[u64]) -> Record {
    let ids = |all: &[u64]| all.iter().map(|n| format!("urn:entry:{n}")).collect();
    Record::Expire(Expiry {
        at: at(seconds),
        entries: ids(entries),
        forgotten: ids(forgotten),
        ..Expiry::default()
    })
}

#[test]
fn an_expired_entry_leaves_every_list_without_a_word() {
    let first = || seen("paper", 1000, vec![new(1, body("旧", None)), new(2, body("新", None))], vec![]);
    let before = paper([first()]);
    let store = paper([first(), expiry(5000, &[1], &[])]);
    for feed in [FeedKey::All, region("henan"), FeedKey::Source(id("paper"))] {
        assert_eq!(listed(&store, &feed), ["2"], "{feed:?}");
        assert_eq!(store.withdrawn(&feed, at(-9_000_000), 9).expect("a sound store"), []);
        let (was, is) = (feed_state(&before, &feed), feed_state(&store, &feed));
        assert_eq!((is.updated, is.changed_at, is.entries), (was.updated, at(5000), 1), "{feed:?}");
    }
    let stub = entry(&store, 1);
    assert_eq!((stub.expired, stub.keys.as_slice()), (Some(at(5000)), [key(1)].as_slice()));
    assert_eq!((stub.body.title.as_deref(), stub.body.page()), (Some("旧"), Some("https://news.example/3")));
    let source = source_state(&store, "paper");
    assert_eq!((source.entries, source.stubs), (1, 1));
}

#[test]
fn what_it_said_is_dropped() {
    let mut long = new(1, body("旧", None));
    long.entry.summary = Some(crate::model::entry::Body::Text("长".repeat(5000)));
    let store = paper([seen("paper", 1000, vec![long], vec![]), expiry(5000, &[1], &[])]);
    assert_eq!(entry(&store, 1).body.summary, None);
}

#[test]
fn an_expired_entry_is_recognised_and_stays_silent() {
    let again = new(1, body("改写", None));
    let store = paper([
        seen("paper", 1000, vec![new(1, body("旧", None))], vec![]),
        expiry(5000, &[1], &[]),
        seen("paper", 6000, vec![], vec![changed(1, body("改写", None))]),
        seen("paper", 7000, vec![again], vec![]),
        expiry(8000, &[1], &[]),
    ]);
    assert_eq!(listed(&store, &FeedKey::All), [] as [String; 0]);
    assert_eq!((entry(&store, 1).title(), entry(&store, 1).expired), ("旧", Some(at(5000))));
    assert_eq!(store.known(&id("paper")).expect("a sound store").get(&key(1)), Some(1));
}

#[test]
fn of_a_forgotten_entry_nothing_is_kept() {
    let store = paper([
        seen("paper", 1000, vec![new(1, body("旧", None)), new(2, body("新", None))], vec![]),
        expiry(5000, &[1], &[]),
        expiry(6000, &[], &[1]),
    ]);
    let sound = "a sound store";
    assert_eq!(store.owner("urn:entry:1").expect(sound), None);
    assert_eq!(store.known(&id("paper")).expect(sound).get(&key(1)), None);
    assert_eq!(store.entries_from(0, 9).expect(sound).len(), 1);
    assert_eq!(source_state(&store, "paper").stubs, 0);
}

#[test]
fn only_what_expired_before_is_forgotten_and_never_what_was_withdrawn() {
    let first = || seen("paper", 1000, vec![new(1, body("旧", None))], vec![]);
    let withdraw = || Record::Withdraw(Withdrawal { at: at(2000), published_id: "urn:entry:1".to_owned() });
    let cases = [
        ("shown", vec![first(), expiry(5000, &[], &[1])]),
        ("expired by the same line", vec![first(), expiry(5000, &[1], &[1])]),
        ("withdrawn", vec![first(), withdraw(), expiry(5000, &[1], &[]), expiry(6000, &[], &[1])]),
        (
            "expired, then withdrawn",
            vec![first(), expiry(1500, &[1], &[]), withdraw(), expiry(6000, &[], &[1])],
        ),
    ];
    for (name, records) in cases {
        let store = paper(records);
        assert_eq!(entry(&store, 1).id, "urn:entry:1", "{name}");
    }
}

#[test]
fn a_window_that_begins_with_new_entries_gets_their_number() {
    let window = |seconds, first: u64, window_from| {
        let mut record = seen("paper", seconds, vec![new(first, body("新", None))], vec![]);
        if let Record::Observation(seen) = &mut record {
            seen.poll.state.window_from = window_from;
        }
        record
    };
    let cases =
        [("nothing was known", Some(0), Some(2)), ("some was", Some(1), Some(1)), ("untold", None, None)];
    for (name, recorded, stored) in cases {
        let store = paper([window(1000, 1, Some(0)), window(2000, 2, recorded)]);
        assert_eq!(source_state(&store, "paper").poll.window_from, stored, "{name}");
    }
}

#[test]
fn an_entry_that_goes_by_other_keys_learns_them_and_nothing_else_changes() {
    let withdraw = || Record::Withdraw(Withdrawal { at: at(5000), published_id: "urn:entry:1".to_owned() });
    let cases = [
        ("shown", vec![]),
        ("expired", vec![expiry(5000, &[1], &[])]),
        ("withdrawn", vec![withdraw()]),
        ("withdrawn, then expired", vec![withdraw(), expiry(6000, &[1], &[])]),
        ("expired, then withdrawn", vec![expiry(4000, &[1], &[]), withdraw()]),
    ];
    for (name, gone) in cases {
        let lived = |last| {
            paper(
                [seen("paper", 1000, vec![report(1), joining(report(2), 1)], vec![])]
                    .into_iter()
                    .chain(gone.clone())
                    .chain([last]),
            )
        };
        let other = ChangedEntry {
            keys: vec![key(7), key(8), key(1)],
            renamed: true,
            ..changed(1, body("别的", Some(Stamp::second(at(6500)))))
        };
        let before = lived(seen("paper", 7000, vec![], vec![]));
        let after = lived(seen("paper", 7000, vec![], vec![other]));
        after.check().expect(name);
        let was = entry(&before, 1);
        let keys = vec![key(1), key(7), key(8)];
        assert_eq!(entry(&after, 1), Entry { keys: keys.clone(), ..was }, "{name}");
        let no = after.owner("urn:entry:1").expect("a sound store");
        for key in keys {
            assert_eq!(after.known(&id("paper")).expect("a sound store").get(&key), no, "{name}");
        }
        for feed in [FeedKey::All, region("henan"), FeedKey::Source(id("paper"))] {
            assert_eq!(feed_state(&after, &feed), feed_state(&before, &feed), "{name}: {feed:?}");
        }
        assert_eq!(members(&after, 1), members(&before, 1), "{name}");
    }
}

#[test]
fn a_key_that_an_expired_entry_learns_is_given_up_with_it() {
    let first = || seen("paper", 1000, vec![new(1, body("旧", None))], vec![]);
    let other = ChangedEntry { keys: vec![key(7)], renamed: true, ..changed(1, body("旧", None)) };
    let store = paper([
        first(),
        expiry(5000, &[1], &[]),
        seen("paper", 6000, vec![], vec![other]),
        expiry(7000, &[], &[1]),
    ]);
    store.check().expect("sound");
    assert_eq!(store.known(&id("paper")).expect("a sound store").get(&key(7)), None);
}

/// The operator forgets a source: its entries, and its state.
fn forget(seconds: i64, erased: &[u64], sources: &[&str]) -> Record {
    let erased = erased.iter().map(|n| format!("urn:entry:{n}")).collect();
    let sources = sources.iter().map(|source| id(source)).collect();
    Record::Expire(Expiry { at: at(seconds), erased, sources, ..Expiry::default() })
}

#[test]
fn of_a_forgotten_source_nothing_is_kept_but_what_was_withdrawn() {
    let lived = || {
        vec![
            seen("paper", 1000, (1..=4).map(|n| new(n, body("旧", None))).collect(), vec![]),
            expiry(2000, &[2], &[]),
            Record::Withdraw(Withdrawal { at: at(3000), published_id: "urn:entry:3".to_owned() }),
        ]
    };
    let forgotten = lived().into_iter().chain([forget(5000, &[1, 2, 3, 4], &["paper"])]);
    let store = paper(forgotten.clone());
    store.check().expect("sound");
    let numbers: Vec<_> = store.entries_from(0, 9).expect("sound").into_iter().map(|(_, e)| e.id).collect();
    assert_eq!(numbers, ["urn:entry:3"], "never published again");
    assert_eq!(listed(&store, &FeedKey::All), [] as [String; 0]);
    let (before, after) = (source_state(&paper(lived()), "paper"), source_state(&store, "paper"));
    let expected = SourceState { gone: before.gone, entries: 1, ..SourceState::new(before.no, before.def) };
    assert_eq!(after, expected);
    let meta = store.meta().expect("sound").expect("it is there");
    assert_eq!((meta.entries, meta.stubs), (1, 0));
    for n in [1, 2, 4] {
        assert_eq!(store.known(&id("paper")).expect("sound").get(&key(n)), None, "{n}");
    }

    let again = (1..=4).map(|n| new(n, body("旧", None))).collect();
    let back = paper(forgotten.chain([seen("paper", 6000, again, vec![])]));
    back.check().expect("sound");
    let mut shown = listed(&back, &FeedKey::All);
    shown.sort_unstable();
    assert_eq!(shown, ["1", "2", "4"]);
    let firsts = [1, 2, 4].map(|n| {
        let no = back.owner(&format!("urn:entry:{n}")).expect("sound").expect("it is there");
        let entry = back.entry(no).expect("sound").expect("it is there");
        (entry.first_seen, entry.backlog.is_some())
    });
    assert_eq!(firsts, [(at(6000), true); 3], "new, of a first poll");
}

#[test]
fn a_story_goes_on_under_its_next_member_when_its_founder_is_erased() {
    let records = [
        seen("paper", 1000, vec![report(1)], vec![]),
        seen("paper", 2000, vec![joining(report(2), 1)], vec![]),
        seen("paper", 3000, vec![joining(report(3), 1)], vec![]),
        forget(5000, &[1], &[]),
        seen("paper", 6000, vec![joining(report(4), 2)], vec![]),
    ];
    let store = paper(records);
    store.check().expect("sound");
    assert_eq!((members(&store, 1), members(&store, 2)), (vec![], vec![2, 3, 4]));
}

/// `paper`, whose entry was forgotten and another withdrawn, under rules by which it is `daily` now.
#[test]
fn a_source_that_was_forgotten_and_then_renamed_is_new_in_a_replay_and_from_a_base() {
    let (before, after) = (henan(), vec![def("daily", fixed(&["henan"]))]);
    let renamed = renamed(&after, &[("paper", "daily")]);
    let mut first = seen("paper", 1000, vec![new(1, body("旧", None)), new(2, body("撤", None))], vec![]);
    if let Record::Observation(seen) = &mut first {
        seen.poll.state.validators = Validators { etag: Some("\"1\"".into()), ..Validators::default() };
    }
    let forget = |erased: &[&str], sources: &[&str]| {
        Record::Expire(Expiry {
            at: at(3000),
            erased: erased.iter().map(ToString::to_string).collect(),
            sources: sources.iter().map(|name| id(name)).collect(),
            ..Expiry::default()
        })
    };
    let lived = lines([
        config(0, &before, &[]),
        first,
        Record::Withdraw(Withdrawal { at: at(1500), published_id: "urn:entry:2".to_owned() }),
        config(2000, &[], &["paper"]),
        forget(&["urn:entry:1"], &[]),
        forget(&[], &["paper"]),
    ]);
    let replayed = folded(&lived, &renamed);
    replayed.check().expect("sound");
    let state = source_state(&replayed, "daily");
    assert_eq!(
        (state.entries, state.seeded, state.polled_at),
        (1, false, None),
        "only the withdrawn one is left"
    );
    assert_eq!(state.poll, PollState::default(), "it is asked in full");

    // The base that is written before the rename, and read after it.
    let live = folded(&lived, &rules(&[]));
    let state = source_state(&live, "paper");
    let base = base_source(at(3000), id("paper"), state);
    assert_eq!(source_state(&replayed, "daily").poll, base.state.poll);
    assert_eq!(
        SourceState {
            entries: 0,
            gone: true,
            def: base.state.def.clone(),
            ..source_state(&replayed, "daily")
        },
        base.state
    );
}
