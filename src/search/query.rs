//! What a reader typed, as words to search for: `漯河 防汛 "启动应急" -演练 title:暴雨`. Every text is a query; what is wrong
//! with one is said as faults, and the rest of it is searched for.

use std::ops::Range;

use super::tokens::{Unit, units};
use crate::model::search::{Fault, LONGEST, WORDS};

/// The most units of all words together: each costs a part of the index, at worst milliseconds.
pub const UNITS: usize = 64;

/// Letters that the beginning of a word must have to stand for all words that begin so: fewer stand for thousands.
const BEGINNING: usize = 2;

const TITLE: &str = "title:";

/// The quotation marks that open a phrase, and those that close it.
const QUOTES: [(char, char); 5] = [('"', '"'), ('“', '”'), ('＂', '＂'), ('「', '」'), ('«', '»')];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// All of them must match.
    pub words: Vec<Word>,
    /// The words that must not match.
    pub without: Vec<Word>,
    pub faults: Vec<Fault>,
}

/// A word or phrase: units that stand one behind the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As it was typed, without its signs.
    pub text: String,
    /// Not empty. Their positions are those of the phrase.
    pub units: Vec<Unit>,
    pub in_title: bool,
    /// True if it stands for every word that begins so.
    pub is_beginning: bool,
}

impl Query {
    pub fn parse(text: &str) -> Self {
        let mut parser = Parser::default();
        let mut rest = text;
        if let Some((end, _)) = text.char_indices().nth(LONGEST) {
            rest = &text[..end];
            parser.fault(Fault::TooLong);
        }
        while let Some(start) = rest.find(|c: char| !c.is_whitespace()) {
            rest = parser.part(&rest[start..]);
        }
        let mut query = parser.query;
        if query.words.is_empty() && !query.without.is_empty() {
            query.faults.push(Fault::OnlyWithout);
        }
        query
    }

    /// True if there is nothing to search for.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// True if an entry of these texts is found. An index may find more, if a word has a separator in it.
    pub fn matches(&self, title: &str, body: &str) -> bool {
        let title: Vec<Unit> = units(title).collect();
        let body: Vec<Unit> = units(body).collect();
        let is_in = |word: &Word| word.is_in(&title) || (!word.in_title && word.is_in(&body));
        !self.is_empty() && self.words.iter().all(is_in) && !self.without.iter().any(is_in)
    }

    /// The octets of a text that match a word, in order and without overlaps.
    pub fn matched(&self, text: &str, is_title: bool) -> Vec<Range<usize>> {
        let units: Vec<Unit> = units(text).collect();
        let words = self.words.iter().filter(|word| is_title || !word.in_title);
        let mut found: Vec<Range<usize>> = words.flat_map(|word| word.places(&units)).collect();
        found.sort_unstable_by_key(|range| (range.start, range.end));
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(found.len());
        for range in found {
            match merged.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        merged
    }
}

impl Word {
    /// True if no separator stands between its units.
    pub fn is_unbroken(&self) -> bool {
        self.units.is_sorted_by(|one, next| one.at + 1 == next.at)
    }

    fn is_in(&self, units: &[Unit]) -> bool {
        (0..units.len()).any(|n| self.stands_at(&units[n..]))
    }

    /// The octets of the places where it stands.
    fn places(&self, units: &[Unit]) -> Vec<Range<usize>> {
        let starts = (0..units.len()).filter(|n| self.stands_at(&units[*n..]));
        starts.map(|n| units[n].octets.start..units[n + self.units.len() - 1].octets.end).collect()
    }

    fn stands_at(&self, units: &[Unit]) -> bool {
        if units.len() < self.units.len() {
            return false;
        }
        let (first, own) = (units[0].at, self.units[0].at);
        self.units.iter().zip(units).all(|(own_unit, unit)| {
            let same = if self.is_beginning {
                !unit.is_character && unit.text.starts_with(&own_unit.text)
            } else {
                unit.text == own_unit.text
            };
            same && unit.at - first == own_unit.at - own
        })
    }
}

#[derive(Default)]
struct Parser {
    query: Query,
    units: usize,
}

impl Parser {
    fn fault(&mut self, fault: Fault) {
        if !self.query.faults.contains(&fault) {
            self.query.faults.push(fault);
        }
    }

    /// Reads the part that the text begins with, and returns the text behind it.
    fn part<'t>(&mut self, text: &'t str) -> &'t str {
        // A minus by itself is a dash.
        let is_word = |rest: &&str| rest.starts_with(|c: char| !c.is_whitespace());
        let behind_minus = text.strip_prefix(['-', '－', '−']).filter(is_word);
        let (is_without, rest) = behind_minus.map_or((false, text), |rest| (true, rest));
        let (in_title, rest) = match behind_title(rest) {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let (said, is_quoted, behind) = self.said(rest);
        let mut units: Vec<Unit> = units(said).collect();
        if units.is_empty() {
            self.fault(Fault::NoLetters(text[..text.len() - behind.len()].trim().to_owned()));
            return behind;
        }
        let words = self.query.words.len() + self.query.without.len();
        if words >= WORDS || self.units >= UNITS {
            self.fault(Fault::TooManyWords);
            return behind;
        }
        if self.units + units.len() > UNITS {
            units.truncate(UNITS - self.units);
            self.fault(Fault::TooManyWords);
        }
        self.units += units.len();
        let is_beginning = !is_quoted
            && units.len() == 1
            && units[0].is_word()
            && units[0].text.chars().nth(BEGINNING - 1).is_some();
        let word = Word { text: said.to_owned(), units, in_title, is_beginning };
        let list = if is_without { &mut self.query.without } else { &mut self.query.words };
        if !list.contains(&word) {
            list.push(word);
        }
        behind
    }

    /// A phrase in quotation marks or a word up to the next space; true for a phrase; and the text behind it.
    fn said<'t>(&mut self, text: &'t str) -> (&'t str, bool, &'t str) {
        let open = text.chars().next().unwrap_or(' ');
        if let Some((_, close)) = QUOTES.iter().find(|(mark, _)| *mark == open) {
            let inner = &text[open.len_utf8()..];
            if let Some(end) = inner.find(*close) {
                return (&inner[..end], true, &inner[end + close.len_utf8()..]);
            }
            self.fault(Fault::OpenQuote);
            return (inner, true, "");
        }
        let is_end = |c: char| c.is_whitespace() || QUOTES.iter().any(|(mark, _)| *mark == c);
        let end = text.char_indices().skip(1).find(|(_, c)| is_end(*c)).map_or(text.len(), |(at, _)| at);
        (&text[..end], false, &text[end..])
    }
}

/// The text behind `title:` or `标题：`, unless nothing follows.
fn behind_title(text: &str) -> Option<&str> {
    let lower = text.get(..TITLE.len()).filter(|head| head.eq_ignore_ascii_case(TITLE));
    let rest = match lower {
        Some(_) => &text[TITLE.len()..],
        None => text.strip_prefix("标题:").or_else(|| text.strip_prefix("标题："))?,
    };
    (!rest.is_empty() && !rest.starts_with(char::is_whitespace)).then_some(rest)
}

#[cfg(test)]
mod tests;
