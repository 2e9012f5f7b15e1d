//! The links of entries whose sketches were dropped. Sketches are kept for days; entries that link to the same page
//! are found for a month.

use std::collections::HashMap;

use super::same::LINK_MINUTES;
use super::sketch::{self, Sketch};
use crate::model::time::Time;

/// Links kept: the young ones up to half of this, and as many before them. 24 octets each, at most 28 MB.
pub const MAX_LINKS: usize = 2 * YOUNG;
/// The most that a table of the standard library holds before it doubles to 2^20.
const YOUNG: usize = (1 << 19) / 8 * 7;
/// Stands for several outlets. An outlet with this hash joins nothing by link.
const SEVERAL: u32 = 0;

/// The rest of an old entry: its link, its outlet, and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkMark {
    pub(super) link: u64,
    pub(super) outlet: u32,
    pub(super) minute: u32,
}

impl LinkMark {
    /// The mark of an entry; `None` without a link that tells entries apart.
    pub fn of(page: Option<&str>, outlet: &str, published: Time) -> Option<Self> {
        let (outlet, minute) = (sketch::outlet(outlet), sketch::minute(published));
        Some(Self { link: sketch::link_hash(page?)?, outlet, minute })
    }
}

impl Sketch {
    pub fn link_mark(&self) -> Option<LinkMark> {
        self.head.link_mark()
    }
}

impl sketch::Head {
    pub(super) fn link_mark(&self) -> Option<LinkMark> {
        (self.link != 0).then_some(LinkMark { link: self.link, outlet: self.outlet, minute: self.minute })
    }
}

#[derive(Clone, Copy, Debug)]
struct Kept {
    founder: u64,
    outlet: u32,
    minute: u32,
}

/// By the hash of the link.
type Table = HashMap<u64, Kept>;

/// See the module. When the young table is full it takes the place of the old one.
#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    young: Table,
    old: Table,
}

impl Links {
    /// Keeps a mark. Of several entries with one link the oldest story is kept, unless it lies further
    /// back than links are looked for.
    pub(super) fn put(&mut self, mark: &LinkMark, founder: u64) {
        let mut kept = Kept { founder, outlet: mark.outlet, minute: mark.minute };
        let known = self.old.remove(&mark.link).or_else(|| self.young.get(&mark.link).copied());
        if let Some(known) = known.filter(|known| known.minute.abs_diff(mark.minute) <= LINK_MINUTES) {
            kept.founder = founder.min(known.founder);
            kept.minute = mark.minute.max(known.minute);
            if known.outlet != mark.outlet {
                kept.outlet = SEVERAL;
            }
        }
        if self.young.len() >= YOUNG {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(mark.link, kept);
    }

    /// The founder of the story that an entry with this mark tells: another outlet linked to the same
    /// page. Within one outlet the texts would have to say, and they are gone.
    pub(super) fn find(&self, mark: &LinkMark) -> Option<u64> {
        let kept = self.young.get(&mark.link).or_else(|| self.old.get(&mark.link))?;
        let near = kept.minute.abs_diff(mark.minute) <= LINK_MINUTES;
        (near && kept.outlet != mark.outlet).then_some(kept.founder)
    }

    /// Heap use in octets: a table holds up to seven eighths, and an octet of control for each.
    pub(super) fn octets(&self) -> usize {
        (self.young.capacity() + self.old.capacity()) / 7 * 8 * (size_of::<(u64, Kept)>() + 1)
    }
}
