//! A `[[source]]` table for an answer: the config can read it, and a person judges it.

use std::fmt::Write;

use serde_json::Value;
use url::Url;

use super::{ProbeReport, Subject, hosts, rhythm};
use crate::decide::answer::{Document, Form};
use crate::model::source::is_slug;
use crate::read::page::JsonRules;
use crate::read::text::one_line;

/// The longest title of a source that is suggested, in characters.
const MAX_TITLE: usize = 60;

/// The table; `None` if the address cannot be polled.
pub(super) fn table(report: &ProbeReport, document: &Document, subject: &Subject<'_>) -> Option<String> {
    // Where it has moved for good is where it should be asked; other redirects may be of today only.
    let moved = subject.exchange.head().and_then(|head| head.moved_to());
    let address = without_credentials(moved.unwrap_or(subject.url))?;
    let known = hosts::of(&address);
    let mut out = "[[source]]\n".to_owned();
    let mut line = |key: &str, value: &str| {
        // Writing to a string does not fail.
        let _ = writeln!(out, "{key} = {}", quoted(value));
    };
    line("id", &id(&address, &known));
    if let Some(title) = document.feed.title.as_deref().map(one_line).filter(|title| !title.is_empty()) {
        line("title", &title.chars().take(MAX_TITLE).collect::<String>());
    }
    line("url", address.as_str());
    match document.form {
        Form::Feed => {}
        Form::ListPage => line("kind", "page"),
        Form::Json(_) => line("kind", "json"),
    }
    line("region", known.region.unwrap_or("auto"));
    line("timezone", known.zone.unwrap_or(subject.zone.name()));
    line("schedule", rhythm::schedule(report.rhythm.as_ref(), report.count));
    if let Form::Json(rules) = &document.form {
        out.push_str(&json_table(rules));
    }
    Some(out)
}

pub(in crate::decide) fn without_credentials(url: &str) -> Option<Url> {
    let mut url = Url::parse(url).ok()?;
    // Both refuse only addresses without a host, which none is that was fetched.
    let _ = (url.set_username(""), url.set_password(None));
    url.set_fragment(None);
    Some(url)
}

/// A text as TOML writes it: JSON's escapes are TOML's.
pub(in crate::decide) fn quoted(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control()).collect();
    Value::String(plain).to_string()
}

/// An id made of the house and the region, else of the host and the last word of the path.
fn id(url: &Url, known: &hosts::HostFacts) -> String {
    const COMMON: [&str; 14] =
        ["www", "rss", "feed", "feeds", "com", "cn", "net", "org", "gov", "hk", "mo", "tw", "news", "m"];
    const NO_NAMES: [&str; 8] = ["index", "rss", "feed", "atom", "default", "list", "xml", "html"];
    let last = url.path().rsplit('/').find(|part| !part.is_empty()).unwrap_or_default();
    let stem = slug(last.split('.').next().unwrap_or_default());
    let stem = Some(stem).filter(|s| is_slug(s) && s.len() <= 24 && !NO_NAMES.contains(&s.as_str()));
    let house = known.house.map(str::to_owned).unwrap_or_else(|| {
        let labels = url.host_str().unwrap_or_default().split('.').filter(|label| !COMMON.contains(label));
        slug(&labels.collect::<Vec<_>>().join("-"))
    });
    let id = match (known.region.filter(|_| known.house.is_some()), stem) {
        (Some(region), _) => format!("{house}-{region}"),
        (None, Some(stem)) if !house.is_empty() => format!("{house}-{stem}"),
        (None, Some(stem)) => stem,
        (None, None) => house,
    };
    if is_slug(&id) { id } else { "new-source".to_owned() }
}

/// The id that would be suggested for an address.
pub(in crate::decide) fn id_of(url: &Url) -> String {
    id(url, &hosts::of(url))
}

fn slug(text: &str) -> String {
    let plain: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

fn json_table(rules: &JsonRules) -> String {
    let mut out = "[source.json]\n".to_owned();
    let paths = [
        ("entries", Some(&rules.entries)),
        ("title", Some(&rules.title)),
        ("link", rules.link.as_ref()),
        ("id", rules.id.as_ref()),
        ("time", rules.time.as_ref()),
        ("summary", rules.summary.as_ref()),
        ("region_code", rules.region_code.as_ref()),
    ];
    for (key, path) in paths {
        if let Some(path) = path {
            let _ = writeln!(out, "{key} = {}", quoted(path.as_str()));
        }
    }
    out
}
