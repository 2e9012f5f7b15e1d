//! Corpora: feeds of made-up regional news, written as files for a static server, with the truth about
//! them: how many entries there are, and which of them tell one story.

mod template;
mod variety;
mod writers;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use chrono::{DateTime, Duration, FixedOffset, Timelike as _};

use crate::clock;

/// The region's id and its name in titles.
pub(crate) const REGIONS: [(&str, &str); 31] = [
    ("anhui", "安徽"),
    ("beijing", "北京"),
    ("chongqing", "重庆"),
    ("fujian", "福建"),
    ("gansu", "甘肃"),
    ("guizhou", "贵州"),
    ("guangdong", "广东"),
    ("guangxi", "广西"),
    ("hainan", "海南"),
    ("hebei", "河北"),
    ("henan", "河南"),
    ("hubei", "湖北"),
    ("hunan", "湖南"),
    ("heilongjiang", "黑龙江"),
    ("jiangsu", "江苏"),
    ("jiangxi", "江西"),
    ("jilin", "吉林"),
    ("liaoning", "辽宁"),
    ("neimenggu", "内蒙古"),
    ("ningxia", "宁夏"),
    ("qinghai", "青海"),
    ("shandong", "山东"),
    ("shanxi", "山西"),
    ("shaanxi", "陕西"),
    ("shanghai", "上海"),
    ("sichuan", "四川"),
    ("xianggang", "香港"),
    ("xinjiang", "新疆"),
    ("bingtuan", "兵团"),
    ("yunnan", "云南"),
    ("zhejiang", "浙江"),
];

/// The entries of one feed are so far apart; thirty of them span 18 hours.
const APART: i64 = 37;

/// What a publisher says, before it is an entry of a feed.
pub(crate) struct Report {
    pub(crate) title: String,
    pub(crate) summary: String,
    /// Paragraphs of a full text; empty in most feeds.
    pub(crate) content: Vec<String>,
    /// Reports of one number tell one story.
    pub(crate) story: u64,
}

/// An entry of a feed.
pub(crate) struct Item {
    pub(crate) report: Report,
    pub(crate) link: String,
    pub(crate) when: DateTime<FixedOffset>,
}

pub(crate) struct Feed {
    pub(crate) number: usize,
    pub(crate) title: String,
    pub(crate) home: String,
    /// An index of [`REGIONS`].
    pub(crate) region: usize,
    /// Newest first.
    pub(crate) items: Vec<Item>,
}

impl Feed {
    fn new(number: usize) -> Self {
        let region = number % REGIONS.len();
        let title = format!("{}日报{number:05}", REGIONS[region].1);
        let home = format!("http://paper{number:05}.example.com/");
        Self { number, title, home, region, items: Vec::new() }
    }

    pub(crate) fn id(&self) -> String {
        format!("paper{:05}", self.number)
    }

    /// A report of a story, told first or told again by a paper of that name.
    pub(crate) fn report(seed: &str, region: usize, again: Option<&str>) -> Report {
        variety::of_story(seed, REGIONS[region % REGIONS.len()].1, again)
    }

    /// The name of its file.
    pub(crate) fn file(&self) -> String {
        format!("{:05}.{}", self.number, writers::Format::of(self.number).ending())
    }

    fn add(&mut self, report: Report, when: DateTime<FixedOffset>, number: usize) {
        let link = format!("{}{}/{number}.html", self.home, when.format("%Y/%m%d"));
        self.items.push(Item { report, link, when });
    }
}

/// Which texts a corpus is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A few sentence templates: unrelated entries look alike, the worst case for finding stories.
    Template,
    /// Thousands of building blocks: as different as news are.
    Variety,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Template => "template",
            Self::Variety => "variety",
        }
    }
}

pub(crate) struct Corpus {
    pub(crate) kind: Kind,
    pub(crate) feeds: Vec<Feed>,
    /// The instant that the first entries count back from.
    start: DateTime<FixedOffset>,
}

