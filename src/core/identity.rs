//! Who an entry is: keys that find it again at the next poll, whatever its publisher changes, and the id
//! it is published under. Pure and without memory: what is known is asked of the caller, who records
//! every key of an entry when it stores it (the newest entry wins a key).
//!
//! The ladder, in order of trust: guid, page address, page address and date, title and date. A rung is
//! left out for an entry where the document itself shows it to be worthless ([`DocFacts`]): a guid that
//! several different entries carry, an address that all of them share.

mod facts;
mod fingerprint;
mod key;
mod matching;
mod published;
#[cfg(test)]
mod tests;

pub use facts::{Candidate, DocFacts, candidates, keys};
pub use fingerprint::{Fingerprint, fingerprint};
pub use key::{IdentityKey, KeyKind};
pub use matching::{KnownEntry, Verdict, match_known};
pub use published::{minted, original_iri};
