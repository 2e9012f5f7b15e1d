//! Whether the head of a text mentions a name: a Bloom filter over its pairs of letters.

use serde::{Deserialize, Serialize};

use super::hash;
use super::text::Reading;

/// Letters of each field that are entered: who a report is about stands in its first sentences.
const LETTERS: usize = 160;
/// Bytes of the filter. A name of two characters is found by chance in one of twenty full filters,
/// a longer one far less often.
const BYTES: usize = 128;
/// Bits set for a pair.
const BITS: u32 = 3;

/// The pairs of letters in an entry's title and the heads of its texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mentions(Vec<u8>);

impl Mentions {
    pub(super) fn of(title: &str, readings: &[Reading]) -> Self {
        let mut mentions = Self(vec![0; BYTES]);
        let title: Vec<char> = title.chars().collect();
        let heads = readings.iter().map(|r| &r.letters[..r.letters.len().min(LETTERS)]);
        for pair in std::iter::once(title.as_slice()).chain(heads).flat_map(|letters| letters.windows(2)) {
            for (byte, bit) in bits(pair[0], pair[1]) {
                mentions.0[byte] |= bit;
            }
        }
        mentions
    }

    /// Whether any of the readings of a name stands there; each is mentioned if all its pairs are.
    pub(super) fn name(&self, readings: &[Vec<char>]) -> bool {
        readings.iter().any(|name| name.windows(2).all(|pair| self.has(pair[0], pair[1])))
    }

    /// The share of a title's pairs that stand there.
    pub(super) fn share(&self, title: &str) -> f64 {
        let pairs = || title.chars().zip(title.chars().skip(1));
        let found = pairs().filter(|&(a, b)| self.has(a, b)).count();
        found as f64 / pairs().count().max(1) as f64
    }

    fn has(&self, a: char, b: char) -> bool {
        bits(a, b).all(|(byte, bit)| self.0.get(byte).is_some_and(|held| held & bit != 0))
    }
}

fn bits(a: char, b: char) -> impl Iterator<Item = (usize, u8)> {
    let hash = hash::of_gram(a, b, '\0');
    (0..BITS).map(move |n| {
        let bit = (hash >> (n * 20)) as usize % (BYTES * 8);
        (bit / 8, 1 << (bit % 8))
    })
}
