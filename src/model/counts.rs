//! Counts of the daemon's work since its start, as values.

use std::collections::BTreeMap;

/// Seconds of a poll: from a request on the same machine to the longest timeout.
const OF_POLLS: &[f64] = &[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];
/// Seconds between the due time of a poll and its start.
const OF_LAGS: &[f64] = &[0.01, 0.1, 0.5, 1.0, 5.0, 30.0, 60.0, 300.0, 900.0];
/// Seconds of a sync: from memory with a battery to a disk that fails.
const OF_SYNCS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// Everything that is counted.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Recorded polls by outcome.
    pub polls: BTreeMap<&'static str, u64>,
    pub poll_seconds: Histogram,
    /// Octets of the sources' documents, content codings undone.
    pub octets: u64,
    pub entries: EntryCounts,
    /// Article pages that lack what those before them had.
    pub odd_pages: u64,
    pub lag_seconds: Histogram,
    pub sync_seconds: Histogram,
    pub rendered: u64,
    /// Responses of the public listener by status.
    pub requests: BTreeMap<u16, u64>,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            polls: BTreeMap::new(),
            poll_seconds: Histogram::new(OF_POLLS),
            octets: 0,
            entries: EntryCounts::default(),
            odd_pages: 0,
            lag_seconds: Histogram::new(OF_LAGS),
            sync_seconds: Histogram::new(OF_SYNCS),
            rendered: 0,
            requests: BTreeMap::new(),
        }
    }
}

/// Recorded entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EntryCounts {
    pub new: u64,
    /// Known entries that were rewritten.
    pub updated: u64,
    /// New entries that are a report which another source has too: one of both is shown.
    pub merged: u64,
}

impl EntryCounts {
    pub fn add(&mut self, more: Self) {
        let Self { new, updated, merged } = more;
        *self = Self { new: self.new + new, updated: self.updated + updated, merged: self.merged + merged };
    }
}

/// Counts of values by size.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// The largest value of each bucket but the last.
    bounds: &'static [f64],
    /// One more than there are bounds.
    counts: Vec<u64>,
    pub sum: f64,
}

impl Histogram {
    pub fn new(bounds: &'static [f64]) -> Self {
        Self { bounds, counts: vec![0; bounds.len() + 1], sum: 0.0 }
    }

    pub fn observe(&mut self, value: f64) {
        self.counts[self.bounds.partition_point(|bound| *bound < value)] += 1;
        self.sum += value;
    }

    /// The number of values up to each bound, and the bound.
    pub fn up_to(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let sums = self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        self.bounds.iter().copied().zip(sums)
    }

    /// The number of all values.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::Histogram;

    #[test]
    fn a_value_counts_in_its_bucket_and_in_all_larger_ones() {
        let mut histogram = Histogram::new(&[1.0, 2.0]);
        [0.5, 1.0, 1.5, 9.0].into_iter().for_each(|value| histogram.observe(value));
        assert_eq!(histogram.up_to().collect::<Vec<_>>(), [(1.0, 2), (2.0, 3)]);
        assert_eq!((histogram.count(), histogram.sum), (4, 12.0));
    }
}
