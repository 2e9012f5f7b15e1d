//! robots.txt is obeyed for redirects too.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_leads_nowhere_that_robots_txt_forbids() {
    let script = Script::start().await.unwrap();
    let to = |place: &str| [Reply::of(302, &[&format!("Location: {place}")], b"")];
    script.on("/robots.txt", [Reply::of(200, &[], b"User-agent: *\nDisallow: /private\n")]);
    script.on("/list", to("/private/list"));
    script.on("/private/list", [html(&list([1]))]);
    let desk = Desk::new(&followed(&script, 20));
    let engine = desk.open().await;
    let rows = poll_all(&engine).await;
    assert_eq!(outcome(&rows), "blocked", "{rows:?}");
    assert_eq!(asked(&script, "/private/list"), 0);

    script.on("/list", [html(&list([1]))]);
    script.on("/news/2026/1120/1.html", to("/private/1.html"));
    script.on("/private/1.html", [html(&article(1))]);
    poll_all(&engine).await;
    assert_eq!(entries(&engine, None).await.len(), 1, "published as its list has it");
    assert_eq!((asked(&script, "/news/2026/1120/1.html"), asked(&script, "/private/1.html")), (1, 0));
    engine.close().await.unwrap();
}

/// In the head of the list, of a further page of it, and in a header.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_asks_robots_not_to_follow_its_links_gives_its_entries_as_it_has_them() {
    let meta = |page: String| page.replace("<head>", "<head><meta name=\"robots\" content=\"nofollow\">");
    let more = |page: String| page.replace("</ul>", "</ul><a class=\"next\" href=\"/list/2\">下一页</a>");
    let tagged = |tag: &str| Reply::of(200, &[HTML, &[tag]].concat(), list([2, 1]).as_bytes());
    for (first, second) in [
        (html(&meta(list([2, 1]))), None),
        (tagged("X-Robots-Tag: nofollow"), None),
        (tagged("X-Robots-Tag: none"), None),
        (html(&more(list([2]))), Some(html(&meta(list([1]))))),
    ] {
        let script = Script::start().await.unwrap();
        script.on("/list", [first]);
        let pages = second.map_or("", |second| {
            script.on("/list/2", [second]);
            "pages = 2\nnext = \"a.next\"\n"
        });
        for n in 1..=2 {
            script.on(&format!("/news/2026/1120/{n}.html"), [html(&article(n))]);
        }
        let desk = Desk::new(&(followed(&script, 20) + pages));
        let engine = desk.open().await;
        let rows = poll_all(&engine).await;
        assert_eq!(outcome(&rows), "fetched", "{rows:?}");
        assert!(rows[0]["detail"].as_str().unwrap().contains("(nofollow)"), "{rows:?}");
        assert!(script.seen().iter().all(|seen| !seen.path.starts_with("/news/")), "{:?}", script.seen());
        assert_eq!(entries(&engine, None).await.len(), 2, "published as the list has them");
        engine.close().await.unwrap();
    }
}

/// What waited for its page while the list let robots follow is not held back.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_asks_not_to_be_followed_any_more_publishes_what_waits() {
    let script = Script::start().await.unwrap();
    let meta = "<head><meta name=\"robots\" content=\"nofollow\">";
    script.on("/list", [html(&list([3, 2, 1])), html(&list([3, 2, 1]).replace("<head>", meta))]);
    for n in 1..=3 {
        script.on(&format!("/news/2026/1120/{n}.html"), [html(&article(n))]);
    }
    let desk = Desk::new(&followed(&script, 1));
    let engine = desk.open().await;
    poll_all(&engine).await;
    assert_eq!(entries(&engine, None).await.len(), 1);
    poll_all(&engine).await;
    assert_eq!(entries(&engine, None).await.len(), 3);
    assert_eq!(script.seen().iter().filter(|seen| seen.path.starts_with("/news/")).count(), 1);
    engine.close().await.unwrap();
}
