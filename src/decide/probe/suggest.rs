//! A `[[source]]` table for what was found: ready to be read by the config, to be judged by a person.

use std::fmt::Write;

use serde_json::{Map, Value};
use url::Url;

use super::look::{Look, What};
use super::{Report, Subject, known, rhythm};
use crate::model::source::is_slug;
use crate::read::page::{JsonPath, JsonRules};
use crate::read::text::one_line;

/// Values of a JSON document that are looked at: a list stands near the top.
const MAX_VALUES: usize = 2_000;
/// How deep a list is looked for.
const MAX_DEPTH: usize = 6;
/// The longest title of a source that is suggested, in characters.
const MAX_TITLE: usize = 60;

/// The table; `None` where there is nothing to poll.
pub(super) fn table(report: &Report, look: &Look, subject: &Subject<'_>) -> Option<String> {
    let kind = match report.what {
        What::Feed => None,
        What::ListPage => Some("page"),
        What::Json => Some("json"),
        _ => return None,
    };
    // Where it has moved for good is where it should be asked; other redirects may be of today only.
    let moved = subject.exchange.head().and_then(|head| head.moved_to());
    let address = without_credentials(moved.unwrap_or(subject.url))?;
    let known = known::of(&address);
    let mut out = "[[source]]\n".to_owned();
    let mut line = |key: &str, value: &str| {
        // Writing to a string does not fail.
        let _ = writeln!(out, "{key} = {}", quoted(value));
    };
    line("id", &id(&address, &known));
    if let Some(title) = look.feed.title.as_deref().map(one_line).filter(|title| !title.is_empty()) {
        line("title", &title.chars().take(MAX_TITLE).collect::<String>());
    }
    line("url", address.as_str());
    kind.inspect(|kind| line("kind", kind));
    line("region", known.region.unwrap_or("auto"));
    line("timezone", known.zone.unwrap_or(subject.zone.name()));
    line("schedule", rhythm::schedule(report.rhythm.as_ref(), report.count));
    if let Some(rules) = &look.json {
        out.push_str(&json_table(rules));
    }
    Some(out)
}

fn without_credentials(url: &str) -> Option<Url> {
    let mut url = Url::parse(url).ok()?;
    // Both refuse only addresses without a host, which none is that was fetched.
    let _ = (url.set_username(""), url.set_password(None));
    url.set_fragment(None);
    Some(url)
}

/// A text as TOML writes it: JSON's escapes are TOML's.
fn quoted(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control()).collect();
    Value::String(plain).to_string()
}

/// An id made of the house and the region, else of the host and the last word of the path.
fn id(url: &Url, known: &known::Known) -> String {
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

/// How a JSON document is best read: its longest list of objects that have titles.
pub(super) fn json_rules(document: &Value) -> Option<JsonRules> {
    let mut best: Option<(usize, JsonRules)> = None;
    let mut waiting = vec![(String::new(), document, 0)];
    let mut seen = 0;
    while let Some((path, value, depth)) = waiting.pop() {
        seen += 1;
        if seen > MAX_VALUES {
            break;
        }
        if let Some(list) = value.as_array() {
            let objects: Vec<&Map<String, Value>> = list.iter().filter_map(Value::as_object).collect();
            if best.as_ref().is_none_or(|(n, _)| objects.len() > *n) {
                best = rules_of(&path, &objects).map(|rules| (objects.len(), rules)).or(best);
            }
        }
        let fields = value.as_object().into_iter().flatten().filter(|_| depth < MAX_DEPTH);
        for (name, inner) in fields.filter(|(name, _)| is_plain(name)) {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            waiting.push((path, inner, depth + 1));
        }
    }
    best.map(|(_, rules)| rules)
}

/// Whether a name can stand in a path.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(['.', '[', ']'])
}

fn rules_of(path: &str, objects: &[&Map<String, Value>]) -> Option<JsonRules> {
    const TITLES: [&str; 6] = ["title", "headline", "name", "doctitle", "newstitle", "subject"];
    const LINKS: [&str; 7] = ["url", "link", "href", "docurl", "weburl", "newsurl", "pageurl"];
    const IDS: [&str; 8] = ["id", "guid", "docid", "newsid", "alertid", "articleid", "contentid", "uuid"];
    const TIMES: [&str; 12] = [
        "time",
        "date",
        "pubdate",
        "publishtime",
        "pubtime",
        "issuetime",
        "published",
        "publishdate",
        "createtime",
        "ctime",
        "datetime",
        "updatetime",
    ];
    const SUMMARIES: [&str; 6] = ["summary", "description", "abstract", "digest", "docabstract", "brief"];
    let first = objects.first()?;
    let field = |names: &[&str]| {
        let plain = |name: &str| name.to_ascii_lowercase().replace(['_', '-'], "");
        let is_text = |value: &Value| value.is_string() || value.is_number();
        let found = names.iter().find_map(|wanted| {
            first.iter().find(|(name, value)| plain(name) == *wanted && is_text(value) && is_plain(name))
        });
        found.and_then(|(name, _)| JsonPath::parse(name).ok())
    };
    let (link, id) = (field(&LINKS), field(&IDS));
    // Without either, entries could not be told apart.
    if link.is_none() && id.is_none() {
        return None;
    }
    Some(JsonRules {
        entries: JsonPath::parse(path).ok()?,
        title: field(&TITLES)?,
        link,
        link_template: None,
        id,
        time: field(&TIMES),
        summary: field(&SUMMARIES),
        outlet: None,
        // The ids of weather alarms begin with the code of the place they hold for.
        region_code: JsonPath::parse("alertid").ok().filter(|_| first.contains_key("alertid")),
    })
}
