//! The page of the status. It names sources by id and title, and holds no address and no message of a publisher:
//! anybody may read it. It shows one moment, so it is not cached.

use std::collections::BTreeMap;
use std::fmt::Write;

use maud::{Markup, PreEscaped, html};

use super::lang::{Lang, Tongue};
use super::layout::{Frame, Head};
use crate::decide::health::{Health, Look, PollMark, SourceLook, Status};
use crate::model::region::RegionId;
use crate::model::time::{Time, rfc3339};
use crate::views::site::Site;
use crate::views::status::{FEED, PAGE, in_chinese};

/// The most sources that the page lists: those in trouble come first.
const ROWS: usize = 1000;

/// The hours that the page shows of each region.
pub const HOURS: usize = 24;

/// What the page of the status shows.
#[derive(Clone, Copy)]
pub struct StatusPage<'a> {
    pub look: &'a Look,
    pub status: &'a Status,
    /// Of each source of the look, in its order.
    pub pulses: &'a [Pulse],
    pub heat: &'a [Heat],
}

/// The last polls of a source and its next.
#[derive(Clone, Debug)]
pub struct Pulse {
    /// The oldest first.
    pub polls: Vec<PollMark>,
    /// Time of the next poll, which may be past.
    pub due: Option<Time>,
}

/// The news of a region by hours.
#[derive(Clone, Debug)]
pub struct Heat {
    pub region: RegionId,
    /// The number of entries, the last hour last.
    pub hours: [usize; HOURS],
}

/// The page of the status.
pub fn status(site: &Site, tongue: Tongue, page: &StatusPage<'_>) -> Vec<u8> {
    let frame = Frame { site, tongue };
    let (lang, StatusPage { look, status, heat, .. }) = (frame.lang(), *page);
    let links = html! {
        link rel="alternate" type="application/atom+xml" title=(lang.changes()) href=(frame.file(FEED)); "\n"
    };
    let well = status.health == Health::Well;
    let main = html! {
        h1 { (lang.status()) }
        p.health.trouble[!well] {
            strong { (health(lang, status.health)) } " "
            time datetime=(rfc3339(look.now)) { (local(frame, look.now)) }
        }
        @if !status.trouble.is_empty() {
            ul.why lang="en" { @for why in &status.trouble { li { (why) } } }
        }
        dl.facts {
            div { dt { (lang.all_sources()) } dd { (counted(lang, &status.states)) } }
            div { dt { (lang.polls_of_an_hour()) } dd { (counted(lang, &status.polls)) } }
            div { dt { (lang.stored()) } dd { (lang.entries(look.sizes.entries)) } }
            div { dt { (lang.configured()) } dd { (local(frame, look.configured)) } }
            div { dt { "dibao" } dd { (status.version) } }
            div { dt { (lang.subscribe()) } dd {
                a href=(frame.file(FEED)) { (lang.changes()) } " " a href=(frame.file("status.json")) { "JSON" }
            } }
        }
        section { h2 { (lang.freshness()) } (regions(frame, look, heat)) }
        section { h2 { (lang.all_sources()) } (sources(frame, page)) }
    };
    let head =
        Head { title: lang.status(), path: PAGE, description: lang.status(), links: &links, query: "" };
    frame.page(&head, &main)
}

fn health(lang: Lang, health: Health) -> &'static str {
    match health {
        Health::Well => lang.well(),
        Health::Degraded => lang.degraded(),
    }
}

/// The state of a source in words.
pub(super) fn state(lang: Lang, state: &str) -> &str {
    match lang {
        Lang::Zh => in_chinese(state),
        Lang::En => in_english(state),
    }
}

fn in_english(state: &str) -> &str {
    match state {
        "ok" => "working",
        "stale" => "silent for long",
        "new" => "not polled yet",
        "off" => "off",
        "gone" => "closed by its publisher",
        "throttled" => "asked to wait",
        "blocked" => "refused",
        "held" => "waiting",
        "emptied" => "list is empty",
        "selectors-stopped" => "selectors no longer fit",
        "not-a-feed" => "not a feed",
        "failed" => "failing",
        "fetched" => "fetched",
        "not-modified" => "not modified",
        other => other,
    }
}

/// A row of a region: its hours as cells, the darker the more news.
fn regions(frame: Frame<'_>, look: &Look, heat: &[Heat]) -> Markup {
    let lang = frame.lang();
    let newest: BTreeMap<&str, Time> = look.feeds.iter().map(|(feed, at)| (feed.as_str(), *at)).collect();
    let most = heat.iter().flat_map(|row| row.hours).max().unwrap_or(0);
    html! {
        @if newest.is_empty() {
            p { (lang.no_news()) }
        } @else {
            ul.heat {
                @for row in heat.iter().filter(|row| newest.contains_key(row.region.as_str())) {
                    @let region = frame.site.regions.get(row.region.as_str());
                    li {
                        a href=(frame.to(&format!("{}/", row.region))) {
                            (region.map_or(row.region.as_str(), |region| lang.region(region)))
                        }
                        (cells(lang, row, most))
                        @if let Some(at) = newest.get(row.region.as_str()) { (clock(frame, look.now, *at)) }
                    }
                }
            }
        }
    }
}

