//! What ticks within a text though nothing is told: how often it was read, how long ago it was written, the
//! clock of the page, advertisements. Taken out before two texts are compared.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Each pattern is taken out. Numbers count only beside the word that says what they count, so that no figure of
/// the news itself is one.
const TICKING: &[&str] = &[
    // 阅读 1234, 评论数 5, 点赞(12); not 回复 4, which may be the fourth
    r"(?i)(阅读|浏览|点击|播放|观看|评论|跟帖|回复|点赞|喜欢|分享|转发|收藏|人气|热度|围观)((量|数|次数|人数)\s*[:：(（]?|\s*[:：(（])\s*\d[\d,.]*\s*[万亿千km]?\+?\s*[次条人个]?",
    r"(?i)(阅读|浏览|点击|播放|点赞|分享|转发|收藏|人气|热度|围观)\s*\d[\d,.]*\s*[万亿千km]?\+?\s*[次人]?",
    // 1234 次阅读, 5 条评论, 12人点赞
    r"(?i)\d[\d,.]*\s*[万亿千km]?\+?\s*(人次|[次条个人])?\s*(阅读|浏览|点击|播放|观看|评论|跟帖|回复|点赞|喜欢|分享|转发|收藏|围观)",
    r"(?i)\b\d[\d,.]*\s*[km]?\+?\s*(views?|reads?|shares?|comments?|likes?|clicks?|reply|replies|downloads?|votes?)\b",
    r"(?i)\b(views?|reads|shares?|comments?|likes?|clicks?|replies|downloads?|votes?)\s*[:(]\s*\d[\d,.]*\s*[km]?\b",
    // 3分钟前, 2 hours ago
    r"\d+\s*(秒钟?|分钟|个?小时|天|日|周|个月|月|年)之?前",
    r"(?i)\b(\d+|an?|one)\s*(seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)\s+ago\b",
    // 更新时间：2026-11-27 08:00, Last updated: 27 Nov 2026 08:00
    r"(?i)(更新时间|更新于|最后更新|当前时间|现在时间|现在是|抓取时间|生成时间|last (updated|modified)|updated (at|on)|updated:|generated (at|on)|generated:)\s*[:：]?\s*([a-z]{3,9},?\s+)?(\d{1,2}\s+)?([a-z]{3,9}\s+)?[\d年月日时分秒:：/.,T+Z\s-]{4,40}(\b[ap]m\b)?",
    // 广告：…。 【广告】…。 Advertisement: … .
    r"(广告|推广|赞助)[:：][^。！？!?]{0,160}[。！？!?]?",
    r"[\[［【(（]\s*(广告|推广|赞助)\s*[\]］】)）][^。！？!?]{0,160}[。！？!?]?",
    r"(?i)\b(advertisement|sponsored)\s*:\s*[^.!?]{0,200}[.!?]?",
];

/// A text without what ticks in it.
#[must_use]
pub fn still(text: &str) -> Cow<'_, str> {
    static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        TICKING.iter().map(|pattern| Regex::new(pattern).expect("a pattern of ours")).collect()
    });
    PATTERNS.iter().fold(Cow::Borrowed(text), |text, pattern| match pattern.replace_all(&text, "") {
        Cow::Borrowed(_) => text,
        Cow::Owned(replaced) => Cow::Owned(replaced),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ticks_is_taken_out() {
        for (one, other) in [
            ("漫画一（1 条评论）", "漫画一（22 条评论）"),
            ("路况通报 阅读 1,234 分享 5", "路况通报 阅读 9,001 分享 77"),
            ("路况通报。阅读量：1.2万", "路况通报。阅读量：3.4万"),
            ("3分钟前 消防员到场", "2小时前 消防员到场"),
            ("Storm nears (3 comments, 1.2k views)", "Storm nears (15 comments, 4k views)"),
            ("Updated 4 minutes ago. Storm nears.", "Updated 2 hours ago. Storm nears."),
            ("通报。更新时间：2026-11-27 08:00:01", "通报。更新时间：2026-11-27 09:20:00"),
            ("Storm. Last updated: 27 Nov 2026 08:00", "Storm. Last updated: 28 Nov 2026 11:05"),
            ("雨停了。广告：新房开盘，低至八折。", "雨停了。广告：秋季大衣。"),
        ] {
            assert_eq!(still(one).trim(), still(other).trim(), "{one} / {other}");
        }
    }

    #[test]
    fn figures_of_the_news_stay() {
        for (one, other) in [
            ("事故已致3人死亡", "事故已致5人死亡"),
            ("回复 3 内容各不相同", "回复 4 内容各不相同"),
            ("水位上涨2米", "水位上涨3米"),
            ("第3次更新：水位29米", "第4次更新：水位30米"),
            ("The bridge has 3 lanes", "The bridge has 4 lanes"),
            ("广告法修订草案公布", "广告法修订草案通过"),
        ] {
            assert_ne!(still(one), still(other), "{one}");
        }
    }
}
