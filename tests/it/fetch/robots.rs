//! robots.txt: asked for once, obeyed, and remembered for as long as it may be.

use std::sync::Arc;

use dibao::decide::robots::AGENT;

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

fn file(text: &str) -> Reply {
    Reply::of(200, &["Content-Type: text/plain"], text.as_bytes())
}

/// Lets hours go by without anything else noticing: sockets do not run on the paused clock.
async fn later(hours: u32) {
    tokio::time::pause();
    tokio::time::advance(HOUR * hours).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_robots_txt_is_fetched_once_for_many_pages_and_again_after_a_day() {
    let script = script().await;
    script.on("/robots.txt", [file("User-agent: *\nDisallow: /a"), file("")]);
    let fetcher = Arc::new(fetcher(patient()));
    let many: Vec<_> = (0..20)
        .map(|n| {
            let (fetcher, url) = (Arc::clone(&fetcher), script.url(&format!("/a/{n}.html")));
            tokio::spawn(async move { fetcher.may_fetch(&url).await })
        })
        .collect();
    for one in many {
        let verdict = one.await.expect("no panic");
        assert!(!verdict.allowed && verdict.why.ends_with("Disallow: /a"), "{verdict:?}");
    }
    assert!(fetcher.may_fetch(&script.url("/b?a")).await.allowed);
    later(23).await;
    assert!(!fetcher.may_fetch(&script.url("/a")).await.allowed);
    assert_eq!(script.seen().len(), 1);
    later(2).await;
    assert!(fetcher.may_fetch(&script.url("/a")).await.allowed);
    let paths: Vec<String> = script.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, ["/robots.txt", "/robots.txt"]);
}

#[tokio::test]
async fn without_a_robots_txt_everything_may_be_fetched_and_with_a_broken_server_nothing() {
    let cases = [
        (404, true, "there is no robots.txt (status 404)"),
        (403, true, "there is no robots.txt (status 403)"),
        (429, false, "its robots.txt cannot be had: status 429"),
        (500, false, "its robots.txt cannot be had: status 500"),
    ];
    for (status, allowed, why) in cases {
        let script = script().await;
        script.on("/robots.txt", [Reply::of(status, &[], b"")]);
        let verdict = fetcher(patient()).may_fetch(&script.url("/a")).await;
        assert_eq!((verdict.allowed, verdict.why.as_str()), (allowed, why));
    }
    let (_kept, address) = closed_port();
    assert!(!fetcher(patient()).may_fetch(&format!("http://{address}/")).await.allowed);
    assert!(!fetcher(options()).may_fetch("ftp://a.example/").await.allowed);
}

#[tokio::test]
async fn while_it_cannot_be_had_what_it_said_last_holds() {
    let script = script().await;
    let replies =
        [file("User-agent: dibao\nDisallow: /a"), Reply::of(503, &[], b""), file("User-agent: *\nAllow: /")];
    script.on("/robots.txt", replies);
    let fetcher = fetcher(patient());
    assert!(fetcher.may_fetch(&script.url("/b")).await.allowed);
    later(25).await;
    assert!(fetcher.may_fetch(&script.url("/b")).await.allowed, "the broken server does not close it");
    assert!(!fetcher.may_fetch(&script.url("/a")).await.allowed);
    later(1).await;
    assert!(fetcher.may_fetch(&script.url("/a")).await.allowed);
    assert_eq!(script.seen().len(), 3);
}

#[tokio::test]
async fn one_that_is_refused_puts_nobody_off_who_knows_it_but_for_as_long_as_it_asks() {
    let rules = || file("User-agent: dibao\nDisallow: /a");
    for status in [429, 503] {
        let script = script().await;
        script.on("/robots.txt", [rules(), Reply::of(status, &[], b"")]);
        let (url, fetcher) = (script.url("/b"), fetcher(patient()));
        fetcher.may_fetch(&url).await;
        later(25).await;
        let (verdict, put_off) = fetcher.admission(&url, false).await;
        assert!(verdict.allowed && put_off.is_none(), "{status}: {put_off:?}");
        assert_eq!(script.seen().len(), 2);
        assert!(!fetcher.may_fetch(&script.url("/a")).await.allowed);
    }
    let script = script().await;
    script.on("/robots.txt", [rules(), Reply::of(429, &["Retry-After: 3600"], b"")]);
    let (url, fetcher) = (script.url("/b"), fetcher(patient()));
    fetcher.may_fetch(&url).await;
    // Asked for it a day later, then by what it said before, then for it again.
    for (hours, asked, put_off) in [(25, 2, true), (2, 2, false), (0, 2, false), (1, 3, true), (24, 3, false)]
    {
        later(hours).await;
        let (verdict, told) = fetcher.admission(&url, false).await;
        assert_eq!((told.is_some(), script.seen().len()), (put_off, asked), "{hours} hours later");
        assert!(verdict.allowed);
    }
}

#[tokio::test]
async fn its_redirects_are_followed_and_its_rules_hold_where_it_was_asked_for() {
    let (home, away) = (script().await, script().await);
    home.on("/robots.txt", [Reply::of(301, &[&format!("Location: {}", away.url("/r"))], b"")]);
    away.on("/r", [file("User-agent: *\nDisallow: /a")]);
    let fetcher = fetcher(patient());
    assert!(!fetcher.may_fetch(&home.url("/a")).await.allowed);
    assert!(fetcher.may_fetch(&away.url("/a")).await.allowed, "it has none of its own");
}

