//! Decides if two entries are the same report, so that a reader of one has read the other. Only then may a feed
//! show one in place of the other; weaker matches are linked, and both are shown.

use super::same::{Pair, Probe};
use super::sketch::View;
use super::title::Pairs;

/// Texts that share this much of their runs of three letters are one text: a dateline, a credit or a word apart.
pub(super) const COPY: f64 = 0.9;
/// And of one outlet, which fills in its forms again and again: no word apart.
const REPEAT: f64 = 0.98;
/// Runs below which a text is a sentence, which two reports may share.
const FEW: usize = 40;
/// An outlet that puts one report into two of its channels does so at once. What it says again later is news:
/// the warning is in force again.
const AT_ONCE_MINUTES: u32 = 2 * 60;
/// Entries of one page are of one report within half a day. The page of a daily notice has the next one by then.
const SAME_PAGE_MINUTES: u32 = 12 * 60;
/// A text of fewer letters has no pair of them by which it could be known again.
const PAIR: u16 = 2;
/// Titles of one page that share this much of their pairs are of one report.
const AKIN: f64 = 0.5;
/// The shorter text of one page is the beginning of the longer one.
const BEGINNING: f64 = 0.85;
/// Of the pairs of a title, at least one in so many stands in its text.
const TOLD: usize = 3;
/// Figures that agree: all of a few, nearly all of many.
const FIGURES: f64 = 0.9;

impl Probe<'_> {
    /// False only if [`Pair::is_copy`] is false, whatever else the entries say.
    pub(super) fn may_be_copy(&self, old: View<'_>) -> bool {
        self.same_page(old) || self.texts_may_share(old, |all, _| all * (COPY / (1.0 + COPY)))
    }
}

impl Pair<'_> {
    /// True if the two, which tell one story, are one report.
    pub(super) fn is_copy(&self) -> bool {
        let (a, b) = (self.a.view, self.b);
        if self.next_bulletin() || !a.marks().agree(b.marks()) || self.other_place() {
            return false;
        }
        if self.a.same_page(b) {
            return self.is_copy_by_page();
        }
        if self.same_house() {
            let at_once = self.apart() <= AT_ONCE_MINUTES;
            return at_once
                && a.marks() == b.marks()
                && self.is_one_text(REPEAT)
                && self.titles_fit_both_texts();
        }
        self.is_one_text(COPY) && !self.other_subject() && self.titles_fit_both_texts() && !self.is_local()
    }

    /// One page is one report, unless it is the page of many: a ticker, a list of notices. So something else
    /// must agree. Of one house all must: there its entries were told apart already, so the page has another state
    /// by now, another comment or another warning, unless it stands in two channels.
    fn is_copy_by_page(&self) -> bool {
        if self.same_house() {
            return self.apart() <= AT_ONCE_MINUTES
                && self.equal_titles()
                && self.a.view.marks() == self.b.marks()
                && self.texts_are_equal();
        }
        if self.texts_contradict() {
            return false;
        }
        let akin = self.equal_titles() || self.titles() >= AKIN;
        let begins = || self.text().smaller() >= FEW && self.text().containment() >= BEGINNING;
        akin && (self.apart() <= SAME_PAGE_MINUTES || begins()) || self.is_one_text(COPY)
    }

    /// One of the two has no text, or both have the same.
    fn texts_are_equal(&self) -> bool {
        let [a, b] = self.letters();
        if a == 0 || b == 0 {
            return true;
        }
        self.is_one_text(REPEAT) || a == b && a >= PAIR && self.mentions_and_numbers_are_equal()
    }

    /// Both have a text, and neither is part of the other one. A stub beside a text says nothing of it.
    fn texts_contradict(&self) -> bool {
        let [a, b] = self.letters();
        let stubs = self.a.view.text().len() == 0 && self.b.text().len() == 0;
        if a == 0 || b == 0 || self.text().smaller() == 0 && !stubs {
            return false;
        }
        if stubs {
            return a != b || a < PAIR || !self.mentions_and_numbers_are_equal();
        }
        let figures = self.numbers();
        self.text().containment() < BEGINNING || figures.smaller() > 0 && figures.containment() < FIGURES
    }

    /// What is kept of a text that is too short for runs of letters.
    fn mentions_and_numbers_are_equal(&self) -> bool {
        let numbers = self.numbers();
        self.a.view.mentions() == self.b.mentions()
            && numbers.both == numbers.first
            && numbers.both == numbers.second
    }

    /// How many letters the longest text of each has.
    fn letters(&self) -> [u16; 2] {
        [self.a.view.head.letters, self.b.head.letters]
    }

    fn is_one_text(&self, share: f64) -> bool {
        let (text, numbers) = (self.text(), self.numbers());
        let figures_agree = numbers.first + numbers.second == 0 || numbers.jaccard() >= FIGURES;
        text.smaller() >= FEW && text.jaccard() >= share && figures_agree
    }

    /// What a title says and its own text too, the other text says as well; and where the titles differ, enough
    /// of it stands in the texts. A form that is filled in with another name fails here, wherever the name
    /// stands, and so does a covering letter (`现印发给你们`) that says nothing of what it covers. Another headline
    /// of the same text does not.
    fn titles_fit_both_texts(&self) -> bool {
        let (a, b) = (self.a.view, self.b);
        self.equal_titles() || fits(a, b, &Pairs::of(b.title())) && fits(b, a, &self.a.pairs)
    }

    /// The city is told by who wrote it: 我市, and titles that begin with 市. Two outlets mean two cities.
    fn is_local(&self) -> bool {
        self.a.view.is_local() || self.b.is_local()
    }
}

/// True if what one title says beyond the other is told by both texts.
fn fits(one: View<'_>, other: View<'_>, pairs: &Pairs) -> bool {
    let (mut told, mut apart, mut told_apart) = (0, 0, 0);
    for (at, pair) in one.title().windows(2).enumerate() {
        let is_told = one.told().get(at / 16).is_some_and(|bits| bits >> (at % 16) & 1 != 0);
        if is_told && !other.mentions().name(pair) {
            return false;
        }
        told += usize::from(is_told);
        if !pairs.has((u32::from(pair[0]) << 16) | u32::from(pair[1])) {
            apart += 1;
            told_apart += usize::from(is_told);
        }
    }
    told * TOLD >= one.title().len().saturating_sub(1) && (apart == 0 || told_apart > 0)
}
