//! The news world of the demo: papers that publish articles step by step. Pure: every byte is a function of seed,
//! epoch and step, so that a demo continues after a restart, and tests know what to expect.

mod channels;
mod page;
mod texts;
mod write;

use chrono::{DateTime, FixedOffset, TimeDelta};
use sha2::{Digest, Sha256};

use crate::model::region::RegionId;
use crate::model::source::{RegionRule, SourceDef, SourceId};
use crate::model::time::Time;

use channels::{CHANNELS, Channel, Conduct, Dialect, Hands};
use texts::{NATION, REPORTS, WIRE};

/// Reports a feed carries at most; older ones fall out of it.
const WINDOW: usize = 12;

/// Steps before the epoch in which papers already reported, so that the first poll finds something.
const PAST_STEPS: i64 = 40;

/// The wire sends something at every step that is a multiple of this.
const WIRE_PERIOD: i64 = 6;

/// After how many steps a correction appears.
const CORRECTION_AFTER: i64 = 4;

/// World time between two steps of the past.
const PAST_STEP: TimeDelta = TimeDelta::minutes(37);

/// World time between two steps since the epoch: so short that, stepped once a second or slower,
/// no report is dated later than it can be read.
const STEP: TimeDelta = TimeDelta::seconds(1);

#[derive(Clone, Debug)]
pub struct World {
    seed: u64,
    epoch: Time,
}

/// One feed of the world at one step, and how its server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedFeed {
    pub path: &'static str,
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
    /// The value of `ETag`, if this paper hands one out.
    pub etag: Option<String>,
    /// `Last-Modified`, if this paper hands one out.
    pub last_modified: Option<Time>,
    pub answer: Answer,
}

/// The answer of a paper's server at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 200 with the feed, or 304.
    Serve,
    /// 500.
    Fail,
    /// 429.
    Throttle {
        /// The value of `Retry-After`, in seconds.
        retry_after: u32,
    },
}

#[derive(Clone, Debug)]
struct Article {
    /// Unique within its paper, the same at every step.
    key: String,
    title: String,
    section: &'static str,
    text: String,
    link: String,
    at: Time,
    updated: Time,
}

impl World {
    /// A world that begins at `epoch`; keep both where they outlive a restart.
    pub fn new(seed: u64, epoch: Time) -> Self {
        Self { seed, epoch }
    }

    /// Everything the world publishes at a step.
    pub fn at(&self, step: u64) -> Vec<PublishedFeed> {
        // Centuries of steps; beyond, the world stands still.
        let step = i64::try_from(step).unwrap_or(i64::MAX).min(10_000_000_000);
        CHANNELS.iter().map(|channel| self.feed(channel, step)).collect()
    }

    /// The pages that list pages lead to at a step, in GB2312, by their paths.
    pub fn articles(&self, step: u64) -> Vec<(String, Vec<u8>)> {
        let step = i64::try_from(step).unwrap_or(i64::MAX).min(10_000_000_000);
        let page = |channel: &Channel, report: &Article| {
            let text = page::article(channel, report);
            (page::path(channel, report), encoding_rs::GBK.encode(&text).0.into_owned())
        };
        let lists = CHANNELS.iter().filter(|channel| channel.dialect == Dialect::Page);
        lists
            .flat_map(|channel| {
                let reports = self.reports(channel, step);
                reports.iter().map(|report| page(channel, report)).collect::<Vec<_>>()
            })
            .collect()
    }

    /// The sources that poll this world as `[[source]]` tables, for a publisher at `base`.
    pub fn tables(base: &str) -> String {
        let mut text = String::new();
        for (def, channel) in Self::sources(base).into_iter().zip(&CHANNELS) {
            let SourceDef { id, title, url, .. } = def;
            let (title, region) = (title.unwrap_or_default(), channel.region.unwrap_or("auto"));
            text.push_str(&format!(
                "\n[[source]]\nid = \"{id}\"\ntitle = {title:?}\nurl = {url:?}\nregion = \"{region}\"\n"
            ));
            if channel.dialect == Dialect::Page {
                text.push_str("kind = \"page\"\n[source.page]\nfollow = true\n");
            }
        }
        text
    }

    /// The sources that poll this world, for a publisher at `base` (such as `http://127.0.0.1:4000`).
    pub fn sources(base: &str) -> Vec<SourceDef> {
        CHANNELS
            .iter()
            .map(|channel| SourceDef {
                id: SourceId::new(channel.id),
                title: Some(channel.title.to_owned()),
                url: format!("{}{}", base.trim_end_matches('/'), channel.path),
                region: channel
                    .region
                    .map_or(RegionRule::Auto, |id| RegionRule::Fixed(vec![RegionId::new(id)])),
                rights: None,
                priority: 0,
            })
            .collect()
    }

    fn feed(&self, channel: &Channel, step: i64) -> PublishedFeed {
        let reports = self.reports(channel, step);
        let text = write::feed(channel, &reports);
        let bytes = match channel.dialect {
            Dialect::RssGbk | Dialect::Page => encoding_rs::GBK.encode(&text).0.into_owned(),
            _ => text.into_bytes(),
        };
        let changed = reports.iter().map(|report| report.updated).max().unwrap_or(self.epoch);
        let (has_etag, has_date) = match channel.hands {
            Hands::Both => (true, true),
            Hands::EtagOnly => (true, false),
            Hands::DateOnly => (false, true),
            Hands::Neither => (false, false),
        };
        PublishedFeed {
            path: channel.path,
            media_type: media_type(channel.dialect),
            etag: has_etag.then(|| etag(&bytes)),
            last_modified: has_date.then_some(changed),
            bytes,
            answer: answer(channel.conduct, step),
        }
    }

