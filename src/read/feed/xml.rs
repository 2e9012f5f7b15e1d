//! RSS, RDF, Atom and CDF, well-formed or not, to entries: one walk over the tokens with a
//! stack of open elements. Owns scope (whose field is this?), namespaces, `xml:base` and `xml:lang`. What an
//! element means is in `names`, what a finished text is in `fields`.

use std::cell::Cell;

use super::attributes::{self, Attributes};
use super::builder::{Document, EntryBuilder, Head};
use super::entities::Entities;
use super::markup::{self, Capture};
use super::names::{self, Field, Meaning, Role, Vocab};
use super::repair::{Repair, Repairs};
use super::token::{Token, Tokens};
use super::{Context, MAX_ENTRIES, ReadError, finish};
use crate::model::entry::{Ending, ParsedEntry, Person};
use crate::read::text::one_line;

/// Elements open at once. Feeds need about 10, their inline markup some tens; an HTML parser behind this one
/// takes time quadratic in depth.
const MAX_DEPTH: usize = 256;
/// Namespace declarations in force at once: the bound of what looking a prefix up costs.
const MAX_NAMESPACES: usize = 128;
/// The longest base address believed, in bytes: every relative link is copied onto it.
const MAX_BASE: usize = 2048;
/// The longest language tag believed; RFC 5646 section 4.4.1 asks for 35.
const MAX_LANGUAGE: usize = 64;

/// Whose fields are being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Before any feed element.
    Outside,
    Feed,
    Entry,
    /// An entry's source: only its title matters.
    Source,
    /// A channel's image and the like: nothing matters.
    Aside,
}

/// An open element, and what to go back to when it closes.
#[derive(Debug)]
pub(super) struct Open<'a> {
    name: &'a str,
    pub(super) meaning: Meaning,
    scope: Scope,
    outside: Depths,
}

/// What the open elements declare.
#[derive(Debug, Default)]
pub(super) struct InForce<'a> {
    /// Prefix (empty for the default) and what it means.
    namespaces: Vec<(&'a str, Vocab)>,
    pub(super) bases: Vec<url::Url>,
    languages: Vec<String>,
}

/// The number of each of the declarations in force.
#[derive(Clone, Copy, Debug)]
struct Depths {
    namespaces: usize,
    bases: usize,
    languages: usize,
}

impl InForce<'_> {
    fn depths(&self) -> Depths {
        let (namespaces, bases) = (self.namespaces.len(), self.bases.len());
        Depths { namespaces, bases, languages: self.languages.len() }
    }

    fn truncate(&mut self, to: Depths) {
        self.namespaces.truncate(to.namespaces);
        self.bases.truncate(to.bases);
        self.languages.truncate(to.languages);
    }
}

/// A person whose parts are being collected.
#[derive(Debug)]
pub(super) struct Being {
    pub(super) role: Role,
    pub(super) line: String,
    pub(super) person: Person,
}

#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) context: &'a Context,
    tokens: Tokens<'a>,
    entities: Entities,
    pub(super) repairs: Repairs,
    pub(super) stack: Vec<Open<'a>>,
    pub(super) in_force: InForce<'a>,
    /// The channel's link, where the relative links of RSS entries start.
    pub(super) home: Option<url::Url>,
    /// True if a relative link of an RSS entry was read before the channel's link.
    pub(super) has_guessed: Cell<bool>,
    pub(super) scope: Scope,
    pub(super) atom: bool,
    seen_feed: bool,
    capture: Option<Capture>,
    pub(super) being: Option<Being>,
    pub(super) outlet: Person,
    pub(super) head: Head,
    pub(super) builder: EntryBuilder,
    /// The languages in force where the entry stands.
    entry_languages: usize,
    entries: Vec<ParsedEntry>,
}

pub(super) fn read(text: &str, context: &Context, repairs: Repairs) -> Result<Document, ReadError> {
    let mut walk = Walk::new(text, context, repairs);
    walk.run()?;
    if walk.has_guessed.get() && walk.home.is_some() {
        // The channel's link stands behind entries whose links start there.
        let home = walk.home.take();
        walk = Walk { home, ..Walk::new(text, context, repairs) };
        walk.run()?;
    }
    Ok(Document { head: walk.head, entries: walk.entries, repairs: walk.repairs })
}

