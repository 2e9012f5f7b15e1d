//! One contract for the store in memory and the one on disk.

use tempfile::TempDir;

use super::*;
use crate::core::entry::Body;
use crate::core::region::RegionId;
use crate::testing::*;

/// Runs a test on both backends.
fn on_both(test: impl Fn(&str, Store)) {
    test("in memory", memory());
    let dir = TempDir::new().expect("a directory");
    test("on disk", Store::new(Box::new(SledBackend::open(dir.path()).expect("sled opens"))));
}

fn raw(store: &Store, writes: Vec<(Vec<u8>, Option<Vec<u8>>)>) {
    store.backend.commit(Batch { writes }).expect("written");
}

fn rows(store: &Store, tag: u8) -> Vec<Pair> {
    store.dump().into_iter().filter(|(key, _)| key[0] == tag).collect()
}

#[test]
fn a_batch_is_seen_whole_or_not_at_all() {
    on_both(|name, store| {
        let key = |n: u8| vec![0x20, n];
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for round in 0..300_u32 {
                    let value = round.to_be_bytes().to_vec();
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
        let key = vec![0x20];
        raw(&store, vec![(key.clone(), Some(vec![1])), (key.clone(), Some(vec![2]))]);
        assert_eq!(store.backend.get(&key).expect("read"), Some(vec![2]), "{name}");
        raw(&store, vec![(key.clone(), Some(vec![3])), (key.clone(), None)]);
        assert_eq!(store.backend.get(&key).expect("read"), None, "{name}");
        raw(&store, vec![(key.clone(), None), (key.clone(), Some(Vec::new()))]);
        assert_eq!(store.backend.get(&key).expect("read"), Some(Vec::new()), "{name}");
    });
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
            let changes: Vec<_> =
                ranks.iter().map(|r| Change::Listed(feed.clone(), *r, r.surfaced)).collect();
            store.commit(&changes).expect("written");
            ranks.sort_by(|a, b| b.cmp(a));
            assert_eq!(store.list(&feed, None, usize::MAX).expect("read"), ranks, "{name}");
            for page in [1, 2, 10, 57, 58] {
                let (mut all, mut after) = (Vec::new(), None);
                loop {
                    let next = store.list(&feed, after, page).expect("read");
                    let Some(last) = next.last() else { break };
                    assert!(next.len() <= page);
                    after = Some(*last);
                    all.extend(next);
                }
                assert_eq!(all, ranks, "{name}, pages of {page}");
            }
            store.commit(&[Change::Unlisted(feed.clone(), ranks[3], ranks[3].surfaced)]).expect("written");
            ranks.remove(3);
            assert_eq!(store.list(&feed, None, usize::MAX).expect("read"), ranks, "{name}");
        }
    });
}

#[test]
fn what_was_first_seen_is_found_between_any_two_times() {
    on_both(|name, store| {
        // Two feeds whose names begin alike.
        let (feed, other) = (feed_of(2), feed_of(3));
        let rank = |no| Rank { surfaced: at(-500_000), published: at(-500_000), no };
        let seen = [-2_000_000_000, -1, 0, 0, 10, 500];
        let listed = |feed: &FeedKey, at: Time, no| Change::Listed(feed.clone(), rank(no), at);
        let mut changes: Vec<_> = (0..).zip(seen).map(|(no, s)| listed(&feed, at(s), no)).collect();
        changes.push(listed(&other, at(5), 77));
        store.commit(&changes).expect("written");
        let between = |from, to| store.seen_between(&feed, at(from), at(to), 100).expect("read");
        assert_eq!(between(-3_000_000_000, 1000), [5, 4, 3, 2, 1, 0], "{name}");
        assert_eq!(between(0, 10), [3, 2], "{name}: the end is not in it");
        assert_eq!(between(11, 500), [0; 0], "{name}");
        assert_eq!(store.seen_between(&feed, at(0), at(1000), 1).expect("read"), [5], "{name}: the latest");
        let before = |s| store.last_seen_before(&feed, at(s)).expect("read");
        assert_eq!(
            [before(500), before(0), before(-1)],
            [Some(at(10)), Some(at(-1)), Some(at(-2_000_000_000))]
        );
        assert_eq!(before(-2_000_000_000), None, "{name}");
        let from = |s| store.first_seen_from(&feed, at(s)).expect("read");
        assert_eq!([from(11), from(500), from(501)], [Some(at(500)), Some(at(500)), None], "{name}");
        store.commit(&[Change::Unlisted(feed.clone(), rank(5), at(500))]).expect("written");
        assert_eq!(store.first_seen_from(&feed, at(11)).expect("read"), None, "{name}: it left");
        assert!(store.list(&feed, None, 100).expect("read").iter().all(|rank| rank.no != 5), "{name}");
    });
}

