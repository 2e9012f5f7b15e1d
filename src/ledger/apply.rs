//! Applies lines of the journal to the state: `(state, lines, rules) -> changes`, and nothing else.
//!
//! The same journal under the same rules gives the same state on any machine, after any restart, however
//! the lines are grouped. A line that the state already reflects changes nothing. The time is the line's, corrected
//! by `clock`.

mod clock;
mod expire;
mod from_base;
mod known;
mod lists;
mod membership;

use std::collections::BTreeMap;

use crate::decide::derive::{dated, regions_of, regions_of_stored};
use crate::decide::rules::Rules;
use crate::model::feed_key::FeedKey;
use crate::model::identity::KnownKeys;
use crate::model::page_habits::PageHabits;
use crate::model::poll_state::PollState;
use crate::model::record::{
    Assignment, ChangedEntry, ConfigRecord, Departure, Line, NewEntry, Observation, PollRecord, Record,
    Withdrawal,
};
use crate::model::source::{SourceDef, SourceId};
use crate::model::state::{Changes, Listing, Meta, SourceState, State};
use crate::model::stored::{Entry, EntryNo};
use crate::model::time::Time;
use crate::model::turn::{self, PastTurn};
pub use from_base::{base_entry, base_source};

/// The state as a group of lines has left it so far.
pub struct Work<'a, S: State> {
    state: &'a S,
    rules: &'a Rules,
    meta: Meta,
    changes: Changes,
    seq: u64,
    round: u64,
    /// The time that line is taken to be of, and the time it says.
    at: Time,
    said: Time,
    /// The stored keys of the sources that the lines name.
    known: BTreeMap<SourceId, KnownKeys>,
}

impl<'a, S: State> Work<'a, S> {
    /// Begins with the state as it is.
    pub fn new(state: &'a S, rules: &'a Rules) -> Result<Self, S::Error> {
        let meta = state.meta()?.unwrap_or_else(|| Meta::empty(&rules.fingerprint));
        let (seq, at) = (meta.seq, meta.newest_at);
        Ok(Self {
            state,
            rules,
            meta,
            changes: Changes::default(),
            seq,
            round: seq,
            at,
            said: at,
            known: BTreeMap::new(),
        })
    }

    /// Applies the next line. One that the state already reflects changes nothing. Fails if the state cannot be
    /// read: then this work is of no use any more.
    pub fn apply(&mut self, line: &Line) -> Result<(), S::Error> {
        if line.seq <= self.meta.seq {
            return Ok(());
        }
        (self.seq, self.round, self.said) = (line.seq, line.round, line.record.at());
        if let Record::Base(base) = &line.record {
            self.at = self.said;
            return self.base(base);
        }
        self.at = clock::believed(&mut self.meta, &line.record);
        match &line.record {
            Record::Config(config) => self.config(config)?,
            Record::Poll(poll) => self.poll(poll)?,
            Record::Observation(observation) => self.observation(observation)?,
            Record::Withdraw(withdrawal) => self.withdraw(withdrawal)?,
            Record::Assign(assignment) => self.assign(assignment)?,
            Record::Expire(expiry) => self.expire(expiry)?,
            Record::Base(_) => {}
        }
        self.meta.seq = line.seq;
        Ok(())
    }

    /// The changes of all lines so far.
    pub fn finish(mut self) -> Changes {
        self.changes.meta = Some(self.meta);
        self.changes
    }

    fn config(&mut self, config: &ConfigRecord) -> Result<(), S::Error> {
        self.meta.instance = config.instance;
        self.meta.config_at = config.at;
        self.meta.config.clone_from(&config.fingerprint);
        for def in &config.sources {
            let id = self.rules.current_id(&def.id).clone();
            let mut source = match self.source(&id)? {
                Some(source) => source,
                None => self.new_source(def),
            };
            if source.def.url != def.url {
                // Validators, failures and a "gone" are those of an address; entries and ids stay.
                let PollState { scheduled, waiting, .. } = std::mem::take(&mut source.poll);
                source.poll = PollState { scheduled, waiting, ..PollState::default() };
                source.outcome = None;
                source.pages = PageHabits::default();
            }
            source.def = self.definition(&id, def);
            source.gone = false;
            self.changes.sources.insert(id, source);
        }
        for old in &config.gone {
            let id = self.rules.current_id(old).clone();
            if self.rules.definition(&id).is_none()
                && let Some(mut source) = self.source(&id)?
            {
                source.gone = true;
                self.changes.sources.insert(id, source);
            }
        }
        Ok(())
    }

