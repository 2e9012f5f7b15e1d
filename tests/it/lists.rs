//! List pages and JSON documents as sources, from the publisher to the feed: which requests dibao makes, how often,
//! and which entries it stores when pages answer, refuse or change.

mod habits;
mod moves;
mod proxy;
mod rereading;
mod retry_after;
mod robots;
mod truncation;

use std::fmt::Write;

use dibao::command::sources::Sources;
use dibao::demo::script::{Reply, Script};
use serde_json::Value;

use crate::support::{Desk, ask, entries, ids_in, page, poll_all};

const HTML: &[&str] = &["Content-Type: text/html; charset=utf-8"];

fn html(body: &str) -> Reply {
    Reply::of(200, HTML, body.as_bytes())
}

/// A list of entries by number, the newest first.
fn list(numbers: impl IntoIterator<Item = u32>) -> String {
    let mut page = "<html lang=\"zh\"><head><title>要闻-河南网</title></head><body><div class=\"nav\">\
        <a href=\"/\">首页</a></div><ul class=\"liebiao\">"
        .to_owned();
    for n in numbers {
        write!(
            page,
            "<li><a href=\"/news/2026/1120/{n}.html\">河南一地第{n}号工程今天开工</a> <span>2026-11-20</span></li>"
        )
        .unwrap();
    }
    page + "</ul></body></html>"
}

fn article(n: u32) -> String {
    format!(
        "<html><head><title>河南一地第{n}号工程今天开工-河南网</title></head><body>\
         <div class=\"weizhi\"><a href=\"/\">首页</a> &gt; <a href=\"/gc/\">工程</a> &gt; 正文</div>\
         <h1>河南一地第{n}号工程今天开工</h1><div class=\"meta\">2026年11月20日 08:{n:02} 来源:河南日报客户端 责任编辑:李明</div>\
         <div class=\"neirong\"><p>　　第{n}号工程二十日开工，工期三年，建成后可供水五十万人。</p>\
         <p>　　当天上午，建设者们在现场做了准备，机器陆续进场，沿线村民前来观看。</p><p>　　（完）</p></div></body></html>"
    )
}

fn followed(script: &Script, limit: u32) -> String {
    format!(
        "[[source]]\nid = \"a\"\nurl = \"{}\"\nkind = \"page\"\nregion = \"henan\"\n\
         [source.page]\nfollow = true\nfollow_limit = {limit}\n",
        script.url("/list")
    )
}

fn plain(script: &Script) -> String {
    format!(
        "[[source]]\nid = \"a\"\nurl = \"{}\"\nkind = \"page\"\nregion = \"henan\"\n",
        script.url("/list")
    )
}

fn asked(script: &Script, path: &str) -> usize {
    script.seen().iter().filter(|seen| seen.path == path).count()
}

