//! The languages of the pages: the choice of one, and every phrase in both. What publishers write stays as it is.

use std::borrow::Cow;
use std::fmt;

use chrono::{Datelike, NaiveDate, Weekday};

use crate::model::month::Month;
use crate::model::region::Region;

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lang {
    #[default]
    Zh,
    En,
}

/// The language of a page, and how it was chosen. It is a part of a page's address within the program:
/// `henan/`, `henan/?en`, `henan/?lang=en`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tongue {
    pub lang: Lang,
    /// True if the address asks for it: then the links of the page ask for it too.
    pub kept: bool,
}

impl Lang {
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// The tag as addresses have it (`?lang=en`).
    pub fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// The tag as documents have it: with the script, which decides the glyphs of shared characters.
    pub fn document(self) -> &'static str {
        match self {
            Self::Zh => "zh-Hans",
            Self::En => "en",
        }
    }

    /// The name by which its own readers know it.
    pub fn own_name(self) -> &'static str {
        match self {
            Self::Zh => "中文",
            Self::En => "English",
        }
    }

    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.tag() == tag)
    }

    /// The language for readers who prefer this one (RFC 5646): English for all who prefer another than Chinese.
    pub fn nearest(tag: &str) -> Self {
        let primary = tag.split('-').next().unwrap_or_default();
        let chinese = ["zh", "cmn", "yue", "wuu", "hak", "nan", "gan", "hsn"];
        if chinese.iter().any(|other| primary.eq_ignore_ascii_case(other)) { Self::Zh } else { Self::En }
    }

    /// `11月30日 星期一`, with the year if it is not this one.
    pub fn date(self, date: NaiveDate, year: i32) -> String {
        match (self, date.year() == year) {
            (Self::Zh, true) => format!("{}月{}日", date.month(), date.day()),
            (Self::Zh, false) => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
            (Self::En, true) => date.format("%-d %B").to_string(),
            (Self::En, false) => date.format("%-d %B %Y").to_string(),
        }
    }

    pub fn weekday(self, date: NaiveDate) -> &'static str {
        let (zh, en) = match date.weekday() {
            Weekday::Mon => ("星期一", "Monday"),
            Weekday::Tue => ("星期二", "Tuesday"),
            Weekday::Wed => ("星期三", "Wednesday"),
            Weekday::Thu => ("星期四", "Thursday"),
            Weekday::Fri => ("星期五", "Friday"),
            Weekday::Sat => ("星期六", "Saturday"),
            Weekday::Sun => ("星期日", "Sunday"),
        };
        if self == Self::Zh { zh } else { en }
    }

    pub fn month(self, month: Month) -> String {
        let first = NaiveDate::from_ymd_opt(month.year(), month.number(), 1).unwrap_or_default();
        match self {
            Self::Zh => format!("{}年{}月", month.year(), month.number()),
            Self::En => first.format("%B %Y").to_string(),
        }
    }

    /// What small bars of polls say, for those who do not see them.
    pub fn polls_told(self, news: usize, quiet: usize, failed: usize) -> String {
        match self {
            Self::Zh => format!("有新闻 {news} 次，没有新闻 {quiet} 次，失败 {failed} 次"),
            Self::En => format!("{news} with news, {quiet} without, {failed} failed"),
        }
    }

    /// A place of evidence with the kind of name that stands there.
    pub fn with_kind(self, told: String, kind: &str) -> String {
        match self {
            Self::Zh => format!("{told}（{kind}）"),
            Self::En => format!("{told} ({kind})"),
        }
    }

    /// The name of a region: the configured one in Chinese; in English the usual one, if it has one.
    pub fn region(self, region: &Region) -> &str {
        let known = ENGLISH.iter().find(|(id, _)| *id == region.id.as_str());
        match known.filter(|_| self == Self::En) {
            Some((_, name)) => name,
            None => &region.name,
        }
    }
}

impl Tongue {
    /// The page of this path in this language, within the program.
    pub fn at(self, path: &str) -> Cow<'_, str> {
        match (self.kept, self.lang) {
            (true, lang) => format!("{path}?lang={}", lang.tag()).into(),
            (false, Lang::Zh) => path.into(),
            (false, lang) => format!("{path}?{}", lang.tag()).into(),
        }
    }

    /// The path and the language of a page. The inverse of [`Tongue::at`].
    pub fn split(path: &str) -> (&str, Option<Self>) {
        let Some((bare, query)) = path.split_once('?') else { return (path, Some(Self::default())) };
        let tongue = match query.strip_prefix("lang=") {
            Some(tag) => Lang::parse(tag).map(|lang| Self { lang, kept: true }),
            None => {
                Lang::parse(query).filter(|lang| *lang != Lang::Zh).map(|lang| Self { lang, kept: false })
            }
        };
        (bare, tongue)
    }

    /// The query that links carry, with its question mark.
    pub fn query(self) -> Query {
        Query(self)
    }
}

