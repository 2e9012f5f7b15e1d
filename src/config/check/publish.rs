//! Checks `[publish]`: the size and age of feeds, and where dibao publishes them besides HTTP.

use std::ops::RangeInclusive;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use super::common::{Context, DAY, HOUR, count, read, within_time};
use super::value;
use crate::config::checked::Publish;
use crate::config::fault::{At, Report};
use crate::config::raw;
use crate::model::source::ContentPolicy;

/// Readers fetch the whole feed each time it changes.
const FEED_ENTRIES: RangeInclusive<i64> = 1..=1000;
/// None at all, to more than any feed lists at once.
const FIRST_POLL: RangeInclusive<i64> = 0..=1000;
/// From an hour to a lifetime.
const MAX_AGE: RangeInclusive<Duration> = Duration::from_secs(HOUR)..=Duration::from_secs(36_500 * DAY);

pub(super) fn check(
    raw: raw::Publish,
    state_dir: &Path,
    context: &Context<'_>,
    report: &mut Report,
) -> Publish {
    let unlimited = raw.max_age.as_ref().is_some_and(|text| text.value == "none");
    let max_age = (!unlimited)
        .then(|| within_time(raw.max_age, MAX_AGE, report).unwrap_or(Duration::from_secs(30 * DAY)));
    Publish {
        entries: count(raw.entries, FEED_ENTRIES, report).unwrap_or(100),
        first_poll: count(raw.first_poll, FIRST_POLL, report).unwrap_or(20),
        max_age,
        content: read(raw.content, value::content, report).unwrap_or(ContentPolicy::Summary),
        rights: read(raw.rights, value::line, report),
        static_dir: static_dir(raw.static_dir, state_dir, context, report),
        delta: raw.delta.is_some_and(|delta| delta.value),
        websub_hub: read(raw.websub_hub, value::hub, report),
    }
}

/// A web server shows this directory to everyone, so it must not contain the state directory, nor lie in it.
fn static_dir(
    raw: Option<At<String>>,
    state_dir: &Path,
    context: &Context<'_>,
    report: &mut Report,
) -> Option<PathBuf> {
    let raw = raw?;
    if raw.value.trim().is_empty() {
        report.fault(&raw.place, "is empty; name the directory that the web server shows");
        return None;
    }
    let dir = context.base.join(&raw.value);
    let (ours, state) = (plain(&dir), plain(state_dir));
    if ours.starts_with(&state) || state.starts_with(&ours) {
        let why = "and state.dir are one within the other: a web server must not show the state";
        report.fault(&raw.place, why);
        return None;
    }
    Some(dir)
}

/// A path as the system would follow it, as far as it is there already.
fn plain(path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    let mut at = path;
    let start = loop {
        if let Ok(real) = at.canonicalize() {
            break real;
        }
        match (at.parent(), at.components().next_back()) {
            (Some(parent), Some(last)) => {
                rest.push(last);
                at = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            }
            _ => break PathBuf::new(),
        }
    };
    rest.into_iter().rev().fold(start, |path, part| match part {
        Component::ParentDir => path.parent().map_or(path.clone(), Path::to_owned),
        Component::CurDir => path,
        other => path.join(other),
    })
}
