//! Tests of what the samples cannot reach: the ways to write single values, and damaged files.

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use super::check::{self, value};
use super::fault::{Report, did_you_mean};
use super::include::matches_name;
use super::{Env, Faults, raw};

#[test]
fn durations_are_read() {
    let cases = [
        ("30s", Some(30_000)),
        ("15m", Some(900_000)),
        ("1h30m", Some(5_400_000)),
        ("2 h 5 m", Some(7_500_000)),
        ("30d", Some(2_592_000_000)),
        ("1w", Some(604_800_000)),
        ("250ms", Some(250)),
        ("0s", Some(0)),
        ("", None),
        ("15", None),
        ("m", None),
        ("-5m", None),
        ("1.5h", None),
        ("5 min", None),
        ("99999999999999999999s", None),
        ("18446744073709551615ms1ms", None),
    ];
    for (text, milliseconds) in cases {
        assert_eq!(value::duration(text).ok(), milliseconds.map(Duration::from_millis), "{text:?}");
    }
}

#[test]
fn sizes_are_read() {
    let cases = [
        ("8MiB", Some(8 << 20)),
        ("512 kib", Some(512 << 10)),
        ("1GiB", Some(1 << 30)),
        ("10MB", Some(10_000_000)),
        ("100B", Some(100)),
        ("100", None),
        ("8M", None),
        ("MiB", None),
        ("99999999999999GiB", None),
    ];
    for (text, bytes) in cases {
        assert_eq!(value::size(text).ok(), bytes, "{text:?}");
    }
}

#[test]
fn patterns_match_whole_names() {
    let cases = [
        ("*.toml", "henan.toml", true),
        ("*.toml", "henan.toml.bak", false),
        ("*.toml", ".toml", true),
        ("h?nan.toml", "henan.toml", true),
        ("h?nan.toml", "hnan.toml", false),
        ("河?.toml", "河南.toml", true),
        ("*", "", true),
        ("", "a", false),
        ("a*b*c", "a-b-b-c", true),
        ("a*b*c", "a-c-b", false),
        ("*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
    ];
    for (pattern, name, expected) in cases {
        assert_eq!(matches_name(pattern, name), expected, "{pattern:?} {name:?}");
    }
}

#[test]
fn the_nearest_name_is_suggested_and_none_that_is_far() {
    let known = ["schedule", "timezone", "jitter", "floor"];
    let cases = [
        ("shedule", "schedule"),
        ("Schedule", "schedule"),
        ("time_zone", "timezone"),
        ("flor", "floor"),
        ("floro", "floor"),
        ("door", ""),
        ("x", ""),
        ("", ""),
    ];
    for (text, expected) in cases {
        let expected =
            if expected.is_empty() { String::new() } else { format!(" (did you mean {expected:?}?)") };
        assert_eq!(did_you_mean(text, known), expected, "{text:?}");
    }
}

fn faults_of(text: &str) -> Faults {
    let mut report = Report::default();
    let path = Path::new("dibao.toml");
    let file = raw::read_main(path, text, &mut report);
    check::check(path, file, &Env::default(), &mut report);
    report.into_faults()
}

#[test]
fn a_byte_order_mark_and_dos_line_ends_are_no_faults() {
    let text = "\u{feff}[[source]]\r\nid = \"a\"\r\nurl = \"https://a.example/\"\r\nregion = \"x\"\r\n";
    let faults = faults_of(text).faults;
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0].at.map(|at| (at.line, at.column)), Some((4, 1)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_damage_panics_and_every_fault_has_a_place(
        start in 0..6000_usize, length in 0..40_usize, put in "[\\[\\]{}=\"'#.,a0\n\u{9762}-]{0,6}",
    ) {
        let shipped: Vec<char> = include_str!("../../config/dibao.toml").chars().collect();
        let start = start.min(shipped.len());
        let end = (start + length).min(shipped.len());
        let text: String = shipped[..start].iter().chain(&put.chars().collect::<Vec<_>>()).chain(&shipped[end..]).collect();
        let lines = text.split('\n').count();
        for fault in faults_of(&text).faults {
            prop_assert!(fault.at.is_some_and(|at| (1..=lines).contains(&at.line)), "{}", fault);
        }
    }
}
