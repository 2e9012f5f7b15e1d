//! Dates with the month as a word: RFC 822, RFC 850, asctime and what people type, in English, German,
//! Greek and Hungarian. The order of the parts is taken as found, since feeds swap them.

use super::civil::{Clock, Zone, day, full_year, stamp};
use super::lex::Token;
use super::{DateContext, numeric, zone};
use crate::core::time::Stamp;

/// Beginnings of month names, lower case; the first that fits decides, so longer ones stand first.
const MONTHS: &[(&str, u64)] = &[
    ("jan", 1),
    ("jän", 1),
    ("feb", 2),
    ("mar", 3),
    ("már", 3),
    ("mär", 3),
    ("mrz", 3),
    ("apr", 4),
    ("ápr", 4),
    ("may", 5),
    ("mai", 5),
    ("máj", 5),
    ("jun", 6),
    ("jún", 6),
    ("jul", 7),
    ("júl", 7),
    ("aug", 8),
    ("sep", 9),
    ("sze", 9),
    ("oct", 10),
    ("okt", 10),
    ("nov", 11),
    ("dec", 12),
    ("dez", 12),
    ("ιαν", 1),
    ("φεβ", 2),
    ("μάι", 5),
    ("μαι", 5),
    ("μαϊ", 5),
    ("μάρ", 3),
    ("μαρ", 3),
    ("μάώ", 3),
    ("μαώ", 3),
    ("απρ", 4),
    ("ιούν", 6),
    ("ιουν", 6),
    ("ιον", 6),
    ("ιούλ", 7),
    ("ιουλ", 7),
    ("ιολ", 7),
    ("αύγ", 8),
    ("αυγ", 8),
    ("σεπ", 9),
    ("οκτ", 10),
    ("νοέ", 11),
    ("νοε", 11),
    ("δεκ", 12),
];

/// What a month's name can go on with: `Sept`, `July`, `September`, `januárius`. Ten letters more than
/// the beginning is past the longest (`szeptember`).
const LONGEST_MONTH: usize = 12;

fn month(word: &str) -> Option<u64> {
    if word.chars().count() > LONGEST_MONTH {
        return None;
    }
    MONTHS.iter().find(|(start, _)| word.starts_with(start)).map(|(_, month)| *month)
}

#[derive(Default)]
struct Parts {
    year: Option<u64>,
    month: Option<u64>,
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
        (None, Some(d)) => super::civil::yearless(month, d, ctx)?,
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
    match &here[0] {
        Token::Num(n, digits) => number(*n, *digits, parts),
        Token::Word(word) => self::word(word, at, tokens, parts),
        Token::Blank | Token::Weekday => Some(1),
        Token::Mark(',' | '.' | '/' | '-' | '[' | ']') => Some(1),
        Token::Mark('(') => comment(here),
        // `4 oct. 2026 à`, `'04`: an apostrophe before a short year.
        Token::Mark('\'') => Some(1),
        _ => None,
    }
}

fn number(n: u64, digits: usize, parts: &mut Parts) -> Option<usize> {
    match digits {
        4 if parts.year.is_none() => parts.year = Some(n),
        1 | 2 if parts.day.is_none() => parts.day = Some(n),
        2 if parts.year.is_none() => parts.year = Some(full_year(n, 2)),
        _ => return None,
    }
    Some(1)
}

fn word(word: &str, at: usize, tokens: &[Token], parts: &mut Parts) -> Option<usize> {
    // Between a date and its time: `2004-július-13T9:15`, `4 Oct 2026 at 10:30`.
    if matches!(word, "t" | "at" | "of" | "um" | "the" | "date") {
        return Some(1);
    }
    // `4th`, `1st`, after a number.
    let after_number = at > 0 && matches!(tokens[at - 1], Token::Num(..));
    if after_number && matches!(word, "st" | "nd" | "rd" | "th") {
        return Some(1);
    }
    if parts.month.is_none()
        && let Some(found) = month(word)
    {
        // `Mar, 11 Ιούλ`: a weekday of some language that begins like a month, with a month to follow.
        let later = tokens[at + 1..].iter().any(|t| matches!(t, Token::Word(w) if month(w).is_some()));
        if !(at <= 1 && later) {
            parts.month = Some(found);
        }
        return Some(1);
    }
    // Weekdays, in any language: the first word, before any number.
    let first = tokens[..at].iter().all(|t| matches!(t, Token::Blank | Token::Mark('[' | '(')));
    (first && word.chars().count() <= LONGEST_MONTH).then_some(1)
}

/// A comment in brackets (RFC 822 section 3.4.3).
fn comment(tokens: &[Token]) -> Option<usize> {
    tokens.iter().position(|t| *t == Token::Mark(')')).map(|at| at + 1)
}
