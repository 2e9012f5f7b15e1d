//! Entries whose pages are redirects that want to be followed later.

use super::*;

#[tokio::test]
async fn a_page_s_redirect_that_always_asks_to_wait_is_followed_once_that_is_over() {
    let html = |body: &str| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n\r\n{body}"
        )
    };
    let none = || "HTTP/1.1 404 No\r\nConnection: close\r\n\r\n".to_owned();
    let list = || {
        html(
            "<html><body><ul class=list><li><a href='/news/1.html'>河南一地一号工程今天开工</a></li></ul></body></html>",
        )
    };
    let later_on = || {
        "HTTP/1.1 302 On\r\nLocation: /there.html\r\nRetry-After: 1000\r\nConnection: close\r\n\r\n"
            .to_owned()
    };
    let article = html(
        "<html><head><title>河南一地一号工程今天开工</title></head><body><h1>河南一地一号工程今天开工</h1>\
         <div class=text><p>一号工程二十日开工，工期三年，建成后可供水五十万人。</p></div></body></html>",
    );
    // robots.txt first; each poll asks for the list, the first and the last for what it leads to as well.
    let answers =
        vec![none(), list(), later_on(), list(), list(), list(), list(), later_on(), article, none()];
    let (url, count) = publisher_of(answers).await;
    let dir = tempfile::tempdir().expect("a directory");
    let more = "kind = \"page\"\n[source.page]\nfollow = true\nentry = \"ul.list li\"\n";
    let (config, ledger) = set_up_with(&dir, &url, more);
    let (recorder, worker) = at_work(&config, ledger);
    record_config(&recorder, &config).await;
    let (worker, id) = (Arc::new(worker), SourceId::new("a"));
    let stored = || recorder.store().load().source(&id).expect("sound").expect("stored");
    for (poll, asked) in (1..).zip([3, 4, 5, 6]) {
        let report = Worker::poll(&worker, &id, None).await.expect("it is polled");
        assert!(report.outcome.is_good(), "poll {poll}: {}", report.outcome);
        assert_eq!(count.load(Ordering::SeqCst), asked, "poll {poll}: its page is asked for once");
        assert_eq!((stored().entries, stored().poll.waiting.len()), (0, 1), "poll {poll}: it waits");
    }
    later(Duration::from_secs(1001)).await;
    Worker::poll(&worker, &id, None).await.expect("it is polled");
    assert_eq!(count.load(Ordering::SeqCst), 9, "where it leads was asked");
    assert_eq!((stored().entries, stored().poll.waiting.len()), (1, 0));
}
