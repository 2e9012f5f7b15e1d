//! A fingerprint of how a source's documents are read. When it changes, a document that did not may hold entries
//! that were never read, and is asked for in full once more (`decide/poll.rs`).
//!
//! It stands in the journal, so it must be the same in every version for the same configuration, or an upgrade
//! would ask every publisher in full. What goes in is named here, each by a name that stays; what is not set does
//! not, so that a new key changes nothing for those who do not use it. Left out is what decides when a source is
//! asked, what is published of it, and how the pages of its entries are read, which are always asked for in full.

use sha2::{Digest, Sha256};

use crate::config::{Kind, Page, Source};
use crate::model::hash::hex16;
use crate::read::page::{Css, JsonPath, JsonRules, ListRules};

/// The fingerprint of a source, of whose documents so many entries are read.
pub(super) fn of(source: &Source, max_entries: usize) -> String {
    let mut sum = Sum(Sha256::new());
    sum.add("zone", source.zone.name());
    sum.add("max_entries", &max_entries.to_string());
    match &source.kind {
        Kind::Feed => sum.add("kind", "feed"),
        Kind::Page(page) => add_page(&mut sum, page),
        Kind::Json(rules) => add_json(&mut sum, rules),
    }
    let mut secrets = Sha256::new();
    for (name, value) in &source.headers {
        sum.add("header", name);
        secrets.update(Sha256::digest(value.expose()));
    }
    // Of their values two octets: enough to see a change, too few to try passwords against.
    let digest = secrets.finalize();
    sum.add("values", &format!("{:02x}{:02x}", digest[0], digest[1]));
    hex16(&sum.0.finalize())
}

fn add_page(sum: &mut Sum, page: &Page) {
    let ListRules { entry, link, title, date, section, summary, next } = &page.rules.list;
    sum.add("kind", "page");
    sum.add("pages", &page.pages.to_string());
    // How many pages of entries are read at a time changes nothing of what is.
    sum.maybe("follow", page.follow.map(|_| "yes"));
    for (name, selector) in [
        ("entry", entry),
        ("link", link),
        ("entry_title", title),
        ("entry_date", date),
        ("entry_section", section),
        ("entry_summary", summary),
        ("next", next),
    ] {
        sum.maybe(name, selector.as_ref().map(Css::as_str));
    }
}

fn add_json(sum: &mut Sum, rules: &JsonRules) {
    let JsonRules { entries, title, link, link_template, id, time, summary, outlet, region_code } = rules;
    sum.add("kind", "json");
    sum.add("entries", entries.as_str());
    sum.add("title", title.as_str());
    sum.maybe("link_template", link_template.as_deref());
    for (name, path) in [
        ("link", link),
        ("id", id),
        ("time", time),
        ("summary", summary),
        ("outlet", outlet),
        ("region_code", region_code),
    ] {
        sum.maybe(name, path.as_ref().map(JsonPath::as_str));
    }
}

/// Names and values, each with its length before it: no two lists of them give the same octets.
struct Sum(Sha256);

impl Sum {
    fn add(&mut self, name: &str, value: &str) {
        for text in [name, value] {
            self.0.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            self.0.update(text);
        }
    }

    fn maybe(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }
}

#[cfg(test)]
mod tests;
