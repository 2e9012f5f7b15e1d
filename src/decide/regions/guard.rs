//! Decides if a name that was found counts, by the characters before and after it.
//!
//! Owns the word-boundary rules of names. Knows no single place; the data says which guard a name has.

use super::around::Around;
use super::bearer::{self, Bearer};
use super::boundary::is_boundary;
use super::person::{follows_surname, is_given};

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

/// The use of a name and of its characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameUse {
    Counts,
    /// Something has its name from there: it counts unless another place is named. The number says how many bytes
    /// behind the name belong to that thing.
    Origin(usize),
    /// Something else bears the name (陕西南路): it names nothing, and 陕 in it names nothing either.
    Swallowed,
    /// It is not this name at all: its characters are free for others.
    Refused,
}

impl Guard {
    /// True if the name counts in `text`. `next_is_name` says that another name begins where this one ends, `sport`
    /// that the title is about sport.
    pub(super) fn judge(self, around: Around<'_>, text: &str, next_is_name: bool, sport: bool) -> NameUse {
        let bears = matches!(self, Self::Place | Self::Person | Self::Boundary | Self::Prefer);
        if !self.admits(around, sport) {
            return NameUse::Refused;
        }
        if !bears {
            return NameUse::Counts;
        }
        if is_boundary(around) || is_given(around) {
            return NameUse::Refused;
        }
        match bearer::bearer(around, text, next_is_name) {
            Bearer::None => NameUse::Counts,
            Bearer::Elsewhere => NameUse::Swallowed,
            Bearer::Origin(bytes) => NameUse::Origin(bytes),
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
