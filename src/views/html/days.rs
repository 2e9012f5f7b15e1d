//! The past of a feed: the page of a day, and the page of a month that lists its days.

use std::fmt::Display;

use chrono::{Datelike, NaiveDate};
use maud::{Markup, html};

use super::lang::Tongue;
use super::layout::{Frame, Head};
use super::listing::{self, Listing};
use super::{region, subscribe};
use crate::model::feed_key::FeedKey;
use crate::model::month::Month;
use crate::views::document::FeedDoc;
use crate::views::site::{FEED_ENDING, Site};

/// A day or month with its neighbours that have a page.
#[derive(Clone, Copy)]
pub struct Around<T> {
    pub at: T,
    /// The one before it in time.
    pub prev: Option<T>,
    pub next: Option<T>,
}

/// What the page of a month shows.
#[derive(Clone, Copy)]
pub struct MonthPage<'a> {
    pub feed: &'a FeedKey,
    /// The feed's own title.
    pub title: &'a str,
    /// The days on which something surfaced, the first first, with the number of entries.
    pub days: &'a [(NaiveDate, usize)],
    pub around: Around<Month>,
    /// True if the feed has an archive of the month.
    pub archive: bool,
}

/// All headlines of a day.
pub fn day(site: &Site, tongue: Tongue, feed: &FeedKey, doc: &FeedDoc, around: Around<NaiveDate>) -> Vec<u8> {
    let frame = Frame { site, tongue };
    let (lang, date) = (frame.lang(), around.at);
    let name = frame.title(feed, &doc.title);
    let month = Month::of(crate::model::time::start_of(date, site.zone), site.zone);
    let title = format!("{name} · {}", lang.date(date, 0));
    let told = |day: NaiveDate| lang.date(day, date.year());
    let how = Listing { heading: 0, summaries: true, year: date.year(), days_of: &doc.path };
    let main = html! {
        nav.way aria-label=(lang.archives()) {
            a href=(frame.to(&format!("{}/", doc.path))) dir="auto" { (name) }
            a href=(frame.to(&format!("{}/{month}/", doc.path))) { (lang.month(month)) }
        }
        h1 { time datetime=(date) { (lang.date(date, 0)) } " " span.weekday { (lang.weekday(date)) } }
        div.columns {
            div {
                @if let Some(most) = doc.issues.cut { p.hint { (lang.at_least(most)) } }
                (listing::headlines(frame, &doc.entries, how))
                (pages(frame, &doc.path, around, told))
            }
            aside { (subscribe::to_feed(frame, &doc.path)) }
        }
    };
    let links = html! { (region::discovery(frame, doc, name)) (neighbours(frame, &doc.path, around)) };
    let (path, description) = (format!("{}/{date}/", doc.path), lang.day_of(&title));
    frame.page(
        &Head { title: &title, path: &path, description: &description, links: &links, query: "" },
        &main,
    )
}

/// The days of a month.
pub fn month(site: &Site, tongue: Tongue, page: &MonthPage<'_>) -> Vec<u8> {
    let frame = Frame { site, tongue };
    let (lang, month, feed) = (frame.lang(), page.around.at, Site::path(page.feed));
    let name = frame.title(page.feed, page.title);
    let title = format!("{name} · {}", lang.month(month));
    let main = html! {
        nav.way aria-label=(lang.archives()) { a href=(frame.to(&format!("{feed}/"))) dir="auto" { (name) } }
        h1 { (lang.month(month)) }
        ol.calendar {
            @for (day, count) in page.days {
                li {
                    a href=(frame.to(&format!("{feed}/{day}/"))) {
                        time datetime=(day) { (lang.date(*day, month.year())) }
                        " " span.weekday { (lang.weekday(*day)) }
                        " " span.count { (lang.entries(count)) }
                    }
                }
            }
        }
        @if page.archive {
            p { a href=(frame.file(&format!("{feed}/archive/{month}{FEED_ENDING}"))) { (lang.feed_of_month()) } }
        }
        (pages(frame, &feed, page.around, |month| lang.month(month)))
    };
    let (path, links) = (format!("{feed}/{month}/"), neighbours(frame, &feed, page.around));
    frame.page(&Head { title: &title, path: &path, description: &title, links: &links, query: "" }, &main)
}

/// The ways to the neighbours, for people.
fn pages<T: Display + Copy>(
    frame: Frame<'_>,
    feed: &str,
    around: Around<T>,
    told: impl Fn(T) -> String,
) -> Markup {
    html! {
        nav.pages aria-label=(frame.lang().pages()) {
            @if let Some(prev) = around.prev {
                a rel="prev" href=(frame.to(&format!("{feed}/{prev}/"))) { (frame.lang().earlier(told(prev))) }
            }
            @if let Some(next) = around.next {
                a rel="next" href=(frame.to(&format!("{feed}/{next}/"))) { (frame.lang().later(told(next))) }
            }
        }
    }
}

/// The same for browsers.
fn neighbours<T: Display + Copy>(frame: Frame<'_>, feed: &str, around: Around<T>) -> Markup {
    html! {
        @if let Some(prev) = around.prev { link rel="prev" href=(frame.to(&format!("{feed}/{prev}/"))); "\n" }
        @if let Some(next) = around.next { link rel="next" href=(frame.to(&format!("{feed}/{next}/"))); "\n" }
    }
}
