//! `dibao entries`: stored entries, newest first.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::host::{Done, Host, Rows, Stop};
use super::{Request, Row, Shown};
use crate::daemon::engine::Engine;
use crate::ledger::store::{Store, StoreError};
use crate::model::feed_key::FeedKey;
use crate::model::region::RegionId;
use crate::model::source::SourceId;
use crate::model::state::{Rank, State};
use crate::model::stored::{Entry, EntryNo};
use crate::model::story::Membership;
use crate::model::time::Time;

/// Entries that are read from the store at a time.
const PAGE: usize = 500;

/// Entries of a table, unless more are asked for: a screen or two.
const FOR_PEOPLE: usize = 50;

/// List stored entries, newest first
#[derive(Debug, Default, clap::Args, Serialize, Deserialize)]
pub struct Entries {
    /// Of one region (`henan`), `national` or `all`
    #[arg(long, add = super::complete::regions())]
    pub region: Option<String>,
    /// Of one source
    #[arg(long, conflicts_with = "region", add = super::complete::sources())]
    pub source: Option<String>,
    /// At most so many [default: 50; with --json all]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// A stored entry.
#[derive(Debug, Serialize, Deserialize)]
pub struct EntryRow {
    pub id: String,
    pub source: SourceId,
    pub regions: Vec<RegionId>,
    /// The published id of the entry that founded its story, if that is another.
    pub story: Option<String>,
    /// The published id of the entry whose report it repeats.
    pub repeats: Option<String>,
    pub published: Time,
    pub updated: Time,
    pub first_seen: Time,
    pub link: Option<String>,
    pub title: String,
}

impl Row for EntryRow {
    const SHOWN: Shown<Self> = Shown::Table(&["published", "source", "regions", "title"]);

    #[cfg(test)]
    fn samples() -> Vec<serde_json::Value> {
        vec![serde_json::json!({
            "id": "http://a.example/2", "source": "a", "regions": ["henan", "hubei"], "story": "http://a.example/1",
            "repeats": null, "published": "2026-11-20T00:01:00Z", "updated": "2026-11-20T00:01:00.500Z",
            "first_seen": "2026-11-20T00:02:00Z", "link": "http://a.example/2.html", "title": "河南一条",
        })]
    }
}

impl Request for Entries {
    const NAME: &'static str = "entries";
    type Row = EntryRow;

    fn for_people(mut self) -> Self {
        self.limit = self.limit.or(Some(FOR_PEOPLE));
        self
    }

    async fn answer(self, host: &Host, rows: Rows<EntryRow>) -> Result<Done, Stop> {
        host.blocking(move |engine| self.list(engine, &rows)).await?;
        Ok(Done::silently())
    }
}

impl Entries {
    fn list(&self, engine: &Engine, rows: &Rows<EntryRow>) -> Result<(), Stop> {
        let feed = self.feed(engine)?;
        let store = engine.store().load_full();
        let configured: BTreeSet<_> = engine.config.sources.iter().map(|source| &source.def.id).collect();
        let mut left = self.limit.unwrap_or(usize::MAX);
        let mut after: Option<Rank> = None;
        while left > 0 {
            let ranks = store.list(&feed, after, PAGE)?;
            let Some((last, _)) = ranks.last() else { break };
            after = Some(*last);
            for (rank, _) in ranks {
                let (_, entry) = store.listed_entry(rank)?;
                // Entries of a removed source are in no feed. They are listed if the source is named.
                if self.source.is_some() || configured.contains(&entry.source) {
                    rows.put(row(&store, &entry)?)?;
                    left -= 1;
                }
                if left == 0 {
                    break;
                }
            }
        }
        Ok(())
    }

    fn feed(&self, engine: &Engine) -> Result<FeedKey, Stop> {
        match (self.region.as_deref(), self.source.as_deref()) {
            (_, Some(id)) => Ok(FeedKey::Source(SourceId::new(id))),
            (None | Some("all"), None) => Ok(FeedKey::All),
            (Some("national"), None) => Ok(FeedKey::National),
            (Some(id), None) if engine.config.regions.get(id).is_some() => {
                Ok(FeedKey::Region(RegionId::new(id)))
            }
            (Some(id), None) => {
                Err(Stop::No(format!("there is no region {id:?}; `dibao regions` lists them")))
            }
        }
    }
}

fn row(store: &Store, entry: &Entry) -> Result<EntryRow, StoreError> {
    Ok(EntryRow {
        id: entry.id.clone(),
        source: entry.source.clone(),
        regions: entry.regions.iter().map(|evidence| evidence.region.clone()).collect(),
        story: published(store, entry.story.as_ref().map(|story| story.founder))?,
        repeats: published(store, entry.story.as_ref().and_then(Membership::repeats))?,
        published: entry.published,
        updated: entry.updated,
        first_seen: entry.first_seen,
        link: entry.body.page().map(str::to_owned),
        title: entry.title().to_owned(),
    })
}

/// The published id of an entry; `None` if nothing is kept of it.
pub(super) fn published(store: &Store, no: Option<EntryNo>) -> Result<Option<String>, StoreError> {
    Ok(no.map(|no| store.entry(no)).transpose()?.flatten().map(|entry| entry.id))
}

/// Maximum of entries that are searched for a page. An id is found at any age.
const LOOK_BACK: usize = 20_000;

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
