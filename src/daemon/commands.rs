//! What the commands answer, as rows: the same whether they reach a running daemon or open the state
//! directory themselves.

mod explain;
mod identity;
mod poll;
mod tables;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;

use super::dues::Dues;
use super::engine::Engine;
use super::keeper::scrub;
use super::recorder::{Audience, RecordError};
use super::status::Status;
use super::worker::PollError;
use crate::ledger::Fact;
use crate::ledger::store::StoreError;
use crate::model::record::{Assignment, Withdrawal};
use crate::model::region::RegionId;
use crate::model::state::State;
use crate::serve::admin::{Command, Commander, Line};

/// Why a command stops short.
#[derive(Debug, thiserror::Error)]
enum Stop {
    /// Whoever asked has left, and is told nothing more.
    #[error("nobody listens any more")]
    Left,
    /// What was asked for is not there.
    #[error("{0}")]
    No(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Poll(#[from] PollError),
    #[error("it ended in a panic: {0}")]
    Panic(#[from] tokio::task::JoinError),
}

/// How a command that was carried out ended: a sentence for people, and whether all went well.
struct Done {
    summary: Option<String>,
    good: bool,
}

impl Done {
    fn silently() -> Self {
        Self { summary: None, good: true }
    }

    fn saying(summary: String) -> Self {
        Self { summary: Some(summary), good: true }
    }
}

type Answer = Result<Done, Stop>;

/// Where a command that only reads, on a blocking thread, puts its rows.
type Out<'a> = &'a mut dyn FnMut(Value) -> Result<(), Stop>;

impl Commander for Engine {
    fn execute(
        self: Arc<Self>,
        command: Command,
        lines: Sender<Line>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            let last = match answer(&self, command, &lines).await {
                Ok(Done { summary, good }) => Line::Done { summary, good, running: Some(self.running()) },
                Err(Stop::Left) => return,
                Err(stop) => Line::Failed(stop.to_string()),
            };
            // Nothing is to be done about someone who left at the last moment.
            let _ = lines.send(last).await;
        })
    }
}

async fn answer(engine: &Arc<Engine>, command: Command, lines: &Sender<Line>) -> Answer {
    match command {
        Command::Poll { sources } => poll::poll(engine, &sources, lines).await,
        Command::Reload => {
            Err(Stop::No("no daemon is running; the next one reads the configuration".to_owned()))
        }
        Command::Rebuild => rebuild(engine).await,
        Command::Compact => compact(engine).await,
        Command::Scrub => scrub(engine).await,
        Command::Assign { entry, regions } => assign(engine, entry, &regions).await,
        Command::Withdraw { entry } => withdraw(engine, entry).await,
        Command::Backup { heal } => {
            read(engine, lines, move |engine, out| {
                if heal {
                    // A new base is written from the store.
                    engine.recorder.compact()?;
                }
                backup(engine, out)
            })
            .await
        }
        Command::Status => read(engine, lines, |engine, out| out(status_row(engine, None)?)).await,
        Command::Sources => {
            read(engine, lines, tables::sources).await?;
            // Where nothing works at all, the reason is most likely here.
            let engine = Arc::clone(engine);
            let good = tokio::task::spawn_blocking(move || tables::any_works(&engine)).await??;
            Ok(Done { summary: None, good })
        }
        Command::Regions => read(engine, lines, tables::regions).await,
        Command::Entries { region, source, limit } => {
            let work = move |engine: &Engine, out: Out<'_>| {
                tables::entries(engine, region.as_deref(), source.as_deref(), limit, out)
            };
            read(engine, lines, work).await
        }
        Command::Explain { entry } => {
            read(engine, lines, move |engine, out| explain::explain(engine, &entry, out)).await
        }
        Command::ExplainSource { source } => {
            read(engine, lines, move |engine, out| identity::of_source(engine, &source, out)).await
        }
    }
}

/// How everything is, with what only whoever may command is told of: sizes, memory and the file.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn status_row(engine: &Engine, dues: Option<&Dues>) -> Result<Value, StoreError> {
    let mut row = json!(Status::of(engine, dues)?);
    let (base, tail) = engine.recorder.journal_sizes().unwrap_or_default();
    row["journal_octets"] = json!(base + tail);
    row["store_octets"] = json!(engine.recorder.store_size().ok());
    row["memory_octets"] = json!(memory());
    row["waiting"] = json!(engine.recorder.waiting());
    row["config"] = json!(engine.config.path);
    Ok(row)
}

/// What the process holds of the machine's memory, in octets (proc(5)).
fn memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// The last position, then the files that everything up to it stands in.
fn backup(engine: &Engine, out: Out<'_>) -> Result<(), Stop> {
    let (seq, parts) = engine.recorder.acknowledged()?;
    out(json!({ "seq": seq }))?;
    parts.into_iter().try_for_each(|part| out(json!(part)))
}

