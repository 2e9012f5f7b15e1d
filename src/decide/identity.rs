//! The identity of an entry: the keys that find it again at the next poll, the evidence that decides if it is the
//! entry a key leads to, and the id under which it is published. Pure and stateless: the caller looks up known
//! entries, and records every key of an entry when it stores it (the newest entry wins a key).
//!
//! Keys find, evidence decides. A key of a guid or an address is left out where the document or an earlier one
//! shows it to be worthless: several entries carry it. The decision for a pair is a table (`decide.rs`); why its
//! rows are as they are: docs/design/0010-identity.md.

mod alike;
mod candidate;
mod decide;
mod duplicates;
mod evidence;
mod facts;
mod fingerprint;
mod matching;
mod moved;
mod published;
#[cfg(test)]
mod tests;
mod ticking;

pub use candidate::{Candidate, candidates};
pub use evidence::Past;
pub use facts::Facts;
pub use fingerprint::{fingerprint, words};
pub use matching::{Identified, Matched, Matching};
pub use published::{minted, original_iri};
pub use ticking::{still_text, still_title};
