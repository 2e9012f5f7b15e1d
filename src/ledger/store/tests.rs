//! One contract for the store in memory and the one on disk.

use std::sync::Arc;

use chrono::TimeDelta;
use tempfile::TempDir;

use super::*;
use crate::model::entry::Body;
use crate::model::feed_key::FeedKey;
use crate::model::region::RegionId;
use crate::model::source::SourceId;
use crate::model::state::*;
use crate::model::stored::{Entry, EntryNo};
use crate::model::story::Membership;
use crate::model::time::Time;
use crate::testing::*;

mod damage;
mod known;
mod world;

use world::{World, meta, world};

/// Runs a test on both backends.
fn on_both(test: impl Fn(&str, Store)) {
    test("in memory", memory());
    let dir = TempDir::new().expect("a directory");
    test("on disk", Store::new(Box::new(SledBackend::open(dir.path()).expect("sled opens"))));
}

fn octets(octets: &[u8]) -> Octets {
    Octets::from(octets)
}

fn raw(store: &Store, writes: Vec<(Octets, Option<Octets>)>) {
    store.backend.commit(Batch { writes }).expect("written");
}

fn rows(store: &Store, tag: u8) -> Vec<Pair> {
    store.dump().into_iter().filter(|(key, _)| key[0] == tag).collect()
}

#[test]
fn a_batch_is_seen_whole_or_not_at_all() {
    on_both(|name, store| {
        let key = |n: u8| octets(&[0x20, n]);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for round in 0..300_u32 {
                    let value = octets(&round.to_be_bytes());
                    raw(&store, (0..8).map(|n| (key(n), Some(value.clone()))).collect());
                }
            });
            while !writer.is_finished() {
                // Read in the order of writing: a later key must not be older than an earlier one was.
                let get = |n| store.backend.get(&key(n)).expect("read");
                let (last, first) = (get(7), get(0));
                assert!(first >= last, "{name}: the last of a batch was there before the first");
            }
        });
    });
}

#[test]
fn later_writes_of_a_batch_win_and_deletes_delete() {
    on_both(|name, store| {
        let key = octets(&[0x20]);
        let get = || store.backend.get(&key).expect("read");
        raw(&store, vec![(key.clone(), Some(octets(&[1]))), (key.clone(), Some(octets(&[2])))]);
        assert_eq!(get(), Some(octets(&[2])), "{name}");
        raw(&store, vec![(key.clone(), Some(octets(&[3]))), (key.clone(), None)]);
        assert_eq!(get(), None, "{name}");
        raw(&store, vec![(key.clone(), None), (key.clone(), Some(octets(&[])))]);
        assert_eq!(get(), Some(octets(&[])), "{name}");
    });
}

#[test]
fn what_is_committed_is_read() {
    on_both(|name, store| {
        let changes = world();
        store.commit(&changes).expect("written");
        let read = store.meta().expect("read");
        assert_eq!(read, changes.meta, "{name}");
        assert_eq!(store.position().expect("read"), changes.position, "{name}");
        assert_eq!(store.sources().expect("read"), changes.sources, "{name}");
        assert_eq!(store.feeds().expect("read").len(), changes.feeds.len(), "{name}");
        for (feed, state) in &changes.feeds {
            assert_eq!(store.feed(feed).expect("read").as_ref(), Some(state), "{name}");
        }
        for (no, entry) in &changes.entries {
            assert_eq!(&store.entry(*no).expect("read"), entry, "{name}");
        }
        for ((source, identity), no) in &changes.known {
            assert_eq!(store.known(source).expect("read").get(identity), *no, "{name}");
        }
        assert_eq!(
            store.known(&id("auto")).expect("read").get(&world::world_key(1)),
            None,
            "{name}: of another source"
        );
        for (published_id, no) in &changes.owners {
            assert_eq!(store.owner(published_id).expect("read"), *no, "{name}");
        }
        for (backlog, numbers) in &changes.backlogs {
            assert_eq!(&store.backlog(backlog).expect("read"), numbers, "{name}");
        }
        let members = store.members(3, 9).expect("read");
        assert_eq!(members.iter().map(|(no, _)| *no).collect::<Vec<_>>(), [3, 4], "{name}");
        assert_eq!(store.members(3, 1).expect("read"), members[..1], "{name}");
        assert_eq!(store.members(1, 9).expect("read"), [], "{name}");
        let told = |(key, place): (&ListingKey, &Option<Listing>)| (key.rank, place.expect("all are there"));
        let mut listed: Vec<_> =
            changes.places.iter().filter(|(key, _)| key.feed == FeedKey::All).map(told).collect();
        listed.sort_by_key(|listed| std::cmp::Reverse(listed.0));
        assert_eq!(store.list(&FeedKey::All, None, 99).expect("read"), listed, "{name}");
        let newest = store.newest(&FeedKey::All, 2).expect("read");
        assert_eq!(newest.iter().map(|(no, _)| *no).collect::<Vec<_>>(), [4, 3], "{name}");
        let numbers = |found: Vec<(EntryNo, Entry)>| found.into_iter().map(|(no, _)| no).collect::<Vec<_>>();
        assert_eq!(numbers(store.entries_from(2, 3).expect("read")), [2, 3, 4], "{name}");
        let back = |before| store.newest_entries(before).collect::<Result<Vec<_>, _>>().expect("read");
        assert_eq!(numbers(back(None)), [6, 5, 4, 3, 2, 1], "{name}");
        assert_eq!(numbers(back(Some(3))), [2, 1], "{name}");
        let gone = store.withdrawn(&FeedKey::All, at(0), 9).expect("read");
        assert_eq!(gone, [("urn:entry:5".to_owned(), at(500))], "{name}");
        assert_eq!(store.withdrawn(&FeedKey::All, at(501), 9).expect("read"), [], "{name}");
    });
}

