//! Writes the demo's articles as feeds, each in the dialect of its paper. Markup is written and escaped by hand, so
//! that the reader under test does not read what its own library wrote.

use std::fmt::Write as _;

use serde_json::json;

use crate::model::time::Time;
use crate::read::text::escape;

use super::channels::{Channel, Dialect};
use super::page;
use super::{Article, china};

/// The feed of a channel, as text; its encoding is the caller's business.
pub(super) fn feed(channel: &Channel, reports: &[Article]) -> String {
    match channel.dialect {
        Dialect::RssGbk => rss(channel, reports, "GBK"),
        Dialect::Rss | Dialect::RssBare | Dialect::RssNational => rss(channel, reports, "UTF-8"),
        Dialect::Atom => atom(channel, reports),
        Dialect::Rdf => rdf(channel, reports),
        Dialect::Json => json_feed(channel, reports),
        Dialect::Page => page::list(channel, reports),
    }
}

const RIGHTS: &str = "演示数据，可自由使用";

fn rss(channel: &Channel, reports: &[Article], charset: &str) -> String {
    let mut out = format!("<?xml version=\"1.0\" encoding=\"{charset}\"?>\n");
    out.push_str("<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<channel>\n");
    put(&mut out, "title", channel.title);
    put(&mut out, "link", &channel.home());
    put(&mut out, "description", &format!("{}的最新报道", channel.outlet));
    put(&mut out, "language", "zh-cn");
    put(&mut out, "copyright", RIGHTS);
    for report in reports {
        out.push_str("<item>\n");
        put(&mut out, "title", &report.title);
        put(&mut out, "link", &report.link);
        if channel.dialect != Dialect::RssBare {
            put(&mut out, "guid", &report.link);
        }
        put(&mut out, "pubDate", &rss_date(channel.dialect, report.at));
        put(&mut out, "category", report.section);
        put(&mut out, "dc:creator", channel.outlet);
        match channel.dialect {
            Dialect::Rss => {
                let _ =
                    writeln!(out, "<description><![CDATA[<p>{}</p>]]></description>", escape(&report.text));
            }
            _ => put(&mut out, "description", &report.text),
        }
        out.push_str("</item>\n");
    }
    out.push_str("</channel>\n</rss>\n");
    out
}

/// Dates as found in the wild: with an offset, without a zone, and in an ambiguous `CST`.
fn rss_date(dialect: Dialect, at: Time) -> String {
    let local = china(at);
    match dialect {
        Dialect::RssGbk => local.format("%Y-%m-%d %H:%M:%S").to_string(),
        Dialect::RssBare => local.format("%a, %d %b %Y %H:%M:%S CST").to_string(),
        _ => local.to_rfc2822(),
    }
}

fn atom(channel: &Channel, reports: &[Article]) -> String {
    let newest = reports.iter().map(|report| report.updated).max().unwrap_or_default();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    out.push_str("<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"zh-CN\">\n");
    put(&mut out, "title", channel.title);
    let _ = writeln!(out, "<link rel=\"alternate\" href=\"{}\"/>", channel.home());
    put(&mut out, "id", &format!("tag:{},2026:feed", channel.host));
    put(&mut out, "updated", &china(newest).to_rfc3339());
    put(&mut out, "rights", RIGHTS);
    for report in reports {
        out.push_str("<entry>\n");
        put(&mut out, "title", &report.title);
        let _ = writeln!(out, "<link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>", report.link);
        put(&mut out, "id", &format!("tag:{},2026:{}", channel.host, report.key));
        put(&mut out, "published", &china(report.at).to_rfc3339());
        put(&mut out, "updated", &china(report.updated).to_rfc3339());
        let _ = writeln!(out, "<author><name>{}</name></author>", escape(channel.outlet));
        let _ = writeln!(out, "<category term=\"{}\"/>", escape(report.section));
        let html = format!("<p>{}</p>", escape(&report.text));
        let _ = writeln!(out, "<summary type=\"html\">{}</summary>", escape(&html));
        out.push_str("</entry>\n");
    }
    out.push_str("</feed>\n");
    out
}

fn rdf(channel: &Channel, reports: &[Article]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rdf:RDF");
    for (prefix, space) in [
        (":rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
        (":dc", "http://purl.org/dc/elements/1.1/"),
        ("", "http://purl.org/rss/1.0/"),
    ] {
        let _ = write!(out, " xmlns{prefix}=\"{space}\"");
    }
    let _ = writeln!(out, ">\n<channel rdf:about=\"{}\">", channel.home());
    put(&mut out, "title", channel.title);
    put(&mut out, "link", &channel.home());
    put(&mut out, "description", &format!("{}的最新报道", channel.outlet));
    put(&mut out, "dc:rights", RIGHTS);
    out.push_str("<items><rdf:Seq>\n");
    for report in reports {
        let _ = writeln!(out, "<rdf:li rdf:resource=\"{}\"/>", report.link);
    }
    out.push_str("</rdf:Seq></items>\n</channel>\n");
    for report in reports {
        let _ = writeln!(out, "<item rdf:about=\"{}\">", report.link);
        put(&mut out, "title", &report.title);
        put(&mut out, "link", &report.link);
        put(&mut out, "description", &report.text);
        put(&mut out, "dc:date", &china(report.at).to_rfc3339());
        put(&mut out, "dc:creator", channel.outlet);
        put(&mut out, "dc:subject", report.section);
        out.push_str("</item>\n");
    }
    out.push_str("</rdf:RDF>\n");
    out
}

fn json_feed(channel: &Channel, reports: &[Article]) -> String {
    let entries: Vec<_> = reports
        .iter()
        .map(|report| {
            json!({
                "id": format!("{}-{}", channel.host, report.key),
                "url": report.link,
                "title": report.title,
                "content_html": format!("<p>{}</p>", escape(&report.text)),
                "summary": report.text,
                "date_published": china(report.at).to_rfc3339(),
                "authors": [{ "name": channel.outlet }],
                "tags": [report.section],
            })
        })
        .collect();
    let feed = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "home_page_url": channel.home(),
        "language": "zh-CN",
        "items": entries,
    });
    format!("{feed:#}\n")
}

fn put(out: &mut String, name: &str, text: &str) {
    let _ = writeln!(out, "<{name}>{}</{name}>", escape(text));
}
