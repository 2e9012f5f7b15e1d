//! The configuration from the outside: the file we ship, and one sample file for each rule.

use std::path::Path;

use dibao::config::{Env, load};

#[test]
fn the_shipped_configuration_has_no_fault_and_no_warning() {
    let path = Path::new("config/dibao.toml");
    let config = load(path, &Env::default()).expect("the shipped file loads");
    assert_eq!(config.warnings, []);
    assert_eq!(config.sources.len(), 15);
}
