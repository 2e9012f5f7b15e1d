//! A table of fates.

use std::convert::Infallible;

use super::*;
use crate::model::region::RegionId;
use crate::model::window::Windows;
use crate::testing::{at, def, fixed, id};

const DAY: i64 = 86_400;
/// The day everything is judged on.
const TODAY: i64 = 1000 * DAY;

fn entry() -> Entry {
    let seen = at(TODAY - 400 * DAY);
    serde_json::from_value(serde_json::json!({
        "id": "urn:entry:7", "source": "paper", "first_seen": seen, "surfaced": seen, "published": seen,
        "updated": seen, "fingerprint": format!("{:032x}", 1), "keys": [], "seq": 1, "round": 1,
        "regions": [{"region": "henan", "text": "", "place": "source", "rule": "fixed", "at": 0}],
        "body": {"links": [], "authors": [], "contributors": [], "categories": []},
    }))
    .expect("an entry")
}

fn source() -> SourceState {
    let mut source = SourceState::new(1, def("paper", fixed(&["henan"])));
    source.outcome = Some(Outcome::NotModified);
    source.poll.window_from = Some(100);
    for week in (1..=6).rev() {
        source.poll.windows.note(at(TODAY - week * 7 * DAY), 100);
    }
    source
}

/// Number 7, on lists whose floor ends above it unless a case says otherwise.
fn judge(
    entry: &Entry,
    source: Option<&SourceState>,
    floor: usize,
    protecting: Option<FeedKey>,
) -> RetentionDecision {
    let policy = Policy { max_age: TimeDelta::days(365), keep_at_least: floor };
    let above = Rank { surfaced: at(TODAY), published: at(TODAY), no: 99 };
    let mut newest = |feed| Ok::<_, Infallible>((Some(feed) != protecting).then_some(above));
    match decide(policy, at(TODAY), (7, entry), source, &mut newest) {
        Ok(decision) => decision,
    }
}

#[test]
fn old_entries_expire_and_these_stay() {
    type Case = (&'static str, fn(&mut Entry, &mut SourceState), RetentionDecision);
    let cases: [Case; 14] = [
        ("old, of a source that answers", |_, _| {}, RetentionDecision::Expires),
        (
            "first seen lately, whenever it was published",
            |e, _| e.first_seen = at(TODAY - DAY),
            RetentionDecision::Young,
        ),
        ("of a source that fails", |_, s| s.outcome = Some(Outcome::Gone), RetentionDecision::Stays),
        ("of a source that was never polled", |_, s| s.outcome = None, RetentionDecision::Stays),
        (
            "of a source that left the config, failing as it was",
            |_, s| (s.gone, s.outcome) = (true, Some(Outcome::Gone)),
            RetentionDecision::Expires,
        ),
        ("withdrawn", |e, _| e.withdrawn = Some(at(0)), RetentionDecision::Stays),
        ("expired lately", |e, _| e.expired = Some(at(TODAY - 29 * DAY)), RetentionDecision::Stays),
        ("expired long ago", |e, _| e.expired = Some(at(TODAY - 30 * DAY)), RetentionDecision::Forgotten),
        (
            "expired long ago and still in the document",
            |e, s| (e.expired, s.poll.window_from) = (Some(at(0)), Some(7)),
            RetentionDecision::Stays,
        ),
        (
            "expired long ago, and nobody knows what the document holds",
            |e, s| (e.expired, s.poll.window_from) = (Some(at(0)), None),
            RetentionDecision::Stays,
        ),
        (
            "expired long ago and in the document three weeks ago",
            |e, s| {
                e.expired = Some(at(0));
                s.poll.windows = Windows::default();
                (1..=6).rev().for_each(|week| {
                    s.poll.windows.note(at(TODAY - week * 7 * DAY), if week == 3 { 7 } else { 100 });
                });
            },
            RetentionDecision::Stays,
        ),
        (
            "first seen by a clock that was years ahead",
            |e, _| e.first_seen = at(TODAY + DAY),
            RetentionDecision::Stays,
        ),
        (
            "expired long ago, of a source that left the config",
            |e, s| (e.expired, s.poll.window_from, s.gone) = (Some(at(0)), None, true),
            RetentionDecision::Forgotten,
        ),
        (
            "expired and withdrawn",
            |e, _| (e.expired, e.withdrawn) = (Some(at(0)), Some(at(1))),
            RetentionDecision::Stays,
        ),
    ];
    for (name, change, expected) in cases {
        let (mut entry, mut source) = (entry(), source());
        change(&mut entry, &mut source);
        assert_eq!(judge(&entry, Some(&source), 50, None), expected, "{name}");
    }
    assert_eq!(judge(&entry(), None, 50, None), RetentionDecision::Stays, "without a source");
}

#[test]
fn the_newest_of_each_source_and_region_stay() {
    let henan = FeedKey::Region(RegionId::new("henan"));
    let paper = FeedKey::Source(id("paper"));
    let gone = SourceState { gone: true, ..source() };
    let national = Entry { regions: Vec::new(), ..entry() };
    let cases = [
        ("of its source", entry(), source(), paper.clone(), 50, RetentionDecision::Stays),
        ("of its region", entry(), source(), henan.clone(), 50, RetentionDecision::Stays),
        ("of no region", national, source(), FeedKey::National, 50, RetentionDecision::Stays),
        ("of all", entry(), source(), FeedKey::All, 50, RetentionDecision::Expires),
        ("of a source that left", entry(), gone, paper, 50, RetentionDecision::Expires),
        ("no floor", entry(), source(), henan, 0, RetentionDecision::Expires),
    ];
    for (name, entry, source, feed, floor, expected) in cases {
        assert_eq!(judge(&entry, Some(&source), floor, Some(feed)), expected, "{name}");
    }
}
