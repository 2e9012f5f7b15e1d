//! Secrets are sent to their own host only, and a host is asked in its turn.

use super::*;

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
    let (_kept, address) = closed_port();
    let url = format!("http://me:p%40ss@{address}/feed?token=hush");
    let fault = fault(fetcher(patient()).get(&request(url)).await);
    let shown = format!("{fault} {fault:?}");
    assert!(!shown.contains("p%40ss") && !shown.contains("hush"), "{shown}");
}

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
