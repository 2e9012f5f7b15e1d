//! `[[rule]]` tables: those that give regions to titles or keep them away, and those that say what is
//! shown. What a match does to an entry is the core's business.

use regex::{Regex, RegexBuilder};

use super::check::read;
use super::document::OneOrMany;
use super::fault::{At, Report};
use super::region::unknown_region;
use super::{file, publishing};
use crate::decide::publishing::PublishRule;
use crate::decide::regions::RegionPattern;
use crate::model::region::{RegionId, RegionTable};

/// The longest pattern, in characters: 333 names of two, and still one line of a file.
const LONGEST: usize = 1000;
/// The most memory one pattern may take when compiled, in bytes. Those 333 names take a tenth of it; only
/// repetitions of wide classes, such as `\w{50}`, take more.
const COMPILED: usize = 1 << 20;

/// Makes the patterns that give regions, and the rules of what is shown, each in the order of the file.
pub(super) fn resolve(
    raw: Vec<file::Rule>,
    regions: &RegionTable,
    report: &mut Report,
) -> (Vec<RegionPattern>, Vec<PublishRule>) {
    let (mut patterns, mut shown) = (Vec::new(), Vec::new());
    for rule in raw {
        if rule.publishing.is_absent() {
            patterns.extend(resolve_one(rule, regions, report));
            continue;
        }
        let strangers = [
            rule.pattern.as_ref().map(|at| &at.place),
            rule.region.as_ref().map(|at| &at.place),
            rule.not_region.as_ref().map(|at| &at.place),
        ];
        for place in strangers.into_iter().flatten() {
            report.fault(place, "gives regions, and this rule says what is shown; write two rules");
        }
        shown.extend(publishing::resolve(rule.publishing, regions, report));
    }
    (patterns, shown)
}

fn resolve_one(raw: file::Rule, regions: &RegionTable, report: &mut Report) -> Option<RegionPattern> {
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
    let pattern = read(raw.pattern, pattern, report);
    let force = region_ids(raw.region.as_ref(), regions, report);
    let forbid = region_ids(raw.not_region.as_ref(), regions, report);
    for both in raw.not_region.iter().flat_map(|list| list.value.as_slice()) {
        if force.iter().any(|id| id.as_str() == both.value) {
            report.fault(&both.place, format!("names {:?}, which region names too", both.value));
        }
    }
    Some(RegionPattern { pattern: pattern?, force, forbid })
}

pub(super) fn pattern(text: &str) -> Result<Regex, String> {
    if text.is_empty() {
        return Err("is empty, and would match every title".to_owned());
    }
    if text.chars().count() > LONGEST {
        return Err(format!("is longer than {LONGEST} characters; write several rules"));
    }
    RegexBuilder::new(text).size_limit(COMPILED).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(limit) => {
            format!("takes more than {} MiB when compiled; repeat less in it", limit >> 20)
        }
        error => format!("is not a regular expression: {}", reason(&error.to_string())),
    })
}

/// The reason alone: before it the crate draws the pattern and points at the place, over several lines.
fn reason(message: &str) -> &str {
    let last = message.lines().next_back().unwrap_or(message);
    last.strip_prefix("error: ").unwrap_or(last)
}

fn region_ids(
    named: Option<&At<OneOrMany<String>>>,
    regions: &RegionTable,
    report: &mut Report,
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
