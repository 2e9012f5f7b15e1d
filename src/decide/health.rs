//! The status of a daemon, made of values that others looked up: well or degraded, and why. The command, `/status`,
//! `/status.json`, `/metrics` and `/readyz` show what is decided here.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::model::outcome::Outcome;
use crate::model::source::SourceId;
use crate::model::time::{Time, rfc3339};

/// Polls hang if one has been due for longer than this, and none has ended for as long. Shorter waits are for hosts.
const HANGS: TimeDelta = TimeDelta::minutes(15);

/// The recorder hangs if the group that it records makes no progress for longer than this.
const RECORDING_HANGS: TimeDelta = TimeDelta::minutes(5);

/// A daemon that has no way to its sources is not ready after this. Most outages are shorter, and no restart ends one.
const CUT_OFF: TimeDelta = TimeDelta::minutes(5);

/// The daemon is degraded if one source in so many fails. One publisher that is down is no reason to wake the operator
/// or to restart a container; half of them are.
const MANY: usize = 2;

/// A daemon at one moment.
#[derive(Clone, Debug)]
pub struct Look {
    pub now: Time,
    /// Time since which the configuration is in use.
    pub configured: Time,
    pub sources: Vec<SourceLook>,
    /// The feeds of the regions that have entries: the path without an ending, the time of the newest entry.
    pub feeds: Vec<(String, Time)>,
    /// Count of polls of the last hour by outcome.
    pub polls: BTreeMap<String, u64>,
    pub progress: Progress,
    pub sizes: Sizes,
}

/// A configured source at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLook {
    pub id: SourceId,
    pub title: String,
    /// The outcome of its last poll, `stale`, `new`, or `off`.
    pub state: String,
    /// Time since which it fails.
    pub failing_since: Option<Time>,
    /// Time of the last good answer.
    pub good: Option<Time>,
    /// The date of its newest entry.
    pub newest: Option<Time>,
    /// Failed polls since the last good answer.
    pub failures: u32,
    /// True if it is enabled and was polled.
    pub polled: bool,
}

/// A poll as a small bar of the status shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollMark {
    News,
    /// A good answer with nothing new.
    Quiet,
    Failed,
}

impl PollMark {
    pub fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Fetched { new, changed, .. } if *new + *changed > 0 => Self::News,
            outcome if outcome.is_good() => Self::Quiet,
            _ => Self::Failed,
        }
    }
}

/// The parts that must move for news to come in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The disk error because of which nothing is recorded. It names no path: anybody may read it.
    pub stall: Option<String>,
    /// Time since which the group of records that is being recorded makes no progress.
    pub recording_since: Option<Time>,
    /// The earliest time at which a source is due, or was due and has not been polled since, among those whose way is
    /// up. `None` if nothing is due or if no scheduler runs.
    pub due: Option<Time>,
    /// Time at which the last poll ended; that of the start if none has.
    pub ended: Time,
    /// The outages of the ways to the polled sources, a sentence each. They name no address.
    pub outages: Vec<String>,
    /// Time since which no way to a polled source is left.
    pub cut_off_since: Option<Time>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// The stored entries.
    #[serde(default)]
    pub entries: u64,
    /// Records that wait for the recorder.
    #[serde(default)]
    pub waiting: usize,
    #[serde(default)]
    pub journal_octets: Option<u64>,
    #[serde(default)]
    pub store_octets: Option<u64>,
    /// Memory of the machine that the process holds.
    #[serde(default)]
    pub memory_octets: Option<u64>,
    /// The entries in the search index; `None` without search.
    #[serde(default)]
    pub indexed: Option<u64>,
    /// True if searches are answered. While the index is being built they are not.
    #[serde(default)]
    pub searchable: Option<bool>,
}

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

/// The status as `/status.json` shows it. Instants are to the second. It holds no address, no message of a publisher and
/// no path: anybody may read it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Status {
    pub health: Health,
    /// Reasons of the health, a sentence each.
    pub trouble: Vec<String>,
    pub version: String,
    /// Time since which the configuration is in use.
    pub configured: String,
    /// Count of sources in each state.
    pub states: BTreeMap<String, u64>,
    /// The sources in another state than `ok`, those that have failed longest first.
    pub sources: Vec<Ailing>,
    /// Count of polls of the last hour by outcome.
    pub polls: BTreeMap<String, u64>,
    /// The feeds of the regions that have entries.
    pub feeds: Vec<Fresh>,
    #[serde(flatten)]
    pub sizes: Sizes,
}

