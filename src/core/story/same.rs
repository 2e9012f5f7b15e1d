//! Whether two entries tell the same story, and why.

use std::cell::OnceCell;

use serde::{Deserialize, Serialize};

use super::place::{self, Place};
use super::sample::Overlap;
use super::sketch::Sketch;
use super::text::Day;
use super::{subject, title};

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
/// A shorter title may be a routine's (`市政府召开常务会议`), so texts under it must not be strangers.
const ROUTINE_TITLE: usize = 16;
/// Texts on one subject share more of their runs than this, even in other words.
const STRANGERS: f64 = 0.1;

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

/// What two sketches have in common, measured when a rule asks for it, and once: most pairs are told apart
/// without.
struct Pair<'a> {
    a: &'a Sketch,
    b: &'a Sketch,
    text: OnceCell<Overlap>,
    numbers: OnceCell<Overlap>,
}

/// A judgement of two entries: the reason, and whether their days and figures agree too.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict {
    pub(super) reason: Reason,
    pub(super) agrees: bool,
}

/// Whether two entries tell the same story.
#[must_use]
pub fn same(a: &Sketch, b: &Sketch) -> Option<Reason> {
    judge(a, b).map(|verdict| verdict.reason)
}

pub(super) fn judge(a: &Sketch, b: &Sketch) -> Option<Verdict> {
    if a.version != b.version {
        return None;
    }
    let pair = Pair { a, b, text: OnceCell::new(), numbers: OnceCell::new() };
    pair.reason().map(|reason| Verdict { reason, agrees: !pair.next_bulletin() })
}

