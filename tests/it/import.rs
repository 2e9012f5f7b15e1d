//! What `dibao import` prints is a configuration that `dibao check` takes.

use std::fs;

use dibao::config::{Env, RESERVED_WORDS, load};
use dibao::decide::import::{Taken, drafts};
use dibao::model::region::RegionTable;
use dibao::read::subscriptions;

#[test]
fn the_tables_of_every_list_are_a_configuration_without_fault() {
    for name in ["miniflux.opml", "freshrss.opml", "urls", "venus.ini"] {
        let text = fs::read_to_string(format!("tests/fixtures/subscriptions/{name}")).expect("a fixture");
        let list = subscriptions::read(&text).expect("a list");
        let mut taken = Taken::default();
        RESERVED_WORDS.iter().for_each(|word| taken.id(word));
        let (drafts, _) = drafts(&list.feeds, &RegionTable::builtin(), &mut taken);
        let tables: String = drafts.iter().map(|draft| format!("\n{}", draft.table())).collect();
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("dibao.toml");
        fs::write(&path, format!("[server]\npublic_url = \"https://news.example\"\n{tables}"))
            .expect("written");
        let config =
            load(&path, &Env::default()).unwrap_or_else(|faults| panic!("{name}: {faults}\n{tables}"));
        assert_eq!(config.sources.len(), drafts.len(), "{name}");
        assert_eq!(config.warnings, [], "{name}");
        assert!(!tables.contains("secret"), "a password goes into no address");
    }
}
