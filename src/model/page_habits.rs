//! The traits of a source's last article pages: what nearly all of them share is the site's and not an article's. Says
//! since when pages lack what those before them had. Keeps hashes and the ends of titles, no text of an article.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::model::time::Time;

/// Pages that are remembered. With [`PageHabits::shares`] a site that was rebuilt is unlearned after three pages and
/// learned after six. They are written to the store with each poll, in at most 4 KB.
pub const PAGES: usize = 8;

/// A trait of fewer pages is a coincidence.
const FEW: usize = 3;

/// The newest pages, of which all lines are remembered. Of older ones only the lines that another page has too.
const WHOLE: usize = 3;

/// The most characters of a title's end that are remembered: the longest suffixes of sites have some thirty.
const MAX_TITLE_END: usize = 40;

/// The fewest letters that a title has without its suffix.
const MIN_TITLE: usize = 4;

/// Marks that stand between a title and the name of the site.
const MARKS: &[char] = &['_', '|', '｜', '-', '–', '—', '·', '•', '~', '～', '〜', '«', '»', '‹', '›'];

/// One article page: what other pages of its source may share. Texts and places are hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageTraits {
    /// The end of `<title>`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title_end: String,
    /// Its `h1`, `<title>` and `og:title`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headings: Vec<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<u32>,
    /// The first and last lines of prose in its body, and outside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<u32>,
    /// The text of its body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<u32>,
    /// The place of its body; `None` if it has none. The same for time and outlet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlet: Option<u32>,
}

/// What a page lacks that nearly all before it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lack {
    Body,
    Date,
    /// Its body and its time stand at other places.
    Places,
}

impl Lack {
    /// As logs and tables show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Body => "no body",
            Self::Date => "no date",
            Self::Places => "body and date at other places",
        }
    }
}

/// That pages lack something, until one has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Odd {
    pub since: Time,
    pub lack: Lack,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageHabits {
    /// The last pages with a body, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    last: Vec<PageTraits>,
    /// Whether each of the last pages had a body, and whether it had a date: also of pages without a body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    had: Vec<(bool, bool)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    odd: Option<Odd>,
}

impl PageTraits {
    pub fn title_end(title: &str) -> String {
        let from = title.char_indices().rev().nth(MAX_TITLE_END - 1).map_or(0, |(at, _)| at);
        title[from..].to_owned()
    }
}

impl PageHabits {
    /// True before the first page with a body: then nothing was learned.
    pub fn is_none(&self) -> bool {
        self.last.is_empty()
    }

    /// That the last page lacks what those before it had.
    pub fn odd(&self) -> Option<Odd> {
        self.odd
    }

    /// Takes in a page that was read at a time. Returns what it lacks. A page without a body teaches nothing else: it may
    /// be an error, a wall or all script.
    pub fn note(&mut self, at: Time, page: &PageTraits) -> Option<Lack> {
        let stays = |odd: &Odd| match odd.lack {
            Lack::Body => page.body.is_none(),
            Lack::Date => page.time.is_none(),
            Lack::Places => false,
        };
        let lack = self.lack(page).or_else(|| self.odd.filter(stays).map(|odd| odd.lack));
        self.odd = lack.map(|lack| Odd { since: self.odd.map_or(at, |odd| odd.since), lack });
        // The same article again, or under another address, teaches nothing.
        if page.text.is_some() && self.last.iter().any(|known| known.text == page.text) {
            return lack;
        }
        push(&mut self.had, (page.body.is_some(), page.time.is_some()));
        if page.body.is_some() {
            push(&mut self.last, page.clone());
            self.forget_lines();
        }
        lack
    }

    /// True if at least three, and three of four, of the last pages with a body have a trait.
    pub fn shares(&self, has: impl Fn(&PageTraits) -> bool) -> bool {
        are_most(&self.last, has)
    }

    /// The place of something on nearly all of the last pages.
    pub fn place(&self, of: impl Fn(&PageTraits) -> Option<u32>) -> Option<u32> {
        let mut places = self.last.iter().filter_map(&of);
        places.find(|place| self.shares(|page| of(page) == Some(*place)))
    }

    /// A title without the end that the titles of the last pages have too, from a mark on. What is left says no less than
    /// the end: the end of `11月30日 - 早间天气预报` is the title.
    pub fn without_suffix<'a>(&self, title: &'a str) -> &'a str {
        let fits = |at: &usize| {
            let (head, tail) = title.split_at(*at);
            is_mark(head, tail)
                && letters(tail) > 0
                && letters(head) >= letters(tail).max(MIN_TITLE)
                && self.shares(|page| page.title_end.ends_with(tail))
        };
        let mut starts = title.char_indices().map(|(at, _)| at);
        starts.find(fits).map_or(title, |at| title[..at].trim_end())
    }

    fn lack(&self, page: &PageTraits) -> Option<Lack> {
        if page.body.is_none() && are_most(&self.had, |(body, _)| *body) {
            return Some(Lack::Body);
        }
        if page.time.is_none() && are_most(&self.had, |(_, date)| *date) {
            return Some(Lack::Date);
        }
        let is_elsewhere = |of: fn(&PageTraits) -> Option<u32>| {
            self.place(of).is_some_and(|place| of(page).is_some_and(|own| own != place))
        };
        (is_elsewhere(|page| page.body) && is_elsewhere(|page| page.time)).then_some(Lack::Places)
    }

    /// Drops the lines of older pages that no other page has: they are an article's.
    fn forget_lines(&mut self) {
        let mut counts: HashMap<u32, usize> = HashMap::new();
        for line in self.last.iter().flat_map(|page| &page.lines) {
            *counts.entry(*line).or_default() += 1;
        }
        let older = self.last.len().saturating_sub(WHOLE);
        for page in &mut self.last[..older] {
            page.lines.retain(|line| counts[line] > 1);
        }
    }
}

/// Adds what is newest, and drops what is older than the last pages.
fn push<T>(last: &mut Vec<T>, newest: T) {
    last.push(newest);
    last.drain(..last.len().saturating_sub(PAGES));
}

fn are_most<T>(of: &[T], has: impl Fn(&T) -> bool) -> bool {
    let having = of.iter().filter(|one| has(one)).count();
    having >= FEW && having * 4 >= of.len() * 3
}

/// True if the end of a title begins with a mark: no hyphen in a word, and a colon only between blanks.
fn is_mark(head: &str, tail: &str) -> bool {
    if let Some(rest) = tail.strip_prefix(':') {
        return head.ends_with(char::is_whitespace) && rest.starts_with(char::is_whitespace);
    }
    let rest = tail.trim_start_matches(MARKS);
    let is_word = |c: char| c.is_ascii_alphanumeric();
    rest.len() < tail.len()
        && !(head.ends_with(is_word) && rest.starts_with(is_word) && tail.starts_with(['-', '–', '—']))
}

/// The letters of a text, without those of a date.
fn letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphabetic() && !matches!(c, '年' | '月' | '日' | '号')).count()
}

#[cfg(test)]
mod tests;
