//! Rows as text for people. The columns that may hold Chinese stand last, so that nothing has to be
//! aligned behind them.

use std::fmt::Write;

use serde_json::Value;

use crate::serve::admin::Command;

/// A row that is printed as it comes, because people watch it: polls.
pub(super) fn streamed(command: &Command, row: &Value) -> Option<String> {
    match command {
        Command::Poll { .. } => Some(match &row["error"] {
            Value::String(error) => format!("not polled: {error}"),
            _ => {
                let (source, ms) = (cell(row, "source"), cell(row, "elapsed_ms"));
                format!("{source:<24} {ms:>6} ms  {}", cell(row, "detail"))
            }
        }),
        Command::Explain { .. } => Some(explained(row)),
        Command::ExplainSource { .. } => Some(explained_source(row)),
        Command::Status => Some(status(row)),
        _ => None,
    }
}

/// How everything is, on one screen.
fn status(row: &Value) -> String {
    let mut out = String::new();
    let health = cell(row, "health");
    let why = row["trouble"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let why = why.collect::<Vec<_>>().join("; ");
    // Writing to a string does not fail.
    let _ = match why.as_str() {
        "" => writeln!(out, "{health}"),
        why => writeln!(out, "{health}: {why}"),
    };
    let counted = |key: &str| {
        let counts = row[key].as_object().into_iter().flatten();
        counts.map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
    };
    let or_none = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    let megabytes =
        |key: &str| row[key].as_u64().map_or_else(|| "-".to_owned(), |n| format!("{} MB", n / 1_000_000));
    let _ = writeln!(out, "{:<14} {}", "sources", or_none(counted("states")));
    let _ = writeln!(out, "{:<14} {}", "last hour", or_none(counted("polls")));
    let _ = writeln!(
        out,
        "{:<14} journal {}, store {}, memory {}; {} waiting to be recorded",
        "sizes",
        megabytes("journal_octets"),
        megabytes("store_octets"),
        megabytes("memory_octets"),
        cell(row, "waiting")
    );
    let _ = writeln!(
        out,
        "{:<14} {}, in use since {}",
        "configuration",
        cell(row, "config"),
        cell(row, "configured")
    );
    let list = |key: &str, columns: &[&str]| {
        let rows: Vec<&Value> = row[key].as_array().into_iter().flatten().collect();
        let cells = rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect()).collect();
        if rows.is_empty() { String::new() } else { format!("\n{}", aligned(columns, cells)) }
    };
    out += &list("sources", &["id", "state", "since", "good", "failures"]);
    out += &list("feeds", &["feed", "newest", "age"]);
    out.trim_end().to_owned()
}

/// The other rows, as a table.
pub(super) fn table(command: &Command, rows: &[Value]) -> String {
    let columns: &[&str] = match command {
        Command::Sources => {
            &["id", "state", "since", "good", "entries", "failures", "polled", "next", "title"]
        }
        Command::Regions => &["id", "code", "entries", "updated", "feed", "name"],
        Command::Entries { .. } => &["published", "source", "regions", "title"],
        Command::Poll { .. }
        | Command::Reload
        | Command::Rebuild
        | Command::Compact
        | Command::Scrub
        | Command::Backup { .. }
        | Command::Explain { .. }
        | Command::ExplainSource { .. }
        | Command::Status
        | Command::Assign { .. }
        | Command::Withdraw { .. } => {
            return String::new();
        }
    };
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect()).collect();
    let advice = rows.iter().flat_map(advice).collect::<String>();
    aligned(columns, cells) + &advice
}

/// What a row has to say beneath the table, a line each: why its source does not answer as it should,
/// and what would serve it better.
fn advice(row: &Value) -> Vec<String> {
    let id = cell(row, "id");
    let state = row["state"].as_str().unwrap_or_default();
    let told = ["ok", "new", "off", "removed"].contains(&state);
    let detail = match state {
        "stale" => Some(format!("nothing new since {}, far beyond its own rhythm", cell(row, "newest"))),
        _ => row["detail"].as_str().filter(|_| !told).map(str::to_owned),
    };
    let advice = row["advice"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    detail.into_iter().chain(advice).map(|text| format!("{id}: {text}\n")).collect()
}

/// Rows under the names of their columns.
pub(super) fn aligned(columns: &[&str], cells: Vec<Vec<String>>) -> String {
    let width = |n: usize| {
        let longest = cells.iter().map(|row| row[n].chars().count()).max().unwrap_or(0);
        longest.max(columns[n].len())
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut out = String::new();
    line(&mut out, &widths, columns.iter().map(|c| (*c).to_owned()).collect());
    for row in cells {
        line(&mut out, &widths, row);
    }
    out
}

/// An entry, one fact a line.
fn explained(row: &Value) -> String {
    let mut out = String::new();
    let plain = ["title", "id", "link", "source", "outlet", "published", "updated", "first_seen", "rewrites"];
    for fact in plain.into_iter().chain(["withdrawn", "expired", "feeds"]) {
        if !row[fact].is_null() {
            // Writing to a string does not fail.
            let _ = writeln!(out, "{fact:<12} {}", cell(row, fact));
        }
    }
    let _ = writeln!(out, "{:<12} {}", "known by", cell(&row["identity"], "known_by").replace(',', ", "));
    let decision = &row["identity"]["decision"];
    if decision.is_object() {
        let evidence = cell(decision, "evidence").replace(',', ", ");
        let _ = match &decision["apart_from"] {
            Value::Null => writeln!(out, "{:<12} {evidence}", "one entry"),
            other => writeln!(out, "{:<12} not {other}: {evidence}", "new"),
        };
    }
    if decision["was"].is_string() {
        let _ = writeln!(out, "{:<12} {}", "was", cell(decision, "was"));
    }
    for absent in row["not_shown"].as_array().into_iter().flatten() {
        let _ = writeln!(out, "{:<12} in {}: {}", "not shown", cell(absent, "feed"), cell(absent, "why"));
    }
    for evidence in row["regions"].as_array().into_iter().flatten() {
        let (region, rule) = (cell(evidence, "region"), cell(evidence, "rule"));
        let why = match cell(evidence, "place").as_str() {
            "source" => "its source is fixed to it".to_owned(),
            place => format!("{rule}: {:?} in the {place}", cell(evidence, "text")),
        };
        let _ = writeln!(out, "{:<12} {region}: {why}", "region");
    }
    let reports = row["story"]["reports"].as_array();
    for report in reports.into_iter().flatten() {
        let why = match &report["why"] {
            Value::Null => "told it first".to_owned(),
            why => why.to_string(),
        };
        let (source, title) = (cell(report, "source"), cell(report, "title"));
        let _ = writeln!(out, "{:<12} {source}: {title} ({why})", "story");
    }
    out.trim_end().to_owned()
}

/// A source's guids, links and dates, one fact a line.
fn explained_source(row: &Value) -> String {
    let facts = ["source", "title", "url", "entries", "guids", "links", "dates", "order"];
    facts.map(|fact| format!("{fact:<8} {}", cell(row, fact))).join("\n")
}

fn line(out: &mut String, widths: &[usize], row: Vec<String>) {
    let padded: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
    // Writing to a string does not fail.
    let _ = writeln!(out, "{}", padded.join("  ").trim_end());
}

fn cell(row: &Value, column: &str) -> String {
    match &row[column] {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "-".to_owned(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
