//! The metrics as Prometheus reads them.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::decide::health::{Progress, Sizes, SourceLook};
use crate::model::source::SourceId;
use crate::testing::at;

fn rendered() -> String {
    let source = SourceLook {
        id: SourceId::new("henan-daily"),
        title: "河南日报".to_owned(),
        state: "failed".to_owned(),
        failing_since: Some(at(40)),
        good: Some(at(10)),
        newest: Some(at(0)),
        failures: 3,
        polled: true,
    };
    let look = Look {
        now: at(100),
        configured: at(0),
        sources: vec![source],
        feeds: vec![("henan".to_owned(), at(70))],
        polls: BTreeMap::new(),
        progress: Progress { due: Some(at(95)), ended: at(90), ..Progress::default() },
        sizes: Sizes { entries: 7, store_octets: Some(4096), ..Sizes::default() },
    };
    let mut counts = Counts::default();
    counts.polls.insert("failed", 3);
    counts.requests.insert(304, 9);
    counts.poll_seconds.observe(0.2);
    counts.poll_seconds.observe(400.0);
    render(&Measured { look: &look, status: &look.status(), counts: &counts })
}

#[test]
fn each_value_stands_under_its_name_and_labels() {
    let text = rendered();
    for line in [
        "# TYPE dibao_polls_total counter",
        "dibao_polls_total{outcome=\"failed\"} 3",
        "dibao_polls_total{outcome=\"fetched\"} 0",
        "dibao_poll_duration_seconds_bucket{le=\"0.1\"} 0",
        "dibao_poll_duration_seconds_bucket{le=\"0.25\"} 1",
        "dibao_poll_duration_seconds_bucket{le=\"300\"} 1",
        "dibao_poll_duration_seconds_bucket{le=\"+Inf\"} 2",
        "dibao_poll_duration_seconds_sum 400.2",
        "dibao_poll_duration_seconds_count 2",
        "dibao_source_state{source=\"henan-daily\",state=\"failed\"} 1",
        "dibao_source_failing_seconds{source=\"henan-daily\"} 60",
        "dibao_source_freshness_seconds{source=\"henan-daily\"} 100",
        "dibao_region_freshness_seconds{region=\"henan\"} 30",
        "dibao_requests_total{status=\"304\"} 9",
        "dibao_healthy 0",
        "dibao_ready 1",
        "dibao_overdue_seconds 5",
        "dibao_stored_entries 7",
        "dibao_store_bytes 4096",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("\ndibao_journal_bytes "), "an unknown size is no sample");
}

#[test]
fn names_are_distinct_and_follow_the_conventions() {
    let names: BTreeSet<&str> = FAMILIES.iter().map(|family| family.name).collect();
    assert_eq!(names.len(), FAMILIES.len());
    for Family { name, kind, .. } in FAMILIES {
        assert_eq!(name.ends_with("_total"), *kind == "counter", "{name}");
        assert!(name.starts_with("dibao_") || name.starts_with("process_"), "{name}");
    }
}

#[test]
fn labels_are_escaped() {
    let mut text = String::new();
    Samples { name: "x", text: &mut text }.labelled("a", "\"\\\n", 1);
    assert_eq!(text, "x{a=\"\\\"\\\\\\n\"} 1\n");
}
