//! `dibao explain`: why an entry is where it is.

use serde_json::{Value, json};

use super::tables::published;
use super::{Out, Stop, identity};
use crate::daemon::engine::Engine;
use crate::ledger::store::{Store, StoreError};
use crate::model::feed_key::FeedKey;
use crate::model::state::{SourceState, State};
use crate::model::stored::{Entry, EntryNo};
use crate::model::story::Membership;

/// How far back an entry is looked for by its page. Ids are found however old they are.
const LOOK_BACK: usize = 20_000;
/// The most reports of a story that are named.
const REPORTS: usize = 64;

pub(super) fn explain(engine: &Engine, named: &str, out: Out<'_>) -> Result<(), Stop> {
    let (no, entry) = find(engine, named)?;
    let store = engine.store().load_full();
    let source = store.source(&entry.source)?;
    let mut regions = Vec::with_capacity(entry.regions.len());
    for evidence in &entry.regions {
        regions.push(json!({
            "region": evidence.region,
            "text": evidence.text,
            "place": evidence.place,
            "rule": evidence.rule,
        }));
    }
    let mut absent = Vec::new();
    // What is gone for good stands in no feed.
    for feed in entry.feeds() {
        if let Some(why) = engine.publisher.absence(&feed, no, &entry)? {
            absent.push(json!({ "feed": crate::views::document::Site::path(&feed), "why": why }));
        }
    }
    out(json!({
        "id": entry.id,
        "title": entry.title(),
        "link": entry.body.page(),
        "source": entry.source,
        "outlet": source.as_ref().map(SourceState::title),
        "polled_at": source.as_ref().map(|s| &s.def.url),
        "published": entry.published,
        "updated": entry.updated,
        "first_seen": entry.first_seen,
        "rewrites": entry.rewrites,
        "withdrawn": entry.withdrawn,
        "expired": entry.expired,
        "identity": identity::of_entry(&entry),
        "regions": regions,
        "feeds": entry.feeds().iter().map(crate::views::document::Site::path).collect::<Vec<_>>(),
        "not_shown": absent,
        "story": story(&store, no, &entry)?,
    }))
}

/// The story an entry belongs to, if it is told more than once.
fn story(store: &Store, no: EntryNo, entry: &Entry) -> Result<Value, StoreError> {
    let founder = entry.story.as_ref().map_or(no, |story| story.founder);
    let members = store.members(founder, REPORTS)?;
    if members.is_empty() {
        return Ok(Value::Null);
    }
    let mut reports = Vec::with_capacity(members.len());
    for (other, _) in members {
        if let Some(report) = store.entry(other)? {
            reports.push(json!({
                "id": report.id,
                "source": report.source,
                "first_seen": report.first_seen,
                "why": report.story.as_ref().map(|story| &story.reason),
                "repeats": published(store, report.story.as_ref().and_then(Membership::repeats))?,
                "withdrawn": report.withdrawn,
                "title": report.title(),
            }));
        }
    }
    Ok(json!({ "founded_by_this": founder == no, "reports": reports }))
}

/// The entry that is published under an id, or has a page at that address.
pub(super) fn find(engine: &Engine, named: &str) -> Result<(EntryNo, Entry), Stop> {
    let store = engine.store().load_full();
    if let Some(no) = store.owner(named)?
        && let Some(entry) = store.entry(no)?
    {
        return Ok((no, entry));
    }
    for (rank, _) in store.list(&FeedKey::All, None, LOOK_BACK)? {
        let (no, entry) = store.listed_entry(rank)?;
        if entry.body.page() == Some(named) {
            return Ok((no, entry));
        }
    }
    Err(Stop::No(format!("there is no entry {named:?}; `dibao entries` lists ids and pages")))
}
