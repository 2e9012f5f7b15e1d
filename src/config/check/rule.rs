//! Checks `[[rule]]` tables. Some assign titles to regions, the others are publish rules. `decide` applies them to
//! entries.

use super::common::read;
use super::region::unknown_region;
use super::{publish_rule, value};
use crate::config::fault::{At, FaultList};
use crate::config::raw;
use crate::config::table::OneOrMany;
use crate::decide::publishing::PublishRule;
use crate::decide::regions::RegionPattern;
use crate::model::region::{RegionId, RegionTable};

/// Makes the patterns that give regions, and the rules of what is shown, each in the order of the file.
pub(super) fn check(
    raw: Vec<raw::Rule>,
    regions: &RegionTable,
    report: &mut FaultList,
) -> (Vec<RegionPattern>, Vec<PublishRule>) {
    let (mut patterns, mut shown) = (Vec::new(), Vec::new());
    for mut rule in raw {
        let Some(publishing) = rule.publishing() else {
            patterns.extend(check_one(rule, regions, report));
            continue;
        };
        let strangers = [
            rule.pattern.as_ref().map(|at| &at.place),
            rule.region.as_ref().map(|at| &at.place),
            rule.not_region.as_ref().map(|at| &at.place),
        ];
        for place in strangers.into_iter().flatten() {
            report.fault(place, "gives regions, and this rule says what is shown; write two rules");
        }
        shown.extend(publish_rule::check(publishing, regions, report));
    }
    (patterns, shown)
}

fn check_one(raw: raw::Rule, regions: &RegionTable, report: &mut FaultList) -> Option<RegionPattern> {
    if raw.pattern.is_none() {
        report.missing(&raw.place, &["match"], "write match = 'a regular expression'");
    }
    if raw.region.is_none() && raw.not_region.is_none() {
        report.missing(
            &raw.place,
            &["region", "not_region"],
            "write the regions its titles belong to, or not",
        );
    }
    let pattern = read(raw.pattern, value::pattern, report);
    let force = region_ids(raw.region.as_ref(), regions, report);
    let forbid = region_ids(raw.not_region.as_ref(), regions, report);
    for both in raw.not_region.iter().flat_map(|list| list.value.as_slice()) {
        if force.iter().any(|id| id.as_str() == both.value) {
            report.fault(&both.place, format!("names {:?}, which region names too", both.value));
        }
    }
    Some(RegionPattern { pattern: pattern?, force, forbid })
}

fn region_ids(
    named: Option<&At<OneOrMany<String>>>,
    regions: &RegionTable,
    report: &mut FaultList,
) -> Vec<RegionId> {
    let Some(named) = named else { return Vec::new() };
    if named.value.as_slice().is_empty() {
        report.fault(&named.place, "is an empty list; write a region's id, or leave the key out");
    }
    let mut ids = Vec::new();
    for region in named.value.as_slice() {
        let id = RegionId::new(&region.value);
        if regions.get(&region.value).is_none() {
            report.fault(&region.place, unknown_region(&region.value, regions));
        } else if ids.contains(&id) {
            report.fault(&region.place, format!("names {:?} twice", region.value));
        } else {
            ids.push(id);
        }
    }
    ids
}
