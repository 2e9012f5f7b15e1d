//! What the commands answer, as rows: the same whether they reach a running daemon or open the state
//! directory themselves.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;

use super::engine::Engine;
use super::scheduler;
use super::worker::{PollError, Report, Worker};
use crate::config::Source;
use crate::core::outcome::Outcome;
use crate::core::region::RegionId;
use crate::core::source::SourceId;
use crate::core::state::{Entry, FeedKey, Rank, SourceState, State};
use crate::serve::admin::{Command, Commander, Line};
use crate::store::StoreError;

/// Entries read from the store at a time.
const PAGE: usize = 500;

/// The answer's other end has gone: whoever asked has left.
struct Left;

type Answer = Result<(), Left>;

impl Commander for Engine {
    fn execute(
        self: Arc<Self>,
        command: Command,
        lines: Sender<Line>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            // Nothing is to be done about someone who left.
            let _ = match command {
                Command::Poll { sources } => poll(&self, sources, &lines).await,
                Command::Rebuild => rebuild(&self, &lines).await,
                other => {
                    let engine = Arc::clone(&self);
                    let out = lines.clone();
                    let task = tokio::task::spawn_blocking(move || read(&engine, &other, &out));
                    match task.await {
                        Ok(answer) => answer,
                        Err(panic) => fail(&lines, &panic).await,
                    }
                }
            };
        })
    }
}

async fn send(lines: &Sender<Line>, line: Line) -> Answer {
    lines.send(line).await.map_err(|_| Left)
}

async fn fail(lines: &Sender<Line>, error: &(dyn std::fmt::Display + Sync)) -> Answer {
    send(lines, Line::Failed(error.to_string())).await
}

async fn done(lines: &Sender<Line>, summary: String, good: bool) -> Answer {
    send(lines, Line::Done { summary: Some(summary), good }).await
}

async fn poll(engine: &Arc<Engine>, names: Vec<String>, lines: &Sender<Line>) -> Answer {
    let started = tokio::time::Instant::now();
    let ids = match chosen(engine, &names) {
        Ok(ids) => ids,
        Err(error) => return fail(lines, &error).await,
    };
    let mut polls = JoinSet::new();
    for id in ids {
        let worker = Arc::clone(&engine.worker);
        polls.spawn(async move { worker.poll(&id, None).await });
    }
    let mut tally = Tally::default();
    while let Some(ended) = polls.join_next().await {
        match ended {
            Ok(Ok(report)) => {
                tally.add(&report.outcome);
                send(lines, Line::Row(report_row(&report))).await?;
            }
            Ok(Err(error)) => {
                tally.not_recorded += 1;
                send(lines, Line::Row(json!({"error": error.to_string()}))).await?;
            }
            Err(panic) => {
                tally.not_recorded += 1;
                send(lines, Line::Row(json!({"error": panic.to_string()}))).await?;
            }
        }
    }
    let publisher = Arc::clone(&engine.publisher);
    let published = tokio::task::spawn_blocking(move || publisher.refresh()).await;
    match published {
        Ok(Ok(())) => done(lines, tally.sentence(started.elapsed()), tally.all_good()).await,
        Ok(Err(error)) => fail(lines, &error).await,
        Err(panic) => fail(lines, &panic).await,
    }
}

/// The sources of a poll: those named, or all that are switched on.
fn chosen(engine: &Engine, names: &[String]) -> Result<Vec<SourceId>, PollError> {
    if names.is_empty() {
        return Ok(engine.polled_sources().map(|source| source.def.id.clone()).collect());
    }
    let known = |name: &String| engine.config.sources.iter().any(|s| s.def.id.as_str() == name);
    match names.iter().find(|name| !known(name)) {
        Some(name) => Err(PollError::Unknown(name.clone())),
        None => Ok(names.iter().map(|name| SourceId::new(name)).collect()),
    }
}

#[derive(Default)]
struct Tally {
    fetched: u64,
    not_modified: u64,
    failed: u64,
    not_recorded: u64,
    new: u64,
}

impl Tally {
    fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Fetched { new, .. } => {
                self.fetched += 1;
                self.new += u64::from(*new);
            }
            Outcome::NotModified | Outcome::Unchanged => self.not_modified += 1,
            _ => self.failed += 1,
        }
    }

    fn all_good(&self) -> bool {
        self.failed + self.not_recorded == 0
    }

    fn sentence(&self, elapsed: std::time::Duration) -> String {
        let failed = self.failed + self.not_recorded;
        let polled = self.fetched + self.not_modified + failed;
        format!(
            "polled {polled} sources in {:.1} s: {} fetched, {} not modified, {failed} failed, {} new entries",
            elapsed.as_secs_f64(),
            self.fetched,
            self.not_modified,
            self.new
        )
    }
}

fn report_row(report: &Report) -> Value {
    json!({
        "source": report.source,
        "outcome": report.outcome.name(),
        "detail": report.outcome.to_string(),
        "elapsed_ms": u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX),
    })
}

async fn rebuild(engine: &Arc<Engine>, lines: &Sender<Line>) -> Answer {
    let recorder = engine.recorder.clone();
    let task = tokio::task::spawn_blocking(move || {
        let replayed = recorder.rebuild("asked for")?;
        Ok::<_, super::recorder::RecordError>((replayed, recorder.store().load().meta()))
    });
    match task.await {
        Ok(Ok((replayed, Ok(meta)))) => {
            recorder_changed(engine);
            let entries = meta.map_or(0, |m| m.entries);
            done(lines, format!("rebuilt from {replayed} lines of the journal: {entries} entries"), true)
                .await
        }
        Ok(Ok((_, Err(error)))) => fail(lines, &error).await,
        Ok(Err(error)) => fail(lines, &error).await,
        Err(panic) => fail(lines, &panic).await,
    }
}