impl<'a> Walk<'a> {
    fn new(text: &'a str, context: &'a Context, repairs: Repairs) -> Self {
        Self {
            context,
            tokens: Tokens::new(text),
            entities: Entities::default(),
            repairs,
            stack: Vec::new(),
            in_force: InForce::default(),
            home: None,
            has_guessed: Cell::new(false),
            scope: Scope::Outside,
            atom: false,
            seen_feed: false,
            capture: None,
            being: None,
            outlet: Person::default(),
            head: Head::default(),
            builder: EntryBuilder::default(),
            entry_languages: 0,
            entries: Vec::new(),
        }
    }

    fn run(&mut self) -> Result<(), ReadError> {
        let (mut html, mut elements) = (false, 0_usize);
        loop {
            let inside = self.stack.last().map_or("", |open| open.name);
            let Some(token) = self.tokens.next(inside, &mut self.repairs) else { break };
            match token {
                Token::Start { name, attrs, empty } => {
                    elements += 1;
                    html |= !self.seen_feed && name.eq_ignore_ascii_case("html");
                    self.start(name, attrs, empty);
                }
                Token::End(name) => self.end(name),
                Token::Text(raw) => self.text(raw),
                Token::CData(raw) => self.cdata(raw),
                Token::Doctype(inside) => self.entities.declare(inside, &mut self.repairs),
            }
        }
        if !self.seen_feed && self.tokens.ends_at_once(elements) {
            return Err(ReadError::CutShort);
        }
        if !self.seen_feed {
            let what = if html { "an HTML page" } else { "no feed element in it" };
            return Err(ReadError::NotAFeed(what.to_owned()));
        }
        if !self.stack.is_empty() {
            self.repairs.note(Repair::Truncated);
            self.head.ending = Ending::Early;
        }
        while !self.stack.is_empty() {
            self.pop();
        }
        Ok(())
    }

    fn start(&mut self, name: &'a str, attrs: &'a str, empty: bool) {
        if self.stack.len() >= MAX_DEPTH {
            self.repairs.note(Repair::TooDeep);
            return;
        }
        let attributes = match attrs.is_empty() {
            true => Attributes::default(),
            false => Attributes::read(attrs, &mut self.entities, &mut self.repairs),
        };
        let outside = self.in_force.depths();
        self.declare(attrs, &attributes);
        let (vocab, local) = self.resolve_name(name);
        let mut lower = [0_u8; 24];
        let meaning =
            lowered(local, &mut lower).map_or(Meaning::Nothing, |local| names::meaning(vocab, local));
        if self.capture.is_some() && self.ends_capture(meaning, vocab) {
            self.close_capture();
        }
        if let Some(capture) = &mut self.capture {
            capture.open(local, &attributes, empty);
            if empty || markup::is_void(local) {
                self.in_force.truncate(outside);
                return;
            }
            self.push(name, Meaning::Nothing, outside);
            return;
        }
        if meaning == Meaning::Entry {
            self.close_unclosed_entry();
        }
        self.push(name, meaning, outside);
        self.begin(meaning, vocab, &attributes);
        if empty {
            self.pop();
        }
    }

    /// Whether an element that starts inside a text shows that the text was never closed.
    fn ends_capture(&self, meaning: Meaning, vocab: Vocab) -> bool {
        let Some(capture) = &self.capture else { return false };
        let field_starts =
            matches!(meaning, Meaning::Text(_) | Meaning::Link | Meaning::Entry | Meaning::Category);
        match meaning {
            _ if capture.declared_markup() || vocab != Vocab::Core => false,
            Meaning::Entry => true,
            _ => field_starts && capture.field.is_short() && capture.is_unmarked(),
        }
    }

    fn close_capture(&mut self) {
        let Some(depth) = self.capture.as_ref().map(|c| c.depth) else { return };
        self.repairs.note(Repair::Unclosed);
        while self.stack.len() >= depth {
            self.pop();
        }
    }

    fn close_unclosed_entry(&mut self) {
        if matches!(self.scope, Scope::Outside | Scope::Feed) {
            return;
        }
        if let Some(at) = self.stack.iter().rposition(|open| open.meaning == Meaning::Entry) {
            self.repairs.note(Repair::Unclosed);
            while self.stack.len() > at {
                self.pop();
            }
        }
    }

