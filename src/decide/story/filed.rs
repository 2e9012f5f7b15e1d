//! The sketches of recent entries, in filing order, on pages of a few hundred. A page is freed when all its entries
//! are gone.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;

use super::postings::{self, SERIAL_BITS};
use super::sketch::{Head, Sketch, View};
use super::timeline::Low;

pub(super) type Serial = u64;

/// Serials between the oldest and the newest entry; see [`SERIAL_BITS`].
pub(super) const LONGEST_SPAN: u64 = 1 << (SERIAL_BITS - 1);
const LOW_MASK: u64 = (1 << SERIAL_BITS) - 1;
const PAGE: u64 = 256;

/// An entry that is filed, or was. One line of the processor's cache: lookups read many, at random.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Slot {
    pub(super) head: Head,
    /// The entry's number, or for a stray one the number of the entry before it.
    pub(super) no: u64,
    /// The place of its story in the index, if the story has or had other entries, or if this one is stray.
    pub(super) story: Option<NonZeroU32>,
    /// The start of its words in the page.
    at: u32,
    len: u16,
    /// Filed with a number that is lower than one before it.
    pub(super) stray: bool,
}

#[derive(Clone, Debug, Default)]
struct Page {
    slots: Vec<Slot>,
    words: Vec<u16>,
    /// Words of entries that left or were filed anew.
    garbage: usize,
    /// A bit for each slot whose entry has not left: many are asked, few are read.
    live: [u64; PAGE as usize / 64],
}

#[derive(Clone, Debug, Default)]
pub(super) struct Filed {
    pages: VecDeque<Page>,
    /// The serial of the first slot of the first page.
    first: Serial,
    /// No entry before it is live.
    oldest: Serial,
    next: Serial,
    live: usize,
    last_no: u64,
    strays: BTreeMap<u64, Serial>,
}

impl Filed {
    pub(super) fn len(&self) -> usize {
        self.live
    }

    /// The oldest entry, if there are more than `limit`, or if serials run out.
    pub(super) fn surplus(&self, limit: usize) -> Option<Serial> {
        (self.live > limit || self.next - self.oldest > LONGEST_SPAN).then_some(self.oldest)
    }

    pub(super) fn find(&self, no: u64) -> Option<Serial> {
        self.position(no).filter(|serial| self.slot(*serial).is_some())
    }

    /// The entry that a posting means, if it has not left.
    pub(super) fn of(&self, low: Low) -> Option<(&Slot, View<'_>)> {
        let (page, at) = self.place(self.serial(low)?).filter(|(page, at)| page.is_live(*at))?;
        let slot = page.slots.get(at)?;
        let words = page.words.get(slot.at as usize..)?.get(..slot.len.into())?;
        Some((slot, View { head: &slot.head, words }))
    }

    /// The entry with this serial, if it has not left.
    pub(super) fn slot(&self, serial: Serial) -> Option<&Slot> {
        let (page, at) = self.place(serial)?;
        page.slots.get(at).filter(|_| page.is_live(at))
    }

    /// The part of a serial that postings keep.
    pub(super) fn low(serial: Serial) -> Low {
        (serial & LOW_MASK) as Low
    }

    /// Distance in serials between an entry that is filed and the oldest one.
    pub(super) fn age(&self, low: Low) -> u64 {
        u64::from(low).wrapping_sub(self.oldest) & LOW_MASK
    }

    /// The serial that a posting means, if it is not stale.
    pub(super) fn serial(&self, low: Low) -> Option<Serial> {
        let ahead = self.age(low);
        (ahead < self.next - self.oldest).then(|| self.oldest + ahead)
    }

    /// Files an entry that is not filed. One that was filed takes its old place again.
    pub(super) fn put(&mut self, no: u64, sketch: &Sketch) -> Serial {
        let stray = no <= self.last_no && self.next > 0;
        let old = self.position(no).filter(|serial| *serial >= self.oldest);
        let serial = old.unwrap_or_else(|| self.push(no, stray));
        let at = ((serial - self.first) % PAGE) as usize;
        let page = &mut self.pages[((serial - self.first) / PAGE) as usize];
        let slot = &mut page.slots[at];
        slot.head = sketch.head;
        slot.at = page.words.len() as u32;
        slot.len = sketch.words.len() as u16;
        slot.story = None;
        page.live[at / 64] |= 1 << (at % 64);
        page.words.extend_from_slice(&sketch.words);
        page.tidy();
        self.live += 1;
        serial
    }

