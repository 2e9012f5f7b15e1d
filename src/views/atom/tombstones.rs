//! Withdrawn entries in a feed: `at:deleted-entry` (RFC 6721 section 3).

use crate::model::time::rfc3339;
use std::collections::BTreeMap;

use atom_syndication::extension::{Extension, ExtensionMap};

use super::FeedDoc;
use crate::read::text::escape;

const PREFIX: &str = "at";
const NAMESPACE: &str = "http://purl.org/atompub/tombstones/1.0";

/// The namespace, where it is needed.
pub(super) fn namespace(doc: &FeedDoc) -> Option<(String, String)> {
    (!doc.withdrawn.is_empty()).then(|| (PREFIX.to_owned(), NAMESPACE.to_owned()))
}

/// One element a withdrawal.
pub(super) fn extensions(doc: &FeedDoc) -> ExtensionMap {
    if doc.withdrawn.is_empty() {
        return ExtensionMap::new();
    }
    let elements = doc.withdrawn.iter().map(|(id, when)| Extension {
        name: format!("{PREFIX}:deleted-entry"),
        attrs: BTreeMap::from([
            // The crate writes attributes of extensions as they are.
            ("ref".to_owned(), escape(id).into_owned()),
            ("when".to_owned(), rfc3339(*when)),
        ]),
        ..Extension::default()
    });
    let named = BTreeMap::from([("deleted-entry".to_owned(), elements.collect())]);
    BTreeMap::from([(PREFIX.to_owned(), named)])
}
