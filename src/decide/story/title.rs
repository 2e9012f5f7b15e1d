//! The title of an entry in the form used for comparing: folded, and without the labels, picture marks and outlet
//! names that outlets add. The words between stay as they are.

use super::letter::{self, Letter, char_of, is_alphanumeric, is_digit, spell};

/// Characters of a title that are looked at; longer ones are a body that strayed into the title.
const READ: usize = 200;
/// Characters kept: enough for any headline.
pub(super) const KEPT: usize = 64;
/// An outlet's name behind a dash is not longer than this.
const LONGEST_OUTLET: usize = 16;
/// A head shorter than this is not a title with something hanging on it.
const SHORTEST_HEAD: usize = 6;

/// Labels that say how a piece is presented, not what it tells.
const LABELS: [&str; 24] = [
    "快讯", "视频", "组图", "图集", "图片", "图解", "独家", "最新", "突发", "要闻", "直播", "原创", "重磅",
    "速看", "关注", "热点", "权威发布", "滚动", "音频", "海报", "微视频", "图文", "短视频", "最新消息",
];

/// How the name of an outlet ends, where a title carries one that the entry itself does not name.
const OUTLET_ENDS: [&str; 20] = [
    "网", "报", "社", "台", "频道", "客户端", "新闻", "在线", "发布", "之声", "app", "com", "cn", "资讯",
    "头条", "新浪", "搜狐", "腾讯", "晚报", "卫视",
];

/// Normalises a title; `outlet` is the name its entry gives for who wrote it.
pub(super) fn normalise(title: &str, outlet: &str) -> Vec<Letter> {
    let folded = letter::fold(title, READ);
    let outlet = letters(&letter::fold(outlet, LONGEST_OUTLET * 2));
    let mut rest: &[Letter] = &folded;
    // Channel and outlet may both hang on it: `标题_国内新闻_某某网`.
    for _ in 0..3 {
        rest = without_outlet(trim(rest), &outlet);
    }
    let unlabelled = without_labels(rest);
    let kept = letters(&without_marks(unlabelled));
    let mut title = if kept.is_empty() { letters(&folded) } else { kept };
    title.truncate(KEPT);
    title
}

/// The part of a run of characters that is compared: letters and digits, and a sign that ties two digits
/// together, so that `2-3` does not become 23.
fn letters(chars: &[Letter]) -> Vec<Letter> {
    let digit = |i: usize| chars.get(i).is_some_and(is_digit);
    let sign = |i: usize| matches!(char_of(chars[i]), '.' | '-' | ':' | '/' | '~');
    let ties = |i: usize| sign(i) && i > 0 && digit(i - 1) && digit(i + 1);
    (0..chars.len()).filter(|&i| is_alphanumeric(chars[i]) || ties(i)).map(|i| chars[i]).collect()
}

fn trim(mut chars: &[Letter]) -> &[Letter] {
    while let [first, rest @ ..] = chars
        && char_of(*first).is_whitespace()
    {
        chars = rest;
    }
    while let [rest @ .., last] = chars
        && char_of(*last).is_whitespace()
    {
        chars = rest;
    }
    chars
}

/// Cuts ` - 来源`, `_来源`, `|来源` off the end, if what stands there is an outlet.
fn without_outlet<'a>(chars: &'a [Letter], outlet: &[Letter]) -> &'a [Letter] {
    let reach = chars.len().saturating_sub(LONGEST_OUTLET + 1).max(SHORTEST_HEAD);
    let bar = |i: usize| matches!(char_of(chars[i]), '-' | '_' | '|' | '丨' | '│');
    let Some(at) = (reach..chars.len()).rev().find(|&i| bar(i)) else { return chars };
    let tail = letters(&chars[at + 1..]);
    let is_outlet = tail == outlet || OUTLET_ENDS.iter().any(|end| ends_with(&tail, end));
    if tail.is_empty() || (is_outlet && !tail.iter().any(is_digit)) { &chars[..at] } else { chars }
}

fn ends_with(letters: &[Letter], end: &str) -> bool {
    letters.iter().rev().copied().take(end.chars().count()).eq(end.chars().rev().map(letter::code))
}

/// Cuts labels off the front: `快讯：`, `视频丨`, `【组图】`.
fn without_labels(chars: &[Letter]) -> &[Letter] {
    let mut rest = trim(chars);
    for _ in 0..2 {
        rest = trim(without_label(rest));
    }
    rest
}

fn without_label(chars: &[Letter]) -> &[Letter] {
    if let [first, inner @ ..] = chars
        && matches!(char_of(*first), '【' | '[')
    {
        let end = inner.iter().position(|c| matches!(char_of(*c), '】' | ']'));
        // A long bracket is the title itself, or its half: `【某地通报：……】`.
        return match end {
            Some(end) if end <= 8 && inner.len() > end + SHORTEST_HEAD => &inner[end + 1..],
            _ => chars,
        };
    }
    let mark = |c: &Letter| matches!(char_of(*c), ':' | '|' | '丨' | '│' | '!');
    match chars.iter().take(6).position(mark) {
        Some(end) if is_label(&chars[..end]) => &chars[end + 1..],
        _ => chars,
    }
}

