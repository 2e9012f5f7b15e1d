//! Tells which regions a title speaks of, with the evidence for each.
//!
//! Owns the gazetteer and the rules by which a name counts. It reads the title, and the dateline of
//! the summary where the title names no region; never a body, which names places all over. Deciding
//! what a source's own region does to the answer is `decide`'s business.

mod decide;
mod evidence;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

pub use decide::{RegionPattern, decide};
pub use evidence::{Evidence, Place, Rule};

use super::region::{RegionId, RegionTable};

/// Finds the regions of a title. Immutable, built once, shared by all threads.
#[derive(Debug)]
pub struct Classifier {
    automaton: AhoCorasick,
    names: Vec<RegionId>,
}

impl Classifier {
    /// The version of the rules and data. It rises whenever a decision changes, so that what was
    /// derived under older rules is derived again.
    pub const RULES_VERSION: u32 = 1;

    /// Builds the classifier for the regions of `table`.
    #[must_use]
    pub fn new(table: &RegionTable) -> Self {
        let pairs: Vec<(&str, RegionId)> = table
            .iter()
            .flat_map(|r| {
                let names = [r.full_name.as_str(), r.name.as_str()].into_iter();
                names.chain(r.aliases.iter().map(String::as_str)).map(|n| (n, r.id.clone()))
            })
            .filter(|(name, _)| !name.is_empty())
            .collect();
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::LeftmostLongest)
            .build(pairs.iter().map(|(name, _)| name))
            .expect("a gazetteer is far below the automaton's limits");
        Self { automaton, names: pairs.into_iter().map(|(_, id)| id).collect() }
    }

    /// The regions `title` speaks of, in order of appearance, each once with its first evidence.
    #[must_use]
    pub fn classify(&self, title: &str, _summary: Option<&str>) -> Vec<Evidence> {
        let mut found: Vec<Evidence> = Vec::new();
        for m in self.automaton.find_iter(title) {
            let region = &self.names[m.pattern().as_usize()];
            if found.iter().all(|e| e.region != *region) {
                found.push(Evidence {
                    region: region.clone(),
                    text: title[m.span()].to_owned(),
                    place: Place::Title,
                    rule: Rule::Province,
                });
            }
        }
        found
    }
}
