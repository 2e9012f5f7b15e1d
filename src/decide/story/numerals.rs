//! Converts Chinese numerals to digits: 二十三 is 23, 二〇二六 is 2026.

use super::letter::{Letter, char_of};

/// Longer runs are no number that anybody writes out.
const LONGEST: usize = 12;

/// The length of the run of numerals that `letters` begin with.
pub(super) fn run(letters: &[Letter]) -> usize {
    letters.iter().take(LONGEST).take_while(|letter| part(char_of(**letter)).is_some()).count()
}

/// The decimal digits of a run of numerals; `None` if it is no number (十百, 万).
pub(super) fn digits(run: &[Letter]) -> Option<Vec<Letter>> {
    let parts: Vec<Part> = run.iter().filter_map(|letter| part(char_of(*letter))).collect();
    let has_units = parts.iter().any(|part| matches!(part, Part::Unit(_)));
    let text = if has_units { value(&parts)?.to_string() } else { parts.iter().map(|p| p.sign()).collect() };
    Some(text.bytes().map(Letter::from).collect())
}

#[derive(Clone, Copy)]
enum Part {
    Digit(u64),
    Unit(u64),
}

impl Part {
    /// The digit, in a number that is written digit by digit.
    fn sign(self) -> char {
        let Self::Digit(digit) = self else { return '0' };
        char::from_digit(digit as u32, 10).unwrap_or('0')
    }
}

fn part(c: char) -> Option<Part> {
    let part = match c {
        '零' | '〇' => Part::Digit(0),
        '一' => Part::Digit(1),
        '二' | '两' => Part::Digit(2),
        '三' => Part::Digit(3),
        '四' => Part::Digit(4),
        '五' => Part::Digit(5),
        '六' => Part::Digit(6),
        '七' => Part::Digit(7),
        '八' => Part::Digit(8),
        '九' => Part::Digit(9),
        '十' => Part::Unit(10),
        '百' => Part::Unit(100),
        '千' => Part::Unit(1000),
        '万' => Part::Unit(10_000),
        '亿' => Part::Unit(100_000_000),
        _ => return None,
    };
    Some(part)
}

/// 二十三 is 2 × 10 + 3; 万 and 亿 multiply all before them.
fn value(parts: &[Part]) -> Option<u64> {
    let (mut all, mut section, mut digit) = (0_u64, 0_u64, None);
    for part in parts {
        match *part {
            Part::Digit(d) => digit = Some(d),
            Part::Unit(unit) if unit < 10_000 => {
                // 十三: the one before ten is not written.
                section += digit.take().or((unit == 10).then_some(1))? * unit;
            }
            Part::Unit(unit) => {
                let before = section + digit.take().unwrap_or(0);
                all = (all + before).checked_mul(unit).filter(|all| *all > 0)?;
                section = 0;
            }
        }
    }
    Some(all + section + digit.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::story::letter::fold;

    #[test]
    fn numerals_mean_the_digits() {
        let cases = [
            ("units", "二十三次", 3, Some("23")),
            ("ten alone", "十六届", 2, Some("16")),
            ("a year", "二〇二六年", 4, Some("2026")),
            ("thousands", "一千零八十人", 5, Some("1080")),
            ("ten thousands", "三万五千元", 4, Some("35000")),
            ("one", "一号", 1, Some("1")),
            ("no number", "万众", 1, None),
            ("no numeral", "次", 0, Some("")),
        ];
        for (name, text, len, want) in cases {
            let letters = fold(text, 64);
            assert_eq!(run(&letters), len, "{name}");
            let found = digits(&letters[..len]).map(|d| d.into_iter().map(char_of).collect::<String>());
            assert_eq!(found.as_deref(), want, "{name}");
        }
    }
}
