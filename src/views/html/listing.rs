//! Headlines, day by day.

use chrono::{Datelike, NaiveDate};
use maud::{Markup, html};

use super::layout::Frame;
use crate::model::time::rfc3339;
use crate::views::document::{EntryDoc, Related, entry_path};

/// The other reports that a headline unfolds to; its page has the rest.
const UNFOLDED: usize = 5;

/// How a list of headlines looks.
#[derive(Clone, Copy)]
pub(super) struct Listing<'a> {
    /// The level of a day's heading: one below that of what holds the list; 0 for a list of one day without a heading.
    pub(super) heading: u8,
    /// True for a list with summaries, in which the other reports unfold.
    pub(super) summaries: bool,
    /// The year that dates need not name.
    pub(super) year: i32,
    /// The path of the feed whose days have pages, without an ending.
    pub(super) days_of: &'a str,
}

/// Headlines under the days on which they surfaced: the order they stand in.
pub(super) fn headlines(frame: Frame<'_>, entries: &[EntryDoc], how: Listing<'_>) -> Markup {
    let day = |entry: &EntryDoc| entry.surfaced.with_timezone(&frame.site.zone).date_naive();
    html! {
        @if entries.is_empty() { p.none { (frame.lang().no_news()) } }
        @for entries in entries.chunk_by(|one, next| day(one) == day(next)) {
            @let date = day(&entries[0]);
            section.day {
                (heading(frame, date, how))
                ol.headlines {
                    @for entry in entries { (headline(frame, entry, date, how.summaries)) "\n" }
                }
            }
        }
    }
}

fn heading(frame: Frame<'_>, date: NaiveDate, how: Listing<'_>) -> Markup {
    let lang = frame.lang();
    let told = html! {
        a href=(frame.to(&format!("{}/{date}/", how.days_of))) {
            time datetime=(date) { (lang.date(date, how.year)) } " " span.weekday { (lang.weekday(date)) }
        }
    };
    match how.heading {
        0 => html! {},
        2 => html! { h2.date { (told) } },
        _ => html! { h3.date { (told) } },
    }
}

fn headline(frame: Frame<'_>, entry: &EntryDoc, day: NaiveDate, summaries: bool) -> Markup {
    let published = entry.published.with_timezone(&frame.site.zone);
    let same_day = published.date_naive() == day;
    let clock = html! {
        @if !same_day { span.other { (published.format("%-m-%-d")) " " } }
        (published.format("%H:%M"))
    };
    let told = entry.summary.as_ref().filter(|_| summaries).map(|summary| html! { (summary) });
    item(frame, entry, &clock, &html! { (entry.title) }, told.as_ref(), summaries)
}

/// An entry in a list: its time, its title, a part of its text, and the other reports of its story: a list
/// that unfolds, or their number.
pub(super) fn item(
    frame: Frame<'_>,
    entry: &EntryDoc,
    clock: &Markup,
    title: &Markup,
    told: Option<&Markup>,
    unfolds: bool,
) -> Markup {
    let language = entry.language.as_deref();
    html! {
        li {
            time.clock datetime=(rfc3339(entry.published)) { (clock) }
            div {
                p.headline lang=[language] dir="auto" {
                    @match page(entry) {
                        Some(page) => a href=(page) { (title) },
                        None => (title),
                    }
                }
                @if let Some(told) = told { p.told lang=[language] dir="auto" { (told) } }
                p.meta {
                    a.outlet dir="auto" href=(frame.to(&format!("source/{}/", entry.source.slug))) {
                        (entry.source.title)
                    }
                    @if let Some(section) = section(entry) { span.section dir="auto" { (section) } }
                    @if !unfolds && !entry.reports.is_empty() {
                        a.count href=(frame.to(&entry.path())) { (count(frame, entry)) }
                    }
                    a.details href=(frame.to(&entry.path())) aria-label=(frame.lang().details_of(&entry.title)) {
                        (frame.lang().details())
                    }
                }
                @if unfolds && !entry.reports.is_empty() { (others(frame, entry)) }
            }
        }
    }
}

/// The other reports, folded.
fn others(frame: Frame<'_>, entry: &EntryDoc) -> Markup {
    let left = entry.others.saturating_sub(UNFOLDED);
    html! {
        details.others {
            summary { (count(frame, entry)) }
            ul {
                @for other in entry.reports.iter().take(UNFOLDED) { li { (report(frame, other)) } }
                @if left > 0 { li { a href=(frame.to(&entry.path())) { (frame.lang().more_reports(left)) } } }
            }
        }
    }
}

/// How many report it: outlets if there are several, else reports.
pub(super) fn count(frame: Frame<'_>, entry: &EntryDoc) -> String {
    match entry.outlets {
        0 | 1 => frame.lang().reports(entry.others + 1),
        outlets => frame.lang().outlets(outlets),
    }
}

/// Another report of a story, on one line.
fn report(frame: Frame<'_>, other: &Related) -> Markup {
    let clock = other.published.with_timezone(&frame.site.zone).format("%-m-%-d %H:%M");
    html! {
        a lang=[other.language.as_deref()] dir="auto" href=[Some(&other.href).filter(|href| of_the_web(href))] {
            (other.title)
        }
        " "
        span.meta {
            span dir="auto" { (other.outlet) }
            time datetime=(rfc3339(other.published)) { (clock) }
            a.details href=(frame.to(&entry_path(&other.id))) aria-label=(frame.lang().details_of(&other.title)) {
                (frame.lang().details())
            }
        }
    }
}

/// The publisher's page of an entry. A `javascript:` link would run on this page.
pub(super) fn page(entry: &EntryDoc) -> Option<&str> {
    let pages = entry.links.iter().filter(|link| link.rel == "alternate" && of_the_web(&link.href));
    pages.map(|link| link.href.as_str()).next()
}

/// The publisher's section of an entry: the first of its own categories. Those of the regions come before.
pub(super) fn section(entry: &EntryDoc) -> Option<&str> {
    let own = entry.categories.get(entry.regions.len())?;
    Some(own.label.as_deref().unwrap_or(&own.term)).filter(|name| !name.trim().is_empty())
}

pub(super) fn of_the_web(href: &str) -> bool {
    href.starts_with("https://") || href.starts_with("http://")
}

/// The year that the dates of a page need not name: that of its newest entry.
pub(super) fn year(frame: Frame<'_>, entries: &[EntryDoc]) -> i32 {
    entries.first().map_or(0, |entry| entry.surfaced.with_timezone(&frame.site.zone).year())
}
