//! Matches the entries of a document with the known entries: each is known, new, or a duplicate. The order of
//! entries changes no decision.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use chrono_tz::Tz;

use super::candidate::{self, Candidate, same_date};
use super::decide::{self, Context};
use super::duplicates::duplicates;
use super::evidence::{Guid, Page, PairEvidence, Past, Words};
use super::facts::Facts;
use super::moved::moved;
use crate::model::entry::ParsedEntry;
use crate::model::identity::Marks;
use crate::model::identity::Vote;
use crate::model::identity::{IdentityKey, KeyKind};

/// The match of one entry of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identified {
    /// The known entry of this number.
    Known {
        no: u64,
        /// The evidence for it and against it.
        votes: Vec<Vote>,
    },
    /// An entry never seen; `key` is its own: no known entry has it, and its id is minted from it.
    New {
        key: IdentityKey,
        /// The known entry with which it shares a key, and the evidence that they differ.
        apart: Option<(u64, Vec<Vote>)>,
    },
    /// Once more the entry at this index of the document.
    Duplicate(usize),
}

/// The matching of a document with the known entries of its source.
#[derive(Debug)]
pub struct Matching<'a> {
    entries: &'a [ParsedEntry],
    candidates: Vec<Candidate>,
    shared: Vec<IdentityKey>,
    marks: Marks,
    zone: Tz,
}

#[derive(Debug)]
pub struct Matched {
    /// Of each entry.
    pub identified: Vec<Identified>,
    /// Each entry as it is recorded.
    pub candidates: Vec<Candidate>,
    /// The updated marks of the source's guids and addresses.
    pub marks: Marks,
}

/// The known entries that keys lead to.
type Hits = BTreeMap<IdentityKey, u64>;

impl<'a> Matching<'a> {
    /// Reads a document's entries, with the marks of their source.
    pub fn new(entries: &'a [ParsedEntry], marks: Marks, zone: Tz) -> Self {
        let (candidates, shared) = candidate::read(entries, zone, &marks);
        Self { entries, candidates, shared, marks, zone }
    }

    /// The keys that may lead to known entries, each once.
    pub fn keys(&self) -> BTreeSet<IdentityKey> {
        self.candidates.iter().flat_map(|c| c.keys.iter().chain(&c.day)).copied().collect()
    }

    /// Decides for each entry. `hits` says where the keys lead to, `past` what is known of these. A known entry is
    /// matched once; the candidate that shares most with it gets it.
    pub fn judged<'p>(mut self, hits: &Hits, past: &dyn Fn(u64) -> Option<Past<'p>>) -> Matched {
        let first_of = duplicates(&self.candidates);
        let firsts: Vec<usize> = (0..first_of.len()).filter(|at| first_of[*at] == *at).collect();
        let view = View { document: &self, hits, past, words: RefCell::default() };
        let (marks, guids) = view.guids(&firsts);
        let moved = view.moved(&firsts);
        let context = |candidate: &Candidate| Context {
            proved: guids.proved,
            moved: moved.contains(&candidate.title_date)
                || candidate.day.is_some_and(|day| moved.contains(&day)),
        };
        let (mut offers, mut refused) = (Vec::new(), BTreeMap::new());
        for &index in &firsts {
            let candidate = &self.candidates[index];
            for no in view.led_to(candidate) {
                let Some(evidence) = view.evidence(index, no, guids.silent) else { continue };
                if decide::is_same(&evidence, context(candidate)) {
                    offers.push((index, no, evidence));
                } else {
                    refused.entry(index).or_insert((no, evidence.votes()));
                }
            }
        }
        // The index decides nothing: candidates that are equal in all else are duplicates.
        offers.sort_by_key(|(index, no, evidence)| {
            (std::cmp::Reverse(evidence.weight()), &self.candidates[*index], *no)
        });
        let mut taken = BTreeSet::new();
        let mut known: BTreeMap<usize, (u64, Vec<Vote>)> = BTreeMap::new();
        for (index, no, evidence) in &offers {
            if !known.contains_key(index) && taken.insert(*no) {
                known.insert(*index, (*no, evidence.votes()));
            }
        }
        let identified: Vec<Identified> = (0..self.candidates.len())
            .map(|at| {
                if first_of[at] != at {
                    return Identified::Duplicate(first_of[at]);
                }
                match known.remove(&at) {
                    Some((no, votes)) => Identified::Known { no, votes },
                    None => {
                        let key = own_key(&self.candidates[at], hits);
                        Identified::New { key, apart: refused.remove(&at) }
                    }
                }
            })
            .collect();
        self.marks = marks;
        self.note_shared(&identified, hits, guids.silent);
        Matched { identified, candidates: self.candidates, marks: self.marks }
    }

    /// Notes the facts that several entries of the document share: they no longer count as votes. A guid or an address
    /// of a known entry that a new one has does not count either.
    fn note_shared(&mut self, identified: &[Identified], hits: &Hits, silent: bool) {
        self.shared.iter().for_each(|key| self.marks.note_shared(*key));
        for (candidate, identified) in self.candidates.iter().zip(identified) {
            let Facts { guid, page, .. } = candidate.facts;
            let names = guid.filter(|_| !silent).into_iter().chain(page);
            if matches!(identified, Identified::New { .. }) {
                names.filter(|key| hits.contains_key(key)).for_each(|key| self.marks.note_shared(key));
            }
        }
    }
}

