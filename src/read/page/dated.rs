//! Finds the date in an address: nearly all news sites put it in their paths. Reads no page.

use chrono::{Datelike, NaiveDate};
use url::Url;

/// News was not on the web before; a number below is no year.
const FIRST_YEAR: i32 = 1995;

/// The day in the path of an address: `/2026/0831/`, `/2026/08-31/`, `/2026-08-31/`, `/2026/08/31/`,
/// `/2026-08/31/`, `/202608/31/`, `/20260831…`, `t20260831_`. None after `last`.
pub(super) fn day_of(address: &str, last: NaiveDate) -> Option<NaiveDate> {
    let url = Url::parse(address).ok()?;
    let parts: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).collect();
    // A day's own directory is an archive, not an entry.
    let mut whole = parts.iter().enumerate().filter_map(|(at, part)| {
        let next = parts.get(at + 1).copied().unwrap_or_default();
        let (day, used) = of_part(part, next)?;
        let named = at + used < parts.len() || ends_as_page(parts[at + used - 1]);
        named.then_some(day)
    });
    // The last that fits: a day further down is nearer the page.
    let plausible = |day: &NaiveDate| day.year() >= FIRST_YEAR && *day <= last;
    whole.rfind(plausible).or_else(|| in_three(&parts).filter(plausible))
}

/// True if the last part of a path holds more than the day: `t20260831_527.shtml`, `20260831455.shtml`.
fn ends_as_page(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    digits > 8 || (digits == 8 && part.contains('.') && part.contains(['_', '-']))
}

/// The day in a part of a path, or in it and the one after; how many parts it took.
fn of_part(part: &str, next: &str) -> Option<(NaiveDate, usize)> {
    let start = part.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    if start.len() + 1 < part.len() {
        // `detail-…`, `c410739-…`: numbers after a word are ids. A single letter is the `t` of `t20260831`.
        return after_mark(part).map(|day| (day, 1));
    }
    if let Some(day) = compact(start) {
        return Some((day, 1));
    }
    if start != part {
        return None;
    }
    let groups: Vec<&str> = part.split('-').collect();
    let next_groups: Vec<&str> = next.split('-').collect();
    match (groups.as_slice(), next_groups.as_slice()) {
        ([y, m, d], _) => Some((date(y, m, d)?, 1)),
        ([y], [m, d]) if m.len() <= 2 => Some((date(y, m, d)?, 2)),
        ([y], [md]) if md.len() == 4 && md.is_ascii() => {
            // `/24/0506/`, as a large portal writes it.
            let short = (y.len() == 2).then(|| format!("20{y}"));
            Some((date(short.as_deref().unwrap_or(y), &md[..2], &md[2..])?, 2))
        }
        ([ym], [d]) if ym.len() == 6 && ym.is_ascii() => Some((date(&ym[..4], &ym[4..], d)?, 2)),
        ([y, m], [d]) => Some((date(y, m, d)?, 2)),
        _ => None,
    }
    .or_else(|| after_mark(part).map(|day| (day, 1)))
}

/// `content_20260831…`: eight digits after a mark.
fn after_mark(part: &str) -> Option<NaiveDate> {
    part.split('_').skip(1).find_map(compact)
}

/// Eight digits at the start.
fn compact(text: &str) -> Option<NaiveDate> {
    let digits = text.get(..8).filter(|head| head.bytes().all(|b| b.is_ascii_digit()))?;
    date(&digits[..4], &digits[4..6], &digits[6..])
}

fn date(year: &str, month: &str, day: &str) -> Option<NaiveDate> {
    let number = |text: &str, most: usize| {
        let fits = !text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| text.parse::<u32>().ok()).flatten()
    };
    let year = number(year, 4).filter(|_| year.len() == 4)?;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, number(month, 2)?, number(day, 2)?)
}

/// `/2026/08/31/123.html`: three parts, and the page.
fn in_three(parts: &[&str]) -> Option<NaiveDate> {
    parts.windows(4).find_map(|four| date(four[0], four[1], four[2]))
}
