//! `dibao check --online` held equal to a first poll: whatever a publisher does, both say the same of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::str;

use crate::support::socks::Socks;
use crate::support::{Desk, output, poll_all};
use dibao::demo::script::{Reply, Script};
use serde_json::Value;

const HTML: &[&str] = &["Content-Type: text/html; charset=utf-8"];
const ITEMS: &str = "<item><guid>1</guid><title>郑州地铁新线开通</title><link>https://a.example/1</link></item>\
    <item><guid>2</guid><title>洛阳牡丹季闭幕</title><link>https://a.example/2</link></item>";
const WALL: &str = "<html><script>document.cookie='a=1';location.reload()</script></html>";

fn rss(items: &str) -> String {
    format!("<rss version=\"2.0\"><channel><title>河南</title>{items}</channel></rss>")
}

fn list() -> String {
    let row = |n: usize| {
        format!(
            "<li><a href=\"/news/2026/1122/{n}.shtml\">郑州第{n}条地铁新线今日正式开通运营</a><em>2026-11-22</em></li>"
        )
    };
    let rows: String = (0..6).map(row).collect();
    format!("<html><head><title>河南新闻</title></head><body><ul class=\"list\">{rows}</ul></body></html>")
}

/// The rows of `dibao check --online --json` by source.
async fn checked(config: &Path) -> BTreeMap<String, Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dibao"));
    command.args(["check", "--online", "--json", "--config"]).arg(config);
    command.env_remove("DIBAO_CONFIG").env_remove("RUST_LOG");
    let output = tokio::task::spawn_blocking(move || output(&mut command)).await.unwrap();
    let rows =
        str::from_utf8(&output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap());
    rows.map(|row: Value| (row["id"].as_str().unwrap().to_owned(), row)).collect()
}

/// A source that is a list page.
const PAGE: &str = "kind = \"page\"";