#[test]
fn what_is_taken_back_is_gone() {
    on_both(|name, store| {
        let mut changes = world();
        store.commit(&changes).expect("written");
        let Changes { meta: _, position: _, sources, feeds, .. } = std::mem::take(&mut changes);
        drop((sources, feeds));
        let all = world();
        changes.entries = all.entries.into_keys().map(|no| (no, None)).collect();
        changes.known = all.known.into_keys().map(|key| (key, None)).collect();
        changes.owners = all.owners.into_keys().map(|key| (key, None)).collect();
        changes.places = all.places.into_keys().map(|key| (key, None)).collect();
        changes.members = all.members.into_keys().map(|key| (key, None)).collect();
        changes.backlogs = all.backlogs.into_keys().map(|key| (key, Vec::new())).collect();
        store.commit(&changes).expect("written");
        let left: std::collections::BTreeSet<u8> = store.dump().iter().map(|(key, _)| key[0]).collect();
        assert_eq!(
            left.into_iter().collect::<Vec<_>>(),
            [key::META, key::SOURCE, key::FEED, key::WITHDRAWN],
            "{name}"
        );
    });
}

#[test]
fn the_record_about_the_whole_is_kept_and_a_fresh_handle_reads_it() {
    let dir = TempDir::new().expect("a directory");
    let open = || Store::new(Box::new(SledBackend::open(dir.path()).expect("sled opens")));
    let store = open();
    assert_eq!(store.last_meta().expect("read"), None);
    store.commit(&world()).expect("written");
    let first = store.last_meta().expect("read").expect("there");
    assert!(Arc::ptr_eq(&first, &store.last_meta().expect("read").expect("there")));
    let later = Meta { seq: 77, ..meta() };
    store.commit(&Changes { meta: Some(later.clone()), ..Changes::default() }).expect("written");
    assert_eq!(store.meta().expect("read"), Some(later.clone()));
    store.commit(&Changes::default()).expect("written");
    drop(store);
    assert_eq!(open().meta().expect("read"), Some(later));
}

#[test]
fn a_source_is_read_once_and_is_what_was_committed_last() {
    let store = memory();
    assert_eq!(store.source(&id("fixed")).expect("read"), None);
    store.commit(&world()).expect("written");
    let row = octets(&key::source(&id("fixed")));
    raw(&store, vec![(row.clone(), None)]);
    let mut source = store.source(&id("fixed")).expect("read").expect("in memory");
    source.entries += 1;
    let sources = [(id("fixed"), source.clone())].into();
    store.commit(&Changes { sources, ..Changes::default() }).expect("written");
    assert_eq!(store.source(&id("fixed")).expect("read"), Some(source.clone()));
    let fresh = memory();
    raw(&fresh, store.dump().into_iter().map(|(key, value)| (key, Some(value))).collect());
    assert_eq!(fresh.source(&id("fixed")).expect("read"), Some(source.clone()));
    raw(&fresh, vec![(row, None)]);
    assert_eq!(fresh.source(&id("fixed")).expect("read"), Some(source), "it was read once");
}

fn feed_of(n: u64) -> FeedKey {
    match n {
        0 => FeedKey::All,
        1 => FeedKey::National,
        2 => FeedKey::Region(RegionId::new("he")),
        3 => FeedKey::Region(RegionId::new("henan")),
        4 => FeedKey::Source(SourceId::new("he")),
        _ => FeedKey::Source(SourceId::new("he-nan")),
    }
}

