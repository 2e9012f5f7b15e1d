//! The outcomes of the last hour's polls, for `dibao status`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;

use crate::model::time::Time;

/// Polls that are remembered: three a second, for an hour.
const MOST: usize = 10_800;

#[derive(Debug, Default)]
pub struct RecentOutcomes(Mutex<VecDeque<(Time, &'static str)>>);

impl RecentOutcomes {
    pub(super) fn note(&self, at: Time, outcome: &'static str) {
        let mut ended = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.len() == MOST {
            ended.pop_front();
        }
        ended.push_back((at, outcome));
    }

    /// Number of polls by outcome within the hour before `now`.
    pub fn counts(&self, now: Time) -> BTreeMap<&'static str, u64> {
        let mut ended = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|(at, _)| now - *at < TimeDelta::hours(1));
        let mut counts = BTreeMap::new();
        for (_, outcome) in &*ended {
            *counts.entry(*outcome).or_default() += 1;
        }
        counts
    }

    pub fn last(&self) -> Option<Time> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).back().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests;
