//! One line of the journal folded into the state: `(state, line, rules) -> changes`, and nothing else.
//!
//! The same journal under the same rules gives the same state on any machine, after any restart, and a
//! line that is applied twice changes nothing the second time. Time is the line's own, as far as it is believed.

mod base;
mod clock;
mod derive;
mod expire;
mod known;
mod telling;

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::core::identity::IdentityKey;
use crate::core::left::Left;
use crate::core::record::{
    ChangedEntry, ConfigRecord, Line, NewEntry, Observation, PollRecord, PollState, Record, Withdrawal,
};
use crate::core::region::RegionId;
use crate::core::rules::Rules;
use crate::core::source::{RegionRule, SourceDef, SourceId};
use crate::core::state::{
    Change, Entry, EntryNo, FeedKey, FeedState, Membership, Meta, Rank, SourceState, State,
};
use crate::core::story::Sketch;
use crate::core::time::Time;
pub use base::{base_entry, base_source};
use derive::{backlog_places, dated, regions_of};
pub use telling::filing_keys;
use telling::{Placed, Stories, Texts};

/// The changes that one line makes. Empty when the state already reflects it.
///
/// # Errors
/// When the state cannot be read.
pub fn apply<S: State>(state: &S, line: &Line, rules: &Rules) -> Result<Vec<Change>, S::Error> {
    let meta = state.meta()?.unwrap_or_else(|| Meta::empty(&rules.fingerprint));
    if line.seq <= meta.seq {
        return Ok(Vec::new());
    }
    let mut fold = Fold::new(state, line, rules, meta);
    match &line.record {
        Record::Config(config) => fold.config(config)?,
        Record::Poll(poll) => fold.poll(poll)?,
        Record::Observation(observation) => fold.observation(observation)?,
        Record::Withdraw(withdrawal) => fold.withdraw(withdrawal)?,
        Record::Expire(expiry) => fold.expire(expiry)?,
        Record::Base(base) => return fold.base(base),
    }
    Ok(fold.finish())
}

/// The digest of a stored entry, for the self-check: over what identifies this state of it.
#[must_use]
pub fn entry_digest(no: EntryNo, entry: &Entry) -> u64 {
    let mut hash = Sha256::new();
    hash.update(no.to_be_bytes());
    hash.update(entry.id.as_bytes());
    hash.update(entry.rewrites.to_be_bytes());
    hash.update([u8::from(entry.withdrawn.is_some()) | u8::from(entry.expired.is_some()) << 1]);
    let bytes: [u8; 32] = hash.finalize().into();
    u64::from_be_bytes(bytes[..8].try_into().expect("eight of thirty-two bytes"))
}

/// The reports of a story whose feeds are told of a new one: at least those that are linked anywhere.
const LINKED: usize = 512;

struct Fold<'a, S: State> {
    state: &'a S,
    line: &'a Line,
    rules: &'a Rules,
    meta: Meta,
    /// The time the line is taken to be of.
    at: Time,
    feeds: BTreeMap<FeedKey, FeedState>,
    // What this line claims before it is written: the state does not know of it yet.
    claimed: BTreeSet<String>,
    learned: BTreeMap<(SourceId, IdentityKey), EntryNo>,
    entries: BTreeMap<EntryNo, Entry>,
    rewritten: BTreeSet<EntryNo>,
    placed: Placed,
    changes: Vec<Change>,
}

impl<'a, S: State> Fold<'a, S> {
    fn new(state: &'a S, line: &'a Line, rules: &'a Rules, mut meta: Meta) -> Self {
        let at = match line.record {
            Record::Base(_) => line.record.at(),
            _ => clock::believed(&mut meta, &line.record),
        };
        Self {
            state,
            line,
            rules,
            meta,
            at,
            feeds: BTreeMap::new(),
            claimed: BTreeSet::new(),
            learned: BTreeMap::new(),
            entries: BTreeMap::new(),
            rewritten: BTreeSet::new(),
            placed: Placed::default(),
            changes: Vec::new(),
        }
    }