/// Puts an entry on a list, or takes it off.
fn listed(feed: &FeedKey, backlog: bool, rank: Rank, there: bool) -> (ListingKey, Option<Listing>) {
    let place = Listing { source: 7, backlog: backlog.then_some(3), story: None };
    (ListingKey { feed: feed.clone(), backlog, rank }, there.then_some(place))
}

#[test]
fn a_list_runs_from_the_greatest_place_down_and_pages_meet() {
    on_both(|name, store| {
        let mut draw = Draw::new(5);
        for feed in 0..6 {
            let mut ranks: Vec<Rank> = (0..57)
                .map(|no| {
                    // Before 1970 too: some feeds are dated 0001-01-01.
                    let mut time =
                        || at(i64::try_from(draw.below(9)).expect("small") * 400_000_000 - 2_000_000_000);
                    Rank { surfaced: time(), published: time(), no }
                })
                .collect();
            let feed = feed_of(feed);
            // The first polls' entries and the later ones are one list.
            let places = ranks.iter().map(|rank| listed(&feed, rank.no % 3 == 0, *rank, true)).collect();
            store.commit(&Changes { places, ..Changes::default() }).expect("written");
            ranks.sort_by(|a, b| b.cmp(a));
            let all = |after, limit| -> Vec<Rank> {
                store.list(&feed, after, limit).expect("read").into_iter().map(|(rank, _)| rank).collect()
            };
            assert_eq!(all(None, usize::MAX), ranks, "{name}");
            for page in [1, 2, 10, 57, 58] {
                let (mut found, mut after) = (Vec::new(), None);
                loop {
                    let next = all(after, page);
                    let Some(last) = next.last() else { break };
                    assert!(next.len() <= page);
                    after = Some(*last);
                    found.extend(next);
                }
                assert_eq!(found, ranks, "{name}, pages of {page}");
            }
            let places = [listed(&feed, ranks[3].no.is_multiple_of(3), ranks[3], false)].into();
            store.commit(&Changes { places, ..Changes::default() }).expect("written");
            ranks.remove(3);
            assert_eq!(all(None, usize::MAX), ranks, "{name}");
        }
    });
}

#[test]
fn what_was_first_seen_is_found_between_any_two_times() {
    on_both(|name, store| {
        // Two feeds whose names begin alike.
        let (feed, other) = (feed_of(2), feed_of(3));
        let news = |feed: &FeedKey, s, no| {
            listed(feed, false, Rank { surfaced: at(s), published: at(-900_000), no }, true)
        };
        let poll = |s, seq| BacklogKey { feed: feed.clone(), first_seen: at(s), seq };
        let places = [news(&feed, -1, 1), news(&feed, 0, 2), news(&feed, 10, 6), news(&other, 5, 77)].into();
        // Two first polls at one instant, whose numbers are mixed.
        let backlogs = [
            (poll(-2_000_000_000, 1), vec![0]),
            (poll(0, 2), vec![3, 5]),
            (poll(0, 3), vec![4]),
            (poll(500, 9), vec![7, 8]),
        ];
        store.commit(&Changes { places, backlogs: backlogs.into(), ..Changes::default() }).expect("written");
        let between = |from, to, limit| store.seen_between(&feed, at(from), at(to), limit).expect("read");
        assert_eq!(between(-3_000_000_000, 1000, 100), [8, 7, 6, 5, 4, 3, 2, 1, 0], "{name}");
        assert_eq!(between(0, 10, 100), [5, 4, 3, 2], "{name}: the end is not in it");
        assert_eq!(between(0, 10, 1), [5], "{name}: the latest, whichever poll it is of");
        assert_eq!(between(11, 500, 100), [0; 0], "{name}");
        assert_eq!(between(500, 11, 100), [0; 0], "{name}: an end before its start");
        assert_eq!(between(0, 1000, 1), [8], "{name}: the latest");
        let before = |s| store.last_seen_before(&feed, at(s)).expect("read");
        assert_eq!(
            [before(500), before(0), before(-1)],
            [Some(at(10)), Some(at(-1)), Some(at(-2_000_000_000))]
        );
        assert_eq!(before(-2_000_000_000), None, "{name}");
        let from = |s| store.first_seen_from(&feed, at(s)).expect("read");
        assert_eq!([from(11), from(500), from(501)], [Some(at(500)), Some(at(500)), None], "{name}");
        let backlogs = [(poll(500, 9), Vec::new())].into();
        store.commit(&Changes { backlogs, ..Changes::default() }).expect("written");
        assert_eq!(from(11), None, "{name}: all of it left");
    });
}

