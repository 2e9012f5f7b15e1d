//! A page as a tree, with the metadata of its head. Owns every step from bytes to the tree; knows neither lists nor
//! articles.

use scraper::{ElementRef, Html, Node, Selector};
use url::Url;

use super::notes::Notes;
use super::{PageError, is_challenge};
use crate::model::entry::Link;
use crate::read::bound::MAX_LINE;
use crate::read::date::DateContext;
use crate::read::decode::decode;
use crate::read::feed::FeedInput;
use crate::read::html;
use crate::read::link::{Base, host_key};
use crate::read::text::{one_line, truncate_chars, xml_legal};

/// Octets of a document in which its kind is looked for.
const HEAD: usize = 2048;

pub(super) struct Page {
    pub(super) html: Html,
    /// The text of `<title>`, bounded as a line is: each heading and each line is looked for in it.
    pub(super) title: Option<String>,
    /// The values of `meta`, as written, under their names in lower case.
    metas: Vec<(String, String)>,
    /// JSON-LD blocks, as written.
    pub(super) data: Vec<String>,
    /// The publication dates that scripts hold, as written.
    pub(super) script_dates: Vec<String>,
    pub(super) encoding: String,
    pub(super) repairs: Vec<String>,
    pub(super) url: String,
    pub(super) site: Option<String>,
    pub(super) dates: DateContext,
    pub(super) notes: Notes,
    base: Base,
}

impl Page {
    pub(super) fn read(input: &FeedInput<'_>) -> Result<Self, PageError> {
        let host = Url::parse(input.url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let decoded = decode(input.bytes, input.content_type, host.as_deref());
        let text = xml_legal(&decoded.text);
        refuse(&text)?;
        let mut repairs = Vec::new();
        if decoded.lossy {
            repairs.push("bytes that fit no encoding were replaced".to_owned());
        }
        if decoded.mislabelled {
            repairs.push("the encoding is not the declared one".to_owned());
        }
        let page = html::page(&text);
        let tree = Html::parse_document(&page.markup);
        let own = Base::new(Some(input.url));
        let declared = select(&tree, "base[href]").next().and_then(|base| own.resolve(base.attr("href")?));
        let metas = select(&tree, "meta[content]").filter_map(|meta| {
            let key = ["name", "property", "itemprop"].iter().find_map(|name| meta.attr(name))?;
            Some((key.trim().to_ascii_lowercase(), meta.attr("content")?.to_owned()))
        });
        Ok(Self {
            metas: metas.collect(),
            html: tree,
            title: page.title.filter(|title| !title.is_empty()).map(|title| truncate_chars(&title, MAX_LINE)),
            data: page.data,
            script_dates: page.dates,
            encoding: decoded.encoding.to_owned(),
            repairs,
            url: input.url.to_owned(),
            site: host_key(input.url),
            notes: Notes::default(),
            dates: DateContext { zone: input.zone, seen: input.fetched_at, near: None },
            base: declared.map_or(own, |base| Base::new(Some(&base))),
        })
    }

    /// The same, and its readers note what they take and leave.
    pub(super) fn noting(input: &FeedInput<'_>) -> Result<Self, PageError> {
        Ok(Self { notes: Notes::kept(), ..Self::read(input)? })
    }

    /// A link of the page, absolute, without its fragment; web addresses only.
    pub(super) fn resolve(&self, href: &str) -> Option<String> {
        let absolute = self.base.resolve(href)?;
        let plain = absolute.split('#').next().unwrap_or_default();
        (plain.starts_with("http://") || plain.starts_with("https://")).then(|| plain.to_owned())
    }

    /// True if an address is of the page's own site.
    pub(super) fn is_own(&self, address: &str) -> bool {
        self.site.is_some() && host_key(address) == self.site
    }

    /// The value of `meta` under the first of the names, lower case, that has one. Bounded as a line is.
    pub(super) fn meta(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| {
            let (_, said) = self.metas.iter().find(|(key, said)| key == name && !said.trim().is_empty())?;
            Some(truncate_chars(&one_line(said), MAX_LINE))
        })
    }

    /// True if `meta` asks robots for one of the words.
    pub(super) fn robots(&self, words: &[&str]) -> bool {
        let said = self.meta(&["robots"]).unwrap_or_default().to_ascii_lowercase();
        said.split(',').any(|word| words.contains(&word.trim()) || word.trim() == "none")
    }

    /// The language of the page, if it says one.
    pub(super) fn language(&self) -> Option<String> {
        let lang = self.html.root_element().attr("lang")?.trim();
        (!lang.is_empty() && lang.len() < 20).then(|| lang.to_owned())
    }
}

