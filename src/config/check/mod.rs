//! Checks a raw configuration and makes a [`Config`] of it. This file has the tables that occur once (`[server]`,
//! `[state]`, `[polling]`, `[retention]`) with their defaults and ranges; the others have modules of their own.

mod common;
mod page;
mod publish;
mod publish_rule;
mod region;
mod rule;
mod source;
pub(super) mod value;

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono_tz::Tz;

use crate::config::checked::{Config, Listen, Log, Polling, Retention, Server};
use crate::config::env::Env;
use crate::config::fault::{At, FaultList, Location};
use crate::config::raw::{self, File};
use crate::config::table::OneOrMany;
use crate::decide::freshness;
use crate::decide::publishing::{PublishRule, PublishRules};
use crate::decide::schedule::Schedule;
use crate::model::region::RegionId;
use crate::model::source::SourceId;
pub use common::RESERVED_WORDS;
use common::{Context, DAY, HOUR, MINUTE, count, proxy, read, read_all, schedules, within_size, within_time};

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
/// Past a week a publisher's word is followed no longer: news is old by then.
const FRESHNESS: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(7 * DAY);
/// A body of the largest size cannot hold more entries than this of any use.
const MAX_ENTRIES: RangeInclusive<i64> = 1..=100_000;
/// Reading everything more often than once a day finds nothing more; a year is as good as never.
const SCRUB: RangeInclusive<Duration> = Duration::from_secs(DAY)..=Duration::from_secs(365 * DAY);
/// Below a week a source that publishes once a week would be empty half of the time.
const RETENTION: RangeInclusive<Duration> = Duration::from_secs(7 * DAY)..=Duration::from_secs(36_500 * DAY);
/// Beyond ten thousand it is no floor but another retention.
const KEEP_AT_LEAST: RangeInclusive<i64> = 0..=10_000;
/// The longest path of a Unix socket on Linux, in bytes (unix(7): 108 with the zero at its end).
const SOCKET_PATH: usize = 107;

/// Makes the configuration. It may be used only if nothing was reported; where a value is at fault its
/// default stands in, so that everything after it is still checked.
pub(super) fn check(path: &Path, file: File, env: &Env, report: &mut FaultList) -> Config {
    let context =
        Context { base: path.parent().unwrap_or(Path::new("")), env, main: Location::of_file(path) };
    let state_dir = state_dir(file.state.dir, &context);
    let scrub = scrub_every(file.state.scrub, report);
    let (mut raw_regions, mut raw_sources) = (file.regions, file.sources);
    let of_regions: Vec<_> =
        raw_regions.iter_mut().map(|raw| (raw.id.0.clone(), std::mem::take(&mut raw.rules))).collect();
    let of_sources: Vec<_> =
        raw_sources.iter_mut().map(|raw| (raw.id.0.clone(), std::mem::take(&mut raw.rules))).collect();
    let regions = region::check(raw_regions, report);
    let (rules, everywhere) = rule::check(file.rules, &regions, report);
    let mut publish_rules = |raw: Vec<raw::PublishRule>| -> Vec<PublishRule> {
        raw.into_iter().filter_map(|rule| publish_rule::check(rule, &regions, report)).collect()
    };
    let mut shown = PublishRules { everywhere, ..PublishRules::default() };
    for (id, raw) in of_regions {
        if let (Some(id), rules @ [_, ..]) = (id, &*publish_rules(raw)) {
            shown.regions.insert(RegionId::new(&id.value), rules.to_vec());
        }
    }
    for (id, raw) in of_sources {
        if let (Some(id), rules @ [_, ..]) = (id, &*publish_rules(raw)) {
            shown.sources.insert(SourceId::new(&id.value), rules.to_vec());
        }
    }
    let polling = check_polling(file.polling, &context, report);
    let publish = publish::check(file.publish, &state_dir, &context, report);
    let defaults = source::Defaults { regions: &regions, polling: &polling, content: publish.content };
    let sources = source::check(raw_sources, &defaults, &context, report);
    Config {
        path: path.to_owned(),
        server: check_server(file.server, &state_dir, &context, report),
        state_dir,
        scrub,
        polling,
        publish,
        retention: check_retention(file.retention, report),
        search: file.search.enabled.is_none_or(|enabled| enabled.value),
        log: check_log(file.log, report),
        regions,
        rules,
        shown,
        sources,
        digest: String::new(),
        unread: Vec::new(),
        warnings: Vec::new(),
    }
}

