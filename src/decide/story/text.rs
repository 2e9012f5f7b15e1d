//! The text of an entry in the form used for comparing: the letters of its head, its clauses, numbers and days.

use super::letter::{self, Letter, char_of, is_alphanumeric, is_digit};
use super::{hash, numerals};

/// Characters read of each field. The head tells the news; what follows is background that outlets cut
/// at will, and the bound keeps the cost of an entry flat.
const READ: usize = 1200;
/// Letters kept of each field.
const KEPT: usize = 600;
/// A dateline ends within this many characters.
const DATELINE: usize = 45;
/// Shorter clauses (`病情稳定`, `截至目前`) stand in any text. In bytes, which weighs a Chinese character
/// as three letters: nine of them, or four or five words of English.
const CLAUSE_BYTES: usize = 27;
/// Letters within which a day is the day the news is about, not a day it recalls.
const HEAD: usize = 80;

/// A day of a month, as far as the text says it; month 0 is "not said".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day {
    pub(super) month: u8,
    pub(super) day: u8,
}

impl Day {
    /// True if both may be the same day.
    pub(super) fn agrees(self, other: Self) -> bool {
        self.day == other.day && (self.month == other.month || self.month == 0 || other.month == 0)
    }
}

/// The text of one field, as it is compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    /// Letters and digits, in order.
    pub(super) letters: Vec<Letter>,
    /// The ends of the clauses in `letters`, in order.
    ends: Vec<usize>,
    pub(super) numbers: Vec<u64>,
    /// Days named near the start.
    pub(super) days: Vec<Day>,
}

impl Reading {
    pub(super) fn of(text: &str) -> Self {
        let folded = letter::fold(text, READ);
        let chars = without_dateline(&folded);
        let mut reading = Self { letters: Vec::with_capacity(chars.len()), ..Self::default() };
        let mut at = 0;
        while at < chars.len() && reading.letters.len() < KEPT {
            at += reading.take(chars, at);
        }
        reading.end_clause();
        reading
    }

    /// Takes the run that starts at `at` and returns its length in characters.
    fn take(&mut self, chars: &[Letter], at: usize) -> usize {
        let letter = chars[at];
        if is_digit(&letter) {
            return self.take_number(chars, at);
        }
        if is_alphanumeric(letter) {
            return self.take_word(chars, at);
        }
        if ends_clause(char_of(letter)) {
            self.end_clause();
        }
        1
    }

    /// Takes a letter, or a number in numerals: 二十三, and 三 in 第三.
    fn take_word(&mut self, chars: &[Letter], at: usize) -> usize {
        let run = numerals::run(&chars[at..]);
        let counts = run > 1 || run == 1 && at > 0 && char_of(chars[at - 1]) == '第';
        if counts && let Some(digits) = numerals::digits(&chars[at..at + run]) {
            self.numbers.push(hash::of_letters(&digits));
        }
        let taken = run.max(1);
        self.letters.extend(&chars[at..at + taken]);
        taken
    }

    fn take_number(&mut self, chars: &[Letter], at: usize) -> usize {
        let start = self.letters.len();
        let mut end = at;
        while let Some(letter) = chars.get(end) {
            let digit_follows = chars.get(end + 1).is_some_and(is_digit);
            let digits = self.letters.len() - start;
            match char_of(*letter) {
                '0'..='9' => self.letters.push(*letter),
                '.' if digit_follows => self.letters.push(*letter),
                ',' if digits <= 3 && three_digits(&chars[end + 1..]) => {}
                _ => break,
            }
            end += 1;
        }
        let number = &self.letters[start..];
        let day = if start <= HEAD { day(number, chars, at, end) } else { None };
        if let Some(day) = day.filter(|day| !self.days.contains(day)) {
            self.days.push(day);
        }
        self.numbers.push(hash::of_letters(number));
        end - at
    }

    fn end_clause(&mut self) {
        if self.ends.last() != Some(&self.letters.len()) {
            self.ends.push(self.letters.len());
        }
    }

    /// Hashes of the runs of three letters.
    pub(super) fn grams(&self) -> impl Iterator<Item = u64> {
        self.letters.windows(3).map(|w| hash::of_gram(w[0], w[1], w[2]))
    }

