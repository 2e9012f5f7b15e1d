//! Dates with the month as a word: RFC 822, RFC 850, asctime and what people type, in the languages that `names` knows,
//! and with a month such as 十一月 or 11월 in their place. The order of the parts is taken as found, since feeds swap them.

use super::civil::{Clock, Zone, day, full_year, stamp};
use super::lex::{Token, Unit};
use super::{DateContext, names, numeric, zone};
use crate::model::time::Stamp;

/// The longest word taken for a weekday of a language that is not known here.
const LONGEST_WEEKDAY: usize = 12;

/// Words that stand between the parts of a date, or beside its year or time.
const FILLERS: &[&str] = &[
    "t at of the date on um den der dem vom uhr de del do da di a à as às las los le el il",
    "la alle ore h hs hrs min om op på kl klo kello dne dnia godz r roku w v ve o г год",
    "года мск р року ж в о у час ч lúc ngày năm pada pukul jam saat yil yili στις του ώρα يوم",
    "في الساعة عام سنة ساعت ב בשעה को बजे ที่ เดือน เวลา น พ ศ ค ວັນທີ ရက် လ",
];

/// Years of the Buddhist era are 543 more than ours. Thai feeds write 2569 for 2026.
const BUDDHIST_YEARS: std::ops::Range<u64> = 2500..2600;

#[derive(Default)]
struct Parts {
    year: Option<u64>,
    month: Option<u64>,
    /// True if the word for the month may be another word elsewhere.
    month_needs_year: bool,
    day: Option<u64>,
    clock: Option<Clock>,
    zone: Option<Zone>,
}

/// Reads a date whose month is a word. Every token must have a place in it.
pub(super) fn read(tokens: &[Token], ctx: &DateContext) -> Option<Stamp> {
    let mut parts = Parts::default();
    let mut at = 0;
    while at < tokens.len() {
        at += step(tokens, at, &mut parts, ctx)?;
    }
    let (month, day_of_month) = (parts.month?, parts.day);
    let day = match (parts.year, day_of_month) {
        (Some(year), Some(d)) => day(year, month, d)?,
        // `January 2004`: the first of it; with a time it would be a date with its day lost.
        (Some(year), None) if parts.clock.is_none() => day(year, month, 1)?,
        (None, Some(d)) if !parts.month_needs_year => super::civil::yearless(month, d, ctx)?,
        _ => return None,
    };
    stamp(day, parts.clock, parts.zone.unwrap_or(Zone::Source), ctx)
}

/// Takes the tokens at `at` into `parts`; how many they were.
fn step(tokens: &[Token], at: usize, parts: &mut Parts, ctx: &DateContext) -> Option<usize> {
    let here = &tokens[at..];
    if parts.clock.is_none()
        && let Some(found) = numeric::clock(here)
        && (parts.month.is_some() || matches!(here.get(1), Some(Token::Mark(':'))))
    {
        let (clock, used) = found?;
        // `1:2:3:4`
        if here.get(used) == Some(&Token::Mark(':')) {
            return None;
        }
        parts.clock = Some(clock);
        let (zone, zone_used) = zone::read(&here[used..], ctx)?;
        if zone_used > 0 {
            parts.zone = Some(zone);
        }
        return Some(used + zone_used);
    }
    // `08:30 27 Nov 2026 +0800`: the zone where nothing else is missing.
    let is_dated = parts.year.is_some() && parts.month.is_some() && parts.day.is_some();
    if is_dated && parts.clock.is_some() && parts.zone.is_none() {
        let (zone, used) = zone::read(here, ctx)?;
        if used > 0 && zone != Zone::Source {
            parts.zone = Some(zone);
            return Some(used);
        }
    }
    match here {
        [
            Token::Num(n, _),
            Token::Unit(unit @ (Unit::Year | Unit::KoreanYear | Unit::Month | Unit::Day)),
            ..,
        ] => {
            let part = match unit {
                Unit::Month => &mut parts.month,
                Unit::Day => &mut parts.day,
                _ => &mut parts.year,
            };
            part.replace(*n).is_none().then_some(2)
        }
        // `08.30`, once nothing but the time is missing.
        [Token::Num(h, 1..=2), Token::Mark('.'), Token::Num(m, 2), rest @ ..]
            if parts.year.is_some() && parts.day.is_some() && parts.clock.is_none() =>
        {
            parts.clock = Some(Clock::new(*h, *m, 0)?);
            (rest.first() != Some(&Token::Mark('.'))).then_some(3)
        }
        [Token::Num(n, digits), ..] => number(*n, *digits, parts),
        [Token::Word(word), ..] => self::word(word, at, tokens, parts),
        [Token::Blank | Token::Weekday | Token::Half(_), ..] => Some(1),
        // `4 oct. 2026 à`, `'04`: an apostrophe before a short year.
        [Token::Mark(',' | '.' | '/' | '-' | '[' | ']' | '\''), ..] => Some(1),
        [Token::Mark('('), ..] => comment(here),
        _ => None,
    }
}

