//! How the daemon is, in one look: for `dibao status`, `/status.json` and `/readyz`.

use std::collections::BTreeMap;

use chrono::{SecondsFormat, TimeDelta};
use serde::Serialize;

use super::dues::Dues;
use super::engine::Engine;
use crate::ledger::store::StoreError;
use crate::model::source::SourceId;
use crate::model::state::{SourceState, State};
use crate::model::time::Time;
use crate::views::site::Site;

/// Polls that are due may wait this long for their hosts; when none has ended for as long either, they hang.
const HANGS: TimeDelta = TimeDelta::minutes(15);

/// The part of the sources whose failure is more than theirs: one in so many. A publisher that is down is no reason
/// to be woken, or for a container to be restarted; half of them are.
const MANY: usize = 2;

/// How well all is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Everything goes on, whatever single sources do.
    Well,
    /// The feeds are served, and do not get all that is new.
    Degraded,
}

/// All of it.
#[derive(Debug, Serialize)]
pub struct Status {
    /// How well all is.
    pub health: Health,
    /// Why it is no better, a sentence each.
    pub trouble: Vec<String>,
    /// The version that runs.
    pub version: &'static str,
    /// Since when its configuration is in use.
    pub configured: String,
    /// How many sources are in each state.
    pub states: BTreeMap<String, u64>,
    /// The sources that are not as they should be, those that have failed longest first.
    pub sources: Vec<Ailing>,
    /// How many polls ended how within the last hour.
    pub polls: BTreeMap<&'static str, u64>,
    /// The feeds of the regions that have entries.
    pub feeds: Vec<Fresh>,
}

/// A source that is not as it should be.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Ailing {
    /// Its id.
    pub id: SourceId,
    /// How it is.
    pub state: &'static str,
    /// Since when.
    pub since: Option<String>,
    /// When it last answered as it should.
    pub good: Option<String>,
    /// Failed polls since then.
    pub failures: u32,
}

/// How new a feed is.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Fresh {
    /// Its path, without an ending.
    pub feed: String,
    /// When its newest entry was published or last changed.
    pub newest: String,
    /// How long that is ago, in seconds.
    pub age: i64,
}

impl Status {
    /// How an engine is.
    ///
    /// # Errors
    /// When the store cannot be read.
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
        Ok(Self {
            health: if trouble.is_empty() { Health::Well } else { Health::Degraded },
            trouble,
            version: env!("CARGO_PKG_VERSION"),
            configured: whole(engine.since),
            states,
            sources,
            polls: engine.worker.recent().counts(now),
            feeds,
        })
    }
}

/// Why nothing new comes in, if nothing does.
#[must_use]
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
        state,
        since: source.poll.failing_since.map(whole),
        good: source.poll.good_at.map(whole),
        failures: source.poll.failures,
    }
}

/// An instant to the second.
fn whole(at: Time) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
