//! Where a finished text or an attribute goes: the rules that turn dialects' elements into an entry's parts.

use super::attributes::Attributes;
use super::builder::{Prose, add_link, alternate};
use super::markup::Capture;
use super::names::{Field, Vocab};
use super::xml::{Scope, Walk};
use crate::model::entry::{Category, Link};
use crate::model::time::Stamp;
use crate::read::date::{self, DateContext};
use crate::read::text::one_line;

/// Dates without a year kept for one entry until its end; real ones have one or two.
const MAX_YEARLESS: usize = 8;

/// Hours and days that a feed may name; there are 24 and 7, and some write each twice.
const MAX_SKIPPED: usize = 64;

impl Walk<'_> {
    /// Puts a text where its field says, in whatever it is a field of.
    pub(super) fn finish(&mut self, capture: Capture) {
        match self.scope {
            Scope::Entry if self.being.is_none() => self.entry_field(capture),
            Scope::Entry | Scope::Feed if self.being.is_some() => self.person_field(capture),
            Scope::Feed => self.feed_field(capture),
            Scope::Source => {
                let title = capture.into_prose(&mut self.repairs);
                self.outlet.name = crate::read::html::plain(&title.text);
            }
            _ => {}
        }
    }

    fn entry_field(&mut self, capture: Capture) {
        let (field, depth) = (capture.field, capture.depth);
        match field {
            Field::Title | Field::OtherTitle => {
                if let Some(prose) = self.prose(capture) {
                    self.builder.title.offer(u8::from(field == Field::OtherTitle), depth, prose);
                }
            }
            Field::Id => self.entry_id(capture),
            Field::Link => {
                let rel = capture.hint.clone();
                if let Some(href) = self.absolute(&capture.into_text()) {
                    let link = Link { rel: rel.unwrap_or_else(|| "alternate".to_owned()), ..alternate(href) };
                    add_link(&mut self.builder.links, link);
                }
            }
            Field::Description | Field::Summary | Field::OtherSummary | Field::Abstract => {
                self.note_place();
                if let Some(prose) = self.prose(capture) {
                    self.builder.add_summary(field, depth, prose);
                }
            }
            Field::Content | Field::Encoded | Field::Body => {
                self.note_place();
                if let Some(prose) = self.prose(capture) {
                    self.builder.contents.push(prose);
                }
            }
            Field::Published | Field::Updated | Field::Created => {
                self.entry_date(field, depth, &capture.into_text());
            }
            Field::Rights => self.builder.rights = Some(capture.into_prose(&mut self.repairs)),
            Field::Category => self.finish_category(capture),
            Field::Keywords => {
                for word in capture.into_text().split([',', '，', '、']) {
                    self.builder.add_category(Category { term: one_line(word), ..Category::default() });
                }
            }
            Field::Language => {
                self.builder.language = Some(one_line(&capture.into_text())).filter(|l| !l.is_empty());
            }
            _ => {}
        }
    }

    /// The text of a field, unless it is blank.
    fn prose(&mut self, capture: Capture) -> Option<Prose> {
        Some(capture.into_prose(&mut self.repairs)).filter(|prose| !prose.text.trim().is_empty())
    }

    /// Remembers the base and language that a body stands in: the full text's, else the short one's.
    fn note_place(&mut self) {
        if !self.builder.contents.is_empty() {
            return;
        }
        self.builder.base = self.own_base();
        if let Some(language) = self.own_language() {
            self.builder.language = Some(language);
        }
    }

    /// An id. One that is an address stands in for a missing link, unless the publisher says it is none:
    /// RSS's `guid` by its definition, Atom's `id` because publishers without a link put the page there.
    fn entry_id(&mut self, capture: Capture) {
        let said = capture.hint.as_deref().map(str::trim).map(str::to_ascii_lowercase);
        let depth = capture.depth;
        let id = one_line(&capture.into_text());
        if id.is_empty() {
            return;
        }
        if said.as_deref() != Some("false") {
            let address = is_web(&id) || id.starts_with('/') || said.as_deref() == Some("true");
            self.builder.permalink = if address { self.absolute(&id) } else { None };
        }
        self.builder.id.offer(0, depth, id);
    }

    fn entry_date(&mut self, field: Field, depth: usize, text: &str) {
        let text = text.trim();
        if self.builder.yearless.len() < MAX_YEARLESS && date::needs_near(text, &self.context.dates) {
            self.builder.yearless.push((field, depth, text.to_owned()));
        } else {
            self.dated(field, depth, date::parse(text, &self.context.dates));
        }
    }

    fn dated(&mut self, field: Field, depth: usize, stamp: Option<Stamp>) {
        let Some(stamp) = stamp else { return };
        match field {
            Field::Published => self.builder.published.offer_last(0, depth, stamp),
            Field::Created => self.builder.published.offer_last(1, depth, stamp),
            _ => self.builder.updated.offer_last(0, depth, stamp),
        }
    }

    /// Reads the dates without a year: `9-27 22:20` on the page `/2026/09-27/1.shtml` is of 2026.
    pub(super) fn date_yearless(&mut self) {
        if self.builder.yearless.is_empty() {
            return;
        }
        let near = self.builder.page().and_then(date::day_in_address);
        let context = DateContext { near, ..self.context.dates };
        for (field, depth, text) in std::mem::take(&mut self.builder.yearless) {
            self.dated(field, depth, date::parse(&text, &context));
        }
    }

    fn person_field(&mut self, capture: Capture) {
        let field = capture.field;
        let text = one_line(&capture.into_text());
        if text.is_empty() {
            return;
        }
        let uri = if field == Field::Homepage { self.absolute(&text) } else { None };
        let Some(being) = &mut self.being else { return };
        match field {
            Field::Name => being.person.name = text,
            Field::Email => being.person.email = Some(text),
            _ => being.person.uri = uri,
        }
    }

    fn feed_field(&mut self, capture: Capture) {
        let (field, depth) = (capture.field, capture.depth);
        match field {
            Field::Title | Field::OtherTitle => {
                if let Some(prose) = self.prose(capture) {
                    self.head.title.offer(u8::from(field == Field::OtherTitle), depth, prose);
                }
            }
            Field::Id => {
                let id = one_line(&capture.into_text());
                if !id.is_empty() {
                    self.head.id.offer(0, depth, id);
                }
            }
            Field::Link => {
                let rel = capture.hint.clone().unwrap_or_else(|| "alternate".to_owned());
                if let Some(href) = self.absolute(&capture.into_text()) {
                    self.note_home(&href);
                    add_link(&mut self.head.links, Link { rel, ..alternate(href) });
                }
            }
            Field::Subtitle | Field::Description | Field::Abstract | Field::Summary => {
                let rank = u8::from(matches!(field, Field::Summary));
                if let Some(prose) = self.prose(capture) {
                    self.head.subtitle.offer(rank, depth, prose);
                }
            }
            Field::Rights => self.head.rights = Some(capture.into_prose(&mut self.repairs)),
            Field::Language => {
                let language = one_line(&capture.into_text()).replace('_', "-");
                self.head.language = Some(language).filter(|l| !l.is_empty());
            }
            Field::Ttl => self.head.rhythm.ttl_minutes = capture.into_text().trim().parse().ok(),
            Field::UpdatePeriod => self.head.rhythm.period = Some(capture.into_text()),
            Field::UpdateFrequency => self.head.rhythm.frequency = Some(capture.into_text()),
            Field::SkipHour if self.head.rhythm.hours.len() < MAX_SKIPPED => {
                self.head.rhythm.hours.push(capture.into_text());
            }
            Field::SkipDay if self.head.rhythm.days.len() < MAX_SKIPPED => {
                self.head.rhythm.days.push(capture.into_text());
            }
            _ => {}
        }
    }

    /// A `link` element: Atom's with `href`, RSS's with text.
    pub(super) fn link(&mut self, attributes: &Attributes<'_>) {
        if !matches!(self.scope, Scope::Entry | Scope::Feed) || self.being.is_some() {
            return;
        }
        let Some(href) = attributes.any(&["href", "url", "uri", "rdf:resource"]) else {
            self.capture_if(true, Field::Link, attributes);
            return;
        };
        let Some(href) = self.absolute(href) else { return };
        let rel = attributes.any(&["rel"]).map_or("alternate".to_owned(), relation);
        let link = Link {
            href,
            rel,
            media_type: attributes.any(&["type"]).map(|t| t.trim().to_ascii_lowercase()),
            title: attributes.any(&["title"]).map(one_line),
            length: attributes.get("length").and_then(|l| l.trim().parse().ok()),
        };
        let links = if self.scope == Scope::Entry { &mut self.builder.links } else { &mut self.head.links };
        add_link(links, link);
    }

    /// RSS `enclosure` and Media RSS `content`: a file that belongs to the entry.
    pub(super) fn enclosure(&mut self, vocab: Vocab, attributes: &Attributes<'_>) {
        if self.scope != Scope::Entry {
            return;
        }
        let Some(href) = attributes.any(&["url", "href"]).and_then(|u| self.absolute(u)) else { return };
        let length = if vocab == Vocab::Media { "filesize" } else { "length" };
        add_link(
            &mut self.builder.links,
            Link {
                href,
                rel: "enclosure".to_owned(),
                media_type: attributes.any(&["type"]).map(|t| t.trim().to_ascii_lowercase()),
                title: None,
                length: attributes.get(length).and_then(|l| l.trim().parse().ok()),
            },
        );
    }

    pub(super) fn category(&mut self, attributes: &Attributes<'_>) {
        if self.scope != Scope::Entry {
            return;
        }
        match attributes.any(&["term", "text"]) {
            Some(term) => self.builder.add_category(Category {
                term: one_line(term),
                scheme: attributes.any(&["scheme", "domain"]).map(|s| s.trim().to_owned()),
                label: attributes.any(&["label"]).map(one_line),
            }),
            None => self.capture_if(true, Field::Category, attributes),
        }
    }

    fn finish_category(&mut self, capture: Capture) {
        let (label, scheme) = (capture.hint.clone(), capture.scheme.clone());
        let term = one_line(&capture.into_text());
        self.builder.add_category(Category { term, scheme, label });
    }

    /// CDF says an entry's address and date in attributes.
    pub(super) fn entry_attributes(&mut self, attributes: &Attributes<'_>) {
        if let Some(href) = attributes.any(&["href"]).and_then(|h| self.absolute(h)) {
            add_link(&mut self.builder.links, alternate(href));
        }
        // Deeper than any element: what the entry says in one of its own comes first.
        if let Some(date) = attributes.any(&["lastmod"]) {
            self.entry_date(Field::Updated, usize::MAX, date);
        }
    }

    /// CDF says a channel's address in an attribute.
    pub(super) fn channel_attributes(&mut self, attributes: &Attributes<'_>) {
        if let Some(href) = attributes.any(&["href"]).and_then(|h| self.absolute(h)) {
            self.note_home(&href);
            add_link(&mut self.head.links, alternate(href));
        }
    }

    /// Takes the channel's first link for where the relative links of its entries start: a feed may live at another
    /// host than the site it is of. Atom has `xml:base` for that (RFC 4287 section 2).
    fn note_home(&mut self, href: &str) {
        if self.home.is_none() && !self.atom {
            self.home = url::Url::parse(href).ok().filter(|home| is_web(home.as_str()));
        }
    }

    /// An address made absolute, or nothing if it cannot be one that a reader may safely follow.
    pub(super) fn absolute(&self, href: &str) -> Option<String> {
        let href: String = href.trim().chars().filter(|c| !matches!(c, '\n' | '\r' | '\t')).collect();
        if href.is_empty() {
            return None;
        }
        // Nearly every address is plain and absolute; `finish` parses it again, so it is parsed here only
        // where it may be none.
        if is_plain(&href) {
            return Some(href);
        }
        let joined = match self.scope {
            Scope::Entry if self.in_force.bases.is_empty() && !self.atom => {
                self.has_guessed.set(self.has_guessed.get() || self.home.is_none());
                self.home
                    .as_ref()
                    .or(self.context.url.as_ref())
                    .map_or_else(|| url::Url::parse(&href).ok(), |base| base.join(&href).ok())?
            }
            _ => self.join(&href)?,
        };
        let safe = !matches!(joined.scheme(), "javascript" | "vbscript" | "data" | "blob" | "about");
        safe.then(|| joined.into())
    }

    /// A reference resolved against the base in force.
    pub(super) fn join(&self, reference: &str) -> Option<url::Url> {
        match self.in_force.bases.last().or(self.context.url.as_ref()) {
            Some(base) => base.join(reference.trim()).ok(),
            None => url::Url::parse(reference.trim()).ok(),
        }
    }
}

/// A link relation in its short form.
pub(super) fn relation(rel: &str) -> String {
    let rel = rel.trim().to_ascii_lowercase();
    rel.strip_prefix("http://www.iana.org/assignments/relation/").map_or_else(|| rel.clone(), str::to_owned)
}

/// True for an absolute address that needs no escaping.
pub(super) fn is_plain(address: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&b);
    is_web(address) && address.bytes().all(fits)
}

pub(super) fn is_web(text: &str) -> bool {
    super::token::starts_with_ignore_case(text, "http://")
        || super::token::starts_with_ignore_case(text, "https://")
}
