//! Rewrites markup to balanced markup in one linear pass: only known elements and attributes, every element closed by
//! an end tag, depth and number bounded, addresses absolute. An HTML parser then has nothing to repair, so input
//! cannot reach its slow paths (deep stacks, reopened formatting, foster parents).

use super::script;
use super::tokens::{Attribute, Token, Tokens, value};
use super::{
    ADDRESSES, ATTRIBUTES, ELEMENTS, MAX_ELEMENTS, MAX_HTML, MAX_NESTING, MAX_PAGE, MAX_PAGE_ELEMENTS,
    Markup, image,
};
use crate::read::link::Base;
use crate::read::text::{push_escaped, push_escaped_char, unescape};

const VOID: &[&str] = &["base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"];

/// Elements of pages that entries do not have.
const PAGE_ELEMENTS: &[&str] = &[
    "address", "base", "big", "button", "fieldset", "font", "form", "hgroup", "input", "label", "link",
    "main", "menu", "meta", "nav",
];

/// Elements that may not contain themselves: a parser drops the inner one, or ends the outer.
const NOT_IN_ITSELF: &[&str] = &["button", "form"];

/// Start tags that close an open paragraph (WHATWG 13.2.6.4.7).
const CLOSES_PARAGRAPH: &[&str] = &[
    "article", "aside", "blockquote", "center", "dd", "details", "div", "dl", "dt", "figcaption", "figure",
    "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p", "pre", "section",
    "summary", "table", "ul", "address", "fieldset", "form", "hgroup", "main", "menu", "nav",
];

const TABLE_PARTS: &[&str] = &["caption", "col", "colgroup", "tbody", "td", "tfoot", "th", "thead", "tr"];

/// An end tag inside a table cell closes nothing outside these.
const CELL: &[&str] = &["td", "th", "caption", "table"];

/// For every `&` or no-break space, html5ever 0.40 searches the rest of the text up to the next `<` or `>`
/// (measured: 40,000 ampersands in a row take a hundred times as long as 4,000). An invisible `<wbr>`
/// after so many keeps that linear: 500 KB of ampersands take 60 ms, and no text for people has as many
/// without a tag between.
const SPECIALS_IN_A_RUN: usize = 1024;

/// Attributes of a page that name an element or style it. Readers of pages look at those of the elements around a line
/// for each line; all other attributes are read once.
const NAMES: &[&str] = &["class", "id", "itemprop", "rel", "role", "style"];

/// The longest value of such an attribute, in octets: one of a megabyte around 50,000 lines would take minutes. Class
/// lists of style libraries have some hundred.
const MAX_NAMES: usize = 1024;

/// Rewrites `html`. The result is no longer than a few times [`MAX_HTML`].
pub(super) fn balance(html: &str, base: &Base) -> String {
    let mut writer = Writer::new(html.len(), base);
    for token in Tokens::new(html) {
        match token {
            Token::Text(text) => writer.text(text),
            Token::Literal(text) => writer.literal(text),
            Token::Start(name, attributes) => writer.start(&name, &attributes),
            Token::End(name) => writer.end(&name),
            Token::Raw(..) => {}
        }
        if writer.out.len() > MAX_HTML {
            break;
        }
    }
    writer.close_to(0);
    writer.out
}

/// Rewrites a whole page for a parser, not for display: classes, ids and all other attributes stay, as do
/// elements that no entry has. Nesting and number are bounded as in [`balance`].
pub(super) fn page(html: &str) -> Markup {
    let base = Base::default();
    let mut writer = Writer::new(html.len(), &base);
    writer.page = true;
    // With a doctype parsers agree on what a table in a paragraph means.
    writer.out.push_str("<!DOCTYPE html>");
    let mut page = Markup::default();
    for token in Tokens::with_raw(html, &["title", "script"]) {
        match token {
            Token::Text(text) => writer.text(text),
            Token::Literal(text) => writer.literal(text),
            Token::Start(name, attributes) if name == "html" || name == "body" => {
                writer.root(&name, &attributes);
            }
            Token::Start(name, attributes) => writer.start(&name, &attributes),
            Token::End(name) => writer.end(&name),
            Token::Raw(name, _, text) if name == "title" => {
                page.title.get_or_insert_with(|| crate::read::text::one_line(&unescape(text)));
            }
            Token::Raw(_, attributes, text) => {
                let kind = value(&attributes, "type").unwrap_or_default();
                if kind.trim().eq_ignore_ascii_case("application/ld+json") && page.data.len() < MAX_DATA {
                    page.data.push(text.to_owned());
                    continue;
                }
                script::dates(text, &mut page.dates);
                if let Some(date) = script::written(text) {
                    writer.text(date);
                }
            }
        }
        if writer.out.len() > MAX_PAGE {
            break;
        }
    }
    writer.close_to(0);
    page.markup = writer.out;
    page
}

