use super::*;
use crate::config::{Env, load};

fn fingerprint(rest: &str) -> String {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("dibao.toml");
    let text = format!("[[source]]\nid = \"a\"\nurl = \"https://a.example/\"\nregion = \"henan\"\n{rest}");
    std::fs::write(&path, text).expect("it is written");
    let config = load(&path, &Env::default()).unwrap_or_else(|faults| panic!("{faults}"));
    of(&config.sources[0], config.polling.max_entries)
}

#[test]
fn fingerprints_are_for_ever() {
    // They stand in journals: where one of these changes, an upgrade asks every publisher in full.
    let cases = [
        ("", "20e5ef8cd533c77a2594717b42830b0b"),
        ("headers = { Cookie = \"a=1\" }", "0e281d7e6e803df75412f75d74fe9e77"),
        (
            "kind = \"page\"\n[source.page]\nentry = \"li\"\nnext = \".n\"\npages = 2\nfollow = true",
            "9215fc2caade59aba68c96d0f20fbffa",
        ),
        (
            "kind = \"json\"\n[source.json]\nentries = \"list\"\ntitle = \"t\"\nid = \"n\"\ntime = \"at\"",
            "d777b43179c504968f4b2b14b2feed26",
        ),
    ];
    let found = cases.map(|(rest, _)| fingerprint(rest));
    assert_eq!(found, cases.map(|(_, expected)| expected.to_owned()));
}

#[test]
fn what_is_read_changes_it_and_nothing_else_does() {
    let page = |keys: &str| fingerprint(&format!("kind = \"page\"\n{keys}"));
    let base = page("[source.page]\nentry = \"li\"");
    let other = [
        ("the kind", fingerprint("")),
        ("a selector", page("[source.page]\nentry = \"tr\"")),
        ("a further selector", page("[source.page]\nentry = \"li\"\nentry_date = \"i\"")),
        ("another key of the same", page("[source.page]\nentry = \"li\"\nentry_title = \"i\"")),
        ("what follows", page("[source.page]\nentry = \"li\"\nnext = \"b\"")),
        ("pages", page("[source.page]\nentry = \"li\"\nnext = \"b\"\npages = 3")),
        ("follow", page("[source.page]\nentry = \"li\"\nfollow = true")),
        ("the zone", page("timezone = \"UTC\"\n[source.page]\nentry = \"li\"")),
        ("a header", page("headers = { Accept-Language = \"zh\" }\n[source.page]\nentry = \"li\"")),
        ("its value", page("headers = { Accept-Language = \"en\" }\n[source.page]\nentry = \"li\"")),
    ];
    let mut all: Vec<_> = other.iter().map(|(_, fingerprint)| fingerprint).collect();
    all.push(&base);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), other.len() + 1, "{other:?}");
    let same = [
        ("the schedule", page("schedule = \"0 * * * *\"\n[source.page]\nentry = \"li\"")),
        ("the title", page("title = \"Another\"\n[source.page]\nentry = \"li\"")),
        ("what is published", page("content = \"full\"\npriority = 2\n[source.page]\nentry = \"li\"")),
    ];
    for (name, fingerprint) in same {
        assert_eq!(fingerprint, base, "{name}");
    }
    let follows = |more: &str| page(&format!("[source.page]\nentry = \"li\"\nfollow = true\n{more}"));
    assert_eq!(follows("title = \"h2\"\nfollow_limit = 5"), follows(""), "articles");
}