fn outcome(rows: &[Value]) -> &str {
    rows[0]["outcome"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_without_selectors_becomes_entries_each_once() {
    let script = Script::start().await.unwrap();
    script.on("/list", [html(&list([3, 2, 1])), html(&list([4, 3, 2]))]);
    let desk = Desk::new(&plain(&script));
    let engine = desk.open().await;
    assert_eq!(outcome(&poll_all(&engine).await), "fetched");
    poll_all(&engine).await;
    let all = entries(&engine, Some("henan")).await;
    assert_eq!(all.len(), 4, "{all:?}");
    assert_eq!(all[0]["title"], "河南一地第4号工程今天开工");
    assert_eq!(all[0]["link"], script.url("/news/2026/1120/4.html"));
    assert_eq!(asked(&script, "/robots.txt"), 1, "asked once for a day");
    assert_eq!(ids_in(&page(&engine, "henan.atom")).len(), 4);
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_new_entry_s_page_is_read_once_and_says_who_wrote_it() {
    let script = Script::start().await.unwrap();
    script.on("/list", [html(&list([2, 1])), html(&list([3, 2, 1]))]);
    for n in 1..=3 {
        script.on(&format!("/news/2026/1120/{n}.html"), [html(&article(n))]);
    }
    let desk = Desk::new(&followed(&script, 20));
    let engine = desk.open().await;
    poll_all(&engine).await;
    poll_all(&engine).await;
    poll_all(&engine).await;
    for n in 1..=3 {
        assert_eq!(asked(&script, &format!("/news/2026/1120/{n}.html")), 1, "page {n}");
    }
    let all = entries(&engine, Some("henan")).await;
    assert_eq!(all.len(), 3);
    let first = all.iter().find(|row| row["title"].as_str().unwrap().contains("第1号")).unwrap();
    assert_eq!(first["published"], "2026-11-20T00:01:00Z", "the page's minute, not the list's day");
    let atom = String::from_utf8(page(&engine, "henan.atom")).unwrap();
    for said in ["<name>河南日报客户端</name>", "李明", "工程", "建成后可供水五十万人"] {
        assert!(atom.contains(said), "{said}: {atom}");
    }
    assert!(!atom.contains("<content"), "the body is the publisher's");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_body_is_taken_where_the_source_says_full() {
    let script = Script::start().await.unwrap();
    script.on("/list", [html(&list([1]))]);
    script.on("/news/2026/1120/1.html", [html(&article(1))]);
    let source = followed(&script, 20).replace("[source.page]", "content = \"full\"\n[source.page]");
    let desk = Desk::new(&source);
    let engine = desk.open().await;
    poll_all(&engine).await;
    let atom = String::from_utf8(page(&engine, "henan.atom")).unwrap();
    assert!(atom.contains("<content") && atom.contains("沿线村民前来观看"), "{atom}");
    assert!(!atom.contains("责任编辑"), "nothing of the frame: {atom}");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_pages_are_read_in_a_poll_and_the_others_come_in_the_next() {
    let script = Script::start().await.unwrap();
    script.on("/list", [html(&list([5, 4, 3, 2, 1]))]);
    for n in 1..=5 {
        script.on(&format!("/news/2026/1120/{n}.html"), [html(&article(n))]);
    }
    let desk = Desk::new(&followed(&script, 2));
    let mut engine = desk.open().await;
    for known in [2, 4, 5, 5] {
        poll_all(&engine).await;
        assert_eq!(entries(&engine, None).await.len(), known);
        engine.close().await.unwrap();
        drop(engine);
        // What waits is remembered over a restart.
        engine = desk.open().await;
    }
    assert!((1..=5).all(|n| asked(&script, &format!("/news/2026/1120/{n}.html")) == 1));
    let shown = entries(&engine, Some("henan")).await;
    assert_eq!(
        shown[0]["title"], "河南一地第5号工程今天开工",
        "a first list is no news, however late it comes"
    );
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_fails_three_times_is_published_as_its_list_has_it() {
    let script = Script::start().await.unwrap();
    script.on("/list", [html(&list([2, 1]))]);
    script.on("/news/2026/1120/1.html", [Reply::of(500, &[], b"oops")]);
    script.on("/news/2026/1120/2.html", [Reply::of(404, &[], b"")]);
    let desk = Desk::new(&followed(&script, 20));
    let engine = desk.open().await;
    for known in [1, 1, 2, 2] {
        poll_all(&engine).await;
        assert_eq!(entries(&engine, None).await.len(), known);
    }
    assert_eq!(asked(&script, "/news/2026/1120/1.html"), 3);
    assert_eq!(asked(&script, "/news/2026/1120/2.html"), 1, "what is not there is not asked for again");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_headline_in_the_list_corrects_the_title_and_keeps_what_the_page_said() {
    let script = Script::start().await.unwrap();
    let corrected = list([1]).replace("今天开工", "明天开工（更正）");
    script.on("/list", [html(&list([1])), html(&corrected)]);
    script.on("/news/2026/1120/1.html", [html(&article(1))]);
    let desk = Desk::new(&followed(&script, 20));
    let engine = desk.open().await;
    poll_all(&engine).await;
    poll_all(&engine).await;
    let atom = String::from_utf8(page(&engine, "henan.atom")).unwrap();
    assert!(atom.contains("明天开工（更正）") && atom.contains("河南日报客户端"), "{atom}");
    assert_eq!(ids_in(atom.as_bytes()).len(), 1);
    assert_eq!(asked(&script, "/news/2026/1120/1.html"), 1);
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn robots_and_noindex_are_obeyed() {
    let script = Script::start().await.unwrap();
    script.on("/robots.txt", [Reply::of(200, &[], b"User-agent: *\nDisallow: /news/2026/1120/1.html\n")]);
    script.on("/list", [html(&list([2, 1]))]);
    script.on("/news/2026/1120/1.html", [html(&article(1))]);
    let noindex = Reply::of(200, &[HTML[0], "X-Robots-Tag: noindex"], article(2).as_bytes());
    script.on("/news/2026/1120/2.html", [noindex]);
    let desk = Desk::new(&followed(&script, 20));
    let engine = desk.open().await;
    poll_all(&engine).await;
    assert_eq!(entries(&engine, None).await.len(), 2, "the list itself offers titles and links");
    assert_eq!(asked(&script, "/news/2026/1120/1.html"), 0);
    let atom = String::from_utf8(page(&engine, "henan.atom")).unwrap();
    assert!(!atom.contains("五十万人"), "nothing of a page that is not to be indexed: {atom}");
    engine.close().await.unwrap();

    let closed = Script::start().await.unwrap();
    closed.on("/robots.txt", [Reply::of(200, &[], b"User-agent: dibao\nDisallow: /\n")]);
    closed.on("/list", [html(&list([1]))]);
    let desk = Desk::new(&plain(&closed));
    let engine = desk.open().await;
    assert_eq!(outcome(&poll_all(&engine).await), "blocked");
    assert_eq!(asked(&closed, "/list"), 0);
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_changed_is_a_named_state_and_never_an_empty_feed() {
    let script = Script::start().await.unwrap();
    let challenge = "<html><head><script>document.cookie='k='+Math.random();location.reload();</script></head><body></body></html>";
    let other = list([3, 2, 1]).replace("liebiao", "umgebaut");
    script.on(
        "/list",
        [
            html(&list([2, 1])),
            html("<html><head><title>要闻</title></head><body><p>栏目建设中</p></body></html>"),
            html(challenge),
            html(&other),
            html(&list([3, 2, 1])),
        ],
    );
    let selectors = plain(&script) + "[source.page]\nentry = \"ul.liebiao li\"\n";
    let desk = Desk::new(&selectors);
    let engine = desk.open().await;
    poll_all(&engine).await;
    let before = page(&engine, "henan.atom");
    for state in ["emptied", "blocked", "selectors-stopped"] {
        let rows = poll_all(&engine).await;
        assert_eq!(outcome(&rows), state, "{rows:?}");
        assert!(page(&engine, "henan.atom") == before, "{state} changed the feed");
        let (rows, _) = ask(&engine, Sources {}).await;
        assert_eq!(rows[0]["state"], state);
    }
    let (rows, _) = ask(&engine, Sources {}).await;
    assert!(
        rows[0]["detail"].as_str().unwrap().contains("3 entries"),
        "what the generic rule finds: {rows:?}"
    );
    assert_eq!(outcome(&poll_all(&engine).await), "fetched");
    assert_eq!(entries(&engine, None).await.len(), 3);
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn further_pages_are_read_only_where_the_first_holds_nothing_known() {
    let script = Script::start().await.unwrap();
    let with_next = |numbers: Vec<u32>, next: &str| {
        list(numbers).replace("</body>", &format!("<a class=\"next\" href=\"{next}\">下一页</a></body>"))
    };
    script.on(
        "/list",
        [html(&with_next(vec![6, 5, 4], "/list_2")), html(&with_next(vec![7, 6, 5], "/list_2"))],
    );
    script.on("/list_2", [html(&with_next(vec![3, 2, 1], "/list_3"))]);
    script.on("/list_3", [html(&list([9, 8]))]);
    let source = plain(&script) + "[source.page]\nnext = \"a.next\"\npages = 2\n";
    let desk = Desk::new(&source);
    let engine = desk.open().await;
    poll_all(&engine).await;
    assert_eq!(entries(&engine, None).await.len(), 6);
    poll_all(&engine).await;
    assert_eq!(entries(&engine, None).await.len(), 7);
    assert_eq!((asked(&script, "/list_2"), asked(&script, "/list_3")), (1, 0));
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_json_document_s_codes_give_its_entries_their_regions() {
    let script = Script::start().await.unwrap();
    let alarms = r#"{"data":{"page":{"list":[
        {"alertid":"41010041600000_1","title":"气象台发布大风蓝色预警","issuetime":"2026/11/20 08:10","url":"/a/1.html"},
        {"alertid":"65010041600000_2","title":"气象台发布寒潮黄色预警","issuetime":"2026/11/20 09:10","url":"/a/2.html"}]}}}"#;
    script.on("/alarms", [Reply::of(200, &["Content-Type: application/json"], alarms.as_bytes())]);
    let source = format!(
        "[[source]]\nid = \"a\"\nurl = \"{}\"\nkind = \"json\"\nregion = \"auto\"\n[source.json]\n\
         entries = \"data.page.list\"\ntitle = \"title\"\nid = \"alertid\"\ntime = \"issuetime\"\nlink = \"url\"\n\
         region_code = \"alertid\"\n",
        script.url("/alarms")
    );
    let desk = Desk::new(&source);
    let engine = desk.open().await;
    poll_all(&engine).await;
    let henan = entries(&engine, Some("henan")).await;
    assert_eq!((henan.len(), &henan[0]["published"]), (1, &Value::from("2026-11-20T00:10:00Z")));
    assert_eq!(henan[0]["link"], script.url("/a/1.html"));
    assert_eq!(entries(&engine, Some("xinjiang")).await.len(), 1);
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_waits_for_ever_behind_pages_that_are_refused() {
    for refusal in [Reply::of(403, &[], b""), Reply::of(429, &[], b"")] {
        let script = Script::start().await.unwrap();
        script.on("/list", [html(&list([3, 2, 1]))]);
        for n in 1..=3 {
            script.on(&format!("/news/2026/1120/{n}.html"), [refusal.clone()]);
        }
        let desk = Desk::new(&followed(&script, 20));
        let engine = desk.open().await;
        for known in [0, 0, 3] {
            poll_all(&engine).await;
            assert_eq!(entries(&engine, None).await.len(), known, "after three polls all are published");
        }
        assert!(
            asked(&script, "/news/2026/1120/3.html") == 3 && asked(&script, "/news/2026/1120/1.html") == 0
        );
        engine.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_published_when_its_source_is_followed_no_more_or_gone() {
    for change in ["off", "gone"] {
        let script = Script::start().await.unwrap();
        let second = if change == "gone" { Reply::of(410, &[], b"") } else { html(&list([3, 2, 1])) };
        script.on("/list", [html(&list([3, 2, 1])), second]);
        script.on("/news/2026/1120/3.html", [html(&article(3))]);
        let desk = Desk::new(&followed(&script, 1));
        let engine = desk.open().await;
        poll_all(&engine).await;
        assert_eq!(entries(&engine, None).await.len(), 1);
        engine.close().await.unwrap();
        drop(engine);
        if change == "off" {
            desk.set_sources(&plain(&script));
        }
        let engine = desk.open().await;
        poll_all(&engine).await;
        poll_all(&engine).await;
        assert_eq!(entries(&engine, None).await.len(), 3, "{change}");
        engine.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn news_is_shown_while_a_first_list_is_still_being_read() {
    // Words that have nothing in common, so that no two entries tell one story.
    let words = |n: u32, count: u32| {
        (0..count).filter_map(|k| char::from_u32(0x4e00 + (n * 7919 + k * 10_473) % 5000)).collect::<String>()
    };
    let titled = |page: String| {
        let title = |page: String, n| page.replace(&format!("河南一地第{n}号工程今天开工"), &words(n, 12));
        (1..=43).fold(page, title)
    };
    let script = Script::start().await.unwrap();
    script.on("/list", [html(&titled(list((1..=40).rev()))), html(&titled(list((1..=43).rev())))]);
    for n in 1..=43 {
        let text = words(n, 90);
        let page = format!("<html><body><h1>{}</h1><p>{text}。</p></body></html>", words(n, 12));
        script.on(&format!("/news/2026/1120/{n}.html"), [html(&page)]);
    }
    let desk = Desk::new(&followed(&script, 20));
    let engine = desk.open().await;
    for _ in 0..3 {
        poll_all(&engine).await;
    }
    assert_eq!(entries(&engine, None).await.len(), 43);
    let atom = String::from_utf8(page(&engine, "henan.atom")).unwrap();
    assert_eq!(ids_in(atom.as_bytes()).len(), 23, "three that are news, twenty of the backlog");
    for n in 41..=43 {
        assert!(atom.contains(&format!("/{n}.html")), "{n} is news");
    }
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_further_page_that_fails_is_asked_for_again() {
    let script = Script::start().await.unwrap();
    let first = list([6, 5, 4]).replace("</body>", "<a class=\"next\" href=\"/list_2\">下一页</a></body>");
    script.on("/list", [html(&first)]);
    script.on("/list_2", [Reply::of(500, &[], b""), html(&list([3, 2, 1]))]);
    let desk = Desk::new(&(plain(&script) + "[source.page]\nnext = \"a.next\"\npages = 2\n"));
    let engine = desk.open().await;
    assert_eq!(outcome(&poll_all(&engine).await), "failed");
    assert_eq!(outcome(&poll_all(&engine).await), "fetched");
    assert_eq!(entries(&engine, None).await.len(), 6);
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_wait_for_their_pages_are_no_gap_and_hide_none() {
    let advice = async |engine: &std::sync::Arc<dibao::daemon::engine::Engine>| {
        ask(engine, Sources {}).await.0[0]["advice"].to_string()
    };
    let script = Script::start().await.unwrap();
    script.on("/list", [html(&list([3, 2, 1]))]);
    (1..=3).for_each(|n| script.on(&format!("/news/2026/1120/{n}.html"), [Reply::of(500, &[], b"")]));
    let desk = Desk::new(&followed(&script, 20));
    let engine = desk.open().await;
    for known in [0, 0, 3] {
        poll_all(&engine).await;
        assert_eq!(entries(&engine, None).await.len(), known);
        assert_eq!(advice(&engine).await, "null", "the very same list each time");
    }
    engine.close().await.unwrap();

    // A list that has nothing of the last one, where one page is read in a poll.
    let desk = Desk::new(&followed(&script, 1));
    let engine = desk.open().await;
    (4..=9).for_each(|n| script.on(&format!("/news/2026/1120/{n}.html"), [html(&article(n))]));
    script.on("/list", [html(&list([6, 5, 4])), html(&list([9, 8, 7]))]);
    for missed in [false, true] {
        poll_all(&engine).await;
        assert_eq!(advice(&engine).await.contains("may have been missed"), missed);
    }
    engine.close().await.unwrap();
}
