//! A linear tokenizer for HTML as feeds carry it: text, start tags, end tags. It separates text and tags as the WHATWG
//! tokenizer does, and builds no tree. It reads every byte a bounded number of times. html5ever's tokenizer takes two to
//! three times as long, and a minute for one tag of 100,000 attributes (docs/design/0017-libraries-tried.md).

/// The most attributes of one tag that are read; the rest is skipped.
const MAX_ATTRIBUTES: usize = 48;

/// Elements skipped with their content: it is not for readers, or would switch the parser to another mode.
const SKIPPED: &[&str] = &[
    "script", "style", "title", "textarea", "iframe", "noframes", "noembed", "xmp", "annotation",
    "annotation-xml", "template", "select", "plaintext",
];

/// Those of [`SKIPPED`] whose content is for readers where no end tag says how far it goes. Browsers hide the
/// rest of the page then; in feeds it is the entry's text after a `<iframe src="…"/>` written as XML.
const EMPTY_IF_UNCLOSED: &[&str] = &["iframe", "noframes", "noembed", "template", "select", "textarea"];

/// Further elements whose tags tell markup from text.
const OTHERS: &[&str] = &[
    "html", "head", "body", "meta", "link", "base", "font", "big", "nobr", "nav", "main", "form", "input",
    "button", "label", "fieldset", "object", "embed", "param", "picture", "noscript", "map", "area",
    "acronym", "address", "dir", "menu", "hgroup", "dialog", "marquee", "canvas", "track", "option", "o:p",
    "frame", "frameset", "applet", "data", "meter", "progress", "output", "legend", "basefont", "blink",
    "isindex", "listing", "rtc", "svg", "math",
];

/// A piece of markup.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Text as written, its references unresolved. May hold a `<` that opens no tag.
    Text(&'a str),
    /// Characters that mean themselves (a CDATA section).
    Literal(&'a str),
    /// A start tag; names in lower case.
    Start(String, Vec<Attribute<'a>>),
    /// An end tag.
    End(String),
    /// An element whose content is no markup, whole; only where [`Tokens::with_raw`] asks for it.
    Raw(String, Vec<Attribute<'a>>, &'a str),
}

/// An attribute; its value as written, references unresolved.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attribute<'a> {
    pub(super) name: String,
    pub(super) value: &'a str,
}

/// The value of the attribute called `name`, its references resolved.
pub(super) fn value(attributes: &[Attribute<'_>], name: &str) -> Option<String> {
    attributes.iter().find(|a| a.name == name).map(|a| crate::read::text::unescape(a.value).into_owned())
}

/// True if the text after a `<` makes it markup.
pub(super) fn opens_markup(after: &str) -> bool {
    if after.starts_with("!--") || after.starts_with("![CDATA[") || after.starts_with("!DOCTYPE") {
        return true;
    }
    let name = after.strip_prefix('/').unwrap_or(after);
    let end = name.bytes().take(12).take_while(|b| b.is_ascii_alphanumeric() || *b == b':').count();
    let closed =
        name.as_bytes().get(end).is_some_and(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/'));
    if !closed {
        return false;
    }
    let name = name[..end].to_ascii_lowercase();
    [super::ELEMENTS, SKIPPED, OTHERS].iter().any(|list| list.contains(&name.as_str()))
}

/// Splits markup into tokens.
pub(super) struct Tokens<'a> {
    rest: &'a str,
    raw: &'static [&'static str],
    /// Elements without an end tag in what is left: a search that failed is not made again.
    unclosed: Vec<&'static str>,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(html: &'a str) -> Self {
        Self::with_raw(html, &[])
    }

    /// Gives the elements `raw`, of those that are skipped, with what is in them.
    pub(super) fn with_raw(html: &'a str, raw: &'static [&'static str]) -> Self {
        Self { rest: html, raw, unclosed: Vec::new() }
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (head, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        head
    }

    /// Skips past the next `>`; everything if there is none, as browsers do.
    fn skip_tag(&mut self) {
        self.rest = self.rest.split_once('>').map_or("", |(_, rest)| rest);
    }

    fn declaration(&mut self) -> Option<Token<'a>> {
        if let Some(after) = self.rest.strip_prefix("<!--") {
            // `-->` may share its hyphens with the beginning, `--!>` may not (WHATWG 13.2.5.43 to 52).
            let begun = &self.rest[2..];
            let ends = |at: &usize| begun[..at + 2].ends_with("--") || after[..*at].ends_with("--!");
            let end = after.match_indices('>').map(|(at, _)| at).find(ends);
            self.rest = end.map_or("", |at| &after[at + 1..]);
            return None;
        }
        if let Some(after) = self.rest.strip_prefix("<![CDATA[") {
            let (text, rest) = after.split_once("]]>").unwrap_or((after, ""));
            self.rest = rest;
            return Some(Token::Literal(text));
        }
        self.skip_tag();
        None
    }

    fn end_tag(&mut self) -> Token<'a> {
        let name = name(&self.rest[2..]);
        self.skip_tag();
        Token::End(name)
    }

    /// The start tag at the head; `None` if it never ends, when the rest is dropped.
    fn start_tag(&mut self) -> Option<Token<'a>> {
        let name = name(&self.rest[1..]);
        let (attributes, used) = attributes(&self.rest[1 + name.len()..])?;
        self.take(1 + name.len() + used);
        if SKIPPED.contains(&name.as_str()) {
            let content = self.skip_element(&name);
            return self.raw.contains(&name.as_str()).then_some(Token::Raw(name, attributes, content));
        }
        Some(Token::Start(name, attributes))
    }

    /// Skips to past the end of the element; what was in it.
    fn skip_element(&mut self, name: &str) -> &'a str {
        let bytes = self.rest.as_bytes();
        let closes = |at: usize| {
            let after = &bytes[at + 2..];
            after.get(..name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()))
                && after
                    .get(name.len())
                    .is_none_or(|next| next.is_ascii_whitespace() || matches!(next, b'/' | b'>'))
        };
        if self.unclosed.contains(&name) {
            return "";
        }
        let end = self.rest.match_indices("</").map(|(at, _)| at).find(|at| closes(*at));
        if end.is_none()
            && let Some(name) = EMPTY_IF_UNCLOSED.iter().find(|known| **known == name)
        {
            self.unclosed.push(name);
            return "";
        }
        let content = self.take(end.unwrap_or(self.rest.len()));
        if !self.rest.is_empty() {
            self.skip_tag();
        }
        content
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        while !self.rest.is_empty() {
            let bytes = self.rest.as_bytes();
            if bytes[0] != b'<' {
                let end = self.rest.find('<').unwrap_or(self.rest.len());
                return Some(Token::Text(self.take(end)));
            }
            let token = match (bytes.get(1), bytes.get(2)) {
                (Some(b'!' | b'?'), _) => self.declaration(),
                (Some(b'/'), Some(b)) if b.is_ascii_alphabetic() => Some(self.end_tag()),
                (Some(b'/'), Some(_)) => {
                    self.skip_tag();
                    None
                }
                (Some(b), _) if b.is_ascii_alphabetic() => {
                    let before = self.rest.len();
                    let tag = self.start_tag();
                    if tag.is_none() && self.rest.len() == before {
                        self.rest = "";
                    }
                    tag
                }
                _ => Some(Token::Text(self.take(1))),
            };
            if token.is_some() {
                return token;
            }
        }
        None
    }
}

