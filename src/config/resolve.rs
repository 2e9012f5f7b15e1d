//! From the file's shape to a checked [`Config`]: defaults, ranges, and what must hold between tables.
//! Sources are `source`'s business.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono_tz::Tz;

use super::document::{OneOrMany, SecretRef};
use super::fault::{At, Place, Report};
use super::file::{self, File};
use super::value;
use super::{Config, ContentPolicy, Env, Polling, Publish, Secret, Server, secret, source};
use crate::core::region::{Region, RegionId, RegionTable};
use crate::core::schedule::Schedule;
use crate::core::source::is_slug;

/// First path segments that mean something else than a region, or may come to; sources keep off them
/// too, so that a word means one thing in every address.
const RESERVED: &[&str] = &[
    "admin", "all", "api", "archive", "assets", "entry", "entries", "favicon", "feed", "feeds", "healthz",
    "index", "metrics", "national", "readyz", "region", "regions", "robots", "search", "source", "sources",
    "static", "status", "story",
];

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Past an hour a spread is no longer a spread but another schedule.
const JITTER: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(HOUR);
/// Past a week a floor is a mistake: schedules say how seldom a source is polled.
const FLOOR: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(7 * DAY);
/// A connection takes a file descriptor, and 1,024 is a process's usual limit.
const CONCURRENCY: RangeInclusive<i64> = 1..=512;
/// Browsers open six connections to a host; nothing here is in more of a hurry.
const PER_HOST: RangeInclusive<i64> = 1..=6;
/// An hour between two requests lets a host with 24 sources be polled once a day.
const HOST_DELAY: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(HOUR);
/// Below a second no distant publisher answers; past ten minutes none will.
const TIMEOUT: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(10 * MINUTE);
/// Every poll under way may hold a body of this size in memory.
const MAX_BODY: RangeInclusive<u64> = 1 << 10..=64 << 20;
/// A body of the largest size cannot hold more entries than this of any use.
const MAX_ENTRIES: RangeInclusive<i64> = 1..=100_000;
/// Readers fetch the whole feed each time it changes.
const FEED_ENTRIES: RangeInclusive<i64> = 1..=1000;
/// From an hour to a lifetime.
const MAX_AGE: RangeInclusive<Duration> = Duration::from_secs(HOUR)..=Duration::from_secs(36_500 * DAY);
/// GB/T 2260 codes have six digits.
const CODE: RangeInclusive<i64> = 100_000..=999_999;
/// The longest path of a Unix socket on Linux, in bytes (unix(7): 108 with the zero at its end).
const SOCKET_PATH: usize = 107;

/// What resolving needs to know besides the file.
pub(super) struct Context<'a> {
    /// The directory of the main file, from which relative paths start.
    pub(super) base: &'a Path,
    pub(super) env: &'a Env,
    /// The main file as a whole.
    pub(super) main: Place,
}

/// Makes the configuration. It may be used only if nothing was reported; where a value is at fault its
/// default stands in, so that everything after it is still checked.
pub(super) fn resolve(path: &Path, file: File, env: &Env, report: &mut Report) -> Config {
    let context = Context { base: path.parent().unwrap_or(Path::new("")), env, main: Place::of_file(path) };
    let state_dir = state_dir(file.state_dir, &context);
    let regions = resolve_regions(file.regions, report);
    let polling = resolve_polling(file.polling, &context, report);
    let publish = resolve_publish(file.publish, report);
    let sources = source::resolve(file.sources, &regions, &polling, publish.content, &context, report);
    Config {
        path: path.to_owned(),
        server: resolve_server(file.server, &state_dir, &context, report),
        state_dir,
        polling,
        publish,
        regions,
        sources,
        warnings: Vec::new(),
    }
}

fn state_dir(dir: Option<At<String>>, context: &Context<'_>) -> PathBuf {
    let given = dir.map(|dir| context.base.join(dir.value));
    given.or_else(|| first_directory(&context.env.state_directory)).unwrap_or_else(|| "/var/lib/dibao".into())
}

/// The first of the directories systemd gives, which it separates by colons.
fn first_directory(directories: &Option<PathBuf>) -> Option<PathBuf> {
    let directories = directories.as_ref()?.to_string_lossy().into_owned();
    directories.split(':').next().map(PathBuf::from)
}

fn resolve_server(raw: file::Server, state_dir: &Path, context: &Context<'_>, report: &mut Report) -> Server {
    let listen =
        read(raw.listen, value::listen, report).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
    if raw.public_url.is_none() {
        let place = Place { key: "server.public_url".to_owned(), ..context.main.clone() };
        report.warn(&place, format!("is not set; the feeds will say that they live at http://{listen}"));
    }
    let public_url =
        read(raw.public_url, value::public_url, report).unwrap_or_else(|| format!("http://{listen}"));
    let runtime_dir = first_directory(&context.env.runtime_directory);
    let default_socket = || runtime_dir.as_deref().unwrap_or(state_dir).join("admin.sock");
    let admin_socket = read(raw.admin_socket, |text| socket_path(context.base.join(text)), report)
        .unwrap_or_else(default_socket);
    Server { listen, public_url, admin_socket }
}

fn socket_path(path: PathBuf) -> Result<PathBuf, String> {
    if path.as_os_str().len() > SOCKET_PATH {
        return Err(format!("is longer than the {SOCKET_PATH} bytes a socket's path may have"));
    }
    Ok(path)
}

