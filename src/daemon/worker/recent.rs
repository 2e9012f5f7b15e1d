//! The last polls, for the status: the outcomes of the last hour, and the last few of each source. They are kept in
//! memory: a start begins anew.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;

use crate::decide::health::PollMark;
use crate::model::outcome::Outcome;
use crate::model::source::SourceId;
use crate::model::time::Time;

/// Polls that are remembered: three a second, for an hour.
const MOST: usize = 10_800;

/// Polls that are remembered of each source: what a line of small bars shows.
const EACH: usize = 24;

#[derive(Debug, Default)]
pub struct RecentOutcomes(Mutex<Recent>);

#[derive(Debug, Default)]
struct Recent {
    ended: VecDeque<(Time, &'static str)>,
    /// The oldest first. Holds sources that were polled since the start.
    of_source: HashMap<SourceId, VecDeque<PollMark>>,
}

impl RecentOutcomes {
    pub(super) fn note(&self, at: Time, source: &SourceId, outcome: &Outcome) {
        let mut recent = self.lock();
        if recent.ended.len() == MOST {
            recent.ended.pop_front();
        }
        recent.ended.push_back((at, outcome.name()));
        let marks = recent.of_source.entry(source.clone()).or_default();
        if marks.len() == EACH {
            marks.pop_front();
        }
        marks.push_back(PollMark::of(outcome));
    }

    /// Number of polls by outcome within the hour before `now`.
    pub fn counts(&self, now: Time) -> BTreeMap<&'static str, u64> {
        let mut recent = self.lock();
        recent.ended.retain(|(at, _)| now - *at < TimeDelta::hours(1));
        let mut counts = BTreeMap::new();
        for (_, outcome) in &recent.ended {
            *counts.entry(*outcome).or_default() += 1;
        }
        counts
    }

    /// The last polls of a source, the oldest first.
    pub fn of(&self, source: &SourceId) -> Vec<PollMark> {
        self.lock().of_source.get(source).map(|marks| marks.iter().copied().collect()).unwrap_or_default()
    }

    pub fn last(&self) -> Option<Time> {
        self.lock().ended.back().map(|(at, _)| *at)
    }

    fn lock(&self) -> MutexGuard<'_, Recent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
