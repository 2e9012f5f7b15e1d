//! The date zoo: the text of a publisher's date to a [`Stamp`]. Owns the forms, the zone names and the
//! rule for a missing zone, year or time. It reads no clock (the time of seeing is an argument) and
//! clamps nothing: a date in the near future is kept as written, for `Stamp::not_after` to bound.
//!
//! The meaning of forms that leave something out:
//! - no zone: the source's zone; in the gap of a clock change the first instant after it, in the overlap
//!   the earlier of the two instants;
//! - no time of day: [`Precision::Day`](crate::model::time::Precision), the last second of that local day;
//! - no day (`2026-11`, `2026`): the first day of that month or year, as other feed readers take it,
//!   with day precision;
//! - no year (`9-27 22:20`): the year that puts it nearest to [`DateContext::near`], else the latest
//!   year that does not put it more than a day after it was seen;
//! - only a time (`22:20`): the day of `near`, else the latest such time not after it was seen.

mod address;
mod civil;
mod lex;
mod names;
mod numeric;
mod relative;
mod words;
mod zone;

#[cfg(test)]
mod tests;

pub use address::day_in_address;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Timelike};
use chrono_tz::Tz;

use crate::model::time::{Stamp, Time};

/// The context of a date.
#[derive(Clone, Copy, Debug)]
pub struct DateContext {
    /// The time zone of dates that name none, and the reading of `CST`.
    pub zone: Tz,
    /// Time at which the date was seen: relative dates count from it, and absurd dates are found by it.
    pub seen: Time,
    /// A day known to be near the date, for dates without a year (say, from the entry's address).
    pub near: Option<NaiveDate>,
}

/// Longest text that is looked at, in characters: the longest real form, with weekday, zone name and
/// comment, has under 80; anything longer is prose.
const MAX_CHARS: usize = 120;

/// The maximum that a date may lie after `seen`: announcements are dated ahead, by days or
/// months; a year 9999 or 2202 is a slip or a "never".
const MAX_AHEAD: TimeDelta = TimeDelta::days(731);

/// Reads a text that is a date and nothing else, but for brackets and a label such as `发布时间：`.
///
/// Returns `None` for what is no date, for impossible ones (30 February, 25 o'clock), for those up to
/// 1 January 1970 (a zero that a publisher's program wrote as a date) and for those more than two years
/// after `ctx.seen`. Other dates in the future come back as written: bound them with
/// [`Stamp::not_after`].
pub fn parse(text: &str, ctx: &DateContext) -> Option<Stamp> {
    if text.len() > MAX_CHARS * 4 || text.chars().count() > MAX_CHARS {
        return None;
    }
    let stamp = standard(text).or_else(|| any_form(text, ctx))?;
    plausible(stamp, ctx).then_some(stamp)
}

/// An instant in one of the two standard forms, which most feeds write: RFC 3339 and RFC 5322. chrono reads them in a
/// tenth of a microsecond, and `any_form` gives the same in one or two. An entry of a feed takes five in all.
fn standard(text: &str) -> Option<Stamp> {
    let at = match text.as_bytes() {
        [b'0'..=b'9', ..] => DateTime::parse_from_rfc3339(text),
        // Not the names of other zones: to chrono CST is Chicago's time.
        [.., b'0'..=b'9'] | [.., b'G', b'M', b'T'] => DateTime::parse_from_rfc2822(text),
        _ => return None,
    };
    let at = at.ok().filter(|at| at.offset().local_minus_utc().abs() < zone::OFFSETS_END)?;
    Some(Stamp::second(at.to_utc().with_nanosecond(0)?))
}

/// Reads a date of whatever form.
fn any_form(text: &str, ctx: &DateContext) -> Option<Stamp> {
    let tokens = lex::lex(text);
    relative::read(&tokens, ctx)
        .or_else(|| numeric::read_whole(&tokens, ctx))
        .or_else(|| words::read(&tokens, ctx))
}

/// True if a text is a date whose year, or day, only the text near it can give ([`DateContext::near`]).
pub fn needs_near(text: &str, ctx: &DateContext) -> bool {
    // Nearly every date spells its year out, and costs no more than this.
    if text.as_bytes().windows(4).any(|w| w.iter().all(u8::is_ascii_digit)) {
        return false;
    }
    let near = |year| parse(text, &DateContext { near: NaiveDate::from_ymd_opt(year, 7, 1), ..*ctx });
    near(2000) != near(2010)
}

/// Finds the first date inside a text (`2026年06月26日 10:30 来源：新华社`): a form that begins with
/// digits and has a year, a month and a day. Looks at the first `MAX_CHARS` (120) characters only.
pub fn find(text: &str, ctx: &DateContext) -> Option<Stamp> {
    let end = text.char_indices().nth(MAX_CHARS).map_or(text.len(), |(at, _)| at);
    let tokens = lex::lex(&text[..end]);
    let stamp = numeric::find_dated(&tokens, ctx)?;
    plausible(stamp, ctx).then_some(stamp)
}

fn plausible(stamp: Stamp, ctx: &DateContext) -> bool {
    // A day of slack: midnight of 1 January 1970 somewhere is still 31 December or 2 January elsewhere.
    const ZERO_DAY_END: i64 = 2 * 86_400;
    stamp.at.timestamp() >= ZERO_DAY_END && stamp.at <= ctx.seen + MAX_AHEAD
}

/// The day it was where the source is when the date was seen.
fn today(ctx: &DateContext) -> NaiveDate {
    ctx.seen.with_timezone(&ctx.zone).date_naive()
}

fn yesterday(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(1)).unwrap_or(day)
}
