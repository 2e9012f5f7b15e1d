//! The id under which an entry is published: the publisher's own if it is usable, else one that dibao mints. The
//! ledger decides which of two sources owns an IRI.

use url::Url;
use uuid::Uuid;

use crate::model::identity::IdentityKey;
use crate::model::source::SourceId;
use crate::read::link;

/// The namespace of the ids we mint. Never changes: ids are published for ever.
const NAMESPACE: Uuid = Uuid::from_u128(0x0db1_d74f_80d9_47ca_8015_224c_8d90_6714);

/// Longest id that is passed on, in bytes; readers keep ids in indexes with limits about this.
const MAX_ID: usize = 1024;

/// The publisher's id, if it can stand in `atom:id` (RFC 4287 section 4.2.6): an absolute IRI (RFC 3987),
/// XML-legal, of sane length, and of a scheme that is republished ([`link::SCHEMES`]).
#[must_use]
pub fn original_iri(original: Option<&str>) -> Option<String> {
    let iri = original?.trim();
    if iri.len() > MAX_ID || !iri.chars().all(is_iri_char) || !whole_escapes(iri) {
        return None;
    }
    let (scheme, rest) = iri.split_once(':')?;
    if rest.is_empty() {
        return None;
    }
    let sound = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => rest.starts_with("//") && Url::parse(iri).is_ok_and(|u| u.has_host()),
        "urn" => rest.split_once(':').is_some_and(|(space, name)| space.len() >= 2 && !name.is_empty()),
        // Others could run or carry data, or are no schemes at all: `localhost:8080/x`, `yt:video:1`.
        scheme => link::SCHEMES.contains(&scheme),
    };
    sound.then(|| iri.to_owned())
}

/// RFC 3987 section 2.2: `iunreserved`, `reserved` and `%`; private-use characters are left out, since they
/// are allowed in queries only.
fn is_iri_char(c: char) -> bool {
    match c {
        c if c.is_ascii() => c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c),
        '\u{A0}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFEF}' => {
            !c.is_whitespace() && !crate::read::text::is_invisible(c)
        }
        '\u{10000}'..='\u{DFFFD}' => u32::from(c) & 0xFFFE != 0xFFFE,
        _ => false,
    }
}

fn whole_escapes(text: &str) -> bool {
    text.split('%').skip(1).all(|after| after.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2)
}

/// An id of our own: `urn:uuid:` and a version 5 UUID (RFC 9562 section 5.5) of the source and the key.
/// The same on every machine and after every rebuild.
#[must_use]
pub fn minted(source: &SourceId, key: &IdentityKey) -> String {
    let mut name = Vec::with_capacity(source.as_str().len() + 17);
    name.extend_from_slice(source.as_str().as_bytes());
    // No source id has a NUL, so no two pairs make one name.
    name.push(0);
    name.extend_from_slice(key.as_bytes());
    Uuid::new_v5(&NAMESPACE, &name).urn().to_string()
}