/// A source whose stored form takes about so many octets.
fn sized(len: usize, compressible: bool) -> SourceState {
    let mut state = SourceState::new(def("sized", fixed(&[])));
    let text = if compressible { "河".repeat(len / 3) } else { Draw::new(len as u64).noise(len) };
    state.facts.rights = Some(text);
    state
}

#[test]
fn values_of_every_size_come_back_and_leave_nothing_when_they_shrink() {
    on_both(|name, store| {
        let sizes = [0, 255, 256, 4095, 4096, 4097, 8191, 8192, 8193, 100_000, 3_000, 20_000, 1, 0];
        for (size, compressible) in sizes.iter().flat_map(|s| [(*s, false), (*s, true)]) {
            let state = sized(size, compressible);
            store.commit(&[Change::Source(id("sized"), Box::new(state.clone()))]).expect("written");
            assert_eq!(store.source(&id("sized")).expect("read"), Some(state), "{name}: {size}");
            let head = store.backend.get(&key::source(&id("sized"))).expect("read").expect("there");
            let parts = rows(&store, key::PART);
            assert_eq!(
                parts.len(),
                usize::from(value::parts(&[], &head).expect("a head")),
                "{name}: stale parts after {size}"
            );
            let longest = parts.iter().map(|(_, v)| v.len()).chain([head.len()]).max();
            assert!(longest.is_some_and(|n| n <= 4096 + 8), "{name}: sled would make a file of it");
        }
        assert_eq!(rows(&store, key::PART).len(), 0, "{name}");
    });
}

#[test]
fn payloads_of_every_length_around_a_part_are_sealed_and_opened() {
    for len in [0, 1, 255, 256, 257, 4095, 4096, 4097, 8192, 8193, 102_400] {
        for compressible in [false, true] {
            let payload = if compressible { vec![b'x'; len] } else { Draw::new(1).noise(len).into_bytes() };
            let (head, parts) = value::seal(b"key", &payload);
            assert_eq!(usize::from(value::parts(b"key", &head).expect("a head")), parts.len());
            let rest = parts.concat();
            assert_eq!(value::unseal(b"key", &head, &rest).expect("ours"), payload, "{len}");
            assert!(value::unseal(b"kez", &head, &rest).is_err(), "it strayed to another key");
        }
    }
}

fn loaded(store: &Store) {
    fold(store, &workload(11, 12), &rules(&sources()));
    store.check().expect("sound");
}

#[test]
fn a_value_with_any_octet_changed_is_damaged() {
    on_both(|name, store| {
        let mut entry = new(1, body("长", None));
        entry.entry.summary = Some(Body::Text(Draw::new(2).noise(10_000)));
        let all = lines([config(0, &sources(), &[]), seen("fixed", 1, vec![entry], vec![])]);
        fold(&store, &all, &rules(&sources()));
        let mut tried = 0;
        for (key, good) in store.dump().into_iter().filter(|(k, _)| matches!(k[0], key::ENTRY | key::PART)) {
            for at in (0..good.len()).step_by(131).chain(0..8.min(good.len())) {
                let mut bad = good.clone();
                bad[at] ^= 0x10;
                raw(&store, vec![(key.clone(), Some(bad))]);
                let read = store.entry(1);
                assert!(
                    matches!(read, Err(StoreError::Damaged { .. } | StoreError::Newer(_))),
                    "{name}: octet {at} of {key:?}: {read:?}"
                );
                tried += 1;
            }
            for cut in [0, 3, 7, good.len() - 1] {
                raw(&store, vec![(key.clone(), Some(good[..cut].to_vec()))]);
                assert!(store.entry(1).is_err(), "{name}: {key:?} cut to {cut}");
            }
            raw(&store, vec![(key.clone(), Some(good))]);
            assert!(store.entry(1).is_ok(), "{name}");
        }
        assert!(tried > 50, "{name}: {tried}");
    });
}

