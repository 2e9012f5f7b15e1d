//! Recognises lines of a page's frame by their labels: title, outlet, editor, section, rights. Reads single lines;
//! `article` knows their place on the page.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::read::text::one_line;

/// A site's name at the end of a title has one of these in it.
const SITE_WORDS: &[&str] =
    &["网", "新闻", "频道", "在线", "日报", "晚报", "客户端", "人民", "新华", "央广", "门户", "网站"];

/// Labels that end the value of another label on the same line.
const LABELS: &[&str] = &[
    "作者", "责任编辑", "责编", "编辑", "记者", "浏览", "点击", "字号", "字体", "时间", "发布", "来源",
    "分享", "阅读", "评论", "摄影", "校对", "审核", "打印", "更新", "人气", "原创", "参与互动",
];

/// Labels of the outlet, longest first where one is in another.
const OUTLET: &[&str] = &["文章来源", "信息来源", "稿件来源", "新闻来源", "来源", "稿源", "出处", "來源"];

const EDITOR: &[&str] = &["责任编辑", "責任編輯", "责编", "编辑", "編輯"];

/// The longest name of an outlet or an editor, in characters.
const MAX_NAME: usize = 40;

/// A line with a breadcrumb is no longer, in characters.
const MAX_TRAIL: usize = 120;

/// The longest rights notice that is kept, in characters: some hold a whole licence.
const MAX_RIGHTS: usize = 300;

/// The title of a list without the name of the site after it.
pub(super) fn list_title(title: &str) -> String {
    first_part(title)
}

/// The title of an article without the name of the site after it.
/// `sites` are the names of the site as [`plain_name`] has them.
pub(super) fn article_title(title: &str, sites: &[String]) -> String {
    let mut left = title.trim();
    while let Some((at, mark)) = ["_", "|", "｜", "--", "——", " - ", " – ", " — ", "-"]
        .iter()
        .filter_map(|mark| left.rfind(mark).map(|at| (at, mark)))
        .max_by_key(|(at, _)| *at)
    {
        let tail = left[at + mark.len()..].trim();
        let plain = plain_name(tail);
        let named = sites
            .iter()
            .any(|site| !plain.is_empty() && (plain == *site || plain.starts_with(site.as_str())));
        let is_site =
            tail.chars().count() <= 24 && (named || SITE_WORDS.iter().any(|word| tail.contains(word)));
        let head = left[..at].trim_end_matches(['-', '—', '_', ' ']);
        if !is_site || head.chars().count() < 4 {
            break;
        }
        left = head;
    }
    one_line(left)
}

/// The letters and digits of a name, in lower case: `MDR.DE` and `mdr.de` are alike.
pub(super) fn plain_name(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn first_part(title: &str) -> String {
    let parts: Vec<&str> = title.split(['_', '|', '｜', '-', '—']).map(str::trim).collect();
    let first = parts.first().copied().unwrap_or_default();
    let rest = parts.iter().skip(1).any(|part| !part.is_empty());
    let is_site = rest && (first.ends_with('网') || first.ends_with("在线"));
    if first.is_empty() || is_site { one_line(title) } else { one_line(first) }
}

/// The text after one of the labels and a colon, up to the next label or a blank.
fn labelled<'a>(line: &'a str, labels: &[&str]) -> Option<&'a str> {
    labels.iter().find_map(|label| {
        let (_, rest) = line.split_once(label)?;
        let rest = rest.trim_start().strip_prefix([':', '：'])?;
        Some(rest.trim())
    })
}

/// The outlet on a line: `来源：新华社 作者：…`, `来源于：…`, or without a colon `07:08| 来源某某社区| 0 条评论`.
pub(super) fn outlet(line: &str) -> Option<String> {
    let Some(said) = labelled(line, OUTLET).or_else(|| labelled(line, &["来源于", "来源自", "来自"]))
    else {
        return line.split(['|', '｜', ' ', '\u{3000}']).find_map(outlet_without_colon);
    };
    let end = said.find([' ', '|', '｜', '【', '】', '(', '（', ';', '；']).unwrap_or(said.len());
    name(&said[..label_at(said).min(end)])
}

fn outlet_without_colon(part: &str) -> Option<String> {
    let said = OUTLET.iter().find_map(|label| part.trim().strip_prefix(label))?;
    let said = said.trim_start_matches(['于', '自']);
    (said.chars().count() <= 12).then(|| outlet_name(said)).flatten()
}

