//! Guesses the rules by which a JSON document is read, from the names of its fields.

use serde_json::{Map, Value};

use crate::read::page::{JsonPath, JsonRules};

/// Values of a JSON document that are looked at: a list stands near the top.
const MAX_VALUES: usize = 2_000;
/// The depth to which a list is looked for.
const MAX_DEPTH: usize = 6;

/// Rules for a JSON document of any shape: those of its longest list of objects that have titles.
pub(super) fn rules(document: &Value) -> Option<JsonRules> {
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

/// True if a name can stand in a path.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(['.', '[', ']'])
}

fn rules_of(path: &str, objects: &[&Map<String, Value>]) -> Option<JsonRules> {
    const TITLES: [&str; 6] = ["title", "headline", "name", "doctitle", "newstitle", "subject"];
    const LINKS: [&str; 7] = ["url", "link", "href", "docurl", "weburl", "newsurl", "pageurl"];
    const IDS: [&str; 8] = ["id", "guid", "docid", "newsid", "alertid", "articleid", "contentid", "uuid"];
    const TIMES: [&str; 12] = [
        "time", "date", "pubdate", "publishtime", "pubtime", "issuetime", "published", "publishdate",
        "createtime", "ctime", "datetime", "updatetime",
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
    // Without either, entries could not be distinguished.
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
