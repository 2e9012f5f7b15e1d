//! Checks `[[region]]` tables and merges them into the built-in regions.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::common::{new_id, read, read_all, within};
use super::value;
use crate::config::fault::{At, FaultList, did_you_mean};
use crate::config::raw;
use crate::model::region::{Region, RegionId, RegionTable};

/// GB/T 2260 codes have six digits.
const CODE: RangeInclusive<i64> = 100_000..=999_999;

pub(super) fn check(raw: Vec<raw::Region>, report: &mut FaultList) -> RegionTable {
    let mut table = RegionTable::builtin();
    let mut seen = HashMap::new();
    let mut parents = Vec::new();
    for region in raw {
        let Some(id) = new_id(region.id.0, &region.place, &mut seen, report) else { continue };
        let builtin = table.get(&id).cloned();
        if builtin.is_none() && region.name.is_none() {
            report.missing(&region.place, &["name"], "write name = \"…\"");
        }
        parents.extend(region.parent.clone().map(|parent| (id.clone(), parent)));
        let name = read(region.name, value::line, report);
        let full_name = read(region.full_name, value::line, report);
        let mut made = builtin.unwrap_or_else(|| Region {
            id: RegionId::new(&id),
            name: name.clone().unwrap_or_default(),
            full_name: name.clone().unwrap_or_default(),
            code: None,
            aliases: Vec::new(),
            parent: None,
        });
        made.name = name.unwrap_or(made.name);
        made.full_name = full_name.unwrap_or(made.full_name);
        made.code = within(region.code, CODE, report).and_then(|code| u32::try_from(code).ok()).or(made.code);
        if region.aliases.is_some() {
            made.aliases = read_all(region.aliases, value::line, report);
        }
        made.parent = region.parent.map(|parent| RegionId::new(&parent.value)).or(made.parent);
        table.set(made);
    }
    for (id, parent) in parents {
        check_parent(&id, &parent, &table, report);
    }
    table
}

/// A region's parent must be there, and no region may lie within itself.
fn check_parent(id: &str, parent: &At<String>, table: &RegionTable, report: &mut FaultList) {
    if table.get(&parent.value).is_none() {
        report.fault(&parent.place, unknown_region(&parent.value, table));
        return;
    }
    let up = |id: &RegionId| table.get(id.as_str()).and_then(|region| region.parent.clone());
    let above = std::iter::successors(Some(RegionId::new(&parent.value)), up);
    if above.take(table.len()).any(|region| region.as_str() == id) {
        report.fault(&parent.place, format!("makes {id:?} lie within itself"));
    }
}

/// The message for an unknown region. It suggests the id of the region with that name, else the nearest id.
pub(super) fn unknown_region(text: &str, regions: &RegionTable) -> String {
    let called = |region: &&Region| {
        region.name == text || region.full_name == text || region.aliases.iter().any(|alias| alias == text)
    };
    let hint = match regions.iter().find(called) {
        Some(region) => format!(" (did you mean {:?}?)", region.id.as_str()),
        None => did_you_mean(text, regions.iter().map(|region| region.id.as_str())),
    };
    format!("{text:?} is not a region{hint}; `dibao regions` lists them, and [[region]] adds one")
}