fn number(n: u64, digits: usize, parts: &mut Parts) -> Option<usize> {
    match digits {
        4 if parts.year.is_none() && BUDDHIST_YEARS.contains(&n) => parts.year = Some(n - 543),
        4 if parts.year.is_none() => parts.year = Some(n),
        1 | 2 if parts.day.is_none() => parts.day = Some(n),
        2 if parts.year.is_none() => parts.year = Some(full_year(n)),
        _ => return None,
    }
    Some(1)
}

fn word(word: &str, at: usize, tokens: &[Token], parts: &mut Parts) -> Option<usize> {
    // `4th`, `1er`, after a number.
    let after_number = at > 0 && matches!(tokens[at - 1], Token::Num(..));
    if after_number && matches!(word, "st" | "nd" | "rd" | "th" | "er" | "re" | "e" | "º" | "ª" | "°" | "го")
    {
        return Some(1);
    }
    if parts.month.is_none()
        && let Some((found, used)) = month(&tokens[at..], parts)
    {
        // `Mar, 11 Ιούλ`: a weekday of some language that begins like a month, with a month to follow.
        let later = || (at + used..tokens.len()).any(|at| names_month(&tokens[at..]));
        if !(at <= 1 && later()) {
            parts.month = Some(found);
            parts.month_needs_year = !names::is_plain_month(word);
        }
        return Some(used);
    }
    if let Some(used) = numbered_weekday(&tokens[at..]) {
        return Some(used);
    }
    if is_filler(word) || names::is_weekday(word) {
        return Some(1);
    }
    // Weekdays, in any language: the first word, before any number. In some languages they are two words.
    let before = &tokens[..at];
    let is_first = before.iter().all(|t| matches!(t, Token::Blank | Token::Mark('[' | '(')));
    let is_second = !word.is_ascii() && before.iter().all(|t| matches!(t, Token::Blank | Token::Word(_)));
    ((is_first || is_second) && word.chars().count() <= LONGEST_WEEKDAY).then_some(1)
}

fn is_filler(word: &str) -> bool {
    FILLERS.iter().flat_map(|fillers| fillers.split(' ')).any(|filler| filler == word)
}

/// The month that the words at the head name, and how many tokens they are.
fn month(tokens: &[Token], parts: &Parts) -> Option<(u64, usize)> {
    // `tháng 11`, `thg 11`: Vietnamese numbers its months.
    if let [Token::Word(word), Token::Blank, Token::Num(n @ 1..=12, 1..=2), ..] = tokens
        && matches!(word.as_str(), "tháng" | "thg" | "thang")
        && parts.month.is_none()
    {
        return Some((*n, 3));
    }
    // Names of two or three words, and of letters with dots: `تشرين الثاني`, `พ.ย.`. A name of one word goes first.
    let mut joined = String::new();
    let mut found = None;
    let mut words = 0;
    for (at, token) in tokens.iter().enumerate().take(5) {
        match token {
            Token::Word(word) => joined.push_str(word),
            Token::Blank | Token::Mark('.') => continue,
            _ => break,
        }
        words += 1;
        found = names::month(&joined).map(|month| (month, at + 1)).or(found);
        if words == 1 && (found.is_some() || joined.is_ascii()) {
            break;
        }
    }
    found
}

/// True if the head names a month: a word for one, or a number with the word behind it.
fn names_month(tokens: &[Token]) -> bool {
    match tokens {
        [Token::Word(word), ..] => names::month(word).is_some(),
        [Token::Num(..), Token::Unit(Unit::Month), ..] => true,
        _ => false,
    }
}

/// `Th 6`, `Thứ 6`: Vietnamese numbers its weekdays, from 2 for Monday.
fn numbered_weekday(tokens: &[Token]) -> Option<usize> {
    match tokens {
        [Token::Word(word), Token::Blank, Token::Num(2..=8, 1), ..]
            if matches!(word.as_str(), "th" | "thứ") =>
        {
            Some(3)
        }
        _ => None,
    }
}

/// A comment in brackets (RFC 822 section 3.4.3).
fn comment(tokens: &[Token]) -> Option<usize> {
    tokens.iter().position(|t| *t == Token::Mark(')')).map(|at| at + 1)
}