struct View<'v, 'd, 'p> {
    document: &'v Matching<'d>,
    hits: &'v Hits,
    past: &'v dyn Fn(u64) -> Option<Past<'p>>,
    /// The words of known entries, each read once: a whole document may lead to one entry, and that may be long.
    words: RefCell<BTreeMap<u64, Rc<Words>>>,
}

#[derive(Clone, Copy)]
struct Guids {
    /// They are no vote in it.
    silent: bool,
    /// They have proved to stay with their entries.
    proved: bool,
}

impl<'p> View<'_, '_, 'p> {
    fn hit(&self, key: Option<IdentityKey>) -> Option<u64> {
        self.hits.get(&key?).copied()
    }

    /// The known entries that a candidate's keys lead to, each once.
    fn led_to(&self, candidate: &Candidate) -> BTreeSet<u64> {
        candidate.keys.iter().chain(&candidate.day).filter_map(|key| self.hits.get(key).copied()).collect()
    }

    fn evidence(&self, index: usize, no: u64, guids_silent: bool) -> Option<PairEvidence> {
        let candidate = &self.document.candidates[index];
        let past = (self.past)(no)?;
        let guid = if guids_silent { Guid::Silent } else { self.guid(candidate, no, past.facts) };
        let page = self.page(candidate, no, past.facts);
        let entry = &self.document.entries[index];
        let words = || self.words(no, past.body);
        let evidence = PairEvidence::of(candidate, entry, &past, &words, (guid, page), self.document.zone);
        let named = candidate.twins_by.into_iter().any(|key| self.hit(key) == Some(no));
        Some(PairEvidence { named, ..evidence })
    }

    fn words(&self, no: u64, body: &ParsedEntry) -> Rc<Words> {
        Rc::clone(self.words.borrow_mut().entry(no).or_insert_with(|| Rc::new(Words::of(body))))
    }

    fn guid(&self, candidate: &Candidate, no: u64, past: &Facts) -> Guid {
        match (candidate.facts.guid, past.guid) {
            (Some(own), _) if self.hits.get(&own) == Some(&no) => Guid::Same,
            // One that another entry took over since is no more its own.
            (Some(own), Some(before)) if own != before && !self.document.marks.are_shared(&before) => {
                Guid::Other
            }
            _ => Guid::Silent,
        }
    }

