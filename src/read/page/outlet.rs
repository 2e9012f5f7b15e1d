//! Finds the outlet of an article: behind a label, in the head of the page, or as a name beside the time. Believes a
//! name without a label only if its words, the names of its element or the page itself say that it is an outlet.

use std::iter;

use scraper::ElementRef;

use super::dom::{Page, is_inline, text_to};
use super::frame::has_word;
use super::lines::TextLine;
use super::notes::{Found, Part};
use super::prose::around;
use super::shared::Shared;
use super::{meta, when};
use crate::read::date::find;

/// The ends of outlets' names.
const ENDS: &[&str] = &[
    "报", "网", "社", "新闻", "客户端", "电视台", "在线", "周刊", "杂志", "消息", "观察", "发布", "传媒",
    "融媒", "时报", "資訊", "资讯",
];

/// The ends of the names of sections.
const SECTIONS: &[&str] = &[
    "要闻", "动态", "公告", "公示", "通知", "频道", "专题", "时政", "社会", "国内", "国际", "财经", "体育",
    "娱乐", "科技", "文化", "教育", "头条", "综合", "评论", "观点", "新闻", "资讯", "信息",
];

/// Words in the names of elements that hold an outlet.
const NAMED: &[&str] = &["source", "origin", "nickname", "jgname", "where", "laiyuan"];

/// Words in the names of elements that hold an outlet or a person.
const PERSON: &[&str] = &["author", "media"];

/// The maximum length of a name without a label, in characters.
const MAX_NAME: usize = 20;

/// The maximum length of a line with a time and a name, in characters.
const MAX_LINE: usize = 40;

/// The maximum number of elements in the block of a line that are looked at: it may hold the article too.
const MAX_INNER: usize = 200;

/// The outlet of an article. `heading` are the lines about it, `lines` all of them.
/// The place where other pages of the source have theirs comes first.
pub(super) fn outlet(
    page: &Page,
    heading: &[TextLine],
    lines: &[TextLine],
    shared: Shared<'_>,
) -> Option<String> {
    let about: Vec<&TextLine> = heading.iter().take_while(|line| !when::is_prose(&line.text)).collect();
    let found = |value: String, line: &TextLine, why| Found { value, node: Some(line.block), why };
    let usual = about.iter().filter(|line| shared.is_outlet_place(page, line));
    let labelled = usual
        .chain(&about)
        .filter_map(|line| Some(found(meta::outlet(&line.text)?, line, "a label near the title")));
    let next = || {
        let at = about.iter().position(|line| meta::is_bare_outlet(&line.text))?;
        let next = about.get(at + 1)?;
        let is_name = next.text.chars().count() <= MAX_NAME && !next.text.contains([':', '：']);
        is_name.then(|| found(next.text.clone(), next, "the line after a label"))
    };
    let below = lines.iter().filter_map(|line| {
        Some(found(meta::outlet_alone(&line.text)?, line, "a line that begins with a label"))
    });
    let declared = || {
        let value = page.meta(&["contentsource", "source"]).and_then(|said| meta::outlet_name(&said))?;
        Some(Found { value, node: None, why: "the head of the page" })
    };
    let beside = || {
        let value = beside(page, &about)?;
        let line = about.iter().find(|line| line.text.contains(&value));
        Some(Found { value, node: line.map(|line| line.block), why: "a name near the time" })
    };
    let found = labelled
        .chain(iter::once_with(next).flatten())
        .chain(below)
        .chain(iter::once_with(declared).flatten())
        .chain(iter::once_with(beside).flatten());
    page.notes.first(Part::Outlet, found)
}

