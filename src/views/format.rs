//! The parts of an output format. `formats` is the table of all formats.

use super::document::FeedDoc;
use super::site::Site;

/// An output format: one way to write a feed.
#[derive(Debug)]
pub struct Format {
    /// The name that people know it by. A feed's page links the format under this name.
    pub name: &'static str,
    /// How its addresses end. No two formats have the same.
    pub ending: &'static str,
    /// The `Content-Type` it is served with.
    pub media_type: &'static str,
    /// True if readers subscribe to it: then pages link it, dibao tells the hub of it and offers deltas of it.
    pub is_feed: bool,
    /// Writes a feed.
    pub render: fn(&Rendering<'_>) -> Vec<u8>,
}

pub struct Rendering<'a> {
    pub site: &'a Site,
    pub doc: &'a FeedDoc,
    pub format: &'a Format,
    pub formats: &'a [Format],
}

impl Format {
    /// The media type without parameters, as links name it.
    pub fn bare_type(&self) -> &'static str {
        self.media_type.split(';').next().unwrap_or_default()
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.ending == other.ending
    }
}

impl Rendering<'_> {
    /// The address of what is being written.
    pub fn address(&self) -> String {
        self.doc.address(self.format.ending)
    }

    pub fn others(&self) -> impl Iterator<Item = &Format> {
        self.formats.iter().filter(|format| *format != self.format)
    }

    pub fn feeds(&self) -> impl Iterator<Item = &Format> {
        self.formats.iter().filter(|format| format.is_feed)
    }
}