fn recorder_changed(engine: &Engine) {
    use super::recorder::Audience;
    engine.publisher.everything();
}

/// The commands that only read. Runs on a blocking thread.
fn read(engine: &Engine, command: &Command, lines: &Sender<Line>) -> Answer {
    let mut out = |row: Value| lines.blocking_send(Line::Row(row)).map_err(|_| Left);
    let answered = match command {
        Command::Sources => sources(engine, &mut out),
        Command::Regions => regions(engine, &mut out),
        Command::Entries { region, source, limit } => {
            match feed(engine, region.as_deref(), source.as_deref()) {
                Ok(feed) => entries(engine, &feed, *limit, &mut out),
                Err(why) => return lines.blocking_send(Line::Failed(why)).map_err(|_| Left),
            }
        }
        Command::Poll { .. } | Command::Rebuild => Ok(Ok(())),
    };
    let last = match answered {
        Ok(Ok(())) => Line::Done { summary: None, good: true },
        Ok(Err(Left)) => return Err(Left),
        Err(error) => Line::Failed(error.to_string()),
    };
    lines.blocking_send(last).map_err(|_| Left)
}

type Out<'a> = &'a mut dyn FnMut(Value) -> Answer;

fn sources(engine: &Engine, out: Out<'_>) -> Result<Answer, StoreError> {
    let stored = engine.store().load().sources()?;
    for source in &engine.config.sources {
        if out(source_row(engine, source, stored.get(&source.def.id))).is_err() {
            return Ok(Err(Left));
        }
    }
    for (id, state) in stored.iter().filter(|(_, state)| state.gone) {
        let row = json!({"id": id, "state": "removed", "entries": state.entries, "title": state.title()});
        if out(row).is_err() {
            return Ok(Err(Left));
        }
    }
    Ok(Ok(()))
}

fn source_row(engine: &Engine, source: &Source, stored: Option<&SourceState>) -> Value {
    let due =
        scheduler::first_due(&source.plan(&engine.config.polling), Worker::past(stored), engine.clock.now());
    let outcome = stored.and_then(|s| s.outcome.as_ref());
    json!({
        "id": source.def.id,
        "state": if source.enabled { outcome.map_or("new", Outcome::name) } else { "off" },
        "entries": stored.map_or(0, |s| s.entries),
        "failures": stored.map_or(0, |s| s.poll.failures),
        "polled": stored.and_then(|s| s.polled_at),
        "next": due.filter(|_| source.enabled).map(|d| d.at),
        "news": stored.and_then(|s| s.poll.news_at),
        "detail": outcome.map(ToString::to_string),
        "title": stored.map_or_else(|| source.def.title.clone(), |s| Some(s.title().to_owned())),
        "url": source.def.url,
    })
}

fn regions(engine: &Engine, out: Out<'_>) -> Result<Answer, StoreError> {
    let store = engine.store().load_full();
    for region in engine.config.regions.iter() {
        let state = store.feed(&FeedKey::Region(region.id.clone()))?;
        let row = json!({
            "id": region.id,
            "code": region.code,
            "entries": state.as_ref().map_or(0, |s| s.entries),
            "updated": state.as_ref().map(|s| s.updated),
            "feed": format!("{}/{}.atom", engine.config.server.public_url, region.id),
            "name": region.name,
        });
        if out(row).is_err() {
            return Ok(Err(Left));
        }
    }
    Ok(Ok(()))
}

fn feed(engine: &Engine, region: Option<&str>, source: Option<&str>) -> Result<FeedKey, String> {
    match (region, source) {
        (Some(_), Some(_)) => Err("name a region or a source, not both".to_owned()),
        (None, None) | (Some("all"), None) => Ok(FeedKey::All),
        (Some("national"), None) => Ok(FeedKey::National),
        (Some(id), None) if engine.config.regions.get(id).is_some() => Ok(FeedKey::Region(RegionId::new(id))),
        (Some(id), None) => Err(format!("there is no region {id:?}; `dibao regions` lists them")),
        (None, Some(id)) => Ok(FeedKey::Source(SourceId::new(id))),
    }
}

fn entries(
    engine: &Engine,
    feed: &FeedKey,
    limit: Option<usize>,
    out: Out<'_>,
) -> Result<Answer, StoreError> {
    let store = engine.store().load_full();
    let mut left = limit.unwrap_or(usize::MAX);
    let mut after: Option<Rank> = None;
    while left > 0 {
        let ranks = store.list(feed, after, left.min(PAGE))?;
        let Some(last) = ranks.last() else { break };
        after = Some(*last);
        left -= ranks.len();
        for rank in ranks {
            let (_, entry) = store.listed_entry(rank)?;
            if out(entry_row(&entry)).is_err() {
                return Ok(Err(Left));
            }
        }
    }
    Ok(Ok(()))
}

fn entry_row(entry: &Entry) -> Value {
    json!({
        "id": entry.id,
        "source": entry.source,
        "regions": entry.regions.iter().map(|e| &e.region).collect::<Vec<_>>(),
        "published": entry.published,
        "updated": entry.updated,
        "first_seen": entry.first_seen,
        "link": entry.body.page(),
        "title": entry.title(),
    })
}
