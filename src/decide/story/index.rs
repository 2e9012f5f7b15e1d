//! The index of recent entries, and the search for the story that a new entry joins. In memory only; rebuilt from
//! the newest entries at the start.

use std::cell::RefCell;

use super::filed::{Filed, Serial, Slot};
use super::keys::{MAX_KEYS, link_stem};
use super::links::{LinkMark, Links};
use super::members::{StoryMembers, StoryNo};
use super::postings::Postings;
use super::same::{LINK_MINUTES, Probe, SameStory, WINDOW_MINUTES};
use super::sample::GramSet;
use super::sketch::{Sketch, View};
use super::timeline::Low;
use crate::model::story::Reason;

/// Filed entries taken from each side of a key's point in time. Reports of one story come within hours,
/// so the nearest in time are the likeliest; a hot template cannot make an entry cost more than this.
pub const NEAREST: usize = 24;
/// StoryMembers compared with, first those with the entry that shares most keys.
pub const MAX_STORIES: usize = 32;
/// Members of a story compared with, the founder first.
pub const MAX_MEMBERS: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The number of the entry that founded the story.
    pub founder: u64,
    pub reason: Reason,
    /// The number of the entry of that story which is the same report; `None` where they only tell one story.
    pub copy_of: Option<u64>,
}

/// The entries filed last, ready to be looked up; one thread at a time.
#[derive(Debug)]
pub struct Index {
    limit: usize,
    filed: Filed,
    postings: Postings,
    stories: StoryMembers,
    links: Links,
    scratch: RefCell<Scratch>,
}

/// Buffers of a lookup, empty between two.
#[derive(Debug)]
struct Scratch {
    set: GramSet,
    hits: Hits,
    stories: Vec<Candidate>,
}

/// A story to compare with, and one of its entries: the only one if it is not kept as a story.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    founder: u64,
    story: Option<StoryNo>,
    low: Low,
}

