//! The one-character names of regions and great cities (豫, 粤, 沪, 穗), with the characters that must not be around
//! them. Data for `abbreviation`; decides nothing.

/// The strength of a character as a sign of its region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strength {
    /// Hardly ever anything else (皖, 渝): counts in every pattern.
    Strong,
    /// Often something else (台, 港, 川): counts in every pattern, but with many neighbours excluded.
    Medium,
    /// Mostly something else (汉, 昆, 深): counts after 援, 返, 抵, 赴, 来, 在 and the like alone.
    Weak,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Letter {
    pub(super) char: char,
    pub(super) region: &'static str,
    /// How common its other uses are.
    pub(super) strength: Strength,
    /// Characters after which it is part of another word.
    pub(super) not_after: &'static str,
    /// Characters before which it is part of another word.
    pub(super) not_before: &'static str,
}

const fn letter(
    char: char,
    region: &'static str,
    strength: Strength,
    not_after: &'static str,
    not_before: &'static str,
) -> Letter {
    Letter { char, region, strength, not_after, not_before }
}

use Strength::{Medium, Strong, Weak};

/// The letters. 宁 (南京 or 宁夏), 新, 蒙, 云, 黑 and 青 alone are left out: they stay undecided, or stand
/// in a group of `names.tsv`.
pub(super) const LETTERS: [Letter; 43] = [
    letter('京', "beijing", Medium, "东南北普望", "都剧东戏胡瓷酱巴"),
    letter('津', "tianjin", Medium, "天问迷生", "贴巴液津有乐"),
    letter('冀', "hebei", Strong, "希", "望"),
    letter('晋', "shanxi", Strong, "魏两东西", "级升职见谒"),
    letter('辽', "liaoning", Medium, "宋", "阔远金国朝代"),
    letter('沪', "shanghai", Strong, "", "指深股综铜胶镍锌铝"),
    letter('苏', "jiangsu", Medium, "复流紫白屠姑扶耶美中访前原", "醒丹联格黎州打酥泊共修维轼"),
    letter('浙', "zhejiang", Strong, "", ""),
    letter('皖', "anhui", Strong, "", ""),
    letter('闽', "fujian", Strong, "", ""),
    letter('赣', "jiangxi", Strong, "", ""),
    letter('鲁', "shandong", Medium, "秘粗布赫祖孟托吉格索普", "莽能迅班汶比尼菲哈"),
    letter('豫', "henan", Strong, "犹逸", "园"),
    letter('鄂', "hubei", Strong, "", "温伦毕霍"),
    letter('湘', "hunan", Strong, "", "云"),
    letter('粤', "guangdong", Strong, "", "语"),
    letter('桂', "guangxi", Strong, "折月丹肉夺", "花冠圆枝皮鱼树系"),
    letter('琼', "hainan", Strong, "", "瑶斯楼脂浆"),
    letter('渝', "chongqing", Strong, "不", ""),
    letter('川', "sichuan", Medium, "山冰平海四汶银仁河", "崎普流端贝"),
    letter('蜀', "sichuan", Strong, "魏", "山葵国汉相锦"),
    letter('黔', "guizhou", Strong, "", "驴"),
    letter('滇', "yunnan", Strong, "", "池"),
    letter('藏', "xizang", Medium, "收冷储隐宝矿珍窝馆典私埋暗躲", "匿品身书毒獒起着入于有在"),
    letter('陕', "shaanxi", Strong, "", ""),
    letter('陇', "gansu", Strong, "", "海"),
    letter('疆', "xinjiang", Medium, "边海封无", "场域土界"),
    letter(
        '港',
        "xianggang",
        Medium,
        "海空渔航良军避油货出进入到离母回归靠停中转商连盐",
        "口湾池务机区内元币股城航珠龙闸",
    ),
    letter('澳', "aomen", Medium, "北", "洲元新网大超元"),
    letter(
        '台',
        "taiwan",
        Medium,
        "平后前上下出柜站灶舞讲月阳烟看炮电观总央主播擂登灯一两三多几每首万百千",
        "上州风阶词前球面灯儿子账式柱历布站次机架的",
    ),
    letter('穗', "guangdong", Strong, "麦稻谷吐抽", ""),
    letter('蓉', "sichuan", Strong, "芙莲椰玉慧", ""),
    letter('甬', "zhejiang", Strong, "", "道"),
    letter('杭', "zhejiang", Medium, "余苏", "白"),
    letter('昆', "yunnan", Weak, "", "山虫曲仑"),
    letter('汉', "hubei", Weak, "", "语字朝代族江中口阳堡诺服学庭"),
    letter('哈', "heilongjiang", Weak, "", "佛萨里马尼瓦密利尔根"),
    letter('榕', "fujian", Weak, "", "树江"),
    letter('邕', "guangxi", Strong, "", "江"),
    letter('深', "guangdong", Weak, "", "入刻层化度交受水谈思远情知感圳山海夜秋冬井处切思港宫层空耕"),
    letter('郑', "henan", Weak, "", "某姓氏钦智爽秀成强"),
    letter('沈', "liaoning", Weak, "", "某姓氏从括"),
    letter('兰', "gansu", Weak, "", "花草亭溪克心考陵"),
];

pub(super) fn of(c: char) -> Option<&'static Letter> {
    LETTERS.iter().find(|l| l.char == c)
}