/// The query of a page's links; nothing if the address does not ask for a language.
pub struct Query(Tongue);

impl fmt::Display for Query {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.kept { write!(out, "?lang={}", self.0.lang.tag()) } else { Ok(()) }
    }
}

/// The English names of the built-in regions. A region of the configuration keeps its one name.
const ENGLISH: [(&str, &str); 35] = [
    ("anhui", "Anhui"),
    ("aomen", "Macau"),
    ("beijing", "Beijing"),
    ("bingtuan", "XPCC"),
    ("chongqing", "Chongqing"),
    ("fujian", "Fujian"),
    ("gansu", "Gansu"),
    ("guangdong", "Guangdong"),
    ("guangxi", "Guangxi"),
    ("guizhou", "Guizhou"),
    ("hainan", "Hainan"),
    ("hebei", "Hebei"),
    ("heilongjiang", "Heilongjiang"),
    ("henan", "Henan"),
    ("hubei", "Hubei"),
    ("hunan", "Hunan"),
    ("jiangsu", "Jiangsu"),
    ("jiangxi", "Jiangxi"),
    ("jilin", "Jilin"),
    ("liaoning", "Liaoning"),
    ("neimenggu", "Inner Mongolia"),
    ("ningxia", "Ningxia"),
    ("qinghai", "Qinghai"),
    ("shaanxi", "Shaanxi"),
    ("shandong", "Shandong"),
    ("shanghai", "Shanghai"),
    ("shanxi", "Shanxi"),
    ("sichuan", "Sichuan"),
    ("taiwan", "Taiwan"),
    ("tianjin", "Tianjin"),
    ("xianggang", "Hong Kong"),
    ("xinjiang", "Xinjiang"),
    ("xizang", "Tibet"),
    ("yunnan", "Yunnan"),
    ("zhejiang", "Zhejiang"),
];

/// Makes a method of [`Lang`] for each phrase: its name, what it takes, Chinese, English.
macro_rules! phrases {
    ($($name:ident: $zh:literal, $en:literal;)* --- $($with:ident($value:ident): $zh_with:literal, $en_with:literal;)*) => {
        impl Lang {
            $(pub fn $name(self) -> &'static str {
                match self { Self::Zh => $zh, Self::En => $en }
            })*
            $(pub fn $with(self, $value: impl fmt::Display) -> String {
                match self { Self::Zh => format!($zh_with), Self::En => format!($en_with) }
            })*
        }
    };
}

