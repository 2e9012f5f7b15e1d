//! The fetcher against publishers that behave badly in every way we know: each ends in a named outcome
//! within its limits. Only loopback is spoken to.

use std::io::{self, Write as _};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dibao::core::exchange::{Block, Exchange, FetchFault, Hop, Response, Validators};
use dibao::demo::script::{Reply, Script};
use dibao::fetch::{ACCEPT_FEED, FetchLimits, FetchOptions, FetchRequest, Fetcher, Looking, Lookup};
use tokio::io::AsyncWriteExt as _;

const LIMIT: u64 = 256 * 1024;
const FEED: &[u8] = b"<rss version='2.0'><channel><title>x</title></channel></rss>";

fn options() -> FetchOptions {
    FetchOptions {
        limits: FetchLimits {
            timeout: Duration::from_millis(150),
            connect_timeout: Duration::from_millis(150),
            max_body: LIMIT,
            max_redirects: 5,
        },
        user_agent: "dibao/test (+https://example.org/)".to_owned(),
        allow_networks: vec!["127.0.0.1/32".parse().expect("a network")],
        ..FetchOptions::default()
    }
}

/// For what should succeed: no machine is so busy that it takes this long.
fn patient() -> FetchOptions {
    let mut options = options();
    options.limits.timeout = Duration::from_secs(20);
    options.limits.connect_timeout = Duration::from_secs(20);
    options
}

fn fetcher(options: FetchOptions) -> Fetcher {
    Fetcher::new(options).expect("a fetcher")
}

fn request(url: impl Into<String>) -> FetchRequest {
    FetchRequest {
        url: url.into(),
        validators: Validators::default(),
        headers: Vec::new(),
        accept: ACCEPT_FEED.to_owned(),
    }
}

async fn script() -> Script {
    Script::start().await.expect("a loopback port")
}

/// What a script of one reply ends in, for a client with these options.
async fn outcome_of(options: FetchOptions, reply: Reply) -> Exchange {
    let script = script().await;
    script.on("/", [reply]);
    fetcher(options).get(&request(script.url("/"))).await
}

fn body(exchange: Exchange) -> Response {
    match exchange {
        Exchange::Body(response) => response,
        other => panic!("expected a body, got {other:?}"),
    }
}

