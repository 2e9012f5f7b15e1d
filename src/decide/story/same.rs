//! Decides if two entries tell the same story, and gives the reason.

use crate::model::story::Reason;
use std::cell::OnceCell;

use super::place::{self, Named, Places};
use super::sample::{GramSet, Overlap};
use super::sketch::{Head, Sketch, View};
use super::subject;
use super::title::Pairs;

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

/// A new entry, prepared to be compared with many others.
pub(super) struct Probe<'a> {
    pub(super) view: View<'a>,
    pub(super) pairs: Pairs,
    /// Holds the runs of letters of `view`.
    set: &'a GramSet,
}

/// The overlap of two sketches, measured on demand and once.
pub(super) struct Pair<'a> {
    pub(super) a: &'a Probe<'a>,
    pub(super) b: View<'a>,
    text: OnceCell<Overlap>,
    numbers: OnceCell<Overlap>,
    titles: OnceCell<f64>,
}

/// A judgement of two entries that tell one story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SameStory {
    pub reason: Reason,
    /// True if their days and figures agree too.
    pub agrees: bool,
    /// True if they are the same report: a reader of one has read the other.
    pub copy: bool,
}

/// True if two entries tell the same story. Allocates; the index compares many without.
pub fn same(a: &Sketch, b: &Sketch) -> Option<SameStory> {
    let mut set = GramSet::new();
    set.flip(a.view().text());
    Probe::new(a.view(), &set).judge(b.view())
}

impl<'a> Probe<'a> {
    /// Prepares an entry; `set` holds its runs of letters.
    pub(super) fn new(view: View<'a>, set: &'a GramSet) -> Self {
        Self { view, pairs: Pairs::of(view.title()), set }
    }

    pub(super) fn judge(&'a self, b: View<'a>) -> Option<SameStory> {
        let pair =
            Pair { a: self, b, text: OnceCell::new(), numbers: OnceCell::new(), titles: OnceCell::new() };
        let reason = pair.reason()?;
        Some(SameStory { reason, agrees: !pair.next_bulletin(), copy: pair.is_copy() })
    }

    /// False only if [`Self::judge`] finds nothing: no rule can apply, whatever the rest of the entries. It
    /// reads only the heads for most, and a part of the runs of letters for the rest.
    pub(super) fn may_match(&self, b: View<'_>) -> bool {
        let (new, old) = (self.view.head, b.head);
        if self.same_page(b) {
            return true;
        }
        if new.minute.abs_diff(old.minute) > WINDOW_MINUTES {
            return false;
        }
        new.title_hash == old.title_hash || self.titles_may_be_near(old) || self.texts_may_be_near(b)
    }

    /// Titles that share the share `NEAR_TITLE` of all pairs differ in at most a ninth as many pairs as
    /// either has, and each bit that differs comes from a pair that does.
    fn titles_may_be_near(&self, old: &Head) -> bool {
        let apart = (self.view.head.title_bits ^ old.title_bits).count_ones() as usize;
        apart * 9 <= self.pairs.as_slice().len()
    }

    /// True if both link to one page.
    pub(super) fn same_page(&self, b: View<'_>) -> bool {
        self.view.head.link != 0 && self.view.head.link == b.head.link
    }

    /// Either rule about texts may apply.
    fn texts_may_be_near(&self, b: View<'_>) -> bool {
        self.texts_may_share(b, |all, smaller| (all * (NEAR / (1.0 + NEAR))).min(smaller * CONTAINED))
    }

    /// False only if the texts share fewer runs than `need` says, of all that both have and of those that the
    /// smaller one has.
    pub(super) fn texts_may_share(&self, b: View<'_>, need: impl FnOnce(f64, f64) -> f64) -> bool {
        let (a, b) = (self.view.text(), b.text());
        if a.len() < FEW || b.len() < FEW {
            return false;
        }
        self.set.may_share(a, b, |first, second| {
            let need = need((first + second) as f64, first.min(second) as f64);
            // A hundredth off, for the rounding of these products.
            (need - 0.01).max(0.0).ceil() as usize
        })
    }
}