    /// Takes namespaces, base and language from a start tag.
    fn declare(&mut self, raw: &'a str, attributes: &Attributes<'a>) {
        if attributes.is_empty() {
            return;
        }
        for (name, value) in attributes::raw(raw) {
            if self.in_force.namespaces.len() == MAX_NAMESPACES {
                break;
            }
            if name == "xmlns" {
                let known = names::vocab(value);
                // An unknown default namespace is a misspelt known one far more often than another language.
                self.in_force.namespaces.push(("", if known == Vocab::Other { Vocab::Core } else { known }));
            } else if let Some(prefix) = name.strip_prefix("xmlns:") {
                self.in_force.namespaces.push((prefix, names::vocab(value)));
            }
        }
        let base = attributes.any(&["xml:base", "base"]).and_then(|base| self.join(base));
        self.in_force.bases.extend(base.filter(|base| base.as_str().len() <= MAX_BASE));
        let language = attributes.get("xml:lang").or_else(|| attributes.get("lang"));
        if let Some(language) = language.filter(|l| l.len() <= MAX_LANGUAGE) {
            self.in_force.languages.push(language.trim().replace('_', "-"));
        }
    }

    /// The vocabulary and local part of a name.
    fn resolve_name(&mut self, name: &'a str) -> (Vocab, &'a str) {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let declared =
            self.in_force.namespaces.iter().rev().find(|(p, _)| *p == prefix).map(|(_, vocab)| *vocab);
        let vocab = declared.unwrap_or_else(|| {
            if prefix.is_empty() {
                return Vocab::Core;
            }
            if local.eq_ignore_ascii_case("rdf") {
                return Vocab::Core;
            }
            let usual = names::usual_prefix(prefix);
            if usual != Vocab::Other {
                self.repairs.note(Repair::UndeclaredPrefix);
            }
            usual
        });
        // The RDF namespace has one element that matters, whatever its prefix.
        if vocab == Vocab::Other && local == "RDF" { (Vocab::Core, local) } else { (vocab, local) }
    }

    fn push(&mut self, name: &'a str, meaning: Meaning, outside: Depths) {
        self.stack.push(Open { name, meaning, scope: self.scope, outside });
    }

    /// Acts on an element that has just been opened outside any text.
    fn begin(&mut self, meaning: Meaning, vocab: Vocab, attributes: &Attributes<'_>) {
        match meaning {
            Meaning::Envelope => self.seen_feed = true,
            Meaning::AtomFeed | Meaning::Channel => {
                self.seen_feed = true;
                self.atom |= meaning == Meaning::AtomFeed;
                self.scope = Scope::Feed;
                self.head.language = self.in_force.languages.last().cloned();
                self.channel_attributes(attributes);
            }
            Meaning::Entry => self.begin_entry(attributes),
            Meaning::Aside => self.scope = Scope::Aside,
            Meaning::Source if self.scope == Scope::Entry => {
                self.scope = Scope::Source;
                self.outlet = Person::default();
                self.outlet.uri = attributes.any(&["url", "href"]).and_then(|u| self.absolute(u));
            }
            Meaning::Person(role) if matches!(self.scope, Scope::Entry | Scope::Feed) => {
                self.being = Some(Being { role, line: String::new(), person: Person::default() });
            }
            Meaning::Name => self.capture_if(self.being.is_some(), Field::Name, attributes),
            Meaning::Email => self.capture_if(self.being.is_some(), Field::Email, attributes),
            Meaning::Homepage => self.capture_if(self.being.is_some(), Field::Homepage, attributes),
            Meaning::Text(field) => self.capture_if(self.wants(field), field, attributes),
            Meaning::Link => self.link(attributes),
            Meaning::Enclosure => self.enclosure(vocab, attributes),
            Meaning::Category => self.category(attributes),
            Meaning::Keywords => self.capture_if(self.scope == Scope::Entry, Field::Keywords, attributes),
            Meaning::Nothing | Meaning::Source | Meaning::Person(_) => {}
        }
    }

    fn begin_entry(&mut self, attributes: &Attributes<'_>) {
        // A document of one entry is a feed of one; an entry outside any feed belongs to no known dialect.
        self.seen_feed |= self.stack.len() == 1 && self.atom_namespace();
        self.atom |= self.stack.len() == 1;
        self.scope = Scope::Entry;
        self.builder = EntryBuilder::default();
        self.entry_languages = self.stack.last().map_or(0, |open| open.outside.languages);
        if let Some(about) = attributes.get("rdf:about").map(str::trim).filter(|a| !a.is_empty()) {
            self.builder.id.offer(1, 0, about.to_owned());
        }
        self.entry_attributes(attributes);
    }

