//! Lines applied to the state, held to what subscribers are promised.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::ledger::store::Store;
use crate::model::entry::{Category, ParsedEntry};
use crate::model::exchange::Validators;
use crate::model::feed_key::FeedKey;
use crate::model::outcome::Outcome;
use crate::model::region::RegionId;
use crate::model::source::RegionRule;
use crate::model::state::{FeedState, Rank};
use crate::model::time::Stamp;
use crate::testing::*;

fn region(id: &str) -> FeedKey {
    FeedKey::Region(RegionId::new(id))
}

fn listed(store: &Store, feed: &FeedKey) -> Vec<String> {
    let newest = store.newest(feed, usize::MAX).expect("a sound store");
    newest.into_iter().map(|(_, entry)| entry.id.replace("urn:entry:", "")).collect()
}

fn entry(store: &Store, n: u64) -> Entry {
    let no = store.owner(&format!("urn:entry:{n}")).expect("a sound store").expect("it is owned");
    store.entry(no).expect("a sound store").expect("it is stored")
}

fn feed_state(store: &Store, feed: &FeedKey) -> FeedState {
    store.feed(feed).expect("a sound store").expect("the feed has a state")
}

fn source_state(store: &Store, source: &str) -> SourceState {
    store.source(&id(source)).expect("a sound store").expect("the source is known")
}

fn henan() -> Vec<SourceDef> {
    vec![def("paper", fixed(&["henan"]))]
}

/// One source, a config line, then these.
fn paper(records: impl IntoIterator<Item = Record>) -> Store {
    let all = [config(0, &henan(), &[])].into_iter().chain(records);
    let store = folded(&lines(all), &rules(&henan()));
    store.check().expect("sound");
    store
}

#[test]
fn entries_are_dated_by_their_publisher_and_never_after_they_were_seen() {
    let day_end = |seconds| Some(Stamp::day(at(seconds)));
    let second = |seconds| Some(Stamp::second(at(seconds)));
    // Seen at 1000; published and updated as said, then as stored.
    let cases = [
        ("a date in the past is kept", second(500), None, 500, 500),
        ("a date in the future is when it was seen", second(5000), None, 1000, 1000),
        ("an undated entry is dated when it was seen", None, None, 1000, 1000),
        ("a day that is over is its end", day_end(700), None, 700, 700),
        ("a day that still runs is when it was seen", day_end(80_000), None, 1000, 1000),
        ("updated alone dates it too", None, second(600), 600, 600),
        ("updated later than published", second(500), second(800), 500, 800),
        ("updated before published is no update", second(500), second(300), 500, 500),
        ("updated in the future is when it was seen", second(500), second(9000), 500, 1000),
    ];
    for (name, published, updated, stored, moved) in cases {
        let body = ParsedEntry { updated, ..body("标题", published) };
        let store = paper([seen("paper", 1000, vec![new(1, body)], vec![])]);
        let entry = entry(&store, 1);
        assert_eq!((entry.published, entry.updated), (at(stored), at(moved)), "{name}");
        assert_eq!(entry.first_seen, at(1000), "{name}");
        assert_eq!(feed_state(&store, &FeedKey::All).updated, at(moved), "{name}");
    }
}

#[test]
fn a_backlog_stands_at_its_dates_and_what_comes_later_where_it_was_seen() {
    let old = |n, seconds| new(n, body("旧闻", Some(Stamp::second(at(seconds)))));
    let store = paper([
        seen("paper", 1000, vec![old(1, 900), old(2, 100)], vec![]),
        // Published before entry 1, but nobody could see it: it is not buried.
        seen("paper", 2000, vec![old(3, 500)], vec![]),
    ]);
    assert_eq!(listed(&store, &FeedKey::All), ["3", "1", "2"]);
    assert_eq!(entry(&store, 3).surfaced, at(2000));
    assert_eq!(entry(&store, 2).surfaced, at(100));
}

