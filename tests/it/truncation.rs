//! Truncated bodies of every shape: dibao keeps no validator of one, so the next poll gets the missing entries, and
//! no entry is stored twice.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

use dibao::daemon::engine::Engine;
use dibao::demo::script::{Reply, Script};

use crate::support::{Desk, entries, poll_all, source};

const ETAG: &str = "ETag: \"whole\"";
const DATE: &str = "Last-Modified: Fri, 27 Nov 2026 00:00:00 GMT";

fn rss() -> Vec<u8> {
    let item = |n: u32| {
        format!(
            "<item><source url=\"http://paper.example/\"><title>报</title></source><title>河南第{n}条消息</title>\
             <link>http://paper.example/{n}.html</link></item>"
        )
    };
    let items: String = (1..=4).map(item).collect();
    format!("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>报</title>{items}</channel></rss>")
        .into_bytes()
}

fn json() -> Vec<u8> {
    let item = |n: u32| {
        format!("{{\"id\":\"{n}\",\"url\":\"http://paper.example/{n}.html\",\"title\":\"第{n}条\"}}")
    };
    let items: Vec<String> = (1..=4).map(item).collect();
    format!(
        "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"报\",\"items\":[{}]}}",
        items.join(",")
    )
    .into_bytes()
}

/// A list page, whose address is on a site of its own.
fn page() -> Vec<u8> {
    let item = |n: u32| format!("<li><a href=\"/2026/1120/{n}.html\">河南一地第{n}条消息今天发布</a></li>");
    let items: String = (1..=4).map(item).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"zh\"><head><title>要闻</title></head><body><ul>{items}</ul></body></html>"
    )
    .into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    coder.write_all(bytes).unwrap();
    coder.finish().unwrap()
}

fn head(more: &str) -> Reply {
    Reply::raw(format!("HTTP/1.1 200 OK\r\n{ETAG}\r\n{DATE}\r\n{more}\r\n"))
}

