//! The worker in an outage of our own network: failures are not held against sources, and polls wait.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::lock::SourceLock;
use super::networks::{Permit, Place, Suspect, Way, sentence};
use super::poller::{ByHand, past};
use super::{PollError, Worker, draw};
use crate::ask::Asked;
use crate::config::Source;
use crate::daemon::clock::Clock;
use crate::daemon::recorder::Recorder;
use crate::daemon::scheduler::Past;
use crate::decide::answer::Answer;
use crate::decide::diff::Draft;
use crate::decide::outage::{self, Change, Sign};
use crate::ledger::Fact;
use crate::model::outcome::Outcome;
use crate::model::poll_state::PollState;
use crate::model::record::PollRecord;
use crate::model::source::SourceId;
use crate::model::state::State as _;
use crate::model::time::Time;
use crate::read::link;

impl Worker {
    /// The place where a source is asked. A redirect that is remembered does not change it.
    pub(super) fn place(&self, source: &Source) -> Place {
        let (fetcher, url) = (self.asker.fetcher(source), &source.def.url);
        let way = match fetcher.proxy() {
            Some(at) => Way::Proxy(at.to_owned()),
            None if fetcher.is_own_address(url) => Way::Own,
            None => Way::Direct,
        };
        Place { way, host: link::host_key(url).unwrap_or_default() }
    }

    /// The polled sources, each with its place.
    fn places(&self) -> impl Iterator<Item = (&Source, Place)> {
        let polled = self.sources.values().filter(|source| source.enabled);
        polled.map(|source| (source, self.place(source)))
    }

    fn hosts(&self, way: &Way) -> BTreeSet<String> {
        self.places().filter(|(_, place)| place.way == *way).map(|(_, place)| place.host).collect()
    }

    /// Takes in what an answer of `place` shows of the network. Returns the sign, and the failures to take back.
    pub(super) fn note_network(&self, place: &Place, url: &str, asked: &Asked) -> (Sign, Vec<Suspect>) {
        let is_good = matches!(asked.answer, Answer::Document(_) | Answer::SameBytes | Answer::NotModified);
        let sign = outage::sign(&asked.exchange, url, is_good);
        let hosts = match sign {
            Sign::Silence | Sign::Stranger(_) => self.hosts(&place.way),
            Sign::Answer | Sign::Nothing => BTreeSet::new(),
        };
        let why = asked.answer.describe(|_| String::new());
        let (change, suspects) = self.networks.note(place, sign.clone(), &hosts, &why, asked.at);
        if change == Some(Change::Up) {
            self.asker.forget_unknown_robots();
        }
        (sign, suspects)
    }

    /// Takes failures back that an outage caused.
    pub(super) async fn take_back(&self, suspects: Vec<Suspect>) {
        if suspects.is_empty() {
            return;
        }
        let locks = suspects.into_iter().filter_map(|suspect| {
            let lock = self.locks.get(&suspect.source)?;
            Some((Arc::clone(lock), suspect))
        });
        let locks: Vec<_> = locks.collect();
        let taker = Taker {
            recorder: self.recorder.clone(),
            clock: Arc::clone(&self.clock),
            by_hand: Arc::clone(&self.by_hand),
            freshness_limit: self.freshness_limit,
        };
        // A poll that is given up here still takes back all of them.
        let taking = tokio::spawn(async move {
            for (lock, suspect) in locks {
                taker.take_back(&lock, suspect).await;
            }
        });
        if let Err(error) = taking.await {
            tracing::error!(%error, "cannot take back failures");
        }
    }

    /// Waits while the network is down, unless another configuration replaces this worker.
    pub(super) async fn network_turn(&self, id: &SourceId) -> Result<Permit<'_>, PollError> {
        let source = self.sources.get(id).ok_or_else(|| PollError::Unknown(id.to_string()))?;
        let mut replaced = self.replaced.subscribe();
        let permit = tokio::select! {
            biased;
            // The sender lives as long as `self`.
            _ = replaced.wait_for(|is_replaced| *is_replaced) => return Err(PollError::Replaced),
            permit = self.networks.turn(self.place(source), id, draw(id, 0)) => permit,
        };
        if permit.is_try {
            self.asker.forget_unknown_robots();
        }
        Ok(permit)
    }

    /// The outages of the ways to the polled sources. Looks at the sources only if there is one.
    pub fn outages(&self) -> Outages {
        let down = self.networks.down();
        if down.is_empty() {
            return Outages::default();
        }
        let (mut ways, mut reachable) = (BTreeSet::new(), Vec::new());
        for (source, place) in self.places() {
            if !down.contains_key(&place.way) {
                reachable.push(source.def.id.clone());
            }
            ways.insert(place.way);
        }
        let down: Vec<_> = down.into_iter().filter(|(way, _)| ways.contains(way)).collect();
        let cut_off_since = down.iter().map(|(_, since)| *since).max().filter(|_| down.len() == ways.len());
        let sentences = down.iter().map(|(way, since)| sentence(way.public_name(), *since)).collect();
        Outages { sentences, cut_off_since, reachable }
    }
}

/// The outages of the ways to the polled sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outages {
    /// One for each outage. They name no address: anybody may read them.
    pub sentences: Vec<String>,
    /// Time since which no way is left.
    pub cut_off_since: Option<Time>,
    /// The polled sources whose way is up, if there is an outage.
    pub reachable: Vec<SourceId>,
}

/// Takes failures back, also after the poll that found the outage was given up.
struct Taker {
    recorder: Recorder,
    clock: Arc<dyn Clock>,
    by_hand: Arc<ByHand>,
    freshness_limit: Duration,
}

impl Taker {
    /// Records the state before a failure. If a poll by schedule failed, its source is polled again at once.
    async fn take_back(&self, lock: &Arc<SourceLock>, suspect: Suspect) {
        let Suspect { source, before, failed, is_scheduled } = suspect;
        let _guard = lock.lock().await;
        let stored = self.recorder.store().load().source(&source).ok().flatten();
        if stored.is_none_or(|stored| stored.poll != failed) {
            // It was polled since.
            return;
        }
        let scheduled = if is_scheduled { failed.scheduled } else { before.scheduled };
        // If a poll was due, no earlier wait is left. The instant of that poll is not stored: after a restart the source
        // is still due.
        let not_before = before.not_before.filter(|_| !is_scheduled);
        let (state, now) = (PollState { not_before, ..before }, self.clock.now());
        let outcome = Outcome::Held { why: "our own network is down".to_owned() };
        let past = Past {
            scheduled,
            again: is_scheduled,
            ..past(&state, Some(&outcome), None, self.freshness_limit, now)
        };
        let poll =
            PollRecord { at: now, source: source.clone(), outcome, state, turn: None, pages: Vec::new() };
        let draft = Draft { poll, feed: None, new: Vec::new(), changed: Vec::new(), sketches: Vec::new() };
        match self.recorder.record(Fact::Poll(Box::new(draft))).await {
            Ok(()) => self.by_hand.tell(&source, past),
            Err(error) => tracing::error!(source.id = %source, %error, "cannot take back a failure"),
        }
    }
}
