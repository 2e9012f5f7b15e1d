//! Links as publishers write them.

use proptest::prelude::*;

use super::{Base, canonical, host_key, is_republished, server};

const BASE: &str = "https://www.ha.chinanews.com.cn/news/hnxw/index.shtml";

fn resolve(base: Option<&str>, href: &str) -> Option<String> {
    Base::new(base).resolve(href)
}

#[test]
fn links_become_absolute_as_in_a_browser() {
    for (href, want) in [
        ("/news/1.shtml", "https://www.ha.chinanews.com.cn/news/1.shtml"),
        ("1.shtml", "https://www.ha.chinanews.com.cn/news/hnxw/1.shtml"),
        ("../1.shtml", "https://www.ha.chinanews.com.cn/news/1.shtml"),
        ("?page=2", "https://www.ha.chinanews.com.cn/news/hnxw/index.shtml?page=2"),
        ("//www.chinanews.com/gn/1.shtml", "https://www.chinanews.com/gn/1.shtml"),
        (" \n http://a.cn/x\t ", "http://a.cn/x"),
        ("http://a.cn/x\n y", "http://a.cn/x%20y"),
        ("http://a.cn\\b\\c.html", "http://a.cn/b/c.html"),
        ("http:/a.cn/b", "http://a.cn/b"),
        ("www.chinanews.com.cn/gn/1.shtml", "http://www.chinanews.com.cn/gn/1.shtml"),
        ("http://a.cn/新闻?k=河南", "http://a.cn/%E6%96%B0%E9%97%BB?k=%E6%B2%B3%E5%8D%97"),
        ("http://中新网.中国/1", "http://xn--fiq068cn9r.xn--fiqs8s/1"),
        ("http://a.cn/?a=1&amp;b=2", "http://a.cn/?a=1&b=2"),
        ("HTTP://A.CN/x", "http://a.cn/x"),
        ("http://a.cn", "http://a.cn"),
        ("http://a.cn/100%", "http://a.cn/100%"),
        ("feed://a.cn/rss", "http://a.cn/rss"),
        ("mailto:a@b.cn", "mailto:a@b.cn"),
        ("http://a.cn/\u{200b}x", "http://a.cn/x"),
    ] {
        assert_eq!(resolve(Some(BASE), href).as_deref(), Some(want), "{href}");
    }
}

#[test]
fn links_nobody_should_follow_are_none() {
    for href in [
        "javascript:alert(1)",
        " JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "\u{1}javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://a.cn/1",
        "ftp://a.cn/1",
        "magnet:?xt=urn:btih:1",
        "tel:110",
        "",
        "  ",
        "http://",
        "https://[::1",
    ] {
        assert_eq!(resolve(Some(BASE), href), None, "{href}");
    }
    assert_eq!(resolve(None, "/x"), None);
    assert_eq!(resolve(None, &format!("http://a.cn/{}", "x".repeat(5000))), None);
}

#[test]
fn an_iri_is_republished_if_its_scheme_is_harmless() {
    for iri in ["http://a.cn", "HTTPS://a.cn/x?y#z", "urn:gb2260", "tag:a.cn,2026:新", "mailto:a@b.cn"] {
        assert!(is_republished(iri), "{iri}");
    }
    for iri in [
        "javascript:alert(1)", "JAVASCRIPT:alert(1)", " http://a.cn/", "java\nscript:x", "data:text/html,x",
        "vbscript:x", "ftp://a.cn/", "http:a.cn", "http:///x", "http://", "urn:", "新闻", "",
        "http://a.cn/\u{202e}x",
    ] {
        assert!(!is_republished(iri), "{iri}");
    }
}

#[test]
fn addresses_of_one_page_are_equal() {
    for (a, b) in [
        ("http://www.ha.chinanews.com.cn/news/1.shtml", "https://ha.chinanews.com/news/1.shtml"),
        ("http://m.thepaper.cn/a_1", "https://www.thepaper.cn/a_1"),
        ("http://a.cn", "https://a.cn:443/index.html"),
        ("http://a.cn/x/", "http://a.cn:80//x#top"),
        ("http://a.cn/x?id=1&utm_source=rss&spm=a.b", "http://a.cn/x?spm=c&id=1"),
        ("http://a.cn/x?b=2&a=1", "http://a.cn/x?a=1&b=2"),
        ("http://a.cn/x?from=timeline&isappinstalled=0", "http://a.cn/x"),
        ("http://a.cn/%7Ex/%e6%96%b0?q=a+b", "http://a.cn/~x/新?q=a%20b"),
        ("http://a.cn/x;jsessionid=12AB?id=1", "http://a.cn/x?id=1"),
        ("http://a.cn/2026/title/amp/", "http://a.cn/2026/title"),
        ("http://user:pw@A.cn./x", "http://a.cn/x"),
        ("http://a.cn/x?", "http://a.cn/x"),
    ] {
        assert_eq!(canonical(a), canonical(b), "{a} and {b}");
    }
}

