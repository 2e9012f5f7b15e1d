//! Text of a date to tokens: widths folded, Chinese numerals turned to numbers, the words for year,
//! month, day, noon and weekday recognised. Knows no form of date.

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
        let (token, used) = next(rest);
        // `2026 年 7 月 8 日`: blanks around these words part nothing.
        if matches!(token, Token::Unit(_)) && tokens.last() == Some(&Token::Blank) {
            tokens.pop();
        }
        if token != Token::Blank || !tokens.last().is_some_and(swallows_blank) {
            tokens.push(token);
        }
        rest = &rest[used..];
    }
    tokens
}

fn swallows_blank(token: &Token) -> bool {
    matches!(token, Token::Blank | Token::Unit(Unit::Year | Unit::KoreanYear | Unit::Month))
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
        '、' => ',',
        '∶' => ':',
        c if c.is_whitespace() => ' ',
        c => c.to_lowercase().next().unwrap_or(c),
    })
}

fn next(rest: &[char]) -> (Token, usize) {
    let first = rest[0];
    if first.is_ascii_digit() {
        return number(rest);
    }
    if first.is_ascii_whitespace() {
        return (Token::Blank, 1);
    }
    if first.is_ascii() && !first.is_ascii_alphabetic() {
        return (Token::Mark(first), 1);
    }
    if let Some(used) = weekday(rest) {
        return (Token::Weekday, used);
    }
    if let Some((token, used)) = listed(rest) {
        return (token, used);
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

fn word(rest: &[char]) -> (Token, usize) {
    let used = rest.iter().take_while(|c| c.is_alphabetic() && !is_cjk(**c)).count().max(1);
    let text: String = rest[..used].iter().collect();
    let token = match text.as_str() {
        "am" => Token::Half(Half::Am),
        "pm" => Token::Half(Half::Pm),
        // `a.m.`, `p.m.`
        "a" | "p" if rest.len() >= 3 && rest[1] == '.' && rest[2] == 'm' => {
            let dot = usize::from(rest.get(3) == Some(&'.'));
            let half = if text == "a" { Half::Am } else { Half::Pm };
            return (Token::Half(half), 3 + dot);
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

fn weekday(rest: &[char]) -> Option<usize> {
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
        if rest.get(1) == Some(&')') {
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

fn is_cjk(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}')
}
