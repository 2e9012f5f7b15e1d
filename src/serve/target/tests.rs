use proptest::prelude::*;

use super::*;

#[test]
fn odd_paths_name_nothing() {
    let cases = [
        ("a feed", "/henan.atom", Ok("henan.atom")),
        ("the root", "/", Ok("")),
        ("a directory", "/henan/", Ok("henan/")),
        ("an encoded letter is that letter", "/%68enan.atom", Ok("henan.atom")),
        ("a source", "/source/rthk.atom", Ok("source/rthk.atom")),
        ("encoded UTF-8", "/%E6%B2%B3", Ok("河")),
        ("no slash", "*", Err(BadTarget::Malformed)),
        ("a doubled slash is no view's, and may lead to one", "/source//a.atom", Ok("source//a.atom")),
        ("a doubled slash at the start", "//etc/passwd", Ok("/etc/passwd")),
        ("upwards", "/../etc/passwd", Err(BadTarget::Nothing)),
        ("upwards, encoded", "/%2e%2e/etc/passwd", Err(BadTarget::Nothing)),
        ("upwards behind an encoded slash", "/a%2f..%2fb", Err(BadTarget::Nothing)),
        ("where it stands", "/./henan.atom", Err(BadTarget::Nothing)),
        ("a backslash", "/a%5c..%5cb", Err(BadTarget::Nothing)),
        ("a question mark that was encoded", "/henan/%3Flang=en", Err(BadTarget::Nothing)),
        ("encoded twice is decoded once", "/%252e%252e/", Ok("%2e%2e/")),
        ("NUL", "/henan%00.atom", Err(BadTarget::Malformed)),
        ("a line end", "/a%0d%0aSet-Cookie:x", Err(BadTarget::Malformed)),
        ("half an escape", "/a%4", Err(BadTarget::Malformed)),
        ("no escape", "/a%zz", Err(BadTarget::Malformed)),
        ("an escape at the end", "/%", Err(BadTarget::Malformed)),
        ("not UTF-8", "/%ff%fe", Err(BadTarget::Malformed)),
        ("overlong UTF-8", "/%c0%ae%c0%ae/", Err(BadTarget::Malformed)),
    ];
    for (name, raw, expected) in cases {
        assert_eq!(path(raw, raw), expected.map(Cow::Borrowed), "{name}");
    }
    let long = format!("/{}", "a".repeat(LONGEST));
    assert_eq!(path(&long, &long), Err(BadTarget::TooLong));
}

#[test]
fn a_proxy_may_pass_the_path_on_that_we_are_published_under() {
    let cases = [
        ("/news/henan.atom", "/henan.atom"),
        ("/news/", "/"),
        ("/henan.atom", "/henan.atom"),
        ("/news", "/news"),
        ("/newspaper/", "/newspaper/"),
        ("/news//henan.atom", "//henan.atom"),
    ];
    for (asked, expected) in cases {
        assert_eq!(below("/news", asked), expected, "{asked}");
    }
}

proptest! {
    #[test]
    fn no_path_panics_or_leads_upwards(raw in "/[%.a-f0-9/\\\\]{0,40}") {
        if let Ok(path) = path(&raw, &raw) {
            prop_assert!(!path.split('/').any(|segment| segment == ".."));
        }
    }
}
