//! Decides the regions of an entry, from its source's rule, the patterns of the configuration and the classifier. A
//! source that is fixed to regions keeps exactly them; patterns apply only to classified entries.

use regex::Regex;

use super::{Classifier, Evidence, Place, Rule};
use crate::model::region::RegionId;
use crate::model::source::RegionRule;

/// A rule of the config: titles that match belong to some regions, or do not.
#[derive(Clone, Debug)]
pub struct RegionPattern {
    /// Searched in the title; the `regex` crate is linear in the text whatever the pattern.
    pub pattern: Regex,
    /// Regions a matching title belongs to, whatever the classifier says.
    pub force: Vec<RegionId>,
    /// Regions a matching title does not belong to; wins over `force` and over the classifier.
    pub forbid: Vec<RegionId>,
}

/// The regions of an entry and why: first the source's own in the order of the config, then those of
/// the patterns, then those of the classifier in order of appearance; each region once.
#[must_use]
pub fn decide(
    rule: &RegionRule,
    patterns: &[RegionPattern],
    classifier: &Classifier,
    title: &str,
    summary: Option<&str>,
) -> Vec<Evidence> {
    let (own, classified) = match rule {
        RegionRule::Fixed(ids) => (ids.as_slice(), false),
        RegionRule::Routed(ids) => (ids.as_slice(), true),
        RegionRule::Auto => (&[][..], true),
    };
    let mut found = Vec::new();
    for id in own {
        let (place, rule) = (Place::Source, Rule::Fixed);
        add(&mut found, Evidence { region: id.clone(), text: String::new(), place, rule });
    }
    if !classified {
        return found;
    }
    let matching: Vec<(&RegionPattern, &str)> =
        patterns.iter().filter_map(|p| p.pattern.find(title).map(|m| (p, m.as_str()))).collect();
    let forbidden = |id: &RegionId| matching.iter().any(|(p, _)| p.forbid.contains(id));
    for (pattern, text) in &matching {
        for id in pattern.force.iter().filter(|id| !forbidden(id)) {
            let (place, rule) = (Place::Rule, Rule::Pattern);
            add(&mut found, Evidence { region: id.clone(), text: (*text).to_owned(), place, rule });
        }
    }
    for evidence in classifier.classify(title, summary) {
        if !forbidden(&evidence.region) {
            add(&mut found, evidence);
        }
    }
    found
}

fn add(found: &mut Vec<Evidence>, evidence: Evidence) {
    if found.iter().all(|e| e.region != evidence.region) {
        found.push(evidence);
    }
}
