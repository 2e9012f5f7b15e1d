//! Random numbers that are the same in every run: splitmix64, seeded by a text.

pub(crate) struct Draw(u64);

impl Draw {
    /// FNV-1a of the seed is the state to begin with.
    pub(crate) fn new(seed: &str) -> Self {
        Self(seed.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number of `from..to`.
    pub(crate) fn number(&mut self, from: usize, to: usize) -> usize {
        let span = (to - from) as u64;
        from + usize::try_from(self.next() % span).expect("below `to`")
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.number(0, of.len())]
    }

    /// One of the words of a text.
    pub(crate) fn word<'a>(&mut self, of: &'a str) -> &'a str {
        let count = of.split_whitespace().count();
        of.split_whitespace().nth(self.number(0, count)).expect("below the count")
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.number(0, times) == 0
    }
}
