//! The classifier on headlines of our own, with the traps of the national press: it must not fall below
//! what makes a region's feed worth reading. `cargo run --example classify` lists the misses.

use std::collections::BTreeSet;

use dibao::core::region::RegionTable;
use dibao::core::regions::Classifier;

#[test]
fn precision_and_f1_on_our_own_headlines_stay_above_the_goal() {
    let table = RegionTable::builtin();
    let classifier = Classifier::new(&table);
    let (mut right, mut found, mut wanted) = (0, 0, 0);
    for line in include_str!("fixtures/regions/own.tsv").lines() {
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
    // 2PR/(P+R) is 2·right/(found+wanted).
    assert!(right * 100 >= found * 95, "precision {right}/{found}");
    assert!(2 * right * 100 >= (found + wanted) * 92, "f1 2·{right}/({found}+{wanted})");
}