#[tokio::test(flavor = "multi_thread")]
async fn a_check_and_a_first_poll_say_the_same_of_every_publisher() {
    let script = Script::start().await.unwrap();
    let selectors = "kind = \"page\"\n[source.page]\nentry = \"div.gone li\"";
    let json = "kind = \"json\"\n[source.json]\nentries = \"data.list\"\ntitle = \"title\"\nlink = \"url\"";
    let alarms = r#"{"data":{"list":[{"title":"大风蓝色预警","url":"https://a.example/1"}]}}"#;
    let of = |status: u16, headers: &[&str], body: &str| Reply::of(status, headers, body.as_bytes());
    let feed = rss(ITEMS);
    let html = |body: &str| of(200, HTML, body);
    let to = |place: &str| of(302, &[&format!("Location: {place}")], "");
    let cases = [
        ("a-feed", "", of(200, &[], &feed), "fetched"),
        ("a-feed-of-no-entries", "", of(200, &[], &rss("")), "fetched"),
        ("a-feed-that-is-cut", "", of(200, &[], &feed[..feed.len() - 60]), "fetched"),
        ("a-feed-cut-before-its-entries", "", of(200, &[], &feed[..60]), "failed"),
        (
            "a-body-shorter-than-announced",
            "",
            Reply::raw(format!("HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n{feed}")).close(),
            "failed",
        ),
        ("a-page-where-a-feed-was", "", html(&list()), "not-a-feed"),
        ("a-wall-before-a-feed", "", html(WALL), "blocked"),
        ("a-list", PAGE, html(&list()), "fetched"),
        ("a-list-that-is-empty", PAGE, html("<html><body><p>欢迎光临</p></body></html>"), "emptied"),
        ("a-list-that-is-cut", PAGE, html(&list().chars().take(420).collect::<String>()), "fetched"),
        ("a-wall-before-a-list", PAGE, html(WALL), "blocked"),
        ("selectors-that-stopped", selectors, html(&list()), "selectors-stopped"),
        ("a-list-behind-robots-txt", PAGE, html(&list()), "blocked"),
        ("a-redirect-into-robots-txt", PAGE, to("/a-list-behind-robots-txt"), "blocked"),
        ("a-feed-behind-robots-txt", "", of(200, &[], &feed), "fetched"),
        ("json", json, of(200, &[], alarms), "fetched"),
        ("json-without-its-list", json, of(200, &[], r#"{"data":{}}"#), "not-a-feed"),
        ("forbidden", "", of(403, &[], ""), "blocked"),
        ("a-firewall", "", of(412, &[], ""), "blocked"),
        ("a-shield", "", of(521, &["Set-Cookie: __jsl_clearance=1"], ""), "blocked"),
        ("gone", "", of(410, &[], ""), "gone"),
        ("a-redirect-to-what-is-gone", "", to("/gone"), "failed"),
        ("throttled", "", of(429, &[], ""), "throttled"),
        (
            "a-redirect-to-be-followed-later",
            "",
            of(302, &["Location: /a-feed", "Retry-After: 600"], ""),
            "throttled",
        ),
        ("not-found", "", of(404, &[], ""), "failed"),
        ("an-error", "", of(500, &[], ""), "failed"),
        ("a-circle", "", to("/a-circle"), "failed"),
        ("a-reset", "", Reply::default().reset(), "failed"),
    ];
    let forbidden = "Disallow: /a-list-behind-robots-txt\nDisallow: /a-feed-behind-robots-txt";
    script.on("/robots.txt", [of(200, &[], &format!("User-agent: *\n{forbidden}"))]);
    let mut sources = String::new();
    for (id, more, reply, _) in &cases {
        script.on(&format!("/{id}"), [reply.clone()]);
        let url = script.url(&format!("/{id}"));
        sources += &format!(
            "[[source]]\nid = \"{id}\"\nurl = \"{url}\"\nregion = \"henan\"\nretry_after = \"source\"\n{more}\n"
        );
    }
    let desk = Desk::new(&sources);
    let checks = checked(&desk.path()).await;
    let engine = desk.open().await;
    let polls: BTreeMap<String, Value> = poll_all(&engine)
        .await
        .into_iter()
        .map(|row| (row["source"].as_str().unwrap().to_owned(), row))
        .collect();
    for (id, _, _, outcome) in &cases {
        let (check, poll) = (&checks[*id], &polls[*id]);
        assert_eq!(poll["outcome"], **outcome, "{poll}");
        let detail = poll["detail"].as_str().unwrap();
        let because = check["because"].as_str().unwrap();
        match *outcome {
            "fetched" => {
                let entries = format!("fetched: {} entries,", check["entries"]);
                assert!(detail.starts_with(&entries), "{id}: {check}, {poll}");
            }
            "gone" => assert_eq!(check["is"], "gone", "{check}"),
            _ => assert_eq!(format!("{outcome}: {because}"), detail, "{id}"),
        }
    }
    assert_eq!((checks.len(), polls.len()), (cases.len(), cases.len()));
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robots_txt_that_asks_to_wait_throttles_a_check_as_it_does_a_poll() {
    let script = Script::start().await.unwrap();
    script.on("/robots.txt", [Reply::of(429, &["Retry-After: 600"], b"")]);
    script.on("/list", [Reply::of(200, HTML, list().as_bytes())]);
    let url = script.url("/list");
    let desk = Desk::new(&format!("[[source]]\nid = \"a\"\nurl = \"{url}\"\nregion = \"henan\"\n{PAGE}\n"));
    let checks = checked(&desk.path()).await;
    assert_eq!(checks["a"]["because"], "status 429, asked to wait (Retry-After: 600)", "{checks:?}");
    let engine = desk.open().await;
    assert_eq!(poll_all(&engine).await[0]["detail"], "throttled: status 429, asked to wait");
    assert!(script.seen().iter().all(|seen| seen.path == "/robots.txt"), "{:?}", script.seen());
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_through_two_proxies_asks_a_host_for_its_robots_txt_once() {
    let publisher = Script::start().await.unwrap();
    let mut sources = String::new();
    let proxies = [Socks::to(Some(publisher.address())).await, Socks::to(Some(publisher.address())).await];
    for (id, proxy) in ["a", "b"].iter().zip(&proxies) {
        publisher.on(&format!("/{id}"), [Reply::of(200, HTML, list().as_bytes())]);
        sources += &format!(
            "[[source]]\nid = \"{id}\"\nurl = \"http://paper.example/{id}\"\nregion = \"henan\"\n\
             proxy = \"socks5h://{}\"\n{PAGE}\n",
            proxy.address
        );
    }
    let desk = Desk::new(&sources);
    let checks = checked(&desk.path()).await;
    assert!(checks.values().all(|row| row["good"] == true), "{checks:?}");
    let mut paths: Vec<String> = publisher.seen().into_iter().map(|seen| seen.path).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/a", "/b", "/robots.txt"], "what one way learns of a host, the other knows");
}