impl Index {
    /// An empty index that keeps the sketches of `limit` entries, at most 2^19. The oldest filed leave first.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            filed: Filed::default(),
            postings: Postings::new(),
            stories: StoryMembers::default(),
            links: Links::default(),
            scratch: RefCell::new(Scratch {
                set: GramSet::new(),
                hits: Hits::new(),
                stories: Vec::with_capacity(MAX_STORIES),
            }),
        }
    }

    /// Finds the story a new entry joins, if any: the oldest that has the same report, else the oldest of those
    /// it is the same as. Existing stories are never merged. Where outlets retell a daily bulletin,
    /// yesterday's story is older and near as well, so one whose days and figures agree goes before one
    /// where they do not.
    pub fn find(&self, new: &Sketch) -> Option<Joined> {
        let marked = new.link_mark().and_then(|mark| self.links.find(&mark));
        // Of an old entry nothing but the link is left, and a page of notices has one for all.
        let marked = marked.map(|founder| Joined { founder, reason: Reason::SameLink, copy_of: None });
        let scratch = &mut *self.scratch.borrow_mut();
        self.candidates(new, scratch);
        if scratch.stories.is_empty() {
            return marked;
        }
        scratch.set.flip(new.view().text());
        let found = self.choose(&Probe::new(new.view(), &scratch.set), &scratch.stories, marked);
        scratch.set.flip(new.view().text());
        found
    }

    /// The first story that has the same report, else the first that agrees, else the first that does not;
    /// `marked` agrees.
    fn choose(&self, probe: &Probe<'_>, stories: &[Candidate], marked: Option<Joined>) -> Option<Joined> {
        let (mut first, mut second) = (None, None);
        for story in stories {
            first = first.or(marked.filter(|marked| marked.founder < story.founder));
            let Some(found) = self.belongs(probe, story, first.is_some()) else { continue };
            let joined =
                Joined { founder: story.founder, reason: found.verdict.reason, copy_of: found.copy_of };
            if joined.copy_of.is_some() {
                return Some(joined);
            }
            let place = if found.verdict.agrees { &mut first } else { &mut second };
            *place = place.or(Some(joined));
        }
        first.or(marked).or(second)
    }

    /// Puts the stories to compare with into the scratch, oldest first.
    fn candidates(&self, new: &Sketch, scratch: &mut Scratch) {
        let link = link_stem(new.head.link);
        for stem in &new.stems {
            let reach = if link == Some(*stem) { LINK_MINUTES } else { WINDOW_MINUTES };
            let when = (new.head.minute, reach);
            self.postings.near(*stem, when, NEAREST, &self.filed, |low| scratch.hits.count(low));
        }
        scratch.stories.clear();
        let stories = &mut scratch.stories;
        scratch.hits.drain(|low| {
            let Some((slot, _)) = self.filed.of(low).filter(|(slot, _)| in_reach(new, slot)) else {
                return true;
            };
            let founder = self.founder(slot);
            if stories.iter().all(|story| story.founder != founder) {
                stories.push(Candidate { founder, story: slot.story, low });
            }
            stories.len() < MAX_STORIES
        });
        stories.sort_unstable_by_key(|story| story.founder);
    }

    fn founder(&self, slot: &Slot) -> u64 {
        slot.story.and_then(|story| self.stories.get(story)).map_or(slot.no, |story| story.founder)
    }

    /// True if an entry belongs to a story: it is the same as the founder, or as at least half of the members, or
    /// the entry that shares most keys is the same report. One member alone does not vouch for it otherwise,
    /// or a story would drift from report to report until its ends have nothing in common. With `copies` only
    /// the same report counts.
    fn belongs(&self, probe: &Probe<'_>, candidate: &Candidate, copies: bool) -> Option<Belongs> {
        let copied = || {
            let (slot, view) = self.filed.of(candidate.low)?;
            // The number of a stray entry is not kept: it is linked only.
            let verdict = probe.judge_if_copy(view).filter(|_| !slot.stray)?;
            Some(Belongs { verdict, copy_of: Some(slot.no) })
        };
        if copies {
            return copied();
        }
        let judge = |low: Low| self.filed.of(low).and_then(|(_, view)| probe.judge_if_near(view));
        let Some(story) = candidate.story else {
            let verdict = judge(candidate.low)?;
            return Some(Belongs { verdict, copy_of: verdict.copy.then_some(candidate.founder) });
        };
        let all = &self.stories.get(story)?.members;
        let (founder, others) = all[..all.len().min(MAX_MEMBERS)].split_first()?;
        if let Some(verdict) = judge(*founder) {
            let founded = self.filed.of(*founder).filter(|(slot, _)| verdict.copy && !slot.stray);
            let own = Belongs { verdict, copy_of: founded.map(|(slot, _)| slot.no) };
            return if own.copy_of.is_some() { Some(own) } else { copied().or(Some(own)) };
        }
        if let Some(copied) = copied() {
            return Some(copied);
        }
        let (mut first, mut alike, mut apart) = (None, 0, 1);
        for member in others {
            match judge(*member) {
                Some(verdict) => {
                    first = first.or(Some(verdict));
                    alike += 1;
                }
                None => apart += 1,
            }
            if apart * 2 > others.len() + 1 {
                return None;
            }
        }
        let verdict = first.filter(|_| alike * 2 > others.len())?;
        Some(Belongs { verdict, copy_of: None })
    }

    /// Files an entry under a story; `founder` is its own number if it founds one. An entry that is filed
    /// already is filed anew.
    pub fn file(&mut self, no: u64, founder: u64, sketch: &Sketch) {
        if let Some(old) = self.filed.find(no) {
            self.leave_story(old);
            self.filed.take(old);
        }
        let serial = self.filed.put(no, sketch);
        self.join(no, founder, serial);
        for stem in &sketch.stems {
            self.postings.insert(*stem, sketch.head.minute, Filed::low(serial), &self.filed);
        }
        while let Some(oldest) = self.filed.surplus(self.limit) {
            self.leave(oldest);
        }
    }

    /// Takes an entry out of its story, which goes on without it; it is filed anew next.
    pub fn part(&mut self, no: u64) {
        let Some(serial) = self.filed.find(no) else { return };
        self.leave_story(serial);
        let Some(story) = self.stories.of_founder(no) else { return };
        let members = self.stories.get(story).map_or(&[][..], |story| &story.members);
        // The number of a stray entry is not kept.
        let known = |low: &Low| self.filed.of(*low).filter(|(slot, _)| !slot.stray).map(|(slot, _)| slot.no);
        match members.iter().find_map(known) {
            Some(next) => self.stories.rename(story, next),
            None => {
                let strays: Vec<Serial> = members.iter().filter_map(|low| self.filed.serial(*low)).collect();
                for stray in strays {
                    self.leave_story(stray);
                    self.filed.remove(stray);
                }
            }
        }
    }

    /// Files many entries, in any order, each `(no, founder, sketch)`. For the start: the numbers decide
    /// which are the oldest.
    pub fn file_all(&mut self, mut all: Vec<(u64, u64, Sketch)>) {
        all.sort_unstable_by_key(|(no, _, _)| *no);
        let keys = all.iter().map(|(_, _, sketch)| sketch.stems.len()).sum();
        self.postings.reserve(keys, &self.filed);
        for (no, founder, sketch) in all {
            self.file(no, founder, &sketch);
        }
    }

    /// Files an old entry, of which only the link is looked for.
    pub fn file_link(&mut self, founder: u64, mark: &LinkMark) {
        self.links.put(mark, founder);
    }

    /// Takes an entry out: it expired, or is about to be filed anew. Nothing if it is not filed.
    pub fn remove(&mut self, no: u64) {
        if let Some(serial) = self.filed.find(no) {
            self.leave_story(serial);
            self.filed.remove(serial);
        }
    }

    pub fn len(&self) -> usize {
        self.filed.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Heap use in octets, estimated.
    pub fn octets(&self) -> usize {
        let scratch = self.scratch.borrow();
        self.filed.octets()
            + self.postings.octets()
            + self.links.octets()
            + self.stories.octets()
            + scratch.set.octets()
            + scratch.hits.octets()
    }

    fn join(&mut self, no: u64, founder: u64, serial: Serial) {
        let stray = self.filed.slot(serial).is_some_and(|slot| slot.stray);
        match self.stories.of_founder(founder) {
            Some(story) => self.enter(story, no, serial),
            None if no == founder && !stray => {}
            None => {
                let story = self.stories.start(founder);
                if let Some(own) = self.filed.find(founder).filter(|own| *own != serial) {
                    self.enter(story, founder, own);
                }
                self.enter(story, no, serial);
            }
        }
    }

    fn enter(&mut self, story: StoryNo, no: u64, serial: Serial) {
        self.stories.join(story, no, Filed::low(serial), |low| self.filed.age(low));
        self.filed.set_story(serial, story);
    }

    /// Takes an entry out of its story.
    fn leave_story(&mut self, serial: Serial) {
        if let Some(story) = self.filed.slot(serial).and_then(|slot| slot.story) {
            self.stories.part(story, Filed::low(serial));
        }
    }

    /// The oldest entry leaves for want of room; its link stays.
    fn leave(&mut self, serial: Serial) {
        if let Some(slot) = self.filed.slot(serial)
            && let Some(mark) = slot.head.link_mark()
        {
            self.links.put(&mark, self.founder(slot));
        }
        self.leave_story(serial);
        self.filed.remove(serial);
    }
}

