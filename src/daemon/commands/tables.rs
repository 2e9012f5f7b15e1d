//! The commands that list: sources, regions, entries.

use std::collections::BTreeSet;

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::{Out, Stop};
use crate::config::Source;
use crate::daemon::engine::Engine;
use crate::daemon::scheduler;
use crate::ledger::store::{Store, StoreError};
use crate::model::feed_key::FeedKey;
use crate::model::region::RegionId;
use crate::model::source::SourceId;
use crate::model::state::{Rank, SourceState, State};
use crate::model::stored::{Entry, EntryNo};
use crate::model::story::Membership;
use crate::model::time::Time;

/// Entries read from the store at a time.
const PAGE: usize = 500;

pub(super) fn sources(engine: &Engine, out: Out<'_>) -> Result<(), Stop> {
    let stored = engine.store().load().sources()?;
    for source in &engine.config.sources {
        out(source_row(engine, source, stored.get(&source.def.id)))?;
    }
    for (id, state) in stored.iter().filter(|(_, state)| state.gone) {
        out(json!({"id": id, "state": "removed", "entries": state.entries, "title": state.title(),
            "url": state.def.url}))?;
    }
    Ok(())
}

/// False if every source that is polled fails.
pub(super) fn any_works(engine: &Engine) -> Result<bool, Stop> {
    let stored = engine.store().load().sources()?;
    let polled = engine.polled_sources().filter_map(|source| stored.get(&source.def.id));
    let mut asked = polled.filter(|state| state.outcome.is_some()).peekable();
    Ok(asked.peek().is_none() || asked.any(|state| state.poll.failing_since.is_none()))
}

fn source_row(engine: &Engine, source: &Source, stored: Option<&SourceState>) -> Value {
    let plan = source.plan(&engine.config.polling);
    let now = engine.clock.now();
    let due = scheduler::first_due(&plan, engine.worker.past(stored), now);
    let interval = plan.shortest_gap().to_std().unwrap_or_default();
    let outcome = stored.and_then(|s| s.outcome.as_ref());
    json!({
        "id": source.def.id,
        "state": if source.enabled { stored.map_or("new", |s| s.condition(now)) } else { "off" },
        "entries": stored.map_or(0, |s| s.entries),
        "failures": stored.map_or(0, |s| s.poll.failures),
        "polled": stored.and_then(|s| s.polled_at).map(whole),
        "good": stored.and_then(|s| s.poll.good_at).map(whole),
        "since": stored.and_then(|s| s.poll.failing_since).map(whole),
        "next": due.filter(|_| source.enabled).map(|d| whole(d.at)),
        "news": stored.and_then(|s| s.poll.news_at).map(whole),
        "newest": stored.and_then(|s| s.habits.newest()).map(whole),
        "in_vain": stored.and_then(|s| s.habits.in_vain()),
        "advice": stored.map(|s| s.habits.advice(interval, now)).filter(|advice| !advice.is_empty()),
        "detail": outcome.map(ToString::to_string),
        "title": stored.map_or_else(|| source.def.title.clone(), |s| Some(s.title().to_owned())),
        "url": source.def.url,
    })
}

/// An instant to the second: nobody reads more of it in a table.
fn whole(at: Time) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

pub(super) fn regions(engine: &Engine, out: Out<'_>) -> Result<(), Stop> {
    let store = engine.store().load_full();
    for region in engine.config.regions.iter() {
        let state = store.feed(&FeedKey::Region(region.id.clone()))?;
        out(json!({
            "id": region.id,
            "code": region.code,
            "entries": state.as_ref().map_or(0, |s| s.entries),
            "updated": state.as_ref().map(|s| s.updated),
            "feed": format!("{}/{}.atom", engine.config.server.public_url, region.id),
            "name": region.name,
        }))?;
    }
    Ok(())
}

pub(super) fn entries(
    engine: &Engine,
    region: Option<&str>,
    source: Option<&str>,
    limit: Option<usize>,
    out: Out<'_>,
) -> Result<(), Stop> {
    let feed = feed(engine, region, source)?;
    let store = engine.store().load_full();
    let configured: BTreeSet<_> = engine.config.sources.iter().map(|source| &source.def.id).collect();
    let mut left = limit.unwrap_or(usize::MAX);
    let mut after: Option<Rank> = None;
    while left > 0 {
        let ranks = store.list(&feed, after, PAGE)?;
        let Some((last, _)) = ranks.last() else { break };
        after = Some(*last);
        for (rank, _) in ranks {
            let (_, entry) = store.listed_entry(rank)?;
            // What stands in no feed is listed where it is asked for by name.
            if source.is_some() || configured.contains(&entry.source) {
                out(entry_row(&store, &entry)?)?;
                left -= 1;
            }
            if left == 0 {
                break;
            }
        }
    }
    Ok(())
}

fn feed(engine: &Engine, region: Option<&str>, source: Option<&str>) -> Result<FeedKey, Stop> {
    match (region, source) {
        (_, Some(id)) => Ok(FeedKey::Source(SourceId::new(id))),
        (None | Some("all"), None) => Ok(FeedKey::All),
        (Some("national"), None) => Ok(FeedKey::National),
        (Some(id), None) if engine.config.regions.get(id).is_some() => Ok(FeedKey::Region(RegionId::new(id))),
        (Some(id), None) => Err(Stop::No(format!("there is no region {id:?}; `dibao regions` lists them"))),
    }
}

fn entry_row(store: &Store, entry: &Entry) -> Result<Value, StoreError> {
    Ok(json!({
        "id": entry.id,
        "source": entry.source,
        "regions": entry.regions.iter().map(|e| &e.region).collect::<Vec<_>>(),
        "story": published(store, entry.story.as_ref().map(|story| story.founder))?,
        "repeats": published(store, entry.story.as_ref().and_then(Membership::repeats))?,
        "published": entry.published,
        "updated": entry.updated,
        "first_seen": entry.first_seen,
        "link": entry.body.page(),
        "title": entry.title(),
    }))
}

/// The published id of an entry, such as the one whose story another one joined or whose report it repeats; `None` if
/// nothing is kept of it.
pub(super) fn published(store: &Store, no: Option<EntryNo>) -> Result<Option<String>, StoreError> {
    Ok(no.map(|no| store.entry(no)).transpose()?.flatten().map(|entry| entry.id))
}