/// A source whose stored form takes about so many octets.
fn sized(len: usize, compressible: bool) -> SourceState {
    let mut state = SourceState::new(1, def("sized", fixed(&[])));
    let text = if compressible { "河".repeat(len / 3) } else { Draw::new(len as u64).noise(len) };
    state.facts.rights = Some(text);
    state
}

#[test]
fn values_of_every_size_come_back_and_leave_nothing_when_they_shrink() {
    on_both(|name, store| {
        let sizes = [0, 255, 4095, 4096, 4097, 8191, 8192, 8193, 100_000, 3_000, 20_000, 1, 0];
        for (size, compressible) in sizes.iter().flat_map(|s| [(*s, false), (*s, true)]) {
            let state = sized(size, compressible);
            let sources = [(id("sized"), state.clone())].into();
            store.commit(&Changes { sources, ..Changes::default() }).expect("written");
            assert_eq!(store.source(&id("sized")).expect("read"), Some(state), "{name}: {size}");
            let key = key::source(&id("sized"));
            let head = store.backend.get(&key).expect("read").expect("there");
            let parts = rows(&store, key::PART);
            let said = value::parts(&key, &head).expect("a head");
            assert_eq!(parts.len(), usize::from(said), "{name}: stale parts after {size}");
            let longest = parts.iter().map(|(_, v)| v.len()).chain([head.len()]).max();
            assert!(longest.is_some_and(|n| n <= 4096 + 8), "{name}: sled would make a file of it");
        }
        assert_eq!(rows(&store, key::PART).len(), 0, "{name}");
    });
}

#[test]
fn an_entry_that_shrinks_or_goes_takes_its_parts_with_it() {
    on_both(|name, store| {
        let entry = |len| {
            let mut world = World::default();
            let mut entry = world::entry(1, "fixed", 10);
            entry.body.content = Some(Body::Text(Draw::new(1).noise(len)));
            world.add(1, entry);
            world.finish()
        };
        for (len, parts) in [(0, 0), (20_000, 5), (9_000, 2), (30_000, 7), (100, 0)] {
            let changes = entry(len);
            store.commit(&changes).expect("written");
            assert_eq!(store.entry(1).expect("read"), changes.entries[&1], "{name}: {len}");
            assert!(rows(&store, key::PART).len().abs_diff(parts) <= 1, "{name}: {len}");
            store.check().unwrap_or_else(|e| panic!("{name}: {len}: {e}"));
        }
        store.commit(&entry(20_000)).expect("written");
        store.commit(&Changes { entries: [(1, None)].into(), ..Changes::default() }).expect("written");
        assert_eq!(rows(&store, key::PART).len() + rows(&store, key::ENTRY).len(), 0, "{name}");
    });
}

#[test]
fn a_long_list_of_numbers_has_parts() {
    on_both(|name, store| {
        let numbers: Vec<EntryNo> = (0..9_000).map(|n| n * 300).collect();
        let poll = BacklogKey { feed: FeedKey::All, first_seen: at(0), seq: 1 };
        let backlogs = [(poll.clone(), numbers.clone())].into();
        store.commit(&Changes { backlogs, ..Changes::default() }).expect("written");
        assert_eq!(store.backlog(&poll).expect("read"), numbers, "{name}");
        let backlogs = [(poll, Vec::new())].into();
        store.commit(&Changes { backlogs, ..Changes::default() }).expect("written");
        assert_eq!(store.dump(), [], "{name}");
    });
}

#[test]
fn an_entry_that_is_rewritten_while_it_is_read_is_read_whole() {
    on_both(|name, store| {
        let of_length = |n: usize| {
            let mut entry = world::entry(1, "fixed", 10);
            entry.body.content = Some(Body::Text(Draw::new(n as u64).noise(5_000 * n)));
            Changes { entries: [(1, Some(entry))].into(), ..Changes::default() }
        };
        let versions: Vec<Changes> = (0..6).map(of_length).collect();
        store.commit(&versions[0]).expect("written");
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for round in 0..300 {
                    store.commit(&versions[round * 5 % 6]).expect("written");
                }
            });
            while !writer.is_finished() {
                let entry = store.entry(1).unwrap_or_else(|e| panic!("{name}: {e}"));
                assert!(versions.iter().any(|version| version.entries[&1] == entry), "{name}: a mixture");
            }
        });
    });
}

