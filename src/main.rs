//! The `dibao` binary.
fn main() {}
