//! What an instance is to its views: its addresses, regions and publishing policy. Values only.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use chrono_tz::Tz;

use crate::decide::publishing::PublishRules;
use crate::model::feed_key::FeedKey;
use crate::model::month::Month;
use crate::model::region::RegionTable;
use crate::model::source::{ContentPolicy, RegionRule, SourceDef, SourceId};
use crate::read::link;

/// How the address of a feed ends in the format that lists link and archives are written in.
pub const FEED_ENDING: &str = ".atom";

/// How the address of a feed's page for people ends.
pub const PAGE_ENDING: &str = "/";

/// Everything about an instance that its views depend on.
#[derive(Clone, Debug)]
pub struct Site {
    /// The address views are published under, without a trailing slash.
    pub public_url: String,
    /// The regions, in display order.
    pub regions: RegionTable,
    /// The most entries of a feed.
    pub entries: usize,
    /// How many entries of a source's first poll are shown outside its own feed.
    pub first_poll: usize,
    /// How old an entry may be, counted from the newest poll; `None` for no limit.
    pub max_age: Option<TimeDelta>,
    /// The instance's rights notice.
    pub rights: Option<String>,
    /// How much of each source's entries is republished; [`Self::default_content`] for those not named.
    pub content: BTreeMap<SourceId, ContentPolicy>,
    /// For sources that are not named.
    pub default_content: ContentPolicy,
    /// The zone whose months archives are of, and whose clock pages show.
    pub zone: Tz,
    /// True if readers that ask for it are sent only what is new (RFC 3229).
    pub delta: bool,
    /// The sources whose own address leads to a page or to JSON of any shape, to which nobody can subscribe.
    pub unread: BTreeSet<SourceId>,
    /// The WebSub hub that is told of new entries.
    pub hub: Option<String>,
    /// The operator's rules of what is shown.
    pub shown: PublishRules,
    /// How often each source is polled.
    pub polled: BTreeMap<SourceId, Polled>,
}

/// How often a source is polled, and where its entries go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polled {
    /// The shortest time between two polls by its schedule, in minutes.
    pub minutes: u32,
    /// How its entries get their regions.
    pub region: RegionRule,
}

impl Site {
    /// How much of a source's entries is shown.
    #[must_use]
    pub fn policy(&self, source: &SourceId) -> ContentPolicy {
        self.content.get(source).copied().unwrap_or(self.default_content)
    }

    /// The path of a feed, without its ending: `henan`, `all`, `source/rthk`.
    #[must_use]
    pub fn path(feed: &FeedKey) -> String {
        match feed {
            FeedKey::All => "all".to_owned(),
            FeedKey::National => "national".to_owned(),
            FeedKey::Region(id) => id.to_string(),
            FeedKey::Source(id) => format!("source/{id}"),
        }
    }

    /// The address of this instance's own feed of a source.
    #[must_use]
    pub fn own_feed(&self, source: &SourceId) -> String {
        format!("{}/source/{source}{FEED_ENDING}", self.public_url)
    }

    /// The address that a source is said to be read at: its own, but for one that holds a key.
    #[must_use]
    pub fn said_address(&self, source: &SourceDef) -> String {
        if link::is_keyed(&source.url) { self.own_feed(&source.id) } else { source.url.clone() }
    }

    /// The address that a reader can subscribe to a source at.
    #[must_use]
    pub fn feed_address(&self, source: &SourceDef) -> String {
        match self.unread.contains(&source.id) {
            true => self.own_feed(&source.id),
            false => self.said_address(source),
        }
    }

    /// The path of an archive of a feed.
    #[must_use]
    pub fn archive_path(feed: &FeedKey, month: Month) -> String {
        format!("{}/archive/{month}{FEED_ENDING}", Self::path(feed))
    }

    /// What a feed is called among the feeds of this instance, unless it is a source's.
    #[must_use]
    pub fn name<'a>(&'a self, feed: &'a FeedKey) -> &'a str {
        match feed {
            FeedKey::All => "全部",
            FeedKey::National => "全国",
            FeedKey::Region(id) => self.regions.get(id.as_str()).map_or(id.as_str(), |r| r.name.as_str()),
            FeedKey::Source(id) => id.as_str(),
        }
    }

    /// The feeds every instance has: everything, the whole country, the regions.
    pub fn standing(&self) -> impl Iterator<Item = FeedKey> {
        let regions = self.regions.iter().map(|region| FeedKey::Region(region.id.clone()));
        [FeedKey::All, FeedKey::National].into_iter().chain(regions)
    }

    /// The path that views are published under: empty, or `/news` for `https://host/news`.
    #[must_use]
    pub fn base_path(&self) -> &str {
        let rest = self.public_url.split_once("://").map_or(self.public_url.as_str(), |(_, rest)| rest);
        rest.find('/').map_or("", |at| &rest[at..])
    }

    /// The shortest time in which a feed can change, in minutes: how often its most frequent source is
    /// polled. By the schedules, not by when a poll is due, which changes with every poll.
    #[must_use]
    pub fn minutes(&self, feed: &FeedKey) -> Option<u32> {
        let reaches = |id: &SourceId, rule: &RegionRule| match (feed, rule) {
            (FeedKey::All, _) | (FeedKey::Region(_), RegionRule::Routed(_) | RegionRule::Auto) => true,
            (FeedKey::Source(own), _) => own == id,
            (FeedKey::National, RegionRule::Auto) => true,
            (FeedKey::National, RegionRule::Fixed(regions) | RegionRule::Routed(regions)) => {
                regions.is_empty()
            }
            (FeedKey::Region(region), RegionRule::Fixed(regions)) => regions.contains(region),
        };
        let sources = self.polled.iter().filter(|(id, polled)| reaches(id, &polled.region));
        sources.map(|(_, polled)| polled.minutes).min()
    }
}
