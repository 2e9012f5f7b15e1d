//! A set of hashes in few bytes that still gives the overlap of two sets: its `k` smallest members (Broder's
//! bottom-k sketch). Exact for sets of up to `k` members.

/// Members are cut to this many bits: with 255 of them a chance match costs less than one in a
/// thousand.
const BITS: u32 = 20;
/// Grams are kept in this many ranges of equal width, so that 16 bits are enough for each.
const RANGES: usize = 16;
/// Words before the grams: where each range ends, an octet each.
const END_WORDS: usize = RANGES / 2;

/// The smallest members of a set, while a sketch is made.
#[derive(Clone, Debug, Default)]
pub(super) struct Sample {
    /// Sorted, each once.
    members: Vec<u32>,
    /// True if larger members were left out.
    pub(super) cut: bool,
}

impl Sample {
    /// Samples a set of well-mixed hashes; repeated ones count once.
    pub(super) fn of(hashes: impl IntoIterator<Item = u64>, keep: usize) -> Self {
        let mut members: Vec<u32> = hashes.into_iter().map(|h| (h >> (64 - BITS)) as u32).collect();
        members.sort_unstable();
        members.dedup();
        let cut = members.len() > keep;
        members.truncate(keep);
        Self { members, cut }
    }

    /// The number of members that were kept.
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// Writes up to 255 members as [`Grams`] reads them; nothing for an empty set.
    pub(super) fn write_grams(&self, words: &mut Vec<u16>) {
        if self.members.is_empty() {
            return;
        }
        let end = |range: usize| self.members.partition_point(|m| (*m >> 16) as usize <= range) as u16;
        words.extend((0..END_WORDS).map(|word| end(2 * word) | (end(2 * word + 1) << 8)));
        words.extend(self.members.iter().map(|member| *member as u16));
    }

    /// Writes the members as [`Numbers`] reads them: two words each.
    pub(super) fn write_numbers(&self, words: &mut Vec<u16>) {
        words.extend(self.members.iter().flat_map(|member| [(*member >> 16) as u16, *member as u16]));
    }
}

/// How two sets overlap, as their samples tell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Overlap {
    pub(super) both: usize,
    /// Members of the first within the common bound.
    pub(super) first: usize,
    /// Members of the second within the common bound.
    pub(super) second: usize,
}

impl Overlap {
    /// Shared members among all, 0 for two empty sets.
    pub(super) fn jaccard(self) -> f64 {
        ratio(self.both, self.first + self.second - self.both)
    }

    /// Shared members among those of the smaller set, 0 if it is empty.
    pub(super) fn containment(self) -> f64 {
        ratio(self.both, self.smaller())
    }

    pub(super) fn smaller(self) -> usize {
        self.first.min(self.second)
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// A sample of runs of letters, as the words of a sketch have it.
#[derive(Clone, Copy)]
pub(super) struct Grams<'a> {
    ends: &'a [u16],
    /// The low 16 bits of the members, in the order of the whole.
    lows: &'a [u16],
    cut: bool,
}

impl<'a> Grams<'a> {
    /// Words that a sample of so many members takes.
    pub(super) fn words(count: usize) -> usize {
        if count == 0 { 0 } else { END_WORDS + count }
    }

    /// Reads the [`Self::words`] of a sample.
    pub(super) fn new(words: &'a [u16], cut: bool) -> Self {
        let (ends, lows) = words.split_at(words.len().min(END_WORDS));
        Self { ends, lows, cut }
    }

    pub(super) fn len(self) -> usize {
        self.lows.len()
    }

    fn end(self, range: usize) -> usize {
        match self.ends.get(range / 2) {
            Some(pair) => usize::from((pair >> (range % 2 * 8)) & 0xff),
            None => 0,
        }
    }

    /// The members of each range, in order.
    fn ranges(self) -> impl Iterator<Item = (u32, &'a [u16])> {
        let mut start = 0;
        (0..RANGES).map(move |range| {
            let end = self.end(range).clamp(start, self.lows.len());
            let part = &self.lows[start..end];
            start = end;
            ((range as u32) << 16, part)
        })
    }

    /// The largest value up to which this sample is complete.
    fn bound(self) -> u32 {
        if self.cut {
            self.ranges().filter_map(|(base, lows)| Some(base | u32::from(*lows.last()?))).last()
        } else {
            None
        }
        .unwrap_or(u32::MAX)
    }

