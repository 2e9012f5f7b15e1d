//! Joins a date that a page cuts into several elements: the day large above, year and month below. Joins only texts that
//! follow each other and are nothing but parts of a date, and never guesses a missing part.

/// Marks that stand alone between parts.
const MARKS: &[char] = &['-', '/', '.', '年', '月', '日'];

/// The years of news on the web: another number of four digits is none.
const YEARS: std::ops::RangeInclusive<u32> = 1995..=2100;

/// The longest text that is a part, in octets: `2024年05月`.
const MAX_PART: usize = 16;

/// A text as a part of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Year(u32),
    /// A month or a day.
    Number(u32),
    Month(u32),
    Day(u32),
    YearMonth(u32, u32),
    MonthDay(u32, u32),
}

/// Some texts in their order, with each date that several of them make as one: `2024-05-12`.
pub(super) fn joined(texts: Vec<String>) -> Vec<String> {
    if !texts.iter().any(|text| part(text).is_some()) {
        return texts;
    }
    let mut out = Vec::with_capacity(texts.len());
    let mut at = 0;
    while at < texts.len() {
        if let Some((date, used)) = date_at(&texts[at..]) {
            out.push(date);
            at += used;
        } else {
            out.push(texts[at].clone());
            at += 1;
        }
    }
    out
}

/// The date that the first texts make, and how many of them.
pub(super) fn date_at(texts: &[String]) -> Option<(String, usize)> {
    const MOST: usize = 3;
    let mut parts = Vec::new();
    let mut best = None;
    for (at, text) in texts.iter().enumerate() {
        if at > 0 && !text.is_empty() && text.chars().all(|c| MARKS.contains(&c)) {
            // `年`, `月` and `日` end what stands before them.
            if best.is_some_and(|(_, used)| used == at) {
                best = best.map(|(date, _)| (date, at + 1));
            }
            continue;
        }
        let Some(part) = part(text).filter(|_| parts.len() < MOST) else { break };
        parts.push(part);
        if let Some(date) = date(&parts) {
            best = Some((date, at + 1));
        }
    }
    best.map(|((y, m, d), used)| (format!("{y:04}-{m:02}-{d:02}"), used))
}

/// The date that two or three parts make.
fn date(parts: &[Part]) -> Option<(u32, u32, u32)> {
    use Part::{Day, Month, MonthDay, Number, Year, YearMonth};
    let ([Number(d) | Day(d), YearMonth(y, m)]
    | [YearMonth(y, m), Number(d) | Day(d)]
    | [Year(y), MonthDay(m, d)]
    | [MonthDay(m, d), Year(y)]
    | [Year(y), Number(m) | Month(m), Number(d) | Day(d)]
    | [Number(d) | Day(d), Month(m), Year(y)]) = *parts
    else {
        return None;
    };
    ((1..=12).contains(&m) && (1..=31).contains(&d)).then_some((y, m, d))
}

fn part(text: &str) -> Option<Part> {
    let text = text.trim();
    if text.len() > MAX_PART || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut numbers = text.split(MARKS).map(str::trim).filter(|digits| !digits.is_empty());
    let (first, second, third) = (numbers.next()?, numbers.next(), numbers.next());
    let number = |digits: &str| {
        let fits = digits.len() <= 4 && digits.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| digits.parse::<u32>().ok()).flatten()
    };
    let (one, is_year) = (number(first)?, first.len() == 4);
    match (second, third) {
        (None, None) if is_year => {
            (YEARS.contains(&one) && !text.ends_with(['月', '日'])).then_some(Part::Year(one))
        }
        (None, None) if first.len() > 2 => None,
        (None, None) if text.ends_with('月') => Some(Part::Month(one)),
        (None, None) if text.ends_with('日') => Some(Part::Day(one)),
        (None, None) => text.bytes().all(|b| b.is_ascii_digit()).then_some(Part::Number(one)),
        (Some(second), None) if second.len() <= 2 => {
            let two = number(second)?;
            match first.len() {
                4 if YEARS.contains(&one) => Some(Part::YearMonth(one, two)),
                1 | 2 => Some(Part::MonthDay(one, two)),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_in_parts_is_joined_whatever_their_order_and_nothing_else_is() {
        for (texts, expected) in [
            ("12|2024-05", "2024-05-12"),
            ("2024-05|12", "2024-05-12"),
            ("2024.5|3", "2024-05-03"),
            ("12日|2024年05月", "2024-05-12"),
            ("2024年|05月12日", "2024-05-12"),
            ("05-12|2024", "2024-05-12"),
            ("05/12|2024年", "2024-05-12"),
            ("2024|-|05|-|12", "2024-05-12"),
            ("2024|年|05|月|12|日", "2024-05-12"),
            ("2024|05|12", "2024-05-12"),
            ("12|5月|2024", "2024-05-12"),
            ("来自|12|2024-05|阅读", "来自|2024-05-12|阅读"),
            // Not parts, or not enough of them.
            ("2024-05", "2024-05"),
            ("12|05", "12|05"),
            ("2024-05-12|13", "2024-05-12|13"),
            ("1234|2024-05", "1234|2024-05"),
            ("33|2024-05", "33|2024-05"),
            ("12|2024-15", "12|2024-15"),
            ("12|阅读|2024-05", "12|阅读|2024-05"),
            ("12|1024-05", "12|1024-05"),
            ("10:30|2024-05", "10:30|2024-05"),
            ("05|12|2024", "05|12|2024"),
            ("", ""),
        ] {
            let texts = texts.split('|').map(str::to_owned).collect();
            assert_eq!(joined(texts).join("|"), expected);
        }
    }
}
