//! The people of an entry, and what a source calls itself: text that stands in no part of its element, and what is made
//! of a person when the element ends.

use super::names::Meaning;
use super::xml::{Scope, Walk};
use crate::model::entry::Person;
use crate::read::text::one_line;

impl Walk<'_> {
    /// Whether the innermost element is a person or a source itself, not a part of one.
    pub(super) fn takes_loose_text(&self) -> bool {
        let innermost = self.stack.last().map(|open| open.meaning);
        matches!(innermost, Some(Meaning::Person(_) | Meaning::Source))
    }

    /// Text of a person or a source that stands in no part of it.
    pub(super) fn loose_text(&mut self, text: &str) {
        if let Some(being) = &mut self.being {
            being.line.push_str(text);
        } else if self.scope == Scope::Source {
            self.outlet.name.push_str(text);
        }
    }

    pub(super) fn end_person(&mut self) {
        let Some(being) = self.being.take() else { return };
        if self.scope != Scope::Entry {
            return;
        }
        let mut person = being.person;
        if person.name.is_empty() {
            match super::person::parse(&one_line(&being.line)) {
                Some(parsed) if person.email.is_none() => {
                    person = Person { uri: person.uri.take(), ..parsed };
                }
                Some(parsed) => person.name = parsed.name,
                None => person.name = person.email.clone().unwrap_or_default(),
            }
        }
        if !person.name.is_empty() {
            self.builder.add_person(being.role, person);
        }
    }
}