/// A name on a line with the time, or on one next to it.
fn beside(page: &Page, about: &[&TextLine]) -> Option<String> {
    const NEXT: usize = 2;
    let is_dated: Vec<bool> =
        about.iter().map(|line| find(&line.text, &page.dates).is_some() || has_clock(&line.text)).collect();
    let near =
        |at: usize| is_dated[at.saturating_sub(NEXT)..is_dated.len().min(at + NEXT + 1)].contains(&true);
    let author = page.meta(&["article:author", "mediaid"]);
    let known = |name: &str| {
        ENDS.iter().any(|end| name.ends_with(end))
            || author.as_deref().is_some_and(|author| author.trim() == name)
            || names_site(page, name)
    };
    // Pages in Latin script have roles and buttons there.
    let is_chinese = page
        .title
        .as_deref()
        .is_some_and(|title| title.chars().any(|c| matches!(c, '\u{4E00}'..='\u{9FFF}')));
    let by_names = (1..about.len()).find_map(|at| named(page, about[at], is_chinese && near(at)));
    let by_words = || {
        (1..about.len()).filter(|at| near(*at)).find_map(|at| {
            let name = only_name(&about[at].text)?;
            let adjoins = is_dated[at] || about[at].linked == 0;
            (adjoins && known(&name)).then_some(name)
        })
    };
    let alone = || (1..about.len()).filter(|at| is_dated[*at]).find_map(|at| beside_clock(page, about[at]));
    by_names.or_else(by_words).or_else(|| if is_chinese { alone() } else { None })
}

/// The one name on a line, beside dates, numbers and badges.
fn only_name(line: &str) -> Option<String> {
    if !is_short(line) || line.contains(['：', '。', '，']) {
        return None;
    }
    if ["下载", "打开", "关注", "扫码"].iter().any(|asks| line.starts_with(asks)) {
        return None;
    }
    let is_other = |part: &&str| {
        part.is_empty() || part.chars().any(|c| c.is_ascii_digit()) || matches!(*part, "原创" | "转载")
    };
    let mut parts = line.split([' ', '|', '｜', '\u{3000}']).filter(|part| !is_other(part));
    let (only, more) = (parts.next()?, parts.next());
    // `某某网[整理]`
    let only = only.split(['[', '［', '（', '(']).next().unwrap_or(only);
    more.is_none().then(|| meta::outlet_name(only)).flatten()
}

/// True if the page's title ends with a name: it is the site's own.
fn names_site(page: &Page, name: &str) -> bool {
    let title = page.title.as_deref().unwrap_or_default();
    let own = title.strip_suffix(name).is_some_and(|rest| rest.ends_with(['|', '｜', '-', '_', '—']));
    own && name.chars().count() >= 3
}

/// The outlet in an element of a line whose class or id says so. What may be a person must be a link, or as long as an
/// outlet's name.
fn named(page: &Page, line: &TextLine, may_be_person: bool) -> Option<String> {
    const OUTER: usize = 2;
    let block = line.element(page)?;
    let outer = around(block).skip(1).take(OUTER).filter(|up| is_short(&text_start(*up)));
    let inner = block.descendent_elements().skip(1).filter(|inner| is_inline(inner.value().name()));
    let inner = inner.take(MAX_INNER);
    outer.chain([block]).chain(inner).find_map(|element| {
        let is_named = has_word(element, &["class", "id"], NAMED);
        if !(is_named || may_be_person && has_word(element, &["class", "id"], PERSON)) {
            return None;
        }
        // An element may go on with more lines, or be the part of one.
        let own = text_start(element);
        let own = if own.starts_with(&line.text) { &line.text } else { &own };
        let name = meta::outlet_name(own)?;
        let size = name.chars().count();
        let is_outlet = is_named || size >= 4 || element.value().name() == "a";
        (is_outlet && size <= MAX_NAME && !name.contains(' ')).then_some(name)
    })
}

/// The text of an element, or the beginning of one that is too long for a name or a time: the article may be in it.
fn text_start(element: ElementRef<'_>) -> String {
    text_to(element, MAX_LINE * 3)
}

fn is_short(text: &str) -> bool {
    text.chars().count() <= MAX_LINE
}

/// A name alone in an element beside the element of a time of day. A link is a section's.
fn beside_clock(page: &Page, line: &TextLine) -> Option<String> {
    let block = line.element(page)?;
    let name = only_name(&line.text)?;
    let stands_alone = block.child_elements().any(|child| text_start(child) == name)
        && block.child_elements().any(|child| has_clock(&text_start(child)));
    let is_section = SECTIONS.iter().any(|end| name.ends_with(end));
    (stands_alone && line.linked == 0 && !is_section && name.chars().count() >= 3).then_some(name)
}

/// True for `07:08` in a short text.
fn has_clock(text: &str) -> bool {
    let is_digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    text.len() <= MAX_LINE * 3
        && text
            .match_indices(':')
            .any(|(at, _)| at > 0 && is_digit(at - 1) && is_digit(at + 1) && is_digit(at + 2))
}
