//! Views: stored entries as documents, and documents as bytes. Pure: the same entries give the same bytes on
//! any machine.
//!
//! `document` decides what a feed says: which entries, under which ids and dates, by the publishing policy.
//! Each format has a file that only writes a document down, so all formats say the same. `formats` lists them.

pub mod atom;
pub mod document;
pub mod format;
pub mod formats;
pub mod html;
pub mod json;
pub mod metrics;
pub mod opensearch;
pub mod opml;
pub mod page;
pub mod robots;
pub mod rss;
pub mod site;
mod sound;
pub mod status;
#[cfg(test)]
mod tests;
pub mod window;
mod xml;
