//! Checks that several tables share. Each takes a value from the file and returns the checked value, or reports a
//! fault and returns `None`.

use std::collections::HashMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use super::value;
use crate::config::env::Env;
use crate::config::fault::{At, FaultList, Location};
use crate::config::secret::{self, Secret};
use crate::config::table::{OneOrMany, SecretRef};
use crate::decide::schedule::Schedule;
use crate::model::source::is_slug;

pub(super) const MINUTE: u64 = 60;
pub(super) const HOUR: u64 = 60 * MINUTE;
pub(super) const DAY: u64 = 24 * HOUR;

/// The inputs of the checks besides the file.
pub(super) struct Context<'a> {
    /// The directory of the main file, from which relative paths start.
    pub(super) base: &'a Path,
    pub(super) env: &'a Env,
    /// The main file as a whole.
    pub(super) main: Location,
}

/// First path segments that mean something else than a region, or may come to; sources keep off them
/// too, so that a word means one thing in every address.
pub const RESERVED_WORDS: &[&str] = &[
    "admin", "all", "api", "archive", "assets", "entry", "entries", "favicon", "feed", "feeds", "healthz",
    "index", "metrics", "national", "readyz", "region", "regions", "robots", "search", "source", "sources",
    "static", "status", "story",
];

/// Checks the id of a region or source: there, well-formed, not reserved, and not used before.
pub(super) fn new_id(
    id: Option<At<String>>,
    table: &Location,
    seen: &mut HashMap<String, Location>,
    report: &mut FaultList,
) -> Option<String> {
    let Some(id) = id else {
        report.missing(table, &["id"], "write id = \"…\"");
        return None;
    };
    if let Err(message) = check_id(&id.value) {
        report.fault(&id.place, message);
        return None;
    }
    if let Some(first) = seen.get(&id.value) {
        report.fault(&id.place, format!("{:?} was given before, at {first}", id.value));
        return None;
    }
    seen.insert(id.value.clone(), id.place);
    Some(id.value)
}

pub(super) fn check_id(id: &str) -> Result<(), String> {
    if !is_slug(id) {
        return Err(format!("{id:?} is not an id: write 1 to 64 of a-z, 0-9 and -"));
    }
    if RESERVED_WORDS.contains(&id) {
        return Err(format!("{id:?} is a word of dibao's own addresses; choose another id"));
    }
    Ok(())
}

/// Reads a value that is written as text; `None` if it is absent or at fault.
pub(super) fn read<T>(
    text: Option<At<String>>,
    read: impl Fn(&str) -> Result<T, String>,
    report: &mut FaultList,
) -> Option<T> {
    let text = text?;
    read(&text.value).map_err(|message| report.fault(&text.place, message)).ok()
}

/// Reads a list of them, leaving out those at fault.
pub(super) fn read_all<T>(
    texts: Option<At<Vec<At<String>>>>,
    one: impl Fn(&str) -> Result<T, String>,
    report: &mut FaultList,
) -> Vec<T> {
    let texts = texts.map(|texts| texts.value).unwrap_or_default();
    texts.into_iter().filter_map(|text| read(Some(text), &one, report)).collect()
}

/// One or several schedules; `None` if there is none, or none without fault.
pub(super) fn schedules(
    texts: Option<At<OneOrMany<String>>>,
    report: &mut FaultList,
) -> Option<Vec<Schedule>> {
    let texts = texts?;
    if texts.value.as_slice().is_empty() {
        report.fault(&texts.place, "is an empty list; leave the key out to poll at the usual times");
    }
    let mut schedules = Vec::new();
    for text in texts.value.as_slice() {
        match Schedule::parse(&text.value) {
            Ok(schedule) => schedules.push(schedule),
            Err(error) => report.fault(&text.place, format!("{:?}: {error}", text.value)),
        }
    }
    (!schedules.is_empty()).then_some(schedules)
}

/// A proxy's address, from where it is kept.
pub(super) fn proxy(
    proxy: Option<At<SecretRef>>,
    context: &Context<'_>,
    report: &mut FaultList,
) -> Option<Secret> {
    let proxy = proxy?;
    secret::text(&proxy.value, context.base, context.env)
        .and_then(|text| Ok(value::proxy(&text)?))
        .map(Secret::new)
        .map_err(|unreadable| unreadable.report(&proxy.place, context.env, report))
        .ok()
}

/// Checks that a number is in its range.
pub(super) fn within(
    number: Option<At<i64>>,
    range: RangeInclusive<i64>,
    report: &mut FaultList,
) -> Option<i64> {
    let number = number?;
    in_range(number.value, &range, i64::to_string)
        .map_err(|message| report.fault(&number.place, message))
        .ok()
}

/// A number in its range that counts something.
pub(super) fn count(
    number: Option<At<i64>>,
    range: RangeInclusive<i64>,
    report: &mut FaultList,
) -> Option<usize> {
    within(number, range, report).and_then(|number| usize::try_from(number).ok())
}

pub(super) fn within_time(
    text: Option<At<String>>,
    range: RangeInclusive<Duration>,
    report: &mut FaultList,
) -> Option<Duration> {
    let checked =
        |text: &str| in_range(value::duration(text)?, &range, |duration| value::written_duration(*duration));
    read(text, checked, report)
}

pub(super) fn within_size(
    text: Option<At<String>>,
    range: RangeInclusive<u64>,
    report: &mut FaultList,
) -> Option<u64> {
    let checked = |text: &str| in_range(value::size(text)?, &range, |size| value::written_size(*size));
    read(text, checked, report)
}

fn in_range<T: PartialOrd, S: fmt::Display>(
    value: T,
    range: &RangeInclusive<T>,
    written: impl Fn(&T) -> S,
) -> Result<T, String> {
    if range.contains(&value) {
        return Ok(value);
    }
    let (least, most) = (written(range.start()), written(range.end()));
    Err(format!("is {}; it must lie between {least} and {most}", written(&value)))
}