/// The outlet of a short line that begins with its label, anywhere on a page.
pub(super) fn outlet_alone(line: &str) -> Option<String> {
    const LONGEST: usize = 50;
    let is_alone = OUTLET.iter().any(|label| line.starts_with(label)) && line.chars().count() <= LONGEST;
    (is_alone && !line.contains(['。', '，'])).then(|| outlet_name(&outlet(line)?)).flatten()
}

/// An outlet's name, where a page gives no label: no address, no sentence, and more than a number.
pub(super) fn outlet_name(said: &str) -> Option<String> {
    let name = name(said)?;
    // `来源网络` says that nobody knows.
    let is_address = name == "网络"
        || name == "互联网"
        || name.contains(['/', '@', ':', '：'])
        || name.chars().any(|c| c.is_ascii_digit());
    (!is_address && name.chars().count() >= 2).then_some(name)
}

/// True for a line before an article that praises the site's own application.
pub(super) fn is_advertisement(line: &str) -> bool {
    const LONGEST: usize = 80;
    let apps = ["客户端", "APP", "App", "公众号"].iter().any(|word| line.contains(word));
    let asks = ["下载", "安装", "关注", "扫码"].iter().any(|word| line.contains(word));
    apps && asks && line.chars().count() <= LONGEST
}

/// True if a line is a label of an outlet whose value stands on the next.
pub(super) fn is_bare_outlet(line: &str) -> bool {
    labelled(line, OUTLET).is_some_and(str::is_empty)
}

/// The editors on a line: `责任编辑：张三、李四`, `【编辑:王五】`. Lines of prose have none.
pub(super) fn editor(line: &str) -> Option<String> {
    const MAX_LINE: usize = 100;
    if !line.contains([':', '：']) || line.chars().count() > MAX_LINE || line.contains('。') {
        return None;
    }
    let said = labelled(line, EDITOR)?;
    let end = said.find(['】', ']', '|', '｜', ')', '）', '【']).unwrap_or(said.len());
    name(&said[..label_at(said).min(end)])
}

/// The start of the next label of a line.
fn label_at(said: &str) -> usize {
    let is_label = |label: &str| {
        let at = said.find(label)?;
        let after = said[at + label.len()..].trim_start();
        // A button behind the outlet has no value.
        let ends = label == "参与互动" || after.starts_with([':', '：']) || after.starts_with("时间");
        ends.then_some(at)
    };
    LABELS.iter().filter_map(|label| is_label(label)).min().unwrap_or(said.len())
}

fn name(text: &str) -> Option<String> {
    let name = one_line(text.trim_matches(|c: char| c.is_whitespace() || "：:【】[]|()（）".contains(c)));
    // What goes on like a sentence only happened to have the label's word in it.
    let is_prose = name.contains(['。', '，', '！', '？']);
    (!name.is_empty() && !is_prose && name.chars().count() <= MAX_NAME).then_some(name)
}

/// A value that a selector chose: without its label, if it has one.
pub(super) fn unlabelled(text: &str, read: fn(&str) -> Option<String>) -> Option<String> {
    let has_label = text.contains([':', '：']);
    read(text).or_else(|| (!has_label).then(|| name(text)).flatten())
}

/// The names of several editors. Latin names go on over blanks; numbers of staff are none.
pub(super) fn names(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in text.split(['、', '，', ',', ';', '；', '/']) {
        let mut latin = false;
        for word in part.split_whitespace() {
            let word = word.split_once('_').filter(|(_, code)| is_code(code)).map_or(word, |(name, _)| name);
            if word.is_empty() || is_code(word) {
                continue;
            }
            let is_latin = word.chars().all(|c| c < '\u{0250}');
            match found.last_mut() {
                Some(name) if latin && is_latin => {
                    name.push(' ');
                    name.push_str(word);
                }
                _ => found.push(word.to_owned()),
            }
            latin = is_latin;
        }
    }
    found.truncate(8);
    found
}

/// True for a number of staff: `NBJ11331`, `PN054`.
fn is_code(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_alphanumeric()) && word.bytes().any(|b| b.is_ascii_digit())
}

