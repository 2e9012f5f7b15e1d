//! The publisher: a few growing feeds with validators, each a window of its newest entries.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Feeds.
pub(crate) const FEEDS: usize = 6;

/// Entries that a feed carries at most.
pub(crate) const WINDOW: usize = 40;

/// Chance that can be repeated (splitmix64).
#[derive(Clone)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From zero to below `end`; zero where that is nothing.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.next() % end }
    }

    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).expect("below a length")
    }

    /// Characters that no other entry has in this order, so that no two entries tell one story.
    fn words(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| {
                let offset = u32::try_from(self.below(0x5000)).expect("small");
                char::from_u32(0x4e00 + offset).expect("an ideograph")
            })
            .collect()
    }
}

struct Item {
    title: String,
    text: String,
    at: String,
}

struct Feed {
    items: Vec<Item>,
}

/// The publisher.
pub(crate) struct Paper {
    feeds: Mutex<Vec<Feed>>,
}

/// The link of an entry, by which it is told from others here.
pub(crate) fn link(feed: usize, item: usize) -> String {
    format!("http://paper.example/p{feed}/{item}")
}

pub(crate) fn source(feed: usize) -> String {
    format!("p{feed}")
}

impl Paper {
    pub(crate) fn new(chance: &mut Chance) -> Arc<Self> {
        let paper = Self { feeds: Mutex::new((0..FEEDS).map(|_| Feed { items: Vec::new() }).collect()) };
        for feed in 0..FEEDS {
            paper.add(feed, 5, chance);
        }
        Arc::new(paper)
    }

    pub(crate) fn add(&self, feed: usize, count: usize, chance: &mut Chance) {
        let at = chrono::Utc::now().to_rfc2822();
        let mut feeds = self.feeds.lock().expect("no poison");
        for _ in 0..count {
            let (title, text) = (chance.words(18), chance.words(200));
            feeds[feed].items.push(Item { title, text, at: at.clone() });
        }
    }

    /// A few feeds carry more than before.
    pub(crate) fn advance(&self, chance: &mut Chance) {
        for _ in 0..=chance.below(3) {
            let (feed, count) = (chance.index(FEEDS), 1 + chance.index(3));
            self.add(feed, count, chance);
        }
    }

    /// The links that a poll would find, feed by feed, oldest first.
    pub(crate) fn shown(&self) -> Vec<Vec<String>> {
        let feeds = self.feeds.lock().expect("no poison");
        let window = |n: usize| n.saturating_sub(WINDOW)..n;
        feeds
            .iter()
            .enumerate()
            .map(|(f, feed)| window(feed.items.len()).map(|i| link(f, i)).collect())
            .collect()
    }

    /// How many entries each feed ever had.
    pub(crate) fn lengths(&self) -> Vec<usize> {
        self.feeds.lock().expect("no poison").iter().map(|feed| feed.items.len()).collect()
    }

    fn etag(&self, feed: usize) -> String {
        format!("\"{feed}-{}\"", self.feeds.lock().expect("no poison")[feed].items.len())
    }

    fn render(&self, feed: usize) -> String {
        let feeds = self.feeds.lock().expect("no poison");
        let items = &feeds[feed].items;
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><rss version=\"2.0\"><channel><title>报{feed}</title>\
             <link>http://paper.example/p{feed}/</link><description>.</description>"
        );
        for (n, item) in items.iter().enumerate().skip(items.len().saturating_sub(WINDOW)).rev() {
            // Half of the papers hand out names for good, the others names of their own.
            let guid = if feed.is_multiple_of(2) {
                format!("tag:paper.example,2026:{feed}-{n}")
            } else {
                format!("{n}")
            };
            let (link, Item { title, text: body, at }) = (link(feed, n), item);
            write!(
                text,
                "<item><title>{title}</title><link>{link}</link><guid isPermaLink=\"false\">{guid}</guid>\
                 <pubDate>{at}</pubDate><description>{body}</description></item>"
            )
            .expect("a string takes all writes");
        }
        text.push_str("</channel></rss>");
        text
    }

    pub(crate) fn router(self: Arc<Self>) -> Router {
        Router::new().route("/{feed}", axum::routing::get(answer)).with_state(self)
    }
}

async fn answer(State(paper): State<Arc<Paper>>, Path(feed): Path<usize>, asked: HeaderMap) -> Response {
    if feed >= FEEDS {
        return StatusCode::NOT_FOUND.into_response();
    }
    let etag = paper.etag(feed);
    if asked.get(header::IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == etag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response();
    }
    ([(header::ETAG, etag), (header::CONTENT_TYPE, "application/rss+xml".to_owned())], paper.render(feed))
        .into_response()
}
