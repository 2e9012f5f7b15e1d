//! Entries that were found to tell one story.

use super::keeping::expiry;
use super::*;
use crate::model::record::{Departure, JoinedStory};
use crate::model::state::State;
use crate::model::stored::EntryNo;
use crate::model::story::Reason;

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
        seen("paper", 2000, vec![joining(report(2), 1)], vec![]),
        seen("paper", 3000, vec![joining(report(3), 2)], vec![]),
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
        ("nothing is kept of the one that was found", vec![joining(report(1), 9)], vec![]),
        (
            "both came at once, the founder last in the document",
            vec![joining(report(2), 1), report(1)],
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
        let more = seen("paper", 9000, vec![joining(report(4), with)], vec![]);
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
        seen("other", 2000, vec![joining(report(2), 1)], vec![]),
    ];
    let cases = [
        ("another joins", seen("other", 3000, vec![joining(report(3), 2)], vec![])),
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

/// A report that is linked, and shown beside the one it was found to tell with.
fn related(n: u64, with: u64) -> NewEntry {
    let mut entry = joining(report(n), with);
    entry.story.as_mut().expect("it was told").related = true;
    entry
}

/// An entry is rewritten, and leaves its story for another one's, if for any.
fn leaves(n: u64, with: Option<u64>) -> Record {
    let mut record = seen("paper", 6000, vec![], vec![changed(n, body("别的新闻", None))]);
    let Record::Observation(seen) = &mut record else { unreachable!("it was just made") };
    let told = |with| JoinedStory {
        with: format!("urn:entry:{with}"),
        reason: Reason::NearTitle { percent: 90 },
        related: true,
    };
    seen.left = vec![Departure { published_id: format!("urn:entry:{n}"), story: with.map(told) }];
    record
}

/// The entry that each entry repeats, by its story's rows.
fn repeats(store: &Store, founder: EntryNo) -> Vec<(EntryNo, Option<EntryNo>)> {
    let members = store.members(founder, 9).expect("a sound store");
    members.into_iter().map(|(no, member)| (no, member.report)).collect()
}

#[test]
fn a_rewritten_entry_leaves_its_story_and_the_others_go_on() {
    // 2 repeats 1; 3 is related to them; 4 repeats 3.
    let before = || {
        let more = [related(3, 1), joining(report(4), 3)].map(|new| seen("paper", 3000, vec![new], vec![]));
        three().into_iter().take(2).chain(more).collect::<Vec<_>>()
    };
    let store = paper(before());
    assert_eq!(repeats(&store, 1), [(1, None), (2, Some(1)), (3, None), (4, Some(3))]);
    type Rows = Vec<(EntryNo, Option<EntryNo>)>;
    let cases: Vec<(&str, Record, EntryNo, Rows)> = vec![
        ("one that repeats another", leaves(2, None), 1, vec![(1, None), (3, None), (4, Some(3))]),
        ("one that others repeat", leaves(3, None), 1, vec![(1, None), (2, Some(1)), (4, None)]),
        ("the founder", leaves(1, None), 2, vec![(2, None), (3, None), (4, Some(3))]),
        (
            "one that is still about the same",
            leaves(2, Some(3)),
            1,
            vec![(1, None), (2, None), (3, None), (4, Some(3))],
        ),
    ];
    for (name, record, founder, rows) in cases {
        let store = paper(before().into_iter().chain([record]));
        store.check().expect(name);
        assert_eq!(repeats(&store, founder), rows, "{name}");
        let listed = listed_stories(&store, &FeedKey::All);
        let story = |no: EntryNo| rows.iter().any(|(member, _)| *member == no).then_some(founder);
        assert_eq!(listed, (1..=4).map(|no| (no, story(no))).collect::<Vec<_>>(), "{name}");
        for (no, report) in &rows {
            let membership = entry(&store, *no).story;
            assert_eq!(membership.as_ref().map_or(*no, |story| story.founder), founder, "{name}");
            assert_eq!(membership.and_then(|story| story.repeats()), *report, "{name}");
        }
    }
}

#[test]
fn what_an_entry_hid_that_left_is_news_to_readers_that_ask_for_what_changed() {
    let store = paper(three().into_iter().take(2).chain([leaves(1, None)]));
    assert_eq!((members(&store, 1), members(&store, 2)), (vec![], vec![]), "each is alone again");
    assert_eq!(entry(&store, 2).story, None);
    assert_eq!(entry(&store, 2).told_at(), 4, "by the line that brought it back");
}

#[test]
fn what_comes_back_for_an_entry_that_is_gone_is_news_to_readers_that_ask_for_what_changed() {
    for (name, gone) in [("withdrawn", withdrawal(5000, 1)), ("expired", expiry(5000, &[1], &[]))] {
        for with in [joining(report(2), 1), related(2, 1)] {
            let is_related = with.story.as_ref().is_some_and(|story| story.related);
            let store = paper([
                seen("paper", 1000, vec![report(1)], vec![]),
                seen("paper", 2000, vec![with], vec![]),
                gone.clone(),
            ]);
            store.check().expect(name);
            let line = if is_related { 3 } else { 4 };
            assert_eq!(entry(&store, 2).told_at(), line, "{name}, related: {is_related}");
        }
    }
}
