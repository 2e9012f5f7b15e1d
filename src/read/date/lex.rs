//! Text of a date to tokens: widths and digits folded, Chinese numerals and years of an era turned to numbers, the
//! words for year, month, day, noon and weekday recognised. Knows no form of date.

/// The most tokens a text gives; a date has under 30.
const MAX_TOKENS: usize = 64;

/// A piece of a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A number and how many digits it was written with.
    Num(u64, usize),
    /// Letters, lower case.
    Word(String),
    /// A mark; full-width ones folded to ASCII.
    Mark(char),
    /// One or more blanks.
    Blank,
    /// A unit after a number: 年 月 日 时 分 秒.
    Unit(Unit),
    /// 上午, AM, 下午, 凌晨 …
    Half(Half),
    /// A weekday: says nothing that the date does not.
    Weekday,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    KoreanYear,
}

/// Half of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    /// Hours as written; 12 is midnight.
    Am,
    /// Hours under 12 are 12 more.
    Pm,
    /// 中午: 11 and 12 as written, 1 to 3 are 12 more.
    Noon,
}

const UNITS: &[(&str, Token)] = &[
    ("年", Token::Unit(Unit::Year)),
    ("년", Token::Unit(Unit::KoreanYear)),
    ("月", Token::Unit(Unit::Month)),
    ("월", Token::Unit(Unit::Month)),
    ("日", Token::Unit(Unit::Day)),
    ("号", Token::Unit(Unit::Day)),
    ("號", Token::Unit(Unit::Day)),
    ("일", Token::Unit(Unit::Day)),
    ("时", Token::Unit(Unit::Hour)),
    ("時", Token::Unit(Unit::Hour)),
    ("点", Token::Unit(Unit::Hour)),
    ("點", Token::Unit(Unit::Hour)),
    ("시", Token::Unit(Unit::Hour)),
    ("分", Token::Unit(Unit::Minute)),
    ("분", Token::Unit(Unit::Minute)),
    ("秒", Token::Unit(Unit::Second)),
    ("초", Token::Unit(Unit::Second)),
    ("上午", Token::Half(Half::Am)),
    ("早上", Token::Half(Half::Am)),
    ("早晨", Token::Half(Half::Am)),
    ("清晨", Token::Half(Half::Am)),
    ("凌晨", Token::Half(Half::Am)),
    ("午前", Token::Half(Half::Am)),
    ("오전", Token::Half(Half::Am)),
    ("下午", Token::Half(Half::Pm)),
    ("午后", Token::Half(Half::Pm)),
    ("午後", Token::Half(Half::Pm)),
    ("晚上", Token::Half(Half::Pm)),
    ("傍晚", Token::Half(Half::Pm)),
    ("晚间", Token::Half(Half::Pm)),
    ("오후", Token::Half(Half::Pm)),
    ("中午", Token::Half(Half::Noon)),
    // Mongolian: 2026 оны 11-р сарын 27-ны өдөр.
    ("оны", Token::Unit(Unit::Year)),
    ("-р сарын", Token::Unit(Unit::Month)),
    ("-р сар", Token::Unit(Unit::Month)),
    ("сарын", Token::Unit(Unit::Month)),
    ("-ны өдөр", Token::Unit(Unit::Day)),
    ("-ний өдөр", Token::Unit(Unit::Day)),
    ("-ны", Token::Unit(Unit::Day)),
    ("-ний", Token::Unit(Unit::Day)),
    // Kazakh: 2026 жылғы 27 қараша.
    ("жылғы", Token::Unit(Unit::Year)),
    ("жылы", Token::Unit(Unit::Year)),
    // Uyghur: 2026-يىلى 11-ئاينىڭ 27-كۈنى.
    ("-يىلى", Token::Unit(Unit::Year)),
    ("-يىل", Token::Unit(Unit::Year)),
    ("-ئاينىڭ", Token::Unit(Unit::Month)),
    ("-ئاي", Token::Unit(Unit::Month)),
    ("-كۈنى", Token::Unit(Unit::Day)),
    ("-كۈن", Token::Unit(Unit::Day)),
    // Tibetan: 2026 ལོའི་ཟླ་ 11 པའི་ཚེས་ 27 ཉིན. The word for month stands before its number and parts nothing.
    ("ལོའི་", Token::Unit(Unit::Year)),
    ("སྤྱི་ཟླ་", Token::Blank),
    ("ཟླ་", Token::Blank),
    ("པའི་ཚེས་", Token::Unit(Unit::Month)),
    ("ཚེས་", Token::Unit(Unit::Month)),
    ("ཉིན", Token::Unit(Unit::Day)),
    ("π.μ.", Token::Half(Half::Am)),
    ("μ.μ.", Token::Half(Half::Pm)),
];

/// Eras whose years feeds count in, and the year before their first: the Republic of China's, which Taiwan's offices
/// use, and Japan's.
const ERAS: &[(&str, u64)] = &[
    ("中華民國", 1911),
    ("中华民国", 1911),
    ("民國", 1911),
    ("民国", 1911),
    ("令和", 2018),
    ("平成", 1988),
    ("昭和", 1925),
];