/// JSON-LD blocks of a page that are kept; pages have one or two.
const MAX_DATA: usize = 8;

struct Writer<'b> {
    out: String,
    base: &'b Base,
    /// Open elements, outermost first.
    open: Vec<&'static str>,
    /// Start tags dropped for depth whose end tags are still to come.
    too_deep: usize,
    elements: usize,
    last_image: Option<String>,
    /// Ampersands and the like since the last tag.
    specials: usize,
    /// True for a page for a parser, false for an entry for display.
    page: bool,
    /// True for each of `html` and `body` once written: a parser merges further ones into the first.
    roots: [bool; 2],
}

impl<'b> Writer<'b> {
    fn new(size: usize, base: &'b Base) -> Self {
        let out = String::with_capacity(size.min(MAX_HTML) + 64);
        Self {
            out,
            base,
            open: Vec::new(),
            too_deep: 0,
            elements: 0,
            last_image: None,
            specials: 0,
            page: false,
            roots: [false; 2],
        }
    }

    fn limits(&self) -> (usize, usize) {
        if self.page { (MAX_PAGE, MAX_PAGE_ELEMENTS) } else { (MAX_HTML, MAX_ELEMENTS) }
    }

    fn known(&self, name: &str) -> Option<&'static str> {
        let more = if self.page { PAGE_ELEMENTS } else { &[] };
        ELEMENTS.iter().chain(more).copied().find(|known| *known == name)
    }

    /// `html` and `body`: a parser opens them anyway, so only their attributes matter.
    fn root(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        let written = &mut self.roots[usize::from(name == "body")];
        if !self.open.is_empty() || std::mem::replace(written, true) {
            return;
        }
        self.out.push('<');
        self.out.push_str(name);
        self.all_attributes(attributes);
        self.out.push('>');
    }

    fn all_attributes(&mut self, attributes: &[Attribute<'_>]) {
        for attribute in attributes {
            let name = attribute.name.as_str();
            let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:".contains(&b));
            let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
            if plain && starts && !name.starts_with("on") {
                let value = unescape(attribute.value);
                let end =
                    if NAMES.contains(&name) { value.floor_char_boundary(MAX_NAMES) } else { value.len() };
                push_attribute(name, &value[..end], &mut self.out);
            }
        }
    }

    fn text(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.enter_cell();
        }
        self.run(&unescape(text));
    }

    fn literal(&mut self, text: &str) {
        self.enter_cell();
        self.run(text);
    }

    /// Writes text, escaped, with a tag after [`SPECIALS_IN_A_RUN`] special characters.
    fn run(&mut self, text: &str) {
        let most = self.limits().0;
        let mut rest = text;
        while self.out.len() <= most {
            // 0xC2 begins what may be a no-break space.
            let is_special = |b| matches!(b, b'&' | b'<' | b'>' | b'"' | 0xC2);
            let room = rest.ceil_char_boundary(most + 1 - self.out.len());
            let (plain, after) = rest.split_at(rest[..room].bytes().position(is_special).unwrap_or(room));
            self.out.push_str(plain);
            let Some(c) = after.chars().next() else { return };
            rest = after;
            if plain.is_empty() {
                self.special(c);
                rest = &after[c.len_utf8()..];
            }
        }
    }

    fn special(&mut self, c: char) {
        if c == '&' || !c.is_ascii() {
            self.specials += 1;
            if self.specials >= SPECIALS_IN_A_RUN {
                self.specials = 0;
                self.out.push_str("<wbr>");
            }
        }
        push_escaped_char(c, &mut self.out);
    }

    fn start(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        let Some(name) = self.known(name) else { return };
        if self.elements >= self.limits().1 || !self.fits(name) {
            return;
        }
        // Inside what was too deep nothing is closed by implication: a million such tags cost a count.
        if self.too_deep > 0 {
            self.too_deep += usize::from(!VOID.contains(&name));
            return;
        }
        self.close_implied(name);
        let void = VOID.contains(&name);
        if !void && self.open.len() >= MAX_NESTING {
            self.too_deep += 1;
            return;
        }
        let source = match name {
            _ if self.page => None,
            "img" => match image::source(attributes, self.base) {
                // The same picture again, in the `noscript` after a lazy one.
                Some(source) if self.last_image.as_ref() == Some(&source) => return,
                Some(source) => {
                    self.last_image = Some(source.clone());
                    Some(source)
                }
                None => return,
            },
            "audio" | "video" | "source" => value(attributes, "src")
                .or_else(|| value(attributes, "data-src"))
                .and_then(|s| self.base.resolve(&s)),
            _ => None,
        };
        self.elements += 1;
        self.specials = 0;
        self.out.push('<');
        self.out.push_str(name);
        if let Some(source) = source {
            push_attribute("src", &source, &mut self.out);
        }
        if self.page {
            self.all_attributes(attributes);
        } else {
            self.attributes(name, attributes);
        }
        if !self.page && matches!(name, "audio" | "video") {
            push_attribute("controls", "", &mut self.out);
        }
        self.out.push('>');
        if !void {
            self.open.push(name);
        }
    }

    fn attributes(&mut self, element: &str, attributes: &[Attribute<'_>]) {
        for (owner, names) in ATTRIBUTES {
            if !owner.is_empty() && *owner != element {
                continue;
            }
            for name in names.iter().filter(|name| !matches!(**name, "src" | "controls")) {
                let Some(given) = value(attributes, name) else { continue };
                let given = if ADDRESSES.contains(name) { self.base.resolve(&given) } else { Some(given) };
                if let Some(given) = given {
                    push_attribute(name, &given, &mut self.out);
                }
            }
        }
    }

    /// True if an element may stand here: table parts inside a table, sources inside a player.
    fn fits(&self, name: &str) -> bool {
        match name {
            "source" => matches!(self.open.last(), Some(&("audio" | "video"))),
            _ if TABLE_PARTS.contains(&name) => self.open.contains(&"table"),
            _ if NOT_IN_ITSELF.contains(&name) => !self.open.contains(&name),
            _ => true,
        }
    }

    /// Closes the elements that a start tag ends by implication, and opens those it needs around it.
    fn close_implied(&mut self, name: &str) {
        if !TABLE_PARTS.contains(&name) {
            self.enter_cell();
        }
        if CLOSES_PARAGRAPH.contains(&name) {
            self.close_nearest(&["p"], CELL);
        }
        match name {
            "li" => self.close_nearest(&["li"], &["ul", "ol", "td", "th", "table"]),
            "dd" | "dt" => self.close_nearest(&["dd", "dt"], &["dl", "td", "th", "table"]),
            "td" | "th" => {
                self.close_inside(&["tr", "tbody", "thead", "tfoot", "table"]);
                if self.open.last() != Some(&"tr") {
                    self.open("tr");
                }
            }
            "tr" => self.close_inside(&["tbody", "thead", "tfoot", "table"]),
            "col" => self.close_inside(&["colgroup", "table"]),
            "caption" | "colgroup" | "tbody" | "thead" | "tfoot" => self.close_inside(&["table"]),
            "a" => self.close_nearest(&["a"], CELL),
            "rt" | "rp" => self.close_nearest(&["rt", "rp"], &["ruby", "td", "th", "table"]),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.close_nearest(&["h1", "h2", "h3", "h4", "h5", "h6"], CELL);
            }
            _ => {}
        }
    }

    /// Closes the innermost of `names`, with all inside it, unless one of `barriers` is further in.
    fn close_nearest(&mut self, names: &[&str], barriers: &[&str]) {
        let stop = |open: &&str| names.contains(open) || barriers.contains(open);
        if let Some(at) = self.open.iter().rposition(stop)
            && names.contains(&self.open[at])
        {
            self.close_to(at);
        }
    }

    /// Closes all that is open inside the innermost of `names`.
    fn close_inside(&mut self, names: &[&str]) {
        if let Some(at) = self.open.iter().rposition(|open| names.contains(open)) {
            self.close_to(at + 1);
        }
    }

    /// Opens a cell for content of a table outside its cells; parsers would move it before the table, and so out of
    /// the bound of depth.
    fn enter_cell(&mut self) {
        while let Some(top) = self.open.last() {
            match *top {
                "table" | "tbody" | "thead" | "tfoot" => self.open("tr"),
                "tr" => self.open("td"),
                "colgroup" => self.close_to(self.open.len() - 1),
                _ => break,
            }
        }
    }

    fn open(&mut self, name: &'static str) {
        self.out.push('<');
        self.out.push_str(name);
        self.out.push('>');
        self.open.push(name);
    }

    fn end(&mut self, name: &str) {
        if name == "br" {
            return self.start("br", &[]);
        }
        if VOID.contains(&name) || self.known(name).is_none() {
            return;
        }
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        let barriers = if TABLE_PARTS.contains(&name) || name == "table" { &["table"][..] } else { CELL };
        self.close_nearest(&[name], barriers);
    }

    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            if let Some(name) = self.open.pop() {
                self.out.push_str("</");
                self.out.push_str(name);
                self.out.push('>');
            }
        }
    }
}

fn push_attribute(name: &str, value: &str, out: &mut String) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    push_escaped(value, out);
    out.push('"');
}
