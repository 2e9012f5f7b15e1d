//! Publishers that stall, flood, cut short or lie.

use tokio::io::AsyncWriteExt as _;

use super::*;

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
        (
            "endless gzip of nothing",
            Reply::open(200, &["Content-Encoding: gzip"]).forever(&gzip(b"").repeat(100)),
        ),
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
    for (coding, bytes) in [
        ("gzip", gzip(&spaces)),
        ("gzip, gzip", gzip(&gzip(&spaces))),
        ("gzip", gzip(&spaces[..LIMIT as usize / 2]).repeat(3)),
        ("zstd", zstd::encode_all(&spaces[..], 1).expect("memory")),
        ("br", brotli),
    ] {
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
        (
            "a second gzip member cut short",
            Reply::of(200, &["Content-Encoding: gzip"], &[gzip(FEED), cut_gzip.clone()].concat()),
            "bad-encoding",
        ),
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
    let (_kept, address) = closed_port();
    let fault = fault(fetcher(patient()).get(&request(format!("http://{address}/"))).await);
    assert_eq!(fault.kind(), "connect", "{fault}");
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
