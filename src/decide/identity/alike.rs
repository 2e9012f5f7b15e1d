//! Similarity of two titles or two texts. Measured only for pairs that their other evidence does not settle.

use super::ticking::{still_text, still_title};

/// Characters of a text that are looked at: an opening that long tells one report from another.
const READ: usize = 2_000;
/// Characters that are searched for those: counters and clocks are dropped first, which takes longest.
const OPENING: usize = 2 * READ;
/// Fewer letters are too few to be alike: they are equal or others.
const SHORT: usize = 20;
/// From so many letters an equal text is that of one report.
const LONG: usize = 40;
/// From this share of common parts, in percent, texts are one report in two versions.
const LIKE: usize = 50;
/// Below this they are two. Between the two they say nothing.
const UNLIKE: usize = 30;
/// If so much of the shorter text is in the longer one, in percent, it is an extract of it.
const WITHIN: usize = 85;
/// From this share of common pairs of letters, in percent, a title is a corrected one.
const TITLE_LIKE: usize = 70;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Title {
    Same,
    Like,
    /// They differ in their numbers alone: the next issue, perhaps.
    Next,
    Other,
    Silent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// Equal, and whether they are long enough to be no form.
    Same {
        long: bool,
    },
    /// So many percent of them are common.
    Like(u8),
    Other,
    Silent,
}

impl Text {
    pub(super) fn is_kept(self) -> bool {
        matches!(self, Self::Same { .. } | Self::Like(_))
    }
}

pub(super) fn titles(a: &str, b: &str) -> Title {
    if a == b {
        return Title::Same;
    }
    let (a, b) = (letters(&still_title(a)), letters(&still_title(b)));
    if a == b {
        return if a.is_empty() { Title::Silent } else { Title::Same };
    }
    let words =
        |letters: &[char]| -> Vec<char> { letters.iter().copied().filter(|c| !is_number(*c)).collect() };
    let (x, y) = (words(&a), words(&b));
    if x == y && x.len() < a.len().min(b.len()) {
        return Title::Next;
    }
    let (common, _) = common(&parts(&a, 2), &parts(&b, 2));
    if common >= TITLE_LIKE { Title::Like } else { Title::Other }
}

/// Of two texts, as [`opening`] has them.
pub(super) fn texts(a: &[char], b: &[char]) -> Text {
    if a.is_empty() || b.is_empty() {
        return Text::Silent;
    }
    if a == b {
        return Text::Same { long: a.len() >= LONG };
    }
    if a.len().min(b.len()) < SHORT || are_of_other_numbers(a, b) {
        return Text::Other;
    }
    let (both, within) = common(&parts(a, 3), &parts(b, 3));
    match if within >= WITHIN { within } else { both } {
        share if share >= LIKE => Text::Like(u8::try_from(share).unwrap_or(100)),
        share if share < UNLIKE => Text::Other,
        _ => Text::Silent,
    }
}

/// True if a text is long enough to be no form.
pub(super) fn is_long(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphanumeric()).take(LONG).count() == LONG
}

/// The letters of a text that are compared.
pub(super) fn opening(text: &str) -> Vec<char> {
    letters(&still_text(text.char_indices().nth(OPENING).map_or(text, |(end, _)| &text[..end])))
}

/// Letters and digits alone, in lower case.
fn letters(text: &str) -> Vec<char> {
    text.chars().take(READ).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn is_number(c: char) -> bool {
    c.is_numeric() || "零〇一二三四五六七八九十百千两".contains(c)
}

/// A report from a form has other numbers than the one before, though its words are the same.
fn are_of_other_numbers(a: &[char], b: &[char]) -> bool {
    /// Fewer numbers may be a correction of one.
    const FEW: usize = 3;
    let numbers = |letters: &[char]| -> Vec<String> {
        let mut all: Vec<String> = letters
            .split(|c| !c.is_ascii_digit())
            .filter(|run| !run.is_empty())
            .map(|run| run.iter().collect())
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let (a, b) = (numbers(a), numbers(b));
    let kept = a.iter().filter(|number| b.binary_search(number).is_ok()).count();
    a.len().min(b.len()) >= FEW && 2 * kept < a.len().min(b.len())
}

/// All runs of `n` letters, each once, in order.
fn parts(letters: &[char], n: usize) -> Vec<&[char]> {
    let mut parts: Vec<_> = letters.windows(n).collect();
    parts.sort_unstable();
    parts.dedup();
    parts
}

/// The share of what both have in all there is (Dice), and in the smaller of the two, in percent.
fn common(a: &[&[char]], b: &[&[char]]) -> (usize, usize) {
    let kept = a.iter().filter(|part| b.binary_search(part).is_ok()).count();
    let share = |of: usize| (100 * kept).checked_div(of).unwrap_or(0);
    (share((a.len() + b.len()).div_ceil(2)), share(a.len().min(b.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_compared_by_what_differs() {
        for (a, b, want) in [
            ("郑洲地铁五号线恢复运营", "郑州地铁五号线恢复运营", Title::Like),
            ("第1回 画", "第2回 画", Title::Next),
            ("2025年十佳工具", "2026年十佳工具", Title::Next),
            ("漫画一（1 条评论）", "漫画一（3 条评论）", Title::Same),
            ("Storm nears the coast", "Storm nears the coast!", Title::Same),
            ("台风眼墙今晨擦过外海", "渔船全部回港 学校停课一天", Title::Other),
            ("甲", "丁", Title::Other),
            ("农技推广：水稻插秧要点", "农技推广：小麦播种时间", Title::Other),
            ("？", "！", Title::Silent),
        ] {
            assert_eq!(titles(a, b), want, "{a} / {b}");
        }
    }

    #[test]
    fn texts_are_one_report_or_another() {
        let report = "市气象台今天上午发布消息，受冷空气影响，预计今夜到明天全市有小到中雨，局部地区大雨，请注意防范。";
        let corrected =
            "市气象台今天上午发布消息，受强冷空气影响，预计今晚到明天全市有小到中雨，局部大雨，请注意防范。";
        let extract = "受冷空气影响，预计今夜到明天全市有小到中雨，局部地区大雨";
        let other =
            "市民政局公布今年第三批社会组织评估结果，四十二家单位获得五星等级，名单即日起在官网公示七天。";
        let quake = "中国地震台网正式测定：11月27日08时15分在甲县发生3.2级地震，震源深度10千米，北纬31.2度。";
        let next = "中国地震台网正式测定：11月28日21时42分在甲县发生4.0级地震，震源深度18千米，北纬29.7度。";
        let texts = |a: &str, b: &str| super::texts(&opening(a), &opening(b));
        assert_eq!(texts(report, report), Text::Same { long: true });
        assert!(texts(report, corrected).is_kept());
        assert!(texts(report, extract).is_kept());
        assert_eq!(texts(report, other), Text::Other);
        assert_eq!(texts(quake, next), Text::Other, "a form with other figures");
        assert_eq!(texts("八级", "十级"), Text::Other);
        assert_eq!(texts("八级", "八级"), Text::Same { long: false });
        assert_eq!(texts("", report), Text::Silent);
    }
}
