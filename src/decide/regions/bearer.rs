//! Recognises things that bear the name of a place without being in it: streets, bridges, buildings, ships,
//! treaties, people, films, brands, dishes, clubs, branches of universities.
//!
//! Reads the characters around a name for the shape of such a thing: what class of word it ends with, and
//! whether that word ends there. Knows no single street or ship.

use super::around::{Around, first, is_border};

/// What a name is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bearer {
    /// Nothing else bears it.
    None,
    /// Something that may be anywhere, so the name tells nothing: a street, a ship, a treaty, a person.
    Elsewhere,
    /// Something that is of the place by origin, and where another place is named, there: a brand, a dish, a
    /// hotel. The number says how many bytes after the name belong to it.
    Origin(usize),
}

/// Words right behind the name of a place whose thing may be anywhere. 号召 and the like are words of their own.
const TREATIES: [&str; 9] = ["条约", "公约", "宣言", "公报", "协定", "议定书", "合作组织", "共识", "起义军"];

/// Buildings and bridges: many a city has a hotel, a bridge or a village of another one's name.
const BUILDINGS: [&str; 26] = [
    "大厦", "酒店", "饭店", "宾馆", "广场", "花园", "小区", "新村", "公寓", "会馆", "商场", "商厦", "公园",
    "大桥", "隧道", "立交", "高架", "路桥", "庄园", "山庄", "菜馆", "街道", "小学", "菜场", "大楼", "大院",
];

/// Companies and broadcasters. An airport, a fair or a school of aviation stands where its name says.
const BRANDS: [&str; 19] = [
    "航空", "银行", "啤酒", "汽车", "茅台", "白药", "电气", "证券", "保险", "信托", "时代", "卫视", "老窖",
    "重工", "电器", "药业", "制药", "乳业", "酒业",
];
const NO_BRANDS: [&str; 24] = [
    "航空港",
    "航空城",
    "航空枢纽",
    "航空展",
    "航空产业",
    "航空学",
    "航空大",
    "航空职业",
    "航空博",
    "时代广场",
    "时代楷",
    "时代新",
    "时代先",
    "时代精",
    "保险业",
    "银行业",
    "证券业",
    "汽车产",
    "汽车工",
    "汽车城",
    "汽车站",
    "汽车出",
    "电气化",
    "啤酒节",
];

/// Dishes and produce, behind the name or a few characters on: 南京盐水鸭, 哈尔滨红肠, 洛阳牡丹. In the order of their
/// bytes, none the beginning of another, to be searched.
const PRODUCE: [&str; 84] = [
    "凉皮",
    "凉粉",
    "刀削面",
    "包子",
    "卤味",
    "大枣",
    "大盘鸡",
    "大米",
    "大闸蟹",
    "奶茶",
    "小吃",
    "小笼",
    "小面",
    "年糕",
    "扒鸡",
    "拉面",
    "早茶",
    "月饼",
    "杨梅",
    "板栗",
    "板鸭",
    "枸杞",
    "柚子",
    "核桃",
    "榨菜",
    "樱桃",
    "毛尖",
    "水饺",
    "汤包",
    "泡馍",
    "火腿",
    "火锅",
    "炒饭",
    "烤鸭",
    "烧烤",
    "烧饼",
    "烧鸡",
    "烩面",
    "热干面",
    "煎饼",
    "燕面",
    "牛杂",
    "牛肉",
    "牡丹",
    "猪脚饭",
    "生煎",
    "白酒",
    "盐水鸭",
    "石榴",
    "米粉",
    "米线",
    "红枣",
    "红肠",
    "红茶",
    "绿茶",
    "羊肉",
    "肉夹馍",
    "肠粉",
    "胡辣汤",
    "脐橙",
    "臭鳜鱼",
    "芒果",
    "苹果",
    "草莓",
    "荔枝",
    "葡萄",
    "蜜桃",
    "蜜瓜",
    "螺蛳粉",
    "西瓜",
    "豆腐",
    "酱菜",
    "酸菜",
    "酸辣粉",
    "馄饨",
    "馕",
    "香梨",
    "鸡公煲",
    "鸡饭",
    "鸭脖",
    "麻花",
    "麻辣烫",
    "黄酒",
    "龙虾",
];
/// Characters between a place and what it is known for.
const PRODUCE_REACH: usize = 3;

/// Sides, where the title says that they train or prepare: in a match both sides are where their names say.
const SIDES: [&str; 17] = [
    "队",
    "男篮",
    "女篮",
    "男排",
    "女排",
    "男足",
    "女足",
    "国安",
    "申花",
    "泰山",
    "海港",
    "海牛",
    "宏远",
    "三镇",
    "蓉城",
    "俱乐部",
    "国际",
];
const SIDE_REACH: usize = 5;
const CAMP: [&str; 6] = ["集训", "冬训", "夏训", "拉练", "备战", "封闭训练"];

/// What the world of films says right behind a title that is not in quotation marks.
const SCREEN: [&str; 14] = [
    "剧组",
    "票房",
    "重映",
    "修复版",
    "定档",
    "上映",
    "首播",
    "热播",
    "杀青",
    "导演",
    "续集",
    "主创",
    "原著",
    "豆瓣",
];
/// Words of the trade itself: 河南电影票房 is of 河南.
const TRADE: [&str; 14] =
    ["影", "剧", "院", "档", "片", "市场", "节", "视", "综艺", "动画", "文旅", "作家", "籍", "全"];

/// Countries that have a province of the same name or characters.
const COUNTRIES: [&str; 8] = ["越南", "朝鲜", "韩国", "日本", "老挝", "缅甸", "泰国", "蒙古国"];

