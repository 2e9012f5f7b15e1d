//! Who an entry is: keys that find it again at the next poll, whatever its publisher changes, the evidence that it is
//! the one they lead to, and the id it is published under. Pure and without memory: what is known is asked of the
//! caller, who records every key of an entry when it stores it (the newest entry wins a key).
//!
//! Keys find, evidence decides. A key of a guid or an address is left out where the document or an earlier one
//! shows it to be worthless: several entries carry it. The decision for a pair is a table (`decide.rs`); why its
//! rows are as they are: docs/design/0010-identity.md.

mod alike;
mod decide;
mod document;
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

pub use document::{Candidate, candidates};
pub use evidence::Past;
pub use facts::Facts;
pub use fingerprint::{fingerprint, words};
pub use matching::{Document, Identified, Matched};
pub use published::{minted, original_iri};
pub use ticking::{still_text, still_title};
