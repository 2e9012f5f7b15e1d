//! `dibao explain --source`: what a source's guids, links and dates are good for.

use serde::{Deserialize, Serialize};

use super::host::{Done, Host, Rows, Stop};
use super::{Request, Row, Shown, table};
use crate::daemon::engine::Engine;
use crate::decide::identity::Facts;
use crate::model::feed_key::FeedKey;
use crate::model::identity::KeyKind;
use crate::model::source::SourceId;
use crate::model::state::{SourceState, State};
use crate::model::stored::Entry;
use crate::model::time::Precision;

/// The newest entries of a source that are looked at: enough for a habit.
const LOOK_AT: usize = 100;

#[derive(Debug, Serialize, Deserialize)]
pub struct ExplainSource {
    pub source: String,
}

/// A source; its facts are sentences.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExplainedSourceRow {
    pub source: String,
    pub title: String,
    pub url: String,
    pub entries: u64,
    pub guids: String,
    /// Guids that several entries had.
    pub shared_guids: usize,
    pub links: String,
    pub shared_links: usize,
    pub dates: String,
    pub order: String,
    pub rhythm_seconds: Option<u64>,
}

impl Row for ExplainedSourceRow {
    const SHOWN: Shown<Self> = Shown::Text(|row| {
        let facts = ["source", "title", "url", "entries", "guids", "links", "dates", "order"];
        table::facts(row, &facts, 8).trim_end().to_owned()
    });

    #[cfg(test)]
    fn samples() -> Vec<serde_json::Value> {
        vec![serde_json::json!({
            "source": "a", "title": "报", "url": "http://a.example/feed", "entries": 3,
            "guids": "3 of the newest 3 have one; proved", "shared_guids": 0, "links": "3 of the newest 3 have a page",
            "shared_links": 1, "dates": "3 of the newest 3 to the second", "order": "the newest first",
            "rhythm_seconds": null,
        })]
    }
}

impl Request for ExplainSource {
    const NAME: &'static str = "explain-source";
    type Row = ExplainedSourceRow;

    async fn answer(self, host: &Host, rows: Rows<ExplainedSourceRow>) -> Result<Done, Stop> {
        host.blocking(move |engine| rows.put(explained(engine, self.source)?)).await?;
        Ok(Done::silently())
    }
}

fn explained(engine: &Engine, source: String) -> Result<ExplainedSourceRow, Stop> {
    let (store, id) = (engine.store().load_full(), SourceId::new(&source));
    let Some(state) = store.source(&id)? else {
        return Err(Stop::No(format!("there is no source {source:?}; `dibao sources` lists them")));
    };
    let mut entries = Vec::new();
    for (rank, _) in store.list(&FeedKey::Source(id), None, LOOK_AT)? {
        entries.push(store.listed_entry(rank)?.1);
    }
    let marks = &state.poll.marks;
    let shared = |kind| marks.shared().iter().filter(|key| key.kind() == Some(kind)).count();
    let order = match state.poll.grows_at_end {
        None => "not seen yet",
        Some(true) => "the newest last",
        Some(false) => "the newest first",
    };
    Ok(ExplainedSourceRow {
        source,
        title: state.title().to_owned(),
        url: state.def.url.clone(),
        entries: state.entries,
        guids: guids(&state, &entries),
        shared_guids: shared(KeyKind::Guid),
        links: links(&entries, shared(KeyKind::Link)),
        shared_links: shared(KeyKind::Link),
        dates: dates(&entries),
        order: order.to_owned(),
        rhythm_seconds: state.habits.rhythm().map(|rhythm| rhythm.as_secs()),
    })
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