/// A source in another state than `ok`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ailing {
    pub id: SourceId,
    pub state: String,
    /// Time since which it fails.
    pub since: Option<String>,
    /// Time of the last good answer.
    pub good: Option<String>,
    /// Failed polls since then.
    pub failures: u32,
}

impl Ailing {
    fn of(source: &SourceLook) -> Self {
        Self {
            id: source.id.clone(),
            state: source.state.clone(),
            since: source.failing_since.map(rfc3339),
            good: source.good.map(rfc3339),
            failures: source.failures,
        }
    }
}

/// The age of a feed.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fresh {
    /// Its path, without an ending.
    pub feed: String,
    /// Time at which its newest entry was published or last changed.
    pub newest: String,
    /// Seconds since then.
    pub age: i64,
}

impl Look {
    pub fn status(&self) -> Status {
        let mut states = BTreeMap::new();
        for source in &self.sources {
            *states.entry(source.state.clone()).or_insert(0) += 1;
        }
        let trouble = self.trouble();
        Status {
            health: if trouble.is_empty() { Health::Well } else { Health::Degraded },
            trouble,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            configured: rfc3339(self.configured),
            states,
            sources: self.ailing().into_iter().map(Ailing::of).collect(),
            polls: self.polls.clone(),
            feeds: self.feeds.iter().map(|(feed, newest)| self.fresh(feed, *newest)).collect(),
            sizes: self.sizes,
        }
    }

    fn trouble(&self) -> Vec<String> {
        let polled = self.sources.iter().filter(|source| source.polled).count();
        let failing =
            self.sources.iter().filter(|source| source.polled && source.failing_since.is_some()).count();
        let many = polled > 0 && failing * MANY >= polled;
        let fail = many.then(|| format!("{failing} of {polled} sources fail"));
        let outages = self.progress.outages.iter().cloned();
        self.progress.hangs(self.now).into_iter().chain(outages).chain(fail).collect()
    }

    /// The polled sources in another state than `ok`, those that have failed longest first.
    pub fn ailing(&self) -> Vec<&SourceLook> {
        let ailing = self.sources.iter().filter(|source| source.polled && source.state != "ok");
        let mut ailing: Vec<&SourceLook> = ailing.collect();
        ailing.sort_by_key(|source| (source.failing_since.is_none(), source.failing_since, &source.id));
        ailing
    }

    fn fresh(&self, feed: &str, newest: Time) -> Fresh {
        Fresh { feed: feed.to_owned(), newest: rfc3339(newest), age: self.seconds_since(newest) }
    }

    /// The seconds since a time; 0 for one that is still to come.
    pub fn seconds_since(&self, time: Time) -> i64 {
        (self.now - time).num_seconds().max(0)
    }
}

impl Progress {
    /// The reason why nothing new comes in; `None` while polls go on and are recorded.
    pub fn stops(&self, now: Time) -> Option<String> {
        let is_cut_off = self.cut_off_since.is_some_and(|since| now - since > CUT_OFF);
        self.hangs(now).or_else(|| is_cut_off.then(|| self.outages.join("; ")))
    }

    /// The part of this daemon or machine that hangs.
    fn hangs(&self, now: Time) -> Option<String> {
        if let Some(why) = &self.stall {
            return Some(format!("polls wait: {why}"));
        }
        if let Some(since) = self.recording_since.filter(|since| now - *since > RECORDING_HANGS) {
            return Some(format!(
                "recording hangs: a group of records makes no progress since {}; see if the disk answers",
                rfc3339(since)
            ));
        }
        let due = self.due?;
        (now - due > HANGS && now - self.ended > HANGS).then(|| {
            let (due, ended) = (rfc3339(due), rfc3339(self.ended));
            format!("polls hang: one was due at {due}, and none has ended since {ended}")
        })
    }
}

#[cfg(test)]
mod tests;
