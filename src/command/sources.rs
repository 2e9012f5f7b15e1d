//! `dibao sources`: every source, with its state, its entries, its last poll and its next.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::host::{Done, Host, Rows, Stop};
use super::{Request, Row, Shown};
use crate::config::Source;
use crate::daemon::engine::Engine;
use crate::daemon::scheduler;
use crate::model::page_habits::Odd;
use crate::model::source::SourceId;
use crate::model::state::SourceState;
use crate::model::time::{Time, rfc3339};

/// List the sources: state, entries, last and next poll
#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Sources {}

/// A source. Instants are to the second.
#[derive(Debug, Serialize, Deserialize)]
pub struct SourceRow {
    pub id: SourceId,
    pub state: String,
    pub entries: u64,
    pub title: Option<String>,
    pub url: String,
    /// `None` for a source that is no longer in the configuration.
    #[serde(flatten)]
    pub polls: Option<Polls>,
}

/// Summary of the polls of a source.
#[derive(Debug, Serialize, Deserialize)]
pub struct Polls {
    pub failures: u32,
    pub polled: Option<String>,
    pub good: Option<String>,
    /// Time of the first failure since then.
    pub since: Option<String>,
    pub next: Option<String>,
    /// Time of the last poll that brought something new.
    pub news: Option<String>,
    pub newest: Option<String>,
    /// Polls that brought nothing, in hundredths.
    pub in_vain: Option<u32>,
    /// Advice to the operator, one sentence an item.
    pub advice: Option<Vec<String>>,
    pub detail: Option<String>,
}

impl Row for SourceRow {
    const SHOWN: Shown<Self> =
        Shown::Table(&["id", "state", "since", "good", "entries", "failures", "polled", "next", "title"]);

    /// Why the source does not answer as it should, and what would serve it better.
    fn notes(&self) -> Vec<String> {
        let Some(polls) = &self.polls else { return Vec::new() };
        let detail = match self.state.as_str() {
            "ok" | "new" | "off" => None,
            "stale" => {
                let newest = polls.newest.as_deref().unwrap_or("-");
                Some(format!("nothing new since {newest}, far beyond its own rhythm"))
            }
            _ => polls.detail.clone(),
        };
        let advice = polls.advice.iter().flatten().cloned();
        detail.into_iter().chain(advice).map(|text| format!("{}: {text}\n", self.id)).collect()
    }

    #[cfg(test)]
    fn samples() -> Vec<serde_json::Value> {
        let polled = serde_json::json!({
            "id": "henan-daily", "state": "stale", "entries": 7, "title": "河南日报", "url": "http://a.example/feed",
            "failures": 0, "polled": "2026-11-20T08:00:00Z", "good": "2026-11-20T08:00:00Z", "since": null,
            "next": "2026-11-20T08:10:00Z", "news": null, "newest": "2026-08-19T00:00:00Z", "in_vain": 40,
            "advice": ["poll it less often"], "detail": "not-modified",
        });
        let removed = serde_json::json!({
            "id": "old", "state": "removed", "entries": 2, "title": "旧报", "url": "http://old.example/feed",
        });
        vec![polled, removed]
    }
}

impl Request for Sources {
    const NAME: &'static str = "sources";
    type Row = SourceRow;

    async fn answer(self, host: &Host, rows: Rows<SourceRow>) -> Result<Done, Stop> {
        let good = host.blocking(move |engine| {
            list(engine, &rows)?;
            // Where nothing works at all, the reason is most likely here.
            any_works(engine)
        });
        Ok(Done { summary: None, good: good.await? })
    }
}

fn list(engine: &Engine, rows: &Rows<SourceRow>) -> Result<(), Stop> {
    let stored = engine.store().load().sources()?;
    for source in &engine.config.sources {
        rows.put(row(engine, source, stored.get(&source.def.id)))?;
    }
    for (id, state) in stored.iter().filter(|(_, state)| state.gone && !state.is_forgotten()) {
        rows.put(SourceRow {
            id: id.clone(),
            state: "removed".to_owned(),
            entries: state.entries,
            title: Some(state.title().to_owned()),
            url: state.def.url.clone(),
            polls: None,
        })?;
    }
    Ok(())
}

/// False if every source that is polled fails.
fn any_works(engine: &Engine) -> Result<bool, Stop> {
    let stored = engine.store().load().sources()?;
    let polled = engine.polled_sources().filter_map(|source| stored.get(&source.def.id));
    let mut asked = polled.filter(|state| state.outcome.is_some()).peekable();
    Ok(asked.peek().is_none() || asked.any(|state| state.poll.failing_since.is_none()))
}

fn row(engine: &Engine, source: &Source, stored: Option<&SourceState>) -> SourceRow {
    let plan = source.plan(&engine.config.polling);
    let now = engine.clock.now();
    let due = scheduler::first_due(&plan, engine.worker.past(stored), now);
    let interval = plan.shortest_gap().to_std().unwrap_or_default();
    SourceRow {
        id: source.def.id.clone(),
        state: SourceState::state(stored, source.enabled, now).to_owned(),
        entries: stored.map_or(0, |s| s.entries),
        title: stored.map_or_else(|| source.def.title.clone(), |s| Some(s.title().to_owned())),
        url: source.def.url.clone(),
        polls: Some(Polls {
            failures: stored.map_or(0, |s| s.poll.failures),
            polled: stored.and_then(|s| s.polled_at).map(rfc3339),
            good: stored.and_then(|s| s.poll.good_at).map(rfc3339),
            since: stored.and_then(|s| s.poll.failing_since).map(rfc3339),
            next: due.filter(|_| source.enabled).map(|due| rfc3339(due.at)),
            news: stored.and_then(|s| s.poll.news_at).map(rfc3339),
            newest: stored.and_then(|s| s.habits.newest()).map(rfc3339),
            in_vain: stored.and_then(|s| s.habits.in_vain()),
            advice: stored.map(|s| advice(s, interval, now)).filter(|advice| !advice.is_empty()),
            detail: stored.and_then(|s| s.outcome.as_ref()).map(ToString::to_string),
        }),
    }
}

/// Advice on how often to poll a source, and on pages that dibao may read wrongly.
fn advice(stored: &SourceState, interval: Duration, now: Time) -> Vec<String> {
    let odd = stored.pages.odd().map(|Odd { since, lack }| {
        let (since, lack) = (rfc3339(since), lack.as_str());
        format!(
            "its pages stopped looking like the others since {since}: {lack}; dibao probe on one shows why"
        )
    });
    stored.habits.advice(interval, now).into_iter().chain(odd).collect()
}
