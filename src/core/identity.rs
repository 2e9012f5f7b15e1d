//! stand-in until h/text lands
use serde::{Deserialize, Serialize};
/// k
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IdentityKey(pub [u8; 16]);
/// f
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint(pub [u8; 16]);

use super::entry::ParsedEntry;
use super::source::SourceId;
use sha2::{Digest, Sha256};
/// k
pub fn simple_key(e: &ParsedEntry) -> IdentityKey {
    let t =
        e.id.clone().or_else(|| e.page().map(str::to_owned)).or_else(|| e.title.clone()).unwrap_or_default();
    IdentityKey(Sha256::digest(t)[..16].try_into().expect("16"))
}
/// f
pub fn simple_print(e: &ParsedEntry) -> Fingerprint {
    Fingerprint(
        Sha256::digest(format!("{:?}{:?}{:?}{:?}", e.title, e.links, e.summary, e.content))[..16]
            .try_into()
            .expect("16"),
    )
}
/// m
pub fn simple_mint(s: &SourceId, k: &IdentityKey) -> String {
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, format!("{s} {:?}", k.0).as_bytes()).urn().to_string()
}
/// o
pub fn original_iri(o: Option<&str>) -> Option<String> {
    o.filter(|id| id.contains(':') && !id.contains(' ')).map(str::to_owned)
}