    fn push(&mut self, no: u64, stray: bool) -> Serial {
        let serial = self.next;
        if (serial - self.first).is_multiple_of(PAGE) {
            if let Some(full) = self.pages.back_mut() {
                full.words.shrink_to_fit();
            }
            let mut page = Page::default();
            page.slots.reserve_exact(PAGE as usize);
            self.pages.push_back(page);
        }
        if stray {
            self.strays.insert(no, serial);
        }
        self.last_no = self.last_no.max(no);
        let slot = Slot { head: Head::default(), no: self.last_no, at: 0, len: 0, stray, story: None };
        if let Some(page) = self.pages.back_mut() {
            page.slots.push(slot);
        }
        self.next += 1;
        serial
    }

    /// The entry with this serial leaves, to be filed anew at once: its place stays.
    pub(super) fn take(&mut self, serial: Serial) {
        let Some((page, at)) = self.place_mut(serial).filter(|(page, at)| page.is_live(*at)) else { return };
        page.live[at / 64] &= !(1 << (at % 64));
        page.garbage += usize::from(page.slots[at].len);
        self.live -= 1;
    }

    /// The entry with this serial leaves.
    pub(super) fn remove(&mut self, serial: Serial) {
        let stray = self.slot(serial).is_some_and(|slot| slot.stray);
        self.take(serial);
        while self.oldest < self.next && self.slot(self.oldest).is_none() {
            self.oldest += 1;
        }
        while self.first + PAGE <= self.oldest {
            self.pages.pop_front();
            self.first += PAGE;
        }
        if stray && serial < self.oldest {
            let oldest = self.oldest;
            self.strays.retain(|_, serial| *serial >= oldest);
        }
    }

    /// Says where the entry's story is kept.
    pub(super) fn set_story(&mut self, serial: Serial, story: NonZeroU32) {
        if let Some(slot) = self.place_mut(serial).and_then(|(page, at)| page.slots.get_mut(at)) {
            slot.story = Some(story);
        }
    }

    /// The place of the entry with this number, also after it was removed.
    fn position(&self, no: u64) -> Option<Serial> {
        if let Some(serial) = self.strays.get(&no) {
            return Some(*serial);
        }
        let page = self.pages.partition_point(|page| page.slots.last().is_some_and(|slot| slot.no < no));
        let slots = &self.pages.get(page)?.slots;
        let at = slots.partition_point(|slot| slot.no < no);
        slots.get(at).filter(|slot| slot.no == no && !slot.stray)?;
        Some(self.first + page as u64 * PAGE + at as u64)
    }

    fn place(&self, serial: Serial) -> Option<(&Page, usize)> {
        let index = serial.checked_sub(self.first)?;
        Some((self.pages.get((index / PAGE) as usize)?, (index % PAGE) as usize))
    }

    fn place_mut(&mut self, serial: Serial) -> Option<(&mut Page, usize)> {
        let index = serial.checked_sub(self.first)?;
        Some((self.pages.get_mut((index / PAGE) as usize)?, (index % PAGE) as usize))
    }

    pub(super) fn octets(&self) -> usize {
        let of_page = |page: &Page| page.slots.capacity() * size_of::<Slot>() + page.words.capacity() * 2;
        let pages: usize = self.pages.iter().map(of_page).sum();
        pages + self.pages.capacity() * size_of::<Page>() + self.strays.len() * 24
    }
}

impl postings::FiledMinutes for Filed {
    fn minute(&self, low: Low) -> Option<u32> {
        Some(self.slot(self.serial(low)?)?.head.minute)
    }

    fn is_filed(&self, low: Low) -> bool {
        let place = self.serial(low).and_then(|serial| self.place(serial));
        place.is_some_and(|(page, at)| page.is_live(at))
    }
}

fn is_live(live: &[u64], at: usize) -> bool {
    live.get(at / 64).is_some_and(|bits| bits >> (at % 64) & 1 != 0)
}

impl Page {
    fn is_live(&self, at: usize) -> bool {
        is_live(&self.live, at)
    }

    /// Drops the words of entries that left, if they are the most: an entry may be filed anew for ever.
    fn tidy(&mut self) {
        if self.garbage * 2 <= self.words.len() {
            return;
        }
        let mut words = Vec::with_capacity(self.words.len() - self.garbage);
        for (_, slot) in self.slots.iter_mut().enumerate().filter(|(at, _)| is_live(&self.live, *at)) {
            let old = slot.at as usize;
            slot.at = words.len() as u32;
            words.extend_from_slice(&self.words[old..old + usize::from(slot.len)]);
        }
        self.words = words;
        self.garbage = 0;
    }
}
