//! The classifier on headlines of our own, with the traps of the national press: it must not fall below
//! what makes a region's feed worth reading. `cargo run --example classify` lists the misses.

use std::collections::BTreeSet;

use dibao::decide::regions::Classifier;
use dibao::model::region::RegionTable;

/// The names that the classifier found rightly, all that it found, and all that it should have.
fn score(lines: &str) -> (usize, usize, usize) {
    let table = RegionTable::builtin();
    let classifier = Classifier::new(&table);
    let (mut right, mut found, mut wanted) = (0, 0, 0);
    for line in lines.lines() {
        let (title, labels) = line.split_once('\t').expect("a tab");
        let labels: BTreeSet<&str> = labels.split(',').filter(|l| *l != "-").collect();
        let known = |label: &&str| table.iter().any(|r| r.name == *label);
        assert!(labels.iter().all(known), "an unknown label: {line}");
        let evidence = classifier.classify(title, None);
        let names: BTreeSet<&str> =
            evidence.iter().filter_map(|e| table.get(e.region.as_str())).map(|r| r.name.as_str()).collect();
        right += names.intersection(&labels).count();
        found += names.len();
        wanted += labels.len();
    }
    println!("{right} right of {found} found and {wanted} wanted");
    (right, found, wanted)
}

#[test]
fn precision_and_f1_on_our_own_headlines_stay_above_the_goal() {
    let (right, found, wanted) = score(include_str!("fixtures/regions/own.tsv"));
    // 2PR/(P+R) is 2·right/(found+wanted).
    assert!(right * 1000 >= found * 995, "precision {right}/{found}");
    assert!(2 * right * 1000 >= (found + wanted) * 985, "f1 2·{right}/({found}+{wanted})");
}

/// Streets, bridges, buildings, sayings, works, dishes, brands, airlines, ships, sides, branches of universities,
/// treaties, people, stones, bays, and words that meet in a name; and headlines that only look like them.
#[test]
fn names_that_are_borne_elsewhere_do_not_count() {
    let (right, found, wanted) = score(include_str!("fixtures/regions/hard.tsv"));
    assert!(right * 100 >= found * 97, "precision {right}/{found}");
    assert!(2 * right * 100 >= (found + wanted) * 95, "f1 2·{right}/({found}+{wanted})");
}