/// The zeros of the scripts whose digits feeds use: Arabic, Persian, Devanagari, Bengali, Thai, Lao, Tibetan, Burmese,
/// Khmer, Mongolian. The other nine follow each.
const ZEROS: &[char] = &[
    '\u{660}', '\u{6F0}', '\u{966}', '\u{9E6}', '\u{E50}', '\u{ED0}', '\u{F20}', '\u{1040}', '\u{17E0}',
    '\u{1810}',
];

/// Words before a Chinese numeral that make it a weekday: 星期一, 周日, 礼拜天.
const WEEK_PREFIXES: &[&str] = &["星期", "礼拜", "禮拜", "周", "週"];

/// Japanese and Korean weekdays, which may stand alone in brackets: (土), 土曜日, 일요일.
const WEEK_SUFFIXES: &[&str] = &["曜日", "요일"];

/// Splits a text into tokens; what is past the bound is left out.
pub(super) fn lex(text: &str) -> Vec<Token> {
    let folded: Vec<char> = text.chars().filter_map(fold).collect();
    let mut rest = folded.as_slice();
    let mut tokens = Vec::with_capacity(16);
    while !rest.is_empty() && tokens.len() < MAX_TOKENS {
        let (token, used) = next(rest, tokens.is_empty());
        // `2026 年 7 月 8 日`: blanks around these words part nothing.
        if matches!(token, Token::Unit(_)) && tokens.last() == Some(&Token::Blank) {
            tokens.pop();
        }
        let parts_nothing =
            tokens.last().is_some_and(swallows_blank) || is_within_date(&tokens, &rest[used..]);
        if token != Token::Blank || !parts_nothing {
            tokens.push(token);
        }
        rest = &rest[used..];
    }
    tokens
}

fn swallows_blank(token: &Token) -> bool {
    matches!(token, Token::Blank | Token::Unit(Unit::Year | Unit::KoreanYear | Unit::Month))
}

/// True if a blank here stands between the numbers of one date: `2026. 11. 27.`, but not `27.11. 8:30`.
fn is_within_date(tokens: &[Token], rest: &[char]) -> bool {
    let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
    matches!(tokens, [.., Token::Num(..), Token::Mark('.')]) && digits > 0 && rest.get(digits) != Some(&':')
}

/// Full-width forms and look-alikes to ASCII, letters to lower case, invisible characters away.
fn fold(c: char) -> Option<char> {
    Some(match c {
        c if c.is_ascii() => c.to_ascii_lowercase(),
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(' ').to_ascii_lowercase(),
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' => {
            return None;
        }
        '−' | '–' | '—' | '‐' | '‑' => '-',
        '【' | '「' | '〔' | '《' => '[',
        '】' | '」' | '〕' | '》' => ']',
        '。' => '.',
        '、' | '،' | '၊' => ',',
        '׳' | '’' | 'ʼ' => '\'',
        '∶' => ':',
        c if c.is_whitespace() => ' ',
        c if ('\u{660}'..='\u{1819}').contains(&c) => folded_digit(c).unwrap_or(c),
        c => c.to_lowercase().next().unwrap_or(c),
    })
}

/// A digit of another script as ours.
fn folded_digit(c: char) -> Option<char> {
    let value = |zero: &char| u32::from(c).checked_sub(u32::from(*zero)).filter(|value| *value < 10);
    char::from_digit(ZEROS.iter().find_map(value)?, 10)
}

fn next(rest: &[char], at_start: bool) -> (Token, usize) {
    let first = rest[0];
    if first.is_ascii_digit() {
        return number(rest);
    }
    if first == '-'
        && let Some(found) = listed(rest)
    {
        return found;
    }
    if first.is_ascii_whitespace() {
        return (Token::Blank, 1);
    }
    if first.is_ascii() {
        return if first.is_ascii_alphabetic() { word(rest) } else { (Token::Mark(first), 1) };
    }
    if let Some(used) = weekday(rest, at_start) {
        return (Token::Weekday, used);
    }
    if let Some(found) = year_of_era(rest).or_else(|| listed(rest)) {
        return found;
    }
    if numeral(first).is_some() {
        return chinese_number(rest);
    }
    if is_cjk(first) {
        return (Token::Word(first.to_string()), 1);
    }
    word(rest)
}

fn number(rest: &[char]) -> (Token, usize) {
    let used = rest.iter().take_while(|c| c.is_ascii_digit()).count();
    let value =
        rest[..used].iter().fold(0_u64, |n, c| n.saturating_mul(10).saturating_add(u64::from(*c) - 48));
    (Token::Num(value, used), used)
}

