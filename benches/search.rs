//! Measures the search index: time, memory and disk of a build, the time until a new entry is found, and searches of one
//! to three words, held against reading all texts. Titles are drawn from words that occur as often as words do (Zipf), a
//! fifth of the entries have a summary. `cargo bench --bench search -- [entries]`, 100,000 if nothing is said; the goals
//! are for 1,000,000.

#![expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::DateTime;
use dibao::model::feed_key::FeedKey;
use dibao::model::region::RegionId;
use dibao::model::search::Order;
use dibao::model::source::SourceId;
use dibao::search::index::{Ask, Document, Hits, Position, Reader, Writer};
use dibao::search::query::Query;

/// Words to draw from.
const WORDS: usize = 30_000;

/// Documents between two commits of a build, as in the daemon.
const COMMIT: u64 = 50_000;

/// Queries of each length.
const QUERIES: usize = 60;

/// Small numbers from a seed (xorshift64*).
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }

    /// A word, the n-th about as often as 1 / n.
    fn word<'a>(&mut self, words: &'a [String]) -> &'a str {
        let part = self.below(1 << 20) as f64 / f64::from(1 << 20);
        let n = (words.len() as f64).powf(part) as usize - 1;
        &words[n.min(words.len() - 1)]
    }
}

/// Invented words of one to four characters, and some of Latin letters.
fn vocabulary() -> Vec<String> {
    let mut draw = Draw(7);
    let character = |draw: &mut Draw| {
        // Common characters are met more often than rare ones.
        let n = draw.below(3000).min(draw.below(3000));
        char::from_u32(0x4e00 + (n as u32) * 6).expect("a character")
    };
    let mut words = BTreeSet::new();
    let mut ordered = Vec::with_capacity(WORDS);
    while ordered.len() < WORDS {
        let word: String = match draw.below(40) {
            0 => (0..3 + draw.below(6)).map(|_| char::from(b'a' + draw.below(26) as u8)).collect(),
            n => (0..[2, 2, 2, 2, 3, 3, 4, 1][n % 8]).map(|_| character(&mut draw)).collect(),
        };
        if words.insert(word.clone()) {
            ordered.push(word);
        }
    }
    ordered
}

fn phrase(draw: &mut Draw, words: &[String], count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        if n > 0 && draw.below(5) == 0 {
            text.push(['，', '：', ' ', '、'][draw.below(4)]);
        }
        if draw.below(25) == 0 {
            text.push_str(&draw.below(3000).to_string());
        }
        text.push_str(draw.word(words));
    }
    text
}

