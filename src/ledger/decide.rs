//! Decides before a line is written: the published ids of new entries, and the stories they join. The decision is
//! recorded in the line and never made again.

mod departure;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use super::store::{Store, StoreError};
use super::{Ledger, LedgerError};
use crate::decide::diff::{Draft, DraftEntry};
use crate::decide::rules::Rules;
use crate::decide::story::{Index, Sketch};
use crate::model::record::{
    Assignment, ChangedEntry, ConfigRecord, Departure, Expiry, JoinedStory, NewEntry, Observation, Record,
    Withdrawal,
};
use crate::model::source::SourceId;
use crate::model::state::State;
use crate::model::stored::EntryNo;

pub enum Fact {
    Poll(Box<Draft>),
    Config(ConfigRecord),
    Withdraw(Withdrawal),
    Assign(Assignment),
    /// Entries that are too old, or whose source the operator forgot.
    Expire(Expiry),
}

impl Fact {
    /// False if a power cut may lose it: a poll without news is repeated, and an entry that expired expires again.
    pub fn is_worth_a_sync(&self) -> bool {
        match self {
            Self::Config(_) | Self::Withdraw(_) | Self::Assign(_) => true,
            Self::Poll(draft) => draft.brings_something(),
            Self::Expire(expiry) => !expiry.sources.is_empty(),
        }
    }
}

/// A group of facts as records, and the changes to the index of stories.
#[derive(Default)]
pub(super) struct Decided {
    pub(super) records: Vec<Record>,
    /// New entries that were filed in the index.
    pub(super) filed: Vec<EntryNo>,
    /// The number that the next new entry gets once these are applied.
    pub(super) next_no: EntryNo,
    pub(super) rewritten: HashMap<String, Sketch>,
    /// Those of them that leave their stories.
    pub(super) left: HashSet<String>,
}

impl Ledger {
    pub(super) fn decide(&mut self, facts: Vec<Fact>) -> Result<Decided, LedgerError> {
        let mut store = self.store.load_full();
        let ids = match published_ids(&store, &facts) {
            Ok(ids) => ids,
            Err(error) => {
                self.replace(&store, &error.to_string())?;
                store = self.store.load_full();
                published_ids(&store, &facts)?
            }
        };
        let next_no = store.meta()?.map_or(1, |meta| meta.next_no);
        let brings_news = facts.iter().any(|fact| matches!(fact, Fact::Poll(draft) if !draft.new.is_empty()));
        if !brings_news {
            let mut decided = Decided { next_no, ..Decided::default() };
            decided.records =
                facts.into_iter().map(|fact| plain(fact, &store, &self.rules, &mut decided)).collect();
            return Ok(decided);
        }
        let index = self.stories.index(&store, &self.rules, &self.progress);
        let mut decider = Decider {
            store: &store,
            rules: &self.rules,
            index,
            ids: HashMap::new(),
            decided: Decided { next_no, ..Decided::default() },
        };
        let mut ids = ids.into_iter();
        for fact in facts {
            let record = match fact {
                Fact::Poll(draft) if !draft.new.is_empty() => {
                    let ids = ids.by_ref().take(draft.new.len()).collect();
                    decider.observation(*draft, ids)
                }
                fact => plain(fact, &store, &self.rules, &mut decider.decided),
            };
            decider.decided.records.push(record);
        }
        Ok(decider.decided)
    }
}

/// A fact that brings no new entry.
fn plain(fact: Fact, store: &Store, rules: &Rules, decided: &mut Decided) -> Record {
    match fact {
        Fact::Config(config) => Record::Config(config),
        Fact::Withdraw(withdrawal) => Record::Withdraw(withdrawal),
        Fact::Assign(assignment) => Record::Assign(assignment),
        Fact::Expire(mut expiry) => {
            // One that has come back to the configuration meanwhile has polls to go on from.
            expiry.sources.retain(|id| is_gone(store, id));
            Record::Expire(expiry)
        }
        Fact::Poll(draft) if !draft.brings_something() => Record::Poll(draft.poll),
        Fact::Poll(draft) => {
            let Draft { poll, feed, changed, sketches, .. } = *draft;
            let left = decided.rewrite(store, rules, &changed, sketches);
            Record::Observation(Observation { poll, feed, new: Vec::new(), changed, left })
        }
    }
}

fn is_gone(store: &Store, id: &SourceId) -> bool {
    // A store that cannot be read is found out when the lines are applied.
    store.source(id).ok().flatten().is_some_and(|source| source.gone)
}

