//! The table of output formats. The publisher, the hub's notices, the files and the links among formats read
//! it: a new format is one file with a `render` function, and one line here.

use super::document::FeedDoc;
use super::format::{Format, Rendering};
use super::site::{FEED_ENDING, PAGE_ENDING, Site};
use super::{atom, html, json, rss};

/// Links name the formats in this order. The first two keep their places.
#[rustfmt::skip]
pub static FORMATS: &[Format] = &[
    Format { name: "Atom", ending: FEED_ENDING, media_type: atom::MEDIA_TYPE, is_feed: true, render: atom::render },
    Format { name: "HTML", ending: PAGE_ENDING, media_type: html::MEDIA_TYPE, is_feed: false, render: html::render },
    Format { name: "RSS", ending: ".rss", media_type: rss::MEDIA_TYPE, is_feed: true, render: rss::render },
    Format { name: "JSON Feed", ending: ".json", media_type: json::MEDIA_TYPE, is_feed: true, render: json::render },
];

/// The format that lists and the home page link. Archives are written in it.
pub static FEED: &Format = &FORMATS[0];

pub static PAGE: &Format = &FORMATS[1];

pub fn render(format: &Format, site: &Site, doc: &FeedDoc) -> Vec<u8> {
    (format.render)(&Rendering { site, doc, format, formats: FORMATS })
}

/// Splits the path of a view into the feed's part and the format that the ending names.
pub fn split(path: &str) -> Option<(&str, &'static Format)> {
    FORMATS.iter().find_map(|format| Some((path.strip_suffix(format.ending)?, format)))
}
