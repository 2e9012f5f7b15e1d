//! The two forms that nearly every feed writes, read without tokens: `2026-09-27T10:15:00+08:00` and
//! `Sun, 27 Sep 2026 10:15:00 +0800`. Reads only what it is sure of, and that as the general way does;
//! anything else is left to it.

use super::DateContext;
use super::civil::{Clock, Zone, day, stamp};
use crate::model::time::Stamp;

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
const WEEKDAYS: [&[u8; 3]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
/// As far east or west as the general way lets a zone lie, in hours.
const WIDEST_OFFSET: u64 = 15;
/// Digits of a fraction that need not be counted: they change nothing, since stamps are whole seconds.
const MAX_FRACTION: usize = 9;

/// Reads a date in one of the common forms; `None` says nothing about the text.
pub(super) fn read(text: &str, ctx: &DateContext) -> Option<Stamp> {
    let bytes = text.as_bytes();
    match bytes.first()? {
        b'0'..=b'9' => iso_8601(bytes, ctx),
        b'A'..=b'Z' => rfc_822(bytes, ctx),
        _ => None,
    }
}

/// `2026-09-27T10:15:00`, with a `T` or a blank, perhaps a fraction, perhaps a zone.
fn iso_8601(text: &[u8], ctx: &DateContext) -> Option<Stamp> {
    let (date, rest) = text.split_at_checked(11)?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b' '] = *date else { return None };
    let date = day(number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?)?;
    let (clock, rest) = clock(rest)?;
    stamp(date, Some(clock), zone(after_fraction(rest)?)?, ctx)
}

/// `Sun, 27 Sep 2026 10:15:00 +0800`.
fn rfc_822(text: &[u8], ctx: &DateContext) -> Option<Stamp> {
    let (weekday, rest) = text.split_first_chunk::<3>()?;
    let rest = rest.strip_prefix(b", ").filter(|_| WEEKDAYS.contains(&weekday))?;
    let ([d1, d2, b' '], rest) = rest.split_first_chunk()? else { return None };
    let (month, rest) = rest.split_first_chunk::<3>()?;
    let month = 1 + MONTHS.iter().position(|known| *known == month)?;
    let ([b' ', year @ .., b' '], rest) = rest.split_first_chunk::<6>()? else { return None };
    let date = day(number(year)?, u64::try_from(month).ok()?, number(&[*d1, *d2])?)?;
    let (clock, rest) = clock(rest)?;
    stamp(date, Some(clock), zone(rest.strip_prefix(b" ")?).filter(|zone| *zone != Zone::Source)?, ctx)
}

/// `10:15:00`, without the odd times (24:00, a leap second), and what follows it.
fn clock(text: &[u8]) -> Option<(Clock, &[u8])> {
    let ([h1, h2, b':', m1, m2, b':', s1, s2], rest) = text.split_first_chunk()? else { return None };
    let (hour, second) = (number(&[*h1, *h2])?, number(&[*s1, *s2])?);
    let usual = hour < 24 && second < 60;
    let clock = Clock::new(hour, number(&[*m1, *m2])?, second).filter(|_| usual)?;
    Some((clock, rest))
}

fn after_fraction(text: &[u8]) -> Option<&[u8]> {
    let Some(digits) = text.strip_prefix(b".") else { return Some(text) };
    let count = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    (1..=MAX_FRACTION).contains(&count).then(|| &digits[count..])
}

/// The zone that is the whole of `text`: none, `Z`, `GMT`, `+0800`, `+08:00`.
fn zone(text: &[u8]) -> Option<Zone> {
    let (sign, h1, h2, m1, m2) = match *text {
        [] => return Some(Zone::Source),
        [b'Z'] | [b'G', b'M', b'T'] => return Some(Zone::Offset(0)),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] | [sign @ (b'+' | b'-'), h1, h2, m1, m2] => {
            (sign, h1, h2, m1, m2)
        }
        _ => return None,
    };
    let (hours, minutes) = (number(&[h1, h2])?, number(&[m1, m2])?);
    if hours > WIDEST_OFFSET || minutes > 59 {
        return None;
    }
    let east = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    Some(Zone::Offset(if sign == b'-' { -east } else { east }))
}

/// The value of a few digits; `None` if any is none.
fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + u64::from(b - b'0')))
}
