//! Tests of a scrub over rows that are missing, damaged, or contradict other rows.

use super::*;

fn loaded() -> Store {
    let store = memory();
    store.commit(&world()).expect("written");
    store.check().expect("sound");
    store
}

/// The keys that one pass over the whole store has doubts about.
fn doubts(store: &Store) -> Result<Vec<Vec<u8>>, StoreError> {
    store.scrub_step(None, usize::MAX, &mut KeysAtHand::default()).map(|found| found.doubts)
}

#[test]
fn a_row_with_any_octet_changed_is_damaged() {
    let store = loaded();
    let mut tried = 0;
    for (key, good) in store.backend.scan(&key::ALL.0, &key::ALL.1).map(|pair| pair.expect("read")) {
        let ends = [0, 1, 4, 5, 6, 7, good.len() - 1];
        for at in (0..good.len()).step_by(131).chain(ends.into_iter().filter(|at| *at < good.len())) {
            for bit in [1, 0x10, 0x80] {
                let mut bad = good.to_vec();
                bad[at] ^= bit;
                raw(&store, vec![(key.clone(), Some(octets(&bad)))]);
                let found = doubts(&store);
                let told = match &found {
                    Err(StoreError::Damaged { .. } | StoreError::Newer(_) | StoreError::Older(_)) => true,
                    // The head of a value says how many parts it has.
                    Ok(doubts) => !doubts.is_empty(),
                    Err(StoreError::Backend { .. }) => false,
                };
                assert!(told, "octet {at} of {key:?}: {found:?}");
                tried += 1;
            }
        }
        for cut in [0, 1, 4, 5, good.len() - 1] {
            raw(&store, vec![(key.clone(), Some(octets(&good[..cut])))]);
            assert!(doubts(&store).is_err(), "{key:?} cut to {cut}");
        }
        raw(&store, vec![(key, Some(good))]);
    }
    assert!(tried > 1_000, "{tried}");
    store.check().expect("all is back");
}

type Read<'a> = &'a dyn Fn(&Store) -> Result<(), StoreError>;

