//! The page at `/`: the regions and the addresses of their feeds, for people and for readers that
//! discover feeds from a page.

use std::fmt::Write;

use super::document::Site;
use crate::core::text::xml_legal;

/// The media type of [`render`]'s bytes.
pub const MEDIA_TYPE: &str = "text/html; charset=utf-8";

/// A region's line on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The path of its feed without the ending: `henan`.
    pub path: String,
    /// Its name.
    pub name: String,
    /// How many entries are stored for it.
    pub entries: u64,
}

/// Writes the page.
#[must_use]
pub fn render(site: &Site, rows: &[Row]) -> Vec<u8> {
    let (mut heads, mut items) = (String::new(), String::new());
    let base = escape(base_path(&site.public_url));
    for row in rows {
        let (path, name) = (escape(&row.path), escape(&row.name));
        // Writing to a string does not fail.
        let _ = writeln!(
            heads,
            "<link rel=\"alternate\" type=\"application/atom+xml\" title=\"邸报：{name}\" href=\"{base}/{path}.atom\">"
        );
        let _ = writeln!(
            items,
            "<li><a href=\"{base}/{path}.atom\">{name}</a> <span>{}</span></li>",
            row.entries
        );
    }
    let public = escape(&site.public_url);
    format!(
        "<!DOCTYPE html>\n<html lang=\"zh\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>邸报</title>\n{heads}\
         <style>body{{font:1rem/1.6 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}}\
         ul{{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr))}}\
         span{{color:#767676}}</style>\n</head>\n<body>\n<h1>邸报</h1>\n\
         <p>各地新闻，按省汇成 Atom。把下面的地址加进阅读器，例如 <code>{public}/henan.atom</code>。</p>\n\
         <ul>\n{items}</ul>\n</body>\n</html>\n"
    )
    .into_bytes()
}

/// The path that views are published under: empty, or `/news` for `https://host/news`.
fn base_path(public_url: &str) -> &str {
    let rest = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
    rest.find('/').map_or("", |at| &rest[at..])
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in xml_legal(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
