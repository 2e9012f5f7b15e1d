//! The status for people and for readers: a page, and a feed (RFC 4287) of the changes of the sources' states. Both
//! name sources by id and title, and hold no address and no message of a publisher: anybody may read them.

use std::fmt::Write;

use uuid::Uuid;

use super::document::{EMPTY_UPDATED, urn};
use super::html;
use super::site::Site;
use super::xml::Writer;
use crate::decide::health::{Health, Look, Status};
use crate::model::source::SourceId;
use crate::model::time::{Time, rfc3339};
use crate::model::turn::{PastTurn, Turn};
use crate::read::text::escape;

/// The path of the page.
pub const PAGE: &str = "status";
/// The path of the feed.
pub const FEED: &str = "status.atom";

/// The most entries of the feed: a week of an instance whose thousand sources have some trouble each day.
const CHANGES: usize = 200;

/// A source in trouble is one of at most so many on the page.
const ROWS: usize = 1000;

const STYLE: &str =
    "table{border-collapse:collapse}td,th{text-align:start;padding:.2rem .9rem .2rem 0;font-weight:normal}";

/// The changes of a source.
#[derive(Clone, Debug)]
pub struct SourceTurns {
    pub id: SourceId,
    pub title: String,
    pub turns: Vec<PastTurn>,
}

/// What the feed of changes is made of.
pub struct Changes<'a> {
    /// The id of the instance.
    pub instance: Uuid,
    /// Time of the last change of the configuration.
    pub configured: Time,
    pub sources: &'a [SourceTurns],
}

impl Changes<'_> {
    /// Time at which the feed's bytes last changed.
    pub fn modified(&self) -> Time {
        self.newest().map_or(self.configured, |newest| newest.max(self.configured))
    }

    fn newest(&self) -> Option<Time> {
        self.sources.iter().flat_map(|source| &source.turns).map(|turn| turn.at).max()
    }
}

/// The feed of the changes of the sources' states. The same journal gives the same bytes.
pub fn feed(site: &Site, changes: &Changes<'_>) -> Vec<u8> {
    let of = |source: &'_ SourceTurns| source.turns.len();
    let mut all: Vec<(&SourceTurns, &PastTurn)> = Vec::with_capacity(changes.sources.iter().map(of).sum());
    all.extend(changes.sources.iter().flat_map(|source| source.turns.iter().map(move |turn| (source, turn))));
    all.sort_by_key(|(_, turn)| std::cmp::Reverse((turn.at, turn.seq)));
    all.truncate(CHANGES);
    let address = |path: &str| format!("{}/{path}", site.public_url);
    let mut xml = Writer::new();
    xml.open("feed", &[("xmlns", "http://www.w3.org/2005/Atom"), ("xml:lang", "zh")]);
    xml.text("id", &[], &urn(changes.instance, FEED));
    xml.text("title", &[], "邸报：来源状态");
    xml.text("updated", &[], &rfc3339(changes.newest().unwrap_or(EMPTY_UPDATED)));
    xml.text("generator", &[("version", env!("CARGO_PKG_VERSION"))], "dibao");
    xml.open("author", &[]);
    xml.text("name", &[], "dibao");
    xml.close();
    xml.empty("link", &[("rel", "self"), ("type", "application/atom+xml"), ("href", &address(FEED))]);
    xml.empty("link", &[("rel", "alternate"), ("type", "text/html"), ("href", &address(PAGE))]);
    for (source, turn) in all {
        xml.open("entry", &[]);
        // The number of a line is used once in a journal, and a compaction keeps it.
        xml.text("id", &[], &urn(changes.instance, &format!("{FEED}#{}", turn.seq)));
        xml.text("title", &[("type", "text")], &format!("{}：{}", source.title, headline(&turn.turn)));
        xml.text("updated", &[], &rfc3339(turn.at));
        xml.text("published", &[], &rfc3339(turn.at));
        xml.empty("category", &[("term", &turn.turn.state), ("label", in_chinese(&turn.turn.state))]);
        xml.empty("category", &[("term", source.id.as_str()), ("scheme", &address("source/"))]);
        if turn.turn.missed.is_some() {
            xml.empty("category", &[("term", "missed"), ("label", "可能有遗漏")]);
        }
        let at = format!("{}#{}", address(PAGE), source.id);
        xml.empty("link", &[("rel", "alternate"), ("type", "text/html"), ("href", &at)]);
        xml.text("content", &[("type", "text")], &told(source, &turn.turn));
        xml.close();
    }
    xml.finish()
}

fn headline(turn: &Turn) -> String {
    let missed = turn.missed.map(|_| "可能有遗漏 missed entries".to_owned());
    let state = (turn.state != turn.was).then(|| match turn.state.as_str() {
        "ok" => "恢复 recovered".to_owned(),
        state => named(state),
    });
    state.into_iter().chain(missed).collect::<Vec<_>>().join("，")
}

