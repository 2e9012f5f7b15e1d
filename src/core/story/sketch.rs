//! What an entry is for comparing. Made once, from the entry's values alone, and stored with it, so
//! that two entries are compared without their texts.

use serde::{Deserialize, Serialize};

use super::mentions::Mentions;
use super::place::{self, Place};
use super::sample::Sample;
use super::text::{Day, Reading};
use super::{hash, title};
use crate::core::link::canonical;
use crate::core::region::RegionId;
use crate::core::regions::{self, Evidence};
use crate::core::time::Time;

/// Changes whenever a sketch of the same entry would differ: stored sketches of another version must
/// be made again (the store re-derives on a changed rule fingerprint).
pub const VERSION: u8 = 1;

/// Runs of three letters kept of a text: exact for a usual summary, and at most 512 bytes.
const GRAMS: usize = 256;
/// Numbers kept of a text.
const NUMBERS: usize = 48;
/// Days kept.
const DAYS: usize = 4;
/// Places kept of a title and of a text's head.
const PLACES: usize = 8;
/// Bands of the index: each the least hashes of `ROWS` orders of the text's runs. Texts that share
/// eight tenths of their runs agree in one of 8 × 3 with probability .997, six tenths .86, a tenth
/// .008. Those in between share a clause besides.
pub(super) const BANDS: usize = 8;
const ROWS: usize = 3;
/// Clauses filed under: a short report is often a long one cut off, so the first three, and the three
/// of least hash, which two long texts agree on wherever they stand.
const FIRST_CLAUSES: usize = 3;
const LEAST_CLAUSES: usize = 3;
pub(super) const CLAUSES: usize = FIRST_CLAUSES + LEAST_CLAUSES;
/// Words by which a local report means its own region, and how far into a text they are looked for.
const OURS: [&str; 8] = ["我省", "我市", "我区", "我县", "全省", "全市", "全区", "省政府"];
const OURS_BYTES: usize = 300;
/// A text with fewer letters is a stub (`详见正文`), which says nothing about what it stands for.
const STUB: usize = 30;

/// What is compared of an entry.
#[derive(Clone, Copy, Debug)]
pub struct StoryInput<'a> {
    /// Title, plain text.
    pub title: &'a str,
    /// The address of its page, absolute; any spelling.
    pub page: Option<&'a str>,
    /// Summary, plain text.
    pub summary: Option<&'a str>,
    /// Content, plain text.
    pub content: Option<&'a str>,
    /// Who wrote it: the outlet its entry names, else the title of its source.
    pub outlet: &'a str,
    /// The entry's regions, however they were found.
    pub regions: &'a [RegionId],
    /// What the classifier finds in its title and summary, even where its source has fixed regions.
    pub named: &'a [Evidence],
    /// When it was published.
    pub published: Time,
}

/// An entry, ready to be compared; a few hundred bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch {
    /// The [`VERSION`] it was made with.
    pub version: u8,
    /// Published, in minutes since 1970; earlier is 0.
    pub(super) minute: u32,
    /// Hash of the outlet's name.
    pub(super) outlet: u32,
    /// Hash of the canonical link; 0 for none that tells entries apart.
    pub(super) link: u64,
    /// The normalised title.
    pub(super) title: String,
    /// Runs of three letters of summary and content.
    pub(super) text: Sample,
    /// Letters in that text, before sampling.
    pub(super) letters: u16,
    /// Whether the text speaks of what the title says; a notice under every entry does not.
    pub(super) on_topic: bool,
    /// Numbers of the text.
    pub(super) numbers: Sample,
    /// Days the title or the head of the text name.
    pub(super) days: Vec<(u8, u8)>,
    /// Pairs of letters in the head of the text, to ask whether it mentions a name.
    pub(super) mentions: Mentions,
    /// Index bands of the text; empty for a stub.
    pub(super) bands: Vec<u32>,
    /// Index clauses of the text; empty for a stub.
    pub(super) clauses: Vec<u32>,
    /// Hashes of the regions' ids.
    pub(super) regions: Vec<u32>,
    /// Places of the title.
    pub(super) title_places: Vec<Place>,
    /// Places of the text, where the title names none.
    pub(super) text_places: Vec<Place>,
}