#[test]
fn the_check_passes_after_any_workload() {
    for seed in 0..2 {
        on_both(|name, store| {
            for (n, line) in workload(seed, 12).iter().enumerate() {
                fold(&store, std::slice::from_ref(line), &rules(&sources()));
                if n % 4 == 0 {
                    store.check().unwrap_or_else(|e| panic!("{name}, seed {seed}, line {n}: {e}"));
                }
            }
            store.check().unwrap_or_else(|e| panic!("{name}, seed {seed}: {e}"));
            store.flush().expect("flushed");
        });
    }
}

#[test]
fn an_empty_store_is_sound_and_one_without_a_head_is_not() {
    on_both(|name, store| {
        store.check().expect(name);
        loaded(&store);
        raw(&store, vec![(key::meta(), None)]);
        assert!(store.check().is_err(), "{name}");
    });
}

#[test]
fn the_check_misses_no_row_that_is_gone() {
    let store = memory();
    loaded(&store);
    for (key, value) in store.dump() {
        raw(&store, vec![(key.clone(), None)]);
        let found = store.check();
        assert!(found.is_err(), "the row {key:?} may go missing");
        raw(&store, vec![(key, Some(value))]);
    }
    store.check().expect("all is back");
}

#[test]
fn the_check_misses_no_octet_that_is_flipped() {
    let store = memory();
    loaded(&store);
    for (key, value) in store.dump() {
        for at in [0, 3, 4, 8, value.len().saturating_sub(1)] {
            let mut bad = value.clone();
            let Some(octet) = bad.get_mut(at) else { continue };
            *octet ^= 1;
            raw(&store, vec![(key.clone(), Some(bad))]);
            assert!(store.check().is_err(), "octet {at} of {key:?}");
        }
        raw(&store, vec![(key, Some(value))]);
    }
}

#[test]
fn the_check_misses_no_row_that_is_added_or_strays() {
    let store = memory();
    loaded(&store);
    for (key, value) in store.dump() {
        let mut stray = key.clone();
        *stray.last_mut().expect("not empty") ^= 1;
        if store.backend.get(&stray).expect("read").is_some() {
            continue;
        }
        raw(&store, vec![(stray.clone(), Some(value.clone()))]);
        assert!(store.check().is_err(), "{stray:?} added beside {key:?}");
        raw(&store, vec![(key.clone(), None)]);
        assert!(store.check().is_err(), "{stray:?} in place of {key:?}");
        raw(&store, vec![(stray, None), (key, Some(value))]);
    }
    store.check().expect("all is back");
}

#[test]
fn the_check_misses_no_entry_source_or_feed_that_is_an_older_one() {
    let (all, rules) = (workload(11, 30), rules(&sources()));
    for stop in [10, 20, 29] {
        let (old, new) = (folded(&all[..stop], &rules), folded(&all, &rules));
        let mut tried = 0;
        for (key, value) in old.dump() {
            let now = new.backend.get(&key).expect("read");
            let counted = matches!(key[0], key::META | key::ENTRY | key::SOURCE | key::FEED | key::SKETCH);
            if now.as_ref() == Some(&value) || !counted {
                continue;
            }
            raw(&new, vec![(key.clone(), Some(value.clone()))]);
            // An older poll of a source costs a repeated request, an older config a repeated record.
            let harmless =
                matches!(key[0], key::SOURCE | key::FEED) && is_alike(&new, &key, &value, now.as_deref());
            let only_polls = key[0] == key::META && stop == 29;
            assert!(new.check().is_err() || harmless || only_polls, "{key:?} as of line {stop}");
            tried += u32::from(!harmless);
            raw(&new, vec![(key, now)]);
        }
        assert!(tried > 0, "{tried} of line {stop}");
        new.check().expect("all is back");
    }
}

/// Whether two records of a source differ only in what no entry depends on, or two of a feed only in
/// when it was changed.
fn is_alike(store: &Store, key: &[u8], old: &[u8], now: Option<&[u8]>) -> bool {
    let now = now.expect("nothing of a source or feed is deleted");
    if key[0] == key::FEED {
        let old: FeedState = store.open(key, old).expect("sound");
        let now: FeedState = store.open(key, now).expect("sound");
        return old.entries == now.entries;
    }
    // Its parts, if it has any, are those of today.
    let (Ok(old), Ok(now)) = (store.open::<SourceState>(key, old), store.open::<SourceState>(key, now))
    else {
        return false;
    };
    (old.entries, old.digest) == (now.entries, now.digest)
}

