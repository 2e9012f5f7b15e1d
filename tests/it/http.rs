//! The public listener held against the RFCs: a real engine answers requests of raw bytes, so that no client library
//! hides a fault.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use dibao::command::Request;
use dibao::command::host::Host;
use dibao::command::poll::Poll;
use dibao::command::withdraw::Withdraw;
use dibao::config::{self, Config, Env};
use dibao::daemon::clock::{Clock, SystemClock};
use dibao::daemon::dues::Dues;
use dibao::daemon::engine::Engine;
use dibao::daemon::front::Front;
use dibao::daemon::run::{self, RunError};
use dibao::daemon::websub::Pinger;
use dibao::demo::script::{Reply, Script};
use dibao::fetch::{FetchOptions, Fetcher};
use dibao::model::time::Time;
use dibao::serve::listener::{self, Limits, Socket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};

use crate::support::open;

/// A moment after everything was published, told by nobody's clock.
struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Time {
        DateTime::from_timestamp(4_102_444_800, 0).unwrap()
    }
}

/// An engine on a state directory, and a publisher whose feed the test sets.
struct Desk {
    dir: tempfile::TempDir,
    script: Script,
}

impl Desk {
    async fn new() -> Self {
        let desk = Self { dir: tempfile::tempdir().unwrap(), script: Script::start().await.unwrap() };
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://news.example\"\n\
             [state]\ndir = \"state\"\n[publish]\nmax_age = \"none\"\ndelta = true\n\
             [polling]\nschedule = \"0 0 1 1 *\"\njitter = \"0s\"\nallow_networks = [\"127.0.0.0/8\"]\n\
             [[source]]\nid = \"a\"\nurl = \"{}\"\nregion = \"henan\"\n",
            desk.script.url("/a")
        );
        std::fs::write(desk.dir.path().join("dibao.toml"), text).unwrap();
        desk
    }

    fn config(&self) -> Arc<Config> {
        let path = self.dir.path().join("dibao.toml");
        Arc::new(config::load(&path, &Env::default()).unwrap_or_else(|faults| panic!("{faults}")))
    }

    async fn open(&self) -> Arc<Engine> {
        open(self.config()).await
    }

    /// Polls a feed of these entries: name and title.
    async fn poll(&self, engine: &Arc<Engine>, entries: &[(&str, &str)]) {
        self.script
            .on("/a", [Reply::of(200, &["Content-Type: application/rss+xml; charset=utf-8"], &rss(entries))]);
        command(engine, Poll::default()).await;
    }
}

async fn command(engine: &Arc<Engine>, request: impl Request) {
    let (lines, mut answer) = mpsc::channel(16);
    let work = tokio::spawn(Host::Engine(Arc::clone(engine)).answer(request, lines));
    while answer.recv().await.is_some() {}
    work.await.unwrap();
}

