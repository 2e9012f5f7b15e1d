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

    fn members(&self) -> impl Iterator<Item = u32> {
        self.gaps.iter().scan(0_u32, |at, gap| {
            *at = at.saturating_add(*gap);
            Some(*at)
        })
    }

    /// The largest value up to which this sample is complete.
    fn bound(&self) -> u32 {
        if self.cut { self.members().last().unwrap_or(0) } else { u32::MAX }
    }

    /// Compares two samples below the bound that both are complete to.
    pub(super) fn overlap(&self, other: &Self) -> Overlap {
        let bound = self.bound().min(other.bound());
        let mut overlap = Overlap::default();
        let mut left = self.members().take_while(|m| *m <= bound).peekable();
        let mut right = other.members().take_while(|m| *m <= bound).peekable();
        loop {
            let order = match (left.peek(), right.peek()) {
                (Some(l), Some(r)) => l.cmp(r),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => return overlap,
            };
            if order.is_le() {
                left.next();
                overlap.first += 1;
            }
            if order.is_ge() {
                right.next();
                overlap.second += 1;
            }
            overlap.both += usize::from(order.is_eq());
        }
    }
}

#[cfg(test)]
mod tests {
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
    fn an_empty_set_shares_nothing() {
        let overlap = Sample::default().overlap(&range(0, 10, 4));
        assert_eq!((overlap.both, overlap.first), (0, 0));
        assert!(overlap.jaccard().abs() < f64::EPSILON && overlap.containment().abs() < f64::EPSILON);
    }
}
