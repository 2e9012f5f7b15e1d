//! The page of a feed: its headlines by day, and how to subscribe to it.

use maud::{Markup, html};

use super::lang::Tongue;
use super::layout::{Frame, Head};
use super::listing::{self, Listing};
use super::{neighbours, subscribe};
use crate::model::feed_key::FeedKey;
use crate::model::month::Month;
use crate::views::document::FeedDoc;
use crate::views::formats::FORMATS;
use crate::views::site::Site;

/// The most headlines of a feed's page. A feed may hold a whole month; a page that long is no help.
const HEADLINES: usize = 100;

/// The months that are listed one by one; the years before them are reached by them.
const MONTHS: usize = 24;

/// What the page of a feed shows.
#[derive(Clone, Copy)]
pub struct FeedPage<'a> {
    pub feed: &'a FeedKey,
    pub doc: &'a FeedDoc,
    /// The months in which something surfaced, the newest first.
    pub months: &'a [Month],
}

/// The page of a feed of several sources.
pub fn feed(site: &Site, tongue: Tongue, page: &FeedPage<'_>) -> Vec<u8> {
    let frame = Frame { site, tongue };
    let name = frame.title(page.feed, &page.doc.title);
    let main = html! {
        h1 dir="auto" { (name) }
        div.columns {
            div { (newest(frame, page)) }
            aside {
                (subscribe::to_feed(frame, &page.doc.path))
                @if let FeedKey::Region(id) = page.feed { (borders(frame, id.as_str())) }
                (archive(frame, page))
            }
        }
    };
    let (path, description) = (format!("{}/", page.doc.path), frame.lang().feed_of(name));
    let links = discovery(frame, page.doc, name);
    frame.page(&Head { title: name, path: &path, description: &description, links: &links, query: "" }, &main)
}

/// Links by which readers find the feeds of a page.
pub(super) fn discovery(frame: Frame<'_>, doc: &FeedDoc, name: &str) -> Markup {
    html! {
        @for format in FORMATS.iter().filter(|format| format.is_feed) {
            (frame.discover(&format!("{name} · {}", frame.lang().site()), &doc.path, format))
        }
    }
}

/// The newest headlines, and the way to earlier ones.
pub(super) fn newest(frame: Frame<'_>, page: &FeedPage<'_>) -> Markup {
    let entries = &page.doc.entries[..page.doc.entries.len().min(HEADLINES)];
    let year = listing::year(frame, entries);
    let how = Listing { heading: 2, summaries: true, year, days_of: &page.doc.path };
    html! {
        (listing::headlines(frame, entries, how))
        @if let Some(last) = entries.last() {
            @let day = last.surfaced.with_timezone(&frame.site.zone).date_naive();
            nav.pages aria-label=(frame.lang().pages()) {
                a rel="prev" href=(frame.to(&format!("{}/{day}/", page.doc.path))) {
                    (frame.lang().earlier(frame.lang().date(day, year)))
                }
            }
        }
    }
}

fn borders(frame: Frame<'_>, id: &str) -> Markup {
    let mut others = neighbours::of(&frame.site.regions, id).peekable();
    html! {
        @if others.peek().is_some() {
            nav aria-labelledby="neighbours" {
                h2 id="neighbours" { (frame.lang().neighbours()) }
                ul.list {
                    @for other in others {
                        li { a href=(frame.to(&format!("{}/", other.id))) { (frame.lang().region(other)) } }
                    }
                }
            }
        }
    }
}

/// The months of a feed.
pub(super) fn archive(frame: Frame<'_>, page: &FeedPage<'_>) -> Markup {
    html! {
        @if !page.months.is_empty() {
            nav aria-labelledby="archive" {
                h2 id="archive" { (frame.lang().archives()) }
                ul.list {
                    @for month in page.months.iter().take(MONTHS) {
                        li {
                            a href=(frame.to(&format!("{}/{month}/", page.doc.path))) { (frame.lang().month(*month)) }
                        }
                    }
                }
            }
        }
    }
}
