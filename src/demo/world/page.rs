//! The pages of a paper without a feed: its list page and its article pages, framed as on regional sites.

use std::fmt::Write as _;

use super::channels::Channel;
use super::{Article, china};
use crate::read::text::escape;

/// The path of a report's page on the demo's publisher.
pub(super) fn path(channel: &Channel, report: &Article) -> String {
    let folder = channel.path.split('/').nth(1).unwrap_or_default();
    format!("/{folder}/{}/{}.shtml", china(report.at).format("%Y/%m%d"), report.key)
}

/// The list page. Its links are relative to the host, and its titles are cut where they are long.
pub(super) fn list(channel: &Channel, reports: &[Article]) -> String {
    let mut out = head(channel, "要闻");
    out.push_str("<div class=\"liebiao\"><ul>\n");
    for report in reports {
        let (title, path) = (escape(&report.title), path(channel, report));
        let day = china(report.at).format("%Y-%m-%d");
        let _ = writeln!(out, "<li><a href=\"{path}\">{title}</a> <span>{day}</span></li>");
    }
    out.push_str("</ul></div>\n");
    out + &foot(channel)
}

pub(super) fn article(channel: &Channel, report: &Article) -> String {
    let mut out = head(channel, &report.title);
    let title = escape(&report.title);
    let _ = writeln!(
        out,
        "<div class=\"weizhi\"><a href=\"/\">首页</a> &gt; <a href=\"{}\">{}</a> &gt; 正文</div>",
        channel.path,
        escape(report.section)
    );
    let _ = writeln!(out, "<h1 class=\"neiron_title\">{title}</h1>");
    let _ = writeln!(
        out,
        "<div class=\"neiron_hh\"><ul><li>{}</li><li>来源:{}</li><li>责任编辑:演示编辑</li></ul></div>",
        china(report.at).format("%Y年%m月%d日 %H:%M"),
        escape(channel.outlet)
    );
    out.push_str("<div class=\"neiron_kong\">\n");
    for sentence in report.text.split_inclusive('。') {
        let _ = writeln!(out, "<p>　　{}</p>", escape(sentence));
    }
    out.push_str("</div>\n<div class=\"fenxiang\">分享到：微信 微博</div>\n");
    out + &foot(channel)
}

fn head(channel: &Channel, title: &str) -> String {
    format!(
        "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=gb2312\">\
         <title>{}-{}</title></head><body>\n\
         <div class=\"nav\"><a href=\"/\">首页</a> <a href=\"{}\">要闻</a></div>\n",
        escape(title),
        escape(channel.title),
        channel.path
    )
}

fn foot(channel: &Channel) -> String {
    format!(
        "<div class=\"footer\">{} 版权所有：演示数据，可自由使用</div></body></html>\n",
        escape(channel.title)
    )
}
