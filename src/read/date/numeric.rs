//! Dates written in numbers: ISO 8601 in all its precisions, the Chinese, Japanese and Korean forms,
//! slashes and dots, dates without a year, Unix times.

use chrono::{Datelike, NaiveDate, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

use super::civil::{Clock, Zone, day, full_year, stamp, yearless};
use super::lex::{Half, Token, Unit};
use super::{DateContext, names, today, yesterday, zone};
use crate::model::time::Stamp;

/// Years of the Republic of China that are written with three digits, and the year before its first.
const REPUBLIC_YEARS: std::ops::Range<u64> = 100..200;
const BEFORE_REPUBLIC: u64 = 1911;

/// A date of which the whole text consists, but for brackets and a label before it.
pub(super) fn read_whole(tokens: &[Token], ctx: &DateContext) -> Option<Stamp> {
    let tokens = undressed(tokens);
    if let Some(stamp) = unix(tokens) {
        return Some(stamp);
    }
    let (found, used) = read(tokens, ctx, &date_of_any_form)?;
    only_trimmings(&tokens[used..]).then_some(found)
}

/// The first complete date in a text. Each try looks at a bounded number of tokens.
pub(super) fn find_dated(tokens: &[Token], ctx: &DateContext) -> Option<Stamp> {
    // A number of three digits begins a year of Taiwan's where its unit says so, or where the source is there.
    let begins = |at: usize| match tokens[at] {
        Token::Num(_, 4 | 8 | 12 | 14) => true,
        Token::Num(_, 3) => zone::is_taiwan(ctx.zone) || tokens.get(at + 1) == Some(&Token::Unit(Unit::Year)),
        _ => false,
    };
    let starts = (0..tokens.len()).filter(|at| begins(*at));
    starts.into_iter().find_map(|at| read(&tokens[at..], ctx, &full_date).map(|(found, _)| found))
}

/// Without brackets, labels (`发布时间：`) and weekdays before the first digit.
fn undressed(tokens: &[Token]) -> &[Token] {
    /// The longest label is `最后更新时间：`, one token a character.
    const MAX_LABEL: usize = 12;
    let start = tokens.iter().take(MAX_LABEL).position(|t| matches!(t, Token::Num(..) | Token::Half(_)));
    let start = start.unwrap_or(0);
    let labelled = tokens[..start].iter().all(|t| match t {
        Token::Word(w) => !w.is_ascii() || names::is_weekday(w) || w == "date",
        Token::Num(..) | Token::Half(_) => false,
        Token::Unit(_) | Token::Weekday | Token::Blank => true,
        Token::Mark(m) => ",.:[(/|".contains(*m),
    });
    if labelled { &tokens[start..] } else { tokens }
}

fn only_trimmings(tokens: &[Token]) -> bool {
    tokens.iter().all(|t| match t {
        Token::Blank | Token::Weekday => true,
        Token::Mark(m) => "])./|,;".contains(*m),
        Token::Word(w) => w == "发" || w == "布" || w == "更" || w == "新" || w == "讯",
        _ => false,
    })
}

type DateReader<'a> = &'a dyn Fn(&[Token], &DateContext) -> Option<(NaiveDate, usize)>;

/// A date, then perhaps a time, then perhaps a zone.
fn read(tokens: &[Token], ctx: &DateContext, date: DateReader<'_>) -> Option<(Stamp, usize)> {
    if let Some(found) = compact(tokens, ctx) {
        return Some(found);
    }
    let (day, mut used) = date(tokens, ctx).or_else(|| bare_time(tokens, ctx))?;
    let day = zone::of_common_era(day, ctx.zone)?;
    let korean = tokens[..used].contains(&Token::Unit(Unit::KoreanYear));
    let (clock, clock_used) = match time_after_date(&tokens[used..]) {
        Some(found) => found?,
        None => (None, 0),
    };
    used += clock_used;
    let (mut zone, zone_used) = match clock {
        Some(_) => zone::read(&tokens[used..], ctx)?,
        None => zone_of_bare_day(&tokens[used..], ctx),
    };
    used += zone_used;
    // What follows a numeric zone in brackets only repeats it: `+0800 (CST)`.
    let blank = usize::from(tokens.get(used) == Some(&Token::Blank));
    if zone_used > 0
        && let [Token::Mark('('), Token::Word(_), Token::Mark(')'), ..] = &tokens[used + blank..]
    {
        used += blank + 3;
    }
    if zone == Zone::Source && korean {
        zone = Zone::Named(chrono_tz::Asia::Seoul);
    }
    Some((stamp(day, clock, zone, ctx)?, used))
}

/// `2026-09-27Z`, `2026-09-27+08:00` (XML Schema dates).
fn zone_of_bare_day(tokens: &[Token], ctx: &DateContext) -> (Zone, usize) {
    match tokens {
        [Token::Word(z), ..] if z == "z" => (Zone::Offset(0), 1),
        [Token::Mark('+' | '-'), Token::Num(_, 2), Token::Mark(':'), Token::Num(_, 2), ..] => {
            zone::read(tokens, ctx).unwrap_or((Zone::Source, 0))
        }
        _ => (Zone::Source, 0),
    }
}

fn date_of_any_form(tokens: &[Token], ctx: &DateContext) -> Option<(NaiveDate, usize)> {
    full_date(tokens, ctx)
        .or_else(|| short_or_swapped(tokens, ctx))
        .or_else(|| without_year(tokens, ctx))
        .or_else(|| coarse(tokens))
}

/// Year first, then month and day: `2026-09-27`, `2026/9/3`, `2026.08.31`, `2026年9月27日`, `20260927`,
/// `2026-270`, `2026-W39-7`.
fn full_date(tokens: &[Token], _ctx: &DateContext) -> Option<(NaiveDate, usize)> {
    Some(match tokens {
        [Token::Num(y, digits @ 3..=4), a, Token::Num(m, 1..=3), b, Token::Num(d, 1..=2), rest @ ..]
            if parts(a, b) && *m <= 12 && (*digits == 4 || REPUBLIC_YEARS.contains(y)) =>
        {
            // `115/11/27`, `115年11月27日`, `1151127`: the calendar of Taiwan's offices. Years 100 and more began in 2011.
            let year = if *digits == 3 { BEFORE_REPUBLIC + y } else { *y };
            (day(year, *m, *d)?, 5 + day_word(rest))
        }
        [Token::Num(n, 7), ..] if REPUBLIC_YEARS.contains(&(n / 10_000)) => {
            (day(BEFORE_REPUBLIC + n / 10_000, n / 100 % 100, n % 100)?, 1)
        }
        [Token::Num(n, 8), ..] => (day(n / 10_000, n / 100 % 100, n % 100)?, 1),
        [Token::Num(y, 4), Token::Mark('-'), Token::Num(n, 3), ..] => (ordinal(*y, *n)?, 3),
        [Token::Num(n, 7), ..] => (ordinal(n / 1000, n % 1000)?, 1),
        [Token::Num(y, 4), Token::Mark('-'), Token::Word(w), Token::Num(week, 2), rest @ ..] if w == "w" => {
            match rest {
                [Token::Mark('-'), Token::Num(d, 1), ..] => (week_day(*y, *week, *d)?, 6),
                _ => (week_day(*y, *week, 1)?, 4),
            }
        }
        [Token::Num(y, 4), Token::Word(w), Token::Num(n, digits @ 2..=3), ..] if w == "w" => match digits {
            2 => (week_day(*y, *n, 1)?, 3),
            _ => (week_day(*y, n / 10, n % 10)?, 3),
        },
        _ => return None,
    })
}

/// One if the word for the day stands at the head.
fn day_word(tokens: &[Token]) -> usize {
    usize::from(tokens.first() == Some(&Token::Unit(Unit::Day)))
}

/// True if two marks part a year, a month and a day: both the same, or the words for them.
fn parts(a: &Token, b: &Token) -> bool {
    match (a, b) {
        (Token::Mark(a), Token::Mark(b)) => a == b && "-/.".contains(*a),
        (Token::Unit(Unit::Year | Unit::KoreanYear), Token::Unit(Unit::Month)) => true,
        _ => false,
    }
}

/// `27-09-2026`, `9/27/2026`, `26-09-27`, `260927`, `26270` and feedparser's `-0312`, `-03-12`.
///
/// Day and month: one above 12 decides; else dots and hyphens are day first, slashes month first in
/// America and day first elsewhere.
fn short_or_swapped(tokens: &[Token], ctx: &DateContext) -> Option<(NaiveDate, usize)> {
    match tokens {
        [
            Token::Num(a, 1..=2),
            Token::Mark(x @ ('-' | '/' | '.')),
            Token::Num(b, 1..=2),
            Token::Mark(y),
            Token::Num(year, 4),
            ..,
        ] if x == y => {
            let month_first = *b > 12 || (*a <= 12 && *x == '/' && is_american(ctx.zone));
            let (d, m) = if month_first { (*b, *a) } else { (*a, *b) };
            Some((day(*year, m, d)?, 5))
        }
        // `金, 27 11 2026 08:00`: the RFC 822 shape where a month has no name.
        [Token::Num(d, 1..=2), Token::Blank, Token::Num(m, 1..=2), Token::Blank, Token::Num(y, 4), ..] => {
            Some((day(*y, *m, *d)?, 5))
        }
        [Token::Num(y, 2), a, Token::Num(m, 1..=2), b, Token::Num(d, 1..=2), rest @ ..] if parts(a, b) => {
            Some((day(full_year(*y), *m, *d)?, 5 + day_word(rest)))
        }
        [Token::Num(n, 6), ..] => Some((day(full_year(n / 10_000), n / 100 % 100, n % 100)?, 1)),
        // A number of five digits alone is more often a counter than a day of a year; ISO 8601:1988 has it.
        [Token::Num(n, 5)] => Some((ordinal(full_year(n / 1000), n % 1000)?, 1)),
        [Token::Mark('-'), Token::Num(n, 4)] => Some((day(full_year(n / 100), n % 100, 1)?, 2)),
        [Token::Mark('-'), Token::Num(y, 2), Token::Mark('-'), Token::Num(m, 2)] => {
            Some((day(full_year(*y), *m, 1)?, 4))
        }
        _ => None,
    }
}

fn is_american(zone: Tz) -> bool {
    let name = zone.name();
    name.starts_with("America/") || name.starts_with("US/") || name == "Asia/Manila"
}

/// `9-27`, `09/27`, `9月27日`; dots only with a time after them, since `9.27` is a number.
fn without_year(tokens: &[Token], ctx: &DateContext) -> Option<(NaiveDate, usize)> {
    match tokens {
        [Token::Num(m, 1..=2), Token::Unit(Unit::Month), Token::Num(d, 1..=2), rest @ ..] => {
            Some((yearless(*m, *d, ctx)?, 3 + day_word(rest)))
        }
        [Token::Num(m, 1..=2), Token::Mark('-' | '/'), Token::Num(d, 1..=2), rest @ ..]
            if !matches!(rest.first(), Some(Token::Mark('-' | '/' | '.'))) =>
        {
            Some((yearless(*m, *d, ctx)?, 3))
        }
        [Token::Num(m, 1..=2), Token::Mark('.'), Token::Num(d, 2), rest @ ..]
            if time_after_date(rest).is_some() =>
        {
            Some((yearless(*m, *d, ctx)?, 3))
        }
        _ => None,
    }
}

/// `2026-11`, `2026年11月`, `2026`: the first day of it.
fn coarse(tokens: &[Token]) -> Option<(NaiveDate, usize)> {
    match tokens {
        [Token::Num(y, 4), Token::Unit(Unit::Year), Token::Num(m, 1..=2), Token::Unit(Unit::Month), ..] => {
            Some((day(*y, *m, 1)?, 4))
        }
        [Token::Num(y, 4), Token::Mark('-' | '/' | '.'), Token::Num(m, 1..=2)] => Some((day(*y, *m, 1)?, 3)),
        [Token::Num(y, 4), Token::Unit(Unit::Year)] => Some((day(*y, 1, 1)?, 2)),
        [Token::Num(y, 4)] => Some((day(*y, 1, 1)?, 1)),
        _ => None,
    }
}

/// `22:20` alone: the last time it was that late.
fn bare_time(tokens: &[Token], ctx: &DateContext) -> Option<(NaiveDate, usize)> {
    let (clock, _) = clock(tokens)??;
    if let Some(near) = ctx.near {
        return Some((near, 0));
    }
    let now = ctx.seen.with_timezone(&ctx.zone).time();
    let day = today(ctx);
    Some((if clock.time > now { yesterday(day) } else { day }, 0))
}

/// A time that follows a date: `T10:14`, ` 10:14`, `日10:15`, ` 下午 2:05`, `, 10:14`. The outer `None` is
/// no time; the inner one is a time that cannot be.
fn time_after_date(tokens: &[Token]) -> Option<Option<(Option<Clock>, usize)>> {
    let mut at = 0;
    let mut designated = false;
    loop {
        match tokens.get(at)? {
            Token::Blank | Token::Weekday => at += 1,
            Token::Mark(',' | '|') if at < 3 => at += 1,
            Token::Mark('.') if at == 0 && tokens.get(1) == Some(&Token::Blank) => at += 1,
            Token::Mark('-' | ':') if at <= 1 && matches!(tokens.get(at + 2), Some(Token::Mark(':'))) => {
                at += 1;
            }
            Token::Mark('(') if tokens.get(at + 1) == Some(&Token::Weekday) => at += 2,
            Token::Mark(')') if at > 0 && tokens[at - 1] == Token::Weekday => at += 1,
            Token::Word(w) if w == "t" && at == 0 => {
                designated = true;
                at += 1;
            }
            _ => break,
        }
    }
    if let Some(found) = clock(&tokens[at..]) {
        return Some(found.map(|(clock, used)| (Some(clock), at + used)));
    }
    // After a T: `T10`, `T1014`, `T101455`, `T101455.5`.
    let basic = match tokens.get(at)? {
        Token::Num(h, 2) if designated => Clock::new(*h, 0, 0),
        Token::Num(n, 4) if designated => Clock::new(n / 100, n % 100, 0),
        Token::Num(n, 6) if designated => Clock::new(n / 10_000, n / 100 % 100, n % 100),
        _ if designated => return Some(None),
        _ => return None,
    };
    let used = at + 1 + fraction(&tokens[at + 1..]).map_or(0, |_| 2);
    Some(basic.map(|clock| (Some(clock), used)))
}

/// A clock time with colons or 时分秒, and the half of the day before or after it.
pub(super) fn clock(tokens: &[Token]) -> Option<Option<(Clock, usize)>> {
    let mut at = 0;
    let mut half = None;
    if let Some(Token::Half(h)) = tokens.first() {
        half = Some(*h);
        at = 1 + usize::from(tokens.get(1) == Some(&Token::Blank));
    }
    let Some(Token::Num(hour, 1..=2)) = tokens.get(at) else { return None };
    let (mut minute, mut second) = (0, 0);
    match &tokens[at + 1..] {
        [Token::Mark(':'), Token::Num(m, 1..=2), Token::Mark(':'), Token::Num(s, 1..=2), rest @ ..] => {
            (minute, second) = (*m, *s);
            at += 5 + fraction(rest).map_or(0, |_| 2);
        }
        [Token::Mark(':'), Token::Num(m, 1..=2), rest @ ..] => {
            minute = *m;
            at += 3;
            if let Some((value, scale)) = fraction(rest) {
                second = value * 60 / scale;
                at += 2;
            }
        }
        [Token::Mark(':'), ..] => return Some(None),
        // `08h30`
        [Token::Word(h), Token::Num(m, 2), ..] if h == "h" => {
            minute = *m;
            at += 3;
        }
        [Token::Unit(Unit::Hour), rest @ ..] => {
            at += 2;
            let (used, m, s) = units_after_hour(rest);
            (minute, second) = (m, s);
            at += used;
        }
        // `2 PM`; a bare number without either is no time.
        [Token::Half(_), ..] | [Token::Blank, Token::Half(_), ..] => at += 1,
        _ => return None,
    }
    if half.is_none() {
        let blank = usize::from(tokens.get(at) == Some(&Token::Blank));
        if let Some(Token::Half(h)) = tokens.get(at + blank) {
            half = Some(*h);
            at += blank + 1;
        }
    }
    Some(Clock::new(twenty_four(*hour, half), minute, second).map(|clock| (clock, at)))
}

/// `06分`, `06分30秒`, `半`, after the 时.
fn units_after_hour(tokens: &[Token]) -> (usize, u64, u64) {
    let skip = usize::from(tokens.first() == Some(&Token::Blank));
    match &tokens[skip..] {
        [Token::Word(w), ..] if w == "半" => (skip + 1, 30, 0),
        [Token::Num(m, 1..=2), Token::Unit(Unit::Minute), rest @ ..] => {
            let blank = usize::from(rest.first() == Some(&Token::Blank));
            match &rest[blank..] {
                [Token::Num(s, 1..=2), Token::Unit(Unit::Second), ..] => (skip + blank + 4, *m, *s),
                _ => (skip + 2, *m, 0),
            }
        }
        [Token::Num(m, 1..=2), ..] => (skip + 1, *m, 0),
        _ => (0, 0, 0),
    }
}

fn twenty_four(hour: u64, half: Option<Half>) -> u64 {
    match half {
        Some(Half::Am) if hour == 12 => 0,
        Some(Half::Pm) if hour < 12 => hour + 12,
        Some(Half::Noon) if hour < 10 => hour + 12,
        _ => hour,
    }
}

/// `.5`, `,123`: value and scale. More digits than a nanosecond needs are cut by the lexer's saturation.
fn fraction(tokens: &[Token]) -> Option<(u64, u64)> {
    match tokens {
        [Token::Mark('.' | ','), Token::Num(value, digits), ..] => match u32::try_from(*digits) {
            Ok(digits @ 1..=9) => Some((*value, 10_u64.pow(digits))),
            _ => Some((0, 1)),
        },
        _ => None,
    }
}

fn ordinal(year: u64, day_of_year: u64) -> Option<NaiveDate> {
    NaiveDate::from_yo_opt(i32::try_from(year).ok()?, u32::try_from(day_of_year).ok()?)
}

fn week_day(year: u64, week: u64, day_of_week: u64) -> Option<NaiveDate> {
    let day = Weekday::try_from(u8::try_from(day_of_week.checked_sub(1)?).ok()?).ok()?;
    NaiveDate::from_isoywd_opt(i32::try_from(year).ok()?, u32::try_from(week).ok()?, day)
}

/// `20260927141500`, `202609271415`: date and time without a mark between them.
fn compact(tokens: &[Token], ctx: &DateContext) -> Option<(Stamp, usize)> {
    let (date, time) = match tokens.first()? {
        Token::Num(n, 14) => (n / 1_000_000, n % 1_000_000),
        Token::Num(n, 12) => (n / 10_000, n % 10_000 * 100),
        _ => return None,
    };
    let day =
        day(date / 10_000, date / 100 % 100, date % 100).filter(|d| (1970..2200).contains(&d.year()))?;
    let clock = Clock::new(time / 10_000, time / 100 % 100, time % 100)?;
    let mut used = 1 + fraction(&tokens[1..]).map_or(0, |_| 2);
    let (zone, zone_used) = zone::read(&tokens[used..], ctx)?;
    used += zone_used;
    Some((stamp(day, Some(clock), zone, ctx)?, used))
}

/// Seconds (9 or 10 digits), milliseconds (12 or 13) or microseconds (16) since 1970; `/Date(…)/` too.
fn unix(tokens: &[Token]) -> Option<Stamp> {
    let (value, digits) = match tokens {
        [Token::Num(value, digits)] | [Token::Num(value, digits), Token::Blank] => (*value, *digits),
        // `1790508120.25`
        [Token::Num(value, digits @ 9..=10), Token::Mark('.'), Token::Num(..)] => (*value, *digits),
        // What undressing leaves of Microsoft's `/Date(1790508120000+0800)/`: the zone is for show.
        [
            Token::Num(value, 13),
            Token::Mark('+' | '-'),
            Token::Num(_, 4),
            Token::Mark(')'),
            Token::Mark('/'),
        ]
        | [Token::Num(value, 13), Token::Mark(')'), Token::Mark('/')] => (*value, 13),
        _ => return None,
    };
    let value = i64::try_from(value).ok()?;
    let seconds = match digits {
        9 | 10 => value,
        13 => value / 1000,
        16 => value / 1_000_000,
        // Twelve digits are a date if they can be one, else milliseconds before September 2001.
        12 if !(1970..2200).contains(&(value / 100_000_000)) => value / 1000,
        _ => return None,
    };
    Some(Stamp::second(Utc.timestamp_opt(seconds, 0).single()?))
}
