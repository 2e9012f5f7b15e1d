use super::*;

fn address(text: &str) -> Url {
    Url::parse(text).expect("an address")
}

/// What is sent to `to` after `at` set these cookies, one after the other.
fn sent(at: &str, set: &[&str], to: &str) -> String {
    let mut cookies = Cookies::default();
    for line in set {
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, HeaderValue::from_str(line).expect("a value"));
        cookies.take(&address(at), &headers);
    }
    let value = cookies.header(&address(to));
    value.map_or_else(String::new, |value| value.to_str().expect("ASCII").to_owned())
}

#[test]
fn a_cookie_goes_back_to_who_set_it_and_to_nobody_else() {
    let at = "http://news.example.cn/gate/in?x=1";
    let cases: &[(&str, &[&str], &str, &str)] = &[
        ("the same origin", &["a=1; Path=/"], "http://news.example.cn/f.xml", "a=1"),
        ("its own folder by default", &["a=1"], "http://news.example.cn/gate/f.xml", "a=1"),
        ("not another folder", &["a=1"], "http://news.example.cn/gateway/f.xml", ""),
        ("the same host over https", &["a=1; path=/"], "https://news.example.cn/", "a=1"),
        ("a secure one not over http", &["a=1; path=/; Secure"], "http://news.example.cn/", ""),
        ("a secure one over https", &["a=1; path=/; Secure"], "https://news.example.cn/", "a=1"),
        ("not another host", &["a=1; path=/"], "http://other.example.cn/", ""),
        ("not another port", &["a=1; path=/"], "http://news.example.cn:8080/", ""),
        ("the domain it is set for", &["a=1; path=/; domain=.example.cn"], "http://b.example.cn/", "a=1"),
        ("not a name that merely ends so", &["a=1; path=/; domain=example.cn"], "http://badexample.cn/", ""),
        ("no domain that is a registry's", &["a=1; path=/; domain=cn"], "http://other.cn/", ""),
        ("no foreign domain", &["a=1; path=/; domain=example.org"], "http://example.org/", ""),
        (
            "its own name as a domain",
            &["a=1; path=/; domain=news.example.cn"],
            "http://news.example.cn/",
            "a=1",
        ),
        ("all of them", &["a=1; path=/", "b=\"2\"; path=/"], "http://news.example.cn/", "a=1; b=\"2\""),
        ("the newest of one name", &["a=1; path=/", "a=2; path=/"], "http://news.example.cn/", "a=2"),
        ("none that was ended", &["a=1; path=/", "a=; path=/; Max-Age=0"], "http://news.example.cn/", ""),
        (
            "none that was ended by date",
            &["a=1; path=/", "a=x; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT"],
            "http://news.example.cn/",
            "",
        ),
        ("nothing without a name", &["=1; path=/", "alone"], "http://news.example.cn/", ""),
    ];
    for (name, set, to, want) in cases {
        assert_eq!(sent(at, set, to), *want, "{name}");
    }
    assert_eq!(sent("http://127.0.0.1:81/", &["a=1; domain=127.0.0.1"], "http://127.0.0.1:81/"), "a=1");
    assert_eq!(sent("http://127.0.0.1:81/", &["a=1; domain=0.0.1"], "http://127.0.0.1:81/"), "");
}

#[test]
fn no_more_is_kept_than_a_server_would_take() {
    let many: Vec<String> = (0..80).map(|n| format!("n{n}={}; path=/", "x".repeat(200))).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let line = sent("http://a.example/", &many, "http://a.example/");
    assert!((1..=MAX_HEADER).contains(&line.len()), "{}", line.len());
}

#[test]
fn the_sources_own_cookie_stays() {
    let mut cookies = Cookies::default();
    let at = address("http://a.example/");
    let set = HeaderMap::from_iter([(SET_COOKIE, HeaderValue::from_static("seen=1"))]);
    cookies.take(&at, &set);
    let mut headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static("key=secret"))]);
    cookies.add_to(&mut headers, &at);
    assert_eq!(headers.get(COOKIE).map(HeaderValue::as_bytes), Some(&b"key=secret; seen=1"[..]));
}
