//! A title as it is compared: folded, and without what outlets hang on it (labels, picture marks,
//! their own name). The words between stay as they are.

use super::{fold, hash};

/// Characters of a title that are looked at; longer ones are a body that strayed into the title.
const READ: usize = 200;
/// Characters kept: enough for any headline, and what bounds a stored sketch.
const KEPT: usize = 64;
/// An outlet's name behind a dash is not longer than this.
const LONGEST_OUTLET: usize = 16;
/// A head shorter than this is not a title with something hanging on it.
const SHORTEST_HEAD: usize = 6;

/// Labels that say how a piece is presented, not what it tells.
const LABELS: [&str; 24] = [
    "快讯",
    "视频",
    "组图",
    "图集",
    "图片",
    "图解",
    "独家",
    "最新",
    "突发",
    "要闻",
    "直播",
    "原创",
    "重磅",
    "速看",
    "关注",
    "热点",
    "权威发布",
    "滚动",
    "音频",
    "海报",
    "微视频",
    "图文",
    "短视频",
    "最新消息",
];

/// How the name of an outlet ends, where a title carries one that the entry itself does not name.
const OUTLET_ENDS: [&str; 20] = [
    "网",
    "报",
    "社",
    "台",
    "频道",
    "客户端",
    "新闻",
    "在线",
    "发布",
    "之声",
    "app",
    "com",
    "cn",
    "资讯",
    "头条",
    "新浪",
    "搜狐",
    "腾讯",
    "晚报",
    "卫视",
];

/// Normalises a title; `outlet` is the name its entry gives for who wrote it.
pub(super) fn normalise(title: &str, outlet: &str) -> String {
    let folded = fold::fold(title, READ);
    let outlet = letters(&fold::fold(outlet, LONGEST_OUTLET * 2));
    let mut rest: &[char] = &folded;
    // Channel and outlet may both hang on it: `标题_国内新闻_某某网`.
    for _ in 0..3 {
        rest = without_outlet(trim(rest), &outlet);
    }
    let unlabelled = without_labels(rest);
    let kept = letters(&without_marks(unlabelled));
    if kept.is_empty() { letters(&folded) } else { kept }.into_iter().take(KEPT).collect()
}

/// What is compared of a run of characters: letters and digits, and a sign that ties two digits
/// together, so that `2-3` does not become 23.
fn letters(chars: &[char]) -> Vec<char> {
    let digit = |i: usize| chars.get(i).is_some_and(char::is_ascii_digit);
    let ties =
        |i: usize| matches!(chars[i], '.' | '-' | ':' | '/' | '~') && i > 0 && digit(i - 1) && digit(i + 1);
    (0..chars.len()).filter(|&i| chars[i].is_alphanumeric() || ties(i)).map(|i| chars[i]).collect()
}

fn trim(mut chars: &[char]) -> &[char] {
    while let [first, rest @ ..] = chars
        && first.is_whitespace()
    {
        chars = rest;
    }
    while let [rest @ .., last] = chars
        && last.is_whitespace()
    {
        chars = rest;
    }
    chars
}

/// Cuts ` - 来源`, `_来源`, `|来源` off the end, if what stands there is an outlet.
fn without_outlet<'a>(chars: &'a [char], outlet: &[char]) -> &'a [char] {
    let reach = chars.len().saturating_sub(LONGEST_OUTLET + 1).max(SHORTEST_HEAD);
    let Some(at) = (reach..chars.len()).rev().find(|&i| matches!(chars[i], '-' | '_' | '|' | '丨' | '│'))
    else {
        return chars;
    };
    let tail = letters(&chars[at + 1..]);
    let named: String = tail.iter().collect();
    let is_outlet = tail == outlet || OUTLET_ENDS.iter().any(|end| named.ends_with(end));
    if tail.is_empty() || (is_outlet && !tail.iter().any(char::is_ascii_digit)) {
        &chars[..at]
    } else {
        chars
    }
}

/// Cuts labels off the front: `快讯：`, `视频丨`, `【组图】`.
fn without_labels(chars: &[char]) -> &[char] {
    let mut rest = trim(chars);
    for _ in 0..2 {
        rest = trim(without_label(rest));
    }
    rest
}

fn without_label(chars: &[char]) -> &[char] {
    if let ['【' | '[', inner @ ..] = chars {
        let end = inner.iter().position(|c| matches!(c, '】' | ']'));
        // A long bracket is the title itself, or its half: `【某地通报：……】`.
        return match end {
            Some(end) if end <= 8 && inner.len() > end + SHORTEST_HEAD => &inner[end + 1..],
            _ => chars,
        };
    }
    let Some(end) = chars.iter().take(6).position(|c| matches!(c, ':' | '|' | '丨' | '│' | '!')) else {
        return chars;
    };
    let label: String = chars[..end].iter().filter(|c| !c.is_whitespace()).collect();
    if LABELS.contains(&label.as_str()) { &chars[end + 1..] } else { chars }
}

/// Drops `(图)`, `(组图)`, `(视频)` and their like, wherever they stand.
fn without_marks(chars: &[char]) -> Vec<char> {
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
fn closing(chars: &[char]) -> Option<usize> {
    let close = match chars.first()? {
        '(' => ')',
        '[' => ']',
        '【' => '】',
        _ => return None,
    };
    chars.iter().take(8).position(|c| *c == close).map(|end| end + 1)
}

fn is_mark(inner: &[char]) -> bool {
    let text: String = inner.iter().filter(|c| !c.is_whitespace()).collect();
    text.ends_with('图') || LABELS.contains(&text.as_str()) || matches!(text.as_str(), "视讯" | "vr" | "h5")
}

/// The distinct pairs of neighbouring characters, sorted.
pub(super) fn pairs(title: &str) -> Vec<u64> {
    let mut pairs: Vec<u64> =
        title.chars().zip(title.chars().skip(1)).map(|(a, b)| hash::of_gram(a, b, '\0')).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
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
            assert_eq!(normalise(title, "Herald"), want, "{name}");
        }
    }

    #[test]
    fn a_title_is_bounded() {
        assert_eq!(normalise(&"长".repeat(5000), "").chars().count(), KEPT);
    }
}
