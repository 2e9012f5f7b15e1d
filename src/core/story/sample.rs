//! A set of hashes in few bytes that still answers how much two sets share: the `k` smallest members
//! (Broder's bottom-k sketch). Exact for sets of up to `k` members.

use serde::{Deserialize, Serialize};

/// Members are cut to this many bits: with 256 of them a chance match costs less than one in a
/// thousand, and the gaps between sorted members fit two bytes.
const BITS: u32 = 20;

/// The smallest members of a set, and below what bound all of them were kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sample {
    /// Gaps between the sorted members, the first from zero.
    gaps: Vec<u32>,
    /// Whether larger members were left out.
    cut: bool,
}

/// How two sets overlap, as their samples tell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Overlap {
    /// Members in both.
    pub(super) both: usize,
    /// Members of the first within the common bound.
    pub(super) first: usize,
    /// Members of the second within the common bound.
    pub(super) second: usize,
}

impl Overlap {
    /// Shared members among all, 0 for two empty sets.
    pub(super) fn jaccard(self) -> f64 {
        ratio(self.both, self.first + self.second - self.both)
    }

    /// Shared members among those of the smaller set, 0 if it is empty.
    pub(super) fn containment(self) -> f64 {
        ratio(self.both, self.smaller())
    }

    /// The size of the smaller set.
    pub(super) fn smaller(self) -> usize {
        self.first.min(self.second)
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl Sample {
    /// Samples a set of well-mixed hashes; repeated ones count once.
    pub(super) fn of(hashes: impl IntoIterator<Item = u64>, keep: usize) -> Self {
        let mut members: Vec<u32> = hashes.into_iter().map(|h| (h >> (64 - BITS)) as u32).collect();
        members.sort_unstable();
        members.dedup();
        let cut = members.len() > keep;
        members.truncate(keep);
        let mut last = 0;
        for member in &mut members {
            *member -= std::mem::replace(&mut last, *member);
        }
        Self { gaps: members, cut }
    }

    /// The largest value up to which this sample is complete.
    fn bound(&self) -> u32 {
        if self.cut { self.gaps.iter().fold(0, |at, gap| at.saturating_add(*gap)) } else { u32::MAX }
    }

    /// Compares two samples below the bound that both are complete to.
    pub(super) fn overlap(&self, other: &Self) -> Overlap {
        let bound = self.bound().min(other.bound());
        let (mut left, mut right) = (Walk::new(&self.gaps, bound), Walk::new(&other.gaps, bound));
        let mut overlap = Overlap::default();
        // Half of what an entry costs is spent here: no more branches than the merge needs.
        while let (Some(l), Some(r)) = (left.at, right.at) {
            overlap.first += usize::from(l <= r);
            overlap.second += usize::from(r <= l);
            overlap.both += usize::from(l == r);
            if l <= r {
                left.step();
            }
            if r <= l {
                right.step();
            }
        }
        overlap.first += left.rest();
        overlap.second += right.rest();
        overlap
    }
}

/// The members of a sample up to a bound, one after the other.
struct Walk<'a> {
    gaps: std::slice::Iter<'a, u32>,
    bound: u32,
    /// The member it stands at; `None` behind the last.
    at: Option<u32>,
}

impl<'a> Walk<'a> {
    fn new(gaps: &'a [u32], bound: u32) -> Self {
        let mut walk = Self { gaps: gaps.iter(), bound, at: Some(0) };
        walk.step();
        walk
    }

    fn step(&mut self) {
        let next = self.gaps.next().map(|gap| self.at.unwrap_or(0).saturating_add(*gap));
        self.at = next.filter(|member| *member <= self.bound);
    }

    /// How many members are left, that it stands at included.
    fn rest(mut self) -> usize {
        let mut left = 0;
        while self.at.is_some() {
            left += 1;
            self.step();
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::core::story::hash::mix;

    fn range(from: u64, to: u64, keep: usize) -> Sample {
        Sample::of((from..to).map(mix), keep)
    }

    #[test]
    fn small_sets_are_compared_exactly() {
        let overlap = range(0, 100, 256).overlap(&range(50, 150, 256));
        assert_eq!(overlap, Overlap { both: 50, first: 100, second: 100 });
        assert!((overlap.jaccard() - 1.0 / 3.0).abs() < 1e-9);
        assert!((overlap.containment() - 0.5).abs() < 1e-9);
    }

    #[test]
    fn large_sets_are_compared_within_a_few_hundredths() {
        let overlap = range(0, 3000, 256).overlap(&range(1000, 4000, 256));
        assert!((overlap.jaccard() - 0.5).abs() < 0.1, "{overlap:?}");
        let part = range(0, 500, 256).overlap(&range(0, 2000, 256));
        assert!(part.containment() > 0.97, "{part:?}");
    }

    #[test]
    fn an_overlap_is_that_of_the_members_within_the_common_bound() {
        let members = |sample: &Sample| -> BTreeSet<u32> {
            let mut at = 0;
            sample.gaps.iter().map(|gap| (at += gap, at).1).collect()
        };
        // Overlapping, disjoint, contained and empty, whole and cut.
        for (a, b) in [(0..60, 30..90), (0..40, 40..80), (0..90, 10..20), (0..0, 0..50), (5..6, 0..90)] {
            for keep in [8, 50, 256] {
                let (a, b) = (range(a.start, a.end, keep), range(b.start, b.end, 50));
                let bound = a.bound().min(b.bound());
                let within = |s: &Sample| members(s).into_iter().filter(|m| *m <= bound).collect();
                let (of_a, of_b): (BTreeSet<u32>, BTreeSet<u32>) = (within(&a), within(&b));
                let both = of_a.intersection(&of_b).count();
                let expected = Overlap { both, first: of_a.len(), second: of_b.len() };
                assert_eq!(a.overlap(&b), expected, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn an_empty_set_shares_nothing() {
        let overlap = Sample::default().overlap(&range(0, 10, 4));
        assert_eq!((overlap.both, overlap.first), (0, 0));
        assert!(overlap.jaccard().abs() < f64::EPSILON && overlap.containment().abs() < f64::EPSILON);
    }
}
