use proptest::prelude::*;

use super::*;
use crate::model::exchange::{Block, ResponseHead};

fn allows(robots: &Robots, path: &str) -> bool {
    robots.permission(AGENT, path).allowed
}

fn allowed(file: &str, path: &str) -> bool {
    allows(&Robots::parse(file.as_bytes()), path)
}

#[test]
fn files_say_who_may_ask_for_what() {
    let cases: &[(&str, &str, &str, bool)] = &[
        ("an empty file", "", "/a", true),
        ("a page of HTML in its place", "<!doctype html>\n<p>没有这一页</p>", "/a", true),
        ("everything is closed", "User-agent: *\nDisallow: /", "/a", false),
        ("robots.txt itself stays open", "User-agent: *\nDisallow: /", "/robots.txt", true),
        ("an empty Disallow opens everything", "User-agent: *\nDisallow:", "/a", true),
        ("a folder is closed", "User-agent: *\nDisallow: /gn/", "/gn/1.html", false),
        ("what lies beside it is open", "User-agent: *\nDisallow: /gn/", "/gn", true),
        ("a prefix closes all that begins with it", "User-agent: *\nDisallow: /gn", "/gnews", false),
        ("paths are told by case", "User-agent: *\nDisallow: /GN", "/gn", true),
        ("the query counts", "User-agent: *\nDisallow: /*?id=", "/x?id=1", false),
        ("our own group counts alone", "User-agent: *\nDisallow: /\nUser-agent: dibao\nAllow: /", "/a", true),
        ("another's group does not count", "User-agent: other\nDisallow: /", "/a", true),
        ("our name in any case, with a version", "User-Agent: DiBao/1.0\nDisallow: /", "/a", false),
        ("a longer name is another's", "User-agent: dibaobot\nDisallow: /", "/a", true),
        ("two agents share rules", "User-agent: other\nUser-agent: dibao\nDisallow: /", "/a", false),
        (
            "a comment, a blank line and a sitemap between agents part nothing",
            "User-agent: dibao\n\n# x\nSitemap: /s.xml\nUser-agent: other\nDisallow: /",
            "/a",
            false,
        ),
        (
            "an empty rule ends the run of agents",
            "User-agent: dibao\nDisallow:\nUser-agent: other\nDisallow: /",
            "/a",
            true,
        ),
        (
            "two groups for one agent are one",
            "User-agent: dibao\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: dibao\nDisallow: /b",
            "/b",
            false,
        ),
        ("a rule before any agent is nobody's", "Disallow: /\nUser-agent: *\nDisallow: /b", "/a", true),
        ("the longest rule wins", "User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b", true),
        ("whatever their order", "User-agent: *\nAllow: /a/b\nDisallow: /a", "/a/c", false),
        ("of equals the one that allows wins", "User-agent: *\nDisallow: /a\nAllow: /a", "/a", true),
        ("a star for anything", "User-agent: *\nDisallow: /*/private", "/x/y/private/z", false),
        ("a star for nothing", "User-agent: *\nDisallow: /a*b", "/ab", false),
        ("many stars", "User-agent: *\nDisallow: /*a*b*c$", "/xaybzc", false),
        ("a dollar ends the path", "User-agent: *\nDisallow: /*.pdf$", "/a.pdf?x", true),
        ("a dollar matched", "User-agent: *\nDisallow: /*.pdf$", "/a.pdf.pdf", false),
        ("a dollar on a whole path", "User-agent: *\nAllow: /$\nDisallow: /", "/", true),
        ("and nothing behind it", "User-agent: *\nAllow: /$\nDisallow: /", "/a", false),
        ("an anchored piece does not overlap", "User-agent: *\nDisallow: /ab*b$", "/ab", true),
        ("a dollar in the middle is a dollar", "User-agent: *\nDisallow: /a$b", "/a$b", false),
        ("an escaped star is a star", "User-agent: *\nDisallow: /a%2Ab", "/a*b", false),
        ("and nothing else", "User-agent: *\nDisallow: /a%2Ab", "/axb", true),
        ("an escaped letter is the letter", "User-agent: *\nDisallow: /%61bc", "/abc", false),
        ("also in the address", "User-agent: *\nDisallow: /~x", "/%7ex", false),
        ("an escaped slash is no slash", "User-agent: *\nDisallow: /a/b", "/a%2Fb", true),
        ("escapes in either case", "User-agent: *\nDisallow: /%e6%b2%b3", "/%E6%B2%B3", false),
        ("Chinese is as its escapes", "User-agent: *\nDisallow: /河", "/%E6%B2%B3南", false),
        ("a broken escape is itself", "User-agent: *\nDisallow: /100%", "/100%zz", false),
        ("CRLF, CR, blanks", "\u{feff}User-agent : * \r\n  Disallow :\t/a # no\rDisallow:/b", "/b", false),
        ("a colon forgotten, a word misspelt", "User-agent *\nDisalow /a", "/a", false),
        ("an address without a path is the front page", "User-agent: *\nDisallow: /$", "", false),
        ("a pattern without a slash matches nothing", "User-agent: *\nDisallow: a", "/a", true),
    ];
    for (name, file, path, want) in cases {
        assert_eq!(allowed(file, path), *want, "{name}");
    }
}

#[test]
fn a_permission_names_its_rule() {
    let robots = Robots::parse(b"User-agent: *\nDisallow: /a*.html$\nAllow: /b");
    assert_eq!(robots.permission(AGENT, "/a/1.html").why, "robots.txt forbids it: Disallow: /a*.html$");
    assert_eq!(robots.permission(AGENT, "/b").why, "robots.txt allows it: Allow: /b");
    assert_eq!(robots.permission(AGENT, "/c").why, "robots.txt has no rule against it");
}

