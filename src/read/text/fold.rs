//! Folds characters that readers take as the same: half and full width, traditional and simplified, letter case, a
//! numeral in a circle and its digit. For comparing and searching only: folded text is never shown. One character
//! becomes one character, so that offsets stay usable.

use std::sync::LazyLock;

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

/// Folds one character: width, script and case.
#[must_use]
pub fn fold_char(c: char) -> char {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_whole_pairs_and_changes_every_character_in_it() {
        let chars: Vec<char> = PAIRS.chars().filter(|c| *c != '\n').collect();
        assert_eq!(chars.len() % 2, 0);
        for pair in chars.chunks(2) {
            assert_eq!(fold_char(pair[0]), pair[1], "{pair:?}");
        }
    }
}
