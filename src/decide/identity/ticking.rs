//! Removes parts of a text that change without news: view counts, relative dates, the clock of the page,
//! advertisements. Done before two texts are compared.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Each pattern is taken out. Numbers count only beside the word that says what they count, so that no figure of
/// the news itself is one.
const COUNTERS: &[&str] = &[
    // 阅读 1234, 评论数 5, 点赞(12); not 回复 4, which may be the fourth
    r"(?i)(阅读|浏览|点击|播放|观看|评论|跟帖|回复|点赞|喜欢|分享|转发|收藏|人气|热度|围观)((量|数|次数|人数)\s*[:：(（]?|\s*[:：(（])\s*\d[\d,.]*\s*[万亿千km]?\+?\s*[次条人个]?",
    r"(?i)(阅读|浏览|点击|播放|点赞|分享|转发|收藏|人气|热度|围观)\s*\d[\d,.]*\s*[万亿千km]?\+?\s*[次人]?",
    // 1234 次阅读, 5 条评论, 12人点赞
    r"(?i)\d[\d,.]*\s*[万亿千km]?\+?\s*(人次|[次条个人])?\s*(阅读|浏览|点击|播放|观看|评论|跟帖|回复|点赞|喜欢|分享|转发|收藏|围观)",
    r"(?i)\b\d[\d,.]*\s*[km]?\+?\s*(views?|reads?|shares?|comments?|likes?|clicks?|reply|replies|downloads?|votes?)\b",
    r"(?i)\b(views?|reads|shares?|comments?|likes?|clicks?|replies|downloads?|votes?)\s*[:(]\s*\d[\d,.]*\s*[km]?\b",
    // 更新时间：2026-11-27 08:00, Last updated: 27 Nov 2026 08:00
    r"(?i)(更新时间|更新于|最后更新|当前时间|现在时间|现在是|抓取时间|生成时间|last (updated|modified)|updated (at|on)|updated:|generated (at|on)|generated:)\s*[:：]?\s*([a-z]{3,9},?\s+)?(\d{1,2}\s+)?([a-z]{3,9}\s+)?[\d年月日时分秒:：/.,T+Z\s-]{4,40}(\b[ap]m\b)?",
];

/// What ticks in a text alone: a title that says `80年前` or `技术推广：…` means it.
const OF_TEXTS: &[&str] = &[
    // 3分钟前, 2 hours ago
    r"\d+\s*(秒钟?|分钟|个?小时|天|日|周|个月|月|年)之?前",
    r"(?i)\b(\d+|an?|one)\s*(seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)\s+ago\b",
    // 广告：…。 【推广】…。 Advertisement: … . Each where a sentence begins: within one, it is what that is about.
    r"(?P<before>^|[。！？!?….；;”」）)]\s*)广告[:：][^。！？!?]{0,160}[。！？!?]?",
    r"(?P<before>^|[。！？!?….；;”」）)]\s*)[\[［【(（]\s*(广告|推广|赞助)\s*[\]］】)）][^。！？!?]{0,160}[。！？!?]?",
    r"(?i)(?P<before>^|[.!?…;)]\s*)advertisement\s*:\s*[^.!?]{0,200}[.!?]?",
];

/// A title without what ticks in it.
#[must_use]
pub fn still_title(title: &str) -> Cow<'_, str> {
    static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| compiled(COUNTERS));
    without(title, &PATTERNS)
}

/// A text without what ticks in it.
#[must_use]
pub fn still_text(text: &str) -> Cow<'_, str> {
    static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| compiled(&[COUNTERS, OF_TEXTS].concat()));
    without(text, &PATTERNS)
}

fn compiled(patterns: &[&str]) -> Vec<Regex> {
    patterns.iter().map(|pattern| Regex::new(pattern).expect("a pattern of ours")).collect()
}

fn without<'a>(text: &'a str, patterns: &[Regex]) -> Cow<'a, str> {
    patterns.iter().fold(Cow::Borrowed(text), |text, pattern| {
        // What stands before an advertisement stays.
        match pattern.replace_all(&text, "${before}") {
            Cow::Borrowed(_) => text,
            Cow::Owned(replaced) => Cow::Owned(replaced),
        }
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
            ("广告：新房开盘。雨停了。", "广告：秋季大衣。雨停了。"),
            ("雨停了。【推广】新房开盘", "雨停了。【推广】秋季大衣"),
            ("Rain over. Advertisement: coats", "Rain over. Advertisement: cars"),
        ] {
            assert_eq!(still_text(one).trim(), still_text(other).trim(), "{one} / {other}");
        }
    }

    #[test]
    fn a_title_means_what_it_says_but_for_its_counters() {
        assert_eq!(still_title("漫画一（1 条评论）"), still_title("漫画一（22 条评论）"));
        for (one, other) in [
            ("农技推广：水稻插秧要点", "农技推广：小麦播种时间"),
            ("广告：征集甲", "广告：征集乙"),
            ("【推广】水稻", "【推广】小麦"),
            ("80年前的今天", "81年前的今天"),
            ("Lost 3 days ago", "Lost 5 days ago"),
        ] {
            assert_ne!(still_title(one), still_title(other), "{one}");
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
            ("技术推广：亩产500公斤", "技术推广：亩产800公斤"),
            ("本次活动由三家企业赞助：甲厂", "本次活动由三家企业赞助：乙厂"),
            ("今年新增户外广告：三处", "今年新增户外广告：五处"),
            ("农技（推广）中心发布甲公告", "农技（推广）中心发布乙公告"),
            ("The bill on sponsored: tea", "The bill on sponsored: coffee"),
        ] {
            assert_ne!(still_text(one), still_text(other), "{one}");
            assert_ne!(still_title(one), still_title(other), "{one}");
        }
    }
}