    fn new_source(&mut self, def: &SourceDef) -> SourceState {
        self.meta.sources += 1;
        SourceState::new(self.meta.sources, def.clone())
    }

    /// Today's definition, which entries are derived under, with the address that was recorded: a
    /// replay must see it change where the record does.
    fn definition(&self, id: &SourceId, recorded: &SourceDef) -> SourceDef {
        let today = self.rules.definition(id).unwrap_or(recorded);
        SourceDef { url: recorded.url.clone(), ..today.clone() }
    }

    fn poll(&mut self, poll: &PollRecord) -> Result<(), S::Error> {
        // A poll does not change published entries, so it changes no feed.
        if let Some((id, source)) = self.polled(poll)? {
            self.changes.sources.insert(id, source);
        }
        Ok(())
    }

    fn observation(&mut self, seen: &Observation) -> Result<(), S::Error> {
        let Some((id, mut source)) = self.polled(&seen.poll)? else { return Ok(()) };
        if let Some(facts) = &seen.feed {
            source.facts = facts.clone();
            source.facts_seq = self.seq;
        }
        let places = backlog_places(&seen.new, self.at, !source.seeded, source.entries);
        source.seeded = true;
        if source.poll.window_from == Some(0) && !seen.new.is_empty() {
            source.poll.window_from = Some(self.meta.next_no);
        }
        // Documents list the newest first; among entries of one date the one numbered last is shown first.
        for (n, new) in seen.new.iter().enumerate().rev() {
            self.add(&id, &mut source, new, places[n])?;
        }
        for (n, changed) in seen.changed.iter().enumerate() {
            if changed.renamed {
                self.rename(&id, changed)?;
            } else if seen.changed[..n].iter().all(|o| o.renamed || o.published_id != changed.published_id) {
                // Only a damaged journal has one entry twice.
                let left = seen.left.iter().find(|left| left.published_id == changed.published_id);
                self.rewrite(&id, &source, changed, left)?;
            }
        }
        if seen.feed.is_some() {
            self.touch_source(&id, &source)?;
        }
        self.changes.sources.insert(id, source);
        Ok(())
    }

    /// The source a poll was of, with the poll's state taken over. `None` when the journal never
    /// defined it, which only a damaged journal does: its entries could not be attributed.
    fn polled(&mut self, poll: &PollRecord) -> Result<Option<(SourceId, SourceState)>, S::Error> {
        let id = self.rules.current_id(&poll.source).clone();
        let stored = match self.source(&id)? {
            Some(stored) => Some(stored),
            None => self.rules.definition(&id).map(|def| self.new_source(def)),
        };
        Ok(stored.map(|mut source| {
            source.def = self.definition(&id, &source.def);
            source.poll = poll.state.clone();
            source.habits.note_poll(poll.at, &poll.outcome, poll.state.overlaps, !source.seeded);
            for page in &poll.pages {
                source.pages.note(poll.at, page);
            }
            source.outcome = Some(poll.outcome.clone());
            source.polled_at = Some(poll.at);
            if let Some(turn) = &poll.turn {
                let past = PastTurn { at: poll.at, seq: self.seq, turn: turn.clone() };
                turn::note(&mut source.turns, past);
            }
            (id, source)
        }))
    }

