//! Cuts a text into units: a character of a script that writes no spaces between words, or a run of letters or of
//! digits. Queries, texts that are indexed and texts that are shown are cut alike.

use std::ops::Range;

use crate::read::text::fold::fold_char;

/// The most characters of a run that count. Nobody searches for more, and an encoded image may be one run.
const RUN: usize = 40;

/// A unit of a text, with its characters folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    pub text: String,
    /// True for one character of a script without spaces between words.
    pub is_character: bool,
    /// Its position. Spaces take none; other separators between two units take one together.
    pub at: u32,
    /// Its octets in the text.
    pub octets: Range<usize>,
}

impl Unit {
    /// True if `next` continues this unit, so that the two characters are a pair.
    pub fn pairs_with(&self, next: &Self) -> bool {
        self.is_character && next.is_character && self.at + 1 == next.at
    }

    /// True for a run of letters, of which the beginning may be searched for.
    pub fn is_word(&self) -> bool {
        !self.is_character && !self.text.starts_with(|c: char| c.is_numeric())
    }
}

/// Cuts a text into its units, one after another.
pub fn units(text: &str) -> Units<'_> {
    Units { text, from: 0, at: 0, separated: false }
}

pub struct Units<'a> {
    text: &'a str,
    from: usize,
    at: u32,
    /// True if something other than a space stands before the next unit.
    separated: bool,
}

impl Iterator for Units<'_> {
    type Item = Unit;

    fn next(&mut self) -> Option<Unit> {
        while let Some(c) = self.text[self.from..].chars().next() {
            let start = self.from;
            match Kind::of(c) {
                Kind::Separator => self.separated = true,
                Kind::Space => {}
                Kind::Character => {
                    self.from += c.len_utf8();
                    return Some(self.unit(fold_char(c).to_string(), true, start));
                }
                kind @ (Kind::Letter | Kind::Digit) => {
                    let run = self.run(kind);
                    return Some(self.unit(run, false, start));
                }
            }
            self.from += c.len_utf8();
        }
        None
    }
}

impl Units<'_> {
    /// Reads a run of letters or digits. Invisible characters within it are left out.
    fn run(&mut self, kind: Kind) -> String {
        let (mut run, mut length) = (String::new(), 0);
        for c in self.text[self.from..].chars() {
            if Kind::of(c) == kind {
                length += 1;
                if length <= RUN {
                    run.push(fold_char(c));
                }
            } else if !is_invisible(c) {
                break;
            }
            self.from += c.len_utf8();
        }
        run
    }

    fn unit(&mut self, text: String, is_character: bool, start: usize) -> Unit {
        // Nothing stands before the first unit that could separate it.
        let gap = u32::from(std::mem::take(&mut self.separated) && self.at > 0);
        let at = self.at + gap;
        self.at = at + 1;
        Unit { text, is_character, at, octets: start..self.from }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Character,
    Letter,
    Digit,
    Space,
    Separator,
}

impl Kind {
    fn of(c: char) -> Self {
        match fold_char(c) {
            'a'..='z' => Self::Letter,
            c if is_unspaced(c) => Self::Character,
            c if c.is_numeric() => Self::Digit,
            c if c.is_alphanumeric() => Self::Letter,
            c if c.is_whitespace() || is_invisible(c) => Self::Space,
            _ => Self::Separator,
        }
    }
}

/// True for letters of Chinese, Japanese, Korean, Thai, Lao, Burmese and Khmer.
fn is_unspaced(c: char) -> bool {
    let in_blocks = matches!(c,
        '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}'
        | '\u{3100}'..='\u{312f}' | '\u{31a0}'..='\u{31ff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' | '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{ff66}'..='\u{ff9f}');
    in_blocks && c.is_alphanumeric()
}

/// Characters without width: a publisher breaks long words with them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &str) -> String {
        units(text).map(|unit| format!("{}@{}", unit.text, unit.at)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_text_is_cut_into_characters_and_runs() {
        let cases = [
            ("characters stand alone", "河南防汛", "河@0 南@1 防@2 汛@3"),
            ("runs of letters are one unit", "Hello World", "hello@0 world@1"),
            ("letters and digits part", "5G基站", "5@0 g@1 基@2 站@3"),
            ("a space takes no position", "漯 河　市", "漯@0 河@1 市@2"),
            ("a comma takes one", "漯河，市", "漯@0 河@1 市@3"),
            ("so do several separators together", "漯河……“市", "漯@0 河@1 市@3"),
            ("none stands before the first", "《漯河》", "漯@0 河@1"),
            ("traditional is simplified", "臺灣", "台@0 湾@1"),
            ("full width is narrow", "ＡＢ１２", "ab@0 12@1"),
            ("an invisible character is none", "re\u{ad}port 漯\u{200b}河", "report@0 漯@1 河@2"),
            ("kana and hangul stand alone", "かな한", "か@0 な@1 한@2"),
            ("Cyrillic and Arabic are runs", "Новости ئۇيغۇر", "новости@0 ئۇيغۇر@1"),
            ("a date", "2022年04月", "2022@0 年@1 04@2 月@3"),
            ("nothing", " 、。", ""),
        ];
        for (name, text, want) in cases {
            assert_eq!(cut(text), want, "{name}");
        }
    }

    #[test]
    fn a_run_is_cut_at_its_bound() {
        let long = units(&"a".repeat(1000)).next().expect("a unit");
        assert_eq!((long.text.len(), long.octets), (RUN, 0..1000));
    }

    proptest! {
        #[test]
        fn every_unit_lies_in_the_text_behind_the_one_before(text in "\\PC{0,60}") {
            let (mut end, mut at) = (0, None);
            for unit in units(&text) {
                prop_assert!(unit.octets.start >= end && !text[unit.octets.clone()].is_empty());
                prop_assert!(at.is_none_or(|at| unit.at > at) && !unit.text.is_empty());
                (end, at) = (unit.octets.end, Some(unit.at));
            }
        }
    }
}