fn is_label(letters: &[Letter]) -> bool {
    let label = without_spaces(letters);
    LABELS.iter().any(|known| spell(&label, known))
}

fn without_spaces(letters: &[Letter]) -> Vec<Letter> {
    letters.iter().copied().filter(|c| !char_of(*c).is_whitespace()).collect()
}

/// Drops `(图)`, `(组图)`, `(视频)` and their like, wherever they stand.
fn without_marks(chars: &[Letter]) -> Vec<Letter> {
    let mut kept = Vec::with_capacity(chars.len());
    let mut at = 0;
    while at < chars.len() {
        let mark = closing(&chars[at..]).filter(|len| is_mark(&chars[at + 1..at + len - 1]));
        match mark {
            Some(len) => at += len,
            None => {
                kept.push(chars[at]);
                at += 1;
            }
        }
    }
    kept
}

/// The length of a short bracketed run that starts here.
fn closing(chars: &[Letter]) -> Option<usize> {
    let close = match char_of(*chars.first()?) {
        '(' => ')',
        '[' => ']',
        '【' => '】',
        _ => return None,
    };
    chars.iter().take(8).position(|c| char_of(*c) == close).map(|end| end + 1)
}

/// True for what a bracket says of how a piece is presented: 图, 组图, 视频.
pub(super) fn is_mark(inner: &[Letter]) -> bool {
    let text = without_spaces(inner);
    ends_with(&text, "图") || is_label(&text) || ["视讯", "vr", "h5"].iter().any(|mark| spell(&text, mark))
}

/// The bit that stands for a pair in a set of 64.
pub(super) fn bit(pair: u32) -> u64 {
    1 << (pair.wrapping_mul(0x9e37_79b1) >> 26)
}

/// The distinct pairs of neighbouring letters of a title, sorted; no heap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pairs {
    all: [u32; KEPT],
    len: usize,
}

impl Pairs {
    pub(super) fn of(title: &[Letter]) -> Self {
        let mut pairs = Self { all: [0; KEPT], len: 0 };
        for (place, pair) in pairs.all.iter_mut().zip(title.windows(2)) {
            *place = (u32::from(pair[0]) << 16) | u32::from(pair[1]);
        }
        let count = title.len().saturating_sub(1).min(KEPT);
        pairs.all[..count].sort_unstable();
        for at in 0..count {
            if pairs.len == 0 || pairs.all[pairs.len - 1] != pairs.all[at] {
                pairs.all[pairs.len] = pairs.all[at];
                pairs.len += 1;
            }
        }
        pairs
    }

    /// Each pair: the first letter in the upper half, the second in the lower one.
    pub(super) fn as_slice(&self) -> &[u32] {
        &self.all[..self.len]
    }

    pub(super) fn has(&self, pair: u32) -> bool {
        self.as_slice().binary_search(&pair).is_ok()
    }

    /// Shared pairs among all pairs of both.
    pub(super) fn jaccard(&self, other: &Self) -> f64 {
        let both = other.as_slice().iter().filter(|pair| self.has(**pair)).count();
        both as f64 / (self.len + other.len - both).max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_outlets_hang_on_a_title_is_dropped() {
        let cases = [
            ("the outlet behind a dash", "青川启用新校舍迎接开学 - 山城晚报", "青川启用新校舍迎接开学"),
            (
                "the entry's own outlet, whatever its name",
                "Bridge reopens to traffic - Herald",
                "bridgereopenstotraffic",
            ),
            ("channel and outlet", "青川启用新校舍迎接开学_国内新闻_山城网", "青川启用新校舍迎接开学"),
            ("a picture mark", "青川启用新校舍(组图)", "青川启用新校舍"),
            ("a full-width one with a space", "青川启用新校舍 （图）", "青川启用新校舍"),
            ("a label in brackets", "【快讯】青川启用新校舍迎接开学", "青川启用新校舍迎接开学"),
            ("a label before a bar", "视频丨青川启用新校舍", "青川启用新校舍"),
            (
                "a title that is all bracket keeps its words",
                "【青川启用新校舍迎接开学】",
                "青川启用新校舍迎接开学",
            ),
            ("traditional characters", "青川啟用新校舍", "青川启用新校舍"),
            ("a score keeps its sign", "主队2-3负于客队", "主队2-3负于客队"),
            ("a dash inside the title stays", "成渝双城-高铁新线今日开工", "成渝双城高铁新线今日开工"),
            ("only a mark is better than nothing", "(图)", "图"),
        ];
        for (name, title, want) in cases {
            let text: String = normalise(title, "Herald").into_iter().map(char_of).collect();
            assert_eq!(text, want, "{name}");
        }
    }

    #[test]
    fn a_title_is_bounded() {
        assert_eq!(normalise(&"长".repeat(5000), "").len(), KEPT);
    }
}
