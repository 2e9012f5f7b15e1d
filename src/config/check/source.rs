//! Checks `[[source]]` tables: each source by itself, then ids and addresses across sources.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::RangeInclusive;

use super::common::Context;
use super::common::{check_id, new_id, proxy, read, schedules, within};
use super::region::unknown_region;
use super::{page, value};
use crate::config::checked::{Polling, Source};
use crate::config::fault::{At, FaultList, Location};
use crate::config::raw;
use crate::config::secret::{self, Secret};
use crate::config::table::{Named, SecretRef};
use crate::model::region::{RegionId, RegionTable};
use crate::model::source::ContentPolicy;
use crate::model::source::{RegionRule, SourceDef, SourceId};
use crate::read::link;

/// Enough to rank sources, small enough to be read as ranks.
const PRIORITY: RangeInclusive<i64> = -1000..=1000;

/// The values that a source takes where it sets none.
pub(super) struct Defaults<'a> {
    pub(super) regions: &'a RegionTable,
    pub(super) polling: &'a Polling,
    pub(super) content: ContentPolicy,
}

/// The addresses that are polled so far, without what does not tell one from another, each as it is written
/// and where.
type Urls = HashMap<String, (String, Location)>;

pub(super) fn check(
    raw: Vec<raw::Source>,
    defaults: &Defaults<'_>,
    context: &Context<'_>,
    report: &mut FaultList,
) -> Vec<Source> {
    if raw.is_empty() {
        report.warn(&context.main, "has no [[source]]: nothing will be polled");
    }
    let mut seen = HashMap::new();
    let mut urls = Urls::new();
    let mut renames = Vec::new();
    let mut sources = Vec::new();
    for source in raw {
        let id = new_id(source.id.0.clone(), &source.place, &mut seen, report);
        renames.extend(renamed(&source, report));
        sources.extend(check_one(id, source, &mut urls, defaults, context, report));
    }
    check_renames(&renames, &mut seen, report);
    sources
}

fn check_one(
    id: Option<String>,
    raw: raw::Source,
    urls: &mut Urls,
    defaults: &Defaults<'_>,
    context: &Context<'_>,
    report: &mut FaultList,
) -> Option<Source> {
    let region = region_rule(&raw, defaults.regions, report);
    let was =
        raw.was.iter().flat_map(|was| was.value.as_slice()).map(|id| SourceId::new(&id.value)).collect();
    let enabled = raw.enabled.is_none_or(|enabled| enabled.value);
    let conditional = raw.conditional.is_none_or(|conditional| conditional.value);
    let url = url(raw.url, &raw.place, urls, enabled, report);
    // Everything is read before the first `?`, so that one fault hides no other.
    let title = read(raw.title, value::line, report);
    let rights = read(raw.rights, value::line, report);
    let priority = within(raw.priority, PRIORITY, report).and_then(|n| i32::try_from(n).ok()).unwrap_or(0);
    let retry_after =
        read(raw.retry_after, value::retry_after, report).unwrap_or(defaults.polling.retry_after);
    let kind = read(raw.kind, value::kind, report).unwrap_or_default();
    let kind = page::check(kind, &raw.place, raw.page, raw.json, report);
    let schedules = schedules(raw.schedule, report).unwrap_or_else(|| defaults.polling.schedule.clone());
    let zone = read(raw.timezone, value::zone, report).unwrap_or(defaults.polling.timezone);
    let content = read(raw.content, value::content, report).unwrap_or(defaults.content);
    let headers = headers(raw.headers, context, report);
    let proxy = proxy(raw.proxy, context, report).or_else(|| defaults.polling.proxy.clone());
    let def = SourceDef { id: SourceId::new(&id?), title, url: url?, region, rights, priority };
    Some(Source {
        def,
        kind: kind?,
        schedules,
        zone,
        content,
        headers,
        proxy,
        retry_after,
        was,
        conditional,
        enabled,
    })
}

