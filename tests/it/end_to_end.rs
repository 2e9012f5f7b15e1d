//! The whole way from a publisher to a subscriber, in process: the demo's news world and a scripted
//! publisher on loopback, a real state directory, the real listeners.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use chrono::DateTime;
use dibao::command::assign::Assign;
use dibao::command::compact::Compact;
use dibao::command::explain::Explain;
use dibao::command::poll::Poll;
use dibao::command::rebuild::Rebuild;
use dibao::command::sources::Sources;
use dibao::command::withdraw::Withdraw;
use dibao::config::Config;
use dibao::daemon::clock::SystemClock;
use dibao::daemon::engine::Engine;
use dibao::daemon::run;
use dibao::demo::publisher::Publisher;
use dibao::demo::script::{Reply, Script};
use dibao::demo::world::World;
use dibao::serve::admin::AnswerLine;
use dibao::serve::{View, Views};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::support::{Desk, ask, entries, ids_in, no_child_is_starting, page, poll_all, source};

/// A news world with its sources, served on loopback until the test ends.
async fn world() -> (Arc<Publisher>, String) {
    let epoch = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    let publisher = Publisher::new(World::new(7, epoch), 0);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(Arc::clone(&publisher).serve(listener));
    (publisher, World::tables(&base))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entry_is_stored_once_however_often_it_is_polled() {
    let (publisher, sources) = world().await;
    let desk = Desk::new(&sources);
    let engine = desk.open().await;
    poll_all(&engine).await;
    let first = entries(&engine, None).await.len();
    assert!(first > 50, "only {first} entries");
    poll_all(&engine).await;
    assert_eq!(entries(&engine, None).await.len(), first, "the same feeds again");
    assert!(publisher.counts().with_status(304) > 0, "no conditional request was answered by 304");
    for _ in 0..6 {
        publisher.advance();
        poll_all(&engine).await;
    }
    let all = entries(&engine, None).await;
    assert!(all.len() > first, "nothing new in six steps");
    let ids: BTreeSet<&str> = all.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), all.len(), "an id twice");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_feed_is_well_formed_and_holds_what_the_store_does() {
    let (_publisher, sources) = world().await;
    let desk = Desk::new(&sources);
    let engine = desk.open().await;
    poll_all(&engine).await;
    let regions: Vec<String> = engine.config.regions.iter().map(|r| r.id.to_string()).collect();
    assert_eq!(regions.len(), 35);
    for region in regions.iter().map(String::as_str).chain(["all", "national"]) {
        let shown = ids_in(&page(&engine, &format!("{region}.atom")));
        let stored: BTreeSet<String> = entries(&engine, Some(region))
            .await
            .iter()
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect();
        let unique: BTreeSet<String> = shown.iter().cloned().collect();
        assert_eq!(unique.len(), shown.len(), "{region}: an entry twice");
        assert!(unique.is_subset(&stored), "{region}: shows what is not stored");
        assert_eq!(unique.is_empty(), stored.is_empty(), "{region}");
    }
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_and_a_rebuild_serve_the_same_bytes() {
    let (publisher, sources) = world().await;
    let desk = Desk::new(&sources);
    let engine = desk.open().await;
    for _ in 0..3 {
        poll_all(&engine).await;
        publisher.advance();
    }
    let paths = ["", "all.atom", "henan.atom", "national.atom", "source/demo-henan.atom"];
    let before: Vec<_> = paths.iter().map(|path| page(&engine, path)).collect();
    engine.close().await.unwrap();
    drop(engine);

    let engine = desk.open().await;
    let again: Vec<_> = paths.iter().map(|path| page(&engine, path)).collect();
    assert!(again == before, "other bytes after a restart");
    ask(&engine, Rebuild {}).await;
    let rebuilt: Vec<_> = paths.iter().map(|path| page(&engine, path)).collect();
    assert!(rebuilt == before, "other bytes after a rebuild");
    engine.close().await.unwrap();
    drop(engine);

    std::fs::remove_dir_all(desk.dir.path().join("state/store")).unwrap();
    let engine = desk.open().await;
    let recovered: Vec<_> = paths.iter().map(|path| page(&engine, path)).collect();
    assert!(recovered == before, "other bytes from the journal alone");
    engine.close().await.unwrap();
}

fn rss(items: &[(&str, &str, &str)]) -> Vec<u8> {
    let items: String = items
        .iter()
        .map(|(guid, title, text)| {
            format!(
                "<item><guid isPermaLink=\"false\">{guid}</guid><title>{title}</title>\
                 <link>http://paper.example/{guid}</link><description>{text}</description></item>"
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>报</title>{items}</channel></rss>").into_bytes()
}

fn ok(body: &[u8]) -> Reply {
    Reply::of(200, &["Content-Type: application/rss+xml; charset=utf-8"], body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_updates_the_entry_and_a_failure_touches_nothing() {
    let script = Script::start().await.unwrap();
    let before = rss(&[("1", "河南一地发布消息", "旧文")]);
    let after = rss(&[("1", "河南一地发布消息（更正）", "新文")]);
    script.on("/a", [ok(&before), Reply::of(500, &[], b"oops"), ok(b"<html>no feed</html>"), ok(&after)]);
    let desk = Desk::new(&source("a", &script.url("/a"), "henan"));
    let engine = desk.open().await;
    poll_all(&engine).await;
    let old = page(&engine, "henan.atom");
    for outcome in ["failed", "not-a-feed"] {
        let rows = poll_all(&engine).await;
        assert_eq!(rows[0]["outcome"], outcome);
        assert!(page(&engine, "henan.atom") == old, "{outcome} changed the feed");
    }
    poll_all(&engine).await;
    let new = page(&engine, "henan.atom");
    assert_eq!(ids_in(&new), ids_in(&old), "a correction is no new entry");
    assert!(String::from_utf8(new).unwrap().contains("更正"));
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wire_story_is_shown_once_and_the_other_report_is_linked() {
    let text = "记者从省水利厅获悉，受连日降雨影响，多条河流出现明显涨水过程，防汛部门已提前转移群众三百余人，\
                目前水库运行平稳，未发生人员伤亡。";
    let script = Script::start().await.unwrap();
    script.on("/a", [ok(&rss(&[("a1", "河南多条河流涨水 三百余人提前转移", text)]))]);
    script.on("/b", [ok(&rss(&[("b1", "河南提前转移三百余名群众应对河流涨水", text)]))]);
    let sources = source("a", &script.url("/a"), "henan") + &source("b", &script.url("/b"), "henan");
    let desk = Desk::new(&sources);
    let engine = desk.open().await;
    for id in ["a", "b"] {
        ask(&engine, Poll::of(id)).await;
    }
    assert_eq!(entries(&engine, Some("henan")).await.len(), 2, "stories never reduce what is stored");
    let shown = page(&engine, "henan.atom");
    assert_eq!(ids_in(&shown).len(), 1);
    let shown = String::from_utf8(shown).unwrap();
    assert!(shown.contains("rel=\"related\"") && shown.contains("http://paper.example/b1"), "{shown}");
    assert!(shown.contains("（另有1篇同题报道）"), "{shown}");
    engine.close().await.unwrap();
}

/// What two sources give at their addresses, each in a document of its own title.
async fn told_by_two(a: &str, b: &str) -> (Desk, Arc<Engine>) {
    let script = Script::start().await.unwrap();
    script.on("/a", [ok(&rss_of("甲报", a))]);
    script.on("/b", [ok(&rss_of("乙报", b))]);
    let desk =
        Desk::new(&(source("a", &script.url("/a"), "henan") + &source("b", &script.url("/b"), "henan")));
    let engine = desk.open().await;
    for id in ["a", "b"] {
        ask(&engine, Poll::of(id)).await;
    }
    (desk, engine)
}

fn rss_of(title: &str, item: &str) -> Vec<u8> {
    format!("<rss version=\"2.0\"><channel><title>{title}</title><item>{item}</item></channel></rss>")
        .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_are_only_alike_are_both_shown_and_linked() {
    let item = |host: &str| {
        format!(
            "<guid>{host}</guid><title>河南多条河流涨水三百余人提前转移</title><link>http://{host}.example/1</link>\
                 <description>详见正文</description>"
        )
    };
    let (_desk, engine) = told_by_two(&item("a"), &item("b")).await;
    let shown = page(&engine, "henan.atom");
    assert_eq!(ids_in(&shown).len(), 2);
    let shown = String::from_utf8(shown).unwrap();
    assert_eq!(shown.matches("rel=\"related\"").count(), 2, "{shown}");
    assert_eq!(shown.matches("（另有1篇同题报道）").count(), 2, "{shown}");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_in_two_channels_is_shown_once_and_is_no_other_report_of_itself() {
    let item =
        "<title>河南多条河流涨水</title><link>http://a.example/1</link><description>详见正文</description>";
    let (_desk, engine) = told_by_two(item, item).await;
    let shown = page(&engine, "henan.atom");
    assert_eq!(ids_in(&shown).len(), 1);
    let shown = String::from_utf8(shown).unwrap();
    assert!(!shown.contains("rel=\"related\"") && !shown.contains("另有"), "{shown}");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewrite_that_is_other_news_brings_back_what_it_hid() {
    let text = "记者从省水利厅获悉，受连日降雨影响，多条河流出现明显涨水过程，防汛部门已提前转移群众三百余人，\
                目前水库运行平稳，未发生人员伤亡。";
    let script = Script::start().await.unwrap();
    let told = ok(&rss(&[("a1", "河南多条河流涨水", text)]));
    let other =
        ok(&rss(&[("a1", "河南一地博物馆开馆", "展出青铜器三千余件，设有六个展厅，市民可以免费预约参观。")]));
    script.on("/a", [told, other]);
    script.on("/b", [ok(&rss(&[("b1", "河南多条河流涨水", text)]))]);
    let desk =
        Desk::new(&(source("a", &script.url("/a"), "henan") + &source("b", &script.url("/b"), "henan")));
    let engine = desk.open().await;
    for (id, shown) in [("a", 1), ("b", 1), ("a", 2)] {
        ask(&engine, Poll::of(id)).await;
        assert_eq!(ids_in(&page(&engine, "henan.atom")).len(), shown, "after a poll of {id}");
    }
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_entry_leaves_the_feeds_is_announced_and_stays_out() {
    let script = Script::start().await.unwrap();
    let feed = rss(&[("1", "河南第一条", "一"), ("2", "河南第二条", "二")]);
    let more = rss(&[("1", "河南第一条", "一"), ("2", "河南第二条", "二"), ("3", "河南第三条", "三")]);
    script.on("/a", [ok(&feed), ok(&more)]);
    let desk = Desk::new(&source("a", &script.url("/a"), "henan"));
    let engine = desk.open().await;
    poll_all(&engine).await;
    let (_, done) = ask(&engine, Withdraw { entry: "http://paper.example/1".to_owned() }).await;
    assert!(matches!(done, AnswerLine::Done { good: true, .. }), "{done:?}");
    poll_all(&engine).await;
    for path in ["henan.atom", "all.atom", "source/a.atom"] {
        let shown = page(&engine, path);
        assert_eq!(ids_in(&shown).len(), 2, "{path}");
        let shown = String::from_utf8(shown).unwrap();
        assert!(!shown.contains("第一条"), "{path}");
        assert!(shown.contains("<at:deleted-entry"), "{path}: {shown}");
    }
    let before = page(&engine, "henan.atom");
    engine.close().await.unwrap();
    drop(engine);
    std::fs::remove_dir_all(desk.dir.path().join("state/store")).unwrap();
    let engine = desk.open().await;
    assert!(page(&engine, "henan.atom") == before, "other bytes from the journal alone");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_corrects_the_regions_of_an_entry_and_they_stay() {
    let script = Script::start().await.unwrap();
    let feed = rss(&[("1", "长沙湾码头重开", "一"), ("2", "河南第二条", "二")]);
    let rewritten = rss(&[("1", "湖南湖北两省的长沙湾码头重开", "改写"), ("2", "河南第二条", "二")]);
    script.on("/a", [ok(&feed), ok(&rewritten)]);
    let desk = Desk::new(&source("a", &script.url("/a"), "henan"));
    let engine = desk.open().await;
    poll_all(&engine).await;
    let assign = async |engine: &Arc<Engine>, regions: &[&str]| {
        let regions = regions.iter().map(|region| (*region).to_owned()).collect();
        ask(engine, Assign { entry: "http://paper.example/1".to_owned(), regions }).await.1
    };
    let has = |engine: &Engine, path: &str| String::from_utf8(page(engine, path)).unwrap().contains("长沙湾");
    let refused = assign(&engine, &["guangdong", "atlantis"]).await;
    assert!(matches!(&refused, AnswerLine::Failed(why) if why.contains("atlantis")), "{refused:?}");
    let done = assign(&engine, &["guangdong"]).await;
    assert!(matches!(done, AnswerLine::Done { good: true, .. }), "{done:?}");
    let explained = ask(&engine, Explain { entry: "http://paper.example/1".to_owned() }).await.0;
    let evidence = &explained[0]["regions"][0];
    assert_eq!((&evidence["region"], &evidence["rule"]), (&"guangdong".into(), &"assigned".into()));
    // A rewrite does not undo it, and neither does a store that is built anew.
    poll_all(&engine).await;
    assert!(has(&engine, "guangdong.atom") && !has(&engine, "henan.atom"));
    let before = page(&engine, "guangdong.atom");
    ask(&engine, Compact {}).await;
    engine.close().await.unwrap();
    drop(engine);
    std::fs::remove_dir_all(desk.dir.path().join("state/store")).unwrap();
    let engine = desk.open().await;
    assert!(page(&engine, "guangdong.atom") == before, "other bytes from the journal alone");
    assign(&engine, &["national"]).await;
    assert!(has(&engine, "national.atom") && !has(&engine, "guangdong.atom"));
    assign(&engine, &["auto"]).await;
    assert!(has(&engine, "henan.atom") && !has(&engine, "national.atom"));
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_entry_stays_out_when_its_publisher_moves() {
    let item = |host: &str, n: u32| {
        format!(
            "<item><guid>http://{host}/{n}</guid><link>http://{host}/{n}</link><title>河南第{n}条</title>\
             <pubDate>Fri, 20 Nov 2026 08:0{n}:00 +0800</pubDate></item>"
        )
    };
    let feed = |host: &str, last: u32| {
        let items: String = (1..=last).map(|n| item(host, n)).collect();
        format!("<rss version=\"2.0\"><channel><title>报</title>{items}</channel></rss>").into_bytes()
    };
    let script = Script::start().await.unwrap();
    let replies = [("old.example", 2), ("new.example", 2), ("new.example", 3), ("new.example", 4)]
        .map(|(host, last)| ok(&feed(host, last)));
    script.on("/a", replies);
    let desk = Desk::new(&source("a", &script.url("/a"), "henan"));
    let engine = desk.open().await;
    poll_all(&engine).await;
    ask(&engine, Withdraw { entry: "http://old.example/1".to_owned() }).await;
    poll_all(&engine).await;
    let titles = entries(&engine, None).await;
    assert_eq!(titles.len(), 1, "{titles:?}");
    assert_eq!(titles[0]["title"], "河南第2条");
    // By now what is shown is known by its new addresses, and the list does not look moved any more.
    poll_all(&engine).await;
    let shown = page(&engine, "all.atom");
    assert_eq!(ids_in(&shown).len(), 2);
    assert!(!String::from_utf8(shown.clone()).unwrap().contains("第1条"), "published again");
    engine.close().await.unwrap();
    drop(engine);
    std::fs::remove_dir_all(desk.dir.path().join("state/store")).unwrap();
    let engine = desk.open().await;
    assert!(page(&engine, "all.atom") == shown, "other bytes from the journal alone");
    poll_all(&engine).await;
    assert_eq!(ids_in(&page(&engine, "all.atom")).len(), 3, "the journal does not hold what was learned");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_without_a_page_has_content_in_place_of_a_link() {
    let feed = b"<rss version=\"2.0\"><channel><title>r</title><link>http://paper.example/</link>\
        <item><guid isPermaLink=\"false\">x1</guid><title>t</title><description>d</description></item></channel></rss>";
    let script = Script::start().await.unwrap();
    script.on("/a", [ok(feed)]);
    let desk = Desk::new(&source("a", &script.url("/a"), "henan"));
    let engine = desk.open().await;
    poll_all(&engine).await;
    let atom = String::from_utf8(page(&engine, "henan.atom")).unwrap();
    let entry = &atom[atom.find("<entry>").unwrap()..];
    let before_source = &entry[..entry.find("<source>").unwrap()];
    assert!(!before_source.contains("<link"), "neither the feed nor the home page is its page: {entry}");
    // RFC 4287 section 4.1.2 wants one of the two.
    assert!(entry.contains("<content"), "{entry}");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_leaves_the_config_is_hidden_and_answers_410() {
    let script = Script::start().await.unwrap();
    script.on("/a", [ok(&rss(&[("1", "河南第一条", "一")]))]);
    let desk = Desk::new(&source("a", &script.url("/a"), "henan"));
    let engine = desk.open().await;
    poll_all(&engine).await;
    engine.close().await.unwrap();
    drop(engine);
    desk.set_sources(&source("b", &script.url("/b"), "hubei"));
    let engine = desk.open().await;
    assert_eq!(ids_in(&page(&engine, "henan.atom")).len(), 0, "it is shown no more");
    assert!(matches!(engine.renderer.view("source/a.atom"), View::Gone));
    assert!(matches!(engine.renderer.view("source/b.atom"), View::Page(_)));
    assert!(matches!(engine.renderer.view("source/c.atom"), View::Missing));
    engine.close().await.unwrap();
}

/// The daemon in a task of its own; returns what stops it.
async fn start(config: Arc<Config>) -> (oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let (stop, stopped) = oneshot::channel::<()>();
    let (up, address) = oneshot::channel();
    no_child_is_starting();
    let daemon = tokio::spawn(async move {
        let shutdown = async { stopped.await.unwrap_or(()) };
        let ready = |at| up.send(at).unwrap();
        run::run(config, Arc::new(SystemClock), ready, shutdown, None, mpsc::channel(1).1).await.unwrap();
    });
    address.await.unwrap();
    (stop, daemon)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_socket_is_private_and_carries_commands() {
    let (_publisher, sources) = world().await;
    let desk = Desk::new(&sources);
    let config = desk.config();
    let (stop, daemon) = start(Arc::clone(&config)).await;
    let socket: &Path = &config.server.admin_socket;
    assert_eq!(socket.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let mut lines = Vec::new();
    let command = r#"{"command":"regions"}"#.to_owned();
    dibao::fetch::socket::post_lines(socket, command, &mut |line| {
        lines.push(serde_json::from_slice::<AnswerLine>(line).unwrap());
    })
    .await
    .unwrap();
    assert_eq!(lines.len(), 36, "35 regions and an end");
    assert!(matches!(lines.last(), Some(AnswerLine::Done { good: true, .. })));

    let second = Engine::open(config, Arc::new(SystemClock)).await;
    let refusal = second.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(refusal.contains("in use by another dibao"), "{refusal}");
    stop.send(()).unwrap();
    daemon.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_of_what_is_shown_hide_and_rewrite_and_give_everything_back() {
    let script = Script::start().await.unwrap();
    let feed = rss(&[
        ("1", "【快讯】河南一地开通新线路", "一"),
        ("2", "河南商场广告招商", "二"),
        ("3", "河南发布天气消息", "三"),
    ]);
    script.on("/a", [ok(&feed)]);
    let sources = source("a", &script.url("/a"), "henan");
    let desk = Desk::new(&sources);
    let engine = desk.open().await;
    poll_all(&engine).await;
    let before = page(&engine, "henan.json");
    let ids = ids_in(&page(&engine, "henan.atom"));
    assert_eq!(ids.len(), 3);
    engine.close().await.unwrap();
    drop(engine);

    let rules = "[[rule]]\nexclude = \"广告\"\n[[rule]]\nrewrite = \"^【[^】]*】\"\nwith = \"\"\n\
                 [[region]]\nid = \"henan\"\n[[region.rule]]\nexclude = \"天气\"\n";
    desk.set_sources(&(rules.to_owned() + &sources));
    let engine = desk.open().await;
    let titles = |path: &str| {
        let feed: Value = serde_json::from_slice(&page(&engine, path)).unwrap();
        let title = |item: &Value| item["title"].as_str().unwrap().to_owned();
        feed["items"].as_array().unwrap().iter().map(title).collect::<Vec<_>>()
    };
    assert_eq!(titles("henan.json"), ["河南一地开通新线路"]);
    assert_eq!(titles("all.json"), ["河南一地开通新线路", "河南发布天气消息"], "a region's rule is its own");
    assert_eq!(entries(&engine, Some("henan")).await.len(), 3, "nothing stored is lost");
    engine.close().await.unwrap();
    drop(engine);

    desk.set_sources(&sources);
    let engine = desk.open().await;
    assert_eq!(ids_in(&page(&engine, "henan.atom")), ids, "everything is back, under its old ids");
    assert_eq!(page(&engine, "henan.json"), before);
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plea_for_patience_speaks_for_the_host_unless_its_source_says_otherwise() {
    for (scope, expected) in [("", "held"), ("retry_after = \"source\"\n", "fetched")] {
        let script = Script::start().await.unwrap();
        script.on("/a", [Reply::of(429, &["Retry-After: 3600"], b"")]);
        script.on("/b", [ok(&rss(&[("1", "河南一条", "一")]))]);
        let a = source("a", &script.url("/a"), "henan") + scope;
        let desk = Desk::new(&(a + &source("b", &script.url("/b"), "henan")));
        let mut engine = desk.open().await;
        ask(&engine, Poll::of("a")).await;
        for _ in 0..2 {
            let (rows, _) = ask(&engine, Poll::of("b")).await;
            assert!([expected, "unchanged"].contains(&rows[0]["outcome"].as_str().unwrap()), "{rows:?}");
            // A restart forgets no promise.
            engine.close().await.unwrap();
            drop(engine);
            engine = desk.open().await;
        }
        let asked = script.seen().iter().filter(|seen| seen.path == "/b").count();
        assert_eq!(asked, if expected == "held" { 0 } else { 2 });
        engine.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_answers_but_has_fallen_silent_is_called_stale() {
    let dated = |n: u32| {
        format!(
            "<item><guid>x{n}</guid><title>河南第{n}条</title><pubDate>2020-08-{n:02} 08:00:00</pubDate></item>"
        )
    };
    let items: String = (10..20).map(dated).collect();
    let feed = format!("<rss version=\"2.0\"><channel><title>报</title>{items}</channel></rss>");
    let script = Script::start().await.unwrap();
    script.on("/a", [ok(feed.as_bytes())]);
    let desk = Desk::new(&source("a", &script.url("/a"), "henan"));
    let engine = desk.open().await;
    let state = |rows: &[Value]| rows[0]["state"].as_str().unwrap().to_owned();
    assert_eq!(state(&ask(&engine, Sources {}).await.0), "new");
    poll_all(&engine).await;
    let rows = ask(&engine, Sources {}).await.0;
    assert_eq!((state(&rows).as_str(), &rows[0]["newest"]), ("stale", &Value::from("2020-08-19T00:00:00Z")));
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_was_gone_tells_the_scheduler_when_it_answers_by_hand() {
    use dibao::daemon::scheduler::Poller;
    let script = Script::start().await.unwrap();
    script.on("/a", [Reply::of(410, &[], b""), ok(&rss(&[("1", "河南一条", "一")]))]);
    let desk = Desk::new(&source("a", &script.url("/a"), "henan"));
    let engine = desk.open().await;
    poll_all(&engine).await;
    assert!(engine.worker.past(engine.store().load().sources().unwrap().values().next()).gone);
    poll_all(&engine).await;
    let (id, past) = engine.worker.polled_by_hand().await;
    assert_eq!((id.as_str(), past.gone), ("a", false));
    engine.close().await.unwrap();
}
