//! The properties of an entry that help to recognise it, as hashes to compare. Decides nothing.

use crate::decide::story::hash;
use crate::model::entry::ParsedEntry;
use crate::model::identity::{IdentityKey, KeyKind};
use crate::model::time::Stamp;
use crate::read::link;
use crate::read::text::one_line;

/// The facts by which an entry is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Facts {
    pub(super) guid: Option<IdentityKey>,
    /// The key of its page's address. `None` without one, and where that is a site's front page.
    pub(super) page: Option<IdentityKey>,
    pub(super) title: Option<u64>,
    /// The parts of its address that stay when the site moves.
    pub(super) trail: Trail,
    pub(super) published: Option<Stamp>,
}

/// The parts of an address that stay when its site moves, as hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Trail {
    /// The name of the file, if it holds a serial number, with all numbers of the path.
    pub(super) serial: Option<u64>,
    /// The path with those parameters that are numbers, where there are others: a session, a signature.
    pub(super) unsigned: Option<u64>,
    /// The numbers of the path, if one of them is no year or day.
    pub(super) numbers: Option<u64>,
    /// True if a parameter is a serial number.
    pub(super) asks_by_number: bool,
}

impl Facts {
    pub fn of(entry: &ParsedEntry) -> Self {
        Self::at(entry, entry.page().map(link::canonical).as_deref())
    }

    /// Those of an entry whose page has this canonical address.
    pub(super) fn at(entry: &ParsedEntry, canonical: Option<&str>) -> Self {
        let guid = entry.id.as_deref().map(str::trim).filter(|id| !id.is_empty());
        let address = canonical.map(|page| with_fragment(page, entry.page().unwrap_or_default()));
        // An address without a path is the site's front page, whatever entry it is given to.
        let own = address.as_deref().filter(|page| !is_front_page(page));
        let title = entry.title.as_deref().map(one_line).filter(|title| !title.is_empty());
        Self {
            guid: guid.map(|id| IdentityKey::new(KeyKind::Guid, &[id.as_bytes()])),
            page: own.map(|page| IdentityKey::new(KeyKind::Link, &[page.as_bytes()])),
            title: title.as_deref().map(short_hash),
            trail: canonical.map(Trail::of).unwrap_or_default(),
            published: entry.published.or(entry.updated),
        }
    }

    /// True if it has a page of its own.
    pub fn has_page(&self) -> bool {
        self.page.is_some()
    }

    /// True if the address of its page holds a serial number: such a page is an article's, and is not used again.
    pub fn is_numbered(&self) -> bool {
        self.page.is_some() && (self.trail.serial.is_some() || self.trail.asks_by_number)
    }
}

/// A fragment is a part of the address: lists of comments and notices have one page and tell their entries apart
/// by it. Not where it only says how a reader came.
fn with_fragment(canonical: &str, href: &str) -> String {
    const OF_READERS: [&str; 6] = ["xtor=", "utm_", "ref=", "rss", "at_", ":~:"];
    match href.trim().split_once('#') {
        Some((_, fragment))
            if !canonical.contains('#')
                && !fragment.is_empty()
                && !OF_READERS.iter().any(|start| fragment.to_ascii_lowercase().starts_with(start)) =>
        {
            format!("{canonical}#{fragment}")
        }
        _ => canonical.to_owned(),
    }
}

fn is_front_page(address: &str) -> bool {
    address.split_once("://").is_some_and(|(_, rest)| !rest.contains(['/', '?', '#']))
}

impl Trail {
    fn of(canonical: &str) -> Self {
        /// Fewer digits may be the place in a list.
        const DIGITS: usize = 5;
        let Some((_, path)) = canonical.split_once("://").and_then(|(_, rest)| rest.split_once('/')) else {
            return Self::default();
        };
        let path = path.split('#').next().unwrap_or_default();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let file = path.rfind('/').map_or(path, |slash| &path[slash + 1..]);
        let numbers = numbers(path);
        let all = numbers.join(" ");
        // A day is no serial number, for all of that day have it.
        let filed = self::numbers(file).iter().any(|run| run.len() >= DIGITS && !is_day(run));
        let distinctive = numbers.iter().any(|run| run.len() > 2 && !is_day(run) && !is_year(run));
        Self {
            serial: filed.then(|| short_hash(&format!("{file} {all}"))),
            unsigned: unsigned(path, query, filed),
            numbers: distinctive.then(|| short_hash(&all)),
            asks_by_number: query.split('&').any(|pair| {
                let value = pair.split_once('=').map_or("", |(_, value)| value);
                value.len() >= DIGITS
                    && value.len() < 10
                    && value.bytes().all(|b| b.is_ascii_digit())
                    && !is_day(value)
            }),
        }
    }
}

/// An address without its signature, if that leaves something which tells entries apart.
fn unsigned(path: &str, query: &str, filed: bool) -> Option<u64> {
    /// More digits are an instant, which signatures carry.
    const DIGITS: usize = 9;
    let is_number =
        |value: &str| !value.is_empty() && value.len() <= DIGITS && value.bytes().all(|b| b.is_ascii_digit());
    let (kept, signed): (Vec<&str>, Vec<&str>) = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .partition(|pair| pair.split_once('=').is_some_and(|(_, value)| is_number(value)));
    let tells = filed || !kept.is_empty();
    (!signed.is_empty() && tells).then(|| short_hash(&format!("{path}?{}", kept.join("&"))))
}

fn numbers(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()).collect()
}

fn is_day(run: &str) -> bool {
    run.len() == 8 && (run.starts_with("19") || run.starts_with("20"))
}

fn is_year(run: &str) -> bool {
    run.len() == 4 && (run.starts_with("19") || run.starts_with("20"))
}

/// A hash to compare by while a document is judged; none is stored. It takes part in the order of equals, so it is the
/// same on every machine.
pub(super) fn short_hash(text: &str) -> u64 {
    hash::of_text(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_that_break_ties_are_the_same_everywhere() {
        assert_eq!(short_hash(""), 14_087_677_454_934_409_008);
        assert_eq!(short_hash("地铁"), 10_500_927_751_701_510_748);
    }
}
