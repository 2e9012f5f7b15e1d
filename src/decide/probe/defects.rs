//! Defects of a document that could be read all the same. A person judges whether they matter.

use std::collections::HashMap;

use crate::decide::answer::{Document, Form};
use crate::model::entry::ParsedEntry;
use crate::model::time::{Precision, Time};
use crate::read::link;

pub(super) fn of(
    document: &Document,
    relative_links: usize,
    kinds: &[&'static str],
    now: Time,
) -> Vec<String> {
    let entries = &document.feed.entries;
    let all = entries.len();
    let mut defects = document.feed.repairs.clone();
    let mut note = |n: usize, what: &str| {
        if n > 0 {
            let share = if n == all && all > 1 { format!("all {n} entries") } else { plural(n) };
            defects.push(format!("{share} {what}"));
        }
    };
    let with = |test: &dyn Fn(&ParsedEntry) -> bool| entries.iter().filter(|e| test(e)).count();
    let date = |e: &ParsedEntry| e.published.or(e.updated);
    note(with(&|e| e.title.is_none()), "without a title");
    note(with(&|e| e.page().is_none()), "without a link to a page");
    note(with(&|e| date(e).is_none()), "without a date: they count from when they are first seen");
    note(
        with(&|e| date(e).is_some_and(|d| d.precision == Precision::Day)),
        "with a day only: their order within it is the document's",
    );
    note(
        with(&|e| date(e).is_some_and(|d| d.precision == Precision::Second && d.at > now)),
        "dated ahead: they are shown as of when they are first seen",
    );
    if document.form == Form::Feed {
        note(with(&|e| e.id.is_none()), "without a guid");
        let given = entries.iter().zip(kinds).filter(|(e, kind)| e.id.is_some() && **kind != "guid").count();
        note(given, "with a guid that others have too: it is not used");
    }
    note(
        kinds.iter().filter(|kind| **kind == "title and date").count(),
        "recognised by title and date alone",
    );
    note(repeated(entries), "listed more than once");
    note(
        with(&|e| e.title.as_deref().is_some_and(|t| t.ends_with("...") || t.ends_with('…'))),
        "with a title that is cut short",
    );
    if document.form == Form::Feed {
        note(relative_links, "with a relative link");
    }
    defects
}

/// Entries whose page an earlier entry has too.
fn repeated(entries: &[ParsedEntry]) -> usize {
    let mut seen: HashMap<String, usize> = HashMap::new();
    entries.iter().filter_map(ParsedEntry::page).for_each(|page| {
        *seen.entry(link::canonical(page)).or_default() += 1;
    });
    seen.values().map(|n| n - 1).sum()
}

fn plural(n: usize) -> String {
    if n == 1 { "1 entry".to_owned() } else { format!("{n} entries") }
}
