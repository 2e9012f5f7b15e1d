//! Rows as text for people. The columns that may hold Chinese stand last, so that nothing has to be
//! aligned behind them.

use std::fmt::Write;

use serde_json::Value;

use crate::serve::admin::Command;

/// A row that is printed as it comes, because people watch it: polls.
pub(super) fn streamed(command: &Command, row: &Value) -> Option<String> {
    if !matches!(command, Command::Poll { .. }) {
        return None;
    }
    Some(match &row["error"] {
        Value::String(error) => format!("not polled: {error}"),
        _ => {
            format!("{:<24} {:>6} ms  {}", cell(row, "source"), cell(row, "elapsed_ms"), cell(row, "detail"))
        }
    })
}

/// The other rows, as a table.
pub(super) fn table(command: &Command, rows: &[Value]) -> String {
    let columns: &[&str] = match command {
        Command::Sources => &["id", "state", "entries", "failures", "polled", "next", "title"],
        Command::Regions => &["id", "code", "entries", "updated", "feed", "name"],
        Command::Entries { .. } => &["published", "source", "regions", "title"],
        Command::Poll { .. } | Command::Rebuild => return String::new(),
    };
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect()).collect();
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