#[test]
fn the_entries_of_a_first_poll_are_counted_from_the_newest() {
    let dated = |n, seconds| new(n, body("旧闻", Some(Stamp::second(at(seconds)))));
    let undated = new(4, body("无日期", None));
    let store = paper([
        seen("paper", 1000, vec![dated(1, 300), dated(2, 900), dated(3, 300), undated], vec![]),
        seen("paper", 2000, vec![dated(5, 100)], vec![]),
    ]);
    let places: Vec<_> = (1..=5).map(|n| entry(&store, n).backlog).collect();
    assert_eq!(places, [Some(2), Some(1), Some(3), Some(0), None], "of one date, as the document has them");
}

#[test]
fn a_feed_knows_since_when_it_lists_an_entry_and_when_one_was_revised() {
    let dated = |n, seconds| new(n, body("旧闻", Some(Stamp::second(at(seconds)))));
    let new = [seen("paper", 1000, vec![dated(1, -9_000_000)], vec![])];
    let store = paper(new.clone());
    let feed = region("henan");
    assert_eq!(store.last_seen_before(&feed, at(1001)).expect("sound"), Some(at(1000)), "not its own date");
    assert_eq!(feed_state(&store, &feed).revised_seq, 0, "what is new revises nothing");

    let rewritten = seen("paper", 2000, vec![], vec![changed(1, body("新说法", None))]);
    let store = paper(new.into_iter().chain([rewritten]));
    let state = feed_state(&store, &feed);
    assert_eq!((state.revised_at, state.revised_seq), (at(2000), 3));
    assert_eq!(
        store.last_seen_before(&feed, at(3000)).expect("sound"),
        Some(at(1000)),
        "it stays where it was"
    );
}

#[test]
fn a_source_whose_first_reading_was_empty_has_no_backlog_later() {
    let late = new(1, body("迟到", Some(Stamp::second(at(50)))));
    let store = paper([
        poll("paper", 400),
        seen("paper", 500, vec![], vec![]),
        seen("paper", 900, vec![late], vec![]),
    ]);
    assert_eq!(entry(&store, 1).surfaced, at(900));
}

#[test]
fn entries_of_one_date_stand_in_the_order_of_their_document() {
    for (name, stamp) in [("undated", None), ("of one day", Some(Stamp::day(at(400))))] {
        let document = |from: u64| (from..from + 3).map(|n| new(n, body("同日", stamp))).collect::<Vec<_>>();
        let store =
            paper([seen("paper", 1000, document(1), vec![]), seen("paper", 2000, document(4), vec![])]);
        assert_eq!(listed(&store, &FeedKey::All), ["4", "5", "6", "1", "2", "3"], "{name}");
    }
}

#[test]
fn a_rewrite_moves_updated_on_and_nothing_else() {
    let first = || seen("paper", 1000, vec![new(1, body("初稿", Some(Stamp::second(at(500)))))], vec![]);
    let cases = [
        ("undated, it is when it was seen", None, 2000, 2000),
        ("dated later, that is believed", Some(1500), 2000, 1500),
        ("dated before the last, it is when it was seen", Some(100), 2000, 2000),
        ("dated in the future, it is when it was seen", Some(90_000), 2000, 2000),
        ("seen by a clock that was set back, it stays", None, 200, 500),
    ];
    for (name, said, seen_at, stored) in cases {
        let updated = said.map(|s| Stamp::second(at(s)));
        let body = ParsedEntry { updated, ..body("定稿", Some(Stamp::second(at(7)))) };
        let store = paper([first(), seen("paper", seen_at, vec![], vec![changed(1, body)])]);
        let entry = entry(&store, 1);
        assert_eq!(entry.updated, at(stored), "{name}");
        assert_eq!((entry.published, entry.surfaced), (at(500), at(500)), "{name}");
        assert_eq!((entry.rewrites, entry.title()), (1, "定稿"), "{name}");
        assert_eq!(entry.fingerprint, fingerprint(1_000_001), "{name}");
    }
}

