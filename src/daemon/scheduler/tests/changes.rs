//! Another configuration while the scheduler runs.

use super::*;

/// The deadline of each source after another configuration came at `now`.
fn changed(agenda: &mut Agenda, sources: Vec<Scheduled>, kept: &[&str], now: Time) -> Vec<(String, Time)> {
    renamed(agenda, sources, kept, &[], now)
}

/// The same, where sources got other ids.
fn renamed(
    agenda: &mut Agenda,
    sources: Vec<Scheduled>,
    kept: &[&str],
    ids: &[(&str, &str)],
    now: Time,
) -> Vec<(String, Time)> {
    let clock = Settable::new();
    let poller = Scripted { clock, seen: Mutex::default(), script: Box::new(|_, _| unreachable!()) };
    let dues = Arc::new(Dues::new(sources.iter().map(|source| source.id.clone())));
    let kept = kept.iter().map(|id| SourceId::new(id)).collect();
    let renamed = ids.iter().map(|(old, new)| (SourceId::new(old), SourceId::new(new))).collect();
    agenda.change(Change { sources, kept, renamed, poller: Arc::new(poller), dues }, now);
    let mut queue: Vec<_> = agenda.queue.iter().map(|(at, id)| (id.to_string(), *at)).collect();
    queue.sort();
    queue
}

fn agenda(sources: Vec<Scheduled>) -> Agenda {
    let dues = Arc::new(Dues::new(sources.iter().map(|source| source.id.clone())));
    Agenda::new(sources, dues, start())
}

/// The full hour before the tests begin, and so many minutes.
fn at(n: i64) -> Time {
    start() - TimeDelta::seconds(7) + minutes(n)
}

#[test]
fn a_change_elsewhere_moves_no_deadline() {
    let held = Past { not_before: Some(at(50)), ..polled(at(0)) };
    let sources = || vec![source("a", "*/20 * * * *", polled(at(0))), source("held", "*/20 * * * *", held)];
    let mut agenda = agenda(sources());
    let expected = vec![("a".to_owned(), at(20)), ("held".to_owned(), at(50))];
    assert_eq!(changed(&mut agenda, sources(), &["a", "held"], at(10)), expected);
}

#[test]
fn another_schedule_polls_at_its_next_turn_and_never_at_once() {
    let daily = || vec![source("a", "0 7 * * *", polled(at(-60)))];
    let cases = [
        ("far more often", "*/20 * * * *", at(20)),
        ("at a turn that is over since the last poll", "30 7 * * *", at(23 * 60 + 30)),
        ("at another hour", "0 9 * * *", at(60)),
    ];
    for (name, schedule, due) in cases {
        let mut agenda = agenda(daily());
        let queue = changed(&mut agenda, vec![source("a", schedule, polled(at(-60)))], &[], at(10));
        assert_eq!(queue, [("a".to_owned(), due)], "{name}");
    }
}

#[test]
fn a_source_that_leaves_is_polled_no_more_and_a_new_one_soon() {
    let mut agenda = agenda(vec![source("old", "*/20 * * * *", polled(at(0)))]);
    let queue = changed(&mut agenda, vec![source("new", "0 7 * * *", Past::default())], &[], at(10));
    assert_eq!(queue, [("new".to_owned(), at(10))]);
}

#[test]
fn a_poll_under_way_tells_when_the_next_one_is() {
    let sources = |schedule| vec![source("a", schedule, polled(at(-20)))];
    let mut agenda = agenda(sources("*/20 * * * *"));
    assert!(agenda.pop_due(at(20)).is_some(), "it is under way");
    assert_eq!(changed(&mut agenda, sources("0 * * * *"), &[], at(20)), [], "not twice at a time");
    agenda.ended(SourceId::new("a"), polled(at(20)), at(21));
    let next = agenda.queue.first().map(|(at, _)| *at);
    assert_eq!(next, Some(at(60)), "by the new schedule");

    assert!(agenda.pop_due(at(60)).is_some());
    assert_eq!(changed(&mut agenda, Vec::new(), &[], at(60)), []);
    agenda.ended(SourceId::new("a"), polled(at(60)), at(61));
    assert!(agenda.queue.is_empty(), "it left meanwhile");
}

#[test]
fn a_source_with_another_id_keeps_its_turn() {
    let held = Past { not_before: Some(at(50)), ..polled(at(0)) };
    let sources = |id| vec![source(id, "*/20 * * * *", held)];
    let mut agenda = agenda(sources("a"));
    let expected = vec![("b".to_owned(), at(50))];
    assert_eq!(renamed(&mut agenda, sources("b"), &["b"], &[("a", "b")], at(10)), expected);
    agenda.polled_by_hand(SourceId::new("a"), polled(at(55)), at(55));
    let next: Vec<_> = agenda.queue.iter().map(|(due, id)| (id.to_string(), *due)).collect();
    assert!(matches!(&next[..], [(id, due)] if id == "b" && *due >= at(60)), "asked for as a: {next:?}");
}

#[test]
fn a_source_with_another_id_is_not_polled_twice_at_a_time() {
    let sources = |id| vec![source(id, "*/20 * * * *", polled(at(-20)))];
    let mut agenda = agenda(sources("a"));
    assert!(agenda.pop_due(at(20)).is_some(), "it is under way");
    assert_eq!(renamed(&mut agenda, sources("b"), &["b"], &[("a", "b")], at(20)), []);
    agenda.ended(SourceId::new("b"), polled(at(20)), at(21));
    assert_eq!(agenda.queue.first().map(|(due, _)| *due), Some(at(40)));
}
