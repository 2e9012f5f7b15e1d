//! The verdict and the order of the tries, as tables.

use std::net::Ipv4Addr;

use super::*;
use crate::model::exchange::{Exchange, FetchFault, Hop, Response, ResponseHead};

fn hosts(names: &str) -> BTreeSet<String> {
    names.split(' ').map(str::to_owned).collect()
}

fn id(source: &str) -> SourceId {
    SourceId::new(source)
}

fn after(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Polls, as `host+` for an answer, `host-` for silence, `host?mark` for what may be a portal, `host.` for nothing.
/// Returns after how many of them the network was called down, and after how many up.
fn changes(all: &str, polls: &str) -> Vec<(usize, Change)> {
    let mut network = Network::default();
    let mut changes = Vec::new();
    for (n, poll) in polls.split(' ').enumerate() {
        let at = poll.find(['+', '-', '?', '.']).expect("a sign");
        let sign = match &poll[at..] {
            "+" => Sign::Answer,
            "-" => Sign::Silence,
            "." => Sign::Nothing,
            mark => Sign::Stranger(mark.to_owned()),
        };
        let change = network.note(&poll[..at], sign, &hosts(all), after(n as u64));
        changes.extend(change.map(|change| (n + 1, change)));
    }
    changes
}

/// A name, the hosts, the polls, and the expected changes.
type Case = (&'static str, &'static str, &'static str, &'static [(usize, Change)]);

#[test]
fn the_network_is_down_when_several_hosts_in_a_row_do_not_answer() {
    use Change::{Down, Up};
    let five = "a b c d e";
    let cases: [Case; 24] = [
        ("three in a row", five, "a- b- c-", &[(3, Down)]),
        ("one that answers between them is proof", five, "a- b- c+ d-", &[]),
        ("two of five may share a provider", five, "a- b- a- b- a-", &[]),
        ("one host may be down for ever", five, "a- a- a- a- a- a-", &[]),
        ("what says nothing changes nothing", five, "a- b. b- c. c-", &[(5, Down)]),
        ("one that was silent while others answered is down itself", five, "a- b+ a- c- d-", &[]),
        ("and counts again once it answered", five, "a- b+ a+ a- c- d-", &[(6, Down)]),
        ("the others are enough", five, "a- b+ a- c- d- e-", &[(6, Down)]),
        ("any answer ends it", five, "a- b- c- d- a- e+", &[(3, Down), (6, Up)]),
        (
            "after it those that were silent are down themselves",
            five,
            "a- b- c- a+ b- c- d-",
            &[(3, Down), (4, Up)],
        ),
        (
            "and count again once they answered",
            five,
            "a- b- c- a+ b+ c+ b- c- d-",
            &[(3, Down), (4, Up), (9, Down)],
        ),
        (
            "three dead hosts and one that answers are one outage",
            "a b c d",
            "a- b- c- d+ a- b- c- d+ a- b- c-",
            &[(3, Down), (4, Up)],
        ),
        (
            "hosts that led to a portal are down themselves too",
            "a b c d",
            "a?x b?x c?x d+ a?x b?x c?x",
            &[(3, Down), (4, Up)],
        ),
        ("of two hosts both", "a b", "a- a- b-", &[(3, Down)]),
        ("of two hosts, one that is down leaves one, which cannot tell", "a b", "a- b+ a- b- b-", &[]),
        ("one host cannot tell", "a", "a- a- a- a-", &[]),
        ("of three hosts, one that is down leaves two", "a b c", "a- b+ a- c- b-", &[(5, Down)]),
        ("hosts of no source count nowhere", "a b", "x- y- z- a-", &[]),
        ("one page of three hosts is a portal's", five, "a?login b?login c?login", &[(3, Down)]),
        ("three pages are three publishers'", five, "a?1 b?2 c?3", &[]),
        ("a page of its own is no proof that the network is up", five, "a- b- c?1 d-", &[(4, Down)]),
        ("a portal and silence together", five, "a- b?login c?login", &[(3, Down)]),
        ("a portal's page does not end it", five, "a- b- c- a?login b?login a+", &[(3, Down), (6, Up)]),
        ("a publisher whose page is broken is not silent later", five, "a?1 b+ a- c- d-", &[]),
    ];
    for (name, all, polls, expected) in cases {
        assert_eq!(changes(all, polls), expected, "{name}");
    }
}

const ASKED: &str = "http://www.paper.example/feed";

fn head(status: u16, at: &str) -> ResponseHead {
    ResponseHead { status, final_url: at.to_owned(), ..ResponseHead::default() }
}

fn body(at: &str, text: &'static str) -> Exchange {
    Exchange::Body(Response { head: head(200, at), body: text.into() })
}

#[test]
fn the_sign_of_an_exchange() {
    let host = "paper.example".to_owned();
    let why = "no route to host".to_owned();
    let failed = |fault| (false, Exchange::Failed(fault));
    let portal = ResponseHead {
        hops: vec![Hop { status: 302, to: "http://portal.example/".to_owned() }],
        ..head(200, "http://portal.example/")
    };
    let ip = Ipv4Addr::new(10, 0, 0, 1);
    let stranger = |mark: &str| Sign::Stranger(mark.to_owned());
    let cases = [
        ("a document", (true, body(ASKED, "<rss/>")), Sign::Answer),
        ("304", (true, Exchange::NotModified(head(304, ASKED))), Sign::Answer),
        ("a document after a redirect", (true, body("http://cdn.example/feed", "<rss/>")), Sign::Answer),
        ("an error of the server's own", (false, Exchange::Status(head(500, ASKED))), Sign::Answer),
        (
            "without www. it is the same host",
            (false, Exchange::Status(head(404, "http://paper.example/"))),
            Sign::Answer,
        ),
        ("410", (false, Exchange::Gone(head(410, ASKED))), Sign::Answer),
        (
            "a name that is not found",
            failed(FetchFault::Resolve { host: host.clone(), why: why.clone() }),
            Sign::Silence,
        ),
        (
            "no connection",
            failed(FetchFault::Connect { host: host.clone(), why: why.clone() }),
            Sign::Silence,
        ),
        ("no answer in time", failed(FetchFault::Timeout { after: after(30) }), Sign::Silence),
        (
            "a certificate of somebody else",
            failed(FetchFault::Tls { host: host.clone(), why: why.clone() }),
            Sign::Silence,
        ),
        (
            "a proxy that leads nowhere",
            failed(FetchFault::Proxy { at: host.clone(), why: why.clone() }),
            Sign::Silence,
        ),
        (
            "no answer for robots.txt",
            failed(FetchFault::NoRobots { why: why.clone(), silent: true }),
            Sign::Silence,
        ),
        ("an error for robots.txt", failed(FetchFault::NoRobots { why, silent: false }), Sign::Nothing),
        ("a portal says so", (false, Exchange::Status(head(511, ASKED))), Sign::Silence),
        ("a redirect to another host", (false, Exchange::Status(portal)), stranger("portal.example")),
        (
            "a name that leads to the portal",
            failed(FetchFault::AddressRefused { host: host.clone(), ip: ip.into(), why: "private" }),
            stranger("10.0.0.1"),
        ),
        ("nobody was asked", failed(FetchFault::Held { host, wait: after(9) }), Sign::Nothing),
        ("a connection that was reset", failed(FetchFault::Reset), Sign::Nothing),
    ];
    for (name, (is_good, exchange), expected) in cases {
        assert_eq!(sign(&exchange, ASKED, is_good), expected, "{name}");
    }
    let page = |at, text| sign(&body(at, text), at, false);
    let one = page(ASKED, "<html>log in");
    assert!(matches!(one, Sign::Stranger(_)));
    assert_eq!(one, page("http://other.example/", "<html>log in"), "one page, whoever sends it");
    assert_ne!(one, page(ASKED, "<html>maintenance"));
}

/// A network that went down at 0 s.
fn down() -> Network {
    let mut network = Network::default();
    for host in ["a", "b", "c"] {
        network.note(host, Sign::Silence, &hosts("a b c"), Duration::ZERO);
    }
    assert!(network.is_down());
    network
}

#[test]
fn one_source_tries_at_a_time_hosts_take_turns_and_the_delay_doubles_to_half_a_minute() {
    let mut network = down();
    let sources = [("a", id("a1")), ("a", id("a2")), ("b", id("b1")), ("c", id("c1"))];
    for (host, source) in &sources {
        assert_eq!(network.turn(host, source, after(1)), Turn::Wait(after(4)), "{source}");
    }
    let mut tried = Vec::new();
    for second in 2..=150 {
        let now = after(second);
        for (host, source) in &sources {
            if network.turn(host, source, now) == Turn::Try {
                tried.push((second, source.as_str()));
                let others = sources.iter().filter(|(_, other)| other != source);
                for (host, other) in others {
                    assert_ne!(network.turn(host, other, now), Turn::Try, "two at a time at {second} s");
                }
                assert_eq!(network.note(host, Sign::Silence, &hosts("a b c"), now), None);
                network.tried(now);
            }
        }
    }
    let expected = [(5, "a1"), (15, "b1"), (35, "c1"), (65, "a1"), (95, "b1"), (125, "c1")];
    assert_eq!(tried, expected);
}

#[test]
fn in_a_long_outage_the_tries_are_seldom_and_after_a_day_it_is_given_up() {
    let mut network = down();
    let sources = [("a", id("a")), ("b", id("b"))];
    let mut tried = Vec::new();
    let mut given_up = None;
    for second in (0..=100_000).step_by(5) {
        let now = after(second);
        for (host, source) in &sources {
            if given_up.is_none() && network.turn(host, source, now) == Turn::Try {
                tried.push(second);
                let change = network.note(host, Sign::Silence, &hosts("a b c"), now);
                given_up = change.map(|change| (second, change));
                network.tried(now);
            }
        }
    }
    let in_hour = |hour: u64| tried.iter().filter(|at| **at / 3600 == hour).count();
    assert!(in_hour(0) > 100, "{}", in_hour(0));
    assert_eq!(in_hour(2), 4);
    let (at, change) = given_up.expect("it is given up");
    assert!((86_400..86_400 + 900).contains(&at), "at {at} s");
    assert_eq!(change, Change::GivenUp);
    assert!(!network.is_down());

    let mut note = |host, sign, second| network.note(host, sign, &hosts("a b c"), after(second));
    for second in 100_000..100_006 {
        for host in ["a", "b", "c"] {
            assert_eq!(note(host, Sign::Silence, second), None, "failures count until something answers");
        }
    }
    for host in ["a", "b"] {
        assert_eq!(note(host, Sign::Answer, 100_010), None);
    }
    assert_eq!(note("a", Sign::Silence, 100_011), None);
    assert_eq!(note("b", Sign::Silence, 100_012), Some(Change::Down), "hosts that answered count again");
}

#[test]
fn a_source_that_waits_no_more_does_not_keep_others_from_trying() {
    let mut network = down();
    for source in ["a", "b"] {
        network.turn(source, &id(source), after(1));
    }
    network.leave("a", &id("a"));
    assert_eq!(network.turn("b", &id("b"), after(6)), Turn::Try);
}

#[test]
fn polls_that_waited_are_spread_by_their_number() {
    for (waiting, seconds) in [(1, 2), (3, 4), (400, 60)] {
        let mut network = down();
        for n in 0..waiting {
            network.turn(&format!("host {n}"), &id(&format!("s{n}")), after(1));
        }
        assert_eq!(network.turn("a", &id("a"), after(1)), Turn::Wait(after(4)));
        assert_eq!(network.note("b", Sign::Answer, &hosts("a b c"), after(9)), Some(Change::Up));
        assert_eq!(network.spread(), after(seconds), "{waiting}");
        assert_eq!(network.turn("a", &id("a"), after(9)), Turn::Free);
    }
}
