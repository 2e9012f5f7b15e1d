//! The home page: the regions, what many outlets report, the newest headlines, how to subscribe.

use chrono::{Datelike, NaiveDate};
use maud::{Markup, html};

use super::lang::Tongue;
use super::layout::{Frame, Head};
use super::listing::{self, Listing};
use super::subscribe;
use crate::model::feed_key::FeedKey;
use crate::model::time::rfc3339;
use crate::views::document::{EntryDoc, FeedDoc};
use crate::views::formats::FEED;
use crate::views::site::Site;

/// Headlines on the home page: about three screens of a phone.
const NEWEST: usize = 40;

/// Stories of many outlets on the home page: what fits beside the first screen of headlines.
const STORIES: usize = 6;

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
    let how = Listing { heading: 3, summaries: false, year: today.year(), days_of: &newest.path };
    let main = html! {
        p.motto {
            span { (lang.motto()) }
            time datetime=(today) { (lang.date(today, 0)) " " (lang.weekday(today)) }
        }
        (regions(frame, rows))
        div.columns {
            section.newest {
                h2 { (lang.newest()) }
                (listing::headlines(frame, entries, how))
                p.pages { a href=(frame.to("all/")) { (lang.more()) } }
            }
            aside {
                (stories(frame, today, &newest.entries))
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
        nav.regions aria-label=(frame.lang().regions()) title=(frame.lang().today_marked()) {
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

/// Today's stories that several outlets report, those of the most first.
fn stories(frame: Frame<'_>, today: NaiveDate, entries: &[EntryDoc]) -> Markup {
    let is_today = |entry: &&EntryDoc| entry.surfaced.with_timezone(&frame.site.zone).date_naive() == today;
    let mut stories: Vec<&EntryDoc> =
        entries.iter().filter(|entry| entry.outlets > 1).filter(is_today).collect();
    // The order of the feed decides among equals.
    stories.sort_by_key(|entry| std::cmp::Reverse(entry.outlets));
    stories.truncate(STORIES);
    html! {
        @if !stories.is_empty() {
            section.widely {
                h2 { (frame.lang().widely_reported()) }
                ol {
                    @for entry in stories {
                        li {
                            p.headline lang=[entry.language.as_deref()] dir="auto" {
                                a href=(frame.to(&entry.path())) { (entry.title) }
                            }
                            p.meta {
                                span.count { (listing::count(frame, entry)) }
                                time datetime=(rfc3339(entry.published)) {
                                    (entry.published.with_timezone(&frame.site.zone).format("%H:%M"))
                                }
                                @for name in named(frame, entry) { span { (name) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The regions of an entry, by name.
fn named<'a>(frame: Frame<'a>, entry: &'a EntryDoc) -> impl Iterator<Item = &'a str> {
    entry.regions.iter().map(move |(id, name)| {
        frame.site.regions.get(id.as_str()).map_or(name.as_str(), |region| frame.tongue.lang.region(region))
    })
}
