//! Folds characters that readers take as the same: half and full width, traditional and simplified, letter case,
//! level numerals (一级, Ⅰ级, I级). For comparing only; folded text is never shown.
//!
//! A folded character is a [`Letter`] of 16 bits: half the memory of a `char`, and offsets stay usable.

use super::hash;
use crate::read::text::fold::fold_char;

/// A folded character: its code point. Characters above U+FFFF (rare Han, emoji) share codes, see `code`.
pub(super) type Letter = u16;

fn digit(value: u32) -> char {
    char::from_digit(value, 10).unwrap_or('0')
}

/// Folds a text, at most `limit` characters of it.
pub(super) fn fold(text: &str, limit: usize) -> Vec<Letter> {
    let mut folded = Vec::with_capacity(text.len().min(limit * 3) / 2 + 1);
    for c in text.chars().take(limit).map(fold_char) {
        if c == '级' {
            fold_level(&mut folded);
        }
        folded.push(code(c));
    }
    folded
}

/// The code of a character. A letter above U+FFFF becomes a Hangul syllable, one of 11,172, and any other
/// such character a private one, which is no letter either.
pub(super) fn code(c: char) -> Letter {
    const HANGUL: (u64, u64) = (0xac00, 11_172);
    match u16::try_from(c as u32) {
        Ok(code) => code,
        Err(_) if c.is_alphanumeric() => (HANGUL.0 + hash::mix(c as u64) % HANGUL.1) as u16,
        Err(_) => 0xe000,
    }
}

pub(super) fn char_of(letter: Letter) -> char {
    char::from_u32(u32::from(letter)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// True if the letter belongs to a word or number.
pub(super) fn is_alphanumeric(letter: Letter) -> bool {
    // Nearly all letters are Han; the tables of the standard library are slower than this range.
    matches!(letter, 0x4e00..=0x9fff) || char_of(letter).is_alphanumeric()
}

pub(super) fn is_digit(letter: &Letter) -> bool {
    (0x30..=0x39).contains(letter)
}

/// True if the letters spell `text`, which is folded already.
pub(super) fn spell(letters: &[Letter], text: &str) -> bool {
    letters.iter().copied().eq(text.chars().map(code))
}

/// Turns the level just before 级 into a digit: outlets write 一级, Ⅰ级 and I级 for the same thing.
fn fold_level(folded: &mut Vec<Letter>) {
    const CHINESE: [char; 5] = ['一', '二', '三', '四', '五'];
    const LATIN: [(&str, char); 5] = [("iii", '3'), ("ii", '2'), ("iv", '4'), ("i", '1'), ("v", '5')];
    if let Some(last) = folded.last_mut()
        && let Some(at) = CHINESE.iter().position(|c| code(*c) == *last)
    {
        *last = code(digit(at as u32 + 1));
        return;
    }
    for (letters, level) in LATIN {
        let Some(start) = folded.len().checked_sub(letters.len()) else { continue };
        let inside_word = start > 0 && char_of(folded[start - 1]).is_ascii_alphabetic();
        if spell(&folded[start..], letters) && !inside_word {
            folded.truncate(start);
            folded.push(code(level));
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        fold(text, 100).into_iter().map(char_of).collect()
    }

    #[test]
    fn spellings_of_one_thing_fold_together() {
        let cases = [
            ("full width is half width", "ＡＢＣ１２３（４）", "abc123(4)"),
            ("traditional is simplified", "臺灣與廣東裡應外合", "台湾与广东里应外合"),
            ("the level of a response in Chinese", "启动一级响应", "启动1级响应"),
            ("as a Roman numeral sign", "启动Ⅰ级响应", "启动1级响应"),
            ("as Latin letters", "启动II级响应", "启动2级响应"),
            ("but not the end of a word", "wifi级", "wifi级"),
            ("一 elsewhere stays", "一带一路", "一带一路"),
        ];
        for (name, text, want) in cases {
            assert_eq!(folded(text), want, "{name}");
        }
    }

    #[test]
    fn characters_of_other_planes_stay_letters_or_stay_none() {
        let folded = fold("𠀀𠀁😀", 3);
        assert!(is_alphanumeric(folded[0]) && is_alphanumeric(folded[1]) && folded[0] != folded[1]);
        assert!(!is_alphanumeric(folded[2]));
    }

    #[test]
    fn folding_stops_at_the_limit() {
        assert_eq!(fold(&"字".repeat(50), 7).len(), 7);
    }
}
