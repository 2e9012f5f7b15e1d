//! Proxies: which requests go through one, what the proxy is asked for, and the error when it fails.

use super::*;
use crate::support::socks::Socks;

/// Behind a proxy, with no wait between two requests: these names are nobody's.
fn behind(proxy: String) -> FetchOptions {
    FetchOptions { proxy: Some(proxy), allow_networks: Vec::new(), host_delay: Duration::ZERO, ..patient() }
}

fn by(options: FetchOptions, lookup: &Arc<Fixed>) -> Fetcher {
    Fetcher::with_lookup(options, Arc::clone(lookup) as Arc<dyn Lookup>).expect("a fetcher")
}

#[tokio::test]
async fn a_socks5h_proxy_is_told_the_names_of_everything_that_is_asked() {
    let publisher = script().await;
    publisher.on("/rss", [Reply::of(301, &["Location: http://www.example:8080/feed"], b"")]);
    publisher.on("/feed", [Reply::of(200, &[], FEED)]);
    publisher.on("/robots.txt", [Reply::of(200, &[], b"User-agent: *\nDisallow: /a")]);
    publisher.on("/hub", [Reply::of(204, &[], b"")]);
    let socks = Socks::to(Some(publisher.address())).await;
    let lookup = Fixed::new(&["127.0.0.1"]);
    let fetcher = by(behind(format!("socks5h://{}", socks.address)), &lookup);
    assert_eq!(&body(fetcher.get(&request("http://news.example/rss")).await).body[..], FEED);
    assert!(!fetcher.may_fetch("http://paper.example/a").await.allowed);
    fetcher.post_form("http://hub.example/hub", &[("hub.mode", "publish")]).await.expect("it is told");
    let wishes = ["news.example:80", "www.example:8080", "paper.example:80", "hub.example:80"];
    assert_eq!(socks.wishes(), wishes.map(|at| format!("name {at}")));
    assert_eq!(publisher.connections(), 4, "and nobody came another way");
    assert_eq!(lookup.1.load(Ordering::Relaxed), 0, "nothing was looked up here");
    // What needs no looking up is judged all the same.
    for url in ["http://10.0.0.1/", "http://[::1]/", "http://localhost/"] {
        assert_eq!(fault(fetcher.get(&request(url)).await).kind(), "address-refused", "{url}");
    }
    assert_eq!(socks.wishes().len(), 4);
}

#[tokio::test]
async fn a_socks5_proxy_is_told_addresses_that_the_guard_let_pass() {
    let publisher = script().await;
    publisher.on("/rss", [Reply::of(200, &[], FEED)]);
    let socks = Socks::to(Some(publisher.address())).await;
    for (addresses, url, wish) in [
        (&["1.1.1.1"][..], "http://news.example/rss", Ok("address 1.1.1.1:80")),
        (&["2606:4700::1111"], "http://news.example:81/rss", Ok("address [2606:4700::1111]:81")),
        (&["10.0.0.1", "1.1.1.1"], "http://news.example/rss", Ok("address 1.1.1.1:80")),
        (&["10.0.0.1"], "http://news.example/rss", Err("address-refused")),
        (&["::1"], "http://news.example/rss", Err("address-refused")),
        (&[], "http://news.example/rss", Err("resolve")),
        // These are nothing to look up.
        (&[], "http://1.1.1.1/rss", Ok("address 1.1.1.1:80")),
        (&[], "http://[2606:4700::1111]/rss", Ok("address [2606:4700::1111]:80")),
        (&[], "http://10.0.0.1/rss", Err("address-refused")),
    ] {
        let before = socks.wishes().len();
        let fetcher = by(behind(format!("socks5://{}", socks.address)), &Fixed::new(addresses));
        let exchange = fetcher.get(&request(url)).await;
        match wish {
            Ok(wish) => {
                assert_eq!(&body(exchange).body[..], FEED, "{url}");
                assert_eq!(socks.wishes()[before..], [wish], "{addresses:?} {url}");
            }
            Err(kind) => {
                assert_eq!(fault(exchange).kind(), kind, "{addresses:?} {url}");
                assert_eq!(socks.wishes().len(), before, "nobody was asked for it");
            }
        }
    }
}

#[tokio::test]
async fn the_proxy_s_own_name_leads_to_the_proxy_and_nowhere_else_however_it_is_written() {
    let publisher = script().await;
    publisher.on("/rss", [Reply::of(200, &[], FEED)]);
    let socks = Socks::to(Some(publisher.address())).await;
    let lookup = Fixed::new(&["127.0.0.1"]);
    let proxy = format!("socks5h://Proxy.Example:{}", socks.address.port());
    let fetcher = by(behind(proxy), &lookup);
    assert_eq!(&body(fetcher.get(&request("http://news.example/rss")).await).body[..], FEED);
    for url in ["http://proxy.example/rss", "http://PROXY.example./rss"] {
        assert_eq!(fault(fetcher.get(&request(url)).await).kind(), "bad-url", "{url}");
    }
    assert_eq!(socks.wishes(), ["name news.example:80"]);
}

#[tokio::test]
async fn a_proxy_that_fails_is_said_to_be_what_failed_without_its_password() {
    let (_kept, nobody) = closed_port();
    let refusing = Socks::to(None).await;
    let refuses = refusing.address;
    let lost = "its address cannot be found: no such name";
    for (proxy, at, why) in [
        (format!("http://me:word@{nobody}"), nobody.to_string(), "Connection refused (os error 111)"),
        (format!("socks5://me:word@{nobody}"), nobody.to_string(), "it cannot be reached"),
        (format!("socks5h://me:word@{nobody}"), nobody.to_string(), "it cannot be reached"),
        ("http://me:word@proxy.example:3128".to_owned(), "proxy.example".to_owned(), lost),
        ("socks5h://proxy.example".to_owned(), "proxy.example".to_owned(), "it cannot be reached"),
        (format!("socks5h://{refuses}"), refuses.to_string(), "SOCKS error: host unreachable"),
    ] {
        // The address of a name is for `socks5` alone, and for the proxy itself.
        let lookup = Fixed::new(if proxy.starts_with("socks5:") { &["1.1.1.1"] } else { &[] });
        let fetcher = by(behind(proxy.clone()), &lookup);
        let failed = fault(fetcher.get(&request("http://news.example/rss")).await);
        assert_eq!(failed.kind(), "proxy", "{proxy}: {failed}");
        assert_eq!(failed.to_string(), format!("no connection through the proxy {at}: {why}"), "{proxy}");
        let told = fetcher.post_form("http://hub.example/", &[]).await.expect_err("the hub neither");
        assert_eq!(told, failed, "{proxy}");
        let verdict = fetcher.may_fetch("http://paper.example/a").await;
        assert!(!verdict.allowed && verdict.why.ends_with(&failed.to_string()), "{verdict:?}");
    }
}