    /// Members up to a bound.
    fn up_to(self, bound: u32) -> usize {
        if bound >> BITS != 0 {
            return self.lows.len();
        }
        let range = (bound >> 16) as usize;
        let start = range.checked_sub(1).map_or(0, |before| self.end(before));
        let part = &self.lows[start..self.end(range)];
        start + part.partition_point(|low| *low <= bound as u16)
    }
}

/// The members of one sample as a set of bits, to compare it with many others.
#[derive(Clone, Debug)]
pub(super) struct GramSet {
    bits: Box<[u64]>,
}

impl GramSet {
    pub(super) fn new() -> Self {
        Self { bits: vec![0; 1 << (BITS - 6)].into_boxed_slice() }
    }

    pub(super) fn octets(&self) -> usize {
        size_of_val(&*self.bits)
    }

    /// Enters the members, or takes them out again.
    pub(super) fn flip(&mut self, grams: Grams<'_>) {
        for (base, lows) in grams.ranges() {
            for low in lows {
                let member = base | u32::from(*low);
                self.bits[(member >> 6) as usize] ^= 1 << (member & 63);
            }
        }
    }

    fn count(&self, base: u32, lows: &[u16]) -> usize {
        // One range of the set: 1,024 words, so that no index below needs a check of its own.
        let start = (base >> 6) as usize;
        let Some(bits) = self.bits.get(start..start + 1024) else { return 0 };
        lows.iter().map(|low| (bits[usize::from(low >> 6)] >> (low & 63)) as usize & 1).sum()
    }

    /// Compares the sample that was entered with another, below the bound that both are complete to.
    pub(super) fn overlap(&self, entered: Grams<'_>, other: Grams<'_>) -> Overlap {
        let (first, second) = sizes(entered, other);
        let both = other.ranges().map(|(base, lows)| self.count(base, lows)).sum();
        Overlap { both, first, second }
    }

    /// False only if [`Self::overlap`] has fewer than `need` members in both, where `need` is a function of
    /// the two sizes. Most others are told apart by half of their members.
    pub(super) fn may_share(
        &self,
        entered: Grams<'_>,
        other: Grams<'_>,
        need: impl FnOnce(usize, usize) -> usize,
    ) -> bool {
        let (first, second) = sizes(entered, other);
        let need = need(first, second);
        if need > first.min(second) {
            return false;
        }
        // Members of each that the other may lack. Those of the first beyond the bound are not counted.
        let (mut spare_first, mut spare_second) = (first - need, other.len() - need);
        let (mut from_first, mut start) = (0, 0);
        for range in 0..RANGES {
            let (to_first, end) = (entered.end(range).min(first), other.end(range));
            let Some(lows) = other.lows.get(start..end) else { return true };
            let both = self.count((range as u32) << 16, lows);
            let lacked = (to_first - from_first).saturating_sub(both);
            if lacked > spare_first || lows.len() - both > spare_second {
                return false;
            }
            spare_first -= lacked;
            spare_second -= lows.len() - both;
            (from_first, start) = (to_first, end);
        }
        true
    }
}

/// Members of both within the common bound.
fn sizes(a: Grams<'_>, b: Grams<'_>) -> (usize, usize) {
    if !a.cut && !b.cut {
        return (a.len(), b.len());
    }
    let bound = a.bound().min(b.bound());
    (a.up_to(bound), b.up_to(bound))
}

/// A sample of numbers, as the words of a sketch have it.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'a> {
    words: &'a [u16],
    cut: bool,
}

impl<'a> Numbers<'a> {
    /// Reads two words for each member.
    pub(super) fn new(words: &'a [u16], cut: bool) -> Self {
        Self { words, cut }
    }

    fn members(self) -> impl Iterator<Item = u32> + 'a {
        self.words.as_chunks().0.iter().map(|[high, low]| (u32::from(*high) << 16) | u32::from(*low))
    }

    fn bound(self) -> u32 {
        if self.cut { self.members().last().unwrap_or(u32::MAX) } else { u32::MAX }
    }

    /// Compares two samples below the bound that both are complete to.
    pub(super) fn overlap(self, other: Self) -> Overlap {
        let bound = self.bound().min(other.bound());
        let within = |numbers: Self| numbers.members().take_while(move |member| *member <= bound);
        let both = within(self).filter(|member| within(other).any(|found| found == *member)).count();
        Overlap { both, first: within(self).count(), second: within(other).count() }
    }
}

#[cfg(test)]
mod tests;