    /// The newest reports of a paper at a step, newest first.
    fn reports(&self, channel: &Channel, step: i64) -> Vec<Article> {
        (-PAST_STEPS..=step)
            .rev()
            .flat_map(|at| [self.wire(channel, at), self.own(channel, at, step)])
            .flatten()
            .take(WINDOW)
            .collect()
    }

    /// The paper's own report at `at`, as it reads at `step`.
    fn own(&self, channel: &Channel, at: i64, step: i64) -> Option<Article> {
        if (at + channel.phase).rem_euclid(channel.period) != 0 {
            return None;
        }
        let mut draw = Draw::of(self.seed, channel.id, at);
        let province = if channel.is_national() { *draw.pick(&NATION) } else { channel.province };
        let place = *draw.pick(province.1);
        let mut report = self.report(channel, draw.pick(&REPORTS), (province.0, place), at, &mut draw);
        if channel.is_national() {
            // Only this paper names the province, and starts with a dateline, as agencies do.
            report.title = format!("{}{}", province.0, report.title);
            let day = china(report.at).format("%-m月%-d日");
            report.text =
                format!("　　{}{place}{day}电 (记者 {}) {}", channel.outlet, draw.pick(&NAMES), report.text);
        }
        // One paper corrects every third report some steps later, under the same id.
        if channel.dialect == Dialect::Atom && draw.below(3) == 0 && step >= at + CORRECTION_AFTER {
            report.updated = self.time(at + CORRECTION_AFTER);
            report.text.push_str("（更正：此前报道中的数字有误，已改正。）");
        }
        Some(report)
    }

    /// The report that the paper takes from the wire at `at`: the national paper takes all, the others those
    /// that concern their region. All print the same words.
    fn wire(&self, channel: &Channel, at: i64) -> Option<Article> {
        if at.rem_euclid(WIRE_PERIOD) != 0 {
            return None;
        }
        let mut draw = Draw::of(self.seed, "wire", at);
        let (region, province) = *draw.pick(&[
            ("henan", texts::HENAN),
            ("guangdong", texts::GUANGDONG),
            ("sichuan", texts::SICHUAN),
        ]);
        if !channel.is_national() && channel.region != Some(region) {
            return None;
        }
        let place = *draw.pick(province.1);
        let mut report = self.report(channel, draw.pick(&WIRE), (province.0, place), at, &mut draw);
        report.key.push('w');
        report.link = report.link.replace(".shtml", "w.shtml");
        Some(report)
    }

    fn report(
        &self,
        channel: &Channel,
        &(section, title, text): &texts::ReportText,
        (province, place): (&str, &str),
        at: i64,
        draw: &mut Draw,
    ) -> Article {
        let number = at + PAST_STEPS + 1;
        let some = 10 + draw.below(90);
        let fill = |pattern: &str| {
            pattern
                .replace("{p}", province)
                .replace("{c}", place)
                .replace("{n}", &number.to_string())
                .replace("{m}", &some.to_string())
        };
        let time = self.time(at);
        let day = china(time).format("%Y/%m-%d");
        Article {
            key: number.to_string(),
            title: fill(title),
            section,
            text: fill(text),
            link: format!("{}{day}/{number}.shtml", channel.home()),
            at: time,
            updated: time,
        }
    }

    fn time(&self, step: i64) -> Time {
        let count = i32::try_from(step).unwrap_or(i32::MAX);
        let offset = if step < 0 { PAST_STEP * count } else { STEP * count };
        self.epoch.checked_add_signed(offset).unwrap_or(self.epoch)
    }
}

const NAMES: [&str; 6] = ["李晓禾", "王一川", "赵青山", "陈桂芳", "周明远", "古丽"];

fn media_type(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Rss | Dialect::RssBare => "application/rss+xml; charset=utf-8",
        // As old servers have it: what the document itself declares is all there is to go by.
        Dialect::RssGbk | Dialect::RssNational => "text/xml",
        Dialect::Atom => "application/atom+xml; charset=utf-8",
        Dialect::Rdf => "application/rdf+xml",
        Dialect::Json => "application/feed+json",
        Dialect::Page => "text/html",
    }
}

fn answer(conduct: Conduct, step: i64) -> Answer {
    match conduct {
        Conduct::Failing => Answer::Fail,
        Conduct::Throttling if step % 4 == 2 => Answer::Throttle { retry_after: 30 },
        Conduct::Serving | Conduct::Throttling => Answer::Serve,
    }
}

fn etag(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let short: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{short}\"")
}

/// Numbers that look random and are a function of their arguments (SplitMix64).
struct Draw(u64);

impl Draw {
    fn of(seed: u64, stream: &str, at: i64) -> Self {
        let start = seed ^ at.cast_unsigned().wrapping_mul(0xD605_BBB5_8C8A_BBFD);
        let mut draw = Self(
            stream
                .bytes()
                .fold(start, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)),
        );
        draw.next();
        draw
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).expect("a usize fits into 64 bits");
        usize::try_from(self.next() % bound.max(1)).expect("less than a usize")
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let index = self.below(from.len());
        from.get(index).expect("the tables of the world are not empty")
    }
}

/// A time as every paper writes it: all are in China.
fn china(at: Time) -> DateTime<FixedOffset> {
    at.with_timezone(&FixedOffset::east_opt(8 * 3600).expect("eight hours are less than a day"))
}

#[cfg(test)]
mod tests;
