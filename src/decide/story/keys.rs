//! The keys under which a sketch is filed and looked up: its link, its title, parts of its title, clauses of its
//! text, and bands of its text's runs of letters. Two entries of one story nearly always share a key. A key is kept
//! as its [`Stem`], 32 bits of hash: a collision costs one comparison.

use super::hash::{self, mix};
use super::letter::Letter;
use super::text::Reading;
use super::title::Pairs;

/// A key without its time.
pub(super) type Stem = u32;

/// The kind of a key; mixed into its hash.
#[derive(Clone, Copy)]
enum KeyKind {
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
/// Shorter titles are not compared by part.
const TITLE_PAIRS: usize = 8;
/// Bands of the index: each the least hashes of `ROWS` orders of the text's runs. Texts that share
/// eight tenths of their runs agree in one of 8 × 3 with probability .997, six tenths .86, a tenth
/// .008. Those in between share a clause besides.
const BANDS: usize = 8;
const ROWS: usize = 3;
/// Clauses filed under: a short report is often a long one cut off, so the first three, and the three
/// of least hash, which two long texts agree on wherever they stand.
const FIRST_CLAUSES: usize = 3;
const LEAST_CLAUSES: usize = 3;

/// At most this many keys stand for one entry.
pub(super) const MAX_KEYS: usize = 2 + TITLE_PARTS + FIRST_CLAUSES + LEAST_CLAUSES + BANDS;

/// The keys of an entry, each once; that of the link first if there is one. A text without `grams` is a
/// stub, which has no keys.
pub(super) fn stems(
    link: u64,
    title: &[Letter],
    pairs: &Pairs,
    grams: &[u64],
    readings: &[Reading],
) -> Vec<Stem> {
    let mut stems = Vec::with_capacity(MAX_KEYS);
    stems.extend(link_stem(link));
    if !title.is_empty() {
        stems.push(stem(KeyKind::Title as u64, hash::of_letters(title)));
    }
    title_parts(pairs, |part| stems.push(stem(KeyKind::TitlePart as u64, part)));
    if !grams.is_empty() {
        clauses(readings, |clause| stems.push(stem(KeyKind::Clause as u64, clause)));
        bands(grams, |kind, band| stems.push(stem(KeyKind::Band as u64 + kind, band)));
    }
    let of_link = usize::from(link != 0);
    stems[of_link..].sort_unstable();
    stems.dedup();
    stems
}

pub(super) fn link_stem(link: u64) -> Option<Stem> {
    (link != 0).then(|| stem(KeyKind::Link as u64, link))
}

fn stem(kind: u64, hash: u64) -> Stem {
    (mix(hash ^ mix(kind)) >> 32) as u32
}

fn title_parts(pairs: &Pairs, mut each: impl FnMut(u64)) {
    if pairs.as_slice().len() < TITLE_PAIRS {
        return;
    }
    for part in 0..TITLE_PARTS {
        let hash = |pair: &u32| hash::of_gram((pair >> 16) as u16, *pair as u16, 0);
        let hashes = pairs.as_slice().iter().map(hash);
        each(least(part, hashes));
    }
}

fn clauses(readings: &[Reading], mut each: impl FnMut(u64)) {
    let mut all: Vec<u64> = readings.iter().flat_map(Reading::clauses).collect();
    all.iter().take(FIRST_CLAUSES).copied().for_each(&mut each);
    all.sort_unstable();
    all.iter().take(LEAST_CLAUSES).copied().for_each(each);
}

fn bands(grams: &[u64], mut each: impl FnMut(u64, u64)) {
    for band in 0..BANDS {
        each(band as u64, least(band, grams.iter().copied()));
    }
}

/// The least of some hashes in each of the `ROWS` orders of a part or band, as one hash.
fn least(part: usize, hashes: impl Iterator<Item = u64>) -> u64 {
    // An odd factor permutes 64-bit values, so each row orders the hashes in its own way.
    let factors: [u64; ROWS] = std::array::from_fn(|row| mix((part * ROWS + row) as u64) | 1);
    let least = hashes.fold([u64::MAX; ROWS], |least, hash| {
        std::array::from_fn(|row| least[row].min(hash.wrapping_mul(factors[row])))
    });
    least.iter().fold(part as u64, |key, row| mix(key ^ row))
}
