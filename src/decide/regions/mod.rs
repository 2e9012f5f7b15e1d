//! The classifier: finds the regions that a title names, with the evidence for each.
//!
//! Owns the gazetteer and the rules by which a name counts. It reads the title, and the dateline of
//! the summary where the title names no region; never a body, which names places all over. A name that
//! several regions share is left undecided: an entry without a region is still shown, one in the wrong
//! region is an error. What a source's own region does to the answer is `decide`'s business.

mod abbreviation;
mod around;
mod bearer;
mod boundary;
mod dateline;
mod decide;
mod gazetteer;
mod guard;
mod letters;
mod person;
mod scan;
mod spelling;
#[cfg(test)]
mod tests;
mod work;

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::model::evidence::{Evidence, Place, Rule};
pub use decide::{RegionPattern, decide};

use crate::model::region::{RegionId, RegionTable};
use gazetteer::{Gazetteer, Meaning};
use spelling::Folder;

/// Titles are read up to this many bytes, 340 Han characters: longer "titles" are bodies in the wrong
/// element, and a body names places all over.
const MAX_TITLE: usize = 1024;

/// Finds the regions of a title. Immutable, built once, shared by all threads.
#[derive(Debug)]
pub struct Classifier {
    automaton: AhoCorasick,
    meanings: Vec<Meaning>,
    regions: Vec<RegionId>,
    /// The place in `regions` of each built-in region that the config left alone.
    builtin: HashMap<String, u16>,
    places: HashMap<String, u16>,
    folder: Folder,
}

impl Classifier {
    /// The version of the rules and data. It rises whenever a decision changes, so that entries
    /// derived under older rules are derived again.
    pub const RULES_VERSION: u32 = 3;

    /// Builds the classifier for the regions of `table`. Built-in regions are known by the whole
    /// gazetteer and their aliases; regions that the config adds, or gives another name, by their name,
    /// full name and aliases alone.
    pub fn new(table: &RegionTable) -> Self {
        let folder = Folder::new();
        let mut gazetteer = Gazetteer::new(table, &folder);
        let places = std::mem::take(&mut gazetteer.places);
        let builtin = std::mem::take(&mut gazetteer.builtin);
        let names = gazetteer.into_sorted();
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(names.iter().map(|(name, _)| name))
            .expect("a gazetteer is far below the automaton's limits");
        Self {
            automaton,
            meanings: names.into_iter().map(|(_, meaning)| meaning).collect(),
            regions: table.iter().map(|r| r.id.clone()).collect(),
            builtin,
            places,
            folder,
        }
    }

    /// The regions `title` speaks of, in order of appearance (those of one name in the name's order),
    /// each once with its first evidence. Where it names none, the region of the summary's dateline,
    /// unless that is Beijing: reports from the capital are about the whole country.
    pub fn classify(&self, title: &str, summary: Option<&str>) -> Vec<Evidence> {
        let title = prefix(title, MAX_TITLE);
        let found = self.evidence(title, self.scan(&self.folder.fold(title)), Place::Title);
        if !found.is_empty() {
            return found;
        }
        summary.and_then(dateline::place).map(|place| self.dateline(place)).unwrap_or_default()
    }

    fn dateline(&self, place: &str) -> Vec<Evidence> {
        let folded = self.folder.fold(place);
        let found = match self.places.get(&folded) {
            Some(&region) => {
                vec![scan::Finding {
                    region,
                    from: 0,
                    to: place.len(),
                    rule: Rule::PrefectureShort,
                    origin: false,
                }]
            }
            None => self.scan(&folded),
        };
        let mut found = self.evidence(place, found, Place::Dateline);
        found.retain(|e| e.region.as_str() != "beijing");
        found
    }

    fn evidence(&self, text: &str, found: Vec<scan::Finding>, place: Place) -> Vec<Evidence> {
        let mut evidence: Vec<Evidence> = Vec::new();
        for finding in found {
            let region = &self.regions[usize::from(finding.region)];
            if evidence.iter().all(|e| e.region != *region) {
                let text = text[finding.from..finding.to].to_owned();
                evidence.push(Evidence { region: region.clone(), text, place, rule: finding.rule });
            }
        }
        evidence
    }
}

/// At most `max` bytes of `text`, ending between characters.
fn prefix(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}
