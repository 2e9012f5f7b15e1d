//! Which regions a title names: our own headlines, with the traps of the national press, and the shipped table of
//! the German Länder, so that regions of other countries work by configuration alone.
//! `cargo run --example classify` lists the misses.

use std::collections::BTreeSet;

use dibao::decide::regions::Classifier;
use dibao::model::evidence::Rule;
use dibao::model::region::{Region, RegionId, RegionTable};

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
    let (right, found, wanted) = score(include_str!("../fixtures/regions/own.tsv"));
    // 2PR/(P+R) is 2·right/(found+wanted).
    assert!(right * 1000 >= found * 995, "precision {right}/{found}");
    assert!(2 * right * 1000 >= (found + wanted) * 985, "f1 2·{right}/({found}+{wanted})");
}

/// Streets, bridges, buildings, sayings, works, dishes, brands, airlines, ships, sides, branches of universities,
/// treaties, people, stones, bays, and words that meet in a name; and headlines that only look like them.
#[test]
fn names_that_are_borne_elsewhere_do_not_count() {
    let (right, found, wanted) = score(include_str!("../fixtures/regions/hard.tsv"));
    assert!(right * 100 >= found * 97, "precision {right}/{found}");
    assert!(2 * right * 100 >= (found + wanted) * 95, "f1 2·{right}/({found}+{wanted})");
}

/// The builtin table with the regions of the shipped file set into it, as a config that includes it does.
fn german() -> RegionTable {
    let text = include_str!("../../config/regions-de.toml");
    let config: toml::Table = text.parse().expect("the shipped file is TOML");
    let regions = config["region"].as_array().expect("an array of regions");
    let mut table = RegionTable::builtin();
    for region in regions {
        let text = |key: &str| region[key].as_str().expect("a string").to_owned();
        let aliases = region["aliases"].as_array().expect("an array");
        table.set(Region {
            id: RegionId::new(&text("id")),
            name: text("name"),
            full_name: text("full_name"),
            code: None,
            aliases: aliases.iter().map(|a| a.as_str().expect("a string").to_owned()).collect(),
            parent: None,
        });
    }
    table
}

#[test]
fn the_länder_are_found_as_whole_words_in_any_case_and_the_longest_name_wins() {
    let table = german();
    assert_eq!(table.len(), 35 + 16);
    let classifier = Classifier::new(&table);
    let cases = [
        ("a name", "Hochwasser in Bayern: Lage entspannt sich", "by"),
        ("capitals", "BAYERN MELDET REKORD, THÜRINGEN AUCH", "by th"),
        ("a name at the end, with a stop", "Mehr Windräder für Hessen.", "he"),
        ("a name inside another word", "Bayernwerk und Althessen, Berliner Luft", ""),
        ("a longer name that starts with another", "Sachsen-Anhalt stärkt Schulen", "st"),
        ("a longer name that contains another", "Niedersachsen baut aus", "ni"),
        ("the English name", "Lower Saxony and Saxony sign deal", "ni sn"),
        ("a capital", "Mainz und Wiesbaden streiten", "rp he"),
        ("beside Han characters", "德国Bayern州代表团访问山东", "by shandong"),
        ("no place", "Kieler Woche? Nein: Dieselpreise steigen", ""),
    ];
    for (case, title, wanted) in cases {
        let found = classifier.classify(title, None);
        let ids: Vec<&str> = found.iter().map(|e| e.region.as_str()).collect();
        assert_eq!(ids.join(" "), wanted, "{case}: {title}");
    }
    let found = classifier.classify("Hochwasser in Bayern", None);
    assert_eq!((found[0].rule, found[0].text.as_str()), (Rule::Alias, "Bayern"));
}
