//! When a name that was found counts: what may stand before and after it.
//!
//! Owns the word-boundary rules of names. Knows no single place; the data says which guard a name has.

/// The condition under which a name counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guard {
    /// Wherever it stands.
    None,
    /// Not right after a place of another region.
    Sight,
    /// Not where a street, a ship or the like is named after the place: 南京路, 南昌舰.
    Place,
    /// A full name: not where its last character begins another word: 东方市场, 海南区域.
    Full,
    /// As `Place`, and not after a surname: it is a given name as well.
    Person,
    /// As `Place`, and only where a clause begins.
    Boundary,
    /// Not beside another place, which then says where the institution is: 北京协和医院, 中国矿业大学(北京).
    Bare,
    /// Only in a title about sport.
    Sport,
    /// 兵团: not the army formations, which have numbers or arms before the word.
    Corps,
    /// 两岸: the two shores of the Taiwan Strait, unless a river, lake or street stands before it.
    Straits,
    /// A railway or road: not where a section of it is named after it.
    Line,
    /// A Latin name: not inside a longer word.
    Word,
    /// Counts only if no other of its regions is named.
    Prefer,
}

/// What stands around a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around<'t> {
    /// The name itself.
    pub(super) name: &'t str,
    /// The text before it.
    pub(super) before: &'t str,
    /// The text after it.
    pub(super) after: &'t str,
    /// Whether another place's name ends where this one starts.
    pub(super) follows_place: bool,
    /// Whether that place is of another region: a smaller place right after a larger one lies in it, so
    /// 台北故宫 and 惠州西湖 are not the famous ones.
    pub(super) follows_other_region: bool,
    /// Whether the characters right before it belong to another word that was found.
    pub(super) follows_word: bool,
}

/// What becomes of a name and of its characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It counts.
    Counts,
    /// Something else bears the name (陕西南路): it names nothing, and 陕 in it names nothing either.
    Swallowed,
    /// It is not this name at all: its characters are free for others.
    Refused,
}

impl Guard {
    /// Whether the name counts here. `sport` says whether the title is about sport.
    pub(super) fn judge(self, around: Around<'_>, sport: bool) -> Verdict {
        let bears = matches!(self, Self::Place | Self::Person | Self::Boundary | Self::Prefer);
        if !self.admits(around, sport) {
            Verdict::Refused
        } else if bears && is_named_after(around.after) {
            Verdict::Swallowed
        } else {
            Verdict::Counts
        }
    }

    fn admits(self, around: Around<'_>, sport: bool) -> bool {
        let next = around.after.chars().next();
        match self {
            Self::None | Self::Place => true,
            Self::Sight | Self::Prefer => !around.follows_other_region,
            Self::Full => !is_inside_longer_word(around.name, next),
            Self::Person => !around.follows_other_region && !follows_surname(around),
            Self::Boundary => !is_inside_longer_word(around.name, next) && starts_clause(around),
            Self::Bare => !around.follows_place && !matches!(next, Some('(' | '（')),
            Self::Sport => sport,
            Self::Corps => !is_army(around.before, next),
            Self::Straits => !is_shore_of_water(around.before, next),
            Self::Line => !around.after.contains('段'),
            Self::Word => is_whole_word(around),
        }
    }
}

/// Streets, ships and trains bear the names of places they are not in: 南京西路, 西藏中路, 南昌舰.
fn is_named_after(after: &str) -> bool {
    let mut chars = after.chars();
    let Some(first) = chars.next() else { return false };
    let second = chars.next();
    match first {
        '舰' | '艇' => true,
        // 号 after a ship's or train's place; but 号召, 号称, 号脉, 号令 are words, 号楼 and 号线 number things.
        '号' => !matches!(
            second,
            Some('召' | '称' | '脉' | '令' | '楼' | '线' | '机' | '段' | '码' | '贩' | '牌')
        ),
        '路' | '街' | '巷' => is_street_end(first, second),
        '大' => match second {
            Some('道') => true,
            Some('街') => is_street_end('街', chars.next()),
            _ => false,
        },
        '东' | '西' | '南' | '北' | '中' | '一' | '二' | '三' | '四' => match second {
            Some('路') => is_street_end('路', chars.next()),
            Some('街') => is_street_end('街', chars.next()),
            _ => false,
        },
        _ => false,
    }
}

/// 路 and 街 begin other words too: 路网, 路段, 街头.
fn is_street_end(end: char, next: Option<char>) -> bool {
    let words = match end {
        '路' => "网段桥政面况产由演线径透基费边",
        '街' => "头道上边坊区景舞拍",
        _ => "",
    };
    next.is_none_or(|c| !words.contains(c))
}

/// 区 of 区域, 市 of 市场, 县 of 县域: the name ended one character earlier.
fn is_inside_longer_word(name: &str, next: Option<char>) -> bool {
    let words = match name.chars().next_back() {
        Some('区') => "域块间别隔划分位",
        Some('市') => "场值盈况价面井镇",
        Some('县') => "域级处",
        Some('旗') => "下帜舰袍号",
        Some('盟') => "友主国",
        Some('州') => "际",
        _ => "",
    };
    next.is_some_and(|c| words.contains(c))
}

/// Surnames before which a name is more likely a given name, without those that end common words.
const SURNAMES: &str = "王李张刘陈杨赵黄吴徐孙朱胡郭林罗郑梁谢宋唐许韩冯邓曹彭曾董袁潘蒋蔡余杜叶程魏吕丁\
                        沈姚卢姜崔钟谭陆汪范廖贾韦邹熊孟秦邱侯龚邵薛闫史陶贺顾毛郝覃戴莫";

fn follows_surname(around: Around<'_>) -> bool {
    !around.follows_word && around.before.chars().next_back().is_some_and(|c| SURNAMES.contains(c))
}

fn starts_clause(around: Around<'_>) -> bool {
    around.before.chars().next_back().is_none_or(|c| {
        // 、 joins the places of a list; a quotation mark opens a name, seldom a place's.
        !c.is_alphanumeric() && !matches!(c, '“' | '"' | '‘' | '\'' | '《' | '·' | '•')
    })
}

/// 第九兵团, 装甲兵团: an army formation; 兵团作战, 兵团级: the military word.
fn is_army(before: &str, next: Option<char>) -> bool {
    before
        .chars()
        .next_back()
        .is_some_and(|c| "一二三四五六七八九十百甲军集红路混装防工各".contains(c) || c.is_ascii_digit())
        || next.is_some_and(|c| "级长司".contains(c))
}

fn is_shore_of_water(before: &str, next: Option<char>) -> bool {
    before.chars().next_back().is_some_and(|c| "江河湖溪水川海湾港峡运街沿渠洋堤流浦淮泾塘右".contains(c))
        || next.is_some_and(|c| "风景猿绿堤山柳的".contains(c))
}

fn is_whole_word(around: Around<'_>) -> bool {
    let joins = |inner: Option<char>, outer: Option<char>| matches!((inner, outer), (Some(a), Some(b)) if is_word_letter(a) && is_word_letter(b));
    !joins(around.name.chars().next(), around.before.chars().next_back())
        && !joins(around.name.chars().next_back(), around.after.chars().next())
}

/// Letters and digits of scripts that put spaces between words. Han characters do not: `在Bayern`.
fn is_word_letter(c: char) -> bool {
    c.is_alphanumeric() && c < '\u{2e80}'
}
