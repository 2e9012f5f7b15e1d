//! Answers if the head of a text mentions a name: a Bloom filter over its pairs of letters.

use super::hash;
use super::letter::Letter;
use super::text::Reading;
use super::title::KEPT;

/// Letters of each field that are entered: who a report is about stands in its first sentences.
const LETTERS: usize = 160;
/// Words of the filter, 16 bits each. A name of two characters is found by chance in one of twenty full
/// filters, a longer one far less often.
pub(super) const WORDS: usize = 64;
/// Bits set for a pair.
const BITS: u32 = 3;

/// Words of a set of a title's pairs, a bit each by their place.
pub(super) const TOLD_WORDS: usize = KEPT / 16;

/// Enters the pairs of letters of an entry's title and of the heads of its texts. Says too which pairs of the
/// title, by their place in it, stand in the texts.
pub(super) fn filter(title: &[Letter], readings: &[Reading]) -> ([u16; WORDS], [u16; TOLD_WORDS]) {
    let (mut words, mut told) = ([0; WORDS], [0; TOLD_WORDS]);
    for head in readings.iter().map(|r| &r.letters[..r.letters.len().min(LETTERS)]) {
        head.windows(2).for_each(|pair| enter(&mut words, pair[0], pair[1]));
    }
    for (at, pair) in title.windows(2).take(KEPT).enumerate() {
        if Mentions(&words).has(pair[0], pair[1]) {
            told[at / 16] |= 1 << (at % 16);
        }
    }
    title.windows(2).for_each(|pair| enter(&mut words, pair[0], pair[1]));
    (words, told)
}

fn enter(words: &mut [u16; WORDS], a: Letter, b: Letter) {
    for (word, bit) in bits(a, b) {
        words[word] |= bit;
    }
}

/// The pairs of letters in an entry's title and the heads of its texts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mentions<'a>(pub(super) &'a [u16]);

impl Mentions<'_> {
    /// True if the name stands there: all its pairs do.
    pub(super) fn name(self, name: &[Letter]) -> bool {
        name.windows(2).all(|pair| self.has(pair[0], pair[1]))
    }

    /// The share of a title's pairs that stand there.
    pub(super) fn share(self, title: &[Letter]) -> f64 {
        let found = title.windows(2).filter(|pair| self.has(pair[0], pair[1])).count();
        found as f64 / title.len().saturating_sub(1).max(1) as f64
    }

    fn has(self, a: Letter, b: Letter) -> bool {
        bits(a, b).all(|(word, bit)| self.0.get(word).is_some_and(|held| held & bit != 0))
    }
}

fn bits(a: Letter, b: Letter) -> impl Iterator<Item = (usize, u16)> {
    let hash = hash::of_gram(a, b, 0);
    (0..BITS).map(move |n| {
        let bit = (hash >> (n * 20)) as usize % (WORDS * 16);
        (bit / 16, 1 << (bit % 16))
    })
}