    fn add(
        &mut self,
        id: &SourceId,
        source: &mut SourceState,
        new: &NewEntry,
        backlog: Option<u32>,
    ) -> Result<(), S::Error> {
        let at = self.at;
        if self.owner(&new.published_id)?.is_some() {
            // Only a journal that was cut and written on can say this; the first entry keeps its id.
            return Ok(());
        }
        let body = &new.entry;
        let published = dated(body, at);
        let updated = body.updated.map_or(published, |stamp| stamp.not_after(at)).max(published);
        let no = self.meta.next_no;
        let regions = regions_of(self.rules, &source.def.region, body);
        let mut entry = Entry {
            id: new.published_id.clone(),
            source: id.clone(),
            first_seen: at,
            surfaced: if backlog.is_some() { published } else { at },
            backlog,
            published,
            updated,
            fingerprint: new.fingerprint,
            rewrites: 0,
            keys: new.keys.clone(),
            regions,
            assigned: None,
            story: None,
            withdrawn: None,
            expired: None,
            seq: self.seq,
            changed_seq: 0,
            round: self.round,
            decision: new.decision.clone(),
            body: body.clone(),
        };
        if let Some(joined) = &new.story {
            entry.story = self.join(no, &entry, joined)?;
        }
        self.learn(id, &new.keys, no)?;
        self.meta.next_no += 1;
        self.meta.entries += 1;
        source.entries += 1;
        source.habits.note_entry(published);
        self.changes.owners.insert(entry.id.clone(), Some(no));
        let place = self.place(source.no, &entry, entry.story.as_ref().map(|story| story.founder));
        for feed in entry.feeds() {
            self.list(feed, no, &entry, place)?;
        }
        self.changes.entries.insert(no, Some(entry));
        Ok(())
    }

    fn rewrite(
        &mut self,
        id: &SourceId,
        source: &SourceState,
        changed: &ChangedEntry,
        left: Option<&Departure>,
    ) -> Result<(), S::Error> {
        let at = self.at;
        let Some(no) = self.owner(&changed.published_id)? else { return Ok(()) };
        // Only a damaged journal names another source's entry.
        let own = |entry: &Entry| entry.is_shown() && entry.source == *id;
        let Some(mut entry) = self.entry(no)?.filter(own) else { return Ok(()) };
        let old_feeds = entry.feeds();
        entry.rewrites += 1;
        entry.changed_seq = self.seq;
        entry.fingerprint = changed.fingerprint;
        entry.decision.clone_from(&changed.decision);
        // A publisher that says when it corrected is believed, if that is later than what it said
        // before; else the correction is dated when it was seen.
        let said = changed.entry.updated.map(|stamp| stamp.not_after(at)).filter(|t| *t > entry.updated);
        entry.updated = said.unwrap_or(at).max(entry.updated);
        entry.body = changed.entry.clone();
        entry.regions = regions_of_stored(self.rules, &source.def.region, &entry);
        if let Some(left) = left {
            self.part(no, &mut entry)?;
            if let Some(joined) = &left.story {
                entry.story = self.join(no, &entry, joined)?;
            }
        }
        let story = self.revise_story(no, &entry)?;
        self.learn(id, &changed.keys, no)?;
        // Learning may have taken a key from it that another entry goes by now, never its text.
        entry.go_by(&changed.keys);
        let place = self.place(source.no, &entry, story);
        self.move_lists(no, &entry, &old_feeds, place, left.is_some())?;
        self.changes.entries.insert(no, Some(entry));
        Ok(())
    }

    /// The operator corrects the regions of an entry, or takes a correction back.
    fn assign(&mut self, assignment: &Assignment) -> Result<(), S::Error> {
        let Some(no) = self.owner(&assignment.published_id)? else { return Ok(()) };
        let Some(mut entry) = self.entry(no)?.filter(Entry::is_shown) else { return Ok(()) };
        let Some(source) = self.source(&entry.source)? else { return Ok(()) };
        let old_feeds = entry.feeds();
        entry.assigned.clone_from(&assignment.regions);
        entry.regions = regions_of_stored(self.rules, &source.def.region, &entry);
        entry.changed_seq = self.seq;
        let story = self.revise_story(no, &entry)?;
        let place = self.place(source.no, &entry, story);
        self.move_lists(no, &entry, &old_feeds, place, false)?;
        self.changes.entries.insert(no, Some(entry));
        Ok(())
    }