/// A year such as 民國115年 or 令和八年, as a year of four digits.
fn year_of_era(rest: &[char]) -> Option<(Token, usize)> {
    let (mut at, before) = ERAS.iter().find_map(|(name, before)| Some((starts(rest, name)?, *before)))?;
    at += rest[at..].iter().take_while(|c| **c == ' ').count();
    let (number, used) = match rest.get(at)? {
        c if c.is_ascii_digit() => number(&rest[at..]),
        '百' => hundreds(1, &rest[at..])?,
        c => match rest.get(at + 1) {
            Some('百') => {
                hundreds(numeral(*c)?, &rest[at + 1..]).map(|(number, used)| (number, used + 1))?
            }
            _ => numeral(*c).map(|_| chinese_number(&rest[at..]))?,
        },
    };
    let Token::Num(year @ 1..=999, _) = number else { return None };
    Some((Token::Num(before + year, 4), at + used))
}

/// 百一十五, behind how many hundreds.
fn hundreds(count: u64, rest: &[char]) -> Option<(Token, usize)> {
    let more = &rest[1..];
    let (value, used) = match more.first().copied().and_then(numeral) {
        Some(_) => match chinese_number(more) {
            (Token::Num(value, _), used) => (value, used),
            _ => return None,
        },
        None => (0, 0),
    };
    Some((Token::Num(count * 100 + value, 3), used + 1))
}

fn word(rest: &[char]) -> (Token, usize) {
    let used = rest.iter().take_while(|c| is_letter(**c)).count().max(1);
    let text: String = rest[..used].iter().collect();
    let token = match text.as_str() {
        "am" | "ص" | "öö" => Token::Half(Half::Am),
        "pm" | "م" | "ös" => Token::Half(Half::Pm),
        // `a.m.`, `p. m.`
        "a" | "p" if rest.get(1) == Some(&'.') => {
            let blank = usize::from(rest.get(2) == Some(&' '));
            if rest.get(2 + blank) != Some(&'m') || rest.get(3 + blank).is_some_and(|c| is_letter(*c)) {
                return (Token::Word(text), used);
            }
            let dot = usize::from(rest.get(3 + blank) == Some(&'.'));
            let half = if text == "a" { Half::Am } else { Half::Pm };
            return (Token::Half(half), 3 + blank + dot);
        }
        _ => Token::Word(text),
    };
    (token, used)
}

fn starts(rest: &[char], word: &str) -> Option<usize> {
    let mut used = 0;
    for c in word.chars() {
        if rest.get(used) != Some(&c) {
            return None;
        }
        used += 1;
    }
    Some(used)
}

fn listed(rest: &[char]) -> Option<(Token, usize)> {
    UNITS.iter().find_map(|(word, token)| Some((token.clone(), starts(rest, word)?)))
}

fn weekday(rest: &[char], at_start: bool) -> Option<usize> {
    let named = |c: Option<&char>| c.is_some_and(|c| "一二三四五六日天".contains(*c));
    for prefix in WEEK_PREFIXES {
        if let Some(used) = starts(rest, prefix)
            && named(rest.get(used))
        {
            return Some(used + 1);
        }
    }
    // One character then 曜日: 土曜日; or one character between brackets: (土), (목).
    let one = "日月火水木金土일월화수목금토".contains(rest[0]);
    if one {
        if let Some(used) = WEEK_SUFFIXES.iter().find_map(|suffix| starts(&rest[1..], suffix)) {
            return Some(used + 1);
        }
        // `金, 27 11月 2026`
        if rest.get(1) == Some(&')') || (at_start && rest.get(1) == Some(&',')) {
            return Some(1);
        }
    }
    None
}

fn numeral(c: char) -> Option<u64> {
    Some(match c {
        '〇' | '零' | '○' => 0,
        '一' | '元' => 1,
        '二' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        '十' => 10,
        '廿' => 20,
        '卅' => 30,
        _ => return None,
    })
}

/// 二〇二六 is positional, 二十六 is not.
fn chinese_number(rest: &[char]) -> (Token, usize) {
    let values: Vec<u64> = rest.iter().map_while(|c| numeral(*c)).take(4).collect();
    let used = values.len();
    if values.iter().all(|v| *v < 10) {
        return (Token::Num(values.iter().fold(0, |n, v| n * 10 + v), used), used);
    }
    let mut total = 0;
    for value in &values {
        total = match value {
            10 => total.max(1) * 10,
            20 | 30 => total + value,
            digit => total + digit,
        };
    }
    (Token::Num(total, if total > 9 { 2 } else { 1 }), used)
}

/// Letters and what is written on them: the vowels and marks of Indic, Thai, Tibetan and Burmese words are no letters by
/// themselves. Digits of these scripts are folded before.
fn is_letter(c: char) -> bool {
    let is_mark = matches!(c, '\u{300}'..='\u{36F}' | '\u{64B}'..='\u{65F}' | '\u{900}'..='\u{963}' | '\u{970}'..='\u{1CFF}');
    (c.is_alphabetic() || is_mark) && !is_cjk(c)
}

fn is_cjk(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}')
}