fn resolve_polling(raw: file::Polling, context: &Context<'_>, report: &mut Report) -> Polling {
    let seconds = Duration::from_secs;
    let floor = within_time(raw.floor.clone(), FLOOR, report).unwrap_or(seconds(10 * MINUTE));
    if let (Some(at), true) = (&raw.floor, floor < seconds(MINUTE)) {
        report.warn(&at.place, "is under a minute: be sure that the publishers are your own");
    }
    Polling {
        schedule: schedules(raw.schedule, report).unwrap_or_else(default_schedule),
        timezone: read(raw.timezone, value::zone, report).unwrap_or(Tz::Asia__Shanghai),
        jitter: within_time(raw.jitter, JITTER, report).unwrap_or(seconds(2 * MINUTE)),
        floor,
        concurrency: count(raw.concurrency, CONCURRENCY, report).unwrap_or(32),
        per_host: count(raw.per_host, PER_HOST, report).unwrap_or(1),
        host_delay: within_time(raw.host_delay, HOST_DELAY, report).unwrap_or(seconds(1)),
        timeout: within_time(raw.timeout, TIMEOUT, report).unwrap_or(seconds(30)),
        max_body: within_size(raw.max_body, MAX_BODY, report).unwrap_or(8 << 20),
        max_entries: count(raw.max_entries, MAX_ENTRIES, report).unwrap_or(2000),
        contact: read(raw.contact, value::contact, report),
        proxy: proxy(raw.proxy, context, report),
        allow_networks: read_all(raw.allow_networks, value::network, report),
    }
}

fn default_schedule() -> Vec<Schedule> {
    vec![Schedule::parse("*/20 * * * *").expect("it is well-formed, and fires every 20 minutes")]
}

fn resolve_publish(raw: file::Publish, report: &mut Report) -> Publish {
    Publish {
        entries: count(raw.entries, FEED_ENTRIES, report).unwrap_or(100),
        max_age: within_time(raw.max_age, MAX_AGE, report).or(Some(Duration::from_secs(30 * DAY))),
        content: read(raw.content, value::content, report).unwrap_or(ContentPolicy::Summary),
        rights: read(raw.rights, value::line, report),
    }
}

fn resolve_regions(raw: Vec<file::Region>, report: &mut Report) -> RegionTable {
    let mut table = RegionTable::builtin();
    let mut seen = HashMap::new();
    let mut parents = Vec::new();
    for region in raw {
        let Some(id) = new_id(region.id, &region.place, &mut seen, report) else { continue };
        let builtin = table.get(&id).cloned();
        if builtin.is_none() && region.name.is_none() {
            report.missing(&region.place, "has no name; write name = \"…\"");
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
fn check_parent(id: &str, parent: &At<String>, table: &RegionTable, report: &mut Report) {
    if table.get(&parent.value).is_none() {
        report.fault(&parent.place, source::unknown_region(&parent.value, table));
        return;
    }
    let up = |id: &RegionId| table.get(id.as_str()).and_then(|region| region.parent.clone());
    let above = std::iter::successors(Some(RegionId::new(&parent.value)), up);
    if above.take(table.len()).any(|region| region.as_str() == id) {
        report.fault(&parent.place, format!("makes {id:?} lie within itself"));
    }
}

/// Checks the id of a region or source: there, well-formed, not reserved, and not used before.
pub(super) fn new_id(
    id: Option<At<String>>,
    table: &Place,
    seen: &mut HashMap<String, Place>,
    report: &mut Report,
) -> Option<String> {
    let Some(id) = id else {
        report.missing(table, "has no id; write id = \"…\"");
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
    if RESERVED.contains(&id) {
        return Err(format!("{id:?} is a word of dibao's own addresses; choose another id"));
    }
    Ok(())
}

/// Reads a value that is written as text; `None` if it is absent or at fault.
pub(super) fn read<T>(
    text: Option<At<String>>,
    read: impl Fn(&str) -> Result<T, String>,
    report: &mut Report,
) -> Option<T> {
    let text = text?;
    read(&text.value).map_err(|message| report.fault(&text.place, message)).ok()
}

fn read_all<T>(
    texts: Option<At<Vec<At<String>>>>,
    one: impl Fn(&str) -> Result<T, String>,
    report: &mut Report,
) -> Vec<T> {
    let texts = texts.map(|texts| texts.value).unwrap_or_default();
    texts.into_iter().filter_map(|text| read(Some(text), &one, report)).collect()
}

pub(super) fn schedules(texts: Option<At<OneOrMany<String>>>, report: &mut Report) -> Option<Vec<Schedule>> {
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

pub(super) fn proxy(
    proxy: Option<At<SecretRef>>,
    context: &Context<'_>,
    report: &mut Report,
) -> Option<Secret> {
    let proxy = proxy?;
    secret::text(&proxy.value, context.base, context.env)
        .and_then(|text| value::proxy(&text))
        .map(Secret::new)
        .map_err(|message| report.fault(&proxy.place, message))
        .ok()
}

/// Checks that a number is in its range.
pub(super) fn within(
    number: Option<At<i64>>,
    range: RangeInclusive<i64>,
    report: &mut Report,
) -> Option<i64> {
    let number = number?;
    in_range(number.value, &range, i64::to_string)
        .map_err(|message| report.fault(&number.place, message))
        .ok()
}

fn count(number: Option<At<i64>>, range: RangeInclusive<i64>, report: &mut Report) -> Option<usize> {
    within(number, range, report).and_then(|number| usize::try_from(number).ok())
}

fn within_time(
    text: Option<At<String>>,
    range: RangeInclusive<Duration>,
    report: &mut Report,
) -> Option<Duration> {
    let checked =
        |text: &str| in_range(value::duration(text)?, &range, |duration| value::written_duration(*duration));
    read(text, checked, report)
}

fn within_size(text: Option<At<String>>, range: RangeInclusive<u64>, report: &mut Report) -> Option<u64> {
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
