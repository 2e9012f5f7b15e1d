//! Redirects: followed, recorded, refused.

use dibao::model::exchange::Hop;

use super::*;

#[tokio::test]
async fn redirects_are_followed_and_recorded() {
    let script = script().await;
    script.on("/a", [Reply::of(301, &["Location: /b"], b"moved")]);
    script.on("/b", [Reply::of(302, &["Location: c?x=1#frag"], b"")]);
    script.on("/c?x=1", [Reply::of(200, &[], FEED)]);
    let fetcher = fetcher(patient());
    let validators = Validators { etag: Some(b"\"1\"".to_vec()), ..Validators::default() };
    let response = body(fetcher.get(&FetchRequest { validators, ..request(script.url("/a")) }).await);
    let hops = [Hop { status: 301, to: script.url("/b") }, Hop { status: 302, to: script.url("/c?x=1") }];
    assert_eq!(response.head.hops, hops);
    assert_eq!(response.head.final_url, script.url("/c?x=1"));
    assert_eq!(response.head.moved_to(), Some(script.url("/b").as_str()));
    for seen in script.seen() {
        assert_eq!(seen.header("referer"), None);
        let sent = (seen.path == "/a").then_some(&b"\"1\""[..]);
        assert_eq!(seen.header("if-none-match"), sent, "{}: they are those of the address asked", seen.path);
    }
}

#[tokio::test]
async fn a_redirect_to_be_followed_later_is_not_followed_now_unless_that_was_waited_for() {
    let date = "Date: Sat, 28 Nov 2026 20:00:00 GMT\r\nRetry-After: Sat, 28 Nov 2026";
    let cases = [
        ("Retry-After: 3600".to_owned(), false),
        ("Retry-After: 0\r\nRetry-After: 3600".to_owned(), false),
        (format!("{date} 21:00:00 GMT"), false),
        // It has no clock to tell by.
        ("Retry-After: Sat, 28 Nov 2026 20:00:00 GMT".to_owned(), false),
        (format!("{date} 20:00:00 GMT"), true),
        ("Retry-After: 0".to_owned(), true),
        ("Retry-After: soon".to_owned(), true),
    ];
    for (said, follows) in cases {
        let script = script().await;
        script.on("/a", [Reply::of(302, &["Location: /b"], b"")]);
        script.on("/b", [Reply::of(301, &["Location: /c", &said], b"")]);
        script.on("/c", [Reply::of(200, &[], FEED)]);
        let fetcher = fetcher(patient());
        let exchange = fetcher.get(&request(script.url("/a"))).await;
        if follows {
            body(exchange);
        } else {
            let Exchange::Throttled(head) = exchange else { panic!("{said}: {exchange:?}") };
            assert_eq!((head.status, head.final_url), (301, script.url("/b")), "{said}");
            assert!(!script.seen().iter().any(|seen| seen.path == "/c"), "{said}");
        }
        body(fetcher.get(&FetchRequest { waited: true, ..request(script.url("/a")) }).await);
    }
}

/// Lets the others go on, and then tokio's clock by as much as a redirect asks for: sockets do not run on it.
async fn until_the_end(exchange: &tokio::task::JoinHandle<Exchange>) {
    while !exchange.is_finished() {
        tokio::time::sleep(Duration::from_millis(1)).await;
        tokio::time::pause();
        tokio::time::advance(Duration::from_millis(100)).await;
        tokio::time::resume();
    }
}

#[tokio::test]
async fn the_redirects_of_one_request_are_waited_for_five_seconds_in_all() {
    let script = script().await;
    script.on("/a", [Reply::of(302, &["Location: /b", "Retry-After: 3"], b"")]);
    script.on("/b", [Reply::of(302, &["Location: /c", "Retry-After: 2"], b"")]);
    script.on("/c", [Reply::of(302, &["Location: /d", "Retry-After: 1"], b"")]);
    let mut options = patient();
    options.limits.timeout = Duration::from_secs(86_400);
    options.limits.connect_timeout = Duration::from_secs(86_400);
    let (fetcher, ask) = (fetcher(options), request(script.url("/a")));
    let exchange = tokio::spawn(async move { fetcher.get(&ask).await });
    until_the_end(&exchange).await;
    let Exchange::Throttled(head) = exchange.await.expect("no panic") else { panic!("it waits on") };
    assert_eq!(head.final_url, script.url("/c"));
    assert_eq!(script.seen().len(), 3);
}