/// What bears the name, if anything. `next_is_name` says that another name begins where this one ends.
pub(super) fn bearer(around: Around<'_>, text: &str, next_is_name: bool) -> Bearer {
    let after = around.after;
    let foreign = COUNTRIES.iter().any(|country| around.before.ends_with(country))
        && after.starts_with(['省', '道', '县', '郡']);
    if foreign || is_ship(after) || is_street(after, next_is_name) || is_treaty(after) || is_screened(around)
    {
        return Bearer::Elsewhere;
    }
    let thing =
        || building(after).or_else(|| brand(after)).or_else(|| produce(after)).filter(|_| !next_is_name);
    side(after, text).or_else(thing).map_or(Bearer::None, Bearer::Origin)
}

fn is_treaty(after: &str) -> bool {
    TREATIES.iter().any(|word| after.starts_with(word)) && !after.starts_with("公约数")
}

/// 南昌舰, and 号 after a ship's or train's place; but 号召, 号称, 号脉 are words, 号楼 and 号线 number things.
fn is_ship(after: &str) -> bool {
    let [one, two, _] = first(after);
    match one {
        '舰' | '艇' => true,
        '号' => !"召称脉令楼线机段码贩牌".contains(two),
        _ => false,
    }
}

/// 南京路, 西藏中路, 成都道, 延安高架路, 香港东路, 广西新街.
fn is_street(after: &str, next_is_name: bool) -> bool {
    if after.starts_with("高架路") {
        return true;
    }
    let ends = |at: &str| {
        let [one, two, _] = first(at);
        let words = match one {
            '路' => "网段桥政面况产由演线径透基费边子数",
            '街' => "头道上边坊区景舞拍",
            '巷' => "战",
            '弄' => "虚潮清懂",
            '道' if !next_is_name => "路德教歉理具观场士家学长班人闸岔床指喜夫协县真孚外里破出",
            _ => return false,
        };
        !words.contains(two)
    };
    let [one, two, three] = first(after);
    let rest = |count: usize| after.char_indices().nth(count).map_or("", |(at, _)| &after[at..]);
    match (one, two) {
        ('大', '道') => !"至理".contains(three),
        ('大', '街') => ends(rest(1)) && three != '小',
        // 一路走高 is no street.
        ('一', '路') => is_border(three) || "口段与和地小".contains(three),
        ('东' | '西' | '南' | '北' | '中' | '二' | '三' | '四' | '新' | '老' | '支' | '横' | '正', _) => {
            ends(rest(1))
        }
        ('胡', '同') => true,
        _ => ends(after),
    }
}

fn building(after: &str) -> Option<usize> {
    let word = BUILDINGS.iter().find(|word| after.starts_with(**word)).map(|word| word.len());
    // 酒店业, 广场舞, 公园城市: what follows makes it a trade or a kind.
    let of_kind = |end: &usize| {
        let rest = &after[*end..];
        rest.starts_with(['业', '舞', '城', '群', '类']) && !rest.starts_with("业主")
    };
    let word = word.filter(|end| !of_kind(end));
    let [one, two, _] = first(after);
    let short = match one {
        '桥' => !"梁畔头牌隧段下架北南东西".contains(two),
        '村' => !"级民超寨庄官支委医干落镇里口头".contains(two),
        '里' => !"程面外边头的有约奥斯应".contains(two),
        '湾' => two != '区',
        '峰' => !"会值谷云高".contains(two),
        '湖' => !"区泊南北州广笔长".contains(two),
        _ => false,
    };
    word.or(short.then_some(one.len_utf8()))
}

fn brand(after: &str) -> Option<usize> {
    let other = NO_BRANDS.iter().any(|word| after.starts_with(word));
    BRANDS.iter().find(|word| !other && after.starts_with(**word)).map(|word| word.len())
}

fn produce(after: &str) -> Option<usize> {
    within(after, PRODUCE_REACH, |rest| {
        let at = PRODUCE.partition_point(|word| *word <= rest);
        PRODUCE.get(at.checked_sub(1)?).filter(|word| rest.starts_with(**word)).map(|word| word.len())
    })
}

fn side(after: &str, text: &str) -> Option<usize> {
    if !CAMP.iter().any(|word| text.contains(word)) {
        return None;
    }
    within(after, SIDE_REACH, |rest| {
        SIDES.iter().find(|word| rest.starts_with(**word)).map(|word| word.len())
    })
}

/// The end of the first word that begins within so many characters, none of them a border.
fn within(after: &str, reach: usize, word: impl Fn(&str) -> Option<usize>) -> Option<usize> {
    let starts = after.char_indices().take_while(|(_, c)| !is_border(*c)).take(reach + 1);
    starts.map(|(at, _)| at).find_map(|at| word(&after[at..]).map(|len| at + len))
}

/// A title that is not in quotation marks: 重庆森林修复版, 北京爱情故事剧组.
fn is_screened(around: Around<'_>) -> bool {
    let begins = around.before.chars().next_back().is_none_or(is_border);
    let inner = (2..=4).find_map(|count| {
        let (at, _) = around.after.char_indices().nth(count)?;
        SCREEN.iter().any(|word| around.after[at..].starts_with(word)).then(|| &around.after[..at])
    });
    begins
        && inner
            .is_some_and(|inner| !inner.contains(is_border) && !TRADE.iter().any(|word| inner.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn produce_is_in_order_and_no_word_begins_another() {
        assert!(PRODUCE.is_sorted());
        assert!(PRODUCE.windows(2).all(|pair| !pair[1].starts_with(pair[0])));
    }
}
