//! That a document is an archive: `fh:archive` (RFC 5005 section 4).

use std::collections::BTreeMap;

use atom_syndication::extension::{Extension, ExtensionMap};

use super::FeedDoc;

const PREFIX: &str = "fh";
const NAMESPACE: &str = "http://purl.org/syndication/history/1.0";

/// The namespace, where it is needed.
pub(super) fn namespace(doc: &FeedDoc) -> Option<(String, String)> {
    doc.issues.month.map(|_| (PREFIX.to_owned(), NAMESPACE.to_owned()))
}

/// The mark of an archive.
pub(super) fn extensions(doc: &FeedDoc) -> ExtensionMap {
    let mark = Extension { name: format!("{PREFIX}:archive"), ..Extension::default() };
    let named = doc.issues.month.map(|_| BTreeMap::from([("archive".to_owned(), vec![mark])]));
    named.map(|named| (PREFIX.to_owned(), named)).into_iter().collect()
}
