//! What `dibao explain` says of identity: why an entry is one entry, and what a source's guids, links and dates are
//! good for.

use serde_json::{Value, json};

use super::{Out, Stop};
use crate::daemon::engine::Engine;
use crate::decide::identity::Facts;
use crate::model::feed_key::FeedKey;
use crate::model::identity::{IdentityKey, KeyKind};
use crate::model::source::SourceId;
use crate::model::state::{SourceState, State};
use crate::model::stored::Decision;
use crate::model::stored::Entry;
use crate::model::time::Precision;

/// The newest entries of a source that are looked at: enough for a habit.
const LOOK_AT: usize = 100;

/// Why it is one entry.
pub(super) fn of_entry(entry: &Entry) -> Value {
    let names = |kind| match kind {
        KeyKind::Guid => "guid",
        KeyKind::Link => "address",
        KeyKind::TitleDate => "title and date",
        KeyKind::TitleText => "title and text",
        KeyKind::Content => "content",
    };
    let mut known_by: Vec<_> = entry.keys.iter().filter_map(IdentityKey::kind).map(names).collect();
    known_by.dedup();
    let decision = entry.decision.as_ref().map(|Decision { votes, apart, was }| {
        let evidence: Vec<String> = votes.iter().map(ToString::to_string).collect();
        json!({ "evidence": evidence, "apart_from": apart, "was": was })
    });
    json!({ "known_by": known_by, "decision": decision })
}

/// What a source's guids, links and dates are good for.
pub(super) fn of_source(engine: &Engine, source: &str, out: Out<'_>) -> Result<(), Stop> {
    let (store, id) = (engine.store().load_full(), SourceId::new(source));
    let Some(state) = store.source(&id)? else {
        return Err(Stop::No(format!("there is no source {source:?}; `dibao sources` lists them")));
    };
    let mut entries = Vec::new();
    for (rank, _) in store.list(&FeedKey::Source(id), None, LOOK_AT)? {
        entries.push(store.listed_entry(rank)?.1);
    }
    let marks = &state.poll.marks;
    let shared = |kind| marks.shared().iter().filter(|key| key.kind() == Some(kind)).count();
    out(json!({
        "source": source,
        "title": state.title(),
        "url": state.def.url,
        "entries": state.entries,
        "guids": guids(&state, &entries),
        "shared_guids": shared(KeyKind::Guid),
        "links": links(&entries, shared(KeyKind::Link)),
        "shared_links": shared(KeyKind::Link),
        "dates": dates(&entries),
        "order": match state.poll.grows_at_end {
            None => "not seen yet",
            Some(true) => "the newest last",
            Some(false) => "the newest first",
        },
        "rhythm_seconds": state.habits.rhythm().map(|rhythm| rhythm.as_secs()),
    }))
}

fn guids(state: &SourceState, entries: &[Entry]) -> String {
    let marks = &state.poll.marks;
    let with = entries.iter().filter(|entry| entry.body.id.is_some()).count();
    let worth = if with == 0 {
        "there are none: addresses, titles and dates tell its entries apart"
    } else if marks.guids_are_broken() {
        "no vote: they went from one entry to another"
    } else if marks.guids_are_proved() {
        "proved: they stayed with their entries, and decide alone"
    } else {
        "not proved yet: something else must be the same too"
    };
    format!("{with} of the newest {} have one; {worth}", entries.len())
}

fn links(entries: &[Entry], shared: usize) -> String {
    let facts: Vec<Facts> = entries.iter().map(|entry| Facts::of(&entry.body)).collect();
    let own = facts.iter().filter(|facts| facts.has_page()).count();
    let numbered = facts.iter().filter(|facts| facts.is_numbered()).count();
    let worth = if shared == 0 { "none was shared" } else { "those that were shared are no vote" };
    format!("{own} of the newest {} have a page, {numbered} with a serial number; {worth}", entries.len())
}

fn dates(entries: &[Entry]) -> String {
    let said = |entry: &Entry| entry.body.published.or(entry.body.updated).map(|stamp| stamp.precision);
    let count = |precision| entries.iter().filter(|entry| said(entry) == precision).count();
    let (second, day) = (count(Some(Precision::Second)), count(Some(Precision::Day)));
    let none = count(None);
    format!("{second} of the newest {} to the second, {day} with the day only, {none} without", entries.len())
}