/// Refuses a text that is no page, by its first characters.
fn refuse(text: &str) -> Result<(), PageError> {
    let start = text.trim_start();
    let head = start[..start.floor_char_boundary(HEAD)].to_ascii_lowercase();
    if ends_at_once(start) {
        return Err(PageError::CutShort);
    }
    for (mark, name) in [("<rss", "RSS"), ("<feed", "Atom"), ("<rdf:rdf", "RSS 1.0")] {
        if head.contains(mark) && !head.contains("<html") {
            return Err(PageError::LooksLikeFeed(name.to_owned()));
        }
    }
    if head.starts_with(['{', '[']) && crate::read::json::read(start).is_ok() {
        return Err(match head.contains("jsonfeed.org") {
            true => PageError::LooksLikeFeed("JSON Feed".to_owned()),
            false => PageError::NotHtml("JSON".to_owned()),
        });
    }
    if let Some(wall) = is_challenge(text) {
        return Err(PageError::Challenge(wall));
    }
    if !html::looks_like_markup(text) {
        return Err(PageError::NotHtml("no markup in it".to_owned()));
    }
    Ok(())
}

/// True if nothing comes after what may stand before a page's first element, or that element's tag is not
/// whole.
fn ends_at_once(mut text: &str) -> bool {
    loop {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let end = match text.as_bytes() {
            [] => return true,
            [b'<', b'!', b'-', b'-', ..] => "-->",
            [b'<', ..] => ">",
            _ => return false,
        };
        let Some(after) = text.find(end).map(|at| &text[at + end.len()..]) else { return true };
        if !text.starts_with("<!") && !text.starts_with("<?") {
            return false;
        }
        text = after;
    }
}

/// The elements that match a selector of our own, in document order.
pub(super) fn select<'a>(tree: &'a Html, selector: &str) -> impl Iterator<Item = ElementRef<'a>> {
    let (name, needs) =
        selector.strip_suffix(']').and_then(|start| start.split_once('[')).unwrap_or((selector, ""));
    if [name, needs].iter().all(|word| word.bytes().all(|b| b.is_ascii_alphanumeric())) {
        // The name of an element, or with that of an attribute: no rules need be matched.
        let fits = |element: &ElementRef<'_>| {
            element.value().name() == name && (needs.is_empty() || attr(*element, needs).is_some())
        };
        return tree.root_element().descendent_elements().filter(fits).collect::<Vec<_>>().into_iter();
    }
    let selector = Selector::parse(selector).ok();
    let found: Vec<ElementRef<'a>> =
        selector.as_ref().map(|selector| tree.select(selector).collect()).unwrap_or_default();
    found.into_iter()
}

/// The text of an element, on one line.
pub(super) fn text(element: ElementRef<'_>) -> String {
    text_to(element, usize::MAX)
}

/// The text of an element, on one line: all of it if it has so many characters, else at least one more than these.
pub(super) fn text_to(element: ElementRef<'_>, characters: usize) -> String {
    let (mut found, mut left) = (String::new(), characters);
    for node in element.descendants() {
        match node.value() {
            Node::Text(text) => {
                found.push_str(text);
                let more = if left == usize::MAX { 0 } else { one_line(text).chars().count() };
                let Some(rest) = left.checked_sub(more) else { break };
                left = rest;
            }
            Node::Element(inner) if !is_inline(inner.name()) => found.push(' '),
            _ => {}
        }
    }
    one_line(&found)
}

/// The value of an attribute. Compares names; [`ElementRef::attr`] interns the name at each call.
pub(super) fn attr<'a>(element: ElementRef<'a>, name: &str) -> Option<&'a str> {
    element.value().attrs().find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// True if an element stands within a line, and begins no block of its own.
pub(super) fn is_inline(name: &str) -> bool {
    // A pattern, not a slice: each element of a page is asked several times.
    matches!(
        name,
        "a" | "abbr"
            | "b"
            | "bdi"
            | "bdo"
            | "big"
            | "cite"
            | "code"
            | "del"
            | "dfn"
            | "em"
            | "font"
            | "i"
            | "ins"
            | "kbd"
            | "label"
            | "mark"
            | "q"
            | "rp"
            | "rt"
            | "ruby"
            | "s"
            | "samp"
            | "small"
            | "span"
            | "strike"
            | "strong"
            | "sub"
            | "sup"
            | "time"
            | "tt"
            | "u"
            | "var"
            | "wbr"
            | "img"
            | "input"
            | "button"
    )
}

/// The feeds a page declares (`link rel="alternate"` of a feed's type), absolute, with their titles.
pub fn feed_links(input: &FeedInput<'_>) -> Vec<Link> {
    const TYPES: [&str; 4] =
        ["application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"];
    let Ok(page) = Page::read(input) else { return Vec::new() };
    let mut found: Vec<Link> = Vec::new();
    for link in select(&page.html, "link[href]") {
        let rel = link.attr("rel").unwrap_or_default().to_ascii_lowercase();
        let kind = link.attr("type").unwrap_or_default().trim().to_ascii_lowercase();
        if !rel.split_whitespace().any(|word| word == "alternate") || !TYPES.contains(&kind.as_str()) {
            continue;
        }
        let Some(href) = link.attr("href").and_then(|href| page.resolve(href)) else { continue };
        if found.iter().all(|known| known.href != href) {
            let title = link.attr("title").map(one_line).filter(|title| !title.is_empty());
            found.push(Link {
                href,
                rel: "alternate".to_owned(),
                media_type: Some(kind),
                title,
                ..Link::default()
            });
        }
    }
    found
}
