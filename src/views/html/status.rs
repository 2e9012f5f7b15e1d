//! The page of the status. It names sources by id and title, and holds no address and no message of a publisher:
//! anybody may read it. It shows one moment, so it is not cached.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::lang::{Lang, Tongue};
use super::layout::{Frame, Head};
use crate::decide::health::{Health, Look, Status};
use crate::model::time::{Time, rfc3339};
use crate::views::site::Site;
use crate::views::status::{FEED, PAGE, in_chinese};

/// A source in trouble is one of at most so many on the page.
const ROWS: usize = 1000;

/// The page of the status.
pub fn status(site: &Site, tongue: Tongue, look: &Look, status: &Status) -> Vec<u8> {
    let frame = Frame { site, tongue };
    let lang = frame.lang();
    let links = html! {
        link rel="alternate" type="application/atom+xml" title=(lang.changes()) href=(frame.file(FEED)); "\n"
    };
    let main = html! {
        h1 { (health(lang, status.health)) }
        @if !status.trouble.is_empty() {
            ul.trouble lang="en" { @for why in &status.trouble { li { (why) } } }
        }
        p.meta { a href=(frame.file(FEED)) { (lang.changes()) } a href=(frame.file("status.json")) { "JSON" } }
        section { h2 { (lang.ailing()) } (ailing(frame, look)) }
        section { h2 { (lang.all_sources()) } p { (counted(lang, &status.states)) } }
        section { h2 { (lang.polls_of_an_hour()) } p { (counted(lang, &status.polls)) } }
        section { h2 { (lang.regions()) } (feeds(frame, look)) }
        p.hint {
            "dibao " (status.version) " · " (lang.configured()) " " (local(frame, look.configured)) " · "
            (lang.entries(look.sizes.entries))
        }
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
        Lang::En => state,
    }
}

fn ailing(frame: Frame<'_>, look: &Look) -> Markup {
    let lang = frame.lang();
    let ailing = look.ailing();
    html! {
        @if ailing.is_empty() {
            p { (lang.none()) }
        } @else {
            div.scroll tabindex="0" {
                table {
                    thead {
                        tr {
                            th scope="col" { (lang.source()) }
                            th scope="col" { (lang.state()) }
                            th scope="col" { (lang.since()) }
                            th scope="col" { (lang.last_good()) }
                            th scope="col" { (lang.failures()) }
                        }
                    }
                    tbody {
                        @for source in ailing.into_iter().take(ROWS) {
                            tr id=(source.id) {
                                th scope="row" {
                                    a dir="auto" href=(frame.to(&format!("source/{}/", source.id))) { (source.title) }
                                }
                                td { (state(lang, &source.state)) }
                                td { (maybe(frame, source.failing_since)) }
                                td { (maybe(frame, source.good)) }
                                td { (source.failures) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn feeds(frame: Frame<'_>, look: &Look) -> Markup {
    let site = frame.site;
    let name = |feed: &str| {
        site.regions.get(feed).map_or(feed.to_owned(), |region| frame.lang().region(region).to_owned())
    };
    html! {
        @if look.feeds.is_empty() {
            p { (frame.lang().no_news()) }
        } @else {
            table {
                tbody {
                    @for (feed, newest) in &look.feeds {
                        tr {
                            th scope="row" { a href=(frame.to(&format!("{feed}/"))) { (name(feed)) } }
                            td { (local(frame, *newest)) }
                        }
                    }
                }
            }
        }
    }
}

fn counted(lang: Lang, counts: &BTreeMap<String, u64>) -> String {
    let counts: Vec<_> =
        counts.iter().map(|(name, count)| format!("{} {count}", state(lang, name))).collect();
    if counts.is_empty() { "–".to_owned() } else { counts.join(" · ") }
}

fn local(frame: Frame<'_>, at: Time) -> Markup {
    let told = at.with_timezone(&frame.site.zone).format("%Y-%m-%d %H:%M");
    html! { time datetime=(rfc3339(at)) { (told) } }
}

fn maybe(frame: Frame<'_>, at: Option<Time>) -> Markup {
    html! { @match at { Some(at) => (local(frame, at)), None => "–" } }
}

#[cfg(test)]
mod tests;
