//! A Retry-After of any of a list's pages also delays polls by hand.

use super::*;

/// So long it is asked for in most cases, in seconds.
const HOUR: u32 = 3600;

fn refusal(status: u16, wait: u32) -> Reply {
    Reply::of(status, &[format!("Retry-After: {wait}").as_str()], b"")
}

/// What refuses, and a source whose poll meets it.
fn refusing(script: &Script, what: &str, wait: u32) -> String {
    let refusal = |status| refusal(status, wait);
    let page = "/news/2026/1120/1.html";
    script.on("/list", [html(&list([1]))]);
    script.on(page, [html(&article(1))]);
    let mut source = followed(script, 20);
    match what {
        "list" => script.on("/list", [refusal(429)]),
        "list, with another status" => script.on("/list", [refusal(500)]),
        "page" => script.on(page, [refusal(503)]),
        "page, with another status" => script.on(page, [refusal(403)]),
        "robots.txt" => script.on("/robots.txt", [refusal(429)]),
        "further page" => {
            let next = "<a class=\"next\" href=\"/list_2\">下一页</a></body>";
            script.on("/list", [html(&list([1]).replace("</body>", next))]);
            script.on("/list_2", [refusal(429)]);
            source += "next = \"a.next\"\npages = 2\n";
        }
        "fresh list's page" => {
            // The list may be kept for six hours; its page wants to be left alone for one.
            script.on(
                "/list",
                [Reply::of(200, &[HTML[0], "Cache-Control: max-age=20000"], list([1]).as_bytes())],
            );
            script.on(page, [refusal(429)]);
        }
        other => panic!("{other}"),
    }
    source
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_by_hand_waits_as_long_as_any_page_asked_for() {
    let all = [
        "list",
        "list, with another status",
        "page",
        "page, with another status",
        "robots.txt",
        "further page",
        "fresh list's page",
    ];
    let hour = all.iter().flat_map(|what| [("host", *what, HOUR), ("source", *what, HOUR)]);
    // A day is the most that is followed; more than that is a day.
    let beside = ["page", "robots.txt", "further page"];
    let longer = beside.iter().flat_map(|what| [("host", *what, 86_400), ("source", *what, 100_000)]);
    for (scope, what, wait) in hour.chain(longer) {
        let script = Script::start().await.unwrap();
        let source =
            refusing(&script, what, wait).replace("kind =", &format!("retry_after = \"{scope}\"\nkind ="));
        let desk = Desk::new(&source);
        let mut engine = desk.open().await;
        poll_all(&engine).await;
        let asked = script.seen().len();
        for _ in 0..2 {
            let rows = poll_all(&engine).await;
            assert_eq!(script.seen().len(), asked, "the {what} by {scope}, {wait} s: {rows:?}");
            assert!(
                ["held", "throttled"].contains(&outcome(&rows)),
                "the {what} by {scope}, {wait} s: {rows:?}"
            );
            // A restart forgets no promise.
            engine.close().await.unwrap();
            drop(engine);
            engine = desk.open().await;
        }
        engine.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_another_host_are_left_alone_while_the_list_is_asked() {
    // Another name and another port, or another port alone: hosts are told apart by both, as their queues are.
    let names = ["localhost", "127.0.0.1"].into_iter();
    for (name, scope) in names.flat_map(|name| [(name, "host"), (name, "source")]) {
        let (script, pages) = (Script::start().await.unwrap(), Script::start().await.unwrap());
        let there = pages.url("/news/2026/").replace("127.0.0.1", name);
        let listed = |n: &[u32]| html(&list(n.iter().copied()).replace("/news/2026/", &there));
        script.on("/list", [listed(&[1]), listed(&[2, 1])]);
        pages.on("/news/2026/1120/1.html", [refusal(429, HOUR)]);
        let source = followed(&script, 20).replace("kind =", &format!("retry_after = \"{scope}\"\nkind ="));
        let desk = Desk::new(&(source + "entry = \"ul.liebiao li\"\n"));
        let engine = desk.open().await;
        let rows = poll_all(&engine).await;
        assert!(!pages.seen().is_empty(), "{rows:?}");
        engine.close().await.unwrap();
        drop(engine);
        let asked = pages.seen().len();
        let engine = desk.open().await;
        assert_eq!(outcome(&poll_all(&engine).await), "fetched");
        assert_eq!((pages.seen().len(), self::asked(&script, "/list")), (asked, 2), "{name} by {scope}");
        engine.close().await.unwrap();
    }
}
