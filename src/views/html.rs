//! Pages for people. They show the same documents as the feeds, and no page depends on the time at which it is
//! rendered: "today" is the day of the newest poll.
//!
//! `layout` has what all pages share, `lang` every phrase in both languages, `assets` the files that pages load.

pub mod assets;
mod home;
mod icons;
pub mod lang;
mod layout;
mod listing;
mod region;
mod status;
mod subscribe;

use super::format::Rendering;
pub use home::{Row, home};
use lang::Tongue;
pub use region::feed;
pub use status::status;

pub const MEDIA_TYPE: &str = "text/html; charset=utf-8";

/// The page of a feed in the language of the site, as one of its formats.
pub fn render(rendering: &Rendering<'_>) -> Vec<u8> {
    feed(rendering.site, Tongue::default(), rendering.doc)
}

#[cfg(test)]
mod tests;
