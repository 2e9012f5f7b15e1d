//! HTML of entries: sanitised for display, as plain text, as a summary. Sanitising has two steps: `balance` rewrites
//! the markup in one linear pass to few, balanced, well-quoted tags with absolute addresses, then ammonia decides
//! what is allowed. Renders nothing, fetches nothing.

mod balance;
mod image;
mod plain;
mod script;
#[cfg(test)]
mod tests;
mod tokens;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

pub use plain::{plain, text_up_to, to_text};

use crate::read::link::{Base, SCHEMES};
use crate::read::text;

/// The maximum depth of elements. ammonia's time grows with the square of the depth (measured: 0.25 s for
/// 10,000 nested `<div>`, 5 s for 50,000); no article nests 100 deep.
pub const MAX_NESTING: usize = 256;

/// Bytes of markup that are kept: a book chapter. The rest is dropped.
pub const MAX_HTML: usize = 512 << 10;

/// Elements that are kept; of further ones only the text stays. This bounds the parser's memory, some hundred bytes
/// an element.
pub const MAX_ELEMENTS: usize = 20_000;

/// Bytes of a whole page that are read: list pages have 50 to 500 KiB.
pub const MAX_PAGE: usize = 3 << 20;

/// Elements of a page that are read; portals' home pages have some 10,000.
pub const MAX_PAGE_ELEMENTS: usize = 60_000;

/// A page, bounded for a parser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Markup {
    /// Balanced, bounded markup with all its attributes; unsafe to display.
    pub(crate) markup: String,
    /// The text of `<title>`.
    pub(crate) title: Option<String>,
    /// Its JSON-LD blocks, as written.
    pub(crate) data: Vec<String>,
    /// The publication dates that its scripts hold, as written.
    pub(crate) dates: Vec<String>,
}

/// A whole page with its nesting, elements and size bounded ([`MAX_NESTING`], [`MAX_PAGE_ELEMENTS`],
/// [`MAX_PAGE`]), in one linear pass, so that an HTML parser takes linear time over it.
pub(crate) fn page(html: &str) -> Markup {
    balance::page(&text::xml_legal(html))
}

/// Elements an entry may have.
const ELEMENTS: &[&str] = &[
    "a", "abbr", "article", "aside", "audio", "b", "bdi", "bdo", "blockquote", "br", "caption", "center",
    "cite", "code", "col", "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt", "em", "figcaption",
    "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li",
    "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "section", "small", "source", "span",
    "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time",
    "tr", "tt", "u", "ul", "var", "video", "wbr",
];

/// Attributes by element; those of `""` are allowed on every element. Neither `style`, `class` and `id`
/// nor `srcset`, `target` and any event handler.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("", &["lang", "dir", "title"]),
    ("a", &["href", "hreflang"]),
    ("audio", &["src", "controls"]),
    ("blockquote", &["cite"]),
    ("col", &["span"]),
    ("colgroup", &["span"]),
    ("del", &["cite", "datetime"]),
    ("img", &["alt", "height", "src", "width"]),
    ("ins", &["cite", "datetime"]),
    ("ol", &["start"]),
    ("q", &["cite"]),
    ("source", &["src", "type"]),
    ("td", &["colspan", "rowspan"]),
    ("th", &["colspan", "rowspan", "scope"]),
    ("time", &["datetime"]),
    ("video", &["controls", "height", "poster", "src", "width"]),
];

/// Attributes that hold an address.
const ADDRESSES: &[&str] = &["href", "src", "poster", "cite"];

static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut by_element: HashMap<&str, HashSet<&str>> =
        ATTRIBUTES.iter().map(|(element, names)| (*element, names.iter().copied().collect())).collect();
    let generic = by_element.remove("").unwrap_or_default();
    let mut cleaner = ammonia::Builder::default();
    cleaner
        .tags(ELEMENTS.iter().copied().collect())
        .tag_attributes(by_element)
        .generic_attributes(generic)
        .url_schemes(SCHEMES.iter().copied().collect())
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"))
        .strip_comments(true);
    cleaner
});

/// Cleans a publisher's HTML for display in any reader: no script, style, event handler, form, frame or
/// dangerous address; links and images absolute against `base` (those that cannot be are dropped, a
/// link's text stays); tracking pixels gone; lazily loaded images made real; `rel="noopener
/// noreferrer"` on links. XML-legal, and the same bytes for the same input.
///
/// Time and size are bounded: [`MAX_NESTING`], [`MAX_ELEMENTS`], [`MAX_HTML`]. Text without markup does
/// not meet the parser.
pub fn sanitise(html: &str, base: Option<&str>) -> String {
    let legal = text::xml_legal(html);
    if !legal.contains(['<', '&', '>']) {
        return legal[..legal.floor_char_boundary(MAX_HTML)].trim().to_owned();
    }
    let balanced = balance::balance(&legal, &Base::new(base));
    let clean = CLEANER.clean(balanced.trim()).to_string();
    // A numeric reference may stand for a character that XML forbids.
    match text::xml_legal(&clean) {
        std::borrow::Cow::Borrowed(_) => clean,
        std::borrow::Cow::Owned(legal) => legal,
    }
}

/// Elements of an article that a page of ours shows: of others only the text stays.
const PROSE: [&str; 26] = [
    "a", "b", "blockquote", "br", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "li", "ol", "p",
    "pre", "q", "rp", "rt", "ruby", "s", "strong", "sub", "sup", "u", "ul",
];

static PROSE_CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = ammonia::Builder::default();
    cleaner
        .tags(PROSE.into_iter().collect())
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"]))]))
        .generic_attributes(HashSet::from(["lang", "dir"]))
        .url_schemes(SCHEMES.iter().copied().collect())
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"));
    cleaner
});

/// An article of [`sanitise`] for a page of ours: text, paragraphs, lists and links. Its headings would disorder those
/// of the page, and its pictures and films would load from others.
pub fn prose(html: &str) -> String {
    PROSE_CLEANER.clean(html).to_string()
}

/// The short text of a body, HTML or plain, on one line and at most `max_chars` characters long.
pub fn summary(body: &str, max_chars: usize) -> String {
    text::truncate_chars(&plain(body), max_chars)
}

/// True if a text has a tag of HTML, a comment or a CDATA section; false for a stray `<`.
pub fn looks_like_markup(text: &str) -> bool {
    text.match_indices('<').any(|(at, _)| tokens::opens_markup(&text[at + 1..]))
}
