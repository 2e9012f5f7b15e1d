//! Regions of other countries work by config alone: the shipped table of the German Länder.

use dibao::decide::regions::Classifier;
use dibao::model::evidence::Rule;
use dibao::model::region::{Region, RegionId, RegionTable};

/// The builtin table with the regions of the shipped file set into it, as a config that includes it does.
fn table() -> RegionTable {
    let text = include_str!("../config/regions-de.toml");
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
    let table = table();
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
