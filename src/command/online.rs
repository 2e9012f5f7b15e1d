//! `dibao check --online`: asks every enabled source once, as the daemon would, and says how it is. Stores
//! nothing.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Ended, table};
use crate::config::{Config, Kind, Source};
use crate::daemon::clock::{Clock, SystemClock};
use crate::daemon::worker;
use crate::decide::probe::{self, Reader, Report, Subject, span};
use crate::fetch::{ACCEPT_FEED, ACCEPT_JSON, ACCEPT_PAGE, FetchRequest, Fetcher};
use crate::model::exchange::{Exchange, Validators};
use crate::model::source::SourceId;

pub(super) async fn online(config: Arc<Config>, json: bool) -> anyhow::Result<Ended> {
    ask_all(config, json).await.map(Ended::from)
}

/// Asks all at once; the fetcher's queues keep the hosts' turns and the number under way.
async fn ask_all(config: Arc<Config>, json: bool) -> anyhow::Result<bool> {
    let mut fetchers: HashMap<Option<String>, Arc<Fetcher>> = HashMap::new();
    let mut asking = JoinSet::new();
    for source in config.sources.iter().filter(|source| source.enabled).cloned() {
        let proxy = source.proxy.as_ref().map(|secret| secret.expose().to_owned());
        if !fetchers.contains_key(&proxy) {
            let fetcher = Fetcher::new(worker::fetch_options(&config, proxy.clone()))?;
            fetchers.insert(proxy.clone(), Arc::new(fetcher));
        }
        let fetcher = Arc::clone(&fetchers[&proxy]);
        asking.spawn(async move {
            let exchange = exchange(&fetcher, &source).await;
            let id = source.def.id.clone();
            // What the publisher sent is read where it holds up no other source.
            let read = tokio::task::spawn_blocking(move || examine(&source, &exchange)).await;
            (id, read)
        });
    }
    let mut rows: HashMap<SourceId, (Vec<String>, bool)> = HashMap::new();
    while let Some(asked) = asking.join_next().await {
        let (id, read) = asked?;
        let row = row(&id, read.as_ref().map_err(ToString::to_string));
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

const COLUMNS: [&str; 7] = ["id", "state", "is", "entries", "newest", "encoding", "because"];

/// Asks for a source's document as a poll does; for a page only if robots.txt lets it.
async fn exchange(fetcher: &Fetcher, source: &Source) -> Exchange {
    if matches!(source.kind, Kind::Page(_)) {
        let verdict = fetcher.may_fetch(&source.def.url).await;
        if !verdict.allowed {
            return Exchange::Failed(fetcher.refusal(&source.def.url, verdict.why, false).await);
        }
    }
    fetcher.get(&request(source)).await
}

fn request(source: &Source) -> FetchRequest {
    let headers = source.headers.iter().map(|(name, value)| (name.clone(), value.expose().to_owned()));
    let accept = match source.kind {
        Kind::Page(_) => ACCEPT_PAGE,
        Kind::Feed => ACCEPT_FEED,
        Kind::Json(_) => ACCEPT_JSON,
    };
    FetchRequest {
        url: source.def.url.clone(),
        validators: Validators::default(),
        headers: headers.collect(),
        accept: accept.to_owned(),
        obeys_robots: matches!(source.kind, Kind::Page(_)),
        waited: false,
        outward: false,
    }
}

fn examine(source: &Source, exchange: &Exchange) -> Report {
    let reader = match &source.kind {
        Kind::Feed => Reader::Feed,
        Kind::Page(page) => Reader::Page(&page.rules.list),
        Kind::Json(rules) => Reader::Json(rules),
    };
    probe::examine(&Subject {
        url: &source.def.url,
        exchange,
        zone: source.zone,
        at: SystemClock.now(),
        reader,
    })
}

fn row(id: &SourceId, read: Result<&Report, String>) -> Value {
    match read {
        Ok(report) => json!({
            "id": id,
            "state": report.state().name(),
            "good": report.state().is_good(),
            "is": report.what.name(),
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
    // How the encoding was told is for a closer look.
    let encoding = text("encoding").split(',').next().unwrap_or_default().to_owned();
    let newest = row["newest_age"].as_i64().map_or_else(|| "-".to_owned(), span);
    vec![text("id"), text("state"), text("is"), text("entries"), newest, encoding, text("because")]
}