/// False if only the time already says that nothing can come of a comparison.
fn in_reach(new: &Sketch, old: &Slot) -> bool {
    let apart = new.head.minute.abs_diff(old.head.minute);
    apart <= WINDOW_MINUTES || (apart <= LINK_MINUTES && new.head.link != 0 && new.head.link == old.head.link)
}

/// That an entry belongs to a story, and which entry of it is the same report.
#[derive(Clone, Copy, Debug)]
struct Belongs {
    verdict: SameStory,
    copy_of: Option<u64>,
}

impl Probe<'_> {
    fn judge_if_near(&self, old: View<'_>) -> Option<SameStory> {
        if self.may_match(old) { self.judge(old) } else { None }
    }

    fn judge_if_copy(&self, old: View<'_>) -> Option<SameStory> {
        if self.may_be_copy(old) { self.judge(old).filter(|verdict| verdict.copy) } else { None }
    }
}

/// Counts the keys that filed entries share with a new one.
#[derive(Debug)]
struct Hits {
    /// Open addressing: the place in `found`, plus one.
    table: Vec<u16>,
    found: Vec<(Low, u8)>,
    /// `found` in the order of `drain`.
    ranked: Vec<Low>,
}

impl Hits {
    /// More than twice the entries that the keys of one entry may bring.
    const TABLE: usize = 2048;

    fn new() -> Self {
        const { assert!(MAX_KEYS * 2 * NEAREST < Self::TABLE / 2) };
        let room = MAX_KEYS * 2 * NEAREST;
        Self { table: vec![0; Self::TABLE], found: Vec::with_capacity(room), ranked: vec![0; room] }
    }

    fn count(&mut self, low: Low) {
        let mut at = Self::home(low);
        loop {
            let place = usize::from(self.table[at]);
            if place == 0 {
                break;
            }
            if self.found[place - 1].0 == low {
                self.found[place - 1].1 += 1;
                return;
            }
            at = (at + 1) % Self::TABLE;
        }
        if self.found.len() < self.ranked.len() {
            self.found.push((low, 1));
            self.table[at] = self.found.len() as u16;
        }
    }

    /// Calls `each` with the entries, those of most keys first and among equals the first found, until it
    /// returns false; forgets them all.
    fn drain(&mut self, mut each: impl FnMut(Low) -> bool) {
        // A counting sort. No entry shares more keys than there are, and a pair of sides counts once.
        let mut starts = [0_usize; MAX_KEYS + 2];
        let rank = |count: u8| MAX_KEYS - usize::from(count).min(MAX_KEYS);
        for (_, count) in &self.found {
            starts[rank(*count) + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        for (low, count) in &self.found {
            let start = &mut starts[rank(*count)];
            self.ranked[*start] = *low;
            *start += 1;
        }
        let _ = self.ranked[..self.found.len()].iter().all(|low| each(*low));
        for (low, _) in self.found.drain(..) {
            let mut at = Self::home(low);
            while self.table[at] != 0 {
                self.table[at] = 0;
                at = (at + 1) % Self::TABLE;
            }
        }
    }

    fn home(low: Low) -> usize {
        (low.wrapping_mul(0x9e37_79b1) >> 21) as usize
    }

    fn octets(&self) -> usize {
        self.table.capacity() * 2 + self.found.capacity() * 8 + self.ranked.capacity() * 4
    }
}

#[cfg(test)]
mod tests;