#[test]
fn addresses_of_two_pages_stay_apart() {
    for (a, b) in [
        ("http://a.cn/x?id=1", "http://a.cn/x?id=2"),
        ("http://a.cn/x?id=1", "http://a.cn/x"),
        ("http://a.cn/x?from=beijing", "http://a.cn/x?from=shanghai"),
        ("http://a.cn/x_1.html", "http://a.cn/x_2.html"),
        ("http://a.cn/x_1.html", "http://a.cn/x.html"),
        ("http://a.cn/X", "http://a.cn/x"),
        ("http://a.cn/x?a=1&a=2", "http://a.cn/x?a=2&a=1"),
        ("http://a.cn/#!/1", "http://a.cn/#!/2"),
        ("http://a.cn/#/1", "http://a.cn/#/2"),
        ("http://a.cn:8080/x", "http://a.cn/x"),
        ("http://ha.a.cn/x", "http://hb.a.cn/x"),
        ("http://china.com/x", "http://china.com.cn/x"),
        ("http://m.com.cn/x", "http://wap.com.cn/x"),
        ("http://a.cn/a%2Fb", "http://a.cn/a/b"),
        ("http://a.cn/index/1", "http://a.cn/1"),
        ("http://a.cn/x.html", "http://a.cn/x.shtml"),
        ("http://a.cn/x?t=1", "http://a.cn/x?t=2"),
    ] {
        assert_ne!(canonical(a), canonical(b), "{a} and {b}");
    }
}

#[test]
fn what_is_no_web_address_is_only_trimmed() {
    assert_eq!(canonical(" tag:a.cn,2026:1 "), "tag:a.cn,2026:1");
    assert_eq!(canonical("not a url"), "not a url");
    assert_eq!(host_key("http://www.HA.chinanews.com.cn/x").as_deref(), Some("ha.chinanews.com"));
    assert_eq!(host_key("not a url"), None);
}

proptest! {
    #[test]
    fn canonical_is_stable(tail in "[a-zA-Z0-9/?&=%+.;#!_~ 河-]{0,40}", scheme in "https?", host in "(www\\.|m\\.|wap\\.){0,3}[a-z]{1,3}(\\.com)?\\.cn") {
        let once = canonical(&format!("{scheme}://{host}/{tail}"));
        prop_assert_eq!(canonical(&once), once.clone(), "{}", once);
    }

    #[test]
    fn a_resolved_link_resolves_to_itself(href in "\\PC{0,40}") {
        if let Some(link) = resolve(Some(BASE), &href) {
            prop_assert_eq!(resolve(None, &link), Some(link.clone()));
        }
    }

    #[test]
    fn no_two_values_of_an_unknown_parameter_are_folded(a in 0_u32..1000, b in 0_u32..1000) {
        let of = |id: u32| canonical(&format!("http://a.cn/portal.php?mod=view&aid={id}&utm_medium={b}"));
        prop_assert_eq!(of(a) == of(b), a == b);
    }
}

#[test]
fn http_and_https_of_one_name_are_one_server_and_other_ports_another() {
    for (text, key) in [
        ("http://a.example/x", "a.example"),
        ("https://a.example/x", "a.example"),
        ("https://A.example./x", "a.example"),
        ("http://a.example:443/x", "a.example"),
        ("http://a.example:1200/x", "a.example:1200"),
        ("http://[2400::1]/x", "[2400::1]"),
        ("http://[2400:0:0::0001]/x", "[2400::1]"),
        ("http://www.a.example/x", "a.example"),
        ("http://WWW.a.example:1200/x", "a.example:1200"),
        ("http://www/x", "www"),
        ("http://m.a.example/x", "m.a.example"),
        ("http://日报.example/x", "xn--4ru45e.example"),
        ("http://XN--4ru45e.example/x", "xn--4ru45e.example"),
    ] {
        assert_eq!(server(text).as_deref(), Some(key), "{text}");
    }
}