    fn page(&self, candidate: &Candidate, no: u64, past: &Facts) -> Page {
        let kin = |a: Option<u64>, b: Option<u64>| a.is_some() && a == b;
        let (trail, before) = (candidate.facts.trail, past.trail);
        match (candidate.facts.page, past.page) {
            (Some(own), _) if self.hits.get(&own) == Some(&no) => Page::Same,
            (Some(own), Some(before)) if own == before || self.document.marks.are_shared(&before) => {
                Page::Silent
            }
            (Some(_), Some(_)) if kin(trail.serial, before.serial) || kin(trail.numbers, before.numbers) => {
                Page::Kin
            }
            (Some(_), Some(_)) => Page::Other,
            _ => Page::Silent,
        }
    }

    /// True if the guids lead to the entries that the rest of the document leads to.
    fn guids(&self, firsts: &[usize]) -> (Marks, Guids) {
        let (mut kept, mut swapped, mut strange, mut led, mut had) = (0, 0, 0, 0, 0);
        let (mut reissued, mut redated) = (0, 0);
        for candidate in firsts.iter().map(|at| &self.document.candidates[*at]) {
            let Facts { guid, page, title, published, .. } = candidate.facts;
            had += usize::from(guid.is_some());
            let by_page = self.hit(page).and_then(|no| Some((no, (self.past)(no)?)));
            let titled = |past: &Past<'_>| title.is_some() && title == past.facts.title;
            let at_page = by_page.filter(|(_, past)| titled(past));
            match self.hit(guid).and_then(|no| Some((no, (self.past)(no)?))) {
                Some((no, past)) => {
                    led += 1;
                    let page = self.page(candidate, no, past.facts);
                    if matches!(page, Page::Same | Page::Kin) || titled(&past) {
                        kept += 1;
                    } else if at_page.is_some_and(|(other, _)| other != no) {
                        swapped += 1;
                    } else if page == Page::Other && same_date(published, past.facts.published) != Some(true)
                    {
                        strange += 1;
                    }
                }
                None if guid.is_some() => {
                    if let Some((no, past)) = at_page {
                        let before = self.words(no, past.body).hash();
                        let says_else = before != candidate.text && candidate.text.is_some();
                        let dated = same_date(published, past.facts.published) != Some(false);
                        reissued += usize::from(!says_else);
                        redated += usize::from(!says_else && !dated);
                    }
                }
                None => {}
            }
        }
        let mut marks = self.document.marks.clone();
        marks.note_guids(kept, swapped);
        // All of the document has other guids, and most of it is where it was: they are made up at each poll. Where
        // the dates are others too, two may be notices that are written anew at their pages.
        let enough = if redated > 0 { 3 } else { 2 };
        let made_up = led == 0 && reissued >= enough && 2 * reissued >= had;
        let silent = marks.guids_are_broken() || swapped + strange > kept || made_up;
        // One may be a page that is rewritten as a whole; two are places in a list of which the rest stays.
        let proved = !silent && swapped + strange < 2 && marks.guids_are_proved();
        (marks, Guids { silent, proved })
    }

    /// The titles with dates that show that the document is the one of before at other addresses.
    fn moved(&self, firsts: &[usize]) -> BTreeSet<IdentityKey> {
        let names = |c: &Candidate| [c.facts.guid, c.facts.page];
        let none_led = firsts
            .iter()
            .all(|at| names(&self.document.candidates[*at]).into_iter().all(|key| self.hit(key).is_none()));
        if !none_led {
            return BTreeSet::new();
        }
        let candidates: Vec<_> = firsts.iter().map(|at| &self.document.candidates[*at]).collect();
        moved(&candidates, &|key| {
            let no = *self.hits.get(key)?;
            Some((no, (self.past)(no)?))
        })
    }
}

/// The first key that no known entry has; if all are taken, one of the content under the first.
fn own_key(candidate: &Candidate, hits: &Hits) -> IdentityKey {
    let free = candidate.keys.iter().find(|key| !hits.contains_key(key));
    free.copied().unwrap_or_else(|| {
        let first = candidate.keys.first().map_or(&[][..], |key| key.as_bytes());
        IdentityKey::new(KeyKind::Content, &[first, candidate.fingerprint.as_bytes()])
    })
}
