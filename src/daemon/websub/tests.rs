//! A hub on loopback that says one thing.

use super::*;
use crate::daemon::clock::TokioClock;
use crate::daemon::renderer::tests::{published, seeds, site};
use crate::fetch::FetchOptions;
use crate::testing::at;
use crate::views::site::Site;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// The result of a ping to a hub that gives this answer.
async fn pinged(answer: &'static str) -> (PingResult, u64) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let hub = format!("http://{}/", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        // A request fits one packet of loopback.
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await;
    });
    let options = FetchOptions {
        allow_networks: vec!["127.0.0.0/8".parse().expect("a network")],
        ..FetchOptions::default()
    };
    let pinger = Pinger {
        hub,
        public_url: "http://news.example".to_owned(),
        fetcher: Fetcher::new(options).expect("a fetcher"),
        // 1970, so that what is asked for by date is seen to be counted from the hub's own.
        clock: Arc::new(TokioClock::starting(at(0))),
        backoff: Duration::from_secs(30),
    };
    let (result, wait) = pinger.ping("henan.atom").await;
    (result, wait.as_secs())
}

#[tokio::test]
async fn a_hub_is_left_alone_for_as_long_as_it_asks() {
    let later = |status: u16| PingResult::Later(format!("it answered {status}"));
    let cases = [
        ("202 Accepted\r\nRetry-After: 60", PingResult::Yes, 0),
        ("429 No\r\nRetry-After: 3600", later(429), 3600),
        ("429 No\r\nRetry-After: 60\r\nRetry-After: 7200", later(429), 7200),
        ("503 No\r\nRetry-After: 999999", later(503), 86_400),
        (
            "503 No\r\nDate: Sat, 28 Nov 2026 20:00:00 GMT\r\nRetry-After: Sat, 28 Nov 2026 20:05:00 GMT",
            later(503),
            300,
        ),
        ("301 Moved\r\nLocation: /\r\nRetry-After: 120", later(301), 120),
        ("403 No\r\nRetry-After: 120", PingResult::Refused(403), 120),
        ("500 No", later(500), 0),
    ];
    for (answer, want, wait) in cases {
        assert_eq!(pinged(answer).await, (want, wait), "{answer}");
    }
}

#[test]
fn the_hub_is_told_of_feeds_whether_or_not_they_have_deltas() {
    for delta in [true, false] {
        let renderer = published(Site { delta, ..site() }, seeds());
        let (feeds, _) = digests(&renderer, Versions::new());
        let paths: Vec<_> = feeds.iter().map(|(path, _)| path.as_str()).collect();
        for path in ["henan.atom", "henan.rss", "henan.json", "source/paper.atom"] {
            assert!(paths.contains(&path), "{path}: {paths:?}");
        }
        assert!(!paths.iter().any(|path| path.ends_with('/') || path.is_empty()), "pages: {paths:?}");
        assert!(!paths.iter().any(|path| path.contains("/archive/")), "archives: {paths:?}");
    }
}
