//! The contract between the documented JSON of a row, its type and its columns; and the list of commands.

use std::collections::BTreeSet;

use super::*;

/// Holds the samples of a row against its type and its columns.
pub(super) fn check_rows<R: Row>() {
    let name = std::any::type_name::<R>();
    let samples = R::samples();
    let mut fields = BTreeSet::new();
    for sample in &samples {
        let row: R =
            serde_json::from_value(sample.clone()).unwrap_or_else(|e| panic!("{name}: {e}: {sample}"));
        let again = serde_json::to_value(&row).expect("a row is plain JSON");
        assert_eq!(&again, sample, "{name}: the type has other fields than the documented row");
        fields.extend(sample.as_object().expect("a row is an object").keys().cloned());
        if let Shown::Text(text) = R::SHOWN {
            let text = text(&row);
            assert!(!text.is_empty() && text.trim_end() == text, "{name}: {text:?}");
        }
        row.notes().iter().for_each(|note| assert!(note.ends_with('\n'), "{name}: {note:?}"));
    }
    if let Shown::Table(columns) = R::SHOWN {
        assert!(!columns.is_empty(), "{name}: a table without columns");
        for column in columns {
            assert!(fields.contains(*column), "{name}: the column {column} names no field");
        }
    }
}

#[test]
fn every_row_is_as_documented_and_every_column_is_a_field() {
    LIST.iter().filter_map(|entry| entry.check_rows).for_each(|check| check());
    // Rows of commands that nobody is asked for.
    check_rows::<check::RegionSources>();
    check_rows::<rebuild::Difference>();
    check_rows::<online::OnlineRow>();
}

#[test]
fn every_command_parses_and_has_a_name_and_a_help_of_its_own() {
    let (mut subcommands, mut helps, mut requests) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for entry in LIST {
        if let Some(subcommand) = entry.subcommand() {
            assert!(subcommands.insert(entry.name), "{} is there twice", entry.name);
            let help = subcommand.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(helps.insert(help.clone()) && !help.is_empty(), "{}: {help:?}", entry.name);
            subcommand.debug_assert();
        }
        if entry.check_rows.is_some() {
            assert!(requests.insert(entry.name), "{} is asked for twice", entry.name);
        }
    }
    assert!(subcommands.contains("sources") && requests.contains("sources"));
}
