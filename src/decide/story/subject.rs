//! Compares the beginnings of two titles that are otherwise equal: the words that fill in a form.

use super::letter::{Letter, char_of};

/// The common rest of the titles has at least this many characters.
const REST: usize = 6;
/// A beginning starts within this many characters of the title's own.
const START: usize = 4;
/// And is not longer than this.
const LONGEST: usize = 8;
/// Words for when, not for whom: another word of them is no other subject.
const WHEN: &str = "今昨明前后日天晚早起将已正再又";

/// A name as it may be written in a text: whole, or with its neighbour where one character is all
/// that differs (the 南 of 湖南).
pub(super) type Name<'a> = [Option<&'a [Letter]>; 2];

/// The beginnings in which two otherwise equal titles differ; `None` if they differ in any other way.
pub(super) fn swapped<'a>(a: &'a [Letter], b: &'a [Letter]) -> Option<(Name<'a>, Name<'a>)> {
    let start = common(a.iter(), b.iter());
    let shorter = a.len().min(b.len());
    let rest = common(a.iter().rev(), b.iter().rev()).min(shorter - start);
    if start >= START || rest < REST || rest * 2 < shorter {
        return None;
    }
    let (end_a, end_b) = (a.len() - rest, b.len() - rest);
    // One character against several is a name written out (美 for 美国), not another name.
    let alike = (end_a - start == 1) == (end_b - start == 1);
    let (in_a, in_b) = (&a[start..end_a], &b[start..end_b]);
    // Where the parts share words, the title was worded anew.
    let reworded = in_a.windows(2).any(|pair| in_b.windows(2).any(|other| pair == other));
    (alike && !reworded && is_name(in_a) && is_name(in_b))
        .then(|| (name(a, start, end_a), name(b, start, end_b)))
}

fn is_name(letters: &[Letter]) -> bool {
    let of_name = |letter: &Letter| {
        let c = char_of(*letter);
        !c.is_numeric() && !WHEN.contains(c)
    };
    (1..=LONGEST).contains(&letters.len()) && letters.iter().all(of_name)
}

fn common<'a>(a: impl Iterator<Item = &'a Letter>, b: impl Iterator<Item = &'a Letter>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).count()
}

fn name(title: &[Letter], start: usize, end: usize) -> Name<'_> {
    if end - start > 1 {
        return [Some(&title[start..end]), None];
    }
    [start.checked_sub(1).map(|left| &title[left..end]), title.get(start..=end)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::story::letter::fold;

    #[test]
    fn only_the_beginning_may_differ() {
        let cases = [
            ("two provinces", "湖南启动防汛四级响应", "湖北启动防汛四级响应", true),
            ("two banks", "甲乙银行下调存款利率", "丙丁银行下调存款利率", true),
            ("a title worded anew", "甲市确诊增至两例今日通报", "乙新病确诊病例增至两例今日通报", false),
            ("a longer title of the same", "甲市启用新校舍", "甲市启用新校舍迎接开学", false),
            ("another verb in the middle", "青川新校舍今天启用迎接开学", "青川新校舍今天落成迎接开学", false),
            ("a name cut short", "美国新增一处国家公园", "美东部新增一处国家公园", false),
            ("another day", "今日起恢复夜间航班", "明日起恢复夜间航班", false),
            ("too little in common", "青川下雪", "北川下雪", false),
            ("equal", "青川启用新校舍", "青川启用新校舍", false),
            ("nothing", "", "", false),
        ];
        for (name, a, b, want) in cases {
            assert_eq!(swapped(&fold(a, 64), &fold(b, 64)).is_some(), want, "{name}");
        }
    }
}
