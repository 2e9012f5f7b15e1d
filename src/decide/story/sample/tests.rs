use std::collections::BTreeSet;

use super::*;
use crate::decide::story::hash::mix;

fn range(from: u64, to: u64, keep: usize) -> Sample {
    Sample::of((from..to).map(mix), keep)
}

fn overlap(a: &Sample, b: &Sample) -> Overlap {
    let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
    a.write_grams(&mut of_a);
    b.write_grams(&mut of_b);
    assert_eq!((of_a.len(), of_b.len()), (Grams::words(a.len()), Grams::words(b.len())));
    let (left, right) = (Grams::new(&of_a, a.cut), Grams::new(&of_b, b.cut));
    let mut set = GramSet::new();
    set.flip(left);
    let overlap = set.overlap(left, right);
    for need in 0..300 {
        let may = set.may_share(left, right, |first, second| {
            assert_eq!((first, second), (overlap.first, overlap.second));
            need
        });
        // Exact where no member of the other lies beyond the bound, and never too strict.
        assert!(may || overlap.both < need);
        assert!(!may || overlap.both >= need || right.len() > overlap.second);
    }
    set.flip(left);
    assert!(set.bits.iter().all(|bits| *bits == 0));
    overlap
}

#[test]
fn small_sets_are_compared_exactly() {
    let overlap = overlap(&range(0, 100, 255), &range(50, 150, 255));
    assert_eq!(overlap, Overlap { both: 50, first: 100, second: 100 });
    assert!((overlap.jaccard() - 1.0 / 3.0).abs() < 1e-9);
    assert!((overlap.containment() - 0.5).abs() < 1e-9);
}

#[test]
fn large_sets_are_compared_within_a_few_hundredths() {
    let near = overlap(&range(0, 3000, 255), &range(1000, 4000, 255));
    assert!((near.jaccard() - 0.5).abs() < 0.1, "{near:?}");
    let part = overlap(&range(0, 500, 255), &range(0, 2000, 255));
    assert!(part.containment() > 0.97, "{part:?}");
}

#[test]
fn an_overlap_is_that_of_the_members_within_the_common_bound() {
    let bound = |s: &Sample| if s.cut { s.members.last().copied().unwrap_or(0) } else { u32::MAX };
    // Overlapping, disjoint, contained and empty, whole and cut.
    for (a, b) in [(0..60, 30..90), (0..40, 40..80), (0..90, 10..20), (0..0, 0..50), (5..6, 0..90)] {
        for keep in [8, 50, 255] {
            let (a, b) = (range(a.start, a.end, keep), range(b.start, b.end, 50));
            let bound = bound(&a).min(bound(&b));
            let within = |s: &Sample| s.members.iter().copied().filter(|m| *m <= bound).collect();
            let (of_a, of_b): (BTreeSet<u32>, BTreeSet<u32>) = (within(&a), within(&b));
            let both = of_a.intersection(&of_b).count();
            let expected = Overlap { both, first: of_a.len(), second: of_b.len() };
            assert_eq!(overlap(&a, &b), expected, "{a:?} {b:?}");
            assert_eq!(overlap(&b, &a).both, both);
            let numbers = |s: &Sample| {
                let mut words = Vec::new();
                s.write_numbers(&mut words);
                words
            };
            let (of_a, of_b) = (numbers(&a), numbers(&b));
            let (of_a, of_b) = (Numbers::new(&of_a, a.cut), Numbers::new(&of_b, b.cut));
            assert_eq!(of_a.overlap(of_b), expected, "as numbers");
        }
    }
}

#[test]
fn an_empty_set_shares_nothing() {
    let overlap = overlap(&Sample::default(), &range(0, 10, 4));
    assert_eq!((overlap.both, overlap.first), (0, 0));
    assert!(overlap.jaccard().abs() < f64::EPSILON && overlap.containment().abs() < f64::EPSILON);
}
