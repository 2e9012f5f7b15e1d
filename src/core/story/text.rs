//! The text of an entry as it is compared: the letters of its head, its clauses, numbers and days.

use super::{fold, hash};

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
    /// Whether both may be the same day.
    pub(super) fn agrees(self, other: Self) -> bool {
        self.day == other.day && (self.month == other.month || self.month == 0 || other.month == 0)
    }
}

/// What is read out of one field.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    /// Letters and digits, in order.
    pub(super) letters: Vec<char>,
    /// Where in `letters` each clause ends, in order.
    ends: Vec<usize>,
    /// Hashes of the numbers.
    pub(super) numbers: Vec<u64>,
    /// Days named near the start.
    pub(super) days: Vec<Day>,
}

impl Reading {
    /// Reads a plain text.
    pub(super) fn of(text: &str) -> Self {
        let folded = fold::fold(text, READ);
        let chars = without_dateline(&folded);
        let mut reading = Self::default();
        let mut at = 0;
        while at < chars.len() && reading.letters.len() < KEPT {
            at += reading.take(chars, at);
        }
        reading.end_clause();
        reading
    }

    /// Takes what starts at `at` and says how many characters it was.
    fn take(&mut self, chars: &[char], at: usize) -> usize {
        let c = chars[at];
        if c.is_ascii_digit() {
            return self.take_number(chars, at);
        }
        if c.is_alphanumeric() {
            self.letters.push(c);
        } else if !c.is_whitespace() && !matches!(c, '“' | '”' | '"' | '\'' | '#' | '《' | '》' | '-') {
            self.end_clause();
        }
        1
    }

    fn take_number(&mut self, chars: &[char], at: usize) -> usize {
        let mut number = Vec::new();
        let mut end = at;
        while let Some(c) = chars.get(end) {
            let digit_follows = chars.get(end + 1).is_some_and(char::is_ascii_digit);
            let group = *c == ',' && number.len() <= 3 && three_digits(&chars[end + 1..]);
            match c {
                '0'..='9' => number.push(*c),
                '.' if digit_follows => number.push('.'),
                ',' if group => {}
                _ => break,
            }
            end += 1;
        }
        self.note_day(&number, chars, at, end);
        self.numbers.push(hash::of_chars(number.iter().copied()));
        self.letters.extend(number);
        end - at
    }

    /// Notes a day where the number is one: `25日`, with the month before it where it stands there.
    fn note_day(&mut self, number: &[char], chars: &[char], at: usize, end: usize) {
        let unit = chars[end..].iter().find(|c| !c.is_whitespace());
        if self.letters.len() > HEAD || !matches!(unit, Some('日' | '号')) {
            return;
        }
        let Some(day) = small(number).filter(|d| (1..=31).contains(d)) else { return };
        let before: Vec<char> =
            chars[..at].iter().rev().filter(|c| !c.is_whitespace()).take(3).copied().collect();
        let month = match before.as_slice() {
            ['月', units, tens, ..] if tens.is_ascii_digit() => small(&[*tens, *units]),
            ['月', units, ..] => small(&[*units]),
            _ => None,
        };
        let day = Day { month: month.filter(|m| (1..=12).contains(m)).unwrap_or(0), day };
        if !self.days.contains(&day) {
            self.days.push(day);
        }
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
    pub(super) fn clauses(&self) -> Vec<u64> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(self.ends.iter().copied())
            .map(|(start, end)| &self.letters[start..end])
            .filter(|clause| clause.iter().map(|c| c.len_utf8()).sum::<usize>() >= CLAUSE_BYTES)
            .map(|clause| hash::of_chars(clause.iter().copied()))
            .collect()
    }
}

fn three_digits(chars: &[char]) -> bool {
    chars.len() >= 3
        && chars[..3].iter().all(char::is_ascii_digit)
        && !chars.get(3).is_some_and(char::is_ascii_digit)
}

fn small(digits: &[char]) -> Option<u8> {
    digits.iter().collect::<String>().parse().ok()
}

/// Cuts `中新社泉州4月18日电 (记者 …)` off the front: every outlet writes its own.
fn without_dateline(chars: &[char]) -> &[char] {
    let end = chars.iter().take(DATELINE).enumerate().skip(2).find_map(|(i, c)| {
        (matches!(c, '电' | '讯') && matches!(chars[i - 1], '日' | '报' | '网' | '社')).then_some(i + 1)
    });
    let Some(end) = end else { return chars };
    let after = chars[end..].iter().position(|c| !c.is_whitespace()).map_or(end, |skip| end + skip);
    if chars.get(after) != Some(&'(') {
        return &chars[after..];
    }
    match chars[after..].iter().take(DATELINE).position(|c| *c == ')') {
        Some(close) => &chars[after + close + 1..],
        None => &chars[after..],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(text: &str) -> String {
        Reading::of(text).letters.into_iter().collect()
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
        assert_eq!(Reading::of("全市规模以上工业增长8.5个百分点，短句。").clauses().len(), 1);
    }
}
