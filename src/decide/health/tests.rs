use super::*;
use crate::testing::at;

fn source(id: &str, state: &str, failing_since: Option<i64>) -> SourceLook {
    SourceLook {
        id: SourceId::new(id),
        title: id.to_owned(),
        state: state.to_owned(),
        failing_since: failing_since.map(at),
        good: None,
        newest: None,
        failures: u32::from(failing_since.is_some()),
        polled: !matches!(state, "new" | "off"),
    }
}

fn look(sources: Vec<SourceLook>) -> Look {
    Look {
        now: at(100_000),
        configured: at(0),
        sources,
        feeds: vec![("henan".to_owned(), at(99_940)), ("hubei".to_owned(), at(100_060))],
        polls: BTreeMap::new(),
        progress: Progress { ended: at(100_000), ..Progress::default() },
        sizes: Sizes::default(),
    }
}

#[test]
fn those_that_have_failed_longest_come_first_and_those_that_only_rest_last() {
    let sources = vec![
        source("a-rests", "stale", None),
        source("b-fails", "failed", Some(900)),
        source("c-fails-longer", "blocked", Some(100)),
        source("d-works", "ok", None),
        source("e-is-new", "new", None),
        source("f-is-off", "off", None),
        source("g-works", "ok", None),
    ];
    let status = look(sources).status();
    let ids: Vec<&str> = status.sources.iter().map(|source| source.id.as_str()).collect();
    assert_eq!(ids, ["c-fails-longer", "b-fails", "a-rests"]);
    assert_eq!(status.states["ok"], 2);
    assert_eq!(status.health, Health::Well, "two of five fail: {:?}", status.trouble);
}

#[test]
fn half_of_the_polled_sources_are_many() {
    let sources = vec![source("a", "failed", Some(1)), source("b", "ok", None), source("c", "off", None)];
    let status = look(sources).status();
    assert_eq!((status.health, status.trouble), (Health::Degraded, vec!["1 of 2 sources fail".to_owned()]));
    assert_eq!(look(vec![source("a", "new", None)]).status().health, Health::Well, "nothing is polled yet");
}

#[test]
fn an_outage_degrades_at_once_and_is_told_once() {
    for since in [0, 100_000] {
        let mut look = look(Vec::new());
        (look.progress.outages, look.progress.cut_off_since) = (vec!["no way".to_owned()], Some(at(since)));
        let status = look.status();
        assert_eq!((status.health, status.trouble), (Health::Degraded, vec!["no way".to_owned()]), "{since}");
    }
}

#[test]
fn a_feed_that_is_dated_ahead_has_no_age() {
    let ages: Vec<i64> = look(Vec::new()).status().feeds.iter().map(|feed| feed.age).collect();
    assert_eq!(ages, [60, 0]);
}

#[test]
fn what_stands_still_for_long_is_named() {
    let well = Progress { ended: at(0), ..Progress::default() };
    let cases = [
        ("nothing is due", well.clone(), None),
        ("one is late, others end", Progress { due: Some(at(0)), ended: at(9_900), ..well.clone() }, None),
        ("none ends, none is late", Progress { due: Some(at(9_900)), ..well.clone() }, None),
        ("none ends, one is late", Progress { due: Some(at(0)), ..well.clone() }, Some("polls hang: ")),
        (
            "one is late, and the network of others is down",
            Progress { due: Some(at(0)), outages: vec!["no way".to_owned()], ..well.clone() },
            Some("polls hang: "),
        ),
        (
            "no way is left for now",
            Progress { outages: vec!["no way".to_owned()], cut_off_since: Some(at(9_700)), ..well.clone() },
            None,
        ),
        (
            "no way is left for long",
            Progress { outages: vec!["no way".to_owned()], cut_off_since: Some(at(9_699)), ..well.clone() },
            Some("no way"),
        ),
        ("a group takes a while", Progress { recording_since: Some(at(9_800)), ..well.clone() }, None),
        (
            "a group takes too long",
            Progress { recording_since: Some(at(9_000)), ..well.clone() },
            Some("recording hangs: "),
        ),
        (
            "the disk is full",
            Progress { stall: Some("no room".to_owned()), ..well.clone() },
            Some("polls wait: no room"),
        ),
    ];
    for (name, progress, begins) in cases {
        let said = progress.stops(at(10_000));
        assert_eq!(said.is_some(), begins.is_some(), "{name}: {said:?}");
        assert!(said.unwrap_or_default().starts_with(begins.unwrap_or_default()), "{name}");
    }
}