#[test]
fn a_rewrite_that_names_another_region_moves_between_lists() {
    let defs = vec![def("wire", RegionRule::Auto)];
    let before = seen("wire", 1000, vec![new(1, body("河南暴雨", None))], vec![]);
    let after = seen("wire", 2000, vec![], vec![changed(1, body("新疆暴雨", None))]);
    let all = lines([config(0, &defs, &[]), before, after]);
    let store = folded(&all[..2], &rules(&defs));
    assert_eq!(listed(&store, &region("henan")), ["1"]);
    let updated = feed_state(&store, &region("henan")).updated;
    fold(&store, &all, &rules(&defs));
    store.check().expect("sound");
    assert_eq!(listed(&store, &region("henan")), [""; 0]);
    assert_eq!(listed(&store, &region("xinjiang")), ["1"]);
    assert_eq!(listed(&store, &FeedKey::National), [""; 0]);
    let left = feed_state(&store, &region("henan"));
    assert_eq!((left.entries, left.updated, left.changed_seq), (0, updated, 3), "its date does not go back");
}

#[test]
fn a_poll_moves_no_feed() {
    let all = [seen("paper", 1000, vec![new(1, body("一", None))], vec![]), poll("paper", 2000)];
    let store = paper(all);
    assert_eq!(feed_state(&store, &FeedKey::All).changed_seq, 2);
    assert_eq!(source_state(&store, "paper").polled_at, Some(at(2000)));
    assert_eq!(store.meta().expect("sound").expect("there").newest_at, at(2000));
}

#[test]
fn a_source_that_leaves_keeps_its_entries_and_one_that_returns_goes_on() {
    let mut all = vec![config(0, &henan(), &[]), seen("paper", 1000, vec![new(1, body("一", None))], vec![])];
    all.push(config(2000, &[], &["paper"]));
    let gone = folded(&lines(all.clone()), &rules(&[]));
    gone.check().expect("sound");
    assert!(source_state(&gone, "paper").gone);
    assert_eq!(listed(&gone, &region("henan")), ["1"]);
    all.push(config(3000, &henan(), &[]));
    all.push(seen("paper", 4000, vec![new(2, body("二", None))], vec![]));
    let back = folded(&lines(all), &rules(&henan()));
    assert!(!source_state(&back, "paper").gone);
    assert_eq!(listed(&back, &region("henan")), ["2", "1"]);
}

#[test]
fn a_renamed_source_keeps_everything_under_its_new_name() {
    let now = vec![SourceDef { id: id("daily"), ..henan()[0].clone() }];
    let mut all = vec![config(0, &henan(), &[]), seen("paper", 1000, vec![new(1, body("一", None))], vec![])];
    // As the engine records it, whether the rename or the departure comes to its mind first.
    for (name, record) in [
        ("nothing but the rename", config(2000, &[], &[])),
        ("a new and a gone source", config(2000, &now, &["paper"])),
        ("the definitions of both", config(2000, &[now[0].clone(), henan()[0].clone()], &[])),
    ] {
        all.truncate(2);
        all.push(record);
        all.push(seen("daily", 3000, vec![new(2, body("二", None))], vec![]));
        let store = folded(&lines(all.clone()), &renamed(&now, &[("paper", "daily")]));
        store.check().expect(name);
        assert_eq!(store.source(&id("paper")).expect("sound"), None, "{name}");
        let source = source_state(&store, "daily");
        assert_eq!((source.entries, source.gone, &source.def.id), (2, false, &id("daily")), "{name}");
        assert_eq!(entry(&store, 1).source, id("daily"), "{name}");
        assert_eq!(store.known(&id("daily")).expect("sound").get(&key(1)), Some(1), "{name}");
        assert_eq!(listed(&store, &FeedKey::Source(id("daily"))), ["2", "1"], "{name}");
        assert_eq!(entry(&store, 2).surfaced, at(3000), "{name}: its backlog was the old name's");
    }
}

/// A poll that leaves something behind.
fn polled(seconds: i64, outcome: Outcome) -> Record {
    let mut poll = poll_record("paper", seconds, outcome);
    poll.state.validators = Validators { etag: Some(b"\"1\"".to_vec()), ..Validators::default() };
    poll.state.failures = 3;
    poll.state.not_before = Some(at(99_000));
    Record::Poll(poll)
}

