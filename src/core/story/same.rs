//! Whether two entries tell the same story, and why.

use serde::{Deserialize, Serialize};

use super::sketch::Sketch;
use super::text::Day;
use super::{place, title};

/// Further apart than three days, equal words are another occasion.
pub(super) const WINDOW_MINUTES: u32 = 3 * 24 * 60;
/// A page keeps its address for good, but an entry that links to one a month old is not news of it.
pub(super) const LINK_MINUTES: u32 = 30 * 24 * 60;

/// Texts that share this much of their runs of three letters were written from one another.
const NEAR: f64 = 0.55;
/// The shorter text stands in the longer one.
const CONTAINED: f64 = 0.85;
/// Runs below which a share of them means nothing.
const FEW: usize = 24;
/// Titles that share this much of their pairs differ in a letter or two.
const NEAR_TITLE: f64 = 0.9;
/// A shorter title names a kind of news (`天气预报`), not one.
const SHORT_TITLE: usize = 8;

/// Why two entries tell the same story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Both link to the same page.
    SameLink,
    /// Their titles are equal once normalised.
    SameTitle,
    /// Their texts are nearly equal; the share of common runs of letters in hundredths.
    NearText {
        /// Jaccard similarity × 100.
        percent: u8,
    },
    /// One's text stands in the other's; the share of the shorter text in hundredths.
    PartOfText {
        /// Containment × 100.
        percent: u8,
    },
    /// Their titles are nearly equal, with equal numbers and places.
    NearTitle {
        /// Jaccard similarity × 100.
        percent: u8,
    },
}

/// What two sketches have in common, measured once and judged by several rules.
struct Pair<'a> {
    a: &'a Sketch,
    b: &'a Sketch,
    text: super::sample::Overlap,
    numbers: super::sample::Overlap,
}

/// Whether two entries tell the same story.
#[must_use]
pub fn same(a: &Sketch, b: &Sketch) -> Option<Reason> {
    if a.version != b.version {
        return None;
    }
    let pair = Pair { a, b, text: a.text.overlap(&b.text), numbers: a.numbers.overlap(&b.numbers) };
    let apart = a.minute.abs_diff(b.minute);
    if apart <= LINK_MINUTES && pair.same_link() {
        return Some(Reason::SameLink);
    }
    if apart > WINDOW_MINUTES || pair.other_place() {
        return None;
    }
    pair.same_title()
        .or_else(|| pair.near_text())
        .or_else(|| pair.part_of_text())
        .or_else(|| pair.near_title())
}

impl Pair<'_> {
    fn same_link(&self) -> bool {
        self.a.link != 0 && self.a.link == self.b.link
    }

    fn same_outlet(&self) -> bool {
        self.a.outlet == self.b.outlet
    }

    /// Reports of one template from two places. A title's places are what it is about; where one
    /// title names none, the head of its text stands in.
    fn other_place(&self) -> bool {
        let (a, b) = (self.a, self.b);
        if a.title_places.is_empty() || b.title_places.is_empty() {
            let all = |s: &Sketch| [s.title_places.as_slice(), s.text_places.as_slice()].concat();
            return place::apart(&all(a), &all(b));
        }
        place::apart(&a.title_places, &b.title_places)
    }

    /// Both say which day they are about, and it is not the same.
    fn other_day(&self) -> bool {
        let days = |s: &Sketch| s.days.iter().map(|&(month, day)| Day { month, day }).collect::<Vec<_>>();
        let (a, b) = (days(self.a), days(self.b));
        !a.is_empty() && !b.is_empty() && !a.iter().any(|x| b.iter().any(|y| x.agrees(*y)))
    }

    /// The next number of a series: the day differs, or the figures do.
    fn next_bulletin(&self) -> bool {
        self.other_day() || (self.numbers.smaller() >= 2 && self.numbers.containment() < 0.75)
    }

    fn same_title(&self) -> Option<Reason> {
        if self.a.title.is_empty() || self.a.title != self.b.title || self.next_bulletin() {
            return None;
        }
        let short = self.a.title.chars().nth(SHORT_TITLE - 1).is_none();
        let elsewhere = !self.a.regions.is_empty()
            && !self.b.regions.is_empty()
            && !self.a.regions.iter().any(|r| self.b.regions.contains(r));
        let texts_agree = self.text.smaller() >= FEW && self.text.containment() >= 0.5;
        ((!short && !elsewhere) || texts_agree).then_some(Reason::SameTitle)
    }

    /// Two outlets that write nearly the same words retell one report. One outlet that does has more
    /// often filled in its form again, so there the figures must agree too.
    fn near_text(&self) -> Option<Reason> {
        let jaccard = self.text.jaccard();
        let near = self.text.smaller() >= FEW && jaccard >= NEAR && self.on_topic();
        let again = self.same_outlet() && self.next_bulletin();
        (near && !again).then_some(Reason::NearText { percent: percent(jaccard) })
    }

    fn part_of_text(&self) -> Option<Reason> {
        let share = self.text.containment();
        let part = self.text.smaller() >= FEW && share >= CONTAINED && self.on_topic();
        (part && !self.next_bulletin()).then_some(Reason::PartOfText { percent: percent(share) })
    }

    fn near_title(&self) -> Option<Reason> {
        let (a, b) = (title::pairs(&self.a.title), title::pairs(&self.b.title));
        let both = a.iter().filter(|p| b.binary_search(p).is_ok()).count();
        let all = (a.len() + b.len() - both).max(1);
        let jaccard = both as f64 / all as f64;
        let near = a.len().min(b.len()) >= SHORT_TITLE
            && jaccard >= NEAR_TITLE
            && digits(&self.a.title) == digits(&self.b.title)
            && place::equal(&self.a.title_places, &self.b.title_places)
            && !self.next_bulletin();
        near.then_some(Reason::NearTitle { percent: percent(jaccard) })
    }

    /// A notice that stands under every entry of an outlet is equal text, but tells nothing.
    fn on_topic(&self) -> bool {
        self.a.on_topic || self.b.on_topic
    }
}

fn digits(title: &str) -> Vec<&str> {
    title.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()).collect()
}

fn percent(share: f64) -> u8 {
    (share * 100.0).round() as u8
}
