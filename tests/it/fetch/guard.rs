//! The address guard: literals, names, redirects, proxies.

use super::*;

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
        "0x7f.2",
        "0177.0.0.2",
        "127.2",
        "127.0.0.2.",
        "%31%32%37.0.0.2",
        "１２７.0.0.2",
        "127。0。0。2",
        "[::127.0.0.2]",
        "[::ffff:0:127.0.0.2]",
        "[64:ff9b:1::7f00:2]",
        "[2001:0:1:2:3:4:80ff:fffd]",
        "[fe80::1]",
        "100.64.0.1",
        "0.0.0.0",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "10.0.0.1",
    ];
    let fetcher = fetcher(patient());
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
    for (url, want) in [
        ("http://169.254.169.254/latest", "address-refused"),
        ("http://2852039166/latest", "address-refused"),
        ("http://[::ffff:a9fe:a9fe]/latest", "address-refused"),
        // Names that the proxy would take for itself.
        ("http://localhost/", "address-refused"),
        ("http://LOCALHOST./", "address-refused"),
        ("http://a.localhost:8080/", "address-refused"),
        ("http://proxy.example/", "bad-url"),
        ("http://PROXY.example./", "bad-url"),
    ] {
        assert_eq!(fault(fetcher.get(&request(url)).await).kind(), want, "{url}");
    }
    proxy.on("http://news.example/out", [Reply::of(302, &["Location: http://0x7f.1/"], b"")]);
    assert_eq!(fault(fetcher.get(&request("http://news.example/out")).await).kind(), "address-refused");
    assert_eq!(proxy.seen().len(), 2);
}

#[tokio::test]
async fn a_public_publisher_leads_nobody_into_the_networks_that_are_allowed() {
    let (proxy, inside) = (script().await, script().await);
    let to = inside.url("/secret");
    inside.on("/secret", [Reply::of(200, &[], b"inside")]);
    let redirect = || [Reply::of(302, &[&format!("Location: {to}")], b"")];
    proxy.on("http://public.example/feed", redirect());
    let behind = fetcher(FetchOptions { proxy: Some(proxy.url("")), ..patient() });
    let refused = fault(behind.get(&request("http://public.example/feed")).await);
    assert_eq!(
        refused.to_string(),
        "it redirects to 127.0.0.1: a public address must not lead into polling.allow_networks"
    );
    let asked = fault(fetcher(patient()).get(&FetchRequest { outward: true, ..request(&*to) }).await);
    assert_eq!(asked.kind(), "redirect-refused", "an entry of a public list: {asked}");
    assert!(inside.seen().is_empty(), "nothing inside was asked");

    // The operator's own bridge may send on to another of the operator's machines.
    let bridge = script().await;
    bridge.on("/route", redirect());
    assert_eq!(&body(fetcher(patient()).get(&request(bridge.url("/route"))).await).body[..], b"inside");
}
