//! The health of the daemon: for `dibao status`, `/status.json` and `/readyz`.

use std::collections::BTreeMap;

use chrono::{SecondsFormat, TimeDelta};
use serde::{Deserialize, Serialize};

use super::dues::Dues;
use super::engine::Engine;
use crate::ledger::store::StoreError;
use crate::model::source::SourceId;
use crate::model::state::{SourceState, State};
use crate::model::time::Time;
use crate::views::site::Site;

/// Polls hang if one has been due for longer than this, and none has ended for as long. Shorter waits are for hosts.
const HANGS: TimeDelta = TimeDelta::minutes(15);

/// The daemon is degraded if one source in so many fails. One publisher that is down is no reason to wake the operator
/// or to restart a container; half of them are.
const MANY: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// dibao works; single sources may fail.
    Well,
    /// The feeds are served, but do not get all new entries.
    Degraded,
}

impl Health {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Degraded => "degraded",
        }
    }
}

/// As `/status.json` shows it. Instants are to the second.
#[derive(Debug, Serialize, Deserialize)]
pub struct Status {
    pub health: Health,
    /// Reasons of the health, a sentence each.
    pub trouble: Vec<String>,
    pub version: String,
    /// Time since which the configuration is in use.
    pub configured: String,
    pub states: BTreeMap<String, u64>,
    /// The sources in another state than `ok`, those that have failed longest first.
    pub sources: Vec<Ailing>,
    /// Count of polls of the last hour by outcome.
    pub polls: BTreeMap<String, u64>,
    /// The feeds of the regions that have entries.
    pub feeds: Vec<Fresh>,
}

/// A source in another state than `ok`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ailing {
    pub id: SourceId,
    pub state: String,
    /// Time since which it fails.
    pub since: Option<String>,
    pub good: Option<String>,
    pub failures: u32,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fresh {
    /// Its path, without an ending.
    pub feed: String,
    /// Time at which its newest entry was published or last changed.
    pub newest: String,
    pub age: i64,
}

impl Status {
    pub fn of(engine: &Engine, dues: Option<&Dues>) -> Result<Self, StoreError> {
        let now = engine.clock.now();
        let store = engine.store().load_full();
        let stored = store.sources()?;
        let (mut states, mut sources, mut failing, mut polled) = (BTreeMap::new(), Vec::new(), 0, 0);
        for source in &engine.config.sources {
            let known = stored.get(&source.def.id).filter(|_| source.enabled);
            let state = if source.enabled { known.map_or("new", |s| s.condition(now)) } else { "off" };
            *states.entry(state.to_owned()).or_insert(0) += 1;
            let Some(known) = known.filter(|known| known.outcome.is_some()) else { continue };
            polled += 1;
            failing += usize::from(known.poll.failing_since.is_some());
            if state != "ok" {
                sources.push(ailing(known, state));
            }
        }
        sources.sort_by(|a: &Ailing, b| {
            (a.since.is_none(), &a.since, &a.id).cmp(&(b.since.is_none(), &b.since, &b.id))
        });
        let mut feeds = Vec::new();
        for feed in engine.config.regions.iter().map(|region| region.id.clone()) {
            let key = crate::model::feed_key::FeedKey::Region(feed);
            if let Some(state) = store.feed(&key)?.filter(|state| state.entries > 0) {
                let age = (now - state.updated).num_seconds().max(0);
                feeds.push(Fresh { feed: Site::path(&key), newest: whole(state.updated), age });
            }
        }
        let mut trouble: Vec<String> = stops(engine, dues).into_iter().collect();
        if polled > 0 && failing * MANY >= polled {
            trouble.push(format!("{failing} of {polled} sources fail"));
        }
        let counts = engine.worker.recent().counts(now);
        Ok(Self {
            health: if trouble.is_empty() { Health::Well } else { Health::Degraded },
            trouble,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            configured: whole(engine.since),
            states,
            sources,
            polls: counts.into_iter().map(|(outcome, count)| (outcome.to_owned(), count)).collect(),
            feeds,
        })
    }
}

/// The reason why nothing new comes in; `None` while polls go on.
pub fn stops(engine: &Engine, dues: Option<&Dues>) -> Option<String> {
    if let Some(why) = engine.recorder.stall() {
        return Some(format!("polls wait: {why}"));
    }
    let now = engine.clock.now();
    let due = dues?.earliest()?;
    let ended = engine.worker.recent().last().unwrap_or(engine.since).max(engine.since);
    (now - due > HANGS && now - ended > HANGS).then(|| {
        format!("polls hang: one was due at {}, and none has ended since {}", whole(due), whole(ended))
    })
}

fn ailing(source: &SourceState, state: &'static str) -> Ailing {
    Ailing {
        id: source.def.id.clone(),
        state: state.to_owned(),
        since: source.poll.failing_since.map(whole),
        good: source.poll.good_at.map(whole),
        failures: source.poll.failures,
    }
}

fn whole(at: Time) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