    fn atom_namespace(&self) -> bool {
        self.in_force.namespaces.iter().any(|(prefix, vocab)| prefix.is_empty() && *vocab == Vocab::Core)
    }

    fn wants(&self, field: Field) -> bool {
        match self.scope {
            Scope::Feed | Scope::Entry => self.being.is_none(),
            Scope::Source => field == Field::Title,
            Scope::Outside | Scope::Aside => false,
        }
    }

    pub(super) fn capture_if(&mut self, wanted: bool, field: Field, attributes: &Attributes<'_>) {
        if wanted {
            self.capture = Some(Capture::new(field, self.stack.len(), attributes, self.atom));
        }
    }

    fn text(&mut self, raw: &str) {
        if let Some(capture) = &mut self.capture {
            capture.text(raw, &mut self.entities, &mut self.repairs);
        } else if self.takes_loose_text() {
            let text = self.entities.resolve(raw, &mut self.repairs);
            self.loose_text(&text);
        } else if self.stack.is_empty() && !self.seen_feed && !raw.trim().is_empty() {
            self.repairs.note(Repair::Junk);
        }
    }

    fn cdata(&mut self, raw: &str) {
        if let Some(capture) = &mut self.capture {
            capture.cdata(raw);
        } else if self.takes_loose_text() {
            self.loose_text(raw);
        }
    }

    fn end(&mut self, name: &str) {
        match self.stack.iter().rposition(|open| open.name == name) {
            Some(at) if at + 1 == self.stack.len() => self.pop(),
            Some(at) => {
                self.repairs.note(Repair::Mismatch);
                while self.stack.len() > at {
                    self.pop();
                }
            }
            None => self.end_in_other_case(name),
        }
    }

    /// `</Title>` for `<title>`; else an end tag of nothing, which is dropped.
    fn end_in_other_case(&mut self, name: &str) {
        if self.capture.is_some() && markup::is_void(name) {
            return;
        }
        self.repairs.note(Repair::Mismatch);
        if self.stack.last().is_some_and(|open| open.name.eq_ignore_ascii_case(name)) {
            self.pop();
        }
    }

    fn pop(&mut self) {
        let depth = self.stack.len();
        let Some(open) = self.stack.pop() else { return };
        match &mut self.capture {
            Some(capture) if capture.depth == depth => {
                if let Some(capture) = self.capture.take() {
                    self.finish(capture);
                }
            }
            Some(capture) => capture.close(open.name),
            None => self.leave(open.meaning),
        }
        self.scope = open.scope;
        self.in_force.truncate(open.outside);
    }

    /// Acts on the end of an element that is no text.
    fn leave(&mut self, meaning: Meaning) {
        match meaning {
            Meaning::Entry => self.end_entry(),
            Meaning::Person(_) => self.end_person(),
            Meaning::Source if self.scope == Scope::Source => {
                let name = one_line(&self.outlet.name);
                if !name.is_empty() {
                    self.builder
                        .add_person(Role::Publisher, Person { name, ..std::mem::take(&mut self.outlet) });
                }
            }
            _ => {}
        }
    }

    fn end_entry(&mut self) {
        if self.entries.len() == MAX_ENTRIES {
            self.repairs.note(Repair::TooManyEntries);
            return;
        }
        self.date_yearless();
        let builder = std::mem::take(&mut self.builder);
        let is_cut = self.head.ending != Ending::Whole;
        if is_cut && builder.is_blank() {
            return;
        }
        if is_cut {
            self.head.ending = Ending::InEntry;
        }
        self.entries.push(finish::entry(builder));
    }

    /// The base and language in force, where the entry itself or something in it declared one.
    pub(super) fn own_base(&self) -> Option<String> {
        self.in_force.bases.last().map(url::Url::to_string)
    }

    pub(super) fn own_language(&self) -> Option<String> {
        self.in_force.languages.get(self.entry_languages..)?.last().cloned().filter(|l| !l.is_empty())
    }
}

/// `name` in lower case, in `buffer`; `None` if it is longer than any name that means something.
fn lowered<'b>(name: &str, buffer: &'b mut [u8; 24]) -> Option<&'b str> {
    let out = buffer.get_mut(..name.len())?;
    out.copy_from_slice(name.as_bytes());
    out.make_ascii_lowercase();
    std::str::from_utf8(out).ok()
}