#[test]
fn a_new_address_is_asked_as_if_for_the_first_time_and_changes_no_entry() {
    let moved = vec![SourceDef { url: "https://moved.example/feed".to_owned(), ..henan()[0].clone() }];
    let all = lines([
        config(0, &henan(), &[]),
        seen("paper", 1000, vec![new(1, body("一", None))], vec![]),
        polled(2000, Outcome::Gone),
        config(3000, &moved, &[]),
    ]);
    // As it happened: three lines under the old address, then the new one.
    let lived = folded(&all[..3], &rules(&henan()));
    let before = entry(&lived, 1);
    fold(&lived, &all[3..], &rules(&moved));
    let source = source_state(&lived, "paper");
    let fresh = PollState { scheduled: Some(at(2000)), ..PollState::default() };
    assert_eq!(source.poll, fresh, "the phase of the schedule is kept, what the old address said is not");
    assert_eq!(source.outcome, None, "the old address is gone, not the new one");
    assert_eq!(source.def, moved[0]);
    assert_eq!(entry(&lived, 1), before);
    // And replayed, with only the new address known.
    assert_eq!(folded(&all, &rules(&moved)).contents(), lived.contents());
}

#[test]
fn a_poll_of_a_source_nobody_defined_is_passed_over() {
    let stray = seen("stray", 1000, vec![new(1, body("一", None))], vec![]);
    let store = paper([stray, poll("stray", 1100)]);
    assert_eq!(store.meta().expect("sound").expect("there").seq, 3);
    assert_eq!(listed(&store, &FeedKey::All), [""; 0]);
}

#[test]
fn the_first_entry_keeps_an_id_and_other_claims_are_passed_over() {
    let defs = vec![def("paper", fixed(&["henan"])), def("other", RegionRule::Auto)];
    let records = [
        config(0, &defs, &[]),
        seen("paper", 1000, vec![new(1, body("先", None))], vec![]),
        seen("other", 2000, vec![new(1, body("后", None)), new(2, body("二", None))], vec![]),
        seen("other", 3000, vec![new(3, body("三", None)), new(3, body("四", None))], vec![]),
        // Another source's entry is not this one's to rewrite, nor an entry twice a line.
        seen("other", 4000, vec![], vec![changed(1, body("抢", None)), changed(9, body("无", None))]),
        seen("paper", 5000, vec![], vec![changed(1, body("改", None)), changed(1, body("又改", None))]),
    ];
    let store = folded(&lines(records), &rules(&defs));
    store.check().expect("sound");
    let first = entry(&store, 1);
    assert_eq!((first.source, first.rewrites), (id("paper"), 1));
    assert_eq!(first.body.title.as_deref(), Some("改"));
    assert_eq!(listed(&store, &FeedKey::All), ["3", "2", "1"]);
}

#[test]
fn a_key_leads_to_the_newest_entry_that_has_it() {
    let keyed = |n, keys: &[u64]| NewEntry {
        keys: keys.iter().map(|k| key(*k)).collect(),
        ..new(n, body("同", None))
    };
    let more = ChangedEntry { keys: vec![key(10), key(30)], ..changed(2, body("改", None)) };
    let store = paper([
        seen("paper", 1000, vec![keyed(1, &[10, 11]), keyed(2, &[20])], vec![]),
        seen("paper", 2000, vec![keyed(3, &[11, 31])], vec![more]),
    ]);
    let leads_to = |k| {
        let no = store.known(&id("paper")).expect("sound").get(&key(k)).expect("known");
        store.entry(no).expect("sound").expect("stored").id.replace("urn:entry:", "")
    };
    let expected = [(10, "2"), (11, "3"), (20, "2"), (30, "2"), (31, "3")];
    for (k, entry) in expected {
        assert_eq!(leads_to(k), entry, "key {k}");
    }
}