#[test]
fn what_is_kept_for_one_agent_says_the_same_to_it() {
    let file = b"User-agent: *\nDisallow: /a\nUser-agent: x\nDisallow: /b\nUser-agent: dibao\nDisallow: /c";
    let whole = Robots::parse(file);
    for agent in [AGENT, "x", "other"] {
        let narrow = whole.clone().narrowed(agent);
        for path in ["/a", "/b", "/c"] {
            assert_eq!(narrow.permission(agent, path), whole.permission(agent, path), "{agent} {path}");
        }
    }
    let unreachable = Robots::of(&Exchange::Failed(FetchFault::Reset));
    assert_eq!(unreachable.clone().narrowed(AGENT), unreachable);
}

#[test]
fn delays_are_bounded_and_the_longest_of_ours_counts() {
    let cases = [
        ("User-agent: *\nCrawl-delay: 10", Some(10.0)),
        ("User-agent: *\nCrawl-delay: 0.5\nDisallow: /x", Some(0.5)),
        ("User-agent: *\nCrawl-delay: 86400", Some(60.0)),
        ("User-agent: *\nCrawl-delay: -1\nCrawl-delay: inf\nCrawl-delay: soon\nCrawl-delay: NaN", None),
        ("User-agent: *\nCrawl-delay: 10\nUser-agent: dibao\nCrawl-delay: 2\nAllow: /", Some(10.0)),
        ("User-agent: *\nCrawl-delay: 10\nDisallow:\nUser-agent: dibao\nAllow: /", None),
        ("User-agent: dibao\nCrawl-delay: 2\nAllow: /\nUser-agent: dibao\nCrawl-delay: 3", Some(3.0)),
        ("Crawl-delay: 10", None),
    ];
    for (file, want) in cases {
        let delay = Robots::parse(file.as_bytes()).crawl_delay(AGENT);
        assert_eq!(delay.map(|d| d.as_secs_f64()), want, "{file}");
    }
    assert_eq!(Robots::allow_all().crawl_delay(AGENT), None);
}

#[test]
fn past_the_limit_nothing_is_read_and_no_line_is_halved() {
    let mut file = b"User-agent: *\nDisallow: /a\n".to_vec();
    file.resize(MAX_BYTES - 11, b'#');
    file.extend_from_slice(b"\nDisallow: /secret\nDisallow: /b\n");
    let robots = Robots::parse(&file);
    assert!(!allows(&robots, "/a"));
    assert!(allows(&robots, "/secret") && allows(&robots, "/c"));
}

#[test]
fn what_asking_for_it_ended_in_decides() {
    let head = |status| ResponseHead { status, ..ResponseHead::default() };
    let blocked = |status, why| Exchange::Blocked { head: head(status), why };
    let cases = [
        (Exchange::Status(head(404)), true),
        (Exchange::Gone(head(410)), true),
        (blocked(403, Block::Forbidden), true),
        (blocked(412, Block::Firewall), true),
        (Exchange::Status(head(204)), true),
        (Exchange::Status(head(301)), true),
        (Exchange::Failed(FetchFault::TooManyRedirects { limit: 5 }), true),
        (Exchange::Throttled(head(429)), false),
        (Exchange::Throttled(head(503)), false),
        (Exchange::Status(head(500)), false),
        (blocked(521, Block::Challenge), false),
        (Exchange::Failed(FetchFault::Reset), false),
    ];
    for (exchange, want) in cases {
        let robots = Robots::of(&exchange);
        assert_eq!((allows(&robots, "/a"), robots.is_unknown()), (want, !want), "{exchange:?}");
        assert!(allows(&robots, "/robots.txt"));
    }
    assert!(allows(&Robots::allow_all(), "/"));
}

#[test]
fn tags_speak_to_everyone_or_to_one() {
    let cases = [
        (None, ""),
        (Some("all"), ""),
        (Some("noindex, nofollow"), "noindex nofollow"),
        (Some("NONE"), "noindex nofollow"),
        (Some("googlebot: noindex, nofollow"), ""),
        (Some("googlebot: noindex\nnosnippet"), "nosnippet"),
        (Some("other: noindex, Dibao: nofollow, nosnippet"), "nofollow nosnippet"),
        (Some("unavailable_after: 25 Jun 2026 15:00:00 PST, noindex"), "noindex"),
        (Some("max-snippet: 0, max-image-preview:large"), "nosnippet"),
        (Some("max-snippet:20"), ""),
    ];
    for (tag, want) in cases {
        let found = page_directives(tag, AGENT);
        let names =
            [(found.noindex, "noindex"), (found.nofollow, "nofollow"), (found.nosnippet, "nosnippet")];
        let names: Vec<&str> = names.into_iter().filter(|(is, _)| *is).map(|(_, name)| name).collect();
        assert_eq!(names.join(" "), want, "{tag:?}");
    }
}

/// A matcher that is plainly right, and slow: `*` is tried for every length.
fn slow(pattern: &[u8], path: &[u8]) -> bool {
    match pattern {
        [] => true,
        [b'$'] => path.is_empty(),
        [b'*', rest @ ..] => (0..=path.len()).any(|n| slow(rest, &path[n..])),
        [first, rest @ ..] => path.split_first().is_some_and(|(p, path)| p == first && slow(rest, path)),
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_and_any_path_judged(file: Vec<u8>, path: String) {
        let _ = Robots::parse(&file).permission(AGENT, &path);
    }

    #[test]
    fn patterns_match_as_a_slow_matcher_does(pattern in "/[ab*]{0,7}\\$?", path in "/[ab]{0,9}") {
        let file = format!("User-agent: *\nDisallow: {pattern}");
        prop_assert_eq!(allowed(&file, &path), !slow(pattern.as_bytes(), path.as_bytes()));
    }
}
