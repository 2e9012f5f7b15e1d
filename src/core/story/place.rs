//! Places by their GB/T 2260 codes, and whether two sets of them can be one piece of news.

use serde::{Deserialize, Serialize};

/// A place: a six-digit GB/T 2260 code for one in China (`410000` a province, `410100` a prefecture,
/// `410102` a county), or any larger number for a region that has no such code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Place(pub u32);

impl Place {
    /// Whether one lies in the other, or both are the same.
    fn related(self, other: Self) -> bool {
        let (wide, narrow) = if self.reach() >= other.reach() { (self, other) } else { (other, self) };
        narrow.0 / wide.reach() == wide.0 / wide.reach()
    }

    /// How many codes lie in it: the trailing zeroes of a code say its level.
    fn reach(self) -> u32 {
        match self.0 {
            code if code > 999_999 => 1,
            code if code % 10_000 == 0 => 10_000,
            code if code % 100 == 0 => 100,
            _ => 1,
        }
    }
}

/// Whether both texts name places and no place of one has to do with any of the other.
pub(super) fn apart(a: &[Place], b: &[Place]) -> bool {
    !a.is_empty() && !b.is_empty() && !a.iter().any(|x| b.iter().any(|y| x.related(*y)))
}

/// Whether both name the same places.
pub(super) fn equal(a: &[Place], b: &[Place]) -> bool {
    a.iter().all(|p| b.contains(p)) && b.iter().all(|p| a.contains(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_city_belongs_to_its_province_and_to_no_other() {
        let apart = |a: &[u32], b: &[u32]| {
            super::apart(
                &a.iter().copied().map(Place).collect::<Vec<_>>(),
                &b.iter().copied().map(Place).collect::<Vec<_>>(),
            )
        };
        assert!(!apart(&[410_000], &[410_100]));
        assert!(!apart(&[410_102], &[410_100]));
        assert!(apart(&[410_100], &[410_300]));
        assert!(apart(&[410_000], &[420_000]));
        assert!(!apart(&[410_000, 420_000], &[420_100]));
        assert!(!apart(&[], &[420_100]));
        assert!(apart(&[5_000_000], &[5_000_001]));
    }
}
