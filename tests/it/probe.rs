//! `dibao probe` and `dibao check --online` from the outside, against a publisher on loopback.

use std::path::Path;
use std::process::{Command, Output};
use std::{fs, str};

use dibao::config::{Env, load};
use dibao::decide::answer::{self, BodyReader, EarlierBody, Expected};
use dibao::decide::probe::{Subject, examine};
use dibao::demo::script::{Reply, Script};
use dibao::model::exchange::{Exchange, Response, ResponseHead};
use serde_json::Value;

use crate::support::output;

/// A list page whose entries lie below `/news/`.
fn list(entries: usize) -> Vec<u8> {
    let row = |n: usize| {
        format!(
            "<li><a href=\"/news/2026/1122/{n}.shtml\">郑州第{n}条地铁新线今日正式开通运营</a><em>2026-11-22 1{n}:00</em></li>"
        )
    };
    let rows: String = (0..entries).map(row).collect();
    format!(
        "<html><head><meta charset=utf-8><title>河南新闻</title></head><body><ul>{rows}</ul></body></html>"
    )
    .into_bytes()
}

fn rss(title: &str) -> Vec<u8> {
    let item = |n: usize| {
        format!(
            "<item><guid>g{n}</guid><title>{title}{n}</title><link>https://a.example/{n}</link>\
             <pubDate>Sun, 22 Nov 2026 1{n}:00:00 +0800</pubDate></item>"
        )
    };
    let items: String = (0..5).map(item).collect();
    format!("<rss version=\"2.0\"><channel><title>{title}</title>{items}</channel></rss>").into_bytes()
}

fn html(body: Vec<u8>) -> Reply {
    Reply::of(200, &["Content-Type: text/html"], &body)
}

async fn dibao(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dibao"));
    command.args(arguments).current_dir(directory).env_remove("DIBAO_CONFIG").env_remove("RUST_LOG");
    tokio::task::spawn_blocking(move || output(&mut command)).await.expect("no panic")
}

