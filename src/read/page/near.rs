//! Finds the date beside a link of a list: in its own row, before it or after it. Reads short texts only, and never
//! guesses a date.

use chrono::{NaiveDate, TimeDelta};

use crate::model::time::{Precision, Stamp};
use crate::read::date::{DateContext, find, parse};

/// The most of a block that is searched, in characters: a list's row is shorter.
const MAX_NEAR: usize = 400;

/// How far from the day in its address a date in the text beside a link may lie: what differs by more belongs
/// to something else.
const MAX_APART: TimeDelta = TimeDelta::days(31);

/// The date in one of some pieces of text near a link: one with a time of day before one without.
pub(super) fn date_in(pieces: &[String], path_day: Option<NaiveDate>, dates: &DateContext) -> Option<Stamp> {
    let context = DateContext { near: path_day, ..*dates };
    let mut found: Vec<Stamp> = Vec::new();
    let mut left = MAX_NEAR;
    for piece in pieces {
        let size = piece.chars().count();
        if size > left {
            break;
        }
        left -= size;
        found.extend(of_piece(piece, &context).filter(|stamp| is_near(stamp, piece, path_day, dates)));
    }
    let exact = found.iter().find(|stamp| stamp.precision == Precision::Second);
    exact.or(found.first()).copied()
}

/// True if a date may be the entry's. One far from the day in the address is, if it is earlier and stands alone:
/// a new content management gives old entries addresses of the day they were moved.
fn is_near(stamp: &Stamp, piece: &str, path_day: Option<NaiveDate>, dates: &DateContext) -> bool {
    const ALONE: usize = 24;
    let Some(day) = path_day else { return true };
    let said = stamp.at.with_timezone(&dates.zone).date_naive();
    let names_year = piece.contains(&said.format("%Y").to_string());
    let moved = said < day && names_year && piece.chars().count() <= ALONE && parse(piece, dates).is_some();
    moved || (said - day).abs() <= MAX_APART
}

/// A piece of text that is a date, or has one in it.
pub(super) fn of_piece(piece: &str, context: &DateContext) -> Option<Stamp> {
    // A number alone counts readers or comments; it is no year, and no Unix time either.
    if piece.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    parse(piece, context).or_else(|| find(piece, context)).or_else(|| yearless(piece, context))
}

/// `9-27 22:20` inside a text: found by its clock, since two numbers with a hyphen may be a score.
fn yearless(piece: &str, context: &DateContext) -> Option<Stamp> {
    let clock = piece.find(':')?;
    let is_part = |c: char| c.is_ascii_digit() || " -/.:月日".contains(c);
    let start = piece[..clock]
        .rfind(|c| !is_part(c))
        .map_or(0, |at| at + piece[at..].chars().next().map_or(1, char::len_utf8));
    let end = piece[clock..].find(|c| !is_part(c)).map_or(piece.len(), |at| clock + at);
    let text = piece[start..end].trim();
    text.contains(['-', '/', '.', '月']).then(|| parse(text, context))?
}
