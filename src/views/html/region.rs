//! The page of a feed: its headlines by day, and how to subscribe to it.

use maud::{Markup, html};

use super::lang::Tongue;
use super::layout::{Frame, Head};
use super::listing::{self, Listing};
use super::subscribe;
use crate::views::document::FeedDoc;
use crate::views::formats::FORMATS;
use crate::views::site::{FEED_ENDING, Site};

/// The most headlines of a feed's page. A feed may hold a whole month; a page that long is no help.
const HEADLINES: usize = 100;

/// The page of a feed.
pub fn feed(site: &Site, tongue: Tongue, doc: &FeedDoc) -> Vec<u8> {
    let frame = Frame { site, tongue };
    let title = frame.title(doc);
    let title = title.as_str();
    let links = html! {
        @for format in FORMATS.iter().filter(|format| format.is_feed) {
            (frame.discover(title, &doc.path, format))
        }
    };
    let entries = &doc.entries[..doc.entries.len().min(HEADLINES)];
    let how = Listing { heading: 2, summaries: true, year: listing::year(frame, entries) };
    let main = html! {
        h1 dir="auto" { (title) }
        div.columns {
            div { (listing::headlines(frame, entries, how)) }
            aside {
                (subscribe::to_feed(frame, &doc.path))
                (archives(frame, doc))
                @if let Some(rights) = &doc.rights { p.hint dir="auto" { (rights) } }
            }
        }
    };
    let path = format!("{}/", doc.path);
    frame.page(&Head { title, path: &path, description: title, links: &links, query: "" }, &main)
}

fn archives(frame: Frame<'_>, doc: &FeedDoc) -> Markup {
    html! {
        @if !doc.issues.all.is_empty() {
            nav aria-labelledby="archives" {
                h2 id="archives" { (frame.lang().archives()) }
                ul.months {
                    @for month in &doc.issues.all {
                        li { a href=(frame.file(&format!("{}/archive/{month}{FEED_ENDING}", doc.path))) { (month) } }
                    }
                }
            }
        }
    }
}