fn stdout(output: &Output) -> &str {
    str::from_utf8(&output.stdout).expect("UTF-8")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_asks_for_three_things_at_most_and_needs_no_config() {
    let script = Script::start().await.expect("a loopback port");
    script.on("/robots.txt", [Reply::of(200, &[], b"User-agent: *\nDisallow: /admin\nCrawl-delay: 1")]);
    script.on("/list/", [html(list(8))]);
    let article = "<html><body><h1>郑州第0条地铁新线今日正式开通运营</h1><div>2026年11月22日 10:00 来源:测试日报</div>\
        <div class=\"article\"><p>郑州地铁今天上午开通一条新线，全长三十公里，共设二十座车站。</p>\
        <p>沿线居民表示，出行时间将缩短一半，换乘也更加方便。</p></div></body></html>";
    script.on("/news/2026/1122/0.shtml", [html(article.as_bytes().to_vec())]);
    let nowhere = tempfile::tempdir().expect("a directory");
    let url = script.url("/list/");
    let arguments = ["probe", &url, "--follow", "--allow-network", "127.0.0.0/8"];
    let output = dibao(nowhere.path(), &arguments).await;
    let text = stdout(&output);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    for part in
        ["list page: 8 entries", "Crawl-delay 1 s", "outlet      测试日报", "kind = \"page\"", "[[source]]"]
    {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let paths: Vec<String> = script.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, ["/robots.txt", "/list/", "/news/2026/1122/0.shtml"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_follows_no_link_of_a_list_with_nofollow() {
    let script = Script::start().await.expect("a loopback port");
    script.on("/list/", [Reply::of(200, &["X-Robots-Tag: nofollow"], &list(8))]);
    let nowhere = tempfile::tempdir().expect("a directory");
    let url = script.url("/list/");
    let arguments = ["probe", &url, "--follow", "--allow-network", "127.0.0.0/8"];
    let output = dibao(nowhere.path(), &arguments).await;
    let text = stdout(&output);
    assert!(text.contains("list page: 8 entries") && text.contains("(nofollow)"), "{text}");
    let paths: Vec<String> = script.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, ["/robots.txt", "/list/"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_fails_where_there_is_nothing_to_poll() {
    let script = Script::start().await.expect("a loopback port");
    let nowhere = tempfile::tempdir().expect("a directory");
    let url = script.url("/");
    let refused = dibao(nowhere.path(), &["probe", &url, "--json"]).await;
    let row: Value = serde_json::from_str(stdout(&refused)).expect("one JSON object");
    assert_eq!(row["what"], "failed");
    assert!(row["because"].as_str().is_some_and(|why| why.contains("a loopback address")), "{row}");
    assert_eq!(refused.status.code(), Some(1));
    let missing = dibao(nowhere.path(), &["probe", &url, "--allow-network", "127.0.0.1/32"]).await;
    assert!(stdout(&missing).contains("failed: status 404"), "{}", stdout(&missing));
    assert_eq!(missing.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_sources_are_checked_online_each_as_it_is_configured() {
    let script = Script::start().await.expect("a loopback port");
    script.on("/good.xml", [Reply::of(200, &[], &rss("河南"))]);
    script.on("/list/", [html(list(8))]);
    script.on("/private/list/", [html(list(8))]);
    script.on("/robots.txt", [Reply::of(200, &[], b"User-agent: dibao\nDisallow: /private")]);
    script.on("/403.xml", [Reply::of(403, &[], b"")]);
    let directory = tempfile::tempdir().expect("a directory");
    let source = |id: &str, path: &str, more: &str| {
        format!("[[source]]\nid = \"{id}\"\nurl = \"{}\"\nregion = \"henan\"\n{more}\n", script.url(path))
    };
    let config = [
        "[server]\npublic_url = \"https://news.example\"\n[polling]\nallow_networks = [\"127.0.0.0/8\"]\n"
            .to_owned(),
        source("good", "/good.xml", ""),
        source("list", "/list/", "kind = \"page\""),
        source("stopped", "/list/?x", "kind = \"page\"\n[source.page]\nentry = \"div.gone li\""),
        source("closed", "/private/list/", "kind = \"page\""),
        source("refused", "/403.xml", ""),
        source("off", "/off.xml", "enabled = false"),
    ];
    script.on("/list/?x", [html(list(8))]);
    fs::write(directory.path().join("dibao.toml"), config.concat()).expect("it can be written");
    let arguments = ["--config", "dibao.toml", "check", "--online", "--json"];
    let output = dibao(directory.path(), &arguments).await;
    let rows: Vec<Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect();
    let mut states: Vec<(&str, &str)> =
        rows.iter().filter_map(|row| Some((row["id"].as_str()?, row["state"].as_str()?))).collect();
    states.sort_unstable();
    // How old the entries are depends on the clock of the machine.
    let states: Vec<(&str, &str)> =
        states.into_iter().map(|(id, state)| (id, if state == "stale" { "ok" } else { state })).collect();
    let wanted = [
        ("closed", "blocked"),
        ("good", "ok"),
        ("list", "ok"),
        ("refused", "blocked"),
        ("stopped", "selectors-stopped"),
    ];
    assert_eq!(states, wanted, "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1));
    assert!(script.seen().iter().all(|seen| !seen.path.starts_with("/private") && seen.path != "/off.xml"));
}

/// An article whose frame and scripts no reader must see.
const ARTICLE: &str = "<html><head><title>郑州第0条地铁新线今日正式开通运营</title></head><body><h1>郑州第0条地铁新线今日正式开通运营</h1>\
    <div class=\"meta\">2026年11月22日 10:00 来源:测试日报</div><script>alert(1)</script>\
    <div class=\"article\"><p>郑州地铁今天上午开通一条新线，全长三十公里，共设二十座车站。</p></div>\
    <div class=\"comments\"><p>这条线路真是方便，以后上班再也不用绕路，也不用挤公共汽车了。</p></div></body></html>";

#[tokio::test(flavor = "multi_thread")]
async fn a_followed_probe_shows_what_was_taken_and_left_and_writes_a_page_once() {
    let script = Script::start().await.expect("a loopback port");
    script.on("/list/", [html(list(8)), html(list(8))]);
    script.on(
        "/news/2026/1122/0.shtml",
        [html(ARTICLE.as_bytes().to_vec()), html(ARTICLE.as_bytes().to_vec())],
    );
    let directory = tempfile::tempdir().expect("a directory");
    let url = script.url("/list/");
    let arguments = ["probe", &url, "--follow", "--allow-network", "127.0.0.0/8", "--html", "seen.html"];
    let output = dibao(directory.path(), &arguments).await;
    let text = stdout(&output);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    for part in [
        "✓ 8 rows, 8 with a date",
        "selector ul > li",
        "✓ body, score",
        "✗ frame, score",
        "selector div.comments",
        "# entry = \"ul > li\"",
        "# body = \"div.article\"",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let seen = fs::read_to_string(directory.path().join("seen.html")).expect("it was written");
    assert!(seen.contains("data-label=\"row 8\"") && seen.contains("data-label=\"body\""), "{seen}");
    assert!(!seen.contains("alert") && !seen.contains("href"), "{seen}");
    let again = dibao(directory.path(), &arguments).await;
    let why = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(again.status.code() == Some(1) && why.contains("seen.html: exists; name a new file"), "{why}");
    // Refused before anybody was asked: robots.txt, the list, the page.
    assert_eq!(script.seen().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn saved_pages_are_read_without_asking_anybody() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = |name: &str, bytes: &[u8]| fs::write(directory.path().join(name), bytes).expect("written");
    let named = String::from_utf8(list(8)).expect("UTF-8").replace("2026/1122/", "a").replace(".shtml", "");
    let named = named.replace("<em>2026-11-22 1", "<em>\u{1b}[31m2026-11-22 1");
    file("list.html", named.as_bytes());
    file("article.html", ARTICLE.as_bytes());
    file("binary.html", &[0, 159, 146, 150, 0, 1, 2]);
    file("empty.html", b"");
    // The host does not exist: asking it would fail.
    let url = "https://news.invalid/list/";
    let saved = ["probe", url, "--saved", "list.html", "--saved-article", "article.html"];
    let output = dibao(directory.path(), &saved).await;
    let text = stdout(&output);
    for part in [
        "✓ title",
        "outlet      测试日报",
        "[source.page]\nentry = \"ul > li\"",
        "url = \"https://news.invalid/list/\"",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}{}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
    let table = text.split_once("[[source]]").expect("a table").1;
    file(
        "dibao.toml",
        format!("[server]\npublic_url = \"https://news.example\"\n[[source]]{table}").as_bytes(),
    );
    let config = load(&directory.path().join("dibao.toml"), &Env::default());
    assert!(config.is_ok_and(|config| config.sources.len() == 1), "{table}");
    let json = dibao(directory.path(), &["probe", url, "--saved", "list.html", "--follow", "--json"]).await;
    let row: Value = serde_json::from_str(stdout(&json)).expect("one JSON object");
    assert_eq!(row["chosen"]["list"]["candidates"][0]["selector"], "ul > li", "{row}");
    assert!(row["followed"]["failed"].as_str().is_some_and(|why| why.contains("--saved-article")), "{row}");
    for (arguments, code, why) in [
        (vec!["--saved", "binary.html", "--follow"], 1, "not a feed"),
        (vec!["--saved", "empty.html"], 1, "empty.html: is empty"),
        (vec!["--saved", "."], 1, "is no regular file"),
        (vec!["--saved-article", "article.html"], 2, "--saved <FILE>"),
    ] {
        let arguments: Vec<&str> = ["probe", url].into_iter().chain(arguments).collect();
        let output = dibao(directory.path(), &arguments).await;
        let said = format!("{}{}", stdout(&output), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.code() == Some(code) && said.contains(why), "{arguments:?}: {said}");
    }
}

/// The table that is suggested is one that the config reads, whatever the publisher wrote.
#[test]
fn what_a_probe_suggests_is_a_config() {
    let titles = ["河南", "a \"quoted\" \\ title", "<![CDATA[a\u{7f}\tb]]>", "' # ] = [[source]]"];
    let urls = [
        "https://www.ha.chinanews.com.cn/rss.xml",
        "http://user:word@a.example/%22x%22/%E6%B2%B3?a=%5C&b='",
        "https://[2001:db8::1]:8080/",
        "https://a.example/a-very-long-name-of-a-feed-that-goes-on-and-on-without-end.xml",
    ];
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("dibao.toml");
    let alarms = r#"{"list":[{"title":"大风","alertid":"410000","issuetime":"2026-11-22 10:00"}]}"#;
    let mut bodies: Vec<Vec<u8>> = titles.iter().map(|title| rss(title)).collect();
    bodies.extend([list(9), alarms.as_bytes().to_vec()]);
    for (body, url) in bodies.iter().flat_map(|body| urls.iter().map(move |url| (body, url))) {
        let head = ResponseHead { status: 200, final_url: (*url).to_owned(), ..ResponseHead::default() };
        let exchange = Exchange::Body(Response { head, body: body.clone().into() });
        let at = "2026-11-23T08:00:00Z".parse().expect("an instant");
        let zone = chrono_tz::Tz::Asia__Shanghai;
        let reader = BodyReader {
            expected: Expected::Any,
            zone,
            at,
            max_entries: usize::MAX,
            known: EarlierBody::default(),
        };
        let answer = answer::of(&exchange, url, url, &reader);
        let report = examine(&Subject { url, exchange: &exchange, answer: &answer, zone, at });
        let toml = report.toml.expect("there is something to poll");
        fs::write(&path, format!("[server]\npublic_url = \"https://news.example\"\n\n{toml}"))
            .expect("written");
        let config = load(&path, &Env::default()).unwrap_or_else(|faults| panic!("{faults}\n{toml}"));
        assert_eq!((config.sources.len(), config.warnings.len()), (1, 0), "{toml}");
        assert!(!config.sources[0].def.url.contains("word"), "{toml}");
    }
}
