//! `dibao poll`: polls now, all at once, as far as hosts allow.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;

use super::{Answer, Done, Stop};
use crate::daemon::engine::Engine;
use crate::daemon::worker::{PollError, Report};
use crate::model::outcome::Outcome;
use crate::model::source::SourceId;
use crate::serve::admin::Line;

pub(super) async fn poll(engine: &Arc<Engine>, names: &[String], lines: &Sender<Line>) -> Answer {
    let started = tokio::time::Instant::now();
    let mut polls = JoinSet::new();
    for id in chosen(engine, names)? {
        let worker = Arc::clone(&engine.worker);
        polls.spawn(async move { worker.poll(&id, None).await });
    }
    let mut tally = Tally::default();
    while let Some(ended) = polls.join_next().await {
        let row = match ended {
            Ok(Ok(report)) => {
                tally.add(&report.outcome);
                row(&report)
            }
            Ok(Err(error)) => tally.lost(&error),
            Err(panic) => tally.lost(&panic),
        };
        lines.send(Line::Row(row)).await.map_err(|_| Stop::Left)?;
    }
    Ok(Done { summary: Some(tally.sentence(started.elapsed())), good: tally.failed == 0 })
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

    /// A poll that could not be recorded.
    fn lost(&mut self, why: &dyn std::fmt::Display) -> Value {
        self.failed += 1;
        json!({ "error": why.to_string() })
    }

    fn sentence(&self, elapsed: Duration) -> String {
        let Self { fetched, not_modified, failed, new } = self;
        let (polled, seconds) = (fetched + not_modified + failed, elapsed.as_secs_f64());
        format!(
            "polled {polled} sources in {seconds:.1} s: {fetched} fetched, {not_modified} not modified, \
             {failed} failed, {new} new entries"
        )
    }
}

fn row(report: &Report) -> Value {
    json!({
        "source": report.source,
        "outcome": report.outcome.name(),
        "detail": report.outcome.to_string(),
        "elapsed_ms": u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX),
    })
}
