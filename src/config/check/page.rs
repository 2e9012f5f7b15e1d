//! Checks `[source.page]` and `[source.json]`: the rules for sources that are not feeds.

use std::ops::RangeInclusive;

use super::common::{count, read, read_all};
use super::value::KindName;
use crate::config::checked::{PageSettings, SourceKind};
use crate::config::fault::{FaultList, Location};
use crate::config::raw::{self, Text};
use crate::read::page::{ArticleRules, Css, JsonPath, JsonRules, ListRules, PageRules};

/// List pages read in one poll: what lies further back was there at the poll before.
const PAGES: RangeInclusive<i64> = 1..=5;
/// Article pages read in one poll: at the usual gap of a second, a hundred take two minutes.
const FOLLOW_LIMIT: RangeInclusive<i64> = 1..=100;
/// Enough for the usual poll to take all that is new, few enough that a first poll is no burst.
const USUAL_FOLLOW_LIMIT: usize = 20;

impl raw::Page {
    fn check(self, report: &mut FaultList) -> PageSettings {
        self.check_keys(report);
        let pages = count(self.pages, PAGES, report).unwrap_or(1);
        let limit = count(self.follow_limit, FOLLOW_LIMIT, report).unwrap_or(USUAL_FOLLOW_LIMIT);
        let follow = self.follow.is_some_and(|follow| follow.value).then_some(limit);
        let mut css = |text: Text| read(text, Css::parse, report);
        let list = ListRules {
            entry: css(self.entry),
            link: css(self.link),
            title: css(self.entry_title),
            date: css(self.entry_date),
            section: css(self.entry_section),
            summary: css(self.entry_summary),
            next: css(self.next),
        };
        let article = ArticleRules {
            title: css(self.title),
            date: css(self.date),
            outlet: css(self.outlet),
            editor: css(self.editor),
            section: css(self.section),
            summary: css(self.summary),
            body: css(self.body),
            remove: read_all(self.remove, Css::parse, report),
        };
        PageSettings { rules: PageRules { list, article }, pages, follow }
    }

    /// Keys that do nothing without another.
    fn check_keys(&self, report: &mut FaultList) {
        let within =
            [&self.link, &self.entry_title, &self.entry_date, &self.entry_section, &self.entry_summary];
        if self.entry.is_none() {
            for text in within.into_iter().flatten() {
                report.fault(&text.place, "is looked up within an entry; say with entry = \"…\" what one is");
            }
        }
        let of_articles =
            [&self.title, &self.date, &self.outlet, &self.editor, &self.section, &self.summary, &self.body];
        if !self.follow.as_ref().is_some_and(|follow| follow.value) {
            let limit = self.follow_limit.as_ref().map(|limit| &limit.place);
            let remove = self.remove.as_ref().map(|remove| &remove.place);
            let texts = of_articles.into_iter().flatten().map(|text| &text.place);
            for place in texts.chain(remove).chain(limit) {
                report.fault(place, "is of the pages that entries lead to; read them with follow = true");
            }
        }
        if let (Some(pages), None) = (self.pages.as_ref().filter(|pages| pages.value > 1), &self.next) {
            report.fault(&pages.place, "needs next = \"…\", a selector of the link to the following page");
        }
    }
}

impl raw::Json {
    fn check(self, report: &mut FaultList) -> Option<JsonRules> {
        for (key, text) in [("entries", &self.entries), ("title", &self.title)] {
            if text.is_none() {
                report.missing(
                    &self.place,
                    &[key],
                    &format!("write {key} = \"…\", a path such as data.list"),
                );
            }
        }
        if let (Some(_), Some(template)) = (&self.link, &self.link_template) {
            report.fault(&template.place, "stands beside link; one of them says where an entry's page is");
        }
        if self.id.is_none() && self.link.is_none() && self.link_template.is_none() {
            report.missing(
                &self.place,
                &["id"],
                "write id = \"…\" or link = \"…\": they distinguish its entries",
            );
        }
        let mut path = |text: Text| read(text, JsonPath::parse, report);
        let (entries, title) = (path(self.entries), path(self.title));
        Some(JsonRules {
            link: path(self.link),
            id: path(self.id),
            time: path(self.time),
            summary: path(self.summary),
            outlet: path(self.outlet),
            region_code: path(self.region_code),
            link_template: read(self.link_template, template, report),
            entries: entries?,
            title: title?,
        })
    }
}

fn template(text: &str) -> Result<String, String> {
    if text.contains('{') && text.contains('}') {
        Ok(text.to_owned())
    } else {
        Err(format!("{text:?} names no field; write \"https://host/{{id}}.html\", or use link"))
    }
}

/// The kind of a source with its table.
pub(super) fn check(
    name: KindName,
    source: &Location,
    page: Option<raw::Page>,
    json: Option<raw::Json>,
    report: &mut FaultList,
) -> Option<SourceKind> {
    if let (Some(page), true) = (&page, name != KindName::Page) {
        report.fault(&page.place, "is for list pages; write kind = \"page\" in the source");
    }
    if let (Some(json), true) = (&json, name != KindName::Json) {
        report.fault(&json.place, "is for JSON documents; write kind = \"json\" in the source");
    }
    match (name, json) {
        (KindName::Feed, _) => Some(SourceKind::Feed),
        (KindName::Page, _) => {
            let page = page.map(|page| page.check(report));
            Some(SourceKind::Page(Box::new(page.unwrap_or_default())))
        }
        (KindName::Json, Some(json)) => json.check(report).map(|rules| SourceKind::Json(Box::new(rules))),
        (KindName::Json, None) => {
            report.missing(
                source,
                &["json"],
                "write [source.json]: where its entries are, and what they hold",
            );
            None
        }
    }
}