impl Pair<'_> {
    pub(super) fn text(&self) -> Overlap {
        *self.text.get_or_init(|| self.a.set.overlap(self.a.view.text(), self.b.text()))
    }

    pub(super) fn numbers(&self) -> Overlap {
        *self.numbers.get_or_init(|| self.a.view.numbers().overlap(self.b.numbers()))
    }

    /// The share of common pairs of letters of the two titles.
    pub(super) fn titles(&self) -> f64 {
        *self.titles.get_or_init(|| self.a.pairs.jaccard(&Pairs::of(self.b.title())))
    }

    fn heads(&self) -> (&Head, &Head) {
        (self.a.view.head, self.b.head)
    }

    pub(super) fn apart(&self) -> u32 {
        let (a, b) = self.heads();
        a.minute.abs_diff(b.minute)
    }

    fn reason(&self) -> Option<Reason> {
        let apart = self.apart();
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

    /// Entries that link to one page tell its story, unless nothing else is alike: then the page is a ticker, or
    /// lists the notices of an authority.
    fn same_link(&self) -> bool {
        let ticker = || self.strangers() && self.titles() < 1.0 / 8.0;
        self.a.same_page(self.b) && !ticker()
    }

    /// Both have a text, and the texts share next to nothing.
    fn strangers(&self) -> bool {
        self.text().smaller() >= FEW && self.text().containment() < STRANGERS
    }

    /// One form filled in for two subjects: the titles differ only in their beginning, and neither
    /// entry mentions what the other begins with. This tells companies, countries and clubs apart
    /// that no gazetteer knows.
    pub(super) fn other_subject(&self) -> bool {
        let (a, b) = (self.a.view, self.b);
        let Some((of_a, of_b)) = subject::swapped(a.title(), b.title()) else { return false };
        let mentions = |view: View<'_>, name: subject::Name<'_>| {
            name.into_iter().flatten().any(|reading| view.mentions().name(reading))
        };
        !mentions(b, of_a) && !mentions(a, of_b)
    }

    fn same_outlet(&self) -> bool {
        let (a, b) = self.heads();
        a.outlet == b.outlet
    }

    /// One outlet on one site. Two sites that give one name are two that carry the reports of one agency.
    pub(super) fn same_house(&self) -> bool {
        let (a, b) = self.heads();
        self.same_outlet() && (a.site == b.site || a.site == 0 || b.site == 0)
    }

    /// Reports of one template from two places. A title is about its places; if a title names none,
    /// those of its text's head count. Two titles may still name two places of one
    /// report, a city and its county: then one of the entries speaks of all that the other names.
    pub(super) fn other_place(&self) -> bool {
        let (a, b) = (self.a.view, self.b);
        let titled = !a.title_places().is_empty() && !b.title_places().is_empty();
        let (of_a, of_b) = (named(a, titled), named(b, titled));
        place::apart(of_a.clone(), of_b.clone()) && !mentions_all(b, of_a) && !mentions_all(a, of_b)
    }

    /// Both say which day they are about, and it is not the same.
    fn other_day(&self) -> bool {
        let (mut a, b) = (self.a.view.days(), self.b.days());
        let said = a.clone().next().is_some() && b.clone().next().is_some();
        said && !a.any(|x| b.clone().any(|y| x.agrees(y)))
    }

    /// The next number of a series: the day differs, or the figures do.
    pub(super) fn next_bulletin(&self) -> bool {
        self.other_day() || (self.numbers().smaller() >= 2 && self.numbers().containment() < 0.75)
    }

    pub(super) fn equal_titles(&self) -> bool {
        self.a.view.title() == self.b.title()
    }

    /// Equal titles are one story in one region. Texts must agree where they may be two: reports of two regions,
    /// titles so short that they name a routine, the form of one outlet, and a city that only the outlet tells.
    fn same_title(&self) -> Option<Reason> {
        if self.b.title().is_empty() || !self.equal_titles() || !self.titles_may_tell() {
            return None;
        }
        let (a, b) = (self.a.view.regions(), self.b.regions());
        let elsewhere = !a.is_empty() && !b.is_empty() && !a.iter().any(|region| b.contains(region));
        let local = || (self.a.view.is_local() || self.b.is_local()) && self.b.title_places().is_empty();
        let telling = self.shorter_title() >= SHORT_TITLE && !elsewhere && !self.same_house() && !local();
        let texts_agree = || self.text().smaller() >= FEW && self.text().containment() >= 0.5;
        (telling || texts_agree()).then_some(Reason::SameTitle)
    }

    /// Titles decide only where nothing else says it is the next bulletin or another meeting.
    fn titles_may_tell(&self) -> bool {
        !self.next_bulletin() && (self.shorter_title() >= ROUTINE_TITLE || !self.strangers())
    }

    fn shorter_title(&self) -> usize {
        self.a.view.title().len().min(self.b.title().len())
    }

    /// Two outlets that write nearly the same words retell one report. One outlet that does has more
    /// often filled in its form again, so there the figures must agree too.
    fn near_text(&self) -> Option<Reason> {
        let jaccard = self.text().jaccard();
        let near = self.text().smaller() >= FEW && jaccard >= NEAR && self.on_topic();
        let again = || self.same_outlet() && self.next_bulletin();
        (near && !again()).then_some(Reason::NearText { percent: percent(jaccard) })
    }

    /// One outlet carries the whole, another its beginning. A digest carries many stories: it is far
    /// longer, and its title is not of this one.
    fn part_of_text(&self) -> Option<Reason> {
        let share = self.text().containment();
        let (a, b) = (self.a.view, self.b);
        let (short, long) = if a.head.letters <= b.head.letters { (a, b) } else { (b, a) };
        let digest = || {
            usize::from(short.head.letters) * 4 < usize::from(long.head.letters)
                && short.mentions().share(long.title()) < 0.25
        };
        let part = self.text().smaller() >= FEW && share >= CONTAINED && self.on_topic();
        (part && !digest() && !self.next_bulletin()).then_some(Reason::PartOfText { percent: percent(share) })
    }

    fn near_title(&self) -> Option<Reason> {
        let near = !self.equal_titles()
            && self.shorter_title() >= SHORT_TITLE
            && self.titles() >= NEAR_TITLE
            && !self.same_house()
            && self.a.view.marks() == self.b.marks()
            && place::equal(self.a.view.title_places(), self.b.title_places())
            && self.titles_may_tell();
        near.then_some(Reason::NearTitle { percent: percent(self.titles()) })
    }

    /// A notice that stands under every entry of an outlet is equal text, but tells nothing.
    fn on_topic(&self) -> bool {
        self.a.view.on_topic() || self.b.on_topic()
    }
}

/// The places of a title, and unless `titled` those of the text.
fn named(entry: View<'_>, titled: bool) -> impl Iterator<Item = Named<'_>> + Clone {
    let of_text = if titled { Places::default() } else { entry.text_places() };
    entry.title_places().chain(of_text)
}

fn mentions_all<'a>(entry: View<'_>, mut places: impl Iterator<Item = Named<'a>>) -> bool {
    places.all(|place| !place.name.is_empty() && entry.mentions().name(place.name))
}

fn percent(share: f64) -> u8 {
    (share * 100.0).round() as u8
}
