//! How to subscribe: addresses to copy, and a sentence about the formats.

use maud::{Markup, html};

use super::icons;
use super::layout::Frame;
use crate::views::formats::FORMATS;

/// The addresses of a feed in every format. `path` has no ending.
pub(super) fn to_feed(frame: Frame<'_>, path: &str) -> Markup {
    let lang = frame.lang();
    html! {
        section.subscribe aria-labelledby="subscribe" {
            h2 id="subscribe" { (icons::feed()) (lang.subscribe()) }
            @for format in FORMATS.iter().filter(|format| format.is_feed) {
                p.address {
                    a href=(frame.file(&format!("{path}{}", format.ending))) { (format.name) }
                    (address(frame, &format!("{path}{}", format.ending), format.name))
                }
            }
            p.hint { (lang.formats()) }
        }
    }
}

/// How to subscribe, for those who have not chosen a region yet.
pub(super) fn how(frame: Frame<'_>) -> Markup {
    let lang = frame.lang();
    html! {
        section.subscribe aria-labelledby="subscribe" {
            h2 id="subscribe" { (icons::feed()) (lang.how_to_subscribe()) }
            p { (lang.to_subscribe()) }
            p.address {
                a href=(frame.file("all.atom")) { (lang.all()) }
                (address(frame, "all.atom", lang.all()))
            }
            p.hint { (lang.formats()) }
            p { a href=(frame.file("feeds.opml")) { (lang.all_at_once()) } }
            p { a href=(frame.file("sources.opml")) { (lang.the_sources()) } }
        }
    }
}

/// An address to copy: by a button where scripts run, else by hand.
fn address(frame: Frame<'_>, path: &str, name: &str) -> Markup {
    let (lang, site) = (frame.lang(), frame.site);
    html! {
        input type="text" readonly dir="ltr" value=(format!("{}/{path}", site.public_url))
            aria-label=(format!("{} {name}", lang.address()))
            data-copy=(lang.copy()) data-copied=(lang.copied());
    }
}