/// Width of a cell with its space.
const CELL: usize = 8;

fn cells(lang: Lang, row: &Heat, most: usize) -> Markup {
    let mut drawn = String::new();
    for (n, count) in row.hours.iter().enumerate() {
        // Four shades: the eye does not tell more apart.
        let shade = if *count == 0 { 0 } else { (count * 4).div_ceil(most.max(1)).min(4) };
        // Writing to a string does not fail.
        let _ = write!(
            drawn,
            "<rect class=\"h{shade}\" x=\"{}\" width=\"7\" height=\"14\" rx=\"1.5\"/>",
            n * CELL
        );
    }
    let all: usize = row.hours.iter().sum();
    html! {
        svg viewBox=(format!("0 0 {} 14", HOURS * CELL)) role="img" aria-label=(lang.entries(all)) {
            (PreEscaped(drawn))
        }
    }
}

/// Every source, those in trouble first.
fn sources(frame: Frame<'_>, page: &StatusPage<'_>) -> Markup {
    let lang = frame.lang();
    let mut rows: Vec<(&SourceLook, &Pulse)> = page.look.sources.iter().zip(page.pulses).collect();
    rows.sort_by_key(|(source, _)| {
        let calm = ["ok", "new", "off"].contains(&source.state.as_str());
        (calm, source.failing_since.is_none(), source.failing_since)
    });
    html! {
        @if rows.is_empty() {
            p { (lang.none()) }
        } @else {
            div.scroll tabindex="0" role="region" aria-label=(lang.all_sources()) {
                table {
                    thead {
                        tr {
                            @for name in [
                                lang.source(), lang.state(), lang.recent_polls(), lang.last_good(), lang.next_poll(),
                                lang.since(), lang.failures(),
                            ] { th scope="col" { (name) } }
                        }
                    }
                    tbody {
                        @for (source, pulse) in rows.into_iter().take(ROWS) { (row(frame, page.look.now, source, pulse)) "\n" }
                    }
                }
            }
        }
    }
}

fn row(frame: Frame<'_>, now: Time, source: &SourceLook, pulse: &Pulse) -> Markup {
    let lang = frame.lang();
    let maybe = |at: Option<Time>| html! { @match at { Some(at) => (clock(frame, now, at)), None => "–" } };
    html! {
        tr id=(source.id) {
            th scope="row" { a dir="auto" href=(frame.to(&format!("source/{}/", source.id))) { (source.title) } }
            td class=[(source.state != "ok").then_some("bad")] { (state(lang, &source.state)) }
            td { (sparkline(lang, &pulse.polls)) }
            td { (maybe(source.good)) }
            td { (maybe(pulse.due)) }
            td { (maybe(source.failing_since)) }
            td { (source.failures) }
        }
    }
}

/// The last polls as small bars: high for news, low for none, of another colour for failures.
fn sparkline(lang: Lang, polls: &[PollMark]) -> Markup {
    let (mut good, mut bad) = (String::new(), String::new());
    for (n, mark) in polls.iter().enumerate() {
        let x = n * 4 + 1;
        // Writing to a string does not fail.
        let _ = match mark {
            PollMark::News => write!(good, "M{x} 16v-14"),
            PollMark::Quiet => write!(good, "M{x} 16v-5"),
            PollMark::Failed => write!(bad, "M{x} 16v-14"),
        };
    }
    let of = |wanted: PollMark| polls.iter().filter(|mark| **mark == wanted).count();
    let told = lang.polls_told(of(PollMark::News), of(PollMark::Quiet), of(PollMark::Failed));
    html! {
        svg.spark viewBox="0 0 96 16" role="img" aria-label=(told) {
            path d=[Some(good).filter(|path| !path.is_empty())] {}
            path.bad d=[Some(bad).filter(|path| !path.is_empty())] {}
        }
    }
}

fn counted(lang: Lang, counts: &BTreeMap<String, u64>) -> String {
    let counts: Vec<_> =
        counts.iter().map(|(name, count)| format!("{} {count}", state(lang, name))).collect();
    if counts.is_empty() { "–".to_owned() } else { counts.join(" · ") }
}

/// The time of day; with the date if it is another day than that of the page.
fn clock(frame: Frame<'_>, now: Time, at: Time) -> Markup {
    let zone = frame.site.zone;
    let (at, now) = (at.with_timezone(&zone), now.with_timezone(&zone));
    let told = at.format(if at.date_naive() == now.date_naive() { "%H:%M" } else { "%-m-%-d %H:%M" });
    html! { time datetime=(rfc3339(at.to_utc())) { (told) } }
}

fn local(frame: Frame<'_>, at: Time) -> String {
    at.with_timezone(&frame.site.zone).format("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests;