#[test]
fn a_line_survives_the_journal_unchanged() {
    for line in workload(3, 60) {
        let text = serde_json::to_string(&line).expect("JSON");
        assert_eq!(serde_json::from_str::<Line>(&text).expect("ours"), line, "{text}");
    }
    // The dates that publishers give are of any year, and finer than a second.
    for at in ["-0044-03-15T12:00:00.000000001Z", "+12026-01-01T00:00:00.5Z", "2016-12-31T23:59:60Z"] {
        let stamp = Stamp::second(at.parse().expect("a time"));
        let record = seen("paper", 1, vec![new(1, body("奇", Some(stamp)))], vec![]);
        let line = Line { v: LINE, seq: 1, round: 1, record };
        let text = serde_json::to_string(&line).expect("JSON");
        assert_eq!(serde_json::from_str::<Line>(&text).expect("ours"), line, "{text}");
    }
}

const LINE: u8 = crate::model::record::LINE_VERSION;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_line_applied_twice_changes_nothing(seed in any::<u64>()) {
        let (all, rules) = (workload(seed, 14), rules(&sources()));
        let store = memory();
        for (n, line) in all.iter().enumerate() {
            fold(&store, std::slice::from_ref(line), &rules);
            let once = store.contents();
            fold(&store, &all[n.saturating_sub(3)..=n], &rules);
            prop_assert_eq!(store.contents(), once);
        }
    }

    #[test]
    fn feeds_keep_their_promises_line_by_line(seed in any::<u64>()) {
        let (all, rules) = (workload(seed, 25), rules(&sources()));
        let store = memory();
        let mut dates: BTreeMap<FeedKey, Time> = BTreeMap::new();
        let mut published = BTreeSet::new();
        for line in &all {
            for (feed, state) in apply(&store, line, &rules).expect("sound").feeds {
                let before = dates.insert(feed, state.updated);
                prop_assert!(before.is_none_or(|b| b <= state.updated), "a feed's date went back");
                prop_assert_eq!(state.changed_seq, line.seq);
            }
            fold(&store, std::slice::from_ref(line), &rules);
        }
        store.check().expect("sound");
        let everything = store.newest(&FeedKey::All, usize::MAX).expect("sound");
        for (no, entry) in &everything {
            prop_assert!(published.insert(entry.id.clone()), "{} is published twice", entry.id);
            prop_assert!(entry.published <= entry.updated);
            prop_assert!(entry.published <= entry.first_seen);
            prop_assert!(entry.updated <= entry.first_seen.max(at(1_000_000)));
            for feed in entry.feeds() {
                let rank = Rank::of(*no, entry);
                let list = store.list(&feed, None, usize::MAX).expect("sound");
                prop_assert!(list.iter().any(|(place, _)| *place == rank));
                prop_assert!(dates[&feed] >= entry.updated);
            }
        }
        let order: Vec<Time> = everything.iter().map(|(_, e)| e.surfaced).collect();
        prop_assert!(order.is_sorted_by(|a, b| a >= b));
        let entries = store.meta().expect("sound").expect("there").entries;
        let withdrawn = store.withdrawn(&FeedKey::All, at(-1_000_000), usize::MAX).expect("sound");
        prop_assert_eq!(entries, (everything.len() + withdrawn.len()) as u64);
        prop_assert!(withdrawn.iter().all(|(id, _)| !published.contains(id)), "published again");
    }

    #[test]
    fn lines_in_groups_give_what_they_give_one_by_one(seed in any::<u64>(), sizes in vec(1_usize..9, 40)) {
        let (all, rules) = (workload(seed, 40), rules(&sources()));
        let (grouped, mut rest) = (memory(), all.as_slice());
        for size in sizes {
            let (group, others) = rest.split_at(size.min(rest.len()));
            let mut work = Work::new(&grouped, &rules).expect("sound");
            group.iter().for_each(|line| work.apply(line).expect("sound"));
            grouped.commit(&work.finish()).expect("written");
            rest = others;
        }
        grouped.check().expect("sound");
        prop_assert!(grouped.contents() == folded(&all, &rules).contents());
    }

    #[test]
    fn stopping_anywhere_and_going_on_gives_the_same_bytes(seed in any::<u64>(), stop in 0_usize..20) {
        let (all, rules) = (workload(seed, 20), rules(&sources()));
        let resumed = folded(&all[..stop], &rules);
        fold(&resumed, &all, &rules);
        prop_assert_eq!(resumed.contents(), folded(&all, &rules).contents());
    }
}

