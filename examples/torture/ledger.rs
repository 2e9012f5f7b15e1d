//! What has to be there: every entry that was acknowledged, with the id it was given.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What was found wrong with a listing.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) losses: Vec<String>,
    pub(crate) doubles: Vec<String>,
    /// What is missing with a frame that was damaged on purpose.
    pub(crate) missing: Vec<String>,
}

/// The ledger. Entries are told by their links.
#[derive(Default)]
pub(crate) struct Ledger {
    acknowledged: BTreeSet<String>,
    /// The id that an entry was seen with first.
    ids: BTreeMap<String, String>,
    /// What stands in frames that were damaged: it is in the store until that has to be built anew.
    condemned: BTreeSet<String>,
}

impl Ledger {
    pub(crate) fn acknowledge(&mut self, links: impl IntoIterator<Item = String>) {
        self.acknowledged.extend(links);
    }

    pub(crate) fn len(&self) -> usize {
        self.acknowledged.len()
    }

    /// Frames with these ids were damaged.
    pub(crate) fn condemn(&mut self, ids: &BTreeSet<&str>) {
        let hit = self.ids.iter().filter(|(_, id)| ids.contains(id.as_str())).map(|(link, _)| link.clone());
        self.condemned.extend(hit);
    }

    /// Holds a listing against the ledger; what it lists counts as acknowledged from now on.
    pub(crate) fn hold(&mut self, rows: &[Value]) -> Found {
        let mut found = Found::default();
        let (mut links, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for row in rows {
            let (link, id) = (row["link"].as_str().unwrap_or("?"), row["id"].as_str().unwrap_or("?"));
            let known = self.ids.entry(link.to_owned()).or_insert_with(|| id.to_owned());
            if !links.insert(link.to_owned()) || !ids.insert(id.to_owned()) {
                found.doubles.push(format!("listed twice: {link} {id}"));
            } else if known != id {
                found.doubles.push(format!("{link} was {known} and is {id}"));
            }
        }
        for link in self.acknowledged.difference(&links) {
            if self.condemned.contains(link) {
                found.missing.push(link.clone());
            } else {
                found.losses.push(link.clone());
            }
        }
        // Told once.
        for link in &found.losses {
            self.acknowledged.remove(link);
        }
        self.acknowledged.extend(links);
        found
    }

    /// After a poll: what was missing and is shown by the publisher must have come back, into a frame that
    /// is whole. What the publisher no longer shows is gone for good with its frame. Returns how many are.
    pub(crate) fn settle(&mut self, missing: &[String], shown: &BTreeSet<String>) -> usize {
        let mut gone = 0;
        for link in missing {
            self.condemned.remove(link);
            if !shown.contains(link) {
                gone += usize::from(self.acknowledged.remove(link));
            }
        }
        gone
    }

    /// Of these links the ids that a feed has to show.
    pub(crate) fn ids_of<'a>(&'a self, links: &'a [String]) -> impl Iterator<Item = &'a str> {
        let here =
            links.iter().filter(|link| self.acknowledged.contains(*link) && !self.condemned.contains(*link));
        here.filter_map(|link| self.ids.get(link).map(String::as_str))
    }
}
