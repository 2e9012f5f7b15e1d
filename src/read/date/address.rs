//! The day in a page's address (`/2026/09-27/10001.shtml`): what dates without a year are near to. Reads
//! digits only; what the address leads to is not its business.

use chrono::NaiveDate;

/// Years that an address may mean; other numbers of four digits are ids.
const YEARS: std::ops::RangeInclusive<u32> = 1990..=2100;

/// The longest address looked at, in bytes; longer ones are tracking, not publishers'.
const MAX_ADDRESS: usize = 2048;

/// The first day that stands in the path of an address: `2026/09-27`, `2026-09-27`, `2026/0927`, `20260927`.
pub fn day_in_address(address: &str) -> Option<NaiveDate> {
    let path = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = &path.as_bytes()[path.find('/')?..];
    let path = &path[..path.len().min(MAX_ADDRESS)];
    let starts = (1..path.len()).filter(|at| path[*at].is_ascii_digit() && !path[at - 1].is_ascii_digit());
    starts.into_iter().find_map(|at| day_at(&path[at..]))
}

fn day_at(text: &[u8]) -> Option<NaiveDate> {
    let (year, month, day) = match digits(text) {
        8 => (number(&text[..4]), number(&text[4..6]), number(&text[6..8])),
        4 => {
            let rest = after_mark(&text[4..])?;
            match digits(rest) {
                4 => (number(&text[..4]), number(&rest[..2]), number(&rest[2..4])),
                long @ 1..=2 => {
                    let last = after_mark(&rest[long..])?;
                    let short = Some(digits(last)).filter(|n| (1..=2).contains(n))?;
                    (number(&text[..4]), number(&rest[..long]), number(&last[..short]))
                }
                _ => return None,
            }
        }
        _ => return None,
    };
    let known = YEARS.contains(&year);
    known.then(|| NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)).flatten()
}

fn after_mark(text: &[u8]) -> Option<&[u8]> {
    text.split_first().filter(|(mark, _)| matches!(mark, b'/' | b'-' | b'_' | b'.')).map(|(_, rest)| rest)
}

/// The number of digits at the head; nine stand for more.
fn digits(text: &[u8]) -> usize {
    text.iter().take(9).take_while(|b| b.is_ascii_digit()).count()
}

/// The value of at most eight digits.
fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |n, b| n * 10 + u32::from(b - b'0'))
}