phrases! {
    site: "邸报", "Dibao";
    motto: "各地新闻，按省汇成可以订阅的源", "Regional news of China as feeds, one for each province";
    about: "标题和摘要属于各家媒体，每条都链接到原网站。", "Headlines and summaries belong to their publishers; each links to the original.";
    skip: "跳到正文", "Skip to content";
    languages: "语言", "Language";
    regions: "各地", "Regions";
    today_marked: "有圆点的地方今天有新闻。", "A dot marks regions with news today.";
    all: "全部", "All news";
    national: "全国", "National";
    newest: "最新", "Latest";
    more: "全部新闻", "All news";
    no_news: "还没有新闻。", "No news yet.";
    search: "搜索", "Search";
    search_for: "搜索新闻", "Search the news";
    how_to_search: "多个词都要出现；“短语”要连在一起；-词 不要出现；title:词 只找标题。", "All words must occur. “Phrases” stay together, -word leaves out, title:word looks at headlines only.";
    nothing_found: "没有找到。换一个词，或者少用几个词。", "Nothing was found. Try another word, or fewer.";
    search_is_built: "搜索索引正在建立，几分钟后再试。", "The search index is being built. Try again in a few minutes.";
    search_takes_long: "这个搜索太费时。请用更多或更少见的词。", "This search takes too long. Use more or rarer words.";
    everywhere: "全部地区", "All regions";
    region_of: "地区", "Region";
    first_day: "从", "From";
    last_day: "到", "To";
    sorted: "排序", "Sort";
    by_time: "最新的在前", "Newest first";
    by_relevance: "最相关的在前", "Most relevant first";
    apply: "筛选", "Filter";
    filters: "筛选", "Filters";
    subscribe_search: "订阅这个搜索", "Subscribe to this search";
    newer_results: "上一页", "Previous";
    older_results: "下一页", "Next";
    fault_open_quote: "有一个引号没有关上。", "A quotation mark is not closed.";
    fault_only_without: "除了不要的词，至少写一个要找的词。", "Name at least one word to find, besides those to leave out.";
    fault_days: "最后一天早于第一天。", "The last day is before the first.";
    subscribe: "订阅", "Subscribe";
    how_to_subscribe: "怎样订阅", "How to subscribe";
    to_subscribe: "选一个地方，把它的地址加进阅读器，新的报道就会自己出现在那里。", "Pick a region and add its address to your feed reader. New reports then appear there by themselves.";
    formats: "Atom 适合大多数阅读器，RSS 适合较旧的，JSON Feed 适合程序。内容都一样。", "Atom suits most readers, RSS older ones, JSON Feed programs. All three say the same.";
    all_at_once: "一次订阅各地（OPML）", "All regions at once (OPML)";
    the_sources: "本站的来源（OPML）", "The sources of this site (OPML)";
    address: "订阅地址", "Feed address";
    copy: "复制", "Copy";
    copied: "已复制", "Copied";
    status: "状态", "Status";
    details: "详情", "Details";
    home: "首页", "Home";
    archives: "往期", "Archive";
    pages: "翻页", "Pages";
    feed_of_month: "这个月的订阅存档（Atom）", "This month as a feed archive (Atom)";
    neighbours: "邻近各地", "Neighbouring regions";
    widely_reported: "多家在报", "Widely reported";
    original: "阅读原文", "Read the original";
    by: "作者", "By";
    editor: "编辑", "Editor";
    section: "栏目", "Section";
    outlet: "来源", "Outlet";
    published: "发布", "Published";
    other_reports: "其他报道", "Other reports";
    marked_alike: "标出的是与本条相同的字。", "Marked words are those it shares with this report.";
    why_here: "为什么在这里", "Why it is here";
    corrections: "改动", "Changes";
    never_changed: "此后没有改动。", "It has not changed since.";
    names_no_region: "没有提到某个地方，所以归入全国。", "It names no region, so it is national news.";
    same_link: "链接到同一页", "links to the same page";
    same_title: "标题相同", "same headline";
    first_of_story: "最先收到", "came first";
    by_code: "发布者给出了这个地方的代码", "its publisher gave the code of the region";
    by_operator: "由本站指定", "this site put it here";
    rule_province: "地名", "a name of the region";
    rule_prefecture: "地市名", "a prefecture";
    rule_county: "区县名", "a county";
    rule_bingtuan: "兵团的师市", "a division or city of XPCC";
    rule_abbreviation: "简称", "an abbreviation";
    rule_group: "几个地方的合称", "a name for several regions";
    rule_landmark: "当地的地标或机构", "a landmark or institution there";
    rule_club: "当地的球队", "a club from there";
    rule_alias: "别名", "another name";
    about_source: "关于这个来源", "About this source";
    website: "网站", "Website";
    own_feed: "它的地址", "Its own address";
    covers: "地区", "Covers";
    by_headline: "按内容分到各地", "sorted into regions by what it reports";
    polled: "抓取", "Polled";
    not_polled: "停用", "not polled";
    usual_pause: "通常间隔", "Usual pause";
    stored: "收录", "Stored";
    two_weeks: "最近两周", "The last two weeks";
    changes_of_state: "最近的变化", "Recent changes";
    missed: "可能有遗漏", "entries may have been missed";
    well: "运行正常", "All is well";
    degraded: "运行异常", "Degraded";
    changes: "来源状态的变化", "Changes of the sources";
    ailing: "不正常的来源", "Sources in trouble";
    all_sources: "全部来源", "All sources";
    polls_of_an_hour: "最近一小时的抓取", "Polls of the last hour";
    freshness: "各地的新闻，最近二十四小时", "News of each region, last 24 hours";
    none: "没有。", "None.";
    colon: "：", ": ";
    comma: "，", ", ";
    source: "来源", "Source";
    state: "状态", "State";
    since: "开始", "Since";
    last_good: "上次成功", "Last success";
    next_poll: "下次抓取", "Next poll";
    recent_polls: "最近几次抓取", "Recent polls";
    failures: "失败次数", "Failures";
    configured: "配置使用自", "Configured";
    ---
    entries(n): "{n} 条", "{n} entries";
    outlets(n): "{n} 家报道", "{n} outlets";
    reports(n): "{n} 篇报道", "{n} reports";
    more_reports(n): "还有 {n} 篇。", "{n} more.";
    at_least(n): "只列出最新的 {n} 条。", "Only the newest {n} are listed.";
    found(n): "找到 {n} 条", "{n} entries found";
    no_more_results(n): "这一页没有了：一共找到 {n} 条。", "Nothing more: {n} entries found in all.";
    searched_for(q): "搜索：{q}", "Search: {q}";
    fault_too_long(n): "只搜索了前 {n} 个字。", "Only the first {n} characters are searched for.";
    fault_many_words(n): "只搜索了前 {n} 个词。", "Only the first {n} words are searched for.";
    fault_no_letters(part): "“{part}”里没有文字，没有搜索。", "“{part}” has neither letters nor digits and is left out.";
    fault_parameter(value): "不认识“{value}”，没有用它。", "“{value}” is not known and is not used.";
    details_of(title): "详情：{title}", "Details: {title}";
    earlier(date): "更早：{date}", "Earlier: {date}";
    later(date): "更晚：{date}", "Later: {date}";
    day_of(name): "{name}，一天的新闻", "{name}, news of a day";
    feed_of(name): "{name}的最新新闻，来自各家媒体，可以订阅。", "The latest news of {name} from many outlets, as a feed.";
    in_title(text): "标题里有“{text}”", "its headline names \"{text}\"";
    in_dateline(text): "电头写着“{text}”", "its dateline says \"{text}\"";
    by_rule(text): "本站的规则认出“{text}”", "a rule of this site knows \"{text}\"";
    of_source(name): "这个来源只报道{name}", "this source covers {name} alone";
    first_seen(at): "{at} 收到。", "First seen {at}.";
    rewritten(n): "此后改动 {n} 次", "changed {n} times since";
    last_changed(at): "最近一次在 {at}。", "the last time on {at}.";
    titled_before(title): "标题曾是“{title}”。", "Its headline was \"{title}\".";
    near_text(percent): "正文 {percent}% 相同", "{percent}% of the text alike";
    part_of_text(percent): "正文 {percent}% 出现在另一篇里", "{percent}% of the text stands in the other";
    near_title(percent): "标题 {percent}% 相同", "{percent}% of the headline alike";
    since_time(at): "自 {at} 起", "since {at}";
    every_minutes(n): "每 {n} 分钟", "every {n} minutes";
    minutes(n): "{n} 分钟", "{n} minutes";
    hours(n): "{n} 小时", "{n} hours";
    days(n): "{n} 天", "{n} days";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::region::RegionTable;

    #[test]
    fn a_language_is_a_part_of_the_path_and_comes_back_from_it() {
        for lang in Lang::ALL {
            for kept in [true, false] {
                let tongue = Tongue { lang, kept };
                for path in ["", "henan/", "entry/00"] {
                    assert_eq!(Tongue::split(&tongue.at(path)), (path, Some(tongue)));
                }
            }
        }
        for path in ["henan/?", "henan/?fr", "henan/?lang=fr", "henan/?zh", "henan/?lang=en?lang=en"] {
            assert_eq!(Tongue::split(path), ("henan/", None), "{path}");
        }
    }

    #[test]
    fn a_reader_of_another_language_gets_english() {
        let cases = [("zh-CN", Lang::Zh), ("ZH", Lang::Zh), ("zh-Hant-TW", Lang::Zh), ("yue", Lang::Zh)];
        for (tag, lang) in cases.into_iter().chain([("en-GB", Lang::En), ("de", Lang::En), ("", Lang::En)]) {
            assert_eq!(Lang::nearest(tag), lang, "{tag}");
        }
    }

    #[test]
    fn every_region_of_the_table_has_an_english_name() {
        let regions = RegionTable::builtin();
        let named = regions.iter().filter(|region| Lang::En.region(region).is_ascii()).count();
        assert_eq!(named, regions.len());
        assert!(ENGLISH.is_sorted() && ENGLISH.len() == regions.len());
    }

    #[test]
    fn a_date_names_its_year_only_if_it_is_another() {
        let date = NaiveDate::from_ymd_opt(2026, 3, 5).expect("a date");
        assert_eq!(Lang::Zh.date(date, 2026), "3月5日");
        assert_eq!(Lang::Zh.date(date, 2027), "2026年3月5日");
        assert_eq!(Lang::En.date(date, 2026), "5 March");
        assert_eq!((Lang::En.date(date, 2027), Lang::En.weekday(date)), ("5 March 2026".into(), "Thursday"));
    }
}
