//! The checked configuration: plain values. Every number is in its range, every name is known, every secret is
//! read, and the defaults of `[polling]` and `[publish]` are copied into each source.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;
use ipnet::IpNet;

use super::fault::Fault;
use super::secret::Secret;
use crate::decide::publishing::PublishRules;
use crate::decide::regions::RegionPattern;
use crate::decide::schedule::{Plan, Schedule};
use crate::model::region::RegionTable;
use crate::model::source::{ContentPolicy, SourceDef, SourceId};
use crate::read::page::{JsonRules, PageRules};

/// A configuration in which everything has been checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The main file it was read from.
    pub path: PathBuf,
    pub server: Server,
    pub state_dir: PathBuf,
    /// The interval between two scrubs of store and journal, in whole days. A week by default; `None` for never.
    pub scrub: Option<Duration>,
    pub polling: Polling,
    pub publish: Publish,
    pub retention: Retention,
    /// True if searches are answered; true by default.
    pub search: bool,
    pub log: Log,
    /// The regions: the built-in ones, and those the file overrides or adds.
    pub regions: RegionTable,
    /// `[[rule]]`, in the order of the file. They act on what the title decides: sources with
    /// `region = "auto"` or `route = true`, never on regions that a source is fixed to.
    pub rules: Vec<RegionPattern>,
    pub shown: PublishRules,
    /// The sources, in the order of the files.
    pub sources: Vec<Source>,
    /// A hash of the files that it was read from.
    pub digest: String,
    /// The secrets that could not be read here, where `Env::spare_secrets` lets that pass.
    pub unread: Vec<Fault>,
    /// Warnings. The configuration can be used all the same.
    pub warnings: Vec<Fault>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The addresses to listen on, at least one. `127.0.0.1:8080` by default: nothing is public until the operator says so.
    pub listen: Vec<Listen>,
    /// The base of all public addresses, without a slash at its end.
    pub public_url: String,
    pub admin_socket: PathBuf,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    Tcp(SocketAddr),
    /// A socket in the file system, for a proxy on the same machine.
    Unix(PathBuf),
}

impl Listen {
    /// Takes a socket out of the file system.
    pub fn leave(&self) {
        if let Self::Unix(path) = self {
            // A socket that stays is removed at the next start.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl std::fmt::Display for Listen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// `[polling]`: the defaults of all sources, and the limits they share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polling {
    /// The schedules of sources that have none of their own. `*/20 * * * *` by default: news is
    /// seen ten minutes after its publication on average, at 72 requests a day.
    pub schedule: Vec<Schedule>,
    /// The zone of schedules, and of dates without one. `Asia/Shanghai` by default.
    pub timezone: Tz,
    /// The maximum random delay after the scheduled instant. 2 minutes by default: enough to leave
    /// the crowd that every publisher sees at the full minute, little beside 20 minutes.
    pub jitter: Duration,
    /// The least time between two polls of one source, whatever its schedule. 10 minutes by default.
    pub floor: Duration,
    /// Polls under way at once. 32 by default.
    pub concurrency: usize,
    /// Polls under way at once at one host. 1 by default.
    pub per_host: usize,
    /// The least time between two requests to one host. 1 second by default.
    pub host_delay: Duration,
    /// The longest a poll may take, from connecting to the last byte. 30 seconds by default.
    pub timeout: Duration,
    /// The largest body read, decompressed, in bytes. 8 MiB by default: the largest feeds of whole
    /// archives seen are a few MiB.
    pub max_body: u64,
    /// The maximum by which a publisher's freshness (Cache-Control, Expires, `ttl`, `sy:*`, `skipHours`, `skipDays`) may
    /// delay a poll. 6 hours by default: behind a CDN many say "a day" of everything they serve.
    pub freshness: Duration,
    /// The scope of a Retry-After for sources that do not set it. The host by default.
    pub retry_after: RetryAfter,
    /// The most entries read of one document. 2,000 by default: feeds have 10 to 100.
    pub max_entries: usize,
    /// The operator's address for publishers, sent in the User-Agent.
    pub contact: Option<String>,
    pub proxy: Option<Secret>,
    /// Private networks in which sources may lie; all are refused by default.
    pub allow_networks: Vec<IpNet>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// The most entries of one feed. 100 by default: more than a day of a busy province.
    pub entries: usize,
    /// The maximum of entries of a source's first poll that are shown outside its own feed. 20 by default: a new
    /// source is seen to be there, and does not push out what was in the feed.
    pub first_poll: usize,
    /// The oldest entry shown. 30 days by default, so that the first poll of a feed that died years
    /// ago does not fill a region with old news; `None` for no limit.
    pub max_age: Option<Duration>,
    /// The content policy of sources that do not set it.
    pub content: ContentPolicy,
    /// The rights notice of the merged feeds.
    pub rights: Option<String>,
    /// The directory into which every view is also written as a file, for a web server.
    pub static_dir: Option<PathBuf>,
    /// True if readers that ask for it are sent only what is new (RFC 3229). Off by default: readers over
    /// feedparser always ask, and several of them take the answer for a failure.
    pub delta: bool,
    /// The WebSub hub that is told which feeds have changed.
    pub websub_hub: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// The time an entry is kept after it was first seen. 365 days by default; `None` for ever.
    pub max_age: Option<Duration>,
    /// The newest entries of a source and of a region that are kept whatever their age. 50 by default: a
    /// quiet region's feed is not empty.
    pub keep_at_least: usize,
}

/// `[log]`. `RUST_LOG` and `--log-format` win over it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The level from which the daemon logs; `None` for its default, `info`.
    pub level: Option<LogLevel>,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object a line.
    Json,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetryAfter {
    /// Its host: all sources there wait.
    #[default]
    Host,
    /// The one source: for a bridge that passes on the refusals of many publishers.
    Source,
}

/// The kind of document at a source's address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SourceKind {
    /// RSS, Atom, RDF or JSON Feed.
    #[default]
    Feed,
    Page(Box<PageSettings>),
    /// A JSON document of any shape.
    Json(Box<JsonRules>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageSettings {
    /// Selectors that override the generic rules.
    pub rules: PageRules,
    /// The most list pages read in one poll.
    pub pages: usize,
    /// The most article pages of new entries read in one poll; `None` if none are read.
    pub follow: Option<usize>,
}

impl Default for PageSettings {
    fn default() -> Self {
        Self { rules: PageRules::default(), pages: 1, follow: None }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub def: SourceDef,
    pub kind: SourceKind,
    /// Its own schedules or those of `[polling]`, at least one.
    pub schedules: Vec<Schedule>,
    /// The zone of its schedules and of its dates without one.
    pub zone: Tz,
    pub content: ContentPolicy,
    /// Request headers, by lower-case name.
    pub headers: Vec<(String, Secret)>,
    /// Its proxy: its own or that of `[polling]`.
    pub proxy: Option<Secret>,
    pub retry_after: RetryAfter,
    pub was: Vec<SourceId>,
    /// True if polls are conditional requests: the publisher need not send again what dibao has.
    pub conditional: bool,
    /// True if it is polled; its entries are served either way.
    pub enabled: bool,
}

impl Source {
    /// The schedule of its polls, with the jitter and floor of `[polling]`.
    pub fn plan(&self, polling: &Polling) -> Plan {
        Plan::new(self.schedules.clone(), self.zone, polling.jitter, polling.floor, &self.def.id)
    }
}
