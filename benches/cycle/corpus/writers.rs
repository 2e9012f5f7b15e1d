//! Feeds as bytes: RSS 2.0 (UTF-8 and GBK), Atom, RSS 1.0 and JSON Feed.

use std::fmt::Write as _;

use chrono::SecondsFormat;
use serde_json::json;

use super::{Feed, Item, REGIONS};

#[derive(Clone, Copy)]
pub(super) enum Format {
    Rss,
    RssGbk,
    Atom,
    Rdf,
    Json,
}

impl Format {
    /// Of twenty feeds, fourteen are RSS (two in GBK), four Atom, one RSS 1.0, one JSON Feed.
    pub(super) fn of(feed: usize) -> Self {
        match feed % 20 {
            0..12 => Self::Rss,
            12..16 => Self::Atom,
            16 => Self::Rdf,
            17 => Self::Json,
            _ => Self::RssGbk,
        }
    }

    pub(super) fn ending(self) -> &'static str {
        if matches!(self, Self::Json) { "json" } else { "xml" }
    }
}

pub(super) fn write(feed: &Feed) -> Vec<u8> {
    match Format::of(feed.number) {
        Format::Rss => rss(feed, "utf-8").into_bytes(),
        Format::RssGbk => encoding_rs::GBK.encode(&rss(feed, "gbk")).0.into_owned(),
        Format::Atom => atom(feed).into_bytes(),
        Format::Rdf => rdf(feed).into_bytes(),
        Format::Json => json_feed(feed).into_bytes(),
    }
}

/// The generators use no character that markup means something by; paragraphs are the only markup.
fn body(item: &Item) -> Option<String> {
    let content = &item.report.content;
    (!content.is_empty()).then(|| content.iter().map(|text| format!("<p>{text}</p>")).collect())
}

fn rss(feed: &Feed, encoding: &str) -> String {
    let Feed { title, home, .. } = feed;
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n<rss version=\"2.0\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>{title}</title>\
         <link>{home}</link><description>{title}</description>\n"
    );
    for item in &feed.items {
        let (link, when) = (&item.link, item.when.to_rfc2822());
        let _ = write!(
            out,
            "<item><title>{}</title><link>{link}</link><guid isPermaLink=\"true\">{link}</guid>\
             <pubDate>{when}</pubDate><author>desk@example.com (编辑部)</author><category>{}</category>\
             <description>{}</description>",
            item.report.title, REGIONS[feed.region].1, item.report.summary
        );
        if let Some(body) = body(item) {
            let _ = write!(out, "<content:encoded><![CDATA[{body}]]></content:encoded>");
        }
        out.push_str("</item>\n");
    }
    out + "</channel></rss>\n"
}

fn atom(feed: &Feed) -> String {
    let Feed { title, home, .. } = feed;
    let updated = feed.items[0].when.to_rfc3339();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\
         <title>{title}</title><id>{home}</id><link href=\"{home}\"/><updated>{updated}</updated>\n"
    );
    for item in &feed.items {
        let (link, when) = (&item.link, item.when.to_rfc3339());
        let _ = write!(
            out,
            "<entry><title>{}</title><id>{link}</id><link href=\"{link}\"/><published>{when}</published>\
             <updated>{when}</updated><author><name>编辑部</name></author><summary>{}</summary>",
            item.report.title, item.report.summary
        );
        if let Some(body) = body(item) {
            let body = body.replace('<', "&lt;").replace('>', "&gt;");
            let _ = write!(out, "<content type=\"html\">{body}</content>");
        }
        out.push_str("</entry>\n");
    }
    out + "</feed>\n"
}

fn rdf(feed: &Feed) -> String {
    let Feed { title, home, .. } = feed;
    let list: String =
        feed.items.iter().map(|item| format!("<rdf:li rdf:resource=\"{}\"/>", item.link)).collect();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://purl.org/rss/1.0/\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel rdf:about=\"{home}\"><title>{title}</title>\
         <link>{home}</link><description>{title}</description><items><rdf:Seq>{list}</rdf:Seq></items></channel>\n"
    );
    for item in &feed.items {
        let (link, when) = (&item.link, item.when.to_rfc3339());
        let _ = writeln!(
            out,
            "<item rdf:about=\"{link}\"><title>{}</title><link>{link}</link><description>{}</description>\
             <dc:date>{when}</dc:date></item>",
            item.report.title, item.report.summary
        );
    }
    out + "</rdf:RDF>\n"
}

fn json_feed(feed: &Feed) -> String {
    let items: Vec<_> = feed
        .items
        .iter()
        .map(|item| {
            let when = item.when.to_rfc3339_opts(SecondsFormat::Secs, false);
            let body = body(item).unwrap_or_else(|| format!("<p>{}</p>", item.report.summary));
            json!({
                "id": item.link,
                "url": item.link,
                "title": item.report.title,
                "summary": item.report.summary,
                "content_html": body,
                "date_published": when,
            })
        })
        .collect();
    json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home,
        "items": items,
    })
    .to_string()
}
