//! The text of one element while it is read, with the markup that stands inside it. Owns when inline markup
//! is kept as HTML; must not know what the text is for beyond its field.

use super::attributes::Attributes;
use super::builder::Prose;
use super::entities::Entities;
use super::mojibake::encoded_once;
use super::names::Field;
use super::repair::{Repair, Repairs};
use crate::read::text::{is_xml_char, push_escaped, unescape};

/// How an element says its text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Nothing said, or nothing sensible: a text that looks like HTML is HTML.
    Unsaid,
    Plain,
    Html,
    /// Inline markup: its text is escaped once.
    Markup,
    Base64,
}

#[derive(Debug)]
pub(super) struct Capture {
    pub(super) field: Field,
    /// The depth of the element it is the text of.
    pub(super) depth: usize,
    /// A link's relation, a guid's `isPermaLink`: the attribute the field's meaning hangs on.
    pub(super) hint: Option<String>,
    /// A category's scheme and label.
    pub(super) scheme: Option<String>,
    kind: Kind,
    atom: bool,
    buffer: String,
    inline: bool,
}

impl Capture {
    pub(super) fn new(field: Field, depth: usize, attributes: &Attributes<'_>, atom: bool) -> Self {
        Self {
            field,
            depth,
            hint: attributes.any(&["ispermalink", "rel", "label"]).map(str::to_owned),
            scheme: attributes.any(&["scheme", "domain"]).map(str::to_owned),
            kind: kind(field, attributes, atom),
            atom,
            buffer: String::new(),
            inline: false,
        }
    }

    /// Whether the element declared that markup stands in it.
    pub(super) fn declared_markup(&self) -> bool {
        self.kind == Kind::Markup
    }

    /// Whether no markup has been met yet.
    pub(super) fn is_unmarked(&self) -> bool {
        !self.inline
    }

    pub(super) fn text(&mut self, raw: &str, entities: &mut Entities, repairs: &mut Repairs) {
        let text = entities.resolve(raw, repairs);
        self.cdata(&text);
    }

    pub(super) fn cdata(&mut self, text: &str) {
        if self.kind == Kind::Markup {
            push_escaped(text, &mut self.buffer);
        } else {
            self.buffer.push_str(text);
        }
    }

    pub(super) fn open(&mut self, local: &str, attributes: &Attributes<'_>, empty: bool) {
        self.inline = true;
        self.buffer.push('<');
        self.buffer.push_str(local);
        for (name, value) in attributes.iter().filter(|(name, _)| !name.starts_with("xmlns")) {
            self.buffer.push(' ');
            self.buffer.push_str(name);
            self.buffer.push_str("=\"");
            push_escaped(value, &mut self.buffer);
            self.buffer.push('"');
        }
        self.buffer.push('>');
        if empty && !is_void(local) {
            self.close(local);
        }
    }

    /// The end of an element inside the text.
    pub(super) fn close(&mut self, name: &str) {
        let local = name.split_once(':').map_or(name, |(_, local)| local);
        self.buffer.push_str("</");
        self.buffer.push_str(local);
        self.buffer.push('>');
    }

    /// The text, for a field that is one short value.
    pub(super) fn into_text(self) -> String {
        self.buffer
    }

    /// The text and how it is written.
    pub(super) fn into_prose(self, repairs: &mut Repairs) -> Prose {
        let Self { kind, inline, atom, mut buffer, .. } = self;
        if let Some(once) = encoded_once(&buffer) {
            repairs.note(Repair::DoubleEncoded);
            buffer = once;
        }
        match kind {
            Kind::Markup => Prose { html: true, text: unwrap_div(&buffer).to_owned() },
            Kind::Html => Prose { html: true, text: without_cdata(buffer) },
            _ if inline => Prose { html: true, text: buffer },
            Kind::Base64 => match decode_base64(&buffer) {
                Some(text) => Prose { html: looks_like_html(&text), text },
                None => Prose { html: looks_like_html(&buffer), text: buffer },
            },
            Kind::Plain if atom => Prose { html: false, text: buffer },
            Kind::Plain | Kind::Unsaid => Prose { html: looks_like_html(&buffer), text: buffer },
        }
    }
}