impl Pair<'_> {
    fn text(&self) -> Overlap {
        *self.text.get_or_init(|| self.a.text.overlap(&self.b.text))
    }

    fn numbers(&self) -> Overlap {
        *self.numbers.get_or_init(|| self.a.numbers.overlap(&self.b.numbers))
    }

    fn reason(&self) -> Option<Reason> {
        let apart = self.a.minute.abs_diff(self.b.minute);
        if apart <= LINK_MINUTES && self.same_link() {
            return Some(Reason::SameLink);
        }
        if apart > WINDOW_MINUTES || self.other_place() || self.other_subject() {
            return None;
        }
        self.same_title()
            .or_else(|| self.near_text())
            .or_else(|| self.part_of_text())
            .or_else(|| self.near_title())
    }

    /// Two feeds that link to one page tell what it tells. Within one outlet a page that several
    /// entries link to is as often a ticker, so there the entries must have something in common.
    fn same_link(&self) -> bool {
        let linked = self.a.link != 0 && self.a.link == self.b.link;
        let ticker = self.same_outlet() && self.strangers() && self.titles() < 1.0 / 8.0;
        linked && !ticker
    }

    /// Both have a text, and the texts share next to nothing.
    fn strangers(&self) -> bool {
        self.text().smaller() >= FEW && self.text().containment() < STRANGERS
    }

    /// The share of common pairs of characters of the two titles.
    fn titles(&self) -> f64 {
        let (a, b) = (title::pairs(&self.a.title), title::pairs(&self.b.title));
        let both = a.iter().filter(|p| b.binary_search(p).is_ok()).count();
        both as f64 / (a.len() + b.len() - both).max(1) as f64
    }

    /// One form filled in for two subjects: the titles differ only in their beginning, and neither
    /// entry mentions what the other begins with. This tells companies, countries and clubs apart
    /// that no gazetteer knows.
    fn other_subject(&self) -> bool {
        let Some((a, b)) = subject::swapped(&self.a.title, &self.b.title) else { return false };
        !self.b.mentions.name(&a) && !self.a.mentions.name(&b)
    }

    fn same_outlet(&self) -> bool {
        self.a.outlet == self.b.outlet
    }

    /// Reports of one template from two places. A title's places are what it is about; where one
    /// title names none, the head of its text stands in. Two titles may still name two places of one
    /// report, a city and its county: then one of the entries speaks of all that the other names.
    fn other_place(&self) -> bool {
        let (a, b) = (self.a, self.b);
        let titled = !a.title_places.is_empty() && !b.title_places.is_empty();
        let places = |s: &Sketch| match titled {
            true => s.title_places.clone(),
            false => [s.title_places.as_slice(), s.text_places.as_slice()].concat(),
        };
        let (of_a, of_b) = (places(a), places(b));
        place::apart(&of_a, &of_b) && !mentions_all(b, &of_a) && !mentions_all(a, &of_b)
    }

    /// Both say which day they are about, and it is not the same.
    fn other_day(&self) -> bool {
        let days = |s: &Sketch| s.days.iter().map(|&(month, day)| Day { month, day }).collect::<Vec<_>>();
        let (a, b) = (days(self.a), days(self.b));
        !a.is_empty() && !b.is_empty() && !a.iter().any(|x| b.iter().any(|y| x.agrees(*y)))
    }

    /// The next number of a series: the day differs, or the figures do.
    fn next_bulletin(&self) -> bool {
        self.other_day() || (self.numbers().smaller() >= 2 && self.numbers().containment() < 0.75)
    }

    /// Equal titles are one story in one region; reports of two regions, and titles so short that
    /// they name a routine, need texts that agree.
    fn same_title(&self) -> Option<Reason> {
        if self.a.title.is_empty() || self.a.title != self.b.title || !self.titles_may_tell() {
            return None;
        }
        let elsewhere = !self.a.regions.is_empty()
            && !self.b.regions.is_empty()
            && !self.a.regions.iter().any(|r| self.b.regions.contains(r));
        let telling = self.shorter_title() >= SHORT_TITLE && !elsewhere;
        let texts_agree = self.text().smaller() >= FEW && self.text().containment() >= 0.5;
        (telling || texts_agree).then_some(Reason::SameTitle)
    }

    /// Titles decide only where nothing else says it is the next bulletin or another meeting.
    fn titles_may_tell(&self) -> bool {
        !self.next_bulletin() && (self.shorter_title() >= ROUTINE_TITLE || !self.strangers())
    }

    fn shorter_title(&self) -> usize {
        self.a.title.chars().count().min(self.b.title.chars().count())
    }

    /// Two outlets that write nearly the same words retell one report. One outlet that does has more
    /// often filled in its form again, so there the figures must agree too.
    fn near_text(&self) -> Option<Reason> {
        let jaccard = self.text().jaccard();
        let near = self.text().smaller() >= FEW && jaccard >= NEAR && self.on_topic();
        let again = self.same_outlet() && self.next_bulletin();
        (near && !again).then_some(Reason::NearText { percent: percent(jaccard) })
    }

    /// One outlet carries the whole, another its beginning. A digest carries many stories: it is far
    /// longer, and its title is not of this one.
    fn part_of_text(&self) -> Option<Reason> {
        let share = self.text().containment();
        let (short, long) =
            if self.a.letters <= self.b.letters { (self.a, self.b) } else { (self.b, self.a) };
        let digest = usize::from(short.letters) * 4 < usize::from(long.letters)
            && short.mentions.share(&long.title) < 0.25;
        let part = self.text().smaller() >= FEW && share >= CONTAINED && self.on_topic();
        (part && !digest && !self.next_bulletin()).then_some(Reason::PartOfText { percent: percent(share) })
    }

    fn near_title(&self) -> Option<Reason> {
        let jaccard = self.titles();
        let near = self.a.title != self.b.title
            && self.shorter_title() >= SHORT_TITLE
            && jaccard >= NEAR_TITLE
            && digits(&self.a.title) == digits(&self.b.title)
            && place::equal(&self.a.title_places, &self.b.title_places)
            && self.titles_may_tell();
        near.then_some(Reason::NearTitle { percent: percent(jaccard) })
    }

    /// A notice that stands under every entry of an outlet is equal text, but tells nothing.
    fn on_topic(&self) -> bool {
        self.a.on_topic || self.b.on_topic
    }
}

fn mentions_all(entry: &Sketch, places: &[Place]) -> bool {
    places.iter().all(|p| !p.name.is_empty() && entry.mentions.name(&[p.name.chars().collect()]))
}

fn digits(title: &str) -> Vec<&str> {
    title.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()).collect()
}

fn percent(share: f64) -> u8 {
    (share * 100.0).round() as u8
}
