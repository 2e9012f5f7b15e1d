//! Reading well-formed UTF-8 feeds: dibao's whole way (decoding, the check for plainness, feed-rs or our reader, our values)
//! beside feed-rs alone on the same bytes.
//!
//! `cargo bench --bench parse` prints criterion's figures for both, then their ratio from alternating
//! rounds, so that a busy machine slows both equally.

use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use criterion::{Criterion, Throughput};
use dibao::read::feed::{FeedInput, read};

const ENTRIES: usize = 30;
const ROUNDS: usize = 600;

fn main() {
    let feeds = [("rss", rss()), ("rss with full text", rss_full()), ("atom", atom()), ("rdf", rdf())];
    let mut criterion = Criterion::default().configure_from_args().sample_size(30);
    for (name, feed) in &feeds {
        let mut group = criterion.benchmark_group(*name);
        group.throughput(Throughput::Bytes(feed.len() as u64));
        group.bench_function("dibao", |b| b.iter(|| dibao(black_box(feed))));
        group.bench_function("feed-rs", |b| b.iter(|| alone(black_box(feed))));
        group.finish();
    }
    criterion.final_summary();
    let mut ours = Duration::ZERO;
    let mut theirs = Duration::ZERO;
    for (name, feed) in &feeds {
        let (a, b) = turns(feed);
        println!("{name}: dibao {a:.1?}, feed-rs {b:.1?}, ratio {:.2}", a.as_secs_f64() / b.as_secs_f64());
        ours += a;
        theirs += b;
    }
    println!("all: ratio {:.2}", ours.as_secs_f64() / theirs.as_secs_f64());
}

/// The fastest of many turns each; noise only ever adds.
fn turns(feed: &str) -> (Duration, Duration) {
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        best.0 = best.0.min(timed(|| dibao(black_box(feed))));
        best.1 = best.1.min(timed(|| alone(black_box(feed))));
    }
    best
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the machine's clock")]
fn timed<T>(work: impl Fn() -> T) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}

fn dibao(feed: &str) -> usize {
    let input = FeedInput {
        bytes: feed.as_bytes(),
        url: "https://news.example/feed.xml",
        content_type: Some("application/xml"),
        zone: chrono_tz::Asia::Shanghai,
        fetched_at: DateTime::<Utc>::UNIX_EPOCH + chrono::Duration::days(20_000),
    };
    let parsed = read(&input).expect("the feed is well-formed");
    assert_eq!(parsed.entries.len(), ENTRIES);
    parsed.entries.len()
}

fn alone(feed: &str) -> usize {
    let parsed = feed_rs::parser::parse(feed.as_bytes()).expect("the feed is well-formed");
    assert_eq!(parsed.entries.len(), ENTRIES);
    parsed.entries.len()
}

fn rss() -> String {
    let entries: String = (0..ENTRIES)
        .map(|i| {
            format!(
                "<item><title>河南省{i}条高速公路同日开工</title><link>https://news.example/a/{i}.html</link>\
                 <guid>https://news.example/a/{i}.html</guid><description>　　中新社郑州4月18日电 (记者 张三)\
                 河南省{i}条高速公路18日同日开工，总投资五百亿元，预计三年内建成通车。</description>\
                 <category>交通</category><pubDate>Mon, 18 Apr 2022 {:02}:06:00 +0800</pubDate></item>\n",
                i % 24
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>河南要闻</title>\
         <link>https://news.example/</link><description>河南</description>{entries}</channel></rss>"
    )
}

fn body(i: usize) -> String {
    let paragraph = "<p>河南省多条高速公路18日同日开工，<a href=\"https://news.example/x?a=1&amp;b=2\">总投资</a>\
                     五百亿元，预计三年内建成通车。The road will open in three years &amp; more.</p>\n";
    format!("<p>第{i}条</p>{}", paragraph.repeat(8))
}

fn rss_full() -> String {
    let entries: String = (0..ENTRIES)
        .map(|i| {
            format!(
                "<item><title>河南省{i}条高速公路同日开工</title><link>https://news.example/a/{i}.html</link>\
                 <guid isPermaLink=\"false\">{i}</guid><dc:creator>张三</dc:creator><description>摘要</description>\
                 <content:encoded><![CDATA[{}]]></content:encoded>\
                 <pubDate>Mon, 18 Apr 2022 {:02}:06:00 +0800</pubDate></item>\n",
                body(i),
                i % 24
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\
         <channel><title>河南要闻</title><link>https://news.example/</link>{entries}</channel></rss>"
    )
}

fn atom() -> String {
    let entries: String = (0..ENTRIES)
        .map(|i| {
            let body = body(i).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            format!(
                "<entry><title>河南省{i}条高速公路同日开工</title><link href=\"https://news.example/a/{i}.html\"/>\
                 <id>urn:x:{i}</id><author><name>张三</name></author><updated>2022-04-18T{:02}:06:00+08:00</updated>\
                 <content type=\"html\">{body}</content></entry>\n",
                i % 24
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\
         <title>河南要闻</title><id>urn:x</id>{entries}</feed>"
    )
}

fn rdf() -> String {
    let entries: String = (0..ENTRIES)
        .map(|i| {
            format!(
                "<item rdf:about=\"https://news.example/a/{i}.html\"><title>河南省{i}条高速公路同日开工</title>\
                 <link>https://news.example/a/{i}.html</link><description>摘要</description>\
                 <dc:date>2022-04-18T{:02}:06:00+08:00</dc:date></item>\n",
                i % 24
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?>\n<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" \
         xmlns=\"http://purl.org/rss/1.0/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\
         <channel><title>河南要闻</title><link>https://news.example/</link></channel>{entries}</rdf:RDF>"
    )
}
