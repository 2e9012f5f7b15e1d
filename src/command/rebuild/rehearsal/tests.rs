//! Rehearsals over journals that are whole, and over damaged ones.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::ledger::Ledger;
use crate::testing::*;

/// A state directory of so many lines, closed, and the one segment of its journal.
fn filled(count: usize) -> (TempDir, PathBuf) {
    let dir = TempDir::new().expect("a directory");
    let today = at(0).date_naive();
    let (mut ledger, _) = Ledger::open(dir.path(), Arc::new(rules(&sources())), today).expect("opens");
    for line in workload(21, count) {
        ledger.record_lines(vec![line.record], today).expect("recorded");
    }
    ledger.close().expect("closed");
    let segment = dir.path().join("journal").join(format!("00000001-{today}.ndjson.zst"));
    (dir, segment)
}

#[test]
fn a_damaged_journal_is_told_of_in_one_line_and_left_as_it_is() {
    type Damage = fn(&mut Vec<u8>);
    let cases: [(&str, Damage, Option<&str>); 4] = [
        ("whole", |_| (), None),
        ("an octet", |bytes| *bytes.get_mut(2000).expect("it is longer") ^= 0x10, Some("are damaged; line")),
        (
            "cut within a frame",
            |bytes| bytes.truncate(bytes.len() - 9),
            Some("; lines 14 to 14 were cut off;"),
        ),
        ("all of it", |bytes| bytes.clear(), Some(": lines 1 to 14 were cut off;")),
    ];
    for (name, damage, expected) in cases {
        let (dir, segment) = filled(14);
        let mut bytes = fs::read(&segment).expect("read");
        damage(&mut bytes);
        fs::write(&segment, &bytes).expect("written");
        let (told, seq) = stored(dir.path()).expect("read");
        let rehearsed = rehearse(dir.path(), &rules(&sources())).expect("read");
        let damage_told = rehearsed.damage(Some(seq));
        match (expected, &damage_told) {
            (None, None) => assert_eq!(rehearsed.entries, told, "{name}"),
            (Some(expected), Some(ailment)) => {
                assert!(ailment.contains(expected) && !ailment.contains('\n'), "{name}: {ailment}");
                assert!(
                    ailment.contains("A rebuild first writes the journal a new base"),
                    "{name}: {ailment}"
                );
            }
            _ => panic!("{name}: {damage_told:?}"),
        }
        assert!(fs::read(&segment).expect("read") == bytes, "{name}");
        // What it says would be done is done.
        let opened = Ledger::open(dir.path(), Arc::new(rules(&sources())), at(0).date_naive());
        opened.expect("opens").0.rebuild(&mut |_| {}).expect("rebuilt");
        let rebuilt = rehearse(dir.path(), &rules(&sources())).expect("read");
        assert_eq!((rebuilt.damage(Some(seq)), rebuilt.entries), (None, told), "{name}");
    }
}
