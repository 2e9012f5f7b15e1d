//! Collects the evidence for a pair: an entry of a document and a known entry. A property that is missing, or that
//! several entries share, gives no vote.

use std::cell::OnceCell;
use std::rc::Rc;

use chrono::Timelike as _;
use chrono_tz::Tz;

use super::alike::{self, Text, Title};
use super::candidate::{Candidate, same_date};
use super::facts::{Facts, short_hash};
use super::fingerprint::words;
use crate::model::entry::ParsedEntry;
use crate::model::identity::Fingerprint;
use crate::model::identity::Vote;
use crate::model::time::{Precision, Stamp};
use crate::read::text::one_line;

/// A known entry, as of its last change.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    pub facts: &'a Facts,
    pub fingerprint: Fingerprint,
    /// The stored content of the known entry.
    pub body: &'a ParsedEntry,
    /// True if its text is that of its own page, which a list does not repeat.
    pub followed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guid {
    Same,
    Other,
    Silent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Same,
    /// Another address with the serial number, or all the numbers, of the one before.
    Kin,
    Other,
    Silent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Date {
    Second,
    /// One of them names the day alone, or is midnight, which is how many programs write a day.
    Day,
    Other,
    Silent,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct PairEvidence {
    pub(super) guid: Guid,
    pub(super) page: Page,
    pub(super) title: Title,
    pub(super) date: Date,
    pub(super) text: Text,
    /// True if the address holds a serial number: the page of an article, which is not used again.
    pub(super) numbered: bool,
    /// True if neither guids nor addresses say anything.
    pub(super) nameless: bool,
    /// True if no other entry of its document has its title and date.
    pub(super) alone: bool,
    /// True if a guid or an address leads here, be it a vote or not: breaks ties.
    pub(super) named: bool,
}

impl PairEvidence {
    /// Of the candidate, which was read from `entry`, and a known entry, whose `words` are asked for where they count.
    /// Guid and page are compared by the caller, who knows which entries their keys lead to.
    pub(super) fn of(
        candidate: &Candidate,
        entry: &ParsedEntry,
        past: &Past<'_>,
        words: &dyn Fn() -> Rc<Words>,
        (guid, page): (Guid, Page),
        zone: Tz,
    ) -> Self {
        let equal = candidate.fingerprint == past.fingerprint;
        let text = if past.followed {
            Text::Silent
        } else if equal && candidate.text.is_some() {
            Text::Same { long: candidate.long }
        } else {
            text(&Words::of(entry), &words())
        };
        Self {
            guid,
            page,
            title: title(entry, past.body),
            date: date(candidate.facts.published, past.facts.published, zone),
            text,
            numbered: candidate.facts.is_numbered(),
            nameless: guid == Guid::Silent && page == Page::Silent,
            alone: candidate.alone,
            named: false,
        }
    }

    /// The weight of it: of the known entries that a candidate may be, the one it shares most with is it.
    pub(super) fn weight(&self) -> u32 {
        2 * self.weighed().iter().map(|(weight, _)| weight).sum::<u32>() + u32::from(self.named)
    }

    /// As it is recorded, and shown to the operator.
    pub(super) fn votes(&self) -> Vec<Vote> {
        self.weighed().into_iter().filter_map(|(_, vote)| vote).collect()
    }

    /// The weight of each property, and its vote.
    fn weighed(&self) -> [(u32, Option<Vote>); 5] {
        let guid = match self.guid {
            Guid::Same => (8, Some(Vote::SameGuid)),
            Guid::Other => (0, Some(Vote::OtherGuid)),
            Guid::Silent => (0, None),
        };
        let page = match self.page {
            Page::Same => (4, Some(Vote::SameAddress)),
            Page::Kin => (1, Some(Vote::KinAddress)),
            Page::Other => (0, Some(Vote::OtherAddress)),
            Page::Silent => (0, None),
        };
        let title = match self.title {
            Title::Same => (3, Some(Vote::SameTitle)),
            Title::Like => (1, Some(Vote::LikeTitle)),
            Title::Next => (0, Some(Vote::NextTitle)),
            Title::Other => (0, Some(Vote::OtherTitle)),
            Title::Silent => (0, None),
        };
        let date = match self.date {
            Date::Second => (2, Some(Vote::SameDate)),
            Date::Day => (1, Some(Vote::SameDay)),
            Date::Other => (0, Some(Vote::OtherDate)),
            Date::Silent => (0, None),
        };
        let text = match self.text {
            Text::Same { .. } => (3, Some(Vote::SameText)),
            Text::Like(share) => (2, Some(Vote::LikeText(share))),
            Text::Other => (0, Some(Vote::OtherText)),
            Text::Silent => (0, None),
        };
        [guid, page, title, date, text]
    }
}

fn title(a: &ParsedEntry, b: &ParsedEntry) -> Title {
    let line = |entry: &ParsedEntry| entry.title.as_deref().map(one_line).filter(|title| !title.is_empty());
    match (line(a), line(b)) {
        (Some(a), Some(b)) => alike::titles(&a, &b),
        _ => Title::Silent,
    }
}

/// The words of an entry, blanks folded.
#[derive(Debug, Default)]
pub(super) struct Words {
    short: String,
    long: String,
    /// The parts that are compared, read once, when they are first asked for.
    openings: [OnceCell<Vec<char>>; 2],
}

impl Words {
    pub(super) fn of(entry: &ParsedEntry) -> Self {
        let (short, long) = (words(entry.summary.as_ref()), words(entry.content.as_ref()));
        Self { short, long, ..Self::default() }
    }

    /// The short text, or the long one where there is no other.
    fn either(&self) -> &str {
        if self.short.is_empty() { &self.long } else { &self.short }
    }

    fn opening(&self) -> &[char] {
        self.openings[0].get_or_init(|| alike::opening(self.either()))
    }

    fn opening_of_long(&self) -> &[char] {
        self.openings[1].get_or_init(|| alike::opening(&self.long))
    }

    /// Hash of the one or the other, as [`Candidate::text`] has it.
    pub(super) fn hash(&self) -> Option<u64> {
        Some(self.either()).filter(|words| !words.is_empty()).map(short_hash)
    }
}

/// The short texts are compared where both have one, else whatever there is.
fn text(a: &Words, b: &Words) -> Text {
    match alike::texts(a.opening(), b.opening()) {
        // An extract that was written anew over the same text.
        Text::Other if !a.long.is_empty() && !b.long.is_empty() => {
            match alike::texts(a.opening_of_long(), b.opening_of_long()) {
                kept if kept.is_kept() => kept,
                _ => Text::Other,
            }
        }
        said => said,
    }
}

fn date(a: Option<Stamp>, b: Option<Stamp>, zone: Tz) -> Date {
    let (Some(a), Some(b)) = (a, b) else { return Date::Silent };
    let says_a_day = |stamp: Stamp| {
        let midnight = |seconds| seconds == 0;
        stamp.precision == Precision::Day
            || midnight(stamp.at.with_timezone(&zone).num_seconds_from_midnight())
            || midnight(stamp.at.num_seconds_from_midnight())
    };
    match same_date(Some(a), Some(b)) {
        Some(true) if says_a_day(a) || says_a_day(b) => Date::Day,
        Some(true) => Date::Second,
        _ => Date::Other,
    }
}
