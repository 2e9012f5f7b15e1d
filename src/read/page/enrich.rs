//! Merges an entry of a list with its article page. Takes nothing that the page forbids.

use super::generic::is_cut;
use super::{Article, meta};
use crate::model::entry::{Body, Category, ParsedEntry, Person};
use crate::model::time::Precision;

/// The list's entry with what its article says: outlet among the authors, editors among the contributors,
/// section among the categories, the page's time where it is more precise, its title where the list's was
/// cut, its summary, body and rights.
///
/// A page that asks not to be indexed gives nothing; one that asks for no snippet neither summary nor body.
#[must_use]
pub fn enrich(entry: &ParsedEntry, article: &Article) -> ParsedEntry {
    let mut entry = entry.clone();
    if article.noindex {
        return entry;
    }
    if let Some(title) = &article.title
        && entry.title.as_deref().is_none_or(|cut| was_cut_from(cut, title))
    {
        entry.title = Some(title.clone());
    }
    if let Some(stamp) = article.published {
        let coarse = entry.published.is_none_or(|known| known.precision == Precision::Day);
        if entry.published.is_none() || (coarse && stamp.precision == Precision::Second) {
            entry.published = Some(stamp);
        }
    }
    if let Some(outlet) = &article.outlet {
        add_person(&mut entry.authors, outlet.clone());
    }
    for editor in article.editor.iter().flat_map(|said| meta::names(said)) {
        add_person(&mut entry.contributors, editor);
    }
    for section in &article.section {
        if entry.categories.iter().all(|known| known.term != *section) {
            entry.categories.push(Category { term: section.clone(), ..Category::default() });
        }
    }
    entry.rights = entry.rights.or_else(|| article.rights.clone());
    if !article.nosnippet {
        entry.summary = entry.summary.or_else(|| article.summary.clone().map(Body::Text));
        entry.content = article.body.clone().map(Body::Html).or(entry.content);
    }
    entry
}

/// True if a list's title tells nothing that the page's does not: it is the same, or a cut of it.
#[must_use]
pub fn says_no_more(title: &str, whole: &str) -> bool {
    title == whole || was_cut_from(title, whole)
}

/// True if a title ends where it was cut, and the other begins as it does.
fn was_cut_from(cut: &str, whole: &str) -> bool {
    is_cut(cut) && whole.starts_with(cut.trim_end_matches(['.', '…', '。', ' ']))
}

fn add_person(people: &mut Vec<Person>, name: String) {
    if people.iter().all(|known| known.name != name) {
        people.push(Person { name, ..Person::default() });
    }
}