impl Decided {
    /// Takes the sketches of rewritten entries, and says which of these leave their stories.
    fn rewrite(
        &mut self,
        store: &Store,
        rules: &Rules,
        changed: &[ChangedEntry],
        sketches: impl IntoIterator<Item = Sketch>,
    ) -> Vec<Departure> {
        let mut left = Vec::new();
        // One that goes by other keys says what it said.
        for (changed, mut sketch) in changed.iter().zip(sketches).filter(|(changed, _)| !changed.renamed) {
            left.extend(departure::departure(store, rules, &changed.published_id, &mut sketch));
            self.rewritten.insert(changed.published_id.clone(), sketch);
        }
        self.left.extend(left.iter().map(|left| left.published_id.clone()));
        left
    }
}

struct Decider<'a> {
    store: &'a Arc<Store>,
    rules: &'a Rules,
    index: &'a mut Index,
    /// The published ids of entries that this group brings.
    ids: HashMap<EntryNo, String>,
    decided: Decided,
}

impl Decider<'_> {
    fn observation(&mut self, draft: Draft, ids: Vec<String>) -> Record {
        let Draft { poll, feed, new, changed, sketches } = draft;
        let mut sketches = sketches.into_iter();
        let of_new: Vec<Option<Sketch>> = new.iter().map(|_| sketches.next()).collect();
        let left = self.decided.rewrite(self.store, self.rules, &changed, sketches);
        let mut decided: Vec<NewEntry> = Vec::with_capacity(new.len());
        // `apply` numbers the last of a document first.
        for ((entry, published_id), sketch) in new.into_iter().zip(ids).zip(of_new).rev() {
            let story = sketch.and_then(|sketch| self.join_story(&published_id, sketch));
            self.ids.insert(self.decided.next_no, published_id.clone());
            self.decided.next_no += 1;
            let DraftEntry { keys, fingerprint, entry, backlog, decision, .. } = entry;
            decided.push(NewEntry { published_id, keys, fingerprint, entry, backlog, story, decision });
        }
        decided.reverse();
        Record::Observation(Observation { poll, feed, new: decided, changed, left })
    }

    /// Finds the story of a new entry, and files the entry with it.
    fn join_story(&mut self, published_id: &str, sketch: Sketch) -> Option<JoinedStory> {
        let no = self.decided.next_no;
        let found = self.index.find(&sketch);
        let joined = found.and_then(|joined| {
            let with = self.id_of(joined.copy_of.unwrap_or(joined.founder))?;
            Some((
                joined.founder,
                JoinedStory { with, reason: joined.reason, related: joined.copy_of.is_none() },
            ))
        });
        debug_assert!(
            joined.as_ref().is_none_or(|(_, joined)| joined.with != published_id),
            "it is not filed yet"
        );
        self.index.file(no, joined.as_ref().map_or(no, |(founder, _)| *founder), &sketch);
        self.decided.filed.push(no);
        joined.map(|(_, joined)| joined)
    }

    /// The published id by which a story is named in a line: its founder's, or, where nothing is kept of that
    /// one, another member's.
    fn id_of(&self, founder: EntryNo) -> Option<String> {
        if let Some(id) = self.ids.get(&founder) {
            return Some(id.clone());
        }
        // A store that cannot be read is found out when the lines are applied.
        if let Some(entry) = self.store.entry(founder).ok()? {
            return Some(entry.id);
        }
        let (member, _) = self.store.members(founder, 1).ok()?.pop()?;
        Some(self.store.entry(member).ok()??.id)
    }
}

/// A published id for every new entry of the group, in order: the publisher's own, when no other entry
/// has it, stored or in this group; else one of ours.
fn published_ids(store: &Store, facts: &[Fact]) -> Result<Vec<String>, StoreError> {
    let (mut claimed, mut ids) = (HashSet::new(), Vec::new());
    for fact in facts {
        if let Fact::Poll(draft) = fact {
            for new in &draft.new {
                let id = claim(store, &claimed, new)?;
                claimed.insert(id.clone());
                ids.push(id);
            }
        }
    }
    Ok(ids)
}

fn claim(store: &Store, claimed: &HashSet<String>, draft: &DraftEntry) -> Result<String, StoreError> {
    let is_taken = |id: &String| Ok::<_, StoreError>(claimed.contains(id) || store.owner(id)?.is_some());
    if let Some(iri) = &draft.iri
        && !is_taken(iri)?
    {
        return Ok(iri.clone());
    }
    let mut id = draft.minted.clone();
    // Two entries of a source may be made from one key only when it led to another entry meanwhile.
    while is_taken(&id)? {
        id = Uuid::new_v5(&Uuid::NAMESPACE_URL, id.as_bytes()).urn().to_string();
    }
    Ok(id)
}
