//! Detects that the name of a place is a person's given name: a surname before it, and words about people around
//! both.

use super::around::{Around, is_border};

/// Surnames before which a name is more likely a given name, without those that end common words.
const SURNAMES: &str = "王李张刘陈杨赵黄吴徐孙朱胡郭林罗郑梁谢宋唐许韩冯邓曹彭曾董袁潘蒋蔡余杜叶程魏吕丁\
                        沈姚卢姜崔钟谭陆汪范廖贾韦邹熊孟秦邱侯龚邵薛闫史陶贺顾毛郝覃戴莫";
/// Those that are common words too: they need more around them.
const MORE_SURNAMES: &str = "周何马高江于方白金石田任苏钱万龙段雷易常武康施牛温向";

const CALLED: [&str; 44] = [
    "作家", "画家", "记者", "教授", "民警", "演员", "导演", "歌手", "消防员", "医生", "护士", "书记", "主席",
    "市长", "省长", "县长", "局长", "院士", "律师", "选手", "运动员", "老师", "教师", "村民", "司机", "主任",
    "部长", "厅长", "董事长", "总裁", "烈士", "英雄", "代表", "委员", "工匠", "诗人", "学者", "专家", "院长",
    "校长", "将军", "同学", "法官", "队员",
];
const FOLLOWS: [&str; 51] = [
    "教授", "同志", "代表", "律师", "记者", "医生", "书记", "先生", "女士", "老人", "老师", "烈士", "院士",
    "委员", "当选", "荣获", "获", "任", "出任", "担任", "卸任", "辞", "逝世", "病逝", "出席", "说", "谈",
    "表示", "回应", "勇救", "救", "摄影", "摄", "新书", "作品", "个展", "先进", "事迹", "被", "接受", "落马",
    "受贿", "一审", "案", "夺", "晋级", "参加", "等", "主演", "演唱", "火海",
];

/// True if the name follows a surname.
pub(super) fn follows_surname(around: Around<'_>) -> bool {
    !around.follows_word && around.before.chars().next_back().is_some_and(|c| SURNAMES.contains(c))
}

/// True if a surname stands before the name where a person's name may begin: 李延安：, 作家刘长春. A surname that is a
/// common word too needs a word about people behind the name: 周宁德当选.
pub(super) fn is_given(around: Around<'_>) -> bool {
    let Some((at, surname)) = around.before.char_indices().next_back() else { return false };
    let rare = SURNAMES.contains(surname);
    if around.follows_word || !rare && !MORE_SURNAMES.contains(surname) {
        return false;
    }
    let before = &around.before[..at];
    let called = CALLED.iter().any(|word| before.ends_with(word));
    let begins = before.chars().next_back().is_none_or(|c| is_border(c) && c != '·');
    let joined = before.ends_with(['和', '与', '及', '由']);
    let follows = FOLLOWS.iter().any(|word| around.after.starts_with(word));
    called || begins && rare || (begins || joined) && follows
}
