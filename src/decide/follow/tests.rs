use super::*;
use crate::decide::identity;
use crate::model::entry::Link;

fn at(seconds: i64) -> Time {
    chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("an instant")
}

fn entry(n: usize) -> ParsedEntry {
    let href = format!("https://paper.example/2026/1123/{n}.html");
    let page = Link { href, rel: "alternate".to_owned(), ..Link::default() };
    ParsedEntry { title: Some(format!("第{n}条")), links: vec![page], ..ParsedEntry::default() }
}

fn draft(n: usize) -> DraftEntry {
    let entry = entry(n);
    let candidate = identity::candidates(std::slice::from_ref(&entry), chrono_tz::UTC).pop().expect("one");
    DraftEntry {
        iri: None,
        minted: format!("urn:x:{n}"),
        keys: candidate.keys,
        fingerprint: candidate.fingerprint,
        entry,
        backlog: false,
        decision: None,
    }
}

fn titles<'a>(entries: impl IntoIterator<Item = &'a ParsedEntry>) -> Vec<&'a str> {
    entries.into_iter().filter_map(|e| e.title.as_deref()).collect()
}

#[test]
fn an_entry_is_published_once_its_page_was_read_or_has_failed_three_times() {
    let mut waiting = Vec::new();
    for poll in 1..=3 {
        let drafts = vec![draft(1), draft(2), draft(3), draft(4)];
        let read = Box::new(ParsedEntry { title: Some("全文".to_owned()), ..entry(1) });
        let visits = match poll {
            1 => vec![Visit::Read(read), Visit::Bare, Visit::Failed, Visit::NotMade],
            _ => vec![Visit::Bare, Visit::Bare, Visit::Failed, Visit::NotMade],
        };
        let settled = settle(drafts, visits, &waiting, poll == 1);
        let published = titles(settled.publish.iter().map(|d| &d.entry));
        match poll {
            1 => assert_eq!(published, ["全文", "第2条"]),
            2 => assert_eq!(published, ["第1条", "第2条"]),
            _ => assert_eq!(published, ["第1条", "第2条", "第3条"], "the third failure"),
        }
        let tries: Vec<u8> = settled.waiting.iter().map(|w| w.tries).collect();
        assert_eq!(tries, if poll < 3 { vec![poll, 0] } else { vec![0] });
        waiting = settled.waiting;
    }
}

#[test]
fn what_the_list_dropped_while_it_waited_is_not_lost() {
    let mut list = ParsedFeed { entries: vec![entry(2), entry(3)], ..ParsedFeed::default() };
    let waiting = [1, 2].map(|n| Waiting { entry: entry(n), tries: 1, backlog: false, follow_from: None });
    add_waiting(&mut list, &waiting);
    assert_eq!(titles(&list.entries), ["第2条", "第3条", "第1条"]);
}

#[test]
fn who_waits_is_visited_first() {
    let drafts = [draft(1), draft(2), draft(3), draft(4)];
    let waiting = [4, 3].map(|n| Waiting { entry: entry(n), tries: 0, backlog: false, follow_from: None });
    assert_eq!(order(&drafts, &waiting, 3, at(0)), [3, 2, 0], "who waits longest, first of all");
    let settled = settle(drafts.into(), vec![Visit::NotMade; 4], &waiting, false);
    assert_eq!(titles(settled.waiting.iter().map(|w| &w.entry)), ["第4条", "第3条", "第1条", "第2条"]);
}

#[test]
fn who_is_to_follow_a_redirect_later_takes_nobody_s_place_and_loses_no_try_meanwhile() {
    let settled = settle(vec![draft(1)], vec![Visit::Later(at(600))], &[], false);
    let drafts = [draft(1), draft(2)];
    let visited = |seconds| order(&drafts, &settled.waiting, 1, at(seconds));
    assert_eq!([visited(0), visited(599), visited(600)], [[1], [1], [0]]);
    assert_eq!(visited(-86_400), [0], "the clock was wrong when it was told so");
    let at_a_dead_list = |seconds| unanswered(&drafts, &settled.waiting, at(seconds));
    assert_eq!(at_a_dead_list(599), [Visit::NotMade, Visit::Failed]);
    assert_eq!(at_a_dead_list(600), [Visit::Failed, Visit::Failed]);
    let again = settle(drafts.into(), vec![Visit::NotMade, Visit::Bare], &settled.waiting, false);
    assert_eq!((again.waiting[0].tries, again.waiting[0].follow_from), (1, Some(at(600))));
    let failed = settle(vec![draft(1)], vec![Visit::Failed], &again.waiting, false);
    assert_eq!((failed.waiting[0].tries, failed.waiting[0].follow_from), (2, Some(at(600))));
    let third = settle(vec![draft(1)], vec![Visit::Later(at(900))], &failed.waiting, false);
    assert_eq!((third.waiting.len(), third.publish.len()), (0, 1), "it counts as a try");
}