fn rss(entries: &[(&str, &str)]) -> Vec<u8> {
    let entries: String = entries
        .iter()
        .map(|(name, title)| {
            format!(
                "<item><guid isPermaLink=\"false\">{name}</guid><title>{title}</title>\
                 <link>http://paper.example/{name}</link><description>{title}，全文。</description></item>"
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>报</title>{entries}</channel></rss>").into_bytes()
}

/// The engine's views on a port, until dropped.
struct Server {
    at: SocketAddr,
    dues: Arc<Dues>,
    front: Arc<Front>,
    _stop: oneshot::Sender<()>,
}

impl Server {
    async fn of(engine: &Arc<Engine>) -> Self {
        let mut server = Self::starting().await;
        server.open(engine);
        server.front.is_current();
        server
    }

    /// One whose state directory is being opened.
    async fn starting() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let front = Arc::new(Front::new(Arc::new(Fixed), Box::new(|| "7 steps done".to_owned())));
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async { stopped.await.unwrap_or(()) };
        let sockets = vec![Socket::Tcp(listener)];
        tokio::spawn(listener::serve(sockets, front.clone(), Limits::default(), shutdown));
        Self { at, dues: Arc::default(), front, _stop: stop }
    }

    fn open(&mut self, engine: &Arc<Engine>) {
        self.dues = Arc::new(Dues::new(engine.polled_sources().map(|source| source.def.id.clone())));
        self.front.open(engine.renderer.clone(), &engine.config, Arc::clone(&self.dues));
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: news.example\r\nConnection: close\r\n");
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        let mut stream = TcpStream::connect(self.at).await.unwrap();
        stream.write_all((request + "\r\n").as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        Answer::read(&bytes)
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask("GET", path, headers).await
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { status, headers, body: bytes[end + 4..].to_vec() }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// Its body without its coding.
    fn text(&self) -> String {
        let mut out = Vec::new();
        match self.header("content-encoding") {
            "" => out.clone_from(&self.body),
            "gzip" => drop(flate2::read::GzDecoder::new(&self.body[..]).read_to_end(&mut out).unwrap()),
            "br" => drop(brotli::Decompressor::new(&self.body[..], 4096).read_to_end(&mut out).unwrap()),
            "zstd" => out = zstd::bulk::decompress(&self.body, 1 << 24).unwrap(),
            other => panic!("{other}"),
        }
        String::from_utf8(out).unwrap()
    }

    fn titles(&self) -> Vec<String> {
        let text = self.text();
        let doc = roxmltree::Document::parse(&text).unwrap();
        let entries = doc.root_element().children().filter(|n| n.has_tag_name("entry"));
        let title = |entry: roxmltree::Node<'_, '_>| {
            entry.children().find(|n| n.has_tag_name("title"))?.text().map(str::to_owned)
        };
        let mut titles: Vec<_> = entries.filter_map(title).collect();
        titles.sort();
        titles
    }
}

const FIRST: [(&str, &str); 2] = [("1", "郑州地铁新线开工"), ("2", "洛阳牡丹文化节闭幕")];

#[tokio::test(flavor = "multi_thread")]
async fn every_condition_and_coding_is_answered_as_the_rfcs_say() {
    let desk = Desk::new().await;
    let engine = desk.open().await;
    desk.poll(&engine, &FIRST).await;
    let server = Server::of(&engine).await;
    let plain = server.get("/henan.atom", &[]).await;
    let tag = plain.header("etag").to_owned();
    let modified = plain.header("last-modified").to_owned();
    let gzip = server.get("/henan.atom", &[("Accept-Encoding", "gzip")]).await.header("etag").to_owned();
    let date = |seconds: i64| {
        let at = httpdate::parse_http_date(&modified).unwrap();
        let at = DateTime::<chrono::Utc>::from(at) + TimeDelta::seconds(seconds);
        httpdate::fmt_http_date(at.into())
    };
    let (before, after) = (date(-1), date(60));
    let weak = format!("W/{tag}");
    let list = format!("\"x\", {tag} , \"y\"");
    let other = "\"0123\"";

    const MATCH: &str = "If-Match";
    const NONE_MATCH: &str = "If-None-Match";
    const MODIFIED: &str = "If-Modified-Since";
    const UNMODIFIED: &str = "If-Unmodified-Since";
    type Case<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>, u16);
    let cases: Vec<Case<'_>> = vec![
        ("nothing said", "GET", vec![], 200),
        ("HEAD", "HEAD", vec![], 200),
        // RFC 9110 section 13.1.2
        ("the tag it has", "GET", vec![(NONE_MATCH, &tag)], 304),
        ("the same by HEAD", "HEAD", vec![(NONE_MATCH, &tag)], 304),
        ("made weak on its way", "GET", vec![(NONE_MATCH, &weak)], 304),
        ("one of several tags", "GET", vec![(NONE_MATCH, &list)], 304),
        ("tags in two lines", "GET", vec![(NONE_MATCH, other), (NONE_MATCH, &tag)], 304),
        ("any", "GET", vec![(NONE_MATCH, "*")], 304),
        ("another tag", "GET", vec![(NONE_MATCH, other)], 200),
        ("an empty tag", "GET", vec![(NONE_MATCH, "")], 200),
        ("a tag without quotes", "GET", vec![(NONE_MATCH, tag.trim_matches('"'))], 304),
        ("the tag of another coding", "GET", vec![(NONE_MATCH, &gzip)], 200),
        (
            "that coding's tag with that coding",
            "GET",
            vec![(NONE_MATCH, &gzip), ("Accept-Encoding", "gzip")],
            304,
        ),
        ("the plain tag with that coding", "GET", vec![(NONE_MATCH, &tag), ("Accept-Encoding", "gzip")], 200),
        // 13.1.3
        ("not modified since its date", "GET", vec![(MODIFIED, &modified)], 304),
        ("nor since a much later one", "GET", vec![(MODIFIED, &after)], 304),
        ("modified since an earlier one", "GET", vec![(MODIFIED, &before)], 200),
        ("what is no date says nothing", "GET", vec![(MODIFIED, "yesterday")], 200),
        ("two dates say nothing", "GET", vec![(MODIFIED, &after), (MODIFIED, &after)], 200),
        ("by HEAD", "HEAD", vec![(MODIFIED, &modified)], 304),
        // 13.2.2: a tag before a date
        ("its tag and an older date", "GET", vec![(NONE_MATCH, &tag), (MODIFIED, &before)], 304),
        ("another tag and its date", "GET", vec![(NONE_MATCH, other), (MODIFIED, &after)], 200),
        // 13.1.1 and 13.1.4
        ("if it is that", "GET", vec![(MATCH, &tag)], 200),
        ("if it is anything", "GET", vec![(MATCH, "*")], 200),
        ("if it is one of these", "GET", vec![(MATCH, &list)], 200),
        ("if it is another", "GET", vec![(MATCH, other)], 412),
        ("a weak tag matches nothing strongly", "GET", vec![(MATCH, &weak)], 412),
        ("unmodified since its date", "GET", vec![(UNMODIFIED, &modified)], 200),
        ("unmodified since an earlier date", "GET", vec![(UNMODIFIED, &before)], 412),
        ("If-Match before If-Unmodified-Since", "GET", vec![(MATCH, &tag), (UNMODIFIED, &before)], 200),
        ("If-Match, then If-None-Match", "GET", vec![(MATCH, &tag), (NONE_MATCH, &tag)], 304),
        ("a failed If-Match before all", "GET", vec![(MATCH, other), (NONE_MATCH, &tag)], 412),
        // 14.2: a server may ignore Range
        ("a range", "GET", vec![("Range", "bytes=0-9")], 200),
        ("a range with its condition", "GET", vec![("Range", "bytes=0-9"), ("If-Range", &tag)], 200),
        // 12.5.3
        ("nothing is acceptable", "GET", vec![("Accept-Encoding", "*;q=0")], 406),
        ("not even as it is", "GET", vec![("Accept-Encoding", "identity;q=0")], 406),
        // 9.1, 9.3, 15.5.6, 15.6.2
        ("POST", "POST", vec![], 405),
        ("PUT", "PUT", vec![], 405),
        ("DELETE", "DELETE", vec![], 405),
        ("a method nobody knows", "PROPFIND", vec![], 501),
        ("OPTIONS", "OPTIONS", vec![], 204),
        // RFC 3229
        ("A-IM without a state", "GET", vec![("A-IM", "feed")], 200),
        ("A-IM with a state that is none of ours", "GET", vec![("A-IM", "feed"), (NONE_MATCH, other)], 200),
        ("A-IM with the state it has", "GET", vec![("A-IM", "feed"), (NONE_MATCH, &tag)], 304),
        ("A-IM of another kind", "GET", vec![("A-IM", "vcdiff"), (NONE_MATCH, other)], 200),
    ];
    for (name, method, headers, status) in cases {
        let answer = server.ask(method, "/henan.atom", &headers).await;
        assert_eq!(answer.status, status, "{name}: {answer:?}");
        let is_page = matches!(status, 200 | 304 | 412);
        assert!(answer.headers.contains_key("date"), "{name}: 6.6.1");
        assert_eq!(answer.headers.contains_key("etag"), is_page, "{name}: 15.4.5 wants it in a 304 too");
        assert_eq!(answer.headers.contains_key("cache-control"), !matches!(status, 204 | 406), "{name}");
        if is_page {
            assert_eq!(answer.header("vary"), "A-IM, Accept-Encoding", "{name}");
            assert_eq!(answer.header("last-modified"), modified, "{name}");
            assert_eq!(answer.header("access-control-allow-origin"), "*", "{name}");
        }
        if matches!(status, 405 | 501) || method == "OPTIONS" {
            assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS", "{name}: 10.2.1");
        }
        if status == 304 || method == "HEAD" || method == "OPTIONS" {
            assert_eq!(answer.body, b"", "{name}");
        }
        if method == "HEAD" && status == 200 {
            assert_eq!(answer.header("content-length"), plain.body.len().to_string(), "{name}: 8.6");
        }
        if status == 200 && method == "GET" && !headers.iter().any(|(header, _)| *header == "Accept-Encoding")
        {
            assert_eq!(answer.body, plain.body, "{name}");
        }
    }
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn until_the_state_directory_is_open_only_health_and_progress_are_told() {
    let mut server = Server::starting().await;
    assert_eq!(server.get("/healthz", &[]).await.text(), "ok\n");
    for path in ["/readyz", "/", "/henan.atom", "/henan", "/nothing"] {
        let answer = server.get(path, &[]).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, "10"), "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.text() == "7 steps done\n", path == "/readyz", "{path}");
    }
    assert_eq!(server.ask("POST", "/", &[]).await.status, 405);

    let desk = Desk::new().await;
    server.open(&desk.open().await);
    // While the store is brought up to date, what it says is served.
    for (path, status) in
        [("/healthz", 200), ("/readyz", 503), ("/", 200), ("/henan.atom", 200), ("/no", 404)]
    {
        assert_eq!(server.get(path, &[]).await.status, status, "{path}");
    }
    server.front.is_current();
    for (path, status) in
        [("/healthz", 200), ("/readyz", 200), ("/", 200), ("/henan.atom", 200), ("/no", 404)]
    {
        assert_eq!(server.get(path, &[]).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_ends_a_start_before_it_touches_the_state_directory() {
    let desk = Desk::new().await;
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let path = desk.dir.path().join("dibao.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("127.0.0.1:0\"", &format!("{}\"", taken.local_addr().unwrap())))
        .unwrap();
    let (never, ready) = (std::future::pending(), |_| panic!("it runs"));
    let ended = run::run(desk.config(), Arc::new(SystemClock), ready, never, None, mpsc::channel(1).1).await;
    assert!(matches!(ended, Err(RunError::Listen { .. })), "{ended:?}");
    assert!(!desk.dir.path().join("state").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_coding_is_the_same_feed_under_its_own_strong_tag() {
    let desk = Desk::new().await;
    let engine = desk.open().await;
    desk.poll(&engine, &FIRST).await;
    let server = Server::of(&engine).await;
    let plain = server.get("/henan.atom", &[]).await;
    let mut tags = vec![plain.header("etag").to_owned()];
    for coding in ["gzip", "br", "zstd"] {
        let accept = [("Accept-Encoding", coding)];
        let coded = server.get("/henan.atom", &accept).await;
        assert_eq!(coded.header("content-encoding"), coding);
        assert_eq!(coded.text().as_bytes(), plain.body, "{coding}");
        assert_eq!(coded.header("content-length"), coded.body.len().to_string(), "{coding}");
        assert_eq!(coded.header("x-content-type-options"), "nosniff", "{coding}");
        let head = server.ask("HEAD", "/henan.atom", &accept).await;
        assert_eq!(head.header("content-length"), coded.body.len().to_string(), "{coding}");
        assert_eq!(head.header("etag"), coded.header("etag"), "{coding}");
        tags.push(coded.header("etag").to_owned());
    }
    assert!(tags.iter().all(|tag| tag.starts_with('"')), "{tags:?}");
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4);
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_comes_in_the_language_of_the_address_or_of_the_reader() {
    let desk = Desk::new().await;
    let engine = desk.open().await;
    let server = Server::of(&engine).await;
    let cases = [
        ("/", "", "zh-Hans"),
        ("/", "en-GB,en;q=0.9", "en"),
        ("/henan/", "de, zh;q=0.5", "en"),
        ("/henan/?lang=zh", "en", "zh-Hans"),
        ("/henan/?lang=en", "zh", "en"),
        ("/henan/?utm_source=x&lang=en", "", "en"),
    ];
    let mut tags = std::collections::BTreeSet::new();
    for (path, wish, lang) in cases {
        let page = server.get(path, &[("Accept-Language", wish)]).await;
        assert!(page.text().contains(&format!("<html lang=\"{lang}\">")), "{path}, {wish}");
        let tag = page.header("etag").to_owned();
        let again = server.get(path, &[("Accept-Language", wish), ("If-None-Match", &tag)]).await;
        assert_eq!(again.status, 304, "{path}, {wish}");
        tags.insert((path.split('?').next(), lang, tag));
    }
    assert_eq!(tags.len(), 5, "each language has a tag of its own: {tags:?}");
    let moved = server.get("/henan?lang=en", &[]).await;
    assert_eq!((moved.status, moved.header("location")), (308, "henan/?lang=en"));
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_pages_load_is_kept_for_ever_under_the_name_of_its_bytes() {
    let desk = Desk::new().await;
    let engine = desk.open().await;
    let server = Server::of(&engine).await;
    let page = server.get("/", &[]).await.text();
    let mut loaded = 0;
    for name in page.split("\"/assets/").skip(1).filter_map(|rest| rest.split('"').next()) {
        let asset = server.get(&format!("/assets/{name}"), &[]).await;
        assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable", "{name}");
        assert_eq!(asset.header("content-security-policy"), "", "{name}");
        loaded += 1;
    }
    assert_eq!(loaded, 3, "a stylesheet, a script and an icon: {page}");
    assert_eq!(server.get("/assets/style.css", &[]).await.status, 404);
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_of_other_sites_may_read_feeds_and_pages_run_nothing() {
    let desk = Desk::new().await;
    let engine = desk.open().await;
    let server = Server::of(&engine).await;
    let asked = [("Origin", "https://reader.example"), ("Access-Control-Request-Method", "GET")];
    let preflight = server.ask("OPTIONS", "/henan.atom", &asked).await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
    for name in ["a-im", "if-none-match", "if-modified-since"] {
        assert!(preflight.header("access-control-allow-headers").contains(name), "{name}");
    }
    let feed = server.get("/henan.atom", &[]).await;
    assert!(feed.header("access-control-expose-headers").contains("etag"));
    assert_eq!(feed.header("content-security-policy"), "");
    let page = server.get("/", &[]).await;
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    assert_eq!(page.header("access-control-allow-origin"), "");
    assert_eq!(page.header("vary"), "Accept-Encoding, Accept-Language");
    assert!(!page.header("content-security-policy").contains("unsafe"), "no style or script in a page runs");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_may_be_kept_until_one_of_its_sources_is_polled() {
    let desk = Desk::new().await;
    let engine = desk.open().await;
    desk.poll(&engine, &FIRST).await;
    let server = Server::of(&engine).await;
    let source = engine.config.sources[0].def.id.clone();
    let tag = server.get("/henan.atom", &[]).await.header("etag").to_owned();
    let cases = [
        ("nothing is known", None, 60),
        ("in ten minutes", Some(600), 600),
        ("at any moment", Some(3), 30),
        ("a poll is under way", Some(-20), 30),
        ("tomorrow", Some(86_400), 3600),
    ];
    for (name, due, max_age) in cases {
        server.dues.set(&source, due.map(|seconds| Fixed.now() + TimeDelta::seconds(seconds)));
        let expected = format!("public, max-age={max_age}");
        assert_eq!(server.get("/henan.atom", &[]).await.header("cache-control"), expected, "{name}");
        let kept = server.get("/henan.atom", &[("If-None-Match", &tag)]).await;
        assert_eq!((kept.status, kept.header("cache-control")), (304, expected.as_str()), "{name}");
    }
    server.dues.set(&source, Some(Fixed.now() + TimeDelta::seconds(600)));
    let elsewhere = server.get("/hubei.atom", &[]).await;
    assert_eq!(elsewhere.header("cache-control"), "public, max-age=60", "its source feeds another region");
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_names_its_state_gets_what_came_after() {
    let desk = Desk::new().await;
    let engine = desk.open().await;
    desk.poll(&engine, &FIRST).await;
    let server = Server::of(&engine).await;
    let first = server.get("/henan.atom", &[]).await.header("etag").to_owned();
    let all = [("1", "郑州地铁新线开工"), ("2", "洛阳牡丹文化节闭幕（更正）"), ("3", "信阳毛尖今年首采")];
    desk.poll(&engine, &all).await;
    let full = server.get("/henan.atom", &[("If-None-Match", &first)]).await;
    assert_eq!((full.status, full.titles().len()), (200, 3), "who does not ask for less gets all");
    let second = full.header("etag").to_owned();

    for coding in ["identity", "gzip", "br", "zstd"] {
        let asked = [("A-IM", "feed"), ("If-None-Match", first.as_str()), ("Accept-Encoding", coding)];
        let delta = server.get("/henan.atom", &asked).await;
        assert_eq!(delta.status, 226, "{coding}");
        assert_eq!(delta.header("im"), "feed", "{coding}");
        assert!(delta.header("cache-control").starts_with("no-store, im"), "{coding}");
        assert_eq!(delta.header("vary"), "A-IM, Accept-Encoding", "{coding}");
        assert_eq!(
            delta.titles(),
            ["信阳毛尖今年首采", "洛阳牡丹文化节闭幕（更正）"],
            "{coding}: new and corrected"
        );
        let now = server.get("/henan.atom", &[("Accept-Encoding", coding)]).await;
        assert_eq!(delta.header("etag"), now.header("etag"), "{coding}: the tag of the whole");
        let again = [("A-IM", "feed"), ("If-None-Match", delta.header("etag")), ("Accept-Encoding", coding)];
        assert_eq!(server.get("/henan.atom", &again).await.status, 304, "{coding}");
    }
    let head = server.ask("HEAD", "/henan.atom", &[("A-IM", "feed"), ("If-None-Match", &first)]).await;
    assert_eq!(head.status, 200, "RFC 3229 is of GET alone");
    let several = format!("\"x\", {first}, W/{first}");
    let latest = server.get("/henan.atom", &[("A-IM", "feed"), ("If-None-Match", &several)]).await;
    assert_eq!((latest.status, latest.titles().len()), (226, 2), "one known state will do");

    command(&engine, Withdraw { entry: "http://paper.example/1".to_owned() }).await;
    let delta = server.get("/henan.atom", &[("A-IM", "feed"), ("If-None-Match", &second)]).await;
    assert_eq!((delta.status, delta.titles().len()), (226, 0));
    assert!(delta.text().contains("deleted-entry"), "a withdrawal is news");
    let whole = server.get("/henan.atom", &[]).await;
    assert_eq!(whole.titles().len(), 2);

    // The state is known to the next process too, and to no other instance.
    let third = whole.header("etag").to_owned();
    engine.close().await.unwrap();
    drop((server, engine));
    let engine = desk.open().await;
    let server = Server::of(&engine).await;
    assert_eq!(server.get("/henan.atom", &[]).await.header("etag"), third);
    let delta = server.get("/henan.atom", &[("A-IM", "feed"), ("If-None-Match", &second)]).await;
    assert_eq!((delta.status, delta.titles().len()), (226, 0));
    let future = third.replace('"', "");
    let mut parts: Vec<&str> = future.split('-').collect();
    parts[2] = "ffff";
    let unborn = format!("\"{}\"", parts.join("-"));
    let asked = [("A-IM", "feed"), ("If-None-Match", unborn.as_str())];
    assert_eq!(server.get("/henan.atom", &asked).await.status, 200, "a state that is not yet");
    parts[2] = "1";
    parts[1] = "00000000";
    let foreign = format!("\"{}\"", parts.join("-"));
    let asked = [("A-IM", "feed"), ("If-None-Match", foreign.as_str())];
    assert_eq!(server.get("/henan.atom", &asked).await.status, 200, "of another configuration");
    engine.close().await.unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_daemons_on_one_journal_serve_the_same_bytes_under_the_same_tags() {
    let desk = Desk::new().await;
    let engine = desk.open().await;
    desk.poll(&engine, &FIRST).await;
    desk.poll(&engine, &[("1", "郑州地铁新线开工"), ("3", "信阳毛尖今年首采")]).await;
    command(&engine, Withdraw { entry: "http://paper.example/2".to_owned() }).await;
    engine.close().await.unwrap();

    let twin = tempfile::tempdir().unwrap();
    copy(&desk.dir.path().join("state/journal"), &twin.path().join("state/journal"));
    std::fs::copy(desk.dir.path().join("dibao.toml"), twin.path().join("dibao.toml")).unwrap();
    let config = config::load(&twin.path().join("dibao.toml"), &Env::default()).unwrap();
    drop(engine);
    let one = desk.open().await;
    let two = open(Arc::new(config)).await;
    let (first, second) = (Server::of(&one).await, Server::of(&two).await);
    let paths = one.renderer.paths().unwrap();
    assert!(paths.len() >= 150, "{}", paths.len());
    for path in paths {
        for coding in ["identity", "gzip", "br", "zstd"] {
            let (path, accept) = (format!("/{path}"), [("Accept-Encoding", coding)]);
            let (a, b) = (first.get(&path, &accept).await, second.get(&path, &accept).await);
            assert_eq!(a.status, 200, "{path}");
            assert!(a.body == b.body, "{path}, {coding}: other bytes");
            for header in ["etag", "last-modified", "content-encoding", "content-type"] {
                assert_eq!(a.header(header), b.header(header), "{path}, {coding}: {header}");
            }
        }
    }
    one.close().await.unwrap();
    two.close().await.unwrap();
}

/// Waits until the hub has been asked so often; what it was told of, in order.
async fn pings(hub: &Script, count: usize) -> Vec<String> {
    let enough = async {
        while hub.seen().len() < count {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), enough).await.expect("the hub is told");
    hub.seen().iter().map(|seen| String::from_utf8(seen.body.clone()).unwrap()).collect()
}

fn told(path: &str) -> String {
    format!("hub.mode=publish&hub.url=http%3A%2F%2Fnews.example%2F{path}")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hub_is_told_of_feeds_that_changed_and_of_no_others() {
    let desk = Desk::new().await;
    let engine = desk.open().await;
    desk.poll(&engine, &FIRST).await;
    let hub = Script::start().await.unwrap();
    hub.on("/", [Reply::of(202, &[], b""), Reply::of(503, &[], b""), Reply::of(204, &[], b"")]);
    let options =
        FetchOptions { allow_networks: vec!["127.0.0.0/8".parse().unwrap()], ..FetchOptions::default() };
    let pinger = Pinger {
        hub: hub.url("/"),
        public_url: engine.config.server.public_url.clone(),
        fetcher: Fetcher::new(options).unwrap(),
        clock: engine.clock.clone(),
        backoff: Duration::from_millis(1),
    };
    let (rendered, on_rendered) = watch::channel(0);
    tokio::spawn(pinger.watch(engine.renderer.clone()).await.run(on_rendered));
    // Rendered again, and nothing has changed: were that told, it would stand before what follows.
    rendered.send_modify(|n| *n += 1);

    desk.poll(&engine, &[FIRST[0], FIRST[1], ("3", "信阳毛尖今年首采")]).await;
    rendered.send_modify(|n| *n += 1);
    let changed: Vec<String> = ["all", "henan", "source%2Fa"]
        .iter()
        .flat_map(|feed| ["atom", "json", "rss"].map(|face| told(&format!("{feed}.{face}"))))
        .collect();
    let seen = pings(&hub, 10).await;
    // Which of them is noticed first depends on when it is looked.
    let sorted = |mut pings: Vec<String>| {
        pings.sort();
        pings
    };
    let mut each = seen.clone();
    let failed = each.remove(1);
    assert!(each[1..].contains(&failed), "once more what failed");
    assert_eq!(sorted(each), sorted(changed.clone()), "each once");
    let request = &hub.seen()[0];
    assert_eq!(request.method, "POST");
    assert_eq!(request.header("content-type"), Some(&b"application/x-www-form-urlencoded"[..]));

    // The same entries again: nothing to tell.
    desk.poll(&engine, &[FIRST[0], FIRST[1], ("3", "信阳毛尖今年首采")]).await;
    rendered.send_modify(|n| *n += 1);
    desk.poll(&engine, &[FIRST[0], FIRST[1], ("3", "信阳毛尖今年首采（更正）")]).await;
    rendered.send_modify(|n| *n += 1);
    assert_eq!(sorted(pings(&hub, 19).await[10..].to_vec()), sorted(changed));
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_in_a_private_network_is_not_asked() {
    let hub = Script::start().await.unwrap();
    let fetcher = Fetcher::new(FetchOptions::default()).unwrap();
    let fault =
        fetcher.post_form(&hub.url("/"), &[("hub.mode", "publish")]).await.expect_err("it is refused");
    assert!(fault.to_string().contains("loopback"), "{fault}");
    assert_eq!(hub.connections(), 0);
}
