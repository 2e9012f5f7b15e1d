//! The values by which an entry is recognised: keys, the fingerprint of its content, and the evidence that matched
//! it with a known entry.

mod fingerprint;
mod key;
mod known;
mod marks;
mod vote;

pub use fingerprint::Fingerprint;
pub use key::{IdentityKey, KeyKind};
pub use known::{KnownKeys, Run};
pub use marks::Marks;
pub use vote::Vote;
