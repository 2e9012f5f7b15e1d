//! The settings of an instance that its views depend on: addresses, regions, publishing policy. Values only.

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

#[derive(Clone, Debug)]
pub struct Site {
    /// The public address, without a trailing slash.
    pub public_url: String,
    pub regions: RegionTable,
    pub entries: usize,
    /// Entries of a source's first poll that other feeds show.
    pub first_poll: usize,
    /// The age limit of entries, counted from the newest poll; `None` for none.
    pub max_age: Option<TimeDelta>,
    pub rights: Option<String>,
    /// The part of each source's entries that is republished; [`Self::default_content`] for other sources.
    pub content: BTreeMap<SourceId, ContentPolicy>,
    pub default_content: ContentPolicy,
    /// The zone of the archives' months and of the times on pages.
    pub zone: Tz,
    /// True if readers may ask for deltas (RFC 3229).
    pub delta: bool,
    /// The sources whose own address is a page or plain JSON, to which nobody can subscribe.
    pub unread: BTreeSet<SourceId>,
    pub hub: Option<String>,
    pub shown: PublishRules,
    pub polled: BTreeMap<SourceId, Polled>,
    /// True if pages have a search box.
    pub search: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polled {
    /// The shortest time between two polls of the schedule, in minutes.
    pub minutes: u32,
    pub region: RegionRule,
}

impl Site {
    pub fn policy(&self, source: &SourceId) -> ContentPolicy {
        self.content.get(source).copied().unwrap_or(self.default_content)
    }

    /// The path of a feed, without its ending: `henan`, `all`, `source/rthk`.
    pub fn path(feed: &FeedKey) -> String {
        match feed {
            FeedKey::All => "all".to_owned(),
            FeedKey::National => "national".to_owned(),
            FeedKey::Region(id) => id.to_string(),
            FeedKey::Source(id) => format!("source/{id}"),
        }
    }

    /// The address of a source's feed here.
    pub fn own_feed(&self, source: &SourceId) -> String {
        format!("{}/source/{source}{FEED_ENDING}", self.public_url)
    }

    /// The address that views name for a source: its own, or its feed here if its own holds a key.
    pub fn said_address(&self, source: &SourceDef) -> String {
        if link::is_keyed(&source.url) { self.own_feed(&source.id) } else { source.url.clone() }
    }

    /// The address that a reader can subscribe to a source at.
    pub fn feed_address(&self, source: &SourceDef) -> String {
        match self.unread.contains(&source.id) {
            true => self.own_feed(&source.id),
            false => self.said_address(source),
        }
    }

    pub fn archive_path(feed: &FeedKey, month: Month) -> String {
        format!("{}/archive/{month}{FEED_ENDING}", Self::path(feed))
    }

    /// The name of a feed; a source's id for the feed of a source.
    pub fn name<'a>(&'a self, feed: &'a FeedKey) -> &'a str {
        match feed {
            FeedKey::All => "全部",
            FeedKey::National => "全国",
            FeedKey::Region(id) => self.regions.get(id.as_str()).map_or(id.as_str(), |r| r.name.as_str()),
            FeedKey::Source(id) => id.as_str(),
        }
    }

    /// The feeds that every instance has: everything, the whole country, the regions.
    pub fn standing(&self) -> impl Iterator<Item = FeedKey> {
        let regions = self.regions.iter().map(|region| FeedKey::Region(region.id.clone()));
        [FeedKey::All, FeedKey::National].into_iter().chain(regions)
    }

    /// The path of the public address: empty, or `/news` for `https://host/news`.
    pub fn base_path(&self) -> &str {
        let rest = self.public_url.split_once("://").map_or(self.public_url.as_str(), |(_, rest)| rest);
        rest.find('/').map_or("", |at| &rest[at..])
    }

    /// The shortest time in which a feed can change, in minutes: the poll interval of its most frequent source.
    /// Taken from schedules: the next due time would change the feed's bytes with every poll.
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