    /// Hashes of the clauses that are long enough to be told apart, in order.
    pub(super) fn clauses(&self) -> impl Iterator<Item = u64> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(self.ends.iter().copied())
            .map(|(start, end)| &self.letters[start..end])
            .filter(|clause| clause.iter().map(|c| char_of(*c).len_utf8()).sum::<usize>() >= CLAUSE_BYTES)
            .map(hash::of_letters)
    }
}

fn ends_clause(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '“' | '”' | '"' | '\'' | '#' | '《' | '》' | '-')
}

/// The day that a number between `at` and `end` names: `25日`, with the month before it where it stands
/// there.
fn day(number: &[Letter], chars: &[Letter], at: usize, end: usize) -> Option<Day> {
    let solid = |letter: &&Letter| !char_of(**letter).is_whitespace();
    let unit = chars[end..].iter().find(solid).map(|letter| char_of(*letter));
    if !matches!(unit, Some('日' | '号')) {
        return None;
    }
    let day = small(number).filter(|day| (1..=31).contains(day))?;
    let mut before = chars[..at].iter().rev().filter(solid);
    let month = match (before.next(), before.next(), before.next()) {
        (Some(unit), Some(units), tens) if char_of(*unit) == '月' => match tens {
            Some(tens) if is_digit(tens) => small(&[*tens, *units]),
            _ => small(&[*units]),
        },
        _ => None,
    };
    Some(Day { month: month.filter(|month| (1..=12).contains(month)).unwrap_or(0), day })
}

fn three_digits(chars: &[Letter]) -> bool {
    chars.len() >= 3 && chars[..3].iter().all(is_digit) && !chars.get(3).is_some_and(is_digit)
}

/// A number of one or two digits, or of more with zeros before them.
fn small(digits: &[Letter]) -> Option<u8> {
    digits.iter().try_fold(0_u8, |value, digit| {
        let digit = u8::try_from(char_of(*digit).to_digit(10)?).ok()?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// Cuts `中新社泉州4月18日电 (记者 …)` off the front: every outlet writes its own.
fn without_dateline(chars: &[Letter]) -> &[Letter] {
    let is = |at: usize, any: &[char]| any.contains(&char_of(chars[at]));
    let ends = |at: &usize| is(*at, &['电', '讯']) && is(at - 1, &['日', '报', '网', '社']);
    let Some(end) = (2..chars.len().min(DATELINE)).find(ends).map(|at| at + 1) else { return chars };
    let solid = |letter: &Letter| !char_of(*letter).is_whitespace();
    let after = chars[end..].iter().position(solid).map_or(end, |skip| end + skip);
    if chars.get(after).map(|letter| char_of(*letter)) != Some('(') {
        return &chars[after..];
    }
    match chars[after..].iter().take(DATELINE).position(|letter| char_of(*letter) == ')') {
        Some(close) => &chars[after + close + 1..],
        None => &chars[after..],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(text: &str) -> String {
        Reading::of(text).letters.into_iter().map(char_of).collect()
    }

    #[test]
    fn datelines_are_cut_and_nothing_else() {
        let cases = [
            (
                "agency, city, day and reporter",
                "\n　　山河社青川4月18日电 (记者 甲乙)大桥今天通车",
                "大桥今天通车",
            ),
            ("a paper's own", "本报讯（记者甲）大桥今天通车", "大桥今天通车"),
            ("electricity is not a dateline", "全市今日用电负荷创新高", "全市今日用电负荷创新高"),
        ];
        for (name, text, want) in cases {
            assert_eq!(letters(text), want, "{name}");
        }
    }

    #[test]
    fn numbers_are_read_whole() {
        let read = |t: &str| Reading::of(t).numbers;
        assert_eq!(read("共1,395例，占9.5%"), read("1395 9.5"));
        assert_eq!(read("12,3456").len(), 2, "not a thousands group");
    }

    #[test]
    fn days_near_the_start_are_read_with_their_month() {
        let day = |month, day| Day { month, day };
        assert_eq!(Reading::of("2020年2月16日12—24时").days, [day(2, 16)]);
        assert_eq!(Reading::of("12月 3 日至5日").days, [day(12, 3), day(0, 5)]);
        assert_eq!(Reading::of(&format!("{}3月1日", "字".repeat(100))).days, []);
        assert!(day(0, 5).agrees(day(3, 5)) && !day(2, 5).agrees(day(3, 5)));
    }

    #[test]
    fn clauses_end_at_punctuation_but_not_inside_numbers() {
        assert_eq!(Reading::of("全市规模以上工业增长8.5个百分点，短句。").clauses().count(), 1);
    }
}