#[test]
fn memory_and_disk_say_the_same_and_so_does_the_disk_after_it_was_closed() {
    let dir = TempDir::new().expect("a directory");
    let open = || Store::new(Box::new(SledBackend::open(dir.path()).expect("sled opens")));
    let (store, reference) = (open(), memory());
    for store in [&store, &reference] {
        store.commit(&world()).expect("written");
    }
    let before = store.dump();
    assert_eq!(before, reference.dump(), "memory and disk differ");
    let changes = Changes {
        position: Some(Reached { position: Position { segment: 9, offset: 9 }, checksum: None }),
        ..Changes::default()
    };
    store.commit(&changes).expect("written");
    assert_eq!(store.dump(), before, "where the journal stands is no part of it");
    store.flush().expect("flushed");
    drop(store);
    let store = open();
    store.check().expect("sound");
    assert_eq!(store.dump(), before);
    assert_eq!(store.position().expect("read"), changes.position);
}

#[test]
fn a_frozen_store_stays_as_it_was_whatever_is_written() {
    on_both(|name, store| {
        let store = Arc::new(store);
        store.commit(&world()).expect("written");
        let before = store.dump();
        let frozen = store.freeze().expect("the first");
        assert!(store.freeze().is_none(), "{name}: one at a time");
        assert_eq!(frozen.dump(), before, "{name}: nothing was written yet");
        let mut later = World::default();
        for no in 1..900 {
            let mut entry = world::entry(no, "fixed", 1000 + i64::try_from(no).expect("small"));
            entry.body.content =
                Some(Body::Text(Draw::new(no).noise(usize::try_from(no).expect("small") * 9)));
            later.add(no, entry);
        }
        store.commit(&later.finish()).expect("written");
        assert_ne!(store.dump(), before, "{name}");
        assert_eq!(frozen.dump(), before, "{name}");
        assert_eq!(frozen.meta().expect("read"), world().meta, "{name}");
        frozen.check().unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut back: Vec<Pair> = frozen
            .backend
            .scan_back(&key::ALL.0, &key::ALL.1)
            .filter(|pair| pair.as_ref().is_ok_and(|(key, _)| key[0] != key::POSITION))
            .collect::<Result<_, _>>()
            .expect("read");
        back.reverse();
        assert_eq!(back, before, "{name}, last first");
        assert!(frozen.commit(&world()).is_err(), "{name}");
        drop(frozen);
        let again = store.freeze().expect("the first is gone");
        assert_eq!(again.dump(), store.dump(), "{name}");
    });
}

#[test]
fn a_frozen_store_whose_store_changed_too_much_says_so() {
    let store = Arc::new(memory());
    let row = |n: u8| (octets(&[0x20, n]), Some(octets(&vec![n; 9 << 20])));
    raw(&store, (0..8).map(row).collect());
    let frozen = store.freeze().expect("the first");
    let batch = Batch { writes: (0..8).map(|n| (octets(&[0x20, n]), None)).collect() };
    store.frozen.before(&batch, &*store.backend).expect("memory can be read");
    store.backend.commit(batch).expect("written");
    assert!(matches!(frozen.backend.get(&[0x20, 1]), Err(StoreError::Backend { fault: None, .. })));
    let rows: Vec<_> = frozen.backend.scan(&[0], &[0xff]).collect();
    assert!(rows.last().is_some_and(Result::is_err), "{} rows", rows.len());
}

#[test]
fn what_the_disk_answered_is_told_as_a_kind() {
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("file");
    std::fs::write(&file, "").expect("written");
    let refused = SledBackend::open(&file.join("below")).err().expect("no directory");
    let StoreError::Backend { fault, .. } = &refused else { panic!("{refused}") };
    assert_eq!(*fault, Some(io::ErrorKind::NotADirectory), "{refused}");
}

#[test]
fn a_store_of_another_layout_says_so() {
    for (version, older) in [(1, true), (3, true), (5, false), (0x3f, false)] {
        let store = memory();
        raw(&store, vec![(octets(&key::meta()), Some(octets(&[version, 0, 0, 0, 0, b'{'])))]);
        match store.meta() {
            Err(StoreError::Older(said)) => assert!(older && said == version),
            Err(StoreError::Newer(said)) => assert!(!older && said == version),
            other => panic!("{version}: {other:?}"),
        }
        assert!(store.check().is_err());
    }
}

#[test]
fn an_empty_store_is_sound_and_one_without_a_head_is_not() {
    on_both(|name, store| {
        store.check().expect(name);
        store.commit(&world()).expect("written");
        let checked = store.check().unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((checked.entries, checked.rows), (6, store.dump().len() as u64 + 1), "{name}");
        raw(&store, vec![(octets(&key::meta()), None)]);
        assert!(store.check().is_err(), "{name}");
        store.flush().expect("flushed");
    });
}

fn a_little_after(time: Time) -> Time {
    time + TimeDelta::milliseconds(1)
}
