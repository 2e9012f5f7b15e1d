use super::*;

const BACKOFF: Duration = Duration::from_secs(30);

fn feeds(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(path, digest)| ((*path).to_owned(), (*digest).to_owned())).collect()
}

fn next(queue: &PingQueue, at: Instant) -> Option<String> {
    queue.next(at).map(|(path, digest)| format!("{path} {digest}"))
}

#[test]
fn only_feeds_that_are_not_what_the_hub_was_told_are_told() {
    let at = Instant::now();
    let mut queue = PingQueue::knowing(feeds(&[("all.atom", "1"), ("henan.atom", "1")]));
    assert_eq!(next(&queue, at), None, "the first look is the baseline");
    assert_eq!(queue.due(at), None);
    queue.changed(feeds(&[("all.atom", "1"), ("henan.atom", "2")]));
    assert_eq!(next(&queue, at).as_deref(), Some("henan.atom 2"));
    queue.changed(feeds(&[("all.atom", "1"), ("henan.atom", "3")]));
    assert_eq!(next(&queue, at).as_deref(), Some("henan.atom 3"), "two changes are told once");
    queue.pinged("henan.atom".to_owned(), "3".to_owned());
    assert_eq!(next(&queue, at), None);
    queue.changed(feeds(&[("all.atom", "2")]));
    queue.changed(feeds(&[("all.atom", "1")]));
    assert_eq!(next(&queue, at), None, "what is again as it was is no news");
    queue.changed(feeds(&[("hubei.atom", "1")]));
    assert_eq!(next(&queue, at).as_deref(), Some("hubei.atom 1"), "a feed that is new is news");
}

/// Plays hours of a hub that `takes` some feeds, all of which change every ten minutes; how often it was
/// asked for each, and the longest that any it takes had to wait.
fn play(hours: u64, takes: impl Fn(&str) -> bool) -> (BTreeMap<String, u32>, Duration) {
    let paths = ["a.atom", "b.atom", "c.atom", "d.atom"];
    let start = Instant::now();
    let mut queue = PingQueue::knowing(Vec::new());
    let (mut asked, mut longest, mut hub) = (BTreeMap::<String, u32>::new(), Duration::ZERO, start);
    for round in 0..hours * 6 {
        let from = start + Duration::from_secs(round * 600);
        queue.changed(paths.iter().map(|path| ((*path).to_owned(), round.to_string())).collect());
        while let Some(at) = queue.due(hub.max(from)).filter(|at| *at < from + Duration::from_secs(600)) {
            let (path, digest) = queue.next(at).expect("it is due");
            *asked.entry(path.clone()).or_default() += 1;
            hub = at;
            if takes(&path) {
                longest = longest.max(at - from);
                queue.pinged(path, digest);
            } else {
                hub += queue.failed(path, BACKOFF, at);
            }
        }
    }
    (asked, longest)
}

#[test]
fn a_feed_that_the_hub_always_fails_at_keeps_no_other_from_being_told() {
    let (asked, longest) = play(24, |path| path != "a.atom");
    for path in ["b.atom", "c.atom", "d.atom"] {
        assert_eq!(asked[path], 24 * 6, "{path} once for each change");
    }
    assert!(longest <= BACKOFF, "{longest:?}");
    assert!((20..=32).contains(&asked["a.atom"]), "it is tried about hourly: {}", asked["a.atom"]);
}

#[test]
fn a_hub_that_is_down_is_asked_ever_more_seldom_whatever_changes() {
    let (asked, _) = play(24, |_| false);
    let all: u32 = asked.values().sum();
    assert!((80..=130).contains(&all), "four feeds, hourly at last: {asked:?}");
    let mut queue = PingQueue::knowing(Vec::new());
    queue.changed((0..100).map(|n| (format!("{n}.atom"), String::new())).collect());
    let (start, mut at, mut pings) = (Instant::now(), Instant::now(), 0);
    while at < start + Duration::from_secs(24 * 3600) {
        let (path, _) = queue.next(at).expect("none of a hundred");
        let hub = at + queue.failed(path, BACKOFF, at);
        at = queue.due(hub).expect("there are more");
        pings += 1;
    }
    assert!(pings <= 32, "{pings} a day, whatever there is to tell");
}

#[test]
fn a_feed_that_failed_is_told_once_it_may_be_and_then_starts_afresh() {
    let start = Instant::now();
    let mut queue = PingQueue::knowing(Vec::new());
    queue.changed(feeds(&[("a.atom", "1")]));
    for wait in [30, 60, 120] {
        assert_eq!(queue.failed("a.atom".to_owned(), BACKOFF, start), BACKOFF, "one feed is not the hub");
        assert_eq!(queue.due(start), Some(start + Duration::from_secs(wait)));
        assert_eq!(next(&queue, start), None);
    }
    assert_eq!(next(&queue, start + Duration::from_secs(120)).as_deref(), Some("a.atom 1"));
    queue.pinged("a.atom".to_owned(), "1".to_owned());
    queue.changed(feeds(&[("a.atom", "2")]));
    assert_eq!(queue.due(start), Some(start));
}
