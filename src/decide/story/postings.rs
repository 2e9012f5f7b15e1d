//! The posting lists of the index: a hash table with open addressing, six octets a posting, the postings of one
//! stem side by side. A stem with many postings (a clause that is in every report) gets a list in order of time
//! instead.
//!
//! Nothing is taken out when an entry leaves: its postings are seen to be stale by their serial, their
//! words are used again, and the rest is dropped when the table is rebuilt.

use super::keys::Stem;
use super::timeline::{Low, Timeline, low, timed};

/// Low bits of a serial that a posting keeps. At most half as many entries may be filed at a time, so a
/// stale serial is told from a live one; and the table is rebuilt long before serials come round.
pub(super) const SERIAL_BITS: u32 = 20;
/// Postings of one stem kept as words.
const COLD: usize = 8;
/// Bits of a stem that a word keeps; the others are spent on the position in the table.
const STEM_BITS: u32 = 27;
const STEM_MASK: u64 = (1 << STEM_BITS) - 1;
const FEWEST: usize = 1024;

/// 48 bits: the low bits of a serial or the number of a list, a flag for lists, the stem.
type Word = [u16; 3];
const EMPTY: Word = [u16::MAX; 3];
/// A slot that was used and is free. Slots behind it may belong to a stem before it.
const FREED: Word = [u16::MAX - 1, u16::MAX, u16::MAX];
const LIST: u64 = 1 << SERIAL_BITS;

/// Tells the entries that are filed from those that left.
pub(super) trait FiledMinutes {
    /// Time at which the entry was published, in minutes since 1970; `None` if it was removed.
    fn minute(&self, low: Low) -> Option<u32>;

    /// False if the entry left; does not read it.
    fn is_filed(&self, low: Low) -> bool;
}

#[derive(Clone, Debug)]
pub(super) struct Postings {
    words: Vec<Word>,
    used: usize,
    /// The stems of many postings.
    lists: Vec<Timeline>,
}

impl Postings {
    pub(super) fn new() -> Self {
        Self { words: vec![EMPTY; FEWEST], used: 0, lists: Vec::new() }
    }

    /// Makes room for so many postings at once.
    pub(super) fn reserve(&mut self, postings: usize, filed: &impl FiledMinutes) {
        if self.words.len() * 7 / 10 < self.used + postings {
            self.rebuild(self.used + postings, filed);
        }
    }

    /// Files an entry under a stem.
    pub(super) fn insert(&mut self, stem: Stem, minute: u32, low: Low, filed: &impl FiledMinutes) {
        if (self.used + 1) * 20 > self.words.len() * 17 {
            self.rebuild(0, filed);
        }
        let stem = cut(stem);
        let (mut same, mut count) = ([0; COLD], 0);
        let mut free = None;
        let mut at = self.home(stem);
        while self.words[at] != EMPTY {
            let word = read(self.words[at]);
            if self.words[at] == FREED {
                free = free.or(Some(at));
            } else if word & LIST != 0 {
                if of_stem(word, stem) {
                    self.lists[payload(word)].insert(timed(minute, low));
                    return;
                }
            } else if of_stem(word, stem) {
                if payload(word) as Low == low {
                    return;
                }
                if !filed.is_filed(payload(word) as Low) {
                    free = free.or(Some(at));
                } else if count < COLD {
                    same[count] = at;
                    count += 1;
                }
            }
            at = self.next(at);
        }
        if count == COLD {
            self.make_list(stem, &same, timed(minute, low), filed);
            return;
        }
        self.used += usize::from(free.is_none());
        self.words[free.unwrap_or(at)] = write(stem, low.into());
    }

    /// Turns the words of one stem into a list.
    fn make_list(&mut self, stem: u64, same: &[usize], one_more: u64, filed: &impl FiledMinutes) {
        let mut list = Timeline::default();
        list.insert(one_more);
        for at in same {
            let low = payload(read(self.words[*at])) as Low;
            filed.minute(low).into_iter().for_each(|minute| list.insert(timed(minute, low)));
            self.words[*at] = FREED;
        }
        self.words[same[0]] = write(stem, LIST | self.lists.len() as u64);
        self.lists.push(list);
    }

