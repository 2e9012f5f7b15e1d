//! What a search and the pages that show it share: the order of hits, texts with marks, the faults of a query.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The most characters of a query that are read: three lines of Chinese. The rest is not searched for.
pub const LONGEST: usize = 200;

/// The most words of a query. Each costs a list of the index.
pub const WORDS: usize = 12;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// Those that surfaced last come first, as in feeds.
    #[default]
    Time,
    Relevance,
}

/// A part of a text that is marked, or is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    pub text: String,
    /// True if a word of the query matches it.
    pub is_match: bool,
}

/// What is wrong with a query. The rest of it is searched for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    TooLong,
    TooManyWords,
    /// A quotation mark has no second one.
    OpenQuote,
    /// This part has neither letters nor digits.
    NoLetters(String),
    /// There are words to leave out, and none to find.
    OnlyWithout,
    /// The value of a parameter cannot be read, and the parameter is not used.
    Parameter {
        name: &'static str,
        value: String,
    },
    /// The last day is before the first.
    DaysReversed,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "only the first {LONGEST} characters are searched for"),
            Self::TooManyWords => write!(f, "only the first {WORDS} words are searched for"),
            Self::OpenQuote => f.write_str("a quotation mark is not closed"),
            Self::NoLetters(part) => write!(f, "{part:?} has neither letters nor digits"),
            Self::OnlyWithout => f.write_str("name at least one word to find, besides those to leave out"),
            Self::Parameter { name, value } => write!(f, "{name}: {value:?} is not known"),
            Self::DaysReversed => f.write_str("the last day is before the first"),
        }
    }
}
