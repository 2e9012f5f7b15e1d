//! Rows as text for people. Reads rows by the names of their fields, so that a column is one word.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::{Row, Shown};

// The flag of every command that has rows. A doc comment here would replace the help of the command.
#[derive(Debug, clap::Args)]
pub(super) struct Output {
    /// One JSON object a line
    #[arg(long)]
    pub(super) json: bool,
}

/// The rows of an answer as a table, with what they have to say beneath it.
pub(super) fn of_answer<R: Row>(rows: &[R]) -> String {
    match R::SHOWN {
        Shown::Table(columns) => of(columns, rows) + &rows.iter().flat_map(Row::notes).collect::<String>(),
        Shown::Text(_) | Shown::Never => String::new(),
    }
}

pub(super) fn of(columns: &[&str], rows: &[impl Serialize]) -> String {
    let cells = |row: &Value| columns.iter().map(|column| cell(row, column)).collect();
    aligned(columns, rows.iter().map(|row| cells(&json(row))).collect())
}

pub(super) fn aligned(columns: &[&str], cells: Vec<Vec<String>>) -> String {
    let width = |n: usize| {
        let longest = cells.iter().map(|row| row[n].width()).max().unwrap_or(0);
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
    // A Chinese character takes two columns of a terminal.
    let pad = |(cell, width): (&String, &usize)| {
        format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width())))
    };
    let padded: Vec<String> = row.iter().zip(widths).map(pad).collect();
    // Writing to a string does not fail.
    let _ = writeln!(out, "{}", padded.join("  ").trim_end());
}

/// Fields of a row, one a line behind their names.
pub(super) fn facts(row: &impl Serialize, names: &[&str], width: usize) -> String {
    let row = json(row);
    debug_assert!(names.iter().all(|name| row.get(name).is_some()), "one of {names:?} is no field of {row}");
    names.iter().map(|name| format!("{name:<width$} {}\n", cell(&row, name))).collect()
}

/// A row as JSON, with its fields in the order of the alphabet.
pub(super) fn json(row: &impl Serialize) -> Value {
    serde_json::to_value(row).expect("a row is plain JSON")
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
