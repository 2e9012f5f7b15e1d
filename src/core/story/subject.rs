//! The beginnings of two titles that are otherwise equal: what one form was filled in with.

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
pub(super) type Name = Vec<Vec<char>>;

/// The beginnings in which two otherwise equal titles differ; `None` if they differ in any other way.
pub(super) fn swapped(a: &str, b: &str) -> Option<(Name, Name)> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let start = common(a.iter(), b.iter());
    let shorter = a.len().min(b.len());
    let rest = common(a.iter().rev(), b.iter().rev()).min(shorter - start);
    let (end_a, end_b) = (a.len() - rest, b.len() - rest);
    let is_name = |chars: &[char]| {
        (1..=LONGEST).contains(&chars.len()) && chars.iter().all(|c| !c.is_numeric() && !WHEN.contains(*c))
    };
    let framed = start < START && rest >= REST && rest * 2 >= shorter;
    // One character against several is a name written out (美 for 美国), not another name.
    let alike = (end_a - start == 1) == (end_b - start == 1);
    let (in_a, in_b) = (&a[start..end_a], &b[start..end_b]);
    // Where the parts share words, the title was worded anew.
    let reworded = in_a.windows(2).any(|pair| in_b.windows(2).any(|other| pair == other));
    (framed && alike && !reworded && is_name(in_a) && is_name(in_b))
        .then(|| (name(&a, start, end_a), name(&b, start, end_b)))
}

fn common<'a>(a: impl Iterator<Item = &'a char>, b: impl Iterator<Item = &'a char>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).count()
}

fn name(title: &[char], start: usize, end: usize) -> Name {
    if end - start > 1 {
        return vec![title[start..end].to_vec()];
    }
    let with_left = start.checked_sub(1).map(|left| title[left..end].to_vec());
    let with_right = title.get(start..=end).map(<[char]>::to_vec);
    with_left.into_iter().chain(with_right).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(swapped(a, b).is_some(), want, "{name}");
        }
    }
}