#[test]
fn a_damaged_value_is_never_read_as_something_else() {
    let good = loaded();
    let reads: [(u8, Read<'_>); 11] = [
        (key::META, &|store| store.meta().map(drop)),
        (key::POSITION, &|store| store.position().map(drop)),
        (key::SOURCE, &|store| store.sources().map(drop)),
        (key::FEED, &|store| store.feeds().map(drop)),
        (key::ENTRY, &|store| store.entries_from(0, 99).map(drop)),
        (key::PART, &|store| store.entry(3).map(drop)),
        (key::KNOWN, &|store| {
            ["auto", "fixed"].into_iter().try_for_each(|source| store.known(&id(source)).map(drop))
        }),
        (key::OWNER, &|store| (1..7).try_for_each(|no| store.owner(&format!("urn:entry:{no}")).map(drop))),
        (key::LISTED, &|store| store.list(&FeedKey::All, None, 99).map(drop)),
        (key::SEEN, &|store| {
            let poll = BacklogKey { feed: FeedKey::All, first_seen: at(100), seq: 20 };
            store.backlog(&poll).map(drop)
        }),
        (key::MEMBER, &|store| store.members(3, 99).map(drop)),
    ];
    for (tag, read) in reads {
        let first = good.backend.scan(&[tag], &[tag + 1]).next().expect("there is such a row").expect("read");
        let mut bad = first.1.to_vec();
        *bad.last_mut().expect("it is not empty") ^= 4;
        let store = memory();
        raw(&store, good.dump().into_iter().map(|(key, value)| (key, Some(value))).collect());
        read(&store).unwrap_or_else(|e| panic!("{tag}: {e}"));
        let store = memory();
        raw(&store, good.dump().into_iter().map(|(key, value)| (key, Some(value))).collect());
        raw(&store, vec![(first.0, Some(octets(&bad)))]);
        assert!(matches!(read(&store), Err(StoreError::Damaged { .. })), "a row that begins with {tag}");
    }
}

#[test]
fn no_row_may_be_missing() {
    let store = loaded();
    for (key, value) in store.dump() {
        raw(&store, vec![(key.clone(), None)]);
        assert!(store.check().is_err(), "the row {key:?} may go missing");
        // Counts are for the whole check; the scrub finds what an entry calls for.
        if ![key::META, key::ENTRY].contains(&key[0]) {
            assert!(doubts(&store).map_or(true, |found| !found.is_empty()), "the scrub misses {key:?}");
        }
        raw(&store, vec![(key, Some(value))]);
    }
    store.check().expect("all is back");
}

#[test]
fn no_value_may_stand_under_another_key() {
    let store = loaded();
    for (key, value) in store.dump().into_iter().filter(|(key, _)| key.len() > 1) {
        let mut stray = key.to_vec();
        *stray.last_mut().expect("not empty") ^= 1;
        let stray = octets(&stray);
        if store.backend.get(&stray).expect("read").is_some() {
            continue;
        }
        raw(&store, vec![(stray.clone(), Some(value.clone()))]);
        let found = doubts(&store);
        assert!(found.as_ref().map_or(true, |found| !found.is_empty()), "{stray:?} added: {found:?}");
        raw(&store, vec![(stray, None)]);
    }
    raw(&store, vec![(octets(&[0x20, 1]), Some(octets(&[1])))]);
    assert_eq!(doubts(&store).expect("read"), [[0x20, 1]], "nothing is kept under such keys");
}

/// Changes the first entry, and nothing that leads to it.
fn first(change: impl FnOnce(&mut Entry)) -> Changes {
    let mut entry = world().entries[&1].clone().expect("there");
    change(&mut entry);
    Changes { entries: [(1, Some(entry))].into(), ..Changes::default() }
}

fn rank(no: EntryNo) -> Rank {
    Rank::of(no, world().entries[&no].as_ref().expect("there"))
}

fn place(feed: FeedKey, backlog: bool, rank: Rank, place: Listing) -> Changes {
    Changes { places: [(ListingKey { feed, backlog, rank }, Some(place))].into(), ..Changes::default() }
}

fn henan() -> FeedKey {
    FeedKey::Region(RegionId::new("henan"))
}

#[test]
fn every_row_that_is_otherwise_than_the_rest_says_is_found() {
    let news = Listing { source: 2, backlog: None, story: Some(3) };
    let old = Listing { source: 1, backlog: Some(0), story: None };
    let poll = |seconds, seq| BacklogKey { feed: FeedKey::All, first_seen: at(seconds), seq };
    let backlogs = |poll, numbers: &[EntryNo]| Changes {
        backlogs: [(poll, numbers.to_vec())].into(),
        ..Changes::default()
    };
    let known = |source: &str, of, no| Changes {
        known: [((id(source), world::world_key(of)), Some(no))].into(),
        ..Changes::default()
    };
    let owner = |of: &str, no| Changes { owners: [(of.to_owned(), Some(no))].into(), ..Changes::default() };
    let member = |founder, no, of: EntryNo| {
        let member = world().entries[&of].as_ref().expect("there").member();
        Changes { members: [((founder, no), Some(member))].into(), ..Changes::default() }
    };
    let withdrawn = |feed, seconds, no, of: &str| Changes {
        withdrawn: [((feed, at(seconds), no), of.to_owned())].into(),
        ..Changes::default()
    };
    let cases = [
        ("an entry that is listed where it is not", place(henan(), false, rank(3), news)),
        ("a place of no entry", place(FeedKey::All, false, Rank { no: 99, ..rank(3) }, news)),
        (
            "a place of one that was withdrawn",
            place(FeedKey::All, false, rank(5), Listing { story: None, ..news }),
        ),
        ("a place of one that expired", place(FeedKey::All, false, rank(6), Listing { story: None, ..news })),
        (
            "a second place of an entry",
            place(FeedKey::All, false, Rank { surfaced: a_little_after(rank(3).surfaced), ..rank(3) }, news),
        ),
        ("one of a first poll among the others", place(FeedKey::All, false, rank(1), old)),
        ("a place with another source", place(FeedKey::All, false, rank(3), Listing { source: 1, ..news })),
        ("a place without its story", place(FeedKey::All, false, rank(3), Listing { story: None, ..news })),
        ("a place in another story", place(FeedKey::All, false, rank(3), Listing { story: Some(1), ..news })),
        (
            "a place with a story that one tells",
            place(FeedKey::All, true, rank(1), Listing { story: Some(1), ..old }),
        ),
        (
            "a place among its first poll otherwise",
            place(FeedKey::All, true, rank(1), Listing { backlog: Some(9), ..old }),
        ),
        ("a first poll with one that came later", backlogs(poll(100, 20), &[1, 2, 3])),
        ("a first poll with one that is not there", backlogs(poll(100, 20), &[1, 2, 99])),
        ("a first poll with one too few", backlogs(poll(100, 20), &[1])),
        ("a first poll out of order", backlogs(poll(100, 20), &[2, 1])),
        ("a first poll at another time", backlogs(poll(101, 20), &[1, 2])),
        ("a first poll of another line", backlogs(poll(100, 21), &[1, 2])),
        ("a key that leads to an entry without it", known("fixed", 1, 2)),
        ("a key that leads to an entry of another source", known("fixed", 3, 3)),
        ("a key that leads nowhere", known("fixed", 77, 77)),
        ("an id that leads to another entry", owner("urn:entry:1", 2)),
        ("an id that no entry has", owner("urn:entry:99", 1)),
        ("an id that leads nowhere", owner("urn:entry:99", 99)),
        ("a member of a story of others", member(3, 1, 1)),
        ("a story that one entry tells", member(1, 1, 1)),
        ("a member that is not there", member(3, 99, 4)),
        ("a member that expired", member(6, 6, 6)),
        ("a member that is otherwise", member(3, 4, 3)),
        ("a withdrawal of one that is shown", withdrawn(FeedKey::All, 500, 3, "urn:entry:3")),
        ("a withdrawal at another time", withdrawn(FeedKey::All, 501, 5, "urn:entry:5")),
        ("a withdrawal from a feed that never had it", withdrawn(henan(), 500, 5, "urn:entry:5")),
        ("a withdrawal under another id", withdrawn(FeedKey::All, 500, 5, "urn:entry:6")),
        ("an entry with another id", first(|entry| entry.id.push('x'))),
        ("an entry with one more key", first(|entry| entry.keys.push(world::world_key(50)))),
        ("an entry with one key less", first(|entry| entry.keys.truncate(1))),
        ("an entry that lost its regions", first(|entry| entry.regions.clear())),
        ("an entry that surfaced later", first(|entry| entry.surfaced = a_little_after(entry.surfaced))),
        ("an entry that was first seen later", first(|entry| entry.first_seen = at(101))),
        ("an entry of another line", first(|entry| entry.seq = 21)),
        ("an entry that came later", first(|entry| entry.backlog = None)),
        ("an entry at another place of its first poll", first(|entry| entry.backlog = Some(7))),
        ("an entry that was withdrawn", first(|entry| entry.withdrawn = Some(at(5)))),
        ("an entry that expired", first(|entry| entry.expired = Some(at(5)))),
        ("an entry of a source that is not there", first(|entry| entry.source = id("gone"))),
        ("an entry of a line that is not there", first(|entry| entry.changed_seq = 5_000)),
        ("an entry whose number is not given out", {
            Changes { meta: Some(Meta { next_no: 6, ..world().meta.expect("set") }), ..Changes::default() }
        }),
    ];
    for (case, changes) in cases {
        let store = loaded();
        store.commit(&changes).expect("written");
        let doubts = doubts(&store).unwrap_or_else(|e| panic!("{case}: {e}"));
        assert!(!doubts.is_empty(), "the scrub does not find {case}");
        assert!(store.recheck(&doubts[0]).is_err(), "{case}, looked at again");
        assert!(store.check().is_err(), "the check does not find {case}");
    }
}

#[test]
fn counts_that_are_off_are_found() {
    let meta = world().meta.expect("set");
    let cases: [(&str, Changes); 6] = [
        ("entries", Changes { meta: Some(Meta { entries: 9, ..meta.clone() }), ..Changes::default() }),
        ("expired entries", Changes { meta: Some(Meta { stubs: 9, ..meta.clone() }), ..Changes::default() }),
        ("sources", Changes { meta: Some(Meta { sources: 3, ..meta }), ..Changes::default() }),
        ("entries of a source", {
            let mut sources = world().sources;
            sources.values_mut().for_each(|source| source.entries += 1);
            Changes { sources, ..Changes::default() }
        }),
        ("expired entries of a source", {
            let mut sources = world().sources;
            sources.values_mut().for_each(|source| source.stubs += 1);
            Changes { sources, ..Changes::default() }
        }),
        ("entries of a feed", {
            let mut feeds = world().feeds;
            feeds.values_mut().for_each(|feed| feed.entries += 1);
            Changes { feeds, ..Changes::default() }
        }),
    ];
    for (case, changes) in cases {
        let store = loaded();
        store.commit(&changes).expect("written");
        assert!(matches!(store.check(), Err(Unsound::Count { .. })), "{case}");
    }
}

#[test]
fn steps_of_any_length_come_to_the_same() {
    let store = loaded();
    let all = store.scrub_step(None, usize::MAX, &mut KeysAtHand::default()).expect("read");
    assert_eq!(all.rows, store.dump().len() as u64 + 1, "with the one that says where the journal stands");
    for rows in [1, 2, 7, 1_000] {
        let (mut from, mut sum) = (None, Scrubbed::default());
        loop {
            let step = store.scrub_step(from, rows, &mut KeysAtHand::default()).expect("read");
            assert!(step.rows <= rows as u64 && step.doubts.is_empty());
            sum.rows += step.rows;
            sum.octets += step.octets;
            sum.entries += step.entries;
            from = step.next;
            if from.is_none() {
                break;
            }
        }
        assert_eq!((sum.rows, sum.octets, sum.entries), (all.rows, all.octets, all.entries), "{rows}");
    }
}

#[test]
fn a_row_that_was_in_doubt_and_is_gone_is_sound() {
    let store = loaded();
    store.recheck(&key::entry(99)).expect("nothing is there");
    store.recheck(&key::entry(1)).expect("nothing is wrong with it");
}