    fn config(&mut self, config: &ConfigRecord) -> Result<(), S::Error> {
        self.meta.instance = config.instance;
        self.meta.config_at = config.at;
        self.meta.config.clone_from(&config.fingerprint);
        // A rename and a definition may both speak of one source.
        let mut sources = BTreeMap::new();
        for def in &config.sources {
            let id = self.rules.current_id(&def.id).clone();
            let mut source = match sources.remove(&id) {
                Some(source) => source,
                None => self.state.source(&id)?.unwrap_or_else(|| self.new_source(def)),
            };
            if source.def.url != def.url {
                // Validators, failures and a "gone" are those of an address; entries and ids stay.
                let PollState { scheduled, waiting, .. } = std::mem::take(&mut source.poll);
                source.poll = PollState { scheduled, waiting, ..PollState::default() };
                source.outcome = None;
            }
            source.def = self.definition(&id, def);
            source.gone = false;
            sources.insert(id, source);
        }
        for old in &config.gone {
            let id = self.rules.current_id(old);
            if self.rules.definition(id).is_none()
                && let Some(mut source) = self.state.source(id)?
            {
                source.gone = true;
                sources.insert(id.clone(), source);
            }
        }
        let changed = sources.into_iter().map(|(id, source)| Change::Source(id, Box::new(source)));
        self.changes.extend(changed);
        Ok(())
    }

    fn new_source(&mut self, def: &SourceDef) -> SourceState {
        self.meta.sources += 1;
        SourceState::new(def.clone())
    }

    /// Today's definition, which entries are derived under, with the address that was recorded: a
    /// replay must see it change where the record does.
    fn definition(&self, id: &SourceId, recorded: &SourceDef) -> SourceDef {
        let today = self.rules.definition(id).unwrap_or(recorded);
        SourceDef { url: recorded.url.clone(), ..today.clone() }
    }

    fn poll(&mut self, poll: &PollRecord) -> Result<(), S::Error> {
        // A poll does not touch what is published, so it moves no feed.
        if let Some((id, source)) = self.polled(poll)? {
            self.changes.push(Change::Source(id, Box::new(source)));
        }
        Ok(())
    }

