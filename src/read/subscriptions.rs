//! Lists of subscriptions that other programs export: OPML, newsboat's `urls`, the INI of Planet and Planet Venus.
//! Decides nothing about regions or sources.

mod newsboat;
mod opml;
mod planet;
#[cfg(test)]
mod tests;

use super::bound::MAX_ADDRESS;
use super::link::masked;
use super::text::{one_line, truncate_chars};

/// The largest file, in bytes. A list of ten thousand feeds has about three million.
pub const MAX_FILE: usize = 16 << 20;
/// The most feeds taken from a list.
pub const MAX_FEEDS: usize = 10_000;
/// The most folders and tags taken of one feed.
const MAX_FOLDERS: usize = 16;
/// The longest title or name of a folder, in characters.
const MAX_NAME: usize = 100;

/// The program or format that a list comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Opml,
    Newsboat,
    Planet,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Opml => "OPML",
            Self::Newsboat => "newsboat's urls",
            Self::Planet => "Planet's INI",
        }
    }
}

/// A feed of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    /// As it is written; not checked.
    pub url: String,
    pub title: Option<String>,
    /// The folders that hold it, the innermost first, and its tags.
    pub folders: Vec<String>,
    /// The reason why the address is no feed for the program that exported it.
    pub note: Option<&'static str>,
}

/// A list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriptions {
    pub kind: Kind,
    pub feeds: Vec<Subscription>,
    /// Lines and elements that are no feed, each with the reason.
    pub skipped: Vec<String>,
}

/// The error if a text is no list of subscriptions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoList {
    #[error("it has more than {MAX_FEEDS} feeds; split it")]
    TooMany,
    #[error("it is not well-formed XML at byte {at}: {why}")]
    Xml { at: u64, why: String },
    #[error("it has no feed: an OPML file, newsboat's urls or the INI of a Planet was expected")]
    Empty,
}

/// Reads a list. The text itself tells its format.
///
/// # Errors
/// [`NoList`] if it holds no feed, or too many.
pub fn read(text: &str) -> Result<Subscriptions, NoList> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let mut list = Subscriptions { kind: kind(text), feeds: Vec::new(), skipped: Vec::new() };
    match list.kind {
        Kind::Opml => opml::read(text, &mut list)?,
        Kind::Newsboat => newsboat::read(text, &mut list)?,
        Kind::Planet => planet::read(text, &mut list)?,
    }
    if list.feeds.is_empty() { Err(NoList::Empty) } else { Ok(list) }
}

fn kind(text: &str) -> Kind {
    if text.starts_with('<') {
        return Kind::Opml;
    }
    let is_section = |line: &str| line.starts_with('[') && line.trim_end().ends_with(']');
    if text.lines().any(is_section) { Kind::Planet } else { Kind::Newsboat }
}

impl Subscriptions {
    /// Takes a feed, bounded.
    fn take(&mut self, mut feed: Subscription) -> Result<(), NoList> {
        if self.feeds.len() >= MAX_FEEDS {
            return Err(NoList::TooMany);
        }
        if feed.url.len() > MAX_ADDRESS {
            self.skip("an address", "is too long");
            return Ok(());
        }
        feed.title = feed.title.as_deref().and_then(named);
        feed.folders = feed.folders.iter().filter_map(|folder| named(folder)).take(MAX_FOLDERS).collect();
        self.feeds.push(feed);
        Ok(())
    }

    fn skip(&mut self, what: &str, why: &str) {
        if self.skipped.len() < MAX_FEEDS {
            self.skipped.push(format!("{}: {why}", truncate_chars(&shown(what), MAX_NAME)));
        }
    }
}

/// A name in one line; `None` if nothing is left.
fn named(text: &str) -> Option<String> {
    Some(truncate_chars(&one_line(text), MAX_NAME)).filter(|name| !name.is_empty())
}

/// An address of a list as a person may see it: on one line, without user, password and keys, whatever its scheme.
pub fn shown(address: &str) -> String {
    let address = one_line(address);
    let Some((scheme, rest)) = address.split_once("://") else { return masked(&address).into_owned() };
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..authority].rfind('@').map_or(0, |at| at + 1);
    masked(&format!("{scheme}://{}", &rest[host..])).into_owned()
}
