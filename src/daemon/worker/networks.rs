//! The ways to publishers (the network, the operator's own network, each proxy) and their outages, for all polls of a
//! daemon. Holds the polls of a way that is down, and lets one of them try. Asks nobody itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;

use crate::decide::outage::{Change, Network, Sign, Turn};
use crate::model::poll_state::PollState;
use crate::model::source::SourceId;
use crate::model::time::{Time, rfc3339};

/// A way to publishers. Each has outages of its own: a bridge on this machine answers without any network, and a
/// proxy may be down alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Direct,
    /// To the hosts in `polling.allow_networks`.
    Own,
    /// Host and port of the proxy.
    Proxy(String),
}

/// Where a source is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) way: Way,
    pub(super) host: String,
}

/// A poll that got no answer and was recorded as failed. If an outage caused that, the failure is taken back.
pub(super) struct Suspect {
    pub(super) source: SourceId,
    /// The state before the poll.
    pub(super) before: PollState,
    /// The state that it left.
    pub(super) failed: PollState,
    /// False for a poll by hand.
    pub(super) is_scheduled: bool,
}

/// The ways to publishers.
pub(super) struct Networks {
    zero: Instant,
    ways: Mutex<BTreeMap<Way, State>>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    network: Network,
    suspects: Vec<Suspect>,
    down_since: Option<Time>,
}

impl Default for Networks {
    fn default() -> Self {
        Self { zero: Instant::now(), ways: Mutex::default(), changed: watch::Sender::new(()) }
    }
}

/// The leave to poll now.
pub(super) struct Permit<'a> {
    networks: &'a Networks,
    place: Place,
    /// True if an outage held the poll.
    pub(super) waited: bool,
    pub(super) is_try: bool,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.is_try {
            let now = self.networks.zero.elapsed();
            self.networks.state(&self.place.way, |state| state.network.tried(now));
            self.networks.changed.send_replace(());
        }
    }
}

/// A source that may be waiting, until dropped.
struct Waiting<'a> {
    networks: &'a Networks,
    place: &'a Place,
    source: &'a SourceId,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let Self { networks, place, source } = self;
        networks.state(&place.way, |state| state.network.leave(&place.host, source));
    }
}

impl Networks {
    /// Takes in what a poll of `place` showed. `hosts` are all hosts of its way, and `why` is the outcome in a sentence.
    /// Returns the change, and the failures to take back if the network is called down by it.
    pub(super) fn note(
        &self,
        place: &Place,
        sign: Sign,
        hosts: &BTreeSet<String>,
        why: &str,
        now: Time,
    ) -> (Option<Change>, Vec<Suspect>) {
        let elapsed = self.zero.elapsed();
        let is_answer = sign == Sign::Answer;
        self.state(&place.way, |state| {
            let change = state.network.note(&place.host, sign, hosts, elapsed);
            if is_answer {
                state.suspects.clear();
            }
            let suspects = match change {
                Some(Change::Down) => {
                    tracing::warn!(error = %why, "{}", sentence(&place.way, now));
                    state.down_since = Some(now);
                    std::mem::take(&mut state.suspects)
                }
                Some(Change::Up) => {
                    let (seconds, waited) = self.ended(state, now);
                    tracing::info!(seconds, waited, "{} is up again; polls go on", place.way);
                    Vec::new()
                }
                Some(Change::GivenUp) => {
                    let (seconds, waited) = self.ended(state, now);
                    tracing::warn!(
                        seconds,
                        waited,
                        error = %why,
                        "{}: no host has answered for a day; polls go on, and failures count again",
                        place.way
                    );
                    Vec::new()
                }
                None => Vec::new(),
            };
            (change, suspects)
        })
    }

    /// An outage has ended. Returns its seconds, and the number of polls that waited.
    fn ended(&self, state: &mut State, now: Time) -> (i64, u32) {
        self.changed.send_replace(());
        let since = state.down_since.take();
        (since.map_or(0, |since| (now - since).num_seconds()), state.network.waited())
    }

    /// The ways that are down, and the times at which their outages began.
    pub(super) fn down(&self) -> BTreeMap<Way, Time> {
        let ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        ways.iter().filter_map(|(way, state)| Some((way.clone(), state.down_since?))).collect()
    }

    /// The outage of a way in a sentence, for the operator; `None` if it is up.
    pub(super) fn outage(&self, way: &Way) -> Option<String> {
        self.state(way, |state| state.down_since).map(|since| sentence(way, since))
    }

    /// Keeps a recorded failure until the cause is known. Returns it if the network was called down meanwhile.
    pub(super) fn suspect(&self, place: &Place, suspect: Suspect) -> Option<Suspect> {
        self.state(&place.way, |state| {
            if state.network.is_down() {
                return Some(suspect);
            }
            state.suspects.retain(|known| known.source != suspect.source);
            if state.network.suspects(&place.host) {
                state.suspects.push(suspect);
            }
            None
        })
    }

    /// Waits while the network is down, and for this poll's share of the time over which polls are spread after an
    /// outage; `draw` is its share, from `[0, 1)`.
    pub(super) async fn turn(&self, place: Place, source: &SourceId, draw: f64) -> Permit<'_> {
        let mut changed = self.changed.subscribe();
        let mut waited = false;
        let waiting = Waiting { networks: self, place: &place, source };
        let is_try = loop {
            let now = self.zero.elapsed();
            let (turn, spread) = self.state(&place.way, |state| {
                (state.network.turn(&place.host, source, now), state.network.spread())
            });
            match turn {
                Turn::Free if waited => {
                    tokio::time::sleep(spread.mul_f64(draw)).await;
                    if self.state(&place.way, |state| state.down_since).is_none() {
                        break false;
                    }
                }
                Turn::Free | Turn::Try => break turn == Turn::Try,
                Turn::Wait(for_now) => {
                    waited = true;
                    tokio::select! {
                        () = tokio::time::sleep(for_now) => {}
                        // The sender lives as long as `self`.
                        _ = changed.changed() => {}
                    }
                }
            }
        };
        drop(waiting);
        Permit { networks: self, place, waited: waited || is_try, is_try }
    }

    fn state<T>(&self, way: &Way, work: impl FnOnce(&mut State) -> T) -> T {
        let mut ways: MutexGuard<'_, _> = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        work(ways.entry(way.clone()).or_default())
    }
}

impl Way {
    /// The way without the address of a proxy.
    pub(super) fn public_name(&self) -> &'static str {
        match self {
            Self::Direct => "the network",
            Self::Own => "the local network (polling.allow_networks)",
            Self::Proxy(_) => "the way through a proxy",
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct | Self::Own => f.write_str(self.public_name()),
            Self::Proxy(at) => write!(f, "the way through the proxy {at}"),
        }
    }
}

pub(super) fn sentence(way: impl fmt::Display, since: Time) -> String {
    format!("{way} is down since {}: no host answers, and polls wait until one does", rfc3339(since))
}
