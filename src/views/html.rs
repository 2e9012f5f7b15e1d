//! Pages for people. They show the same documents as the feeds, and no page depends on the time at which it is
//! rendered: "today" is the day of the newest poll.
//!
//! `layout` has what all pages share, `lang` every phrase in both languages, `assets` the files that pages load.

mod alike;
pub mod assets;
mod days;
mod entry;
mod home;
mod icons;
pub mod lang;
mod layout;
mod listing;
mod neighbours;
mod region;
pub mod search;
mod source;
mod status;
mod subscribe;
#[cfg(test)]
mod tests;

use super::format::Rendering;
use crate::model::feed_key::FeedKey;
pub use days::{Around, MonthPage, day, month};
pub use entry::{EntryPage, entry};
pub use home::{Row, home};
use lang::Tongue;
pub use region::{FeedPage, feed};
pub use source::{SourcePage, source};
pub use status::{HOURS, Heat, Pulse, StatusPage, status};

pub const MEDIA_TYPE: &str = "text/html; charset=utf-8";

/// The page of a feed in the language of the site, as one of its formats.
pub fn render(rendering: &Rendering<'_>) -> Vec<u8> {
    let (site, doc) = (rendering.site, rendering.doc);
    let standing = site.standing().find(|feed| super::site::Site::path(feed) == doc.path);
    let source =
        || FeedKey::Source(crate::model::source::SourceId::new(doc.path.trim_start_matches("source/")));
    let feed_key = standing.unwrap_or_else(source);
    feed(site, Tongue::default(), &FeedPage { feed: &feed_key, doc, months: &doc.issues.all })
}