#[test]
fn a_store_on_disk_says_the_same_after_it_was_closed() {
    let dir = TempDir::new().expect("a directory");
    let open = || Store::new(Box::new(SledBackend::open(dir.path()).expect("sled opens")));
    let store = open();
    loaded(&store);
    let before = store.dump();
    assert_eq!(before, folded(&workload(11, 12), &rules(&sources())).dump(), "memory and disk differ");
    store.flush().expect("flushed");
    drop(store);
    let store = open();
    store.check().expect("sound");
    assert_eq!(store.dump(), before);
}

#[test]
fn a_frozen_store_stays_as_it_was_whatever_is_written() {
    on_both(|name, store| {
        let (store, all, rules) = (Arc::new(store), workload(31, 60), rules(&sources()));
        fold(&store, &all[..20], &rules);
        let before = store.dump();
        let frozen = store.freeze().expect("the first");
        assert!(store.freeze().is_none(), "{name}: one at a time");
        assert_eq!(frozen.dump(), before, "{name}: nothing was written yet");
        fold(&store, &all[20..], &rules);
        assert_ne!(store.dump(), before, "{name}");
        assert_eq!(frozen.dump(), before, "{name}");
        frozen.check().unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut back: Vec<Pair> =
            frozen.backend.scan_back(&[0], &[0xff]).collect::<Result<_, _>>().expect("read");
        back.reverse();
        assert_eq!(back, before, "{name}, last first");
        assert!(frozen.commit(&[Change::Disowned("x".to_owned())]).is_err(), "{name}");
        drop(frozen);
        let again = store.freeze().expect("the first is gone");
        assert_eq!(again.dump(), store.dump(), "{name}");
    });
}

#[test]
fn a_frozen_store_whose_store_changed_too_much_says_so() {
    let store = Arc::new(memory());
    let row = |n: u8| (vec![0x20, n], Some(vec![n; 9 << 20]));
    raw(&store, (0..8).map(row).collect());
    let frozen = store.freeze().expect("the first");
    let batch = Batch { writes: (0..8).map(|n| (vec![0x20, n], None)).collect() };
    store.frozen.before(&batch, &*store.backend).expect("memory can be read");
    store.backend.commit(batch).expect("written");
    assert!(matches!(frozen.backend.get(&[0x20, 1]), Err(StoreError::Backend(_))));
    let rows: Vec<_> = frozen.backend.scan(&[0], &[0xff]).collect();
    assert!(rows.last().is_some_and(Result::is_err), "{} rows", rows.len());
}

#[test]
fn what_is_near_in_memory_is_what_a_fresh_store_finds() {
    let dir = TempDir::new().expect("a directory");
    let store = Store::new(Box::new(SledBackend::open(dir.path()).expect("sled opens")));
    let (all, rules) = (workload(37, 80), rules(&sources()));
    let (mut found, mut answers) = (0, Vec::new());
    // Asked from the first line on, so that the mirror follows what is filed, filed anew and taken out.
    for line in &all {
        fold(&store, std::slice::from_ref(line), &rules);
        answers = lookups_of(&store);
        found = found.max(answers.len());
    }
    store.flush().expect("flushed");
    drop(store);
    let fresh = Store::new(Box::new(SledBackend::open(dir.path()).expect("sled opens")));
    assert_eq!(lookups_of(&fresh), answers);
    assert!(found > 100, "{found} answers");
}

/// What every stored sketch would find near it.
fn lookups_of(store: &Store) -> Vec<Vec<EntryNo>> {
    let entries = store.entries_from(0, usize::MAX).expect("read");
    let sketches = entries.iter().filter_map(|(no, _)| store.stored_sketch(*no).expect("read"));
    let lookups = sketches.flat_map(|sketch| crate::core::story::lookups(&sketch));
    lookups.map(|lookup| store.near(&lookup, 4).expect("read")).collect()
}

#[test]
fn a_store_of_an_earlier_layout_says_so() {
    let store = memory();
    loaded(&store);
    let mut old = store.backend.get(&key::meta()).expect("read").expect("there");
    old[0] = 1;
    raw(&store, vec![(key::meta(), Some(old))]);
    assert!(matches!(store.meta(), Err(StoreError::Older(1))));
    assert!(store.check().is_err());
}
