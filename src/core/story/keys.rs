//! The index keys of a sketch: under which an entry is filed, and which ranges a new one looks into.
//!
//! A key is `kind, era, hash, minute`. Entries that share a hash lie side by side in time order, so a
//! lookup is a short range scan; and keys of one era lie together, so that what is filed and looked
//! up today touches the same few pages whether the store holds a month or ten years.

use super::same::{LINK_MINUTES, WINDOW_MINUTES};
use super::sketch::Sketch;
use super::{hash, sketch, title};

/// Length of a [`StoryKey`] in bytes.
pub const KEY_LEN: usize = 14;

/// A key of the story index; its bytes order it. What is filed under it is the caller's: the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoryKey(pub [u8; KEY_LEN]);

impl StoryKey {
    /// The stretch of eight days the key belongs to; `None` for a link, which is looked for longer.
    #[must_use]
    pub fn era(&self) -> Option<u16> {
        let [kind, high, low, ..] = self.0;
        (kind != Kind::Link as u8).then(|| u16::from_be_bytes([high, low]))
    }

    /// What it is apart from its time, its kind and its hash, in one number.
    #[must_use]
    pub fn stem(&self) -> u64 {
        let [kind, _, _, a, b, c, d, e, f, g, ..] = self.0;
        u64::from_be_bytes([kind, a, b, c, d, e, f, g])
    }

    /// Its time, in minutes since 1970.
    #[must_use]
    pub fn minute(&self) -> u32 {
        let [.., a, b, c, d] = self.0;
        u32::from_be_bytes([a, b, c, d])
    }
}

/// A range of keys to look into, and the point in it to look from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The first key of the range.
    pub from: StoryKey,
    /// What is filed at or just before it, and just after it, is nearest to the new entry in time.
    pub at: StoryKey,
    /// The last key of the range, inclusive.
    pub to: StoryKey,
}

/// Eight days: the window of six reaches into one other era at most.
const ERA_MINUTES: u32 = 8 * 24 * 60;

/// The first byte of a key. A changed way of hashing takes new numbers.
#[derive(Clone, Copy)]
enum Kind {
    /// Has no eras: the same page is looked for over two months, and few share a hash.
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
    stems(sketch).into_iter().map(|stem| stem.key(stem.era(sketch.minute), sketch.minute)).collect()
}

/// The ranges in which entries that may tell the same story are filed; at most two a key.
#[must_use]
pub fn lookups(sketch: &Sketch) -> Vec<Lookup> {
    let mut lookups = Vec::with_capacity(2 * MAX_KEYS);
    for stem in stems(sketch) {
        let reach = if stem.has_eras() { WINDOW_MINUTES } else { LINK_MINUTES };
        let (first, last) = (sketch.minute.saturating_sub(reach), sketch.minute.saturating_add(reach));
        lookups.extend((stem.era(first)..=stem.era(last)).map(|era| Lookup {
            from: stem.key(era, first),
            // The order of eras is that of minutes, so this clamps to the end of an older era and to
            // the start of a newer one by itself.
            at: stem.key(era, sketch.minute),
            to: stem.key(era, last),
        }));
    }
    lookups
}

struct Stem {
    kind: u8,
    hash: u64,
}

impl Stem {
    fn has_eras(&self) -> bool {
        self.kind != Kind::Link as u8
    }

    fn era(&self, minute: u32) -> u16 {
        if self.has_eras() { u16::try_from(minute / ERA_MINUTES).unwrap_or(u16::MAX) } else { 0 }
    }

    fn key(&self, era: u16, minute: u32) -> StoryKey {
        let mut key = [0; KEY_LEN];
        key[0] = self.kind;
        key[1..3].copy_from_slice(&era.to_be_bytes());
        key[3..10].copy_from_slice(&self.hash.to_be_bytes()[..7]);
        key[10..].copy_from_slice(&minute.to_be_bytes());
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
