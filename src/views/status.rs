//! The changes of the sources' states as a feed (RFC 4287). It names sources by id and title, and holds no address
//! and no message of a publisher: anybody may read it. `html` writes the page of the status.

use std::fmt::Write;

use uuid::Uuid;

use super::document::{EMPTY_UPDATED, urn};
use super::site::Site;
use super::xml::Writer;
use crate::model::source::SourceId;
use crate::model::time::{Time, rfc3339};
use crate::model::turn::{PastTurn, Turn};

/// The path of the page.
pub const PAGE: &str = "status";
/// The path of the feed.
pub const FEED: &str = "status.atom";

/// The most entries of the feed: a week of an instance whose thousand sources have some trouble each day.
const CHANGES: usize = 200;

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

pub(super) fn in_chinese(state: &str) -> &'static str {
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

#[cfg(test)]
mod tests;