/// What an element's `type` and `mode` say of its text. Atom 0.3 says `mode`, Atom 1.0 does not; what neither
/// knows is taken for what the field usually holds, never for a reason to lose the entry.
fn kind(field: Field, attributes: &Attributes<'_>, atom: bool) -> Kind {
    let mode = attributes.get("mode").unwrap_or_default().trim();
    if mode.eq_ignore_ascii_case("base64") {
        return Kind::Base64;
    }
    let said = attributes.get("type").unwrap_or_default().trim().to_ascii_lowercase();
    let said = said.split(';').next().unwrap_or_default().trim();
    match said {
        "text" | "plain" | "text/plain" => Kind::Plain,
        "html" | "text/html" => Kind::Html,
        "xhtml" | "application/xhtml+xml" | "text/xhtml" => Kind::Markup,
        s if s.ends_with("+xml") || s.ends_with("/xml") => Kind::Markup,
        s if s.contains('/') && !s.starts_with("text/") => Kind::Base64,
        _ => match field {
            Field::Description | Field::Encoded => Kind::Html,
            Field::Body => Kind::Markup,
            _ if atom && said.is_empty() => Kind::Plain,
            _ => Kind::Unsaid,
        },
    }
}

/// The inside of a CDATA section that was wrapped, or escaped, once too often: to HTML it is a comment, and
/// the body would vanish.
pub(super) fn without_cdata(text: String) -> String {
    match text.trim().strip_prefix("<![CDATA[") {
        Some(inner) => inner.strip_suffix("]]>").unwrap_or(inner).to_owned(),
        None => text,
    }
}

fn decode_base64(text: &str) -> Option<String> {
    use base64::Engine as _;
    let packed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if packed.is_empty() {
        return None;
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(packed).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    Some(text.chars().filter(|c| is_xml_char(*c)).collect())
}

/// Atom's XHTML content stands in one `div` that is not part of it (RFC 4287 section 3.1.1.3).
fn unwrap_div(markup: &str) -> &str {
    let whole = markup.trim();
    let Some(rest) = whole.strip_prefix("<div") else { return whole };
    let Some((attributes, inner)) = rest.split_once('>') else { return whole };
    let Some(inner) = inner.strip_suffix("</div>") else { return whole };
    if !(attributes.is_empty() || attributes.starts_with(' ')) {
        return whole;
    }
    let mut depth = 1_usize;
    for (at, _) in inner.match_indices('<') {
        let tag = &inner[at..];
        if tag.starts_with("<div>") || tag.starts_with("<div ") {
            depth += 1;
        } else if tag.starts_with("</div>") {
            depth -= 1;
        }
        if depth == 0 {
            return whole;
        }
    }
    inner
}

/// Whether a text that nobody declared is HTML: it has an end tag, a void tag, or a reference.
pub(super) fn looks_like_html(text: &str) -> bool {
    has_tag(text) || has_reference(text)
}

fn has_tag(text: &str) -> bool {
    text.match_indices('<').any(|(at, _)| {
        let rest = &text[at + 1..];
        let (closing, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let name = &rest[..end];
        let ended = rest[end..].starts_with(['>', ' ', '/']);
        ended && !name.is_empty() && (is_void(name) || (closing && is_html(name)))
    })
}

fn has_reference(text: &str) -> bool {
    text.match_indices('&').any(|(at, _)| {
        let rest = &text[at + 1..];
        let end = rest.bytes().take(32).position(|b| b == b';');
        end.is_some_and(|end| {
            let name = &rest[..end];
            let known = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#') && !name.is_empty();
            known && unescape(&text[at..=at + 1 + end]) != text[at..=at + 1 + end]
        })
    })
}

/// HTML elements without an end tag.
pub(super) fn is_void(name: &str) -> bool {
    const VOID: [&str; 14] = [
        "area", "base", "basefont", "br", "col", "embed", "frame", "hr", "img", "input", "link", "meta",
        "param", "wbr",
    ];
    VOID.iter().any(|v| v.eq_ignore_ascii_case(name))
}

fn is_html(name: &str) -> bool {
    const TEXT: [&str; 64] = [
        "a", "abbr", "acronym", "address", "article", "aside", "audio", "b", "big", "blockquote", "body",
        "button", "caption", "center", "cite", "code", "dd", "del", "dfn", "div", "dl", "dt", "em", "embed",
        "fieldset", "figcaption", "figure", "font", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
        "header", "html", "i", "iframe", "ins", "kbd", "li", "ol", "p", "pre", "q", "s", "samp", "script",
        "section", "small", "span", "strike", "strong", "style", "sub", "sup", "table", "td", "tr", "tt",
        "u", "ul",
    ];
    TEXT.iter().any(|v| v.eq_ignore_ascii_case(name))
}
