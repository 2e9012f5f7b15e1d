//! Images: drops tracking pixels, and finds the real address of lazily loaded images.

use super::tokens::{Attribute, value};
use crate::read::link::Base;

/// Attributes with the real address of a lazily loaded image, best first.
const LAZY: &[&str] = &[
    "data-original",
    "data-src",
    "data-lazy-src",
    "data-actualsrc",
    "data-original-src",
    "data-lazyload",
    "data-lazy",
    "data-echo",
    "data-url",
    "lazy-src",
    "original",
    "zoomfile",
    "file",
    "_src",
];

/// Hosts, or hosts with the start of a path, that serve only tracking pixels.
const BEACON_HOSTS: &[&str] = &[
    "pixel.wp.com/",
    "stats.wordpress.com/",
    "feeds.wordpress.com/1.0/",
    "feeds.feedburner.com/~r/",
    "feeds.feedburner.com/~ff/",
    "www.google-analytics.com/",
    "google-analytics.com/",
    "ad.doubleclick.net/",
    "hm.baidu.com/",
    "s.cnzz.com/",
    "c.cnzz.com/",
    "ia.51.la/",
    "b.scorecardresearch.com/",
    "sb.scorecardresearch.com/",
    "pixel.quantserve.com/",
    "www.facebook.com/tr",
    "counter.yadro.ru/",
    "mc.yandex.ru/",
    "rss.feedsportal.com/",
    "feedads.g.doubleclick.net/",
    "www.assoc-amazon.com/e/",
    "blogs.feedads.com/",
    "beacon.sina.com.cn/",
];

/// File names that only tracking pixels have.
const BEACON_FILES: &[&str] =
    &["__utm.gif", "pixel.gif", "hm.gif", "stat.gif", "1x1.gif", "mf.gif", "track.gif", "beacon.gif"];

/// Parts of the file names of placeholder images.
const PLACEHOLDERS: &[&str] = &[
    "blank",
    "loading",
    "placeholder",
    "spacer",
    "grey.gif",
    "gray.gif",
    "transparent",
    "lazy",
    "none.gif",
    "1x1",
    "pixel.",
    "default_img",
    "nopic",
];

/// The absolute address of an image, or `None` if there is none to show.
pub(super) fn source(attributes: &[Attribute<'_>], base: &Base) -> Option<String> {
    if is_sized_like_a_beacon(attributes) {
        return None;
    }
    let plain = value(attributes, "src").filter(|src| !src.trim().is_empty());
    let resolved = plain.as_deref().and_then(|src| base.resolve(src)).filter(|src| is_web(src));
    let stands_in = resolved.as_deref().is_none_or(is_placeholder);
    let real = LAZY
        .iter()
        .filter_map(|name| base.resolve(&value(attributes, name)?))
        .find(|src| is_web(src))
        .filter(|_| stands_in || attributes.iter().any(|a| a.name == "data-original" || a.name == "data-src"))
        .or(resolved)
        .or_else(|| base.resolve(first_of_set(&value(attributes, "srcset")?)?).filter(|src| is_web(src)))?;
    (!is_beacon(&real)).then_some(real)
}

fn is_web(src: &str) -> bool {
    src.starts_with("http://") || src.starts_with("https://")
}

/// The first address of `a.jpg 1x, b.jpg 2x`.
fn first_of_set(set: &str) -> Option<&str> {
    set.split_whitespace().next().map(|src| src.trim_end_matches(','))
}

fn file_name(src: &str) -> &str {
    let path = src.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

fn is_placeholder(src: &str) -> bool {
    let name = file_name(src).to_ascii_lowercase();
    PLACEHOLDERS.iter().any(|part| name.contains(part))
}

fn is_beacon(src: &str) -> bool {
    let after_scheme = src.split_once("://").map_or(src, |(_, rest)| rest);
    BEACON_HOSTS.iter().any(|host| after_scheme.starts_with(host))
        || BEACON_FILES.contains(&file_name(src).to_ascii_lowercase().as_str())
}

/// At most one pixel wide and high, or hidden.
fn is_sized_like_a_beacon(attributes: &[Attribute<'_>]) -> bool {
    let tiny = |name| {
        value(attributes, name).is_some_and(|size| {
            let size = size.trim().trim_end_matches("px").trim().to_owned();
            size == "0" || size == "1"
        })
    };
    if tiny("width") && tiny("height") {
        return true;
    }
    let Some(style) = value(attributes, "style") else { return false };
    let style: String = style.to_ascii_lowercase().split_whitespace().collect();
    let has = |rule: &str| style.split(';').any(|declared| declared == rule);
    has("display:none")
        || has("visibility:hidden")
        || ((has("width:1px") || has("width:0") || has("width:0px"))
            && (has("height:1px") || has("height:0") || has("height:0px")))
}