fn name(text: &str) -> String {
    let end = text.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(text.len());
    text[..end].to_ascii_lowercase()
}

/// The attributes of a tag and the length up to and with its `>`; `None` if there is no such end.
fn attributes(text: &str) -> Option<(Vec<Attribute<'_>>, usize)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        while bytes.get(at).is_some_and(|b| b.is_ascii_whitespace() || *b == b'/') {
            at += 1;
        }
        if *bytes.get(at)? == b'>' {
            return Some((found, at + 1));
        }
        let name_start = at;
        // A `=` at the start belongs to the name (WHATWG 13.2.5.32), which also makes this loop go on.
        at += 1;
        while bytes.get(at).is_some_and(|b| !b.is_ascii_whitespace() && !matches!(b, b'/' | b'>' | b'=')) {
            at += 1;
        }
        let name = name_start..at;
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        let mut value = at..at;
        if bytes.get(at) == Some(&b'=') {
            at += 1;
            while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            (value, at) = quoted_or_bare(bytes, at)?;
        }
        if found.len() < MAX_ATTRIBUTES {
            // Ranges end at ASCII bytes, so they are at character borders.
            let name = text.get(name)?.to_ascii_lowercase();
            found.push(Attribute { name, value: text.get(value)? });
        }
    }
}

/// The value at `at`, and where it is over.
fn quoted_or_bare(bytes: &[u8], at: usize) -> Option<(std::ops::Range<usize>, usize)> {
    match bytes.get(at)? {
        quote @ (b'"' | b'\'') => {
            let end = at + 1 + bytes[at + 1..].iter().position(|b| b == quote)?;
            Some((at + 1..end, end + 1))
        }
        _ => {
            let end = bytes[at..].iter().position(|b| b.is_ascii_whitespace() || *b == b'>')?;
            Some((at..at + end, at + end))
        }
    }
}