/// The sections of a breadcrumb, without the home page, the word for the article and the title.
pub(super) fn trail(line: &str, title: Option<&str>) -> Option<Vec<String>> {
    const BETWEEN: &[char] = &['>', '＞', '»', '›', '→'];
    const HERE: &[&str] =
        &["您现在的位置", "您的当前位置", "您当前的位置", "您的位置", "当前位置", "所在位置", "位置"];
    if !line.contains(BETWEEN) || line.chars().count() > MAX_TRAIL {
        return None;
    }
    let here = HERE.iter().find_map(|label| {
        let (_, rest) = line.split_once(label)?;
        Some(rest.trim_start_matches([':', '：', ' ']))
    });
    let from = here.unwrap_or(line);
    let parts: Vec<String> = from.split(BETWEEN).map(one_line).filter(|part| !part.is_empty()).collect();
    let starts_home = parts.first().is_some_and(|first| is_home(first));
    if parts.len() < 2 || !(here.is_some() || starts_home || parts.last().is_some_and(|last| is_leaf(last))) {
        return None;
    }
    let kept = parts.into_iter().filter(|part| {
        let is_title = title.is_some_and(|title| title == part);
        !is_home(part) && !is_leaf(part) && !is_title && part.chars().count() <= 20
    });
    Some(kept.collect())
}

fn is_home(part: &str) -> bool {
    part.ends_with("首页") || part.ends_with("首頁") || part.eq_ignore_ascii_case("home")
}

fn is_leaf(part: &str) -> bool {
    matches!(part, "正文" | "新闻正文" | "内容" | "详情" | "文章内容" | "新闻详情")
}

/// True if a line is a notice of rights, and how much it says.
pub(super) fn rights(line: &str) -> Option<String> {
    const ABOUT: &[&str] = &["版权", "授权", "转载", "copyright", "©"];
    const CLAIM: &[&str] =
        &["未经", "不得", "禁止", "严禁", "所有", "必究", "注明", "责任", "reserved", "务经"];
    static SUBJECT: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        // Every line is asked; most have none of the words.
        AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(ABOUT).ok()
    });
    if !SUBJECT.as_ref().is_some_and(|words| words.is_match(line)) {
        return None;
    }
    let lower = line.to_lowercase();
    let fits = CLAIM.iter().any(|word| lower.contains(word));
    fits.then(|| crate::read::text::truncate_chars(line, MAX_RIGHTS))
}

/// True if a text begins as a list of other articles or of comments does.
pub(super) fn promises_others(text: &str) -> bool {
    const HEADINGS: &[&str] = &[
        "相关", "推荐", "为你推荐", "猜你喜欢", "热门", "评论", "延伸阅读", "最新", "更多", "related",
        "recommended", "most read", "read more", "read also", "see also", "comments", "more on",
        "mehr zum thema", "lesen sie auch",
    ];
    let start: String = text.chars().take(20).collect::<String>().to_lowercase();
    HEADINGS.iter().any(|heading| start.starts_with(heading))
}

/// True if a line that is mostly a link leads to another article.
pub(super) fn leads_to_more(line: &str) -> bool {
    const STARTS: &[&str] = &[
        "read more", "read also", "also read", "see also", "more:", "related:", "mehr zum thema",
        "lesen sie auch", "lire aussi", "leer más", "leia também", "leggi anche", "lees ook", "les også",
        "läs mer",
    ];
    let start: String = line.chars().take(20).collect::<String>().to_lowercase();
    STARTS.iter().any(|words| start.starts_with(words))
}

/// The longest line of a frame without a notice of rights, in characters.
pub(super) const MAX_FRAME: usize = 80;

/// True if a line belongs to the frame about a body: what leads through the site, shares, or claims rights.
pub(super) fn is_frame(line: &str) -> bool {
    let has_rights = rights(line).is_some();
    (has_rights || line.chars().count() <= MAX_FRAME) && leads_on(line) || (has_rights && !line.contains('“'))
}

/// True if a line leads through the site, shares, or names who is responsible for it.
pub(super) fn leads_on(line: &str) -> bool {
    const STARTS: &[&str] = &[
        "分享到", "分享至", "分享让更多人", "扫一扫", "相关新闻", "相关阅读", "相关报道", "延伸阅读",
        "推荐阅读", "更多精彩", "上一篇", "下一篇", "上一页", "下一页", "打印", "关闭窗口", "返回顶部",
        "我要评论", "网友评论", "责任编辑", "责编", "【编辑", "(责编", "（责编", "(责任编辑", "（责任编辑",
        "字号", "版权声明", "关于我们", "举报电话", "违法和不良信息",
    ];
    STARTS.iter().any(|start| line.starts_with(start))
        || (editor(line).is_some() && (line.starts_with("编辑") || line.starts_with('[')))
        || line.contains("ICP备")
        || line.contains("公网安备")
}