/// Makes the sketch of an entry.
#[must_use]
pub fn sketch(input: &StoryInput<'_>) -> Sketch {
    let title = title::normalise(input.title, input.outlet);
    let readings: Vec<Reading> =
        [input.summary, input.content].into_iter().flatten().map(Reading::of).collect();
    let letters: usize = readings.iter().map(|r| r.letters.len()).max().unwrap_or(0);
    let stub = letters < STUB;
    let mut grams: Vec<u64> = readings.iter().flat_map(Reading::grams).collect();
    grams.sort_unstable();
    grams.dedup();
    Sketch {
        version: VERSION,
        minute: u32::try_from(input.published.timestamp().div_euclid(60).max(0)).unwrap_or(u32::MAX),
        outlet: hash::of_text(input.outlet.trim()) as u32,
        link: input.page.and_then(link_hash).unwrap_or(0),
        on_topic: on_topic(&title, &readings),
        numbers: Sample::of(readings.iter().flat_map(|r| r.numbers.iter().copied()), NUMBERS),
        days: days(input.title, &readings),
        bands: if stub { Vec::new() } else { bands(&grams) },
        clauses: if stub { Vec::new() } else { clauses(&readings) },
        mentions: Mentions::of(&title, &readings),
        text: if stub { Sample::default() } else { Sample::of(grams, GRAMS) },
        letters: u16::try_from(letters).unwrap_or(u16::MAX),
        regions: input.regions.iter().map(|r| place::region(r.as_str())).collect(),
        title_places: places(input.named, regions::Place::Title),
        text_places: text_places(input),
        title,
    }
}

/// The front page of a site is where tickers link every entry to, so it is no link of any of them.
fn link_hash(page: &str) -> Option<u64> {
    let link = canonical(page);
    let (_, path) = link.split_once("://")?.1.split_once('/')?;
    (!path.is_empty()).then(|| hash::of_text(&link).max(1))
}

fn places(named: &[Evidence], at: regions::Place) -> Vec<Place> {
    named.iter().filter(|e| e.place == at).take(PLACES).map(Place::of).collect()
}

/// The dateline's place; and where a text only says 我省, the region it was published for.
fn text_places(input: &StoryInput<'_>) -> Vec<Place> {
    let dateline = places(input.named, regions::Place::Dateline);
    let read = [input.title, input.summary.unwrap_or_default(), input.content.unwrap_or_default()];
    let ours = |text: &str| {
        let head = &text[..text.floor_char_boundary(OURS_BYTES)];
        OURS.iter().any(|word| head.contains(word))
    };
    if !dateline.is_empty() || !read.into_iter().any(ours) {
        return dateline;
    }
    let regions = input.regions.iter().take(PLACES);
    regions.map(Place::published_for).collect()
}

fn on_topic(title: &str, readings: &[Reading]) -> bool {
    let pairs = title::pairs(title);
    let mut told: Vec<u64> =
        readings.iter().flat_map(|r| r.letters.windows(2).map(|w| hash::of_gram(w[0], w[1], '\0'))).collect();
    told.sort_unstable();
    let shared = pairs.iter().filter(|p| told.binary_search(p).is_ok()).count();
    // One pair in eight: a title in other words still names who and where.
    shared * 8 >= pairs.len().max(1)
}

fn days(title: &str, readings: &[Reading]) -> Vec<(u8, u8)> {
    let mut days: Vec<(u8, u8)> = Vec::new();
    let titled = Reading::of(title);
    for Day { month, day } in titled.days.iter().chain(readings.iter().flat_map(|r| &r.days)) {
        if !days.contains(&(*month, *day)) && days.len() < DAYS {
            days.push((*month, *day));
        }
    }
    days
}

fn bands(grams: &[u64]) -> Vec<u32> {
    let least = |row: usize| {
        // An odd factor permutes 64-bit values, so each row orders the runs in its own way.
        let factor = hash::mix(row as u64) | 1;
        grams.iter().map(|g| g.wrapping_mul(factor)).min().unwrap_or(0)
    };
    (0..BANDS)
        .map(|band| {
            let rows = (0..ROWS).map(|row| least(band * ROWS + row));
            (rows.fold(band as u64, |key, row| hash::mix(key ^ row)) >> 32) as u32
        })
        .collect()
}

fn clauses(readings: &[Reading]) -> Vec<u32> {
    let mut all: Vec<u32> = readings.iter().flat_map(Reading::clauses).map(|h| (h >> 32) as u32).collect();
    let mut chosen: Vec<u32> = all.iter().take(FIRST_CLAUSES).copied().collect();
    all.sort_unstable();
    chosen.extend(all.iter().take(LEAST_CLAUSES));
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}
