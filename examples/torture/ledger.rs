//! The expected entries: every acknowledged entry with its id.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::frames::Frame;

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
    /// What stands in frames that were damaged together with the store.
    condemned: BTreeSet<String>,
    /// What was old enough to expire, and did. It does not come back.
    expired: BTreeSet<String>,
    /// How many entries were looked for, look by look.
    checked: u64,
}

impl Ledger {
    pub(crate) fn acknowledge(&mut self, links: impl IntoIterator<Item = String>) {
        self.acknowledged.extend(links);
    }

    pub(crate) fn len(&self) -> usize {
        self.acknowledged.len()
    }

    /// How many entries were looked for, look by look, and how many have expired.
    pub(crate) fn counts(&self) -> (u64, usize) {
        (self.checked, self.expired.len())
    }

    /// These frames were damaged, and the store with them: what they brought may be missing, and what they
    /// let expire may be back until it expires again.
    pub(crate) fn condemn<'a>(&mut self, frames: impl Iterator<Item = &'a Frame>) {
        let (mut brought, mut expired) = (BTreeSet::new(), BTreeSet::new());
        for frame in frames {
            brought.extend(frame.brought.iter().map(String::as_str));
            expired.extend(frame.expired.iter().map(String::as_str));
        }
        for (link, id) in &self.ids {
            if brought.contains(id.as_str()) {
                self.condemned.insert(link.clone());
            }
            if expired.contains(id.as_str()) {
                self.expired.remove(link);
            }
        }
    }

    /// Holds a listing against the ledger; what it lists counts as acknowledged from now on. What is `old`
    /// may have expired.
    pub(crate) fn hold(&mut self, rows: &[Value], old: &BTreeSet<String>) -> Found {
        let mut found = Found::default();
        let (mut links, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for row in rows {
            let (link, id) = (row["link"].as_str().unwrap_or("?"), row["id"].as_str().unwrap_or("?"));
            let known = self.ids.entry(link.to_owned()).or_insert_with(|| id.to_owned());
            if !links.insert(link.to_owned()) || !ids.insert(id.to_owned()) {
                found.doubles.push(format!("listed twice: {link} {id}"));
            } else if known != id {
                found.doubles.push(format!("{link} was {known} and is {id}"));
            } else if self.expired.contains(link) {
                found.doubles.push(format!("{link} had expired and is back"));
            }
        }
        self.checked += self.acknowledged.len() as u64;
        let absent: Vec<String> = self.acknowledged.difference(&links).cloned().collect();
        for link in absent {
            if old.contains(&link) {
                self.acknowledged.remove(&link);
                self.expired.insert(link);
            } else if self.condemned.contains(&link) {
                found.missing.push(link);
            } else {
                found.losses.push(link);
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