/// A sentence of Chinese and one of English.
fn told(source: &SourceTurns, turn: &Turn) -> String {
    let Turn { was, state, missed } = turn;
    let id = &source.id;
    let mut text = String::new();
    if state != was {
        let (now, before) = (in_chinese(state), in_chinese(was));
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "来源 {id} 的状态由“{before}”变为“{now}”。\nThe source {id} was {was} and is {state}. "
        );
    }
    if let Some(entries) = missed {
        let _ = write!(
            text,
            "来源 {id} 的文件里 {entries} 条全是新的，之前的可能有遗漏；请提高抓取频率。\nAll {entries} entries of {id} \
             were new: some before them may have been missed. Poll it more often. "
        );
    }
    let _ = write!(text, "`dibao sources` says why.");
    text
}

/// A state in Chinese and as commands name it.
fn named(state: &str) -> String {
    format!("{} {state}", in_chinese(state))
}

fn in_chinese(state: &str) -> &'static str {
    match state {
        "ok" => "正常",
        "stale" => "久无新闻",
        "new" => "尚未抓取",
        "off" => "停用",
        "gone" => "已关闭",
        "throttled" => "被限速",
        "blocked" => "被拒绝",
        "held" => "等待",
        "emptied" => "列表为空",
        "selectors-stopped" => "选择器失效",
        "not-a-feed" => "不是订阅源",
        "fetched" | "not-modified" | "unchanged" => "成功",
        _ => "失败",
    }
}

/// The page for people.
pub fn page(site: &Site, look: &Look, status: &Status) -> Vec<u8> {
    let base = escape(site.base_path());
    let local = |at: Time| {
        let told = at.with_timezone(&site.zone).format("%Y-%m-%d %H:%M");
        format!("<time datetime=\"{}\">{told}</time>", rfc3339(at))
    };
    let maybe = |at: Option<Time>| at.map_or_else(|| "–".to_owned(), local);
    let health = match status.health {
        Health::Well => "正常 <span>well</span>",
        Health::Degraded => "异常 <span>degraded</span>",
    };
    let trouble: String =
        status.trouble.iter().map(|why| format!("<li lang=\"en\">{}</li>\n", escape(why))).collect();
    let trouble = if trouble.is_empty() { trouble } else { format!("<ul>\n{trouble}</ul>\n") };
    let mut ailing = String::new();
    for source in look.ailing().into_iter().take(ROWS) {
        let (id, title) = (escape(source.id.as_str()), escape(&source.title));
        let _ = writeln!(
            ailing,
            "<tr id=\"{id}\"><th scope=\"row\"><a dir=\"auto\" href=\"{base}/source/{id}/\">{title}</a> \
             <span>{id}</span></th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            named(&source.state),
            maybe(source.failing_since),
            maybe(source.good),
            source.failures,
        );
    }
    let ailing = match ailing.is_empty() {
        true => "<p>没有。</p>\n".to_owned(),
        false => format!(
            "<table>\n<tr><th scope=\"col\">来源</th><th scope=\"col\">状态</th><th scope=\"col\">开始</th>\
             <th scope=\"col\">上次成功</th><th scope=\"col\">失败次数</th></tr>\n{ailing}</table>\n"
        ),
    };
    let mut feeds = String::new();
    for (feed, newest) in &look.feeds {
        let name = site.regions.get(feed).map_or(feed.as_str(), |region| region.name.as_str());
        let (feed, name) = (escape(feed), escape(name));
        let _ = writeln!(
            feeds,
            "<tr><th scope=\"row\"><a href=\"{base}/{feed}/\">{name}</a></th><td>{}</td></tr>",
            local(*newest)
        );
    }
    let feeds = match feeds.is_empty() {
        true => "<p>还没有新闻。</p>\n".to_owned(),
        false => format!(
            "<table>\n<tr><th scope=\"col\">地方</th><th scope=\"col\">最新一条</th></tr>\n{feeds}</table>\n"
        ),
    };
    let counted = |counts: &std::collections::BTreeMap<String, u64>| {
        let counts: Vec<_> = counts.iter().map(|(name, count)| format!("{} {count}", named(name))).collect();
        if counts.is_empty() { "–".to_owned() } else { escape(&counts.join("，")).into_owned() }
    };
    let body = format!(
        "<header><p><a href=\"{base}/\">邸报</a></p>\n<h1>状态：{health}</h1>\n{trouble}\
         <p class=\"subscribe\">订阅：<a href=\"{base}/{FEED}\">来源状态的变化</a> \
         <a href=\"{base}/status.json\">JSON</a></p></header>\n\
         <main>\n<section>\n<h2>不正常的来源</h2>\n{ailing}</section>\n\
         <section>\n<h2>全部来源</h2>\n<p>{}</p>\n<h2>一小时内的抓取</h2>\n<p>{}</p>\n</section>\n\
         <section>\n<h2>各地</h2>\n{feeds}</section>\n</main>\n\
         <footer><p>dibao {}，配置自 {} 起使用，共 {} 条。</p></footer>\n",
        counted(&status.states),
        counted(&status.polls),
        escape(&status.version),
        local(look.configured),
        look.sizes.entries,
    );
    let discovery = format!(
        "<link rel=\"alternate\" type=\"application/atom+xml\" title=\"邸报：来源状态\" href=\"{base}/{FEED}\">\n\
         <style>{STYLE}</style>\n"
    );
    html::shell("邸报：状态", &discovery, &body)
}

#[cfg(test)]
mod tests;
