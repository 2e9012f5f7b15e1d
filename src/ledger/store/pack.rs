//! The compact form of short values: numbers of seven bits an octet, the lowest first, the top bit set
//! where more follow (LEB128).

use crate::model::state::Listing;
use crate::model::stored::EntryNo;

pub(super) fn push(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Takes a number from the front; `None` where there is none.
pub(super) fn take(from: &mut &[u8]) -> Option<u64> {
    let mut n = 0;
    for shift in (0..64).step_by(7) {
        let (octet, rest) = from.split_first()?;
        *from = rest;
        n |= u64::from(octet & 0x7f) << shift;
        if octet & 0x80 == 0 {
            return Some(n);
        }
    }
    None
}

pub(super) fn number(out: &mut Vec<u8>, no: EntryNo) {
    push(out, no);
}

/// Reads the output of [`number`].
pub(super) fn read_number(mut packed: &[u8]) -> Option<EntryNo> {
    take(&mut packed).filter(|_| packed.is_empty())
}

/// Appends numbers, each as its distance from the one before.
pub(super) fn numbers(out: &mut Vec<u8>, numbers: &[EntryNo]) {
    let mut before = 0;
    for no in numbers {
        push(out, no.wrapping_sub(before));
        before = *no;
    }
}

/// Reads the output of [`numbers`].
pub(super) fn read_numbers(mut packed: &[u8]) -> Option<Vec<EntryNo>> {
    let (mut numbers, mut before) = (Vec::with_capacity(packed.len()), 0_u64);
    while !packed.is_empty() {
        before = before.wrapping_add(take(&mut packed)?);
        numbers.push(before);
    }
    Some(numbers)
}

/// Appends the list row of an entry.
pub(super) fn place(out: &mut Vec<u8>, place: &Listing) {
    push(out, place.source.into());
    push(out, place.backlog.map_or(0, |at| u64::from(at) + 1));
    // Entries are numbered from 1.
    push(out, place.story.unwrap_or(0));
}

/// Reads the output of [`place`].
pub(super) fn read_place(mut packed: &[u8]) -> Option<Listing> {
    let source = take(&mut packed)?.try_into().ok()?;
    let backlog = match take(&mut packed)? {
        0 => None,
        n => Some((n - 1).try_into().ok()?),
    };
    let story = Some(take(&mut packed)?).filter(|founder| *founder != 0);
    packed.is_empty().then_some(Listing { source, backlog, story })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDGES: [u64; 10] = [0, 1, 127, 128, 16_383, 16_384, 1 << 32, (1 << 40) - 1, u64::MAX - 1, u64::MAX];

    #[test]
    fn numbers_come_back_and_take_as_few_octets_as_they_need() {
        for (n, len) in EDGES.into_iter().zip([1, 1, 1, 2, 2, 3, 5, 6, 10, 10]) {
            let mut out = Vec::new();
            number(&mut out, n);
            assert_eq!((out.len(), read_number(&out)), (len, Some(n)), "{n}");
            out.push(0);
            assert_eq!(read_number(&out), None, "{n}, with something behind it");
        }
        for bad in [&[][..], &[0x80], &[0xff; 11]] {
            assert_eq!(read_number(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn lists_of_numbers_come_back_in_their_order() {
        let lists: [&[u64]; 5] = [&[], &[1], &[1, 2, 3, 200, 100_000], &[9, 3, 9], &EDGES];
        for list in lists {
            let mut out = Vec::new();
            numbers(&mut out, list);
            assert_eq!(read_numbers(&out).as_deref(), Some(list));
        }
        let mut out = Vec::new();
        numbers(&mut out, &(1_000_000..1_000_030).collect::<Vec<_>>());
        assert_eq!(out.len(), 3 + 29, "an octet an entry of one poll");
        assert_eq!(read_numbers(&[1, 0x80]), None, "cut short");
    }

    #[test]
    fn places_come_back() {
        for source in [1, 1000, u32::MAX] {
            for backlog in [None, Some(0), Some(29), Some(u32::MAX)] {
                for story in [None, Some(1), Some(1 << 33)] {
                    let was = Listing { source, backlog, story };
                    let mut out = Vec::new();
                    place(&mut out, &was);
                    assert_eq!(read_place(&out), Some(was));
                    assert_eq!(read_place(&out[..out.len() - 1]), None, "cut short");
                }
            }
        }
    }
}
