//! Entries that were found to tell one story.

use super::keeping::expiry;
use super::*;
use crate::core::state::{EntryNo, State};

/// One of several reports of one thing.
pub(super) fn report(n: u64) -> NewEntry {
    new(n, body("殷墟遗址今天公布新的考古发现，专家称其填补空白", Some(Stamp::second(at(500)))))
}

pub(super) fn members(store: &Store, founder: EntryNo) -> Vec<EntryNo> {
    let members = store.members(founder, 9).expect("a sound store");
    members.into_iter().map(|(no, _)| no).collect()
}

/// The founders that a list says, by the numbers of the entries.
fn listed_stories(store: &Store, feed: &FeedKey) -> Vec<(EntryNo, Option<EntryNo>)> {
    let mut list = store.list(feed, None, 9).expect("a sound store");
    list.sort_by_key(|(rank, _)| rank.no);
    list.into_iter().map(|(rank, place)| (rank.no, place.story)).collect()
}

fn withdrawal(seconds: i64, n: u64) -> Record {
    Record::Withdraw(Withdrawal { at: at(seconds), published_id: format!("urn:entry:{n}") })
}

/// Three reports of one thing.
fn three() -> Vec<Record> {
    vec![
        seen("paper", 1000, vec![report(1)], vec![]),
        seen("paper", 2000, vec![told(report(2), 1)], vec![]),
        seen("paper", 3000, vec![told(report(3), 2)], vec![]),
    ]
}

#[test]
fn an_entry_is_filed_with_the_story_of_the_one_it_was_found_to_tell_with() {
    let store = paper(three());
    assert_eq!(members(&store, 1), [1, 2, 3], "whichever of them was found");
    let founders: Vec<_> = (1..=3).map(|n| entry(&store, n).story.map(|story| story.founder)).collect();
    assert_eq!(founders, [None, Some(1), Some(1)]);
    for feed in [FeedKey::All, region("henan"), FeedKey::Source(id("paper"))] {
        assert_eq!(listed_stories(&store, &feed), [(1, Some(1)), (2, Some(1)), (3, Some(1))], "{feed:?}");
    }
    let cases: [(&str, Vec<NewEntry>, Vec<EntryNo>); 3] = [
        ("nobody was found", vec![report(1)], vec![]),
        ("nothing is kept of the one that was found", vec![told(report(1), 9)], vec![]),
        (
            "both came at once, the founder last in the document",
            vec![told(report(2), 1), report(1)],
            vec![1, 2],
        ),
    ];
    for (name, new, expected) in cases {
        let count = new.len() as u64;
        let store = paper([seen("paper", 1000, new, vec![])]);
        assert_eq!(members(&store, 1), expected, "{name}");
        let story = (!expected.is_empty()).then_some(1);
        let listed: Vec<_> = (1..=count).map(|no| (no, story)).collect();
        assert_eq!(listed_stories(&store, &FeedKey::All), listed, "{name}");
    }
}

#[test]
fn a_story_goes_on_without_those_that_left() {
    let forgotten = || vec![expiry(5000, &[1], &[]), expiry(6000, &[], &[1])];
    let cases = [
        ("a member expired", vec![expiry(5000, &[2], &[])], 1, vec![1, 3, 4]),
        ("a member was withdrawn", vec![withdrawal(5000, 2)], 1, vec![1, 3, 4]),
        ("its founder expired", vec![expiry(5000, &[1], &[])], 1, vec![2, 3, 4]),
        ("its founder was withdrawn", vec![withdrawal(5000, 1)], 1, vec![2, 3, 4]),
        ("its founder expired and is forgotten", forgotten(), 2, vec![2, 3, 4]),
        ("founder and member at once", vec![expiry(5000, &[1, 2], &[])], 3, vec![3, 4]),
        ("all but its founder expired", vec![expiry(5000, &[2, 3], &[])], 1, vec![1, 4]),
    ];
    for (name, gone, with, joined) in cases {
        let more = seen("paper", 9000, vec![told(report(4), with)], vec![]);
        let store = paper(three().into_iter().chain(gone).chain([more]));
        assert_eq!(members(&store, 1), joined, "{name}");
        let listed: Vec<_> = joined.iter().map(|no| (*no, Some(1))).collect();
        assert_eq!(listed_stories(&store, &FeedKey::All), listed, "{name}");
    }
}

#[test]
fn a_founder_that_all_others_left_tells_its_story_alone_again() {
    let rewritten = || seen("paper", 6000, vec![], vec![changed(1, body("改写", None))]);
    for (name, gone) in [
        ("expired", vec![expiry(5000, &[2, 3], &[])]),
        ("one after the other", vec![expiry(5000, &[2], &[]), withdrawal(5500, 3)]),
        ("and was rewritten", vec![expiry(5000, &[3, 2], &[]), rewritten()]),
    ] {
        let store = paper(three().into_iter().chain(gone));
        assert_eq!(members(&store, 1), [] as [EntryNo; 0], "{name}");
        assert_eq!(listed_stories(&store, &FeedKey::All), [(1, None)], "{name}");
    }
}

#[test]
fn the_feeds_of_a_story_change_with_it_and_are_not_updated() {
    let defs = vec![def("paper", fixed(&["henan"])), def("other", fixed(&["hubei"]))];
    let before = [
        config(0, &defs, &[]),
        seen("paper", 1000, vec![report(1)], vec![]),
        seen("other", 2000, vec![told(report(2), 1)], vec![]),
    ];
    let cases = [
        ("another joins", seen("other", 3000, vec![told(report(3), 2)], vec![])),
        ("another is rewritten", seen("other", 3000, vec![], vec![changed(2, body("改写", None))])),
        ("another is withdrawn", withdrawal(3000, 2)),
        ("another expires", expiry(3000, &[2], &[])),
    ];
    for (name, record) in cases {
        let was = folded(&lines(before.clone()), &rules(&defs));
        let is = folded(&lines(before.clone().into_iter().chain([record])), &rules(&defs));
        is.check().expect(name);
        let (was, is) = (feed_state(&was, &region("henan")), feed_state(&is, &region("henan")));
        assert_eq!((is.changed_seq, is.revised_seq, is.changed_at), (4, 4, at(3000)), "{name}");
        assert_eq!((is.updated, is.entries), (was.updated, was.entries), "{name}");
    }
}
