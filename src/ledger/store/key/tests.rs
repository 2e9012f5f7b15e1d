use chrono::TimeDelta;

use super::*;
use crate::testing::{at, id};

/// Feeds whose names begin alike, and one of the longest name.
fn feeds() -> Vec<FeedKey> {
    let long = "z".repeat(64);
    let regions = ["he", "he-nan", "henan", &long].map(|id| FeedKey::Region(RegionId::new(id)));
    let sources = ["he", "he-nan", "henan", &long].map(|id| FeedKey::Source(SourceId::new(id)));
    [FeedKey::All, FeedKey::National].into_iter().chain(regions).chain(sources).collect()
}

/// Times in order: some feeds are dated 0001-01-01.
fn times() -> Vec<Time> {
    let years = [-2400, 1, 1969, 1970, 2026, 6400];
    let starts = years.map(|year| chrono::NaiveDate::from_ymd_opt(year, 1, 1).expect("a date"));
    let starts = starts.map(|date| date.and_time(chrono::NaiveTime::MIN).and_utc());
    starts.into_iter().flat_map(|time| [time, time + TimeDelta::milliseconds(1)]).collect()
}

const NUMBERS: [u64; 7] = [0, 1, 255, 256, 65_536, 1 << 32, (1 << 40) - 1];

/// Checks that keys made from values in order are in order.
fn in_order(keys: &[Key], what: &str) {
    assert!(keys.is_sorted_by(|a, b| a < b), "{what}: the order of octets is not that of values");
}

#[test]
fn the_order_of_octets_is_the_order_of_values() {
    in_order(&NUMBERS.map(entry), "entries");
    let members = NUMBERS.iter().flat_map(|founder| NUMBERS.map(|no| member(*founder, no)));
    in_order(&members.collect::<Vec<_>>(), "members");
    for feed in feeds() {
        let mut ranks = Vec::new();
        for surfaced in times() {
            for published in times() {
                ranks.extend(NUMBERS.map(|no| Rank { surfaced, published, no }));
            }
        }
        assert!(ranks.is_sorted(), "as the list has them");
        for list in [LISTED, BACKLOG] {
            let keys: Vec<Key> = ranks.iter().map(|rank| listed(list, &feed, *rank)).collect();
            in_order(&keys, "places");
        }
        let polls = times().into_iter().flat_map(|first_seen| {
            NUMBERS.map(|seq| seen(&BacklogKey { feed: feed.clone(), first_seen, seq }))
        });
        in_order(&polls.collect::<Vec<_>>(), "first polls");
        let gone = times().into_iter().flat_map(|at| NUMBERS.map(|no| withdrawn(&feed, at, no)));
        in_order(&gone.collect::<Vec<_>>(), "withdrawals");
    }
}

#[test]
fn every_key_says_what_it_was_made_from() {
    for no in NUMBERS {
        assert_eq!(entry_no(&entry(no)).ok(), Some(no));
        assert_eq!(member_key(&member(no, 7)).ok(), Some((no, 7)));
    }
    for feed in feeds() {
        assert_eq!(feed_key(&super::feed(&feed)).ok(), Some(feed.clone()));
        for (at, no) in times().into_iter().zip(NUMBERS) {
            let rank = Rank { surfaced: at, published: at - TimeDelta::milliseconds(5), no };
            for backlog in [false, true] {
                let was = ListingKey { feed: feed.clone(), backlog, rank };
                assert_eq!(place_key(&place(&was)).ok(), Some(was));
            }
            let was = BacklogKey { feed: feed.clone(), first_seen: at, seq: no };
            assert_eq!(seen_key(&seen(&was)).ok(), Some(was));
            assert_eq!(withdrawn_key(&withdrawn(&feed, at, no)).ok(), Some((feed.clone(), at, no)));
        }
    }
    assert_eq!(source_id(&source(&id("he-nan"))).ok(), Some(id("he-nan")));
    let entry = entry(9);
    assert_eq!(part_of(&part(&entry, 513)).ok(), Some((&*entry, 513)));
}

#[test]
fn a_key_that_is_cut_short_says_nothing() {
    let at = at(0);
    let rank = Rank { surfaced: at, published: at, no: 1 };
    let place = place(&ListingKey { feed: FeedKey::All, backlog: true, rank });
    let seen = seen(&BacklogKey { feed: FeedKey::All, first_seen: at, seq: 1 });
    let withdrawn = withdrawn(&FeedKey::All, at, 1);
    for cut in 0..10 {
        assert!(place_key(&place[..cut]).is_err(), "{cut}");
        assert!(seen_key(&seen[..cut]).is_err(), "{cut}");
        assert!(withdrawn_key(&withdrawn[..cut]).is_err(), "{cut}");
        assert!(member_key(&member(1, 2)[..cut]).is_err(), "{cut}");
        assert!(entry_no(&entry(1)[..cut.min(5)]).is_err(), "{cut}");
    }
    assert!(part_of(&[PART, 0]).is_err());
}

#[test]
fn ranges_hold_what_is_theirs_and_nothing_of_a_neighbour() {
    let time = at(0);
    let rank = Rank { surfaced: time, published: time, no: 1 };
    for feed in feeds() {
        for other in feeds() {
            let key = listed(LISTED, &other, rank);
            let (from, to) = list_range(LISTED, &feed, None);
            assert_eq!(from <= key && key < to, feed == other, "{feed:?} and {other:?}");
            let key = withdrawn(&other, time, 1);
            let (from, to) = withdrawn_since(&feed, time);
            assert_eq!(from <= key && key < to, feed == other, "{feed:?} and {other:?}");
            let key = seen(&BacklogKey { feed: other.clone(), first_seen: time, seq: 1 });
            let (from, to) = seen_range(&feed, Time::MIN_UTC, Time::MAX_UTC);
            assert_eq!(from <= key && key < to, feed == other, "{feed:?} and {other:?}");
        }
    }
}

#[test]
fn times_beyond_what_a_key_holds_stand_at_the_ends() {
    let early = at_time(SEEN, &FeedKey::All, Time::MIN_UTC);
    let late = at_time(SEEN, &FeedKey::All, Time::MAX_UTC);
    in_order(&[early, at_time(SEEN, &FeedKey::All, at(0)), late], "the ends");
}

#[test]
fn ids_of_one_directory_stand_together() {
    let near = ["https://a.example/2026/11/1.html", "https://a.example/2026/11/2.html"].map(owner);
    assert_eq!(near[0][..3], near[1][..3]);
    assert_ne!(near[0], near[1]);
    assert_ne!(owner("https://a.example/1")[..3], owner("https://b.example/1")[..3]);
    assert_ne!(owner("x"), owner("y"), "an id without a directory");
}
