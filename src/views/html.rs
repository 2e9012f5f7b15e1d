//! Pages for people: the home page, and one for each feed. They show the same documents as the feeds, and link
//! only the feeds and the publishers' own pages.

mod listing;

use std::fmt::Write;

use super::document::FeedDoc;
use super::format::{Format, Rendering};
use super::site::{FEED_ENDING, Site};
use crate::read::text::escape;

pub const MEDIA_TYPE: &str = "text/html; charset=utf-8";

/// Headlines on the home page: about two screens of a phone.
const NEWEST: usize = 30;

/// The most headlines of a feed's page. A feed may hold a whole month; a page that long is no help.
const HEADLINES: usize = 200;

/// A feed's line on the home page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The path of the feed without an ending: `henan`.
    pub path: String,
    pub name: String,
    pub entries: u64,
}

/// The home page: an introduction, the regions, the newest headlines, how to subscribe.
pub fn home(site: &Site, feed: &Format, rows: &[Row], newest: &FeedDoc) -> Vec<u8> {
    let base = escape(site.base_path());
    let (mut discovery, mut regions) = (String::new(), String::new());
    for row in rows {
        let (path, name) = (escape(&row.path), escape(&row.name));
        discover(&mut discovery, &format!("邸报：{name}"), &format!("{base}/{path}"), feed);
        // Writing to a string does not fail.
        let _ =
            writeln!(regions, "<li><a href=\"{base}/{path}/\">{name}</a> <span>{}</span></li>", row.entries);
    }
    let public = escape(&site.public_url);
    let headlines = listing::headlines(site, newest, NEWEST, "h3");
    let body = format!(
        "<header><h1>邸报</h1>\n<p>各地新闻，按省汇成可以订阅的源。各条新闻链接到原网站。</p></header>\n\
         <main>\n<nav aria-label=\"各地\">\n<h2>各地</h2>\n<ul class=\"regions\">\n{regions}</ul>\n</nav>\n\
         <section>\n<h2>最新</h2>\n{headlines}<p><a href=\"{base}/all/\">全部新闻</a></p>\n</section>\n\
         <section>\n<h2>怎样订阅</h2>\n<p>在上面选一个地方，把那一页的地址或其中的订阅链接加进阅读器，例如 \
         <code>{public}/henan{FEED_ENDING}</code>。</p>\n\
         <p>一次订阅各地：<a href=\"{base}/feeds.opml\">feeds.opml</a>。\
         本站的来源：<a href=\"{base}/sources.opml\">sources.opml</a>。</p>\n</section>\n</main>\n"
    );
    shell("邸报", &discovery, &body)
}

/// The page of a feed: its newest headlines, day by day, and how to subscribe to it.
pub fn render(rendering: &Rendering<'_>) -> Vec<u8> {
    let Rendering { site, doc, .. } = rendering;
    let at = format!("{}/{}", site.base_path(), doc.path);
    let (base, at, title) = (escape(site.base_path()), escape(&at), escape(&doc.title));
    let (mut discovery, mut links) = (String::new(), String::new());
    for format in rendering.feeds() {
        discover(&mut discovery, &title, &at, format);
        let _ = write!(links, " <a href=\"{at}{}\">{}</a>", format.ending, format.name);
    }
    let subscribe = format!("<p class=\"subscribe\">订阅：{}</p>\n", links.trim_start());
    let headlines = listing::headlines(site, doc, HEADLINES, "h2");
    let archives = archives(doc, &at);
    let rights = doc.rights.as_deref().map(|r| format!("<footer><p>{}</p></footer>\n", escape(r)));
    let body = format!(
        "<header><p><a href=\"{base}/\">邸报</a></p>\n<h1 dir=\"auto\">{title}</h1>\n{subscribe}</header>\n\
         <main>\n{headlines}{archives}</main>\n{}",
        rights.unwrap_or_default()
    );
    shell(&doc.title, &discovery, &body)
}

fn archives(doc: &FeedDoc, at: &str) -> String {
    if doc.issues.all.is_empty() {
        return String::new();
    }
    let links = doc.issues.all.iter().fold(String::new(), |mut links, month| {
        let _ = writeln!(links, "<li><a href=\"{at}/archive/{month}{FEED_ENDING}\">{month}</a></li>");
        links
    });
    format!("<nav aria-label=\"往月\">\n<h2>往月</h2>\n<ul class=\"regions\">\n{links}</ul>\n</nav>\n")
}

/// A link by which readers find a feed of a page.
fn discover(out: &mut String, title: &str, at: &str, format: &Format) {
    let _ = writeln!(
        out,
        "<link rel=\"alternate\" type=\"{}\" title=\"{title}\" href=\"{at}{}\">",
        format.bare_type(),
        format.ending
    );
}

const STYLE: &str = "\
:root{color-scheme:light dark;--dim:#595959;--line:#ddd;--link:#0b57d0}\
@media(prefers-color-scheme:dark){:root{--dim:#a6a6a6;--line:#444;--link:#8ab4f8}}\
body{font:1rem/1.6 system-ui,sans-serif;max-width:44rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}\
a{color:var(--link)}h1{font-size:1.6rem;margin:.5rem 0}h2{font-size:1.2rem;margin:1.5rem 0 .5rem}\
h3{font-size:1rem;margin:1.2rem 0 .3rem;border-bottom:1px solid var(--line)}\
ul{list-style:none;padding:0;margin:0}\
.regions{display:grid;grid-template-columns:repeat(auto-fill,minmax(7rem,1fr));gap:.3rem}\
.headlines li{margin:.7rem 0}.headlines p{margin:.1rem 0}\
span,time,footer,.outlet,.told{color:var(--dim);font-size:.875rem}\
.subscribe a{margin-right:.7rem}";

pub(super) fn shell(title: &str, discovery: &str, body: &str) -> Vec<u8> {
    format!(
        "<!DOCTYPE html>\n<html lang=\"zh\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n\
         {discovery}<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        escape(title)
    )
    .into_bytes()
}
