//! The operator's rules for pages: CSS selectors for lists and articles, paths for JSON. Checked when the
//! configuration is read, so that a poll never meets an unusable one.

use std::fmt;

use scraper::Selector;

/// The longest selector or path taken: longer ones are copied from a browser's inspector by mistake.
const LONGEST: usize = 500;

#[derive(Clone)]
pub struct Css {
    text: String,
    selector: Selector,
}

impl Css {
    /// Reads a selector list.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("is blank; leave the key out instead".to_owned());
        }
        if text.len() > LONGEST {
            return Err(format!("is longer than {LONGEST} bytes"));
        }
        let selector = Selector::parse(text).map_err(|error| {
            // The cause stands in the last line of what it says.
            let cause = error.to_string().lines().last().unwrap_or_default().to_owned();
            format!("{text:?} is not a CSS selector: {cause}")
        })?;
        Ok(Self { text: text.to_owned(), selector })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn selector(&self) -> &Selector {
        &self.selector
    }
}

impl fmt::Debug for Css {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

impl PartialEq for Css {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Css {}

/// `[source.page]`: what overrides the generic rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRules {
    pub list: ListRules,
    /// For the pages it leads to.
    pub article: ArticleRules,
}

/// The selectors of a list page. All but `entry` and `next` are looked up within an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListRules {
    /// One element an entry.
    pub entry: Option<Css>,
    /// The link to its page; the first link of the entry where it is not said.
    pub link: Option<Css>,
    /// Its title; the link's text where it is not said.
    pub title: Option<Css>,
    pub date: Option<Css>,
    pub section: Option<Css>,
    pub summary: Option<Css>,
    /// The link to the following list page.
    pub next: Option<Css>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArticleRules {
    pub title: Option<Css>,
    pub date: Option<Css>,
    pub outlet: Option<Css>,
    pub editor: Option<Css>,
    /// The section: a breadcrumb, or a name.
    pub section: Option<Css>,
    pub summary: Option<Css>,
    pub body: Option<Css>,
    /// Elements that are cut out of the body.
    pub remove: Vec<Css>,
}

/// `[source.json]`: where a JSON document has its entries and they what. All but `entries` start at an
/// entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonRules {
    /// The list of entries.
    pub entries: JsonPath,
    pub title: JsonPath,
    /// The address; relative ones resolve against the document's.
    pub link: Option<JsonPath>,
    /// The address as a text with `{field}` in it, where no field holds it whole.
    pub link_template: Option<String>,
    pub id: Option<JsonPath>,
    /// The time: a text in any form, or Unix seconds or milliseconds.
    pub time: Option<JsonPath>,
    pub summary: Option<JsonPath>,
    pub outlet: Option<JsonPath>,
    /// A value that begins with a GB/T 2260 code.
    pub region_code: Option<JsonPath>,
}

/// A path into a JSON document: names and `[n]` joined by dots, as in `data.page.list` or `items[0].text`.
#[derive(Clone, PartialEq, Eq)]
pub struct JsonPath {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Name(String),
    Index(usize),
}

impl JsonPath {
    /// Reads a path; `.` or nothing is the value itself.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a path; write \"data.list\" or \"items[0].title\"");
        if text.len() > LONGEST {
            return Err(format!("is longer than {LONGEST} bytes"));
        }
        let mut steps = Vec::new();
        if text != "." && !text.is_empty() {
            for part in text.split('.') {
                let (name, mut rest) = part.split_at(part.find('[').unwrap_or(part.len()));
                if name.is_empty() && rest.is_empty() {
                    return Err(wrong());
                }
                steps.extend((!name.is_empty()).then(|| Step::Name(name.to_owned())));
                while let Some((index, after)) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
                    steps.push(Step::Index(index.trim().parse().map_err(|_| wrong())?));
                    rest = after;
                }
                if !rest.is_empty() {
                    return Err(wrong());
                }
            }
        }
        Ok(Self { text: text.to_owned(), steps })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn of<'v>(&self, value: &'v serde_json::Value) -> Option<&'v serde_json::Value> {
        self.steps.iter().try_fold(value, |value, step| match step {
            Step::Name(name) => value.get(name),
            Step::Index(index) => value.get(index),
        })
    }
}

impl fmt::Debug for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}
