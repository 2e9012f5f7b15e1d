//! One-character names of regions, in the patterns where they mean a place.
//!
//! A pattern is a movement or a position before the letter (援鄂, 返京, 在渝), another letter beside it
//! (津台, 闽粤), or a noun after it that only a region has (豫籍, 台胞, 苏省). Reads only characters
//! that no longer name has taken.

use super::letters::{self, Letter, Strength};

#[derive(Clone, Copy, Debug)]
pub(super) struct Char {
    /// Its start, in bytes.
    pub(super) at: usize,
    pub(super) char: char,
    /// True if a name or stop word has taken it.
    pub(super) taken: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) region: &'static str,
    /// The matched pattern: from this character on,
    pub(super) from: usize,
    /// up to and without this one (indices of the slice).
    pub(super) to: usize,
}

/// Movements and positions that go before any abbreviation of a place.
const VERBS: &str = "援返回赴抵驻访离来在";
/// Further ones, before letters that are hardly ever anything else.
const MORE_VERBS: &str = "入进到留飞去出";
/// Characters before a verb with which it is another word: 存在, 未来, 投入.
const NOT_BEFORE_VERB: [(char, &str); 9] = [
    ('在', "存"),
    ('来', "未本原以近历带起下上"),
    ('入', "收投融加注输纳"),
    ('进', "促推引先改前"),
    ('离', "距脱偏"),
    ('到', "得达遇受"),
    ('出', "输演突超支"),
    ('去', "过失"),
    ('回', "收召撤"),
];
/// Nouns that only the name of a region goes before.
const NOUNS: &str = "企商籍媒剧省货煤电";
/// Letters whose government, press and people are spoken of this way: 港府, 台胞, 涉台.
const ISLAND_NOUNS: &str = "胞商企资媒警府方独军青生人剧籍湾";
const ISLAND_VERBS: &str = "赴在来访涉对驻抵留返离入";
/// Letters of 援疆, 进藏 and the like, with the verbs that mean the region there.
const FRONTIER_VERBS: &str = "援进返赴抵在驻离来涉治稳";

/// The letters that name a region, from left to right.
pub(super) fn find(chars: &[Char]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let run = run_at(chars, at);
        match run {
            0 => at += 1,
            1 => {
                found.extend(alone(chars, at));
                at += 1;
            }
            _ => {
                for letter in (at..at + run).filter_map(|i| letter_at(chars, i)) {
                    found.push(Found { region: letter.region, from: at, to: at + run });
                }
                at += run;
            }
        }
    }
    found
}

/// The number of letters that stand together here: two or more name their regions together; one needs a pattern.
fn run_at(chars: &[Char], at: usize) -> usize {
    let mut end = at;
    while letter_at(chars, end).is_some_and(|l| l.strength != Strength::Weak) {
        end += 1;
    }
    let run = end - at;
    if run < 2 {
        return usize::from(letter_at(chars, at).is_some());
    }
    // One letter twice is a name (津津, 京京), and two after a surname are a given name (王沪浙).
    let distinct = (at + 1..end).all(|i| chars[i].char != chars[i - 1].char);
    if distinct && !is_line(chars, end) && !follows_surname(chars, at, run) { run } else { 0 }
}

fn follows_surname(chars: &[Char], at: usize, run: usize) -> bool {
    const SURNAMES: &str = "王李张刘陈杨赵黄周吴徐孙";
    run == 2 && before(chars, at).is_some_and(|c| !c.taken && SURNAMES.contains(c.char))
}

/// The end points of a railway or motorway are not where the news is: 京沪高铁, 陇海铁路.
fn is_line(chars: &[Char], end: usize) -> bool {
    const LINES: [&str; 6] = ["高铁", "高速", "铁路", "城际", "动车", "客专"];
    let next: String = chars[end.min(chars.len())..].iter().take(2).map(|c| c.char).collect();
    LINES.contains(&next.as_str()) || next.starts_with('线')
}

/// A single letter, by what stands before or after it.
fn alone(chars: &[Char], at: usize) -> Option<Found> {
    let letter = letter_at(chars, at)?;
    let verb = before(chars, at).filter(|c| is_verb_of(letter, c.char));
    if verb.is_some() && at > 0 && !is_other_word(chars, at - 1) {
        return Some(Found { region: letter.region, from: at - 1, to: at + 1 });
    }
    let noun = chars.get(at + 1).filter(|c| !c.taken && is_noun_of(letter, c.char));
    if noun.is_some() || is_plate(letter, chars, at) {
        return Some(Found { region: letter.region, from: at, to: at + 2 });
    }
    None
}

fn is_verb_of(letter: &Letter, verb: char) -> bool {
    let verbs = match letter.char {
        '台' | '港' => ISLAND_VERBS,
        '澳' => "驻涉",
        '藏' | '疆' => FRONTIER_VERBS,
        _ => VERBS,
    };
    verbs.contains(verb)
        || (letter.strength == Strength::Strong && MORE_VERBS.contains(verb))
        || (letter.char == '京' && "进入晋到留".contains(verb))
        || (matches!(letter.char, '川' | '疆') && "入出进".contains(verb))
}

fn is_noun_of(letter: &Letter, noun: char) -> bool {
    match (letter.char, letter.strength) {
        // 收银台人员: the common word before 人 wins.
        ('台', _) => ISLAND_NOUNS.contains(noun) && noun != '人',
        ('港', _) => ISLAND_NOUNS.contains(noun),
        ('澳', _) => noun == '胞' || noun == '生',
        // 京剧 is the whole country's, 京籍 and 京企 are Beijing's.
        ('京', _) => "籍企郊".contains(noun),
        ('疆', _) => "企籍煤电".contains(noun),
        ('藏' | '蜀' | '津', _) => noun == '企' || noun == '籍',
        (_, Strength::Weak) => false,
        _ => NOUNS.contains(noun) || noun == '牌',
    }
}

/// A number plate: 粤B, 京A·.
fn is_plate(letter: &Letter, chars: &[Char], at: usize) -> bool {
    let is_latin = |i: usize| chars.get(i).is_some_and(|c| c.char.is_ascii_lowercase());
    let goes_on = |i: usize| chars.get(i).is_some_and(|c| c.char.is_ascii_digit() || "·•牌".contains(c.char));
    letter.strength == Strength::Strong && is_latin(at + 1) && !is_latin(at + 2) && goes_on(at + 2)
}

fn is_other_word(chars: &[Char], verb: usize) -> bool {
    let Some(previous) = before(chars, verb) else { return false };
    NOT_BEFORE_VERB.iter().any(|(c, words)| *c == chars[verb].char && words.contains(previous.char))
}

/// The letter here, unless a longer word has the character or the neighbours make it another word.
fn letter_at(chars: &[Char], at: usize) -> Option<&'static Letter> {
    let here = chars.get(at).filter(|c| !c.taken)?;
    let letter = letters::of(here.char)?;
    let previous = before(chars, at).is_some_and(|c| !c.taken && letter.not_after.contains(c.char));
    let next = chars.get(at + 1).is_some_and(|c| letter.not_before.contains(c.char));
    (!previous && !next).then_some(letter)
}

fn before(chars: &[Char], at: usize) -> Option<Char> {
    at.checked_sub(1).map(|i| chars[i])
}