#[tokio::test]
async fn others_have_their_turns_while_a_redirect_is_waited_for() {
    let script = script().await;
    script.on("/a", [Reply::of(302, &["Location: /b", "Retry-After: 5"], b"")]);
    script.on("/b", [Reply::of(200, &[], FEED)]);
    script.on("/other", [Reply::of(200, &[], FEED)]);
    let mut options = FetchOptions { per_host: 1, concurrency: 1, ..patient() };
    options.limits.timeout = Duration::from_secs(86_400);
    options.limits.connect_timeout = Duration::from_secs(86_400);
    let fetcher = Arc::new(fetcher(options));
    let get = |path: &str| {
        let (fetcher, ask) = (Arc::clone(&fetcher), request(script.url(path)));
        tokio::spawn(async move { fetcher.get(&ask).await })
    };
    let redirected = get("/a");
    while script.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    body(get("/other").await.expect("no panic"));
    until_the_end(&redirected).await;
    body(redirected.await.expect("no panic"));
    let order: Vec<_> = script.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(order, ["/a", "/other", "/b"]);
}

#[tokio::test]
async fn validators_go_to_the_address_that_gave_them_alone() {
    let script = script().await;
    script.on("/a", [Reply::of(302, &["Location: /b"], b""), Reply::of(302, &["Location: /c"], b"")]);
    script.on("/b", [Reply::of(304, &[], b"")]);
    // The very same tag, of another feed.
    script.on("/c", [Reply::of(200, &["ETag: \"1\""], FEED)]);
    let fetcher = fetcher(patient());
    let (etag, of) = (Some(b"\"1\"".to_vec()), Some(script.url("/b")));
    let validators = Validators { etag, of, ..Validators::default() };
    let ask = FetchRequest { validators, ..request(script.url("/a")) };
    assert!(matches!(fetcher.get(&ask).await, Exchange::NotModified(_)));
    assert_eq!(body(fetcher.get(&ask).await).body, FEED);
    let conditional: Vec<_> = script
        .seen()
        .iter()
        .map(|seen| (seen.path.clone(), seen.header("if-none-match").is_some()))
        .collect();
    let expected = [("/a", false), ("/b", true), ("/a", false), ("/c", false)];
    assert_eq!(conditional, expected.map(|(path, sent)| (path.to_owned(), sent)));
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

#[tokio::test]
async fn a_cookie_is_sent_back_within_its_redirects_and_then_forgotten() {
    let script = script().await;
    let gate = || Reply::of(302, &["Location: /", "Set-Cookie: seen=1; path=/"], b"");
    script.on(
        "/",
        [
            gate(),
            Reply::of(302, &["Location: /", "Set-Cookie: step=2; path=/"], b""),
            Reply::of(200, &[], FEED),
        ],
    );
    let fetcher = fetcher(patient());
    let first = body(fetcher.get(&request(script.url("/"))).await);
    assert_eq!(&first.body[..], FEED);
    body(fetcher.get(&request(script.url("/"))).await);
    let sent: Vec<_> = script
        .seen()
        .iter()
        .map(|seen| seen.header("cookie").map(|value| String::from_utf8_lossy(value).into_owned()))
        .collect();
    assert_eq!(sent, [None, Some("seen=1".to_owned()), Some("seen=1; step=2".to_owned()), None]);
}

#[tokio::test]
async fn a_cookie_goes_to_nobody_else_and_a_circle_stays_a_circle() {
    let (one, other) = (script().await, script().await);
    one.on(
        "/",
        [Reply::of(302, &[&format!("Location: {}", other.url("/")), "Set-Cookie: a=1; path=/"], b"")],
    );
    other.on("/", [Reply::of(200, &[], FEED)]);
    // The same cookie each time: nothing new is asked.
    one.on("/circle", [Reply::of(302, &["Location: /circle", "Set-Cookie: a=1; path=/"], b"")]);
    let fetcher = fetcher(patient());
    body(fetcher.get(&request(one.url("/"))).await);
    assert_eq!(other.seen()[0].header("cookie"), None, "another origin");
    let fault = fault(fetcher.get(&request(one.url("/circle"))).await);
    assert_eq!(fault.kind(), "redirect-loop");
    assert_eq!(one.seen().len(), 3);
}
