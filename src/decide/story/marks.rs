//! The marks that distinguish two titles of one form: their numbers, in any script, and the text in brackets.
//! Normalising does not remove them.

use super::letter::{self, Letter, char_of, is_alphanumeric, is_digit};
use super::title::is_mark;
use super::{hash, numerals};

/// Characters of a title that are read.
const READ: usize = 200;
/// Marks of each kind that are kept; no title has more.
const KEPT: usize = 12;
/// A longer bracket is a sentence of the title, whose letters are compared.
const BRACKET: usize = 24;
/// A single numeral counts before these (一号, 三期); else it is a word (一律, 三农).
const COUNTED: &str = "届次期号级版季轮批篇章集辑场部";

/// Appends the marks of a title to the words of a sketch: how many there are of each kind, then their hashes.
pub(super) fn write(title: &str, words: &mut Vec<u16>) {
    let chars = letter::fold(title, READ);
    let at = words.len();
    words.push(0);
    let numbers = push(words, numbers(&chars));
    let brackets = push(words, brackets(&chars));
    words[at] = ((numbers << 8) | brackets) as u16;
}

fn push(words: &mut Vec<u16>, hashes: impl Iterator<Item = u16>) -> usize {
    let from = words.len();
    for hash in hashes {
        if !words[from..].contains(&hash) && words.len() - from < KEPT {
            words.push(hash);
        }
    }
    words[from..].sort_unstable();
    words.len() - from
}

/// Hashes of the numbers, a number in numerals as one in digits.
fn numbers(chars: &[Letter]) -> impl Iterator<Item = u16> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < chars.len() {
            let rest = &chars[at..];
            let of_digits = rest.iter().take_while(|c| is_digit(c)).count();
            let of_numerals = numerals::run(rest);
            let before = at.checked_sub(1).map(|before| char_of(chars[before]));
            at += of_digits.max(of_numerals).max(1);
            if of_digits > 0 {
                return Some(short(hash::of_letters(&rest[..of_digits])));
            }
            let next = rest.get(of_numerals).map(|c| char_of(*c));
            let counts = of_numerals > 1
                || of_numerals == 1 && (before == Some('第') || next.is_some_and(|c| COUNTED.contains(c)));
            if counts && let Some(digits) = numerals::digits(&rest[..of_numerals]) {
                return Some(short(hash::of_letters(&digits)));
            }
        }
        None
    })
}

/// Hashes of what stands in brackets, but for marks like `(图)`.
fn brackets(chars: &[Letter]) -> impl Iterator<Item = u16> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < chars.len() {
            let open = at;
            at += 1;
            let Some(close) = closing(char_of(chars[open])) else { continue };
            let inner = &chars[open + 1..];
            let end = inner.iter().take(BRACKET).position(|c| char_of(*c) == close);
            let Some(inner) = end.map(|end| &inner[..end]).filter(|inner| !is_mark(inner)) else { continue };
            let letters: Vec<Letter> = inner.iter().copied().filter(|c| is_alphanumeric(*c)).collect();
            return Some(short(hash::of_letters(&letters)));
        }
        None
    })
}

fn closing(open: char) -> Option<char> {
    match open {
        '(' => Some(')'),
        '[' => Some(']'),
        '【' => Some('】'),
        '〔' => Some('〕'),
        _ => None,
    }
}

fn short(hash: u64) -> u16 {
    (hash >> 48) as u16
}

/// The marks of a title, as the words of a sketch have them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Marks<'a> {
    numbers: &'a [u16],
    brackets: &'a [u16],
}

impl<'a> Marks<'a> {
    pub(super) fn new(words: &'a [u16]) -> Self {
        let (counts, rest) = words.split_first().map_or((0, words), |(counts, rest)| (*counts, rest));
        let (numbers, rest) = rest.split_at(usize::from(counts >> 8).min(rest.len()));
        Self { numbers, brackets: &rest[..usize::from(counts & 0xff).min(rest.len())] }
    }

    /// True if one says nothing that the other does not: a headline may leave a number out.
    pub(super) fn agree(self, other: Self) -> bool {
        within(self.numbers, other.numbers) && within(self.brackets, other.brackets)
    }
}

fn within(a: &[u16], b: &[u16]) -> bool {
    let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    few.iter().all(|mark| many.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_in_a_form_is_seen_and_what_outlets_hang_on_a_title_is_not() {
        let cases = [
            ("a number in another script", "第23次会议", "第二十三次会议", true, true),
            ("another number in numerals", "第二十三次会议", "第二十四次会议", false, false),
            ("a part in brackets", "典型案例（三）", "典型案例（四）", false, false),
            ("a part that one leaves out", "典型案例（第三批）", "典型案例", false, true),
            ("a picture mark", "大桥合龙（图）", "大桥合龙", true, true),
            ("a label", "【快讯】大桥合龙", "大桥合龙", true, true),
            ("a single numeral that is a word", "一律免费", "两地免费", true, true),
            ("a single numeral that counts", "三期工程", "二期工程", false, false),
            ("no marks", "大桥合龙", "大桥通车", true, true),
        ];
        for (name, a, b, equal, agree) in cases {
            let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
            write(a, &mut of_a);
            write(b, &mut of_b);
            let (a, b) = (Marks::new(&of_a), Marks::new(&of_b));
            assert_eq!((a == b, a.agree(b), b.agree(a)), (equal, agree, agree), "{name}");
        }
        assert!(Marks::new(&[]) == Marks::new(&[0]) && Marks::new(&[0x0909, 1]).agree(Marks::new(&[])));
    }
}
