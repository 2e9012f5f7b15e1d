//! Views: what is rendered from stored entries. Pure: documents in, bytes out, the same bytes for the
//! same documents on any machine.
//!
//! `document` decides what a feed says (what is shown, under which ids and dates, by the publishing
//! policy); the other modules only write that down in one format each, so that no format tells a
//! different truth.

pub mod atom;
pub mod document;
pub mod html;
pub mod json;
pub mod opml;
pub mod page;
pub mod rss;
pub mod site;
mod sound;
#[cfg(test)]
mod tests;
pub mod window;
mod xml;
