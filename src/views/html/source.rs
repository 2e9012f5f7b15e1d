//! The page of a source: what it is, its rhythm over two weeks, its health in words, its newest headlines.

use std::fmt::Write;

use chrono::NaiveDate;
use maud::{Markup, PreEscaped, html};

use super::lang::{Lang, Tongue};
use super::layout::{Frame, Head};
use super::region::{self, FeedPage};
use super::{status, subscribe};
use crate::model::outcome::Outcome;
use crate::model::source::RegionRule;
use crate::model::state::SourceState;
use crate::model::time::{Time, rfc3339};
use crate::read::link::{self, is_republished};
use crate::views::site::Site;

/// What the page of a source shows.
#[derive(Clone, Copy)]
pub struct SourcePage<'a> {
    pub feed: FeedPage<'a>,
    pub state: &'a SourceState,
    /// The number of entries of each day, the first first.
    pub days: &'a [(NaiveDate, usize)],
}

/// The page of a source.
pub fn source(site: &Site, tongue: Tongue, page: &SourcePage<'_>) -> Vec<u8> {
    let frame = Frame { site, tongue };
    let (lang, name) = (frame.lang(), page.state.title());
    let main = html! {
        p.kind { (lang.source()) }
        h1 dir="auto" { (name) }
        div.columns {
            div {
                (health(frame, page.state))
                (bars(lang, page.days))
                (region::newest(frame, &page.feed))
            }
            aside {
                (subscribe::to_feed(frame, &page.feed.doc.path))
                (what(frame, page.state))
                (region::archive(frame, &page.feed))
            }
        }
    };
    let (path, description) = (format!("{}/", page.feed.doc.path), lang.feed_of(name));
    let links = region::discovery(frame, page.feed.doc, name);
    frame.page(&Head { title: name, path: &path, description: &description, links: &links, query: "" }, &main)
}

/// What the source is.
fn what(frame: Frame<'_>, source: &SourceState) -> Markup {
    let lang = frame.lang();
    let home = source.facts.home.as_deref().filter(|home| is_republished(home) && !link::is_keyed(home));
    let polled = frame.site.polled.get(&source.def.id);
    let fact = |name: &str, value: Markup| html! { div { dt { (name) } dd { (value) } } };
    html! {
        section {
            h2 { (lang.about_source()) }
            dl.facts {
                @if let Some(home) = home { (fact(lang.website(), html! { a dir="ltr" href=(home) { (short(home)) } })) }
                (fact(lang.covers(), covers(frame, source)))
                (fact(lang.polled(), html! {
                    @match polled {
                        Some(polled) => (lang.every_minutes(polled.minutes)),
                        None => (lang.not_polled()),
                    }
                }))
                @if let Some(rhythm) = source.habits.rhythm() {
                    (fact(lang.usual_pause(), html! { (pause(lang, (rhythm.as_secs() / 60).max(1))) }))
                }
                (fact(lang.stored(), html! { (lang.entries(source.entries)) }))
            }
        }
    }
}

fn covers(frame: Frame<'_>, source: &SourceState) -> Markup {
    let regions = match &source.def.region {
        RegionRule::Auto => return html! { (frame.lang().by_headline()) },
        RegionRule::Fixed(regions) | RegionRule::Routed(regions) => regions,
    };
    html! {
        @if regions.is_empty() { a href=(frame.to("national/")) { (frame.lang().national()) } }
        @for id in regions {
            @let name = frame.site.regions.get(id.as_str()).map(|region| frame.lang().region(region));
            a href=(frame.to(&format!("{id}/"))) { (name.unwrap_or(id.as_str())) } " "
        }
    }
}

/// The host of an address: what people know a site by.
fn short(address: &str) -> &str {
    let host = address.split_once("://").map_or(address, |(_, rest)| rest);
    host.split(['/', '?', '#']).next().unwrap_or(host)
}

/// A time of so many minutes in its largest unit.
fn pause(lang: Lang, minutes: u64) -> String {
    match minutes {
        0..120 => lang.minutes(minutes),
        120..2880 => lang.hours(minutes / 60),
        _ => lang.days(minutes / 1440),
    }
}

/// The state in words, and how it came to it.
fn health(frame: Frame<'_>, source: &SourceState) -> Markup {
    let lang = frame.lang();
    let last = source.turns.last();
    let is_held = matches!(source.outcome, Some(Outcome::Held { .. })) && source.poll.good_at.is_none();
    let state = match (last, source.polled_at) {
        (Some(turn), _) => turn.turn.state.as_str(),
        (None, Some(_)) if !is_held => "ok",
        (None, _) => "new",
    };
    html! {
        p.health.trouble[state != "ok"] {
            strong { (status::state(lang, state)) }
            @if let Some(turn) = last { (lang.comma()) (lang.since_time(minute(frame, turn.at))) }
        }
        @if source.turns.len() > 1 {
            details {
                summary { (lang.changes_of_state()) }
                ul {
                    @for turn in source.turns.iter().rev() {
                        li {
                            time datetime=(rfc3339(turn.at)) { (minute(frame, turn.at)) } " "
                            (status::state(lang, &turn.turn.state))
                            @if turn.turn.missed.is_some() { (lang.comma()) (lang.missed()) }
                        }
                    }
                }
            }
        }
    }
}

fn minute(frame: Frame<'_>, at: Time) -> String {
    at.with_timezone(&frame.site.zone).format("%Y-%m-%d %H:%M").to_string()
}

/// Width of a bar with its space, and the height of the highest.
const BAR: usize = 24;
const HIGHEST: usize = 64;

/// The entries of each day as bars.
fn bars(lang: Lang, days: &[(NaiveDate, usize)]) -> Markup {
    let most = days.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    let (mut drawn, mut told) = (String::new(), String::new());
    for (n, (day, count)) in days.iter().enumerate() {
        // A day with an entry has a bar that is seen.
        let height = if *count == 0 { 1 } else { (count * HIGHEST / most).max(4) };
        let (x, y, width) = (n * BAR + 2, HIGHEST + 14 - height, BAR - 4);
        let date = day.format("%-m-%-d");
        // Writing to a string does not fail.
        let class = if *count == 0 { " class=\"h0\"" } else { "" };
        let _ = write!(
            drawn,
            "<rect{class} x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"2\"/>"
        );
        if *count > 0 {
            let _ = write!(drawn, "<text x=\"{}\" y=\"{}\">{count}</text>", x + width / 2, y - 3);
        }
        if n % 2 == 1 || days.len() < 8 {
            let _ = write!(drawn, "<text x=\"{}\" y=\"{}\">{date}</text>", x + width / 2, HIGHEST + 28);
        }
        let _ = write!(told, "{date}: {count} ");
    }
    html! {
        figure.bars {
            figcaption { (lang.two_weeks()) }
            svg viewBox=(format!("0 0 {} {}", days.len() * BAR, HIGHEST + 32)) role="img"
                aria-label=(format!("{} {}", lang.two_weeks(), told.trim_end())) {
                (PreEscaped(drawn))
            }
        }
    }
}
