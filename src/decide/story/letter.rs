//! Folds characters that readers take as the same: half and full width, traditional and simplified, letter case,
//! level numerals (一级, Ⅰ级, I级). For comparing only; folded text is never shown.
//!
//! A folded character is a [`Letter`] of 16 bits: half the memory of a `char`, and offsets stay usable.

use std::sync::LazyLock;

use super::hash;

/// A folded character: its code point. Characters above U+FFFF (rare Han, emoji) share codes, see `code`.
pub(super) type Letter = u16;

/// Traditional and simplified characters in pairs. Taken from OpenCC's `TSCharacters.txt` (Apache
/// License 2.0): the rows inside the Basic Multilingual Plane, the first simplified form of each, plus
/// 衞. A character that stands for several traditional ones folds them together, which is all that
/// comparing needs.
const PAIRS: &str = include_str!("traditional.txt");

/// The block the pairs lie in, for a table that is looked up by offset.
const FIRST: u32 = 0x3400;
const LAST: u32 = 0x9FFF;

/// Simplified form by offset from `FIRST`, 0 where a character stays; 55 KB, built at first use.
static SIMPLIFIED: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let mut table = vec![0_u16; (LAST - FIRST + 1) as usize];
    let mut chars = PAIRS.chars().filter(|c| *c != '\n');
    while let (Some(from), Some(to)) = (chars.next(), chars.next()) {
        let slot = (from as u32).checked_sub(FIRST).and_then(|i| table.get_mut(i as usize));
        if let (Some(slot), Ok(to)) = (slot, u16::try_from(to as u32)) {
            *slot = to;
        }
    }
    table
});

fn simplified(c: char) -> char {
    let offset = (c as u32).wrapping_sub(FIRST);
    match SIMPLIFIED.get(offset as usize) {
        Some(&to) if to != 0 => char::from_u32(u32::from(to)).unwrap_or(c),
        _ => c,
    }
}

/// Folds one character: width, script and case. The result is one character, so offsets stay usable.
fn one(c: char) -> char {
    match c {
        'a'..='z' | '0'..='9' => c,
        'A'..='Z' => c.to_ascii_lowercase(),
        '\u{3000}' | '\u{a0}' => ' ',
        // Full-width forms mirror ASCII at a fixed distance.
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(c as u32 - 0xfee0).map_or(c, |narrow| narrow.to_ascii_lowercase())
        }
        '\u{2160}'..='\u{2168}' => digit(c as u32 - 0x2160 + 1),
        '\u{2170}'..='\u{2178}' => digit(c as u32 - 0x2170 + 1),
        '\u{2460}'..='\u{2468}' => digit(c as u32 - 0x2460 + 1),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        c if (c as u32) < 0x80 => c,
        c if (FIRST..=LAST).contains(&(c as u32)) => simplified(c),
        c => {
            let mut lower = c.to_lowercase();
            lower.next().filter(|_| lower.next().is_none()).unwrap_or(c)
        }
    }
}

fn digit(value: u32) -> char {
    char::from_digit(value, 10).unwrap_or('0')
}

/// Folds a text, at most `limit` characters of it.
pub(super) fn fold(text: &str, limit: usize) -> Vec<Letter> {
    let mut folded = Vec::with_capacity(text.len().min(limit * 3) / 2 + 1);
    for c in text.chars().take(limit).map(one) {
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
    fn the_table_has_whole_pairs_and_changes_every_character_in_it() {
        let chars: Vec<char> = PAIRS.chars().filter(|c| *c != '\n').collect();
        assert_eq!(chars.len() % 2, 0);
        for pair in chars.chunks(2) {
            assert_eq!(one(pair[0]), pair[1], "{pair:?}");
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