fn url(
    url: Option<At<String>>,
    table: &Location,
    urls: &mut Urls,
    enabled: bool,
    report: &mut FaultList,
) -> Option<String> {
    let Some(text) = url else {
        report.missing(table, &["url"], "write url = \"https://…\"");
        return None;
    };
    let place = text.place.clone();
    let url = read(Some(text), value::source_url, report)?;
    if link::is_keyed(&url) {
        report.warn(
            &place,
            "holds a key, which is never published or logged, but stands in this file; where the publisher takes a \
             header, write headers = { Authorization = { credential = \"NAME\" } } instead",
        );
    }
    if !enabled {
        return Some(url);
    }
    // Two parts of one page may be two sources, so this is no fault; a copied table is far more common.
    match urls.entry(link::canonical(&url)) {
        Entry::Vacant(free) => {
            free.insert((url.clone(), place));
        }
        Entry::Occupied(first) => {
            let (other, at) = first.get();
            let message = if *other == url {
                format!("{:?} is polled twice: it stands at {at} too", link::masked(&url))
            } else {
                let (url, other) = (link::masked(&url), link::masked(other));
                format!("{url:?} is likely polled twice: {other:?} at {at} leads to the same")
            };
            report.warn(&place, message);
        }
    }
    Some(url)
}

fn region_rule(raw: &raw::Source, regions: &RegionTable, report: &mut FaultList) -> RegionRule {
    let named = raw.region.as_ref().map(|region| region.value.as_slice()).unwrap_or_default();
    let is_auto = match named {
        [] => raw.region.is_none(),
        [one] => one.value == "auto",
        _ => false,
    };
    if is_auto {
        if let Some(route) = raw.route.as_ref().filter(|route| route.value) {
            report.fault(&route.place, "adds regions to fixed ones; with region = \"auto\" leave it out");
        }
        return RegionRule::Auto;
    }
    if let (Some(region), []) = (&raw.region, named) {
        report.fault(&region.place, "is an empty list; write a region's id, or \"auto\"");
    }
    let mut fixed = Vec::new();
    for region in named {
        let id = RegionId::new(&region.value);
        if region.value == "auto" {
            report
                .fault(&region.place, "\"auto\" stands alone; for fixed regions and more write route = true");
        } else if regions.get(&region.value).is_none() {
            report.fault(&region.place, unknown_region(&region.value, regions));
        } else if fixed.contains(&id) {
            report.fault(&region.place, format!("names {:?} twice", region.value));
        } else {
            fixed.push(id);
        }
    }
    if raw.route.as_ref().is_some_and(|route| route.value) {
        RegionRule::Routed(fixed)
    } else {
        RegionRule::Fixed(fixed)
    }
}

fn headers(
    headers: Option<At<Named<SecretRef>>>,
    context: &Context<'_>,
    report: &mut FaultList,
) -> Vec<(String, Secret)> {
    let mut made: Vec<(String, Secret)> = Vec::new();
    for (name, reference) in headers.map(|headers| headers.value.0).unwrap_or_default() {
        let text = secret::text(&reference.value, context.base, context.env);
        let value = match text {
            Ok(text) => value::header_value(&text),
            Err(unreadable) => {
                unreadable.report(&reference.place, context.env, report);
                continue;
            }
        };
        match value::header_name(&name).and_then(|name| Ok((name, value?))) {
            Ok((name, _)) if made.iter().any(|(other, _)| *other == name) => {
                report.fault(&reference.place, "is given twice; upper and lower case are the same");
            }
            Ok((name, value)) => made.push((name, Secret::new(value))),
            Err(message) => report.fault(&reference.place, message),
        }
    }
    made
}

/// The well-formed former ids of a source.
fn renamed(source: &raw::Source, report: &mut FaultList) -> Vec<At<String>> {
    let ids = source.was.iter().flat_map(|was| was.value.as_slice());
    let checked = ids.filter(|id| match check_id(&id.value) {
        Ok(()) => true,
        Err(message) => {
            report.fault(&id.place, message);
            false
        }
    });
    checked.cloned().collect()
}

/// A former id belongs to one source, and to none that still has it.
fn check_renames(renames: &[At<String>], seen: &mut HashMap<String, Location>, report: &mut FaultList) {
    for id in renames {
        match seen.get(&id.value) {
            Some(other) => {
                report.fault(&id.place, format!("{:?} is taken by the source at {other}", id.value));
            }
            None => {
                seen.insert(id.value.clone(), id.place.clone());
            }
        }
    }
}