/// Runs a command that only reads on a blocking thread.
async fn read<F>(engine: &Arc<Engine>, lines: &Sender<Line>, work: F) -> Answer
where
    F: FnOnce(&Engine, Out<'_>) -> Result<(), Stop> + Send + 'static,
{
    let (engine, lines) = (Arc::clone(engine), lines.clone());
    let task = tokio::task::spawn_blocking(move || {
        work(&engine, &mut |row| lines.blocking_send(Line::Row(row)).map_err(|_| Stop::Left))
    });
    task.await??;
    Ok(Done::silently())
}

async fn rebuild(engine: &Arc<Engine>) -> Answer {
    let recorder = engine.recorder.clone();
    let (lines, meta) = tokio::task::spawn_blocking(move || {
        let lines = recorder.rebuild("asked for")?;
        Ok::<_, Stop>((lines, recorder.store().load().meta()?))
    })
    .await??;
    engine.publisher.everything();
    let entries = meta.map_or(0, |meta| meta.entries);
    Ok(Done::saying(format!("rebuilt from {lines} lines of the journal: {entries} entries")))
}

async fn compact(engine: &Arc<Engine>) -> Answer {
    let recorder = engine.recorder.clone();
    let sizes = tokio::task::spawn_blocking(move || {
        recorder.compact()?;
        recorder.rebuild("a fresh one was asked for")?;
        recorder.journal_sizes()
    });
    let (base, tail) = sizes.await??;
    Ok(Done::saying(format!("compacted: a base of {base} octets and {tail} behind it")))
}

/// Good only where nothing was damaged: whoever runs it from cron is told of a disk that rots.
async fn scrub(engine: &Arc<Engine>) -> Answer {
    let recorder = engine.recorder.clone();
    let found = tokio::task::spawn_blocking(move || scrub::at_once(&recorder)).await??;
    let store = match found.store_damaged {
        true => "the store was damaged, and was built anew from the journal".to_owned(),
        false => format!("the store is sound ({} rows)", found.rows),
    };
    let journal = match found.journal_damaged {
        true => "the journal was damaged, and got a new base from the store",
        false => "the journal is sound",
    };
    let good = !found.store_damaged && !found.journal_damaged;
    Ok(Done { summary: Some(format!("{store}; {journal}")), good })
}

async fn assign(engine: &Arc<Engine>, named: String, regions: &[String]) -> Answer {
    let regions = assigned(engine, regions)?;
    let finder = Arc::clone(engine);
    let entry = tokio::task::spawn_blocking(move || explain::find(&finder, &named)).await??.1;
    if !entry.is_shown() {
        return Err(Stop::No("the entry was withdrawn or has expired: it is in no feed".to_owned()));
    }
    let said = match &regions {
        None => "the regions of its texts".to_owned(),
        Some(none) if none.is_empty() => "no region".to_owned(),
        Some(some) => some.iter().map(RegionId::as_str).collect::<Vec<_>>().join(", "),
    };
    let assignment = Assignment { at: engine.clock.now(), published_id: entry.id.clone(), regions };
    engine.recorder.record(Fact::Assign(assignment)).await?;
    Ok(Done::saying(format!("assigned to {said}: {} ({})", entry.title(), entry.id)))
}

/// What an operator names as regions: `auto` is `None`, `national` is none of them.
fn assigned(engine: &Engine, named: &[String]) -> Result<Option<Vec<RegionId>>, Stop> {
    match named {
        [one] if one == "auto" => return Ok(None),
        [one] if one == "national" => return Ok(Some(Vec::new())),
        _ => {}
    }
    let mut regions = Vec::new();
    for name in named {
        let region = engine.config.regions.iter().find(|region| region.id.as_str() == name);
        let unknown = || Stop::No(format!("{name:?} is not a region; `dibao regions` lists them"));
        let region = region.ok_or_else(unknown)?;
        if !regions.contains(&region.id) {
            regions.push(region.id.clone());
        }
    }
    Ok(Some(regions))
}

async fn withdraw(engine: &Arc<Engine>, named: String) -> Answer {
    let finder = Arc::clone(engine);
    let entry = tokio::task::spawn_blocking(move || explain::find(&finder, &named)).await??.1;
    if let Some(when) = entry.withdrawn {
        return Err(Stop::No(format!("it was withdrawn already, at {}", when.to_rfc3339())));
    }
    let withdrawal = Withdrawal { at: engine.clock.now(), published_id: entry.id.clone() };
    engine.recorder.record(Fact::Withdraw(withdrawal)).await?;
    Ok(Done::saying(format!("withdrawn: {} ({})", entry.title(), entry.id)))
}
