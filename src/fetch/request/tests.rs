use super::*;
use crate::model::exchange::Validators;

fn url(text: &str) -> Url {
    target(text).expect("an address")
}

#[test]
fn only_http_and_https_with_a_host_may_be_asked() {
    for (text, passes) in [
        ("http://example.com/rss", true),
        ("HTTPS://Example.COM/rss#top", true),
        ("ftp://example.com/rss", false),
        ("file:///etc/passwd", false),
        ("data:text/xml,<rss/>", false),
        ("gopher://example.com/", false),
        ("http://", false),
        ("/rss", false),
    ] {
        assert_eq!(target(text).is_ok(), passes, "{text}");
    }
    assert!(target(&format!("http://example.com/{}", "a".repeat(9000))).is_err());
    assert_eq!(url("http://example.com/rss#top").as_str(), "http://example.com/rss");
}

#[test]
fn odd_spellings_of_an_address_are_read_as_the_literal_they_are() {
    for text in
        ["http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/", "http://127.0.0.1./"]
    {
        assert_eq!(url(text).host(), Some(url::Host::Ipv4(std::net::Ipv4Addr::LOCALHOST)), "{text}");
    }
}

#[test]
fn a_location_is_resolved_and_loses_credentials_and_fragment() {
    let at = url("https://user:secret@a.example/news/rss.xml?x=1");
    let cases: [(&[u8], &str); 6] = [
        (b"other.xml", "https://a.example/news/other.xml"),
        (b"/root.xml#x", "https://a.example/root.xml"),
        (b"//b.example/r", "https://b.example/r"),
        (b"http://eve:pw@b.example/r", "http://b.example/r"),
        ("/新闻".as_bytes(), "https://a.example/%E6%96%B0%E9%97%BB"),
        (b"/\xd0\xc2", "https://a.example/%D0%C2"),
    ];
    for (location, want) in cases {
        let found = redirect(&at, location).expect("an address");
        assert_eq!(found.as_str(), want, "{}", String::from_utf8_lossy(location));
    }
    for location in [&b"javascript:alert(1)"[..], b"file:///etc/passwd", b"http://[::1"] {
        assert!(redirect(&at, location).is_err(), "{}", String::from_utf8_lossy(location));
    }
}

#[test]
fn secrets_stay_with_the_origin_they_were_given_for() {
    let cases = [
        ("http://a.example/x", "http://a.example/y", true),
        ("http://a.example/x", "https://a.example/x", true),
        ("https://a.example/x", "http://a.example/x", false),
        ("http://a.example/x", "http://b.a.example/x", false),
        ("http://a.example:8080/", "https://a.example/", false),
        ("http://a.example/", "http://a.example:8080/", false),
    ];
    for (home, at, want) in cases {
        assert_eq!(shares_secrets(&url(home), &url(at)), want, "{home} {at}");
    }
}

#[test]
fn errors_show_neither_query_nor_credentials() {
    let shown = brief(&url("https://user:secret@a.example:444/feed?token=secret"));
    assert_eq!(shown, "https://a.example:444/feed");
}

#[test]
fn own_headers_are_left_out_away_from_home_and_validators_are_not() {
    let request = FetchRequest {
        url: "http://a.example/".to_owned(),
        validators: Validators {
            etag: Some(b"\"\xff odd".to_vec()),
            last_modified: Some(b"0".to_vec()),
            of: None,
        },
        headers: vec![("X-Key".to_owned(), "secret".to_owned())],
        accept: "*/*".to_owned(),
        obeys_robots: false,
        waited: false,
        outward: false,
    };
    let home = headers(&request, true).expect("headers");
    let away = headers(&request, false).expect("headers");
    assert!(home.contains_key("x-key") && !away.contains_key("x-key"));
    for map in [&home, &away] {
        assert_eq!(map.get(IF_NONE_MATCH).map(HeaderValue::as_bytes), Some(&b"\"\xff odd"[..]));
        assert_eq!(map.get(IF_MODIFIED_SINCE).map(HeaderValue::as_bytes), Some(&b"0"[..]));
    }
    let bad = FetchRequest { headers: vec![("X Key".to_owned(), "v".to_owned())], ..request };
    assert_eq!(headers(&bad, true), Err(FetchFault::BadHeader { name: "X Key".to_owned() }));
}
