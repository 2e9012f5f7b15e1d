//! `dibao check --online`: asks every enabled source once, as a first poll would, and says how it is. Of a list it
//! asks for the first page only. Stores nothing.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Ended, table};
use crate::ask::{Asked, Asker, Question};
use crate::config::{Config, Source};
use crate::daemon::clock::{Clock, SystemClock};
use crate::decide::probe::{self, Report, Subject, span};
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
    let mut rows: HashMap<SourceId, (Vec<String>, bool)> = HashMap::new();
    while let Some(asked) = asking.join_next().await {
        let (id, report) = asked?;
        let row = row(&id, report.as_ref());
        if json {
            println!("{row}");
        }
        rows.insert(id, (cells(&row), row["good"] == json!(true)));
    }
    let good = rows.values().filter(|(_, good)| *good).count();
    let all = rows.len();
    if !json {
        let ordered = config.sources.iter().filter_map(|source| rows.remove(&source.def.id));
        print!("{}", table::aligned(&COLUMNS, ordered.map(|(cells, _)| cells).collect()));
        println!("{good} of {all} sources give entries");
    }
    Ok(good == all)
}

/// Asks a source and describes its answer.
async fn ask(asker: &Asker, source: Source) -> Result<Report, String> {
    let Asked { exchange, at, answer } =
        asker.ask(&source, Question::first(&source), || SystemClock.now()).await;
    let describe = move || {
        let (url, zone) = (&source.def.url, source.zone);
        probe::examine(&Subject { url, exchange: &exchange, answer: &answer, zone, at })
    };
    asker.blocking(describe).await
}

const COLUMNS: [&str; 7] = ["id", "state", "is", "entries", "newest", "encoding", "because"];

fn row(id: &SourceId, report: Result<&Report, &String>) -> Value {
    match report {
        Ok(report) => json!({
            "id": id,
            "state": report.state(),
            "good": report.has_entries(),
            "is": report.answer.title(),
            "entries": report.count,
            "newest_age": report.rhythm.as_ref().map(|rhythm| rhythm.newest_age),
            "encoding": report.encoding,
            "because": report.because,
            "defects": report.defects,
        }),
        Err(panic) => json!({ "id": id, "state": "failed", "good": false, "because": panic }),
    }
}

fn cells(row: &Value) -> Vec<String> {
    let text = |column: &str| match &row[column] {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    };
    // What told the encoding is for `--json`.
    let encoding = text("encoding").split(',').next().unwrap_or_default().to_owned();
    let newest = row["newest_age"].as_i64().map_or_else(|| "-".to_owned(), span);
    vec![text("id"), text("state"), text("is"), text("entries"), newest, encoding, text("because")]
}