#[tokio::test]
async fn a_page_s_redirects_are_followed_only_where_robots_txt_lets_them() {
    let (home, away) = (script().await, script().await);
    let rules = || [file("User-agent: *\nDisallow: /private")];
    home.on("/robots.txt", rules());
    away.on("/robots.txt", rules());
    let to = |place: String| [Reply::of(302, &[&format!("Location: {place}")], b"")];
    home.on("/inside", to("/private/list".to_owned()));
    home.on("/outside", to(away.url("/private/list")));
    home.on("/twice", to(away.url("/on")));
    away.on("/on", to(home.url("/private/list")));
    home.on("/open", to(away.url("/list")));
    for script in [&home, &away] {
        script.on("/list", [Reply::of(200, &[], FEED)]);
        script.on("/private/list", [Reply::of(200, &[], FEED)]);
    }
    let fetcher = fetcher(patient());
    let page = |path| FetchRequest { obeys_robots: true, ..request(home.url(path)) };
    for path in ["/inside", "/outside", "/twice"] {
        let fault = fault(fetcher.get(&page(path)).await);
        assert!(fault.kind() == "robots" && fault.to_string().contains("Disallow: /private"), "{fault}");
    }
    body(fetcher.get(&page("/open")).await);
    for script in [&home, &away] {
        let paths: Vec<String> = script.seen().into_iter().map(|seen| seen.path).collect();
        assert!(!paths.contains(&"/private/list".to_owned()), "{paths:?}");
        assert_eq!(paths.iter().filter(|path| *path == "/robots.txt").count(), 1, "{paths:?}");
    }
    body(fetcher.get(&request(home.url("/inside"))).await);
}

#[tokio::test]
async fn a_page_s_redirect_waits_where_the_robots_txt_of_its_target_asks_for_it() {
    let (home, away) = (script().await, script().await);
    home.on("/list", [Reply::of(302, &[&format!("Location: {}", away.url("/list"))], b"")]);
    away.on("/robots.txt", [Reply::of(429, &["Retry-After: 3600"], b"")]);
    let page = FetchRequest { obeys_robots: true, ..request(home.url("/list")) };
    let Exchange::Throttled(head) = fetcher(patient()).get(&page).await else { panic!("it is put off") };
    assert_eq!(head.final_url, away.url("/robots.txt"));
    assert_eq!(away.seen().len(), 1);
    away.on("/robots.txt", [Reply::of(500, &[], b"")]);
    assert_eq!(fault(fetcher(patient()).get(&page).await).kind(), "no-robots", "it may be had another time");
}

#[tokio::test]
async fn pages_that_lead_to_one_another_s_hosts_do_not_wait_for_one_another() {
    let (one, two) = (script().await, script().await);
    for (here, there) in [(&one, &two), (&two, &one)] {
        here.on("/robots.txt", [file("")]);
        here.on("/list", [Reply::of(302, &[&format!("Location: {}", there.url("/end"))], b"")]);
        here.on("/end", [Reply::of(200, &[], FEED)]);
    }
    let fetcher = fetcher(FetchOptions { per_host: 1, ..patient() });
    let page = |script: &Script| FetchRequest { obeys_robots: true, ..request(script.url("/list")) };
    let (first, second) = (page(&one), page(&two));
    let both = async { tokio::join!(fetcher.get(&first), fetcher.get(&second)) };
    let (first, second) = tokio::time::timeout(Duration::from_secs(20), both).await.expect("both end");
    body(first);
    body(second);
}

#[tokio::test]
async fn one_that_is_to_be_found_elsewhere_later_is_read_then() {
    let script = script().await;
    script.on("/robots.txt", [Reply::of(301, &["Location: /r", "Retry-After: 3600"], b"")]);
    script.on("/r", [file("User-agent: *\nDisallow: /a")]);
    let (url, fetcher) = (script.url("/b"), fetcher(patient()));
    for _ in 0..2 {
        assert!(!fetcher.may_fetch(&url).await.allowed, "nobody knows yet");
        assert_eq!(script.seen().len(), 1);
    }
    later(2).await;
    assert!(fetcher.may_fetch(&url).await.allowed);
    assert!(!fetcher.may_fetch(&script.url("/a")).await.allowed);
    assert_eq!(script.seen().len(), 3);
}

#[tokio::test]
async fn an_endless_one_is_read_as_far_as_its_limit() {
    let script = script().await;
    let reply = Reply::open(200, &[]).send(b"User-agent: *\nDisallow: /a\n").forever(&[b'#'; 4096]);
    script.on("/robots.txt", [reply]);
    let fetcher = fetcher(patient());
    assert!(!fetcher.may_fetch(&script.url("/a")).await.allowed);
    let robots = fetcher.robots_of(&script.url("/b"), false).await.expect("an address");
    assert!(robots.permission(AGENT, "/b").allowed);
}

#[tokio::test]
async fn one_that_comes_compressed_is_read_and_as_far_as_its_limit() {
    let rules = b"User-agent: *\nDisallow: /a\n";
    let endless =
        Reply::open(200, &["Content-Encoding: gzip"]).send(&gzip(rules)).forever(&gzip(&[b'#'; 4096]));
    for reply in [Reply::of(200, &["Content-Encoding: gzip"], &gzip(rules)), endless] {
        let script = script().await;
        script.on("/robots.txt", [reply]);
        let verdict = fetcher(patient()).may_fetch(&script.url("/a")).await;
        assert!(verdict.why.ends_with("Disallow: /a"), "{verdict:?}");
    }
}

#[tokio::test]
async fn the_source_s_secrets_stay_out_of_it() {
    let script = script().await;
    let fetcher = fetcher(patient());
    fetcher.may_fetch(&script.url("/a?token=hush").replace("http://", "http://me:word@")).await;
    let seen = script.seen();
    assert_eq!((seen[0].path.as_str(), seen[0].header("authorization")), ("/robots.txt", None));
}
