//! The worker in an outage of our own network: failures are not held against sources, and polls wait.

use std::collections::BTreeSet;

use super::networks::{Permit, Place, Suspect, Way};
use super::{Worker, draw};
use crate::ask::Asked;
use crate::config::Source;
use crate::daemon::scheduler::Past;
use crate::decide::answer::Answer;
use crate::decide::diff::Draft;
use crate::decide::outage::{self, Sign};
use crate::ledger::Fact;
use crate::model::outcome::Outcome;
use crate::model::poll_state::PollState;
use crate::model::record::PollRecord;
use crate::model::source::SourceId;
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

    fn hosts(&self, way: &Way) -> BTreeSet<String> {
        let places = self.sources.values().filter(|source| source.enabled).map(|source| self.place(source));
        places.filter(|place| place.way == *way).map(|place| place.host).collect()
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
        let suspects = self.networks.note(place, sign.clone(), &hosts, &why, asked.at);
        (sign, suspects)
    }

    /// Records the states of before failures that an outage caused, and has the sources polled again at once.
    pub(super) async fn take_back(&self, suspects: Vec<Suspect>) {
        for Suspect { source, before, failed } in suspects {
            let Some(lock) = self.locks.get(&source) else { continue };
            let _guard = lock.lock().await;
            let stored = self.stored(&source).await.ok().flatten();
            if stored.is_none_or(|stored| stored.poll != failed) {
                // It was polled since.
                continue;
            }
            // A poll was due, so no earlier wait is left.
            let state = PollState { scheduled: failed.scheduled, not_before: None, ..before };
            let outcome = Outcome::Held { why: "our own network is down".to_owned() };
            let poll =
                PollRecord { at: self.clock.now(), source: source.clone(), outcome, state, turn: None };
            let past = Past { scheduled: poll.state.scheduled, again: true, ..Past::default() };
            let draft =
                Draft { poll, feed: None, new: Vec::new(), changed: Vec::new(), sketches: Vec::new() };
            match self.recorder.record(Fact::Poll(Box::new(draft))).await {
                Ok(()) => self.by_hand.tell(&source, past),
                Err(error) => tracing::error!(source.id = %source, %error, "cannot take back a failure"),
            }
        }
    }

    /// Waits while the network is down.
    pub(super) async fn network_turn(&self, id: &SourceId) -> Option<Permit<'_>> {
        let place = self.place(self.sources.get(id)?);
        let permit = self.networks.turn(place, id, draw(id, 0)).await;
        if permit.waited {
            self.asker.forget_unknown_robots();
        }
        Some(permit)
    }

    /// The outages of the ways to the polled sources, a sentence each, and true if no way is left.
    pub fn outages(&self) -> (Vec<String>, bool) {
        let polled = self.sources.values().filter(|source| source.enabled);
        let ways: BTreeSet<Way> = polled.map(|source| self.place(source).way).collect();
        let outages: Vec<_> = ways.iter().filter_map(|way| self.networks.outage(way)).collect();
        let is_cut_off = !ways.is_empty() && outages.len() == ways.len();
        (outages, is_cut_off)
    }
}
