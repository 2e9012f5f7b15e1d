//! The home page: the regions, the newest headlines, how to subscribe.

use chrono::{Datelike, NaiveDate};
use maud::{Markup, html};

use super::lang::Tongue;
use super::layout::{Frame, Head};
use super::listing::{self, Listing};
use super::subscribe;
use crate::model::feed_key::FeedKey;
use crate::views::document::FeedDoc;
use crate::views::formats::FEED;
use crate::views::site::Site;

/// Headlines on the home page: about three screens of a phone.
const NEWEST: usize = 40;

/// A feed on the home page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub feed: FeedKey,
    /// True if something surfaced in it on the day of the newest poll.
    pub today: bool,
}

/// The home page on the day of the newest poll.
pub fn home(site: &Site, tongue: Tongue, today: NaiveDate, rows: &[Row], newest: &FeedDoc) -> Vec<u8> {
    let frame = Frame { site, tongue };
    let lang = frame.lang();
    let links = html! {
        @for row in rows {
            @let title = format!("{} · {}", frame.name(&row.feed), lang.site());
            (frame.discover(&title, &Site::path(&row.feed), FEED))
        }
    };
    let entries = &newest.entries[..newest.entries.len().min(NEWEST)];
    let main = html! {
        p.motto {
            (lang.motto())
            " " time datetime=(today) { (lang.date(today, 0)) " " (lang.weekday(today)) }
        }
        (regions(frame, rows))
        div.columns {
            section.newest {
                h2 { (lang.newest()) }
                (listing::headlines(frame, entries, Listing { heading: 3, summaries: false, year: today.year() }))
                p.more { a href=(frame.to("all/")) { (lang.more()) } }
            }
            aside {
                (subscribe::how(frame))
            }
        }
    };
    let head = Head { title: lang.site(), path: "", description: lang.motto(), links: &links, query: "" };
    frame.page(&head, &main)
}

/// The row of the regions. Those with news today are marked.
fn regions(frame: Frame<'_>, rows: &[Row]) -> Markup {
    html! {
        nav.regions aria-label=(frame.lang().regions()) {
            ul {
                @for row in rows {
                    li {
                        a class=[(!row.today).then_some("quiet")]
                            href=(frame.to(&format!("{}/", Site::path(&row.feed)))) {
                            (frame.name(&row.feed))
                        }
                    }
                }
            }
        }
    }
}
