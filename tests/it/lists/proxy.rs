//! Every request for a source with a proxy goes through that proxy.

use super::*;
use crate::support::socks::Socks;

/// A list of two pages on a public name and a feed on another, each with what its table says of a proxy.
fn config(polling: &str, list: &str, feed: &str) -> String {
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[state]\ndir = \"state\"\n[polling]\nschedule = \"0 0 1 1 *\"\n\
         jitter = \"0s\"\nhost_delay = \"0s\"\n{polling}\n\
         [[source]]\nid = \"list\"\nurl = \"http://paper.example/list\"\nkind = \"page\"\nregion = \"henan\"\n{list}\n\
         [source.page]\nfollow = true\nnext = \"a.next\"\npages = 2\n\
         [[source]]\nid = \"rss\"\nurl = \"http://news.example/rss\"\nregion = \"henan\"\n{feed}\n"
    )
}

fn publish(publisher: &Script) {
    let next = "<a class=\"next\" href=\"/list/2\">下一页</a></body>";
    publisher.on("/list", [html(&list([2]).replace("</body>", next))]);
    publisher.on("/list/2", [html(&list([1]))]);
    for n in 1..=2 {
        publisher.on(&format!("/news/2026/1120/{n}.html"), [html(&article(n))]);
    }
    publisher.on("/rss", [Reply::of(302, &["Location: http://cdn.example/rss.xml"], b"")]);
    let rss = "<rss version='2.0'><channel><title>x</title><item><title>一</title>\
               <link>http://news.example/1</link></item></channel></rss>";
    publisher.on("/rss.xml", [Reply::of(200, &[], rss.as_bytes())]);
}

/// The outcomes of a poll of all sources, and how many entries there are then.
async fn polled(text: &str) -> (Vec<String>, usize) {
    let desk = Desk::new("");
    std::fs::write(desk.path(), text).unwrap();
    let engine = desk.open().await;
    let rows = poll_all(&engine).await;
    let told = rows.iter().map(|row| format!("{}: {}", row["source"], row["outcome"])).collect();
    let count = entries(&engine, Some("henan")).await.len();
    engine.close().await.unwrap();
    (told, count)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_its_pages_its_entries_and_robots_txt_all_come_through_the_proxy() {
    let publisher = Script::start().await.unwrap();
    publish(&publisher);
    let all = Socks::to(Some(publisher.address())).await;
    let one = Socks::to(Some(publisher.address())).await;
    let of_all = format!("proxy = \"socks5h://{}\"", all.address);
    let of_one = format!("proxy = \"socks5h://{}\"", one.address);
    let (told, count) = polled(&config(&of_all, "", &of_one)).await;
    assert_eq!(count, 3, "{told:?}");
    let seen: Vec<_> = publisher.seen().into_iter().map(|seen| seen.path).collect();
    for path in ["/robots.txt", "/list", "/list/2", "/news/2026/1120/1.html", "/rss", "/rss.xml"] {
        assert!(seen.iter().any(|seen| seen == path), "{path} of {seen:?}");
    }
    // A name that needed looking up would not have been found: these do not exist (RFC 2606).
    assert!(all.wishes().iter().all(|wish| wish == "name paper.example:80"), "{:?}", all.wishes());
    assert_eq!(one.wishes(), ["name news.example:80", "name cdn.example:80"], "the source's own proxy");
    let led = all.wishes().len() + one.wishes().len();
    assert_eq!(publisher.connections(), led as u64, "and nobody came another way");
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_that_does_not_get_there_a_list_fails_as_a_feed_does_and_the_proxy_is_named() {
    let proxy = Socks::to(None).await;
    let of_all = format!("proxy = \"socks5h://{}\"", proxy.address);
    let desk = Desk::new("");
    std::fs::write(desk.path(), config(&of_all, "", "")).unwrap();
    let engine = desk.open().await;
    for row in poll_all(&engine).await {
        assert_eq!(row["outcome"], "failed", "{row}");
        let told =
            format!("no connection through the proxy {}: SOCKS error: host unreachable", proxy.address);
        assert!(row["detail"].as_str().unwrap().ends_with(&told), "{row}");
    }
    engine.close().await.unwrap();
}
