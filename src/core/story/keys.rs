//! The index keys of a sketch: under which an entry is filed, and which ranges a new one looks into.
//!
//! A key is `kind, hash, minute`: entries that share a hash lie side by side in time order, so a
//! lookup is one short range scan however large the store is.

use super::same::{LINK_MINUTES, WINDOW_MINUTES};
use super::sketch::Sketch;
use super::{hash, sketch, title};

/// Length of a [`StoryKey`] in bytes.
pub const KEY_LEN: usize = 12;

/// A key of the story index; its bytes order it. What is filed under it is the caller's: the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoryKey(pub [u8; KEY_LEN]);

/// A range of keys to look into, and the point in it to look from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The first key of the range.
    pub from: StoryKey,
    /// The new entry's own key: what is filed at it or just before it, and just after it, is nearest.
    pub at: StoryKey,
    /// The last key of the range, inclusive.
    pub to: StoryKey,
}

/// The first byte of a key. A changed way of hashing takes new numbers.
#[derive(Clone, Copy)]
enum Kind {
    Link = 1,
    Title = 2,
    TitlePart = 3,
    Clause = 4,
    /// And the following ones, one a band.
    Band = 16,
}

/// Parts of a title that are filed under, each the least of its pairs in `ROWS` orders: titles that
/// share nine tenths of their pairs agree in one of them with probability .93.
const TITLE_PARTS: usize = 2;
const ROWS: usize = 3;
/// Shorter titles are not compared by part.
const TITLE_PAIRS: usize = 8;

/// At most this many keys stand for one entry.
pub const MAX_KEYS: usize = 2 + TITLE_PARTS + sketch::CLAUSES + sketch::BANDS;

/// The keys to file an entry under.
#[must_use]
pub fn index_keys(sketch: &Sketch) -> Vec<StoryKey> {
    stems(sketch).into_iter().map(|stem| stem.at(sketch.minute)).collect()
}

/// The ranges in which entries that may tell the same story are filed.
#[must_use]
pub fn lookups(sketch: &Sketch) -> Vec<Lookup> {
    stems(sketch)
        .into_iter()
        .map(|stem| {
            let reach = if stem.kind == Kind::Link as u8 { LINK_MINUTES } else { WINDOW_MINUTES };
            Lookup {
                from: stem.at(sketch.minute.saturating_sub(reach)),
                at: stem.at(sketch.minute),
                to: stem.at(sketch.minute.saturating_add(reach)),
            }
        })
        .collect()
}

struct Stem {
    kind: u8,
    hash: u64,
}

impl Stem {
    fn at(&self, minute: u32) -> StoryKey {
        let mut key = [0; KEY_LEN];
        key[0] = self.kind;
        key[1..8].copy_from_slice(&self.hash.to_be_bytes()[..7]);
        key[8..].copy_from_slice(&minute.to_be_bytes());
        StoryKey(key)
    }
}

fn stems(sketch: &Sketch) -> Vec<Stem> {
    let stem = |kind: u8, hash: u64| Stem { kind, hash };
    let mut stems = Vec::with_capacity(MAX_KEYS);
    if sketch.link != 0 {
        stems.push(stem(Kind::Link as u8, hash::mix(sketch.link)));
    }
    if !sketch.title.is_empty() {
        stems.push(stem(Kind::Title as u8, hash::of_text(&sketch.title)));
    }
    stems.extend(title_parts(&sketch.title).map(|part| stem(Kind::TitlePart as u8, part)));
    stems.extend(sketch.clauses.iter().map(|c| stem(Kind::Clause as u8, hash::mix(u64::from(*c)))));
    let bands = sketch.bands.iter().enumerate();
    stems.extend(bands.map(|(i, band)| stem(Kind::Band as u8 + i as u8, hash::mix(u64::from(*band)))));
    stems
}

fn title_parts(title: &str) -> impl Iterator<Item = u64> {
    let pairs = title::pairs(title);
    let parts = if pairs.len() < TITLE_PAIRS { 0 } else { TITLE_PARTS };
    (0..parts).map(move |part| {
        let least = |row: usize| {
            let factor = hash::mix((part * ROWS + row) as u64) | 1;
            pairs.iter().map(|p| p.wrapping_mul(factor)).min().unwrap_or(0)
        };
        (0..ROWS).fold(part as u64, |key, row| hash::mix(key ^ least(row)))
    })
}