    /// Takes an entry that has changed off the lists of feeds that it is in no more, and puts it on those of others.
    /// `replaced` if its list rows changed too.
    fn move_lists(
        &mut self,
        no: EntryNo,
        entry: &Entry,
        old_feeds: &[FeedKey],
        place: Listing,
        replaced: bool,
    ) -> Result<(), S::Error> {
        let feeds = entry.feeds();
        for feed in old_feeds.iter().filter(|feed| !feeds.contains(feed)) {
            self.unlist(feed, no, entry)?;
        }
        for feed in feeds {
            if !old_feeds.contains(&feed) {
                self.list(feed.clone(), no, entry, place)?;
            } else if replaced {
                self.put_on_list(feed.clone(), no, entry, place)?;
            }
            self.revise(feed, Some(entry.updated))?;
        }
        Ok(())
    }

    /// The entry leaves the lists and keeps its keys, so that its source's next poll knows it. What it
    /// said is dropped; its story goes on without it.
    fn withdraw(&mut self, withdrawal: &Withdrawal) -> Result<(), S::Error> {
        let Some(no) = self.owner(&withdrawal.published_id)? else { return Ok(()) };
        let Some(mut entry) = self.entry(no)?.filter(|e| e.withdrawn.is_none()) else {
            return Ok(());
        };
        let at = withdrawal.at;
        for feed in entry.feeds() {
            self.unlist(&feed, no, &entry)?;
            self.changes.withdrawn.insert((feed, at, no), entry.id.clone());
        }
        entry.withdrawn = Some(at);
        entry.changed_seq = self.seq;
        entry.fall_silent();
        self.leave(no, &entry)?;
        self.changes.entries.insert(no, Some(entry));
        Ok(())
    }

    /// A source as the lines so far have left it.
    fn source(&self, id: &SourceId) -> Result<Option<SourceState>, S::Error> {
        match self.changes.sources.get(id) {
            Some(source) => Ok(Some(source.clone())),
            None => self.state.source(id),
        }
    }

    /// An entry as the lines so far have left it.
    fn entry(&self, no: EntryNo) -> Result<Option<Entry>, S::Error> {
        match self.changes.entries.get(&no) {
            Some(entry) => Ok(entry.clone()),
            None => self.state.entry(no),
        }
    }

    /// The entry that is published under an id, as the lines so far have left it.
    fn owner(&self, published_id: &str) -> Result<Option<EntryNo>, S::Error> {
        match self.changes.owners.get(published_id) {
            Some(no) => Ok(*no),
            None => self.state.owner(published_id),
        }
    }
}

pub fn apply<S: State>(state: &S, line: &Line, rules: &Rules) -> Result<Changes, S::Error> {
    let mut work = Work::new(state, rules)?;
    work.apply(line)?;
    Ok(work.finish())
}

/// The place of each new entry among what a new source brought: from 0 for the newest, those of one date in
/// document order; what comes of a first list later stands behind what came of it before, `stored`
/// entries. `None` for news.
fn backlog_places(new: &[NewEntry], at: Time, first: bool, stored: u64) -> Vec<Option<u32>> {
    let mut order: Vec<usize> = (0..new.len()).filter(|n| first || new[*n].backlog).collect();
    order.sort_by_key(|n| std::cmp::Reverse(dated(&new[*n].entry, at)));
    let mut places = vec![None; new.len()];
    let before = u32::try_from(stored).unwrap_or(u32::MAX - 1_000_000);
    for (place, n) in (before..).zip(order) {
        places[n] = Some(place);
    }
    places
}

/// The value of a key: the one that the lines so far have set, else the one that `stored` gives.
fn overlaid<K: Ord, V: Clone, E>(
    map: &BTreeMap<K, V>,
    key: &K,
    stored: impl FnOnce() -> Result<V, E>,
) -> Result<V, E> {
    map.get(key).map_or_else(stored, |value| Ok(value.clone()))
}

#[cfg(test)]
mod tests;
