//! The configuration after checking: plain values. Every number is in its range, every name is known, every
//! secret is read, and each source has taken what it leaves to the defaults.

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
    /// Where it is served.
    pub server: Server,
    /// Where journal and store live.
    pub state_dir: PathBuf,
    /// How often store and journal are scrubbed, in whole days. A week by default; `None` for never.
    pub scrub: Option<Duration>,
    /// How sources are polled.
    pub polling: Polling,
    /// What is published.
    pub publish: Publish,
    /// What is kept.
    pub retention: Retention,
    /// The regions: the built-in ones, and those the file overrides or adds.
    pub regions: RegionTable,
    /// `[[rule]]`, in the order of the file. They act on what the title decides: sources with
    /// `region = "auto"` or `route = true`, never on regions that a source is fixed to.
    pub rules: Vec<RegionPattern>,
    /// What is shown: `exclude`, `include` and `rewrite` of rules.
    pub shown: PublishRules,
    /// The sources, in the order of the files.
    pub sources: Vec<Source>,
    /// A hash of the files that it was read from.
    pub digest: String,
    /// The secrets that could not be read here, where [`Env::spare_secrets`] lets that pass.
    pub unread: Vec<Fault>,
    /// What is doubtful but does not keep the configuration from being used.
    pub warnings: Vec<Fault>,
}

/// `[server]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where to listen, never nowhere. `127.0.0.1:8080` by default: nothing is public until the operator says so.
    pub listen: Vec<Listen>,
    /// What readers put before the paths, without a slash at its end.
    pub public_url: String,
    /// The socket of the commands.
    pub admin_socket: PathBuf,
}

/// One place to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// An address with a port.
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
    /// When sources without a schedule of their own are polled. `*/20 * * * *` by default: news is
    /// seen ten minutes after its publication on average, at 72 requests a day.
    pub schedule: Vec<Schedule>,
    /// The zone of schedules, and of dates without one. `Asia/Shanghai` by default.
    pub timezone: Tz,
    /// How far polls are spread after their scheduled instant. 2 minutes by default: enough to leave
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
    /// How far a publisher's freshness (Cache-Control, Expires, `ttl`, `sy:*`, `skipHours`, `skipDays`) may
    /// delay a poll. 6 hours by default: behind a CDN many say "a day" of everything they serve.
    pub freshness: Duration,
    /// What a Retry-After speaks for, where the source does not say. The host by default.
    pub retry_after: RetryAfter,
    /// The most entries read of one document. 2,000 by default: feeds have 10 to 100.
    pub max_entries: usize,
    /// How publishers reach the operator, for the User-Agent.
    pub contact: Option<String>,
    /// The proxy of all requests.
    pub proxy: Option<Secret>,
    /// Private networks in which sources may lie; all are refused by default.
    pub allow_networks: Vec<IpNet>,
}

/// `[publish]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// The most entries of one feed. 100 by default: more than a day of a busy province.
    pub entries: usize,
    /// How many entries of a source's first poll are shown outside its own feed. 20 by default: a new
    /// source is seen to be there, and does not push out what was in the feed.
    pub first_poll: usize,
    /// The oldest entry shown. 30 days by default, so that the first poll of a feed that died years
    /// ago does not fill a region with old news; `None` for no limit.
    pub max_age: Option<Duration>,
    /// How much of an entry is shown, where its source does not say.
    pub content: ContentPolicy,
    /// The rights notice of the merged feeds.
    pub rights: Option<String>,
    /// Where every view is written as a file too, for a web server.
    pub static_dir: Option<PathBuf>,
    /// Whether readers that ask for it are sent only what is new (RFC 3229). Off by default: readers over
    /// feedparser always ask, and several of them take the answer for a failure.
    pub delta: bool,
    /// The WebSub hub that is told which feeds have changed.
    pub websub_hub: Option<String>,
}

/// `[retention]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How long after it was first seen an entry is kept. 365 days by default; `None` for ever.
    pub max_age: Option<Duration>,
    /// The newest entries of a source and of a region that are kept whatever their age. 50 by default: a
    /// quiet region's feed is not empty.
    pub keep_at_least: usize,
}

/// What a publisher's Retry-After speaks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetryAfter {
    /// Its host: all sources there wait.
    #[default]
    Host,
    /// The one source: for a bridge that passes on the refusals of many publishers.
    Source,
}

/// What a source's address leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// RSS, Atom, RDF or JSON Feed.
    #[default]
    Feed,
    /// An HTML page that lists entries.
    Page(Box<Page>),
    /// A JSON document of any shape.
    Json(Box<JsonRules>),
}

/// `[source.page]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Selectors that override the generic rules.
    pub rules: PageRules,
    /// The most list pages read in one poll.
    pub pages: usize,
    /// Whether new entries' own pages are read, and how many of them in one poll.
    pub follow: Option<usize>,
}

impl Default for Page {
    fn default() -> Self {
        Self { rules: PageRules::default(), pages: 1, follow: None }
    }
}

/// `[[source]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What the core needs to know of it.
    pub def: SourceDef,
    /// What its address leads to.
    pub kind: Kind,
    /// When it is polled: its own schedules or those of `[polling]`, never none.
    pub schedules: Vec<Schedule>,
    /// The zone of its schedules and of its dates without one.
    pub zone: Tz,
    /// How much of its entries is shown.
    pub content: ContentPolicy,
    /// Request headers, by lower-case name.
    pub headers: Vec<(String, Secret)>,
    /// Its proxy: its own or that of `[polling]`.
    pub proxy: Option<Secret>,
    /// What its Retry-After speaks for.
    pub retry_after: RetryAfter,
    /// Ids it had before.
    pub was: Vec<SourceId>,
    /// Whether its publisher is told what was read last, so that it need not send that again.
    pub conditional: bool,
    /// Whether it is polled; its entries are served either way.
    pub enabled: bool,
}

impl Source {
    /// When it is polled, under the instance's jitter and floor.
    #[must_use]
    pub fn plan(&self, polling: &Polling) -> Plan {
        Plan::new(self.schedules.clone(), self.zone, polling.jitter, polling.floor, &self.def.id)
    }
}
