//! An entry or feed while its parts are found: which of several values for one thing is kept. Must not know
//! in what dialect or order they came.

use super::names::{Field, Role};
use super::repair::Repairs;
use super::syndication::update_interval;
use crate::model::entry::{Category, Ending, Link, ParsedEntry, Person};
use crate::model::skip::Skip;
use crate::model::time::Stamp;

/// The most values of one list (links, categories, people) kept for one entry or feed; real entries have tens.
const MAX_LIST: usize = 256;

/// A text and whether it is HTML.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Prose {
    pub(super) html: bool,
    pub(super) text: String,
}

/// A value of which the best is kept: by rank (lower is better), then by depth, then the first.
#[derive(Clone, Debug)]
pub(super) struct Slot<T> {
    held: Option<(u8, usize, T)>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { held: None }
    }
}

impl<T> Slot<T> {
    pub(super) fn offer(&mut self, rank: u8, depth: usize, value: T) {
        if self.held.as_ref().is_none_or(|(r, d, _)| (rank, depth) < (*r, *d)) {
            self.held = Some((rank, depth, value));
        }
    }

    /// Like [`Self::offer`], but of equals the last is kept: a document that dates itself twice was
    /// corrected further down.
    pub(super) fn offer_last(&mut self, rank: u8, depth: usize, value: T) {
        if self.held.as_ref().is_none_or(|(r, d, _)| (rank, depth) <= (*r, *d)) {
            self.held = Some((rank, depth, value));
        }
    }

    pub(super) fn get(&self) -> Option<&T> {
        self.held.as_ref().map(|(_, _, v)| v)
    }

    pub(super) fn into_inner(self) -> Option<T> {
        self.held.map(|(_, _, v)| v)
    }
}

/// What one entry has given so far.
#[derive(Clone, Debug, Default)]
pub(super) struct EntryBuilder {
    pub(super) id: Slot<String>,
    pub(super) title: Slot<Prose>,
    pub(super) links: Vec<Link>,
    /// The id, where it is an address that stands for a link.
    pub(super) permalink: Option<String>,
    pub(super) published: Slot<Stamp>,
    pub(super) updated: Slot<Stamp>,
    /// Dates without a year, until the entry's address is known.
    pub(super) yearless: Vec<(Field, usize, String)>,
    pub(super) people: Vec<(Role, Person)>,
    pub(super) categories: Vec<Category>,
    pub(super) summaries: Vec<(u8, usize, Prose)>,
    pub(super) contents: Vec<Prose>,
    pub(super) rights: Option<Prose>,
    pub(super) language: Option<String>,
    pub(super) base: Option<String>,
}

impl EntryBuilder {
    /// Takes the short and the full text. Where no full text is given but a second short one is, the publisher
    /// used both elements for the two (RSS 2.0 with `description` twice, or with `itunes:summary`).
    pub(super) fn take_bodies(&mut self) -> (Option<Prose>, Option<Prose>) {
        let mut ranked = std::mem::take(&mut self.summaries);
        ranked.sort_by_key(|(rank, depth, _)| (*rank, *depth));
        let best = ranked.first().map(|(rank, ..)| *rank);
        let mut texts =
            ranked.into_iter().filter(|(rank, ..)| Some(*rank) == best).map(|(_, _, prose)| prose);
        let summary = texts.next();
        let content = std::mem::take(&mut self.contents).into_iter().next();
        let content = content.or_else(|| texts.find(|prose| Some(prose) != summary.as_ref()));
        (summary, content)
    }

    /// The address of the entry's page, as far as it is known.
    pub(super) fn page(&self) -> Option<&str> {
        let page = self.links.iter().find(|l| l.rel == "alternate" && is_page(l)).map(|l| l.href.as_str());
        page.or(self.permalink.as_deref())
    }

    /// Takes the links, the entry's page first.
    pub(super) fn take_links(&mut self) -> Vec<Link> {
        let mut links = std::mem::take(&mut self.links);
        let page = links.iter().position(|l| l.rel == "alternate" && is_page(l));
        match (page, self.permalink.take()) {
            (Some(at), _) => links[..=at].rotate_right(1),
            (None, Some(href)) => links.insert(0, alternate(href)),
            (None, None) => {}
        }
        links
    }

    /// Whether nothing was found that a reader could open or read.
    pub(super) fn is_blank(&self) -> bool {
        let texts = self.title.get().is_some() || !self.summaries.is_empty() || !self.contents.is_empty();
        !texts && self.id.get().is_none() && self.links.is_empty()
    }

    pub(super) fn add_person(&mut self, role: Role, person: Person) {
        if self.people.len() < MAX_LIST && !self.people.iter().any(|(r, p)| *r == role && *p == person) {
            self.people.push((role, person));
        }
    }

    pub(super) fn add_category(&mut self, category: Category) {
        let blank = category.term.is_empty();
        if !blank && self.categories.len() < MAX_LIST && !self.categories.contains(&category) {
            self.categories.push(category);
        }
    }

    pub(super) fn add_summary(&mut self, field: Field, depth: usize, prose: Prose) {
        let rank = u8::from(field == Field::OtherSummary);
        if self.summaries.len() < MAX_LIST {
            self.summaries.push((rank, depth, prose));
        }
    }
}

fn is_page(link: &Link) -> bool {
    match link.media_type.as_deref() {
        None => true,
        Some(t) => matches!(t, "" | "text/html" | "html" | "application/xhtml+xml" | "xhtml"),
    }
}

/// Adds a link unless it is there already, or there are too many.
pub(super) fn add_link(links: &mut Vec<Link>, link: Link) {
    if links.len() < MAX_LIST && !links.iter().any(|l| l.href == link.href && l.rel == link.rel) {
        links.push(link);
    }
}

pub(super) fn alternate(href: String) -> Link {
    Link { href, rel: "alternate".to_owned(), ..Link::default() }
}

/// A document as its dialect's reader found it.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) head: Head,
    pub(super) entries: Vec<ParsedEntry>,
    pub(super) repairs: Repairs,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    pub(super) id: Slot<String>,
    pub(super) title: Slot<Prose>,
    pub(super) subtitle: Slot<Prose>,
    pub(super) rights: Option<Prose>,
    pub(super) links: Vec<Link>,
    pub(super) language: Option<String>,
    pub(super) rhythm: Rhythm,
    pub(super) ending: Ending,
}

/// What the feed says of when it changes, as it was written.
#[derive(Clone, Debug, Default)]
pub(super) struct Rhythm {
    pub(super) ttl_minutes: Option<u32>,
    pub(super) period: Option<String>,
    pub(super) frequency: Option<String>,
    pub(super) hours: Vec<String>,
    pub(super) days: Vec<String>,
}

impl Rhythm {
    /// The longest interval it names, in minutes.
    pub(super) fn minutes(&self) -> Option<u32> {
        let period = self.period.as_deref();
        let interval = period.and_then(|period| update_interval(period, self.frequency.as_deref()));
        let minutes = interval.map(|interval| u32::try_from(interval.as_secs() / 60).unwrap_or(u32::MAX));
        self.ttl_minutes.max(minutes)
    }

    pub(super) fn skip(&self) -> Skip {
        Skip::new(self.hours.iter().map(String::as_str), self.days.iter().map(String::as_str))
    }
}