/// The ways in which the first so many octets can come, as if there were no more, or less than there are.
fn shapes(whole: &[u8], at: usize) -> Vec<(&'static str, Reply)> {
    let part = &whole[..at];
    let zipped = gzip(whole);
    let zipped_part = &zipped[..zipped.len() * at / whole.len()];
    let chunked = format!("Transfer-Encoding: chunked\r\n\r\n{:x}", part.len().max(1));
    vec![
        ("no length", head("Connection: close\r\n").send(part).close()),
        ("too small a length", head(&format!("Content-Length: {at}\r\n")).send(part)),
        ("too large a length", head(&format!("Content-Length: {}\r\n", whole.len())).send(part).close()),
        ("no last chunk", head(&chunked).send(part).send(b"\r\n").close()),
        (
            "half of gzip",
            head(&format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", zipped_part.len()))
                .send(zipped_part),
        ),
    ]
}

fn is_conditional(script: &Script, path: &str) -> Vec<bool> {
    let seen = script.seen().into_iter().filter(|seen| seen.path == path);
    seen.map(|seen| seen.header("if-none-match").is_some()).collect()
}

/// How many entries each source has.
async fn counted(engine: &Arc<Engine>) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for row in entries(engine, None).await {
        *counted.entry(row["source"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    counted
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_breaks_off_is_asked_for_again_in_full_and_brings_each_entry_once() {
    let script = Script::start().await.unwrap();
    let (mut names, mut sources) = (BTreeMap::new(), String::new());
    for whole in [rss(), json(), page()] {
        let third = String::from_utf8(whole.clone()).unwrap().find("第3条").unwrap();
        for at in
            [0, 3, 12, 26, 30, 60, third - 70, third - 55, third - 30, third, third + 9, whole.len() - 40]
        {
            for (shape, cut) in shapes(&whole, at) {
                let id = format!("s{}", names.len());
                let path = format!("/{id}");
                script.on(&path, [cut, Reply::of(200, &[ETAG, DATE], &whole), Reply::of(304, &[], b"")]);
                let kind = if whole.starts_with(b"<!DOCTYPE") { "kind = \"page\"\n" } else { "" };
                sources += &(source(&id, &script.url(&path), "henan") + kind);
                names.insert(id, format!("{shape}, {at} of {} octets", whole.len()));
            }
        }
    }
    let desk = Desk::new(&sources);
    let engine = desk.open().await;
    let rows = poll_all(&engine).await;
    let first = counted(&engine).await;
    for row in &rows {
        let id = row["source"].as_str().unwrap();
        let brought = first.get(id).copied().unwrap_or(0);
        assert!(brought < 4, "{}: {row}", names[id]);
        assert!(brought > 0 || row["outcome"] == "failed", "{}: {row}", names[id]);
    }
    poll_all(&engine).await;
    poll_all(&engine).await;
    let all = counted(&engine).await;
    for (id, name) in &names {
        assert_eq!(all.get(id), Some(&4), "{name}");
        // The third poll is the first that may name validators.
        assert_eq!(is_conditional(&script, &format!("/{id}")), [false, false, true], "{name}");
    }
    println!("cut: {} bodies broken off, 0 entries missed, 0 doubled", names.len());
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_never_closed_is_taken_whole_when_it_comes_again() {
    let script = Script::start().await.unwrap();
    let whole = rss();
    let open = &whole[..whole.len() - "</item></channel></rss>".len()];
    script.on(
        "/feed",
        [Reply::of(200, &[ETAG], open), Reply::of(200, &[ETAG], open), Reply::of(304, &[], b"")],
    );
    let desk = Desk::new(&source("a", &script.url("/feed"), "henan"));
    let engine = desk.open().await;
    for known in [3, 4, 4] {
        poll_all(&engine).await;
        assert_eq!(entries(&engine, None).await.len(), known);
    }
    assert_eq!(is_conditional(&script, "/feed"), [false, false, true]);
    engine.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_without_entries_to_take_is_taken_whole_when_it_comes_again() {
    let nothing = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>报</title>";
    let one = format!("{nothing}<item><title>甲</title><link>http://paper.example/1.html</link>");
    for (open, known) in [(nothing, 0), (one.as_str(), 1)] {
        let script = Script::start().await.unwrap();
        script.on("/feed", [Reply::of(200, &[ETAG], open.as_bytes())]);
        let desk = Desk::new(&source("a", &script.url("/feed"), "henan"));
        let engine = desk.open().await;
        for expected in ["failed", "fetched", "unchanged"] {
            assert_eq!(poll_all(&engine).await[0]["outcome"], expected, "{known} entries");
        }
        assert_eq!(entries(&engine, None).await.len(), known);
        assert_eq!(is_conditional(&script, "/feed"), [false, false, true]);
        engine.close().await.unwrap();
    }
}

/// Polls a publisher who sends these bodies, all with the same tag, and expects so many entries known after
/// each; whether each request named the tag.
async fn polled(bodies: &[(String, usize)]) -> Vec<bool> {
    let script = Script::start().await.unwrap();
    script.on("/feed", bodies.iter().map(|(body, _)| Reply::of(200, &[ETAG], body.as_bytes())));
    let desk = Desk::new(&source("a", &script.url("/feed"), "henan"));
    let engine = desk.open().await;
    for (poll, (_, known)) in (1..).zip(bodies) {
        poll_all(&engine).await;
        assert_eq!(entries(&engine, None).await.len(), *known, "after poll {poll}");
    }
    engine.close().await.unwrap();
    is_conditional(&script, "/feed")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_never_closed_nor_the_same_is_taken_whole_when_it_ends_as_before() {
    let whole = String::from_utf8(rss()).unwrap();
    let open = whole.strip_suffix("</item></channel></rss>").unwrap();
    let dated = |n: u32| open.replace("<channel>", &format!("<channel><lastBuildDate>{n}</lastBuildDate>"));
    // Not a known entry less, and one more in front.
    let news = "<channel><item><title>第5条</title><link>http://paper.example/5.html</link></item>";
    let later = dated(4).replace("<channel>", news);
    let bodies = [(dated(1), 3), (dated(2), 4), (dated(3), 4), (later, 5)];
    assert_eq!(polled(&bodies).await, [false, false, true, true], "{bodies:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_breaks_off_elsewhere_each_time_is_never_taken_whole() {
    let whole = String::from_utf8(rss()).unwrap();
    let third = whole.find("第3条").unwrap();
    let bodies = [third, third + 9, third + 12, third + 40].map(|at| {
        let at = (at..).find(|at| whole.is_char_boundary(*at)).unwrap();
        (whole[..at].to_owned(), 2)
    });
    assert_eq!(polled(&bodies).await, [false; 4], "{bodies:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_that_is_always_too_large_hides_a_feed_for_one_poll_and_half_of_one_stays_a_failure() {
    let too_large = |body: &[u8]| {
        let length = format!("Content-Length: {}\r\nConnection: close\r\n", body.len() + 100);
        head(&length).send(body).close()
    };
    let whole = rss();
    let script = Script::start().await.unwrap();
    script.on("/whole", [too_large(&whole)]);
    script.on("/half", [too_large(&whole[..whole.len() / 2])]);
    script.on("/list", [too_large(&page())]);
    let sources = ["whole", "half"].map(|id| source(id, &script.url(&format!("/{id}")), "henan")).concat()
        + &source("list", &script.url("/list"), "henan")
        + "kind = \"page\"\n";
    let desk = Desk::new(&sources);
    let engine = desk.open().await;
    for (poll, expected) in
        [["failed"; 3], ["fetched", "failed", "failed"], ["unchanged", "failed", "failed"]]
            .into_iter()
            .enumerate()
    {
        let rows = poll_all(&engine).await;
        let outcome = |id: &str| rows.iter().find(|row| row["source"] == id).unwrap()["outcome"].clone();
        assert_eq!(["whole", "half", "list"].map(outcome), expected, "poll {poll}: {rows:?}");
    }
    assert_eq!(counted(&engine).await, BTreeMap::from([("whole".to_owned(), 4)]));
    assert_eq!(is_conditional(&script, "/whole"), [false; 3], "its tag is that of the whole");
    engine.close().await.unwrap();
}
