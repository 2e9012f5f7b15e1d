//! `dibao check --online`: asks every enabled source once, as a first poll would, and says how it is. Of a list it
//! asks for the first page only. Stores nothing.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::progress::Progress;
use super::{Ended, Row, Shown, table};
use crate::ask::{Asked, Asker, Question};
use crate::config::{Config, Source};
use crate::daemon::clock::{Clock, SystemClock};
use crate::decide::probe::{self, ProbeReport, Subject, span};
use crate::model::source::SourceId;

pub(super) async fn online(config: Arc<Config>, json: bool) -> anyhow::Result<Ended> {
    ask_all(&config, json).await.map(Ended::from)
}

/// Asks all at once; the fetchers bound the requests to a host and in all.
async fn ask_all(config: &Config, json: bool) -> anyhow::Result<bool> {
    let asker = Arc::new(Asker::new(config)?);
    let mut asking = JoinSet::new();
    for source in config.sources.iter().filter(|source| source.enabled).cloned() {
        let asker = Arc::clone(&asker);
        asking.spawn(async move {
            let id = source.def.id.clone();
            (id, ask(&asker, source).await)
        });
    }
    let progress = Progress::of(asking.len(), "asking");
    let mut rows: HashMap<SourceId, OnlineRow> = HashMap::new();
    while let Some(asked) = asking.join_next().await {
        let (id, report) = asked?;
        let row = OnlineRow::of(id.clone(), report);
        progress.add(1);
        if json {
            progress.around(|| println!("{}", table::json(&row)));
        }
        rows.insert(id, row);
    }
    drop(progress);
    let (good, all) = (rows.values().filter(|row| row.good).count(), rows.len());
    if !json {
        let ordered = config.sources.iter().filter_map(|source| rows.remove(&source.def.id));
        print!("{}", table::aligned(&COLUMNS, ordered.map(OnlineRow::cells).collect()));
        println!("{good} of {all} sources give entries");
    }
    Ok(good == all)
}

async fn ask(asker: &Asker, source: Source) -> Result<ProbeReport, String> {
    let Asked { exchange, at, answer } =
        asker.ask(&source, Question::first(&source), || SystemClock.now()).await;
    let describe = move || {
        let (url, zone) = (&source.def.url, source.zone);
        probe::examine(&Subject { url, exchange: &exchange, answer: &answer, zone, at })
    };
    asker.blocking(describe).await
}

const COLUMNS: [&str; 7] = ["id", "state", "is", "entries", "newest", "encoding", "because"];

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OnlineRow {
    id: SourceId,
    state: String,
    /// True if it gives entries.
    good: bool,
    is: Option<String>,
    entries: Option<usize>,
    /// Seconds since its newest entry was published.
    newest_age: Option<i64>,
    /// The encoding, and what it was found by.
    encoding: Option<String>,
    because: String,
    defects: Vec<String>,
}

impl Row for OnlineRow {
    // The table is printed here, in the order of the configuration.
    const SHOWN: Shown<Self> = Shown::Never;

    #[cfg(test)]
    fn samples() -> Vec<serde_json::Value> {
        vec![serde_json::json!({
            "id": "paper", "state": "ok", "good": true, "is": "RSS 2.0", "entries": 20, "newest_age": 600,
            "encoding": "UTF-8, by the XML declaration", "because": "RSS 2.0, 20 entries", "defects": [],
        })]
    }
}

impl OnlineRow {
    /// Of the report, or of the panic that ended reading.
    fn of(id: SourceId, report: Result<ProbeReport, String>) -> Self {
        match report {
            Ok(report) => Self {
                id,
                state: report.state().to_owned(),
                good: report.has_entries(),
                is: Some(report.answer.name().replace('-', " ")),
                entries: Some(report.count),
                newest_age: report.rhythm.as_ref().map(|rhythm| rhythm.newest_age),
                encoding: report.encoding,
                because: report.because,
                defects: report.defects,
            },
            Err(panic) => Self {
                id,
                state: "failed".to_owned(),
                good: false,
                is: None,
                entries: None,
                newest_age: None,
                encoding: None,
                because: panic,
                defects: Vec::new(),
            },
        }
    }

    fn cells(self) -> Vec<String> {
        let or_dash = |cell: Option<String>| cell.unwrap_or_else(|| "-".to_owned());
        let entries = self.entries.map(|count| count.to_string());
        // Only `--json` says what the encoding was found by.
        let encoding =
            self.encoding.map(|encoding| encoding.split(',').next().unwrap_or_default().to_owned());
        let newest = self.newest_age.map(span);
        let [is, entries, newest, encoding] = [self.is, entries, newest, encoding].map(or_dash);
        vec![self.id.to_string(), self.state, is, entries, newest, encoding, self.because]
    }
}