fn document(no: u64, words: &[String]) -> Document {
    let mut draw = Draw(no.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let title = phrase(&mut draw, words, 12);
    let body = if no.is_multiple_of(5) { phrase(&mut draw, words, 60) } else { String::new() };
    let at = DateTime::from_timestamp(1_700_000_000 + no.cast_signed() * 30, 0).expect("an instant");
    let region = RegionId::new(["henan", "hubei", "fujian", "anhui"][draw.below(4)]);
    let source = SourceId::new(&format!("news{:05}", draw.below(1000)));
    let feeds = vec![FeedKey::Source(source), FeedKey::Region(region)];
    Document { no, surfaced: at, published: at, feeds, language: None, title, body }
}

/// A line of /proc/self/status, in MB.
fn memory(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0");
    line.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn octets_below(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).expect("listed");
    entries.map(|entry| entry.expect("listed").metadata().expect("known").len()).sum()
}

fn find(reader: &Reader, query: &Query, order: Order, most: usize) -> (Hits, Duration) {
    let none = BTreeSet::new();
    let ask = Ask {
        query,
        listed_in: Vec::new(),
        without: &none,
        language: None,
        from: None,
        before: None,
        order,
        most,
        after: None,
        deadline: tokio::time::Instant::now() + Duration::from_secs(60),
    };
    let began = Instant::now();
    let hits = reader.find(&ask).expect("read").expect("in time");
    (hits, began.elapsed())
}

fn percentile(times: &mut [Duration], part: f64) -> f64 {
    times.sort_unstable();
    times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1000.0
}

fn main() {
    let entries: u64 = std::env::args().filter_map(|arg| arg.parse().ok()).next().unwrap_or(100_000);
    let words = vocabulary();
    let dir = tempfile::tempdir().expect("a directory");
    let before = memory("RssAnon:");
    let began = Instant::now();
    let mut writer = Writer::create(dir.path()).expect("created");
    let (mut raw, mut peak, mut drawing) = (0, 0, Duration::ZERO);
    for no in 1..=entries {
        let draws = Instant::now();
        let document = document(no, &words);
        drawing += draws.elapsed();
        raw += (document.title.len() + document.body.len()) as u64;
        writer.add(&document).expect("added");
        if no.is_multiple_of(COMMIT) || no == entries {
            writer.commit(&Position { of: String::new(), seq: no, next_no: no + 1 }).expect("committed");
        }
        if no.is_multiple_of(1000) {
            peak = peak.max(memory("RssAnon:"));
        }
    }
    let built = began.elapsed().saturating_sub(drawing);
    writer.close().expect("closed");
    let merged = began.elapsed().saturating_sub(drawing);
    println!("entries                       {entries}");
    println!("raw text                      {} MB", raw / 1_000_000);
    let disk = octets_below(dir.path());
    println!(
        "index                         {} MB, {:.2} x raw (goal 2)",
        disk / 1_000_000,
        disk as f64 / raw as f64
    );
    let rate = entries as f64 / built.as_secs_f64();
    println!(
        "build                         {:.1} s, {rate:.0} entries/s (goal 5000); {:.1} s with the last merges (goal 240)",
        built.as_secs_f64(),
        merged.as_secs_f64()
    );
    println!(
        "anonymous memory              {} MB over the {before} MB before (goal 80)",
        peak.saturating_sub(before)
    );

    let opens = Instant::now();
    let (mut writer, _) = Writer::open(dir.path()).expect("opened");
    println!("open, with all checksums      {:.2} s", opens.elapsed().as_secs_f64());
    let reader = writer.reader();
    let mut commits: Vec<Duration> = (0..50)
        .map(|n| {
            let began = Instant::now();
            let no = entries + 1 + n;
            writer.add(&document(no, &words)).expect("added");
            writer.commit(&Position { of: String::new(), seq: no, next_no: no + 1 }).expect("committed");
            began.elapsed()
        })
        .collect();
    println!(
        "an entry is added and found   p50 {:.1} ms, p99 {:.1} ms",
        percentile(&mut commits, 0.5),
        percentile(&mut commits, 0.99)
    );

    let mut draw = Draw(99);
    for length in 1..=3 {
        // Words that readers type are met in some texts: drawn as the texts are.
        let queries: Vec<Query> = (0..QUERIES)
            .map(|_| {
                let text: Vec<&str> = (0..length).map(|_| draw.word(&words)).collect();
                Query::parse(&text.join(" "))
            })
            .collect();
        for (name, order) in [("time", Order::Time), ("relevance", Order::Relevance)] {
            for query in &queries {
                find(&reader, query, order, 1000);
            }
            let mut times: Vec<Duration> = (0..3)
                .flat_map(|_| queries.iter())
                .map(|query| find(&reader, query, order, 1000).1)
                .collect();
            println!(
                "{length} words by {name:<10}         p50 {:.2} ms, p99 {:.1} ms (goals 2 and 50)",
                percentile(&mut times, 0.5),
                percentile(&mut times, 0.99)
            );
        }
    }

    // Single words of Chinese, held against the texts.
    let chinese: Vec<&String> =
        words.iter().filter(|word| !word.is_ascii()).step_by(WORDS / QUERIES).take(QUERIES).collect();
    let mut truth = vec![BTreeSet::new(); chinese.len()];
    for no in 1..=entries {
        let document = document(no, &words);
        for (word, truth) in chinese.iter().zip(&mut truth) {
            if document.title.contains(word.as_str()) || document.body.contains(word.as_str()) {
                truth.insert(no);
            }
        }
    }
    let (mut missed, mut right, mut extra, mut expected) = (0, 0, 0, 0);
    for (word, truth) in chinese.iter().zip(&truth) {
        let most = usize::try_from(entries).expect("it fits");
        let found: BTreeSet<u64> = find(&reader, &Query::parse(word), Order::Time, most)
            .0
            .numbers
            .into_iter()
            .filter(|no| *no <= entries)
            .collect();
        missed += truth.difference(&found).count();
        extra += found.difference(truth).count();
        right += found.intersection(truth).count();
        expected += truth.len();
    }
    println!(
        "{} words against the texts    recall {:.4} ({missed} of {expected} missed, goal 1), precision {:.4} (goal .97)",
        chinese.len(),
        (expected - missed) as f64 / expected as f64,
        right as f64 / (right + extra) as f64
    );
}