    fn observation(&mut self, seen: &Observation) -> Result<(), S::Error> {
        let Some((id, mut source)) = self.polled(&seen.poll)? else { return Ok(()) };
        if let Some(facts) = &seen.feed {
            source.facts = facts.clone();
            source.facts_seq = self.line.seq;
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
        for changed in &seen.changed {
            if changed.renamed {
                self.rename(&id, changed)?;
            } else {
                self.rewrite(&id, &mut source, changed)?;
            }
        }
        if seen.feed.is_some() {
            self.touch_source(&id, &source)?;
        }
        self.changes.push(Change::Source(id, Box::new(source)));
        Ok(())
    }

    /// The source a poll was of, with the poll's state taken over. `None` when the journal never
    /// defined it, which only a damaged journal does: its entries could not be attributed.
    fn polled(&mut self, poll: &PollRecord) -> Result<Option<(SourceId, SourceState)>, S::Error> {
        let id = self.rules.current_id(&poll.source).clone();
        let stored = match self.state.source(&id)? {
            Some(stored) => Some(stored),
            None => self.rules.definition(&id).map(|def| self.new_source(def)),
        };
        Ok(stored.map(|mut source| {
            source.def = self.definition(&id, &source.def);
            source.poll = poll.state.clone();
            source.habits.note_poll(poll, !source.seeded);
            source.outcome = Some(poll.outcome.clone());
            source.polled_at = Some(poll.at);
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
        let taken = !self.claimed.insert(new.published_id.clone());
        if taken || self.state.owner(&new.published_id)?.is_some() {
            // Only a journal that was cut and written on can say this; the first entry keeps its id.
            return Ok(());
        }
        let body = &new.entry;
        let published = dated(body, at);
        let updated = body.updated.map_or(published, |stamp| stamp.not_after(at)).max(published);
        let no = self.meta.next_no;
        let texts = Texts::of(body);
        let regions = regions_of(self.rules, source, &texts, body);
        let sketch = texts.sketch(source, &regions, &self.rules.classifier, published);
        let story = self.tell(no, sketch)?;
        self.learn(id, &new.keys, no)?;
        let entry = Entry {
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
            story,
            withdrawn: None,
            expired: None,
            seq: self.line.seq,
            changed_seq: 0,
            round: self.line.round,
            body: body.clone(),
        };
        self.meta.next_no += 1;
        self.meta.entries += 1;
        source.entries += 1;
        source.habits.note_entry(published);
        source.digest = source.digest.wrapping_add(entry_digest(no, &entry));
        self.changes.push(Change::Owner(entry.id.clone(), no));
        for feed in entry.feeds() {
            self.list(feed, no, &entry)?;
        }
        self.entries.insert(no, entry);
        Ok(())
    }

    fn rewrite(
        &mut self,
        id: &SourceId,
        source: &mut SourceState,
        changed: &ChangedEntry,
    ) -> Result<(), S::Error> {
        let at = self.at;
        let Some(no) = self.state.owner(&changed.published_id)? else { return Ok(()) };
        let Some(mut entry) = self.entry(no)?.filter(Entry::is_shown) else { return Ok(()) };
        if entry.source != *id || !self.rewritten.insert(no) {
            // Only a damaged journal says so; the counts of a source are those of its own entries.
            return Ok(());
        }
        let old_feeds = entry.feeds();
        source.digest = source.digest.wrapping_sub(entry_digest(no, &entry));
        entry.rewrites += 1;
        entry.changed_seq = self.line.seq;
        entry.fingerprint = changed.fingerprint;
        // A publisher that says when it corrected is believed, if that is later than what it said
        // before; else the correction is dated when it was seen.
        let said = changed.entry.updated.map(|stamp| stamp.not_after(at)).filter(|t| *t > entry.updated);
        entry.updated = said.unwrap_or(at).max(entry.updated);
        let texts = Texts::of(&changed.entry);
        entry.regions = regions_of(self.rules, source, &texts, &changed.entry);
        entry.body = changed.entry.clone();
        let sketch = texts.sketch(source, &entry.regions, &self.rules.classifier, entry.published);
        self.retell(no, &entry, sketch)?;
        self.learn(id, &changed.keys, no)?;
        entry.go_by(&changed.keys);
        source.digest = source.digest.wrapping_add(entry_digest(no, &entry));
        let feeds = entry.feeds();
        for feed in old_feeds.iter().filter(|f| !feeds.contains(f)) {
            self.unlist(feed, no, &entry)?;
        }
        for feed in feeds {
            if !old_feeds.contains(&feed) {
                self.list(feed.clone(), no, &entry)?;
            }
            self.revise(feed, Some(entry.updated))?;
        }
        self.entries.insert(no, entry);
        Ok(())
    }

    /// The entry leaves the lists and keeps its keys, so that its source's next poll knows it. What it
    /// said is dropped; its story goes on without it.
    fn withdraw(&mut self, withdrawal: &Withdrawal) -> Result<(), S::Error> {
        let Some(no) = self.state.owner(&withdrawal.published_id)? else { return Ok(()) };
        let Some(mut entry) = self.entry(no)?.filter(|e| e.withdrawn.is_none()) else {
            return Ok(());
        };
        let Some(mut source) = self.state.source(&entry.source)? else { return Ok(()) };
        let at = withdrawal.at;
        for feed in entry.feeds() {
            self.unlist(&feed, no, &entry)?;
            self.changes.push(Change::Withdrawn(feed, at, no, entry.id.clone()));
        }
        source.digest = source.digest.wrapping_sub(entry_digest(no, &entry));
        entry.withdrawn = Some(at);
        entry.changed_seq = self.line.seq;
        entry.fall_silent();
        source.digest = source.digest.wrapping_add(entry_digest(no, &entry));
        self.touch_story(entry.story.as_ref().map_or(no, |story| story.founder), no)?;
        self.changes.push(Change::Source(entry.source.clone(), Box::new(source)));
        self.entries.insert(no, entry);
        Ok(())
    }

    /// Finds the story of a new entry, and marks the feeds in which its telling is now linked.
    fn tell(&mut self, no: EntryNo, sketch: Sketch) -> Result<Option<Membership>, S::Error> {
        let (story, keys) = self.stories().place(no, sketch)?;
        self.meta.filed += keys;
        if let Some(story) = &story {
            self.touch_story(story.founder, no)?;
        }
        Ok(story)
    }

    fn retell(&mut self, no: EntryNo, entry: &Entry, sketch: Sketch) -> Result<(), S::Error> {
        let founder = entry.story.as_ref().map_or(no, |story| story.founder);
        let (given_up, taken) = self.stories().refile(no, founder, sketch)?;
        self.meta.filed = self.meta.filed + taken - given_up;
        self.touch_story(founder, no)
    }

    /// The other entries of a story link to this one: their feeds change, without being updated.
    fn touch_story(&mut self, founder: EntryNo, but: EntryNo) -> Result<(), S::Error> {
        for other in self.stories().entries(founder, LINKED)? {
            if other != but
                && let Some(entry) = self.entry(other)?
            {
                for feed in entry.feeds() {
                    self.revise(feed, None)?;
                }
            }
        }
        Ok(())
    }

    fn stories(&mut self) -> Stories<'_, S> {
        Stories { state: self.state, placed: &mut self.placed, changes: &mut self.changes }
    }

    /// An entry as this line has left it so far.
    fn entry(&self, no: EntryNo) -> Result<Option<Entry>, S::Error> {
        match self.entries.get(&no) {
            Some(entry) => Ok(Some(entry.clone())),
            None => self.state.entry(no),
        }
    }

    fn list(&mut self, feed: FeedKey, no: EntryNo, entry: &Entry) -> Result<(), S::Error> {
        // A clock that was set back brings new entries to a month that was over.
        let late = entry.first_seen < self.meta.newest_at;
        let updated = Some(entry.updated);
        let state =
            if late { self.revise(feed.clone(), updated)? } else { self.touch(feed.clone(), updated)? };
        state.entries += 1;
        self.changes.push(Change::Listed(feed, Rank::of(no, entry), entry.first_seen));
        Ok(())
    }

    fn unlist(&mut self, feed: &FeedKey, no: EntryNo, entry: &Entry) -> Result<(), S::Error> {
        let state = self.revise(feed.clone(), None)?;
        state.entries = state.entries.saturating_sub(1);
        state.left.note(entry.first_seen);
        self.changes.push(Change::Unlisted(feed.clone(), Rank::of(no, entry), entry.first_seen));
        Ok(())
    }

    /// The feed's own title and rights stand in every entry of it: every feed that may list one has
    /// changed.
    fn touch_source(&mut self, id: &SourceId, source: &SourceState) -> Result<(), S::Error> {
        let regions: Vec<RegionId> = match &source.def.region {
            RegionRule::Fixed(ids) => ids.clone(),
            RegionRule::Routed(_) | RegionRule::Auto => self.rules.regions().cloned().collect(),
        };
        let feeds = [FeedKey::Source(id.clone()), FeedKey::All, FeedKey::National];
        for feed in feeds.into_iter().chain(regions.into_iter().map(FeedKey::Region)) {
            if self.feeds.contains_key(&feed) || self.state.feed(&feed)?.is_some() {
                self.revise(feed, None)?;
            }
        }
        Ok(())
    }

    /// The feed's state, marked as changed by this line in what it already showed.
    fn revise(&mut self, feed: FeedKey, updated: Option<Time>) -> Result<&mut FeedState, S::Error> {
        let state = self.touch(feed, updated)?;
        (state.revised_at, state.revised_seq) = (state.changed_at, state.changed_seq);
        Ok(state)
    }

    /// The feed's state, marked as changed by this line.
    fn touch(&mut self, feed: FeedKey, updated: Option<Time>) -> Result<&mut FeedState, S::Error> {
        let (at, seq) = (self.at, self.line.seq);
        if !self.feeds.contains_key(&feed) {
            let fresh = FeedState {
                updated: Time::UNIX_EPOCH,
                changed_at: at,
                changed_seq: seq,
                revised_at: Time::UNIX_EPOCH,
                revised_seq: 0,
                entries: 0,
                left: Left::default(),
            };
            let stored = self.state.feed(&feed)?;
            self.meta.feeds += u64::from(stored.is_none());
            let stored = stored.map(|stored| self.dated_after(stored));
            self.feeds.insert(feed.clone(), stored.unwrap_or(fresh));
        }
        let state = self.feeds.get_mut(&feed).expect("inserted above");
        state.changed_seq = seq;
        if let Some(updated) = updated {
            state.updated = state.updated.max(updated);
        }
        Ok(state)
    }

    fn finish(self) -> Vec<Change> {
        let seq = self.line.seq;
        self.finish_at(seq)
    }

    fn finish_at(mut self, seq: u64) -> Vec<Change> {
        self.meta.seq = seq;
        let entries = std::mem::take(&mut self.entries).into_iter();
        self.changes.extend(entries.map(|(no, entry)| Change::Entry(no, Box::new(entry))));
        self.changes.extend(self.feeds.into_iter().map(|(key, state)| Change::Feed(key, state)));
        self.changes.push(Change::Meta(Box::new(self.meta)));
        self.changes
    }
}

#[cfg(test)]
mod tests;
