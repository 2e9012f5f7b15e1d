//! Headlines, day by day.

use crate::model::time::rfc3339;
use std::fmt::Write;

use chrono::NaiveDate;

use super::super::document::{EntryDoc, FeedDoc};
use super::super::site::Site;
use crate::read::text::escape;

/// The first headlines of a feed, under the days on which they surfaced: the order they stand in.
/// `heading` is the element that a day stands in: one below that of what holds the list.
pub(super) fn headlines(site: &Site, doc: &FeedDoc, limit: usize, heading: &str) -> String {
    if doc.entries.is_empty() {
        return "<p>还没有新闻。</p>\n".to_owned();
    }
    let mut out = String::new();
    let mut day: Option<NaiveDate> = None;
    for entry in doc.entries.iter().take(limit) {
        let of = entry.surfaced.with_timezone(&site.zone).date_naive();
        if day != Some(of) {
            let before = if day.is_some() { "</ul>\n" } else { "" };
            // Writing to a string does not fail.
            let _ = write!(
                out,
                "{before}<{heading}>{}</{heading}>\n<ul class=\"headlines\">\n",
                of.format("%Y年%-m月%-d日")
            );
            day = Some(of);
        }
        headline(&mut out, site, entry, of);
    }
    out.push_str("</ul>\n");
    out
}

fn headline(out: &mut String, site: &Site, entry: &EntryDoc, day: NaiveDate) {
    let published = entry.published.with_timezone(&site.zone);
    let same_day = published.date_naive() == day;
    let clock = published.format(if same_day { "%H:%M" } else { "%Y-%m-%d %H:%M" });
    let title = escape(&entry.title);
    let language = entry.language.as_deref().map(|l| format!(" lang=\"{}\"", escape(l))).unwrap_or_default();
    let title = match entry.links.iter().find(|link| link.rel == "alternate" && of_the_web(&link.href)) {
        Some(page) => format!("<a href=\"{}\">{title}</a>", escape(&page.href)),
        None => title.into_owned(),
    };
    let path = format!("{}/source/{}/", site.base_path(), entry.source.slug);
    let _ = write!(
        out,
        "<li><p{language} dir=\"auto\">{title}</p>\n<p><time datetime=\"{}\">{clock}</time> \
         <a class=\"outlet\" dir=\"auto\" href=\"{}\">{}</a></p>\n",
        rfc3339(entry.published),
        escape(&path),
        escape(&entry.source.title),
    );
    if let Some(summary) = &entry.summary {
        let _ = writeln!(out, "<p class=\"told\"{language} dir=\"auto\">{}</p>", escape(summary));
    }
    out.push_str("</li>\n");
}

/// A `javascript:` link would run on this page.
fn of_the_web(href: &str) -> bool {
    href.starts_with("https://") || href.starts_with("http://")
}