fn fault(exchange: Exchange) -> FetchFault {
    match exchange {
        Exchange::Failed(fault) => fault,
        other => panic!("expected a fault, got {other:?}"),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn head(lines: &str) -> Reply {
    Reply::raw(format!("HTTP/1.1 200 OK\r\n{lines}\r\n"))
}

// What goes well.

#[tokio::test]
async fn a_plain_exchange_gives_the_body_and_what_the_head_said() {
    let script = script().await;
    let headers = [
        "ETag: W/\"7\"",
        "Last-Modified: Wed, 20 Apr 2022 06:06:00 GMT",
        "Content-Type: text/xml; charset=gbk",
        "Cache-Control: max-age=60",
        "Cache-Control: public",
        "Expires: 0",
        "Age: 3",
        "Date: Wed, 20 Apr 2022 06:07:00 GMT",
    ];
    script.on("/rss", [Reply::of(200, &headers, FEED)]);
    let response = body(fetcher(patient()).get(&request(script.url("/rss#top"))).await);
    assert_eq!(&response.body[..], FEED);
    let head = response.head;
    assert_eq!(head.final_url, script.url("/rss"));
    assert_eq!(head.validators.etag.as_deref(), Some(&b"W/\"7\""[..]));
    assert_eq!(head.validators.last_modified.as_deref(), Some(&b"Wed, 20 Apr 2022 06:06:00 GMT"[..]));
    assert_eq!(head.content_type.as_deref(), Some("text/xml; charset=gbk"));
    assert_eq!(head.cache_control.as_deref(), Some("max-age=60, public"));
    assert_eq!(head.expires.as_deref(), Some("0"));
    assert_eq!(head.age.as_deref(), Some("3"));
    assert_eq!(head.date.as_deref(), Some("Wed, 20 Apr 2022 06:07:00 GMT"));
    assert!(head.hops.is_empty());
}

#[tokio::test]
async fn a_request_says_who_asks_and_nothing_it_need_not() {
    let script = script().await;
    script.on("/rss?x=1", [Reply::of(200, &["Set-Cookie: id=1"], FEED)]);
    let fetcher = fetcher(patient());
    for _ in 0..2 {
        body(fetcher.get(&request(script.url("/rss?x=1"))).await);
    }
    let seen = script.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(script.connections(), 1, "the connection is reused");
    for seen in &seen {
        assert_eq!((seen.method.as_str(), seen.path.as_str()), ("GET", "/rss?x=1"));
        let names: Vec<_> = seen
            .headers
            .iter()
            .map(|h| String::from_utf8_lossy(h).split(':').next().map(str::to_owned))
            .collect();
        for absent in ["cookie", "referer", "if-none-match", "if-modified-since", "authorization"] {
            assert!(!names.contains(&Some(absent.to_owned())), "{absent} was sent");
        }
        assert_eq!(seen.header("user-agent"), Some(&b"dibao/test (+https://example.org/)"[..]));
        assert_eq!(seen.header("accept"), Some(ACCEPT_FEED.as_bytes()));
        let codings = String::from_utf8_lossy(seen.header("accept-encoding").expect("codings")).into_owned();
        for coding in ["gzip", "br", "zstd"] {
            assert!(codings.contains(coding), "{coding} is not accepted: {codings}");
        }
    }
}

#[tokio::test]
async fn compressed_bodies_are_decompressed() {
    let zstd = zstd::encode_all(FEED, 3).expect("memory");
    for (coding, bytes) in [("gzip", gzip(FEED)), ("zstd", zstd), ("identity", FEED.to_vec())] {
        let line = format!("Content-Encoding: {coding}");
        let response = body(outcome_of(patient(), Reply::of(200, &[&line], &bytes)).await);
        assert_eq!(&response.body[..], FEED, "{coding}");
    }
}

#[tokio::test]
async fn a_word_that_is_no_coding_does_not_spoil_a_plain_body() {
    for word in ["utf-8", "none", ""] {
        let line = format!("Content-Encoding: {word}");
        let response = body(outcome_of(patient(), Reply::of(200, &[&line], FEED)).await);
        assert_eq!(&response.body[..], FEED, "{word}");
    }
}

#[tokio::test]
async fn one_malformed_header_line_loses_nothing() {
    let reply = head(&format!("X Bad Name: 1\r\nContent-Length: {}\r\n", FEED.len())).send(FEED);
    assert_eq!(&body(outcome_of(patient(), reply).await).body[..], FEED);
}

// Validators and statuses.

#[tokio::test]
async fn validators_are_echoed_byte_for_byte() {
    let etags: [&[u8]; 5] = [b"\"plain\"", b"W/\"weak\"", b"unquoted", b"\"\xb5\xff odd\"", b"\"a\", \"b\""];
    for etag in etags {
        let script = script().await;
        let raw = [
            b"HTTP/1.1 200 OK\r\nLast-Modified: yesterday\r\nETag: ",
            etag,
            b"\r\nContent-Length: 0\r\n\r\n",
        ];
        script.on("/", [Reply::raw(raw.concat()), Reply::of(304, &["ETag: \"newer\""], b"")]);
        let fetcher = fetcher(patient());
        let first = body(fetcher.get(&request(script.url("/"))).await);
        let again = FetchRequest { validators: first.head.validators, ..request(script.url("/")) };
        let Exchange::NotModified(head) = fetcher.get(&again).await else { panic!("expected a 304") };
        let seen = script.seen();
        assert_eq!(seen[1].header("if-none-match"), Some(etag));
        assert_eq!(seen[1].header("if-modified-since"), Some(&b"yesterday"[..]));
        assert_eq!(head.validators.etag.as_deref(), Some(&b"\"newer\""[..]));
    }
}

#[tokio::test]
async fn a_304_nobody_asked_for_is_a_fault() {
    let fault = fault(outcome_of(patient(), Reply::of(304, &[], b"")).await);
    assert_eq!(fault.kind(), "http");
}

#[tokio::test]
async fn an_endless_validator_is_not_kept() {
    let line = format!("ETag: \"{}\"", "x".repeat(20_000));
    let response = body(outcome_of(patient(), Reply::of(200, &[&line], FEED)).await);
    assert_eq!(response.head.validators.etag, None);
}

#[tokio::test]
async fn statuses_have_their_outcomes() {
    let name = |exchange: &Exchange| match exchange {
        Exchange::Body(_) => "body".to_owned(),
        Exchange::NotModified(_) => "not modified".to_owned(),
        Exchange::Gone(_) => "gone".to_owned(),
        Exchange::Throttled(head) => format!("throttled {:?}", head.retry_after.as_deref()),
        Exchange::Blocked { why, .. } => format!("blocked {why:?}"),
        Exchange::Status(head) => format!("status {}", head.status),
        Exchange::Failed(fault) => format!("failed {}", fault.kind()),
    };
    let cases: [(u16, &[&str], &str); 17] = [
        (200, &[], "body"),
        (203, &[], "body"),
        (204, &[], "status 204"),
        (206, &[], "status 206"),
        (300, &["Location: /x"], "status 300"),
        (301, &[], "status 301"),
        (401, &[], "blocked Credentials"),
        (403, &[], "blocked Forbidden"),
        (403, &["cf-mitigated: challenge"], "blocked Challenge"),
        (404, &[], "status 404"),
        (410, &[], "gone"),
        (412, &[], "blocked Firewall"),
        (429, &["Retry-After: 120"], "throttled Some(\"120\")"),
        (429, &[], "throttled None"),
        (451, &[], "blocked Legal"),
        (
            503,
            &["Retry-After: Wed, 20 Apr 2022 06:07:00 GMT"],
            "throttled Some(\"Wed, 20 Apr 2022 06:07:00 GMT\")",
        ),
        (521, &["Set-Cookie: __jsluid_h=1; path=/"], "blocked Challenge"),
    ];
    for (status, headers, want) in cases {
        let exchange = outcome_of(patient(), Reply::of(status, headers, b"")).await;
        assert_eq!(name(&exchange), want, "{status} {headers:?}");
    }
    let Exchange::Blocked { why, head } = outcome_of(patient(), Reply::of(403, &[], b"no")).await else {
        panic!("expected a refusal")
    };
    assert_eq!((why, head.status), (Block::Forbidden, 403));
}

// Bodies that do not end well.

#[tokio::test]
async fn slow_headers_and_slow_bodies_end_in_a_timeout() {
    let trickle = |mut reply: Reply| {
        for _ in 0..40 {
            reply = reply.send(b"x").pause(Duration::from_millis(20));
        }
        reply.stall()
    };
    for (name, reply) in [
        ("silence", Reply::default().stall()),
        ("half a head", Reply::raw("HTTP/1.1 200 OK\r\nX-Slow: ").stall()),
        ("a head in drops", trickle(Reply::raw("HTTP/1.1 200 OK\r\nX-Slow: "))),
        ("half a body", head("Content-Length: 100\r\n").send(b"<rss").stall()),
        ("a body in drops", trickle(head("Content-Length: 100\r\n"))),
    ] {
        assert_eq!(
            fault(outcome_of(options(), reply).await),
            FetchFault::Timeout { after: Duration::from_millis(150) },
            "{name}"
        );
    }
}

#[tokio::test]
async fn endless_and_oversized_bodies_end_at_the_limit() {
    let chunk = format!("2000\r\n{}\r\n", "x".repeat(0x2000));
    for (name, reply) in [
        ("endless", Reply::open(200, &[]).forever(&[b'x'; 8192])),
        ("endless chunks", head("Transfer-Encoding: chunked\r\n").forever(chunk.as_bytes())),
        ("announced", head("Content-Length: 999999999999\r\n").stall()),
        ("one over", Reply::of(200, &[], &vec![b'x'; LIMIT as usize + 1])),
    ] {
        let script = script().await;
        script.on("/", [reply]);
        let fault = fault(fetcher(patient()).get(&request(script.url("/"))).await);
        assert_eq!(fault, FetchFault::TooLarge { limit: LIMIT }, "{name}");
        assert!(script.sent() < 64 * LIMIT, "{name}: {} bytes were taken", script.sent());
    }
    let exact = vec![b'x'; LIMIT as usize];
    let response = body(outcome_of(patient(), Reply::of(200, &[], &exact)).await);
    assert_eq!(response.body.len() as u64, LIMIT);
}

/// 64 MiB of spaces, as brotli (quality 11, window 24) writes them.
const BROTLI_BOMB: &str = "cfffff7ff82540e2b14020f7fe9ffffffff04b00c4610180eefd3fffffffe1970088c32200ddfbfffcffffc72f0110870500baf7ff";

#[tokio::test]
async fn compression_bombs_end_at_the_limit() {
    let spaces = vec![b' '; 16 << 20];
    let brotli: Vec<u8> = (0..BROTLI_BOMB.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&BROTLI_BOMB[i..i + 2], 16).expect("hex"))
        .collect();
    for (coding, bytes) in
        [("gzip", gzip(&spaces)), ("zstd", zstd::encode_all(&spaces[..], 1).expect("memory")), ("br", brotli)]
    {
        assert!(bytes.len() < LIMIT as usize, "the bomb itself passes");
        let line = format!("Content-Encoding: {coding}");
        let exchange = outcome_of(patient(), Reply::of(200, &[&line], &bytes)).await;
        assert_eq!(fault(exchange), FetchFault::TooLarge { limit: LIMIT }, "{coding}");
    }
}

#[tokio::test]
async fn a_body_that_ends_early_is_never_a_success() {
    let cut_gzip = {
        let all = gzip(FEED);
        all[..all.len() / 2].to_vec()
    };
    for (name, reply, want) in [
        ("length promised too much", head("Content-Length: 999\r\n").send(FEED).close(), "truncated"),
        (
            "chunks without their end",
            head("Transfer-Encoding: chunked\r\n").send(b"4\r\n<rss\r\n").close(),
            "truncated",
        ),
        (
            "a chunk cut short",
            head("Transfer-Encoding: chunked\r\n").send(b"40\r\n<rss").close(),
            "truncated",
        ),
        ("no response at all", Reply::default().close(), "truncated"),
        ("gzip cut short", Reply::of(200, &["Content-Encoding: gzip"], &cut_gzip), "bad-encoding"),
        ("gzip that is none", Reply::of(200, &["Content-Encoding: gzip"], FEED), "bad-encoding"),
        ("zstd that is none", Reply::of(200, &["Content-Encoding: zstd"], FEED), "bad-encoding"),
        ("a coding not asked for", Reply::of(200, &["Content-Encoding: deflate"], FEED), "bad-encoding"),
        ("gzip twice", Reply::of(200, &["Content-Encoding: gzip, gzip"], &gzip(&gzip(FEED))), "bad-encoding"),
        (
            "gzip with a length that lies",
            head("Content-Encoding: gzip\r\nContent-Length: 999\r\n").send(&gzip(FEED)).close(),
            "truncated",
        ),
    ] {
        assert_eq!(fault(outcome_of(patient(), reply).await).kind(), want, "{name}");
    }
}

#[tokio::test]
async fn a_length_that_promises_too_little_ends_the_body_there() {
    let reply = head("Content-Length: 5\r\n").send(b"12345678").close();
    assert_eq!(&body(outcome_of(patient(), reply).await).body[..], b"12345");
}

#[tokio::test]
async fn resets_are_named() {
    let wait = Duration::from_millis(50);
    for (name, reply) in [
        ("before the head", Reply::default().reset()),
        ("in the body", head("Content-Length: 100\r\n").send(b"<rss").pause(wait).reset()),
    ] {
        assert_eq!(fault(outcome_of(patient(), reply).await), FetchFault::Reset, "{name}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_named() {
    let many: String = (0..200).map(|i| format!("X-{i}: y\r\n")).collect();
    let long = format!("X-Long: {}\r\n", "y".repeat(1 << 20));
    for (name, reply, want) in [
        ("many headers", head(&many).send(b"\r\n").close(), "head-too-large"),
        ("one long header", head(&long).close(), "head-too-large"),
        (
            "endless headers",
            Reply::raw("HTTP/1.1 200 OK\r\n").forever(b"X-Flood: yyyyyyyyyyyyyyyyyyyyyy\r\n"),
            "head-too-large",
        ),
        ("HTTP/0.9", Reply::raw("<rss version='2.0'/>\r\n\r\n").close(), "http"),
        ("noise", Reply::raw(vec![0, 159, 146, 150, 13, 10, 13, 10]).close(), "http"),
        ("a status of words", Reply::raw("HTTP/1.1 abc\r\n\r\n").close(), "http"),
        ("a length of words", head("Content-Length: many\r\n").send(FEED).close(), "http"),
        ("two lengths", head("Content-Length: 4\r\nContent-Length: 5\r\n").send(FEED).close(), "http"),
        (
            "a chunk size of words",
            head("Transfer-Encoding: chunked\r\n").send(b"zz\r\n<rss\r\n").close(),
            "http",
        ),
    ] {
        assert_eq!(fault(outcome_of(patient(), reply).await).kind(), want, "{name}");
    }
}

#[tokio::test]
async fn nobody_listening_is_named() {
    let closed = { script().await.url("/") };
    tokio::task::yield_now().await;
    assert_eq!(fault(fetcher(patient()).get(&request(closed)).await).kind(), "connect");
}

#[tokio::test]
async fn plain_http_where_tls_was_expected_is_named() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let url = format!("https://{}/", listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("a client that listens");
        std::future::pending::<()>().await;
    });
    let kind = fault(fetcher(patient()).get(&request(url)).await).kind();
    // A machine without CA certificates says that, before it connects.
    assert!(["tls", "no-certificates"].contains(&kind), "{kind}");
}

// Redirects.

#[tokio::test]
async fn redirects_are_followed_and_recorded() {
    let script = script().await;
    script.on("/a", [Reply::of(301, &["Location: /b"], b"moved")]);
    script.on("/b", [Reply::of(302, &["Location: c?x=1#frag"], b"")]);
    script.on("/c?x=1", [Reply::of(200, &[], FEED)]);
    let fetcher = fetcher(patient());
    let validators = Validators { etag: Some(b"\"1\"".to_vec()), last_modified: None };
    let response = body(fetcher.get(&FetchRequest { validators, ..request(script.url("/a")) }).await);
    let hops = [Hop { status: 301, to: script.url("/b") }, Hop { status: 302, to: script.url("/c?x=1") }];
    assert_eq!(response.head.hops, hops);
    assert_eq!(response.head.final_url, script.url("/c?x=1"));
    assert_eq!(response.head.moved_to(), Some(script.url("/b").as_str()));
    for seen in script.seen() {
        assert_eq!(seen.header("referer"), None);
        assert_eq!(seen.header("if-none-match"), Some(&b"\"1\""[..]));
    }
}

#[tokio::test]
async fn redirects_that_lead_nowhere_are_named() {
    let script = script().await;
    let to = |place: &str| [Reply::of(302, &[&format!("Location: {place}")], b"")];
    script.on("/self", to("/self"));
    script.on("/ping", to("/pong"));
    script.on("/pong", to("/ping"));
    for i in 0..10 {
        script.on(&format!("/n{i}"), to(&format!("/n{}", i + 1)));
    }
    script.on("/file", to("file:///etc/passwd"));
    script.on("/ftp", to("ftp://example.com/secret?token=1"));
    script.on("/broken", to("http://[::1"));
    script.on("/long", to(&format!("/{}", "x".repeat(9000))));
    let fetcher = fetcher(patient());
    for (path, want) in [
        ("/self", "redirect-loop"),
        ("/ping", "redirect-loop"),
        ("/n0", "too-many-redirects"),
        ("/file", "redirect-refused"),
        ("/ftp", "redirect-refused"),
        ("/broken", "redirect-refused"),
        ("/long", "redirect-refused"),
    ] {
        let fault = fault(fetcher.get(&request(script.url(path))).await);
        assert_eq!(fault.kind(), want, "{path}: {fault}");
        assert!(!fault.to_string().contains("token"), "{fault}");
    }
    assert_eq!(script.seen().iter().filter(|seen| seen.path.starts_with("/n")).count(), 6);
}

// The address guard.

/// Gives every name the same addresses, and counts the questions.
struct Fixed(Vec<IpAddr>, AtomicUsize);

impl Fixed {
    fn new(addresses: &[&str]) -> Arc<Self> {
        Arc::new(Self(
            addresses.iter().map(|a| a.parse().expect("an address")).collect(),
            AtomicUsize::new(0),
        ))
    }
}

impl Lookup for Fixed {
    fn lookup(&self, _: &str) -> Looking {
        self.1.fetch_add(1, Ordering::Relaxed);
        let found: io::Result<Vec<IpAddr>> =
            if self.0.is_empty() { Err(io::Error::other("no such name")) } else { Ok(self.0.clone()) };
        Box::pin(async move { found })
    }
}

#[tokio::test]
async fn literals_that_are_not_public_are_refused_wherever_they_appear() {
    let script = script().await;
    let port = script.address().port();
    let literals = [
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[::1]",
        "127.0.0.2",
        "0x7f000002",
        "2130706434",
        "0.0.0.0",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "10.0.0.1",
    ];
    let fetcher = fetcher(options());
    for literal in literals {
        let url = format!("http://{literal}:{port}/inside");
        let fault1 = fault(fetcher.get(&request(&*url)).await);
        assert_eq!(fault1.kind(), "address-refused", "{url}: {fault1}");
        script.on("/out", [Reply::of(301, &[&format!("Location: {url}")], b"")]);
        let fault2 = fault(fetcher.get(&request(script.url("/out"))).await);
        assert_eq!(fault2.kind(), "address-refused", "redirect to {url}: {fault2}");
    }
    assert!(script.seen().iter().all(|seen| seen.path == "/out"), "nothing inside was asked");
}

#[tokio::test]
async fn without_allowed_networks_loopback_is_refused_and_the_text_says_what_to_do() {
    let script = script().await;
    let strict = fetcher(FetchOptions { allow_networks: Vec::new(), ..options() });
    let fault = fault(strict.get(&request(script.url("/"))).await);
    assert_eq!(
        fault.to_string(),
        "127.0.0.1 is a loopback address; name it in polling.allow_networks to poll it"
    );
    assert!(script.seen().is_empty());
}

#[tokio::test]
async fn names_are_judged_by_what_they_lead_to() {
    let script = script().await;
    script.on("/", [Reply::of(200, &[], FEED)]);
    let url = format!("http://news.example:{}/", script.address().port());
    let cases: [(&[&str], Option<&str>); 6] = [
        (&["127.0.0.1"], None),
        // Both are tried by name, and only the one that passes is dialled.
        (&["127.0.0.2", "127.0.0.1"], None),
        (&["127.0.0.2"], Some("address-refused")),
        (&["::ffff:127.0.0.1"], Some("address-refused")),
        (&["169.254.169.254", "10.0.0.1"], Some("address-refused")),
        (&[], Some("resolve")),
    ];
    for (addresses, want) in cases {
        let fetcher = Fetcher::with_lookup(patient(), Fixed::new(addresses)).expect("a fetcher");
        match (fetcher.get(&request(&*url)).await, want) {
            (Exchange::Body(_), None) => {}
            (Exchange::Failed(fault), Some(want)) => assert_eq!(fault.kind(), want, "{addresses:?}: {fault}"),
            (other, _) => panic!("{addresses:?}: {other:?}"),
        }
    }
    script.on("/go", [Reply::of(302, &["Location: http://inside.example/"], b"")]);
    let fetcher = Fetcher::with_lookup(patient(), Fixed::new(&["192.168.0.7"])).expect("a fetcher");
    let fault = fault(fetcher.get(&request(script.url("/go"))).await);
    assert_eq!(
        fault.to_string(),
        "inside.example (192.168.0.7) is a private address; name it in polling.allow_networks to poll it"
    );
}

#[tokio::test]
async fn behind_a_proxy_names_are_its_business_and_literals_are_still_checked() {
    let proxy = script().await;
    proxy.on("http://news.example/rss", [Reply::of(200, &[], FEED)]);
    let lookup = Fixed::new(&["127.0.0.1"]);
    let options = FetchOptions {
        proxy: Some(format!("http://proxy.example:{}", proxy.address().port())),
        allow_networks: Vec::new(),
        ..patient()
    };
    let fetcher = Fetcher::with_lookup(options, Arc::clone(&lookup) as Arc<dyn Lookup>).expect("a fetcher");
    assert_eq!(&body(fetcher.get(&request("http://news.example/rss")).await).body[..], FEED);
    assert_eq!(lookup.1.load(Ordering::Relaxed), 1, "only the proxy's own name was looked up");
    for (url, want) in
        [("http://169.254.169.254/latest", "address-refused"), ("http://proxy.example/", "bad-url")]
    {
        assert_eq!(fault(fetcher.get(&request(url)).await).kind(), want, "{url}");
    }
    assert_eq!(proxy.seen().len(), 1);
}

// Secrets.

#[tokio::test]
async fn secrets_go_to_their_own_host_only_and_never_into_results() {
    let (home, away) = (script().await, script().await);
    home.on("/a", [Reply::of(302, &["Location: /b"], b"")]);
    home.on("/b", [Reply::of(302, &[&format!("Location: {}", away.url("/c"))], b"")]);
    away.on("/c", [Reply::of(302, &[&format!("Location: {}", home.url("/d"))], b"")]);
    home.on("/d", [Reply::of(200, &[], FEED)]);
    let url = home.url("/a").replace("http://", "http://me:p%40ss@");
    let headers = vec![("X-Token".to_owned(), "hush".to_owned())];
    let exchange = fetcher(patient()).get(&FetchRequest { headers, ..request(url) }).await;
    let seen = home.seen();
    let basic: &[u8] = b"Basic bWU6cEBzcw==";
    for (i, secret) in [(0, true), (1, true), (2, false)] {
        assert_eq!(seen[i].header("authorization"), secret.then_some(basic), "{}", seen[i].path);
        assert_eq!(seen[i].header("x-token"), secret.then_some(&b"hush"[..]), "{}", seen[i].path);
    }
    assert_eq!(away.seen()[0].header("authorization"), None);
    assert_eq!(away.seen()[0].header("x-token"), None);
    let shown = format!("{exchange:?}");
    assert!(!shown.contains("p%40ss") && !shown.contains("hush"), "{shown}");
}

#[tokio::test]
async fn errors_hold_no_secrets() {
    let closed = { script().await.url("/feed?token=hush") };
    tokio::task::yield_now().await;
    let url = closed.replace("http://", "http://me:p%40ss@");
    let fault = fault(fetcher(patient()).get(&request(url)).await);
    let shown = format!("{fault} {fault:?}");
    assert!(!shown.contains("p%40ss") && !shown.contains("hush"), "{shown}");
}

// Turns.

#[tokio::test]
async fn a_held_host_is_not_asked() {
    let script = script().await;
    script.on("/", [Reply::of(429, &["Retry-After: 60"], b"")]);
    let fetcher = fetcher(patient());
    assert!(matches!(fetcher.get(&request(script.url("/"))).await, Exchange::Throttled(_)));
    fetcher.hold(&script.url("/"), Duration::from_secs(60));
    assert_eq!(fault(fetcher.get(&request(script.url("/other"))).await).kind(), "held");
    assert!(fetcher.held(&script.url("/third")).is_some());
    assert_eq!(fetcher.held("http://elsewhere.example/"), None);
    assert_eq!(script.seen().len(), 1);
}

#[tokio::test]
async fn own_machines_are_asked_without_a_gap_by_literal_and_by_name() {
    let script = script().await;
    script.on("/", [Reply::of(200, &[], FEED)]);
    let options = FetchOptions { host_delay: Duration::from_secs(3600), ..patient() };
    let fetcher = Fetcher::with_lookup(options, Fixed::new(&["127.0.0.1"])).expect("a fetcher");
    for host in ["127.0.0.1", "bridge.example"] {
        for _ in 0..3 {
            body(fetcher.get(&request(format!("http://{host}:{}/", script.address().port()))).await);
        }
    }
    assert_eq!(script.seen().len(), 6);
}
