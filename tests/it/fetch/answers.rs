//! Answers of publishers: bodies, validators, statuses.

use dibao::model::exchange::Block;

use super::*;

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
async fn a_connection_that_was_closed_meanwhile_is_opened_again() {
    let script = script().await;
    script.on("/", [Reply::of(200, &[], FEED).close(), Reply::of(200, &[], FEED)]);
    let fetcher = fetcher(patient());
    for _ in 0..3 {
        body(fetcher.get(&request(script.url("/"))).await);
    }
    assert_eq!(script.connections(), 2);
}

#[tokio::test]
async fn compressed_bodies_are_decompressed() {
    let zstd = zstd::encode_all(FEED, 3).expect("memory");
    let twice = gzip(&gzip(FEED));
    let members = FEED.chunks(20).flat_map(gzip).collect();
    let cases = [
        ("gzip", gzip(FEED)),
        ("zstd", zstd.clone()),
        ("identity", FEED.to_vec()),
        ("GZIP", gzip(FEED)),
        ("X-Gzip", gzip(FEED)),
        ("gzip, identity", gzip(FEED)),
        ("gzip", members),
        ("zstd, gzip", gzip(&zstd)),
        ("gzip, gzip", twice.clone()),
        ("gzip\r\nContent-Encoding: gzip", twice),
        // Once by the one, named by the other as well.
        ("gzip\r\nContent-Encoding: gzip", gzip(FEED)),
    ];
    for (coding, bytes) in cases {
        let line = format!("Content-Encoding: {coding}");
        let response = body(outcome_of(patient(), Reply::of(200, &[&line], &bytes)).await);
        assert_eq!(&response.body[..], FEED, "{coding}");
    }
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[tokio::test]
async fn a_body_is_decompressed_by_what_it_is_whatever_its_head_says() {
    let zstd = zstd::encode_all(FEED, 3).expect("memory");
    let cases = [
        ("gzip, and nothing said", "X: y", gzip(FEED)),
        ("a file that is gzip", "Content-Type: application/x-gzip", gzip(FEED)),
        ("gzip twice, and nothing said", "X: y", gzip(&gzip(FEED))),
        ("gzip twice, said once", "Content-Encoding: gzip", gzip(&gzip(FEED))),
        ("gzip in several members", "X: y", FEED.chunks(20).flat_map(gzip).collect()),
        ("gzip that says it is plain", "Content-Encoding: identity", gzip(FEED)),
        ("gzip that says a charset", "Content-Encoding: utf-8", gzip(FEED)),
        ("gzip that says brotli", "Content-Encoding: br", gzip(FEED)),
        ("gzip that says zstd", "Content-Encoding: zstd", gzip(FEED)),
        ("gzip that says deflate", "Content-Encoding: deflate", gzip(FEED)),
        ("gzip that says compress", "Content-Encoding: compress", gzip(FEED)),
        ("zstd that says gzip", "Content-Encoding: gzip", zstd.clone()),
        ("zstd, and nothing said", "X: y", zstd),
        ("deflate in zlib, not asked for", "Content-Encoding: deflate", zlib(FEED)),
        ("deflate alone, not asked for", "Content-Encoding: deflate", deflate(FEED)),
        ("zlib, and nothing said", "X: y", zlib(FEED)),
    ];
    for (name, line, bytes) in cases {
        let response = body(outcome_of(patient(), Reply::of(200, &[line], &bytes)).await);
        assert_eq!(&response.body[..], FEED, "{name}");
    }
    let half = &gzip(FEED)[..20];
    let cut = fault(outcome_of(patient(), Reply::of(200, &[], half)).await);
    assert_eq!(cut.kind(), "bad-encoding", "gzip that breaks off");
    let bomb = gzip(&gzip(&vec![b' '; LIMIT as usize + 1]));
    let bomb = outcome_of(patient(), Reply::of(200, &[], &bomb)).await;
    assert_eq!(fault(bomb), FetchFault::TooLarge { limit: LIMIT }, "a bomb that says nothing");
    let four = gzip(&gzip(&gzip(&gzip(FEED))));
    let four = fault(outcome_of(patient(), Reply::of(200, &[], &four)).await);
    assert_eq!(four.kind(), "bad-encoding", "four times");
}

#[tokio::test]
async fn a_request_on_a_kept_connection_that_is_closed_is_sent_once_more() {
    let good = || Reply::of(200, &[], FEED);
    // Each path and how the server ends the second request on a connection, before it answers.
    for (name, broken) in [("closed", Reply::default().close()), ("reset", Reply::default().reset())] {
        let script = script().await;
        script.on("/", [good(), broken.clone(), good()]);
        let fetcher = fetcher(patient());
        for _ in 0..2 {
            body(fetcher.get(&request(script.url("/"))).await);
        }
        assert_eq!((script.seen().len(), script.connections()), (3, 2), "{name}");
    }
}

#[tokio::test]
async fn a_request_is_sent_no_third_time_and_never_again_on_a_connection_of_its_own() {
    let good = || Reply::of(200, &[], FEED);
    for broken in [Reply::default().close(), Reply::default().reset()] {
        let script = script().await;
        script.on("/fresh", [broken.clone()]);
        script.on("/kept", [good(), broken.clone(), broken.clone(), good()]);
        let fetcher = fetcher(patient());
        fault(fetcher.get(&request(script.url("/fresh"))).await);
        assert_eq!(script.seen().len(), 1, "a close on a new connection is the answer");
        body(fetcher.get(&request(script.url("/kept"))).await);
        fault(fetcher.get(&request(script.url("/kept"))).await);
        assert_eq!(script.seen().len(), 4, "one more time, and that was all");
    }
    // An answer that breaks off is an answer.
    let script = script().await;
    script.on("/", [good(), head("Content-Length: 99\r\n").send(FEED).close(), good()]);
    let fetcher = fetcher(patient());
    body(fetcher.get(&request(script.url("/"))).await);
    assert_eq!(fault(fetcher.get(&request(script.url("/"))).await).kind(), "truncated");
    assert_eq!(script.seen().len(), 2);
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