fn state_dir(dir: Option<At<String>>, context: &Context<'_>) -> PathBuf {
    let given = dir.map(|dir| context.base.join(dir.value));
    given.or_else(|| first_directory(&context.env.state_directory)).unwrap_or_else(|| "/var/lib/dibao".into())
}

fn scrub_every(raw: Option<At<String>>, report: &mut FaultList) -> Option<Duration> {
    if raw.as_ref().is_some_and(|text| text.value == "none") {
        return None;
    }
    Some(within_time(raw, SCRUB, report).unwrap_or(Duration::from_secs(7 * DAY)))
}

/// The first of the directories systemd gives, which it separates by colons.
fn first_directory(directories: &Option<PathBuf>) -> Option<PathBuf> {
    let directories = directories.as_ref()?.to_string_lossy().into_owned();
    directories.split(':').next().map(PathBuf::from)
}

fn check_server(raw: raw::Server, state_dir: &Path, context: &Context<'_>, report: &mut FaultList) -> Server {
    let listen = listen(raw.listen, report);
    let first =
        listen.iter().find_map(|at| if let Listen::Tcp(address) = at { Some(*address) } else { None });
    let home = format!("http://{}", first.map_or_else(|| "localhost".to_owned(), |first| first.to_string()));
    if raw.public_url.is_none() {
        let place = Location { key: "server.public_url".to_owned(), ..context.main.clone() };
        report.warn(&place, format!("is not set; the feeds will say that they live at {home}"));
    }
    let public_url = read(raw.public_url, value::public_url, report).unwrap_or(home);
    let runtime_dir = first_directory(&context.env.runtime_directory);
    let default_socket = || runtime_dir.as_deref().unwrap_or(state_dir).join("admin.sock");
    let admin_socket = read(raw.admin_socket, |text| socket_path(context.base.join(text)), report)
        .unwrap_or_else(default_socket);
    Server { listen, public_url, admin_socket }
}

fn listen(raw: Option<At<OneOrMany<String>>>, report: &mut FaultList) -> Vec<Listen> {
    let mut all: Vec<Listen> = Vec::new();
    for at in raw.iter().flat_map(|raw| raw.value.as_slice()) {
        let place = at.place.clone();
        let Some(listen) = read(Some(at.clone()), value::listen, report) else { continue };
        if let Listen::Unix(path) = &listen
            && let Err(why) = socket_path(path.clone())
        {
            report.fault(&place, why);
        } else if all.contains(&listen) {
            report.fault(&place, format!("names {listen} twice"));
        } else {
            all.push(listen);
        }
    }
    if let (Some(raw), true) = (&raw, all.is_empty())
        && raw.value.as_slice().is_empty()
    {
        report.fault(&raw.place, "is an empty list; without an address nobody can read anything");
    }
    if all.is_empty() { vec![Listen::Tcp(SocketAddr::from(([127, 0, 0, 1], 8080)))] } else { all }
}

fn socket_path(path: PathBuf) -> Result<PathBuf, String> {
    if path.as_os_str().len() > SOCKET_PATH {
        return Err(format!("is longer than the {SOCKET_PATH} bytes a socket's path may have"));
    }
    Ok(path)
}

fn check_polling(raw: raw::Polling, context: &Context<'_>, report: &mut FaultList) -> Polling {
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
        freshness: within_time(raw.freshness, FRESHNESS, report).unwrap_or(freshness::LIMIT),
        retry_after: read(raw.retry_after, value::retry_after, report).unwrap_or_default(),
        max_entries: count(raw.max_entries, MAX_ENTRIES, report).unwrap_or(2000),
        contact: read(raw.contact, value::contact, report),
        proxy: proxy(raw.proxy, context, report),
        allow_networks: read_all(raw.allow_networks, value::network, report),
    }
}

fn default_schedule() -> Vec<Schedule> {
    vec![Schedule::parse("*/20 * * * *").expect("it is well-formed, and fires every 20 minutes")]
}

fn check_retention(raw: raw::Retention, report: &mut FaultList) -> Retention {
    let unlimited = raw.max_age.as_ref().is_some_and(|text| text.value == "none");
    let max_age = (!unlimited)
        .then(|| within_time(raw.max_age, RETENTION, report).unwrap_or(Duration::from_secs(365 * DAY)));
    Retention { max_age, keep_at_least: count(raw.keep_at_least, KEEP_AT_LEAST, report).unwrap_or(50) }
}

fn check_log(raw: raw::Log, report: &mut FaultList) -> Log {
    let format = read(raw.format, value::log_format, report).unwrap_or_default();
    Log { level: read(raw.level, value::log_level, report), format }
}