#[test]
fn no_more_wait_than_can_be_kept_and_the_others_are_published_as_they_are() {
    let drafts: Vec<_> = (0..MAX_WAITING + 5).map(draft).collect();
    let visits = vec![Visit::NotMade; drafts.len()];
    let settled = settle(drafts, visits, &[], false);
    assert_eq!((settled.waiting.len(), settled.publish.len()), (MAX_WAITING, 5));
}

#[test]
fn only_what_stood_in_the_first_list_is_a_backlog() {
    let first = settle(vec![draft(1), draft(2)], vec![Visit::NotMade; 2], &[], true);
    assert!(first.waiting.iter().all(|w| w.backlog));
    let drafts = vec![draft(3), draft(1), draft(2)];
    let later = settle(drafts, vec![Visit::NotMade, Visit::Bare, Visit::NotMade], &first.waiting, false);
    let backlog: Vec<_> = later.waiting.iter().map(|w| w.backlog).collect();
    assert_eq!((backlog, later.publish[0].backlog), (vec![true, false], true));
}

#[test]
fn an_address_that_changes_its_tracking_is_still_the_one_that_waits() {
    let mut again = draft(1);
    again.entry.links[0].href = "http://paper.example/2026/1123/1.html?utm_source=list".to_owned();
    let waiting = [Waiting { entry: entry(1), tries: 2, backlog: false, follow_from: None }];
    let settled = settle(vec![again.clone()], vec![Visit::Failed], &waiting, false);
    assert_eq!(settled.publish.len(), 1, "its third failure");
    let mut list = ParsedFeed { entries: vec![again.entry], ..ParsedFeed::default() };
    add_waiting(&mut list, &waiting);
    assert_eq!(list.entries.len(), 1);
}

#[test]
fn a_page_that_is_not_read_may_close_its_host_for_this_poll() {
    use crate::model::exchange::{Block, ResponseHead};
    let head = |status, retry_after: &str| ResponseHead {
        status,
        retry_after: Some(retry_after.to_owned()).filter(|said| !said.is_empty()),
        ..ResponseHead::default()
    };
    let robots = || Exchange::Failed(FetchFault::Robots { why: String::new() });
    let no_robots = || Exchange::Failed(FetchFault::NoRobots { why: String::new(), silent: false });
    let held = || Exchange::Failed(FetchFault::Held { host: String::new(), wait: std::time::Duration::ZERO });
    let blocked = Exchange::Blocked { head: head(403, ""), why: Block::Forbidden };
    let cases = [
        ("robots.txt forbids it", Err(robots()), Visit::Bare, false),
        ("that of where it redirects to forbids it", Ok(robots()), Visit::Bare, false),
        ("robots.txt cannot be had", Err(no_robots()), Visit::Failed, true),
        ("that of where it redirects to cannot", Ok(no_robots()), Visit::Failed, false),
        ("the host waits", Err(held()), Visit::Failed, true),
        ("robots.txt redirects later", Err(Exchange::Throttled(head(302, "60"))), Visit::Failed, true),
        ("it redirects later", Ok(Exchange::Throttled(head(302, "60"))), Visit::Later(at(60)), false),
        ("too many requests", Ok(Exchange::Throttled(head(429, ""))), Visit::Failed, true),
        ("forbidden", Ok(blocked), Visit::Failed, true),
        ("an error that says when to return", Ok(Exchange::Status(head(500, "60"))), Visit::Failed, true),
        ("an error", Ok(Exchange::Status(head(500, ""))), Visit::Failed, false),
        ("not found", Ok(Exchange::Status(head(404, "60"))), Visit::Bare, false),
        ("no answer", Ok(Exchange::Failed(FetchFault::Reset)), Visit::Failed, false),
    ];
    for (name, exchange, visit, closes) in cases {
        assert_eq!(Visit::unread(&exchange, at(0)), (visit, closes), "{name}");
    }
}
