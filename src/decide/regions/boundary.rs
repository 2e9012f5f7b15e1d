//! Detects two words that meet inside a name: 登上|海拔, 双重|庆典, 沿江|西行.

use super::around::Around;

/// A name, the characters that make a word with its first one, and those that make one with its last.
type Boundary = (&'static str, &'static str, &'static str);

/// Names of a verb or noun's end and a word's beginning. Both sides must say so, or 早上海关 would cost 上海.
const BOUNDARIES: [Boundary; 12] = [
    (
        "上海",
        "登冲爬走踏攀线网马路船晚早送迎搭赶遇涌奔跃驶推捧身",
        "拔运关选淘啸滩风浪岛底面水鲜域归上子量岸景洋拍南口外",
    ),
    ("重庆", "双多隆慎严沉加注看尊二三四", "典祝贺生功幸"),
    ("天津", "今明昨每当春夏秋冬白聊整后前", "贴液津"),
    ("长春", "延增加漫悠", "季节天运假光"),
    ("海南", "四出黄渤东沿入近下", "下部岸侧端航道缘"),
    ("江西", "沿顺溯长珠湘过跨", "行岸侧段望去上进"),
    ("河南", "黄淮运沿渡过跨清护", "岸侧下迁移部段"),
    ("河北", "黄淮运沿渡过跨清护", "岸侧上迁移部段"),
    ("湖南", "环沿太巢洞滨绕", "岸侧畔部"),
    ("湖北", "环沿太巢洞滨绕", "岸侧畔部"),
    ("山东", "黄泰华恒衡嵩天阴燕", "麓坡侧脚段"),
    ("山西", "黄泰华恒衡嵩天阴燕", "麓坡侧脚段"),
];

/// True if the name is the border of two words.
pub(super) fn is_boundary(around: Around<'_>) -> bool {
    let Some((_, lefts, rights)) = BOUNDARIES.iter().find(|(name, ..)| *name == around.name) else {
        return false;
    };
    let left = around.before.chars().next_back().is_some_and(|c| lefts.contains(c));
    left && around.after.chars().next().is_some_and(|c| rights.contains(c))
}