impl Corpus {
    pub(crate) fn new(kind: Kind, feeds: usize, items: usize) -> Self {
        let morning =
            clock::today().with_hour(8).and_then(|t| t.with_minute(0)).and_then(|t| t.with_second(0));
        let morning = morning.and_then(|t| t.with_nanosecond(0)).expect("eight o'clock exists in China");
        let mut corpus =
            Self { kind, feeds: (0..feeds).map(Feed::new).collect(), start: morning - Duration::days(1) };
        let reports = match kind {
            Kind::Template => template::reports(feeds, items),
            Kind::Variety => variety::reports(feeds, items),
        };
        for (feed, reports) in corpus.feeds.iter_mut().zip(reports) {
            for (n, report) in reports.into_iter().enumerate() {
                let back = Duration::minutes(APART * i64::try_from(n).expect("few") + offset(feed.number));
                feed.add(report, corpus.start - back, n);
            }
        }
        corpus
    }

    pub(crate) fn entries(&self) -> usize {
        self.feeds.iter().map(|feed| feed.items.len()).sum()
    }

    /// Puts `count` newer entries, of unrelated news, into every `nth` feed, and drops as many of its oldest.
    pub(crate) fn renew(&mut self, round: usize, nth: usize, count: usize) -> usize {
        let mut added = 0;
        for feed in self.feeds.iter_mut().filter(|feed| (feed.number + round).is_multiple_of(nth)) {
            let keep = feed.items.len();
            for n in 0..count {
                let number = 1000 * round + n;
                let back = Duration::minutes(i64::try_from(n).expect("few") + offset(feed.number) % 10);
                let when = self.start + Duration::minutes(i64::try_from(10 * round).expect("few")) - back;
                let report = Feed::report(&format!("renewed {} {number}", feed.number), feed.region, None);
                feed.add(report, when, number);
            }
            feed.items.sort_by_key(|item| std::cmp::Reverse(item.when));
            feed.items.truncate(keep);
            added += count;
        }
        added
    }

    /// Writes `DIR/feeds/*` (only what is missing or different, so that validators hold) and `DIR/truth.tsv`.
    pub(crate) fn write(&self, dir: &Path) -> Result<()> {
        let feeds = dir.join("feeds");
        fs::create_dir_all(&feeds)?;
        let mut truth = String::new();
        for feed in &self.feeds {
            let (path, bytes) = (feeds.join(feed.file()), writers::write(feed));
            if fs::read(&path).ok().as_ref() != Some(&bytes) {
                fs::write(&path, &bytes).with_context(|| path.display().to_string())?;
            }
            for item in &feed.items {
                let _ = writeln!(truth, "{:016x}\t{}\t{}", item.report.story, feed.id(), item.link);
            }
        }
        fs::write(dir.join("truth.tsv"), truth)?;
        Ok(())
    }

    /// Its feeds as the configuration names them.
    pub(crate) fn sources(&self, base: &str) -> String {
        let mut toml = String::new();
        for feed in &self.feeds {
            let (id, title, file) = (feed.id(), &feed.title, feed.file());
            let region = REGIONS[feed.region].0;
            let _ = writeln!(
                toml,
                "[[source]]\nid = \"{id}\"\ntitle = \"{title}\"\nurl = \"{base}/feeds/{file}\"\nregion = \"{region}\""
            );
            // A fixed region is not told from titles; a fourth of the sources with real texts has both.
            if self.kind == Kind::Variety && feed.number.is_multiple_of(4) {
                toml.push_str("route = true\n");
            }
            toml.push('\n');
        }
        toml
    }

    pub(crate) fn urls(&self, base: &str) -> Vec<String> {
        self.feeds.iter().map(|feed| format!("{base}/feeds/{}", feed.file())).collect()
    }

    /// The story of each entry by the address of its page, under which dibao publishes it.
    pub(crate) fn stories(&self) -> BTreeMap<&str, u64> {
        let items = self.feeds.iter().flat_map(|feed| &feed.items);
        items.map(|item| (item.link.as_str(), item.report.story)).collect()
    }
}

/// Minutes by which a feed's entries are earlier than the corpus' start.
fn offset(feed: usize) -> i64 {
    i64::try_from(feed % 60).expect("below 60")
}
