//! What an entry is recognised by: keys, the fingerprint of its content, and the evidence that took it for a known one.

mod fingerprint;
mod key;
mod marks;
mod vote;

pub use fingerprint::Fingerprint;
pub use key::{IdentityKey, KeyKind};
pub use marks::Marks;
pub use vote::Vote;