#[test]
fn a_replay_under_the_definitions_of_today_equals_what_was_lived() {
    let title = |t: &str| vec![SourceDef { title: Some(t.to_owned()), ..henan()[0].clone() }];
    let story = |n, seconds, with| {
        let text = "殷墟遗址今天公布新的考古发现，专家称其填补空白";
        let entry = new(n, body(text, Some(Stamp::second(at(seconds - 60)))));
        seen("paper", seconds, vec![joining(entry, with)], vec![])
    };
    let all = lines([
        config(0, &title("甲报"), &[]),
        poll("paper", 500),
        story(1, 1000, 9),
        config(2000, &title("乙报"), &[]),
        story(2, 3000, 1),
    ]);
    // The definition changed before anything was stored: today's is in force from there on.
    let lived = folded(&all[..2], &rules(&title("甲报")));
    fold(&lived, &all[2..], &rules(&title("乙报")));
    assert_eq!(folded(&all, &rules(&title("乙报"))).contents(), lived.contents());
}

#[test]
fn what_is_left_of_a_first_list_is_no_news_when_it_comes_and_what_comes_with_it_is() {
    let old = |n, seconds| new(n, body("旧闻", Some(Stamp::second(at(seconds)))));
    let waited = |n, seconds| NewEntry { backlog: true, ..old(n, seconds) };
    let store = paper([
        seen("paper", 1000, vec![old(1, 900)], vec![]),
        seen("paper", 2000, vec![old(4, 1500), waited(2, 100)], vec![]),
        seen("paper", 3000, vec![old(3, 500)], vec![]),
    ]);
    assert_eq!((entry(&store, 2).surfaced, entry(&store, 2).backlog), (at(100), Some(1)), "it waited");
    for (n, surfaced) in [(4, 2000), (3, 3000)] {
        assert_eq!(
            (entry(&store, n).surfaced, entry(&store, n).backlog),
            (at(surfaced), None),
            "{n} is news"
        );
    }
}

#[test]
fn a_code_that_the_publisher_gave_decides_the_region() {
    let coded = |n, title: &str, code: &str| {
        let category =
            Category { term: code.to_owned(), scheme: Some("urn:gb2260".to_owned()), ..Category::default() };
        new(n, ParsedEntry { categories: vec![category], ..body(title, None) })
    };
    let defs = vec![def("alarms", RegionRule::Auto), def("paper", fixed(&["hubei"]))];
    let alarms = vec![
        coded(1, "气象台发布大风蓝色预警", "41010041600000_20261123"),
        coded(2, "乌鲁木齐市气象台发布大风蓝色预警", "650100_1"),
        coded(3, "气象台发布大风蓝色预警信号", "990100_1"),
        coded(4, "气象台发布暴雨预警", "四一"),
    ];
    let records = [
        config(0, &defs, &[]),
        seen("alarms", 1000, alarms, vec![]),
        seen("paper", 1000, vec![coded(5, "大风预警", "410100")], vec![]),
    ];
    let store = folded(&lines(records), &rules(&defs));
    store.check().expect("sound");
    let regions = |n| entry(&store, n).regions.into_iter().map(|e| e.region.to_string()).collect::<Vec<_>>();
    assert_eq!(regions(1), ["henan"]);
    assert_eq!(regions(2), ["xinjiang"], "once, though the title says so too");
    assert_eq!((regions(3), regions(4)), (vec![], vec![]), "no such code, and none at all");
    assert_eq!(regions(5), ["hubei"], "its source is fixed");
}

mod clock;
mod keeping;
mod membership;