    /// Calls `each` with the entries under a stem: all if they are few, else those nearest in time, up to
    /// `limit` at or before `minute` from the nearest back and up to `limit` after it, none further off
    /// than `reach`.
    pub(super) fn near(
        &self,
        stem: Stem,
        (minute, reach): (u32, u32),
        limit: usize,
        filed: &impl FiledMinutes,
        mut each: impl FnMut(Low),
    ) {
        let stem = cut(stem);
        let mut at = self.home(stem);
        while self.words[at] != EMPTY {
            let word = read(self.words[at]);
            if of_stem(word, stem) && self.words[at] != FREED {
                if word & LIST == 0 {
                    Some(payload(word) as Low)
                        .filter(|low| filed.is_filed(*low))
                        .into_iter()
                        .for_each(&mut each);
                } else if let Some(list) = self.lists.get(payload(word)) {
                    let live = |low: &Low| filed.is_filed(*low);
                    let (from, to) = (minute.saturating_sub(reach), minute.saturating_add(reach));
                    list.back_from(minute, from).filter(live).take(limit).for_each(&mut each);
                    list.on_from(minute, to).filter(live).take(limit).for_each(each);
                    return;
                }
            }
            at = self.next(at);
        }
    }

    /// Drops stale postings and makes room for `more` postings.
    fn rebuild(&mut self, more: usize, filed: &impl FiledMinutes) {
        let mut lists = std::mem::take(&mut self.lists);
        let mut live: Vec<Word> = Vec::with_capacity(self.used);
        for word in std::mem::take(&mut self.words).into_iter().filter(|w| *w != EMPTY && *w != FREED) {
            let (stem, held) = (read(word) >> (SERIAL_BITS + 1), payload(read(word)));
            if read(word) & LIST == 0 {
                live.extend(filed.minute(held as Low).map(|_| word));
                continue;
            }
            let mut list = std::mem::take(&mut lists[held]);
            list.retain(|minute, low| filed.minute(low) == Some(minute));
            if list.len() <= COLD / 2 {
                live.extend(list.iter().map(|timed| write(stem, low(timed).into())));
            } else {
                live.push(write(stem, LIST | self.lists.len() as u64));
                self.lists.push(list);
            }
        }
        // Seven tenths full, and rebuilt again at seventeen twentieths.
        self.words = vec![EMPTY; ((live.len() + more) * 10 / 7).max(FEWEST)];
        self.used = live.len();
        for word in live {
            let mut at = self.home(read(word) >> (SERIAL_BITS + 1));
            while self.words[at] != EMPTY {
                at = self.next(at);
            }
            self.words[at] = word;
        }
    }

    pub(super) fn octets(&self) -> usize {
        let lists: usize = self.lists.iter().map(Timeline::octets).sum();
        self.words.capacity() * size_of::<Word>() + self.lists.capacity() * size_of::<Timeline>() + lists
    }

    /// The slot at which the search for a stem begins. Stems are well mixed, so any number of slots will do.
    fn home(&self, stem: u64) -> usize {
        ((stem * self.words.len() as u64) >> STEM_BITS) as usize
    }

    fn next(&self, at: usize) -> usize {
        if at + 1 == self.words.len() { 0 } else { at + 1 }
    }
}

/// The stem as words keep it; never all ones, which stands for no stem.
fn cut(stem: Stem) -> u64 {
    (u64::from(stem) & STEM_MASK).min(STEM_MASK - 1)
}

fn write(stem: u64, payload: u64) -> Word {
    let word = (stem << (SERIAL_BITS + 1)) | payload;
    [word as u16, (word >> 16) as u16, (word >> 32) as u16]
}

fn read([a, b, c]: Word) -> u64 {
    u64::from(a) | (u64::from(b) << 16) | (u64::from(c) << 32)
}

fn of_stem(word: u64, stem: u64) -> bool {
    word >> (SERIAL_BITS + 1) == stem
}

fn payload(word: u64) -> usize {
    (word & (LIST - 1)) as usize
}
