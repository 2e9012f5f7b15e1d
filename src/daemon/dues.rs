//! The next due time of each source. The scheduler writes it; HTTP caching and the status read it. Nothing
//! polls because of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};

use crate::config::Config;
use crate::model::source::{RegionRule, SourceId};
use crate::model::time::Time;

const NEVER: i64 = i64::MAX;

/// The due times of all polled sources, in milliseconds since 1970. Atomics instead of a lock: every request
/// for a feed reads them.
#[derive(Debug, Default)]
pub struct Dues {
    numbers: BTreeMap<SourceId, usize>,
    at: Vec<AtomicI64>,
}

impl Dues {
    /// None of the sources is due yet.
    pub fn new(sources: impl IntoIterator<Item = SourceId>) -> Self {
        let numbers: BTreeMap<_, _> = sources.into_iter().enumerate().map(|(n, id)| (id, n)).collect();
        Self { at: numbers.iter().map(|_| AtomicI64::new(NEVER)).collect(), numbers }
    }

    /// `None` means that no poll is planned.
    pub fn set(&self, source: &SourceId, due: Option<Time>) {
        if let Some(n) = self.numbers.get(source) {
            self.at[*n].store(due.map_or(NEVER, |due| due.timestamp_millis()), Ordering::Relaxed);
        }
    }

    /// The due time of a source, which may be past; `None` if no poll is planned.
    pub fn of(&self, source: &SourceId) -> Option<Time> {
        self.first(self.numbers.get(source).copied().into_iter())
    }

    /// The earliest due time of all sources, which may be past.
    pub fn earliest(&self) -> Option<Time> {
        self.first(0..self.at.len())
    }

    /// The earliest due time of some sources.
    pub fn earliest_of<'a>(&self, sources: impl Iterator<Item = &'a SourceId>) -> Option<Time> {
        self.first(sources.filter_map(|source| self.numbers.get(source).copied()))
    }

    fn first(&self, sources: impl Iterator<Item = usize>) -> Option<Time> {
        let first = sources.map(|n| self.at[n].load(Ordering::Relaxed)).min()?;
        (first != NEVER).then(|| Time::from_timestamp_millis(first)).flatten()
    }
}

#[derive(Debug)]
pub struct FeedSources {
    all: Vec<usize>,
    national: Vec<usize>,
    regions: HashMap<String, Vec<usize>>,
    sources: HashMap<String, Vec<usize>>,
}

impl FeedSources {
    pub fn new(config: &Config, dues: &Dues) -> Self {
        let mut feed_sources = Self {
            all: Vec::new(),
            national: Vec::new(),
            regions: config.regions.iter().map(|region| (region.id.to_string(), Vec::new())).collect(),
            sources: HashMap::new(),
        };
        for source in &config.sources {
            if let Some(n) = dues.numbers.get(&source.def.id) {
                feed_sources.add(&source.def.id, &source.def.region, *n);
            }
        }
        feed_sources
    }

    fn add(&mut self, id: &SourceId, rule: &RegionRule, n: usize) {
        self.all.push(n);
        self.sources.insert(id.to_string(), vec![n]);
        match rule {
            RegionRule::Fixed(regions) => {
                for region in regions {
                    self.regions.entry(region.to_string()).or_default().push(n);
                }
            }
            // Its entries may be in any region, or in none.
            RegionRule::Routed(_) | RegionRule::Auto => {
                self.regions.values_mut().for_each(|of| of.push(n));
                self.national.push(n);
            }
        }
    }

    /// The time at which the view at a path can next change: the earliest due time of the sources that feed
    /// it. For an unknown path, all sources count.
    pub fn next_change(&self, dues: &Dues, path: &str) -> Option<Time> {
        let (is_source, rest) = path.strip_prefix("source/").map_or((false, path), |rest| (true, rest));
        let found = match rest.split(['.', '/', '?']).next().unwrap_or_default() {
            source if is_source => self.sources.get(source),
            "national" => Some(&self.national),
            region => self.regions.get(region),
        };
        dues.first(found.unwrap_or(&self.all).iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Env, load};

    fn at(seconds: i64) -> Time {
        Time::from_timestamp(seconds, 0).expect("an instant")
    }

    #[test]
    fn a_view_changes_when_the_first_source_that_feeds_it_is_due() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("dibao.toml");
        let source = |id: &str, region: &str| {
            format!("[[source]]\nid = \"{id}\"\nurl = \"https://{id}.example/\"\nregion = \"{region}\"\n")
        };
        let text = source("dahe", "henan") + &source("hubeibao", "hubei") + &source("wire", "auto");
        std::fs::write(&path, text).expect("it is written");
        let config = load(Path::new(&path), &Env::default()).expect("it loads");
        let dues = Dues::new(config.sources.iter().map(|source| source.def.id.clone()));
        let feed_sources = FeedSources::new(&config, &dues);
        let next = |path: &str| feed_sources.next_change(&dues, path);
        assert_eq!(next("henan.atom"), None, "nothing is known yet");

        for (id, due) in [("dahe", 100), ("hubeibao", 200), ("wire", 300)] {
            dues.set(&SourceId::new(id), Some(at(due)));
        }
        let cases = [
            ("a region has its own sources and those that are routed", "henan.atom", 100),
            ("in every form", "hubei.rss", 200),
            ("a page too", "hubei/", 200),
            ("an archive too", "hubei/2026-10.atom", 200),
            ("a region without sources of its own", "jilin.atom", 300),
            ("what has no region comes from routed sources", "national.json", 300),
            ("all has all", "all.atom", 100),
            ("so has the index", "", 100),
            ("and whatever else there is", "feeds.opml", 100),
            ("a source has itself", "source/hubeibao.atom", 200),
            ("its page too", "source/wire/", 300),
            ("a page in another language", "hubei/?lang=en", 200),
            ("the home page too", "?en", 100),
        ];
        for (name, path, due) in cases {
            assert_eq!(next(path), Some(at(due)), "{name}");
        }
        dues.set(&SourceId::new("wire"), None);
        dues.set(&SourceId::new("nobody"), Some(at(1)));
        assert_eq!(next("jilin.atom"), None, "a source that is gone changes nothing");
    }
}
