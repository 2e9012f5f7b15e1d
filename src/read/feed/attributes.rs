//! The attributes of a start tag, well-formed or not. Must not know what any of them means.

use std::borrow::Cow;

use super::entities::Entities;
use super::repair::Repairs;

/// Attributes read of one element; the busiest real ones (`<rss>` with its namespaces) have about 30.
const MAX_ATTRIBUTES: usize = 64;

/// Attributes by lower-case name with references resolved.
#[derive(Debug, Default)]
pub(super) struct Attributes<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Attributes<'a> {
    pub(super) fn read(text: &'a str, entities: &mut Entities, repairs: &mut Repairs) -> Self {
        let mut all = Vec::new();
        for (name, value) in raw(text) {
            let name = match name.bytes().any(|b| b.is_ascii_uppercase()) {
                true => Cow::Owned(name.to_ascii_lowercase()),
                false => Cow::Borrowed(name),
            };
            all.push((name, entities.resolve(value, repairs)));
        }
        Self(all)
    }

    /// The value of the attribute of that name, prefix included.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let exact = self.0.iter().find(|(n, _)| n == name);
        exact.map(|(_, v)| v.as_ref())
    }

    /// The first of `names` that has a value.
    pub(super) fn any(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|n| self.get(n)).filter(|v| !v.trim().is_empty())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_ref(), v.as_ref()))
    }
}

/// The attributes of a start tag, in order, values raw. Values may be unquoted, or missing (then empty).
/// No more than [`MAX_ATTRIBUTES`].
pub(super) fn raw(mut text: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        text = text.trim_start_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '"' | '\''));
        if text.is_empty() {
            return None;
        }
        let end = text.find(|c: char| c.is_ascii_whitespace() || c == '=').unwrap_or(text.len());
        let name = &text[..end];
        let rest = text[end..].trim_ascii_start();
        let Some(value) = rest.strip_prefix('=') else {
            text = rest;
            return Some((name, ""));
        };
        let value = value.trim_ascii_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, rest) = match quote {
            Some(q) => value[1..].split_once(q).unwrap_or((&value[1..], "")),
            None => value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len())),
        };
        text = rest;
        Some((name, value))
    })
    .take(MAX_ATTRIBUTES)
}
