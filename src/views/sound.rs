//! Validates values of publishers whose form a format prescribes; malformed ones are left out. One malformed
//! language tag makes a whole feed invalid for validators.

use crate::model::entry::Person;

/// The longest language tag believed (RFC 5646 section 4.4.1 asks for 35).
const MAX_LANGUAGE: usize = 35;

/// A language tag: subtags of one to eight letters and digits, the first of letters (RFC 5646 section 2.1,
/// without what it says of single subtags; RFC 4287 section 2 asks for no more).
pub(super) fn language(text: &str) -> Option<String> {
    let tag = text.trim().replace('_', "-");
    let subtag =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let first = tag.split('-').next().unwrap_or_default();
    let sound = tag.len() <= MAX_LANGUAGE && first.bytes().all(|b| b.is_ascii_alphabetic());
    (sound && tag.split('-').all(subtag)).then_some(tag)
}

/// A media type without its parameters (RFC 9110 section 8.3.1).
pub(super) fn media_type(text: &str) -> Option<String> {
    let bare = text.split(';').next().unwrap_or_default().trim();
    let token = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
    };
    let (kind, subtype) = bare.split_once('/')?;
    (token(kind) && token(subtype)).then(|| bare.to_owned())
}

/// A person with a name; address and page only if well-formed (RFC 4287 section 3.2).
pub(super) fn person(person: &Person) -> Option<Person> {
    let name = person.name.trim();
    let address = |text: &&String| {
        let parts = text.split_once('@');
        !text.contains(char::is_whitespace)
            && parts.is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'))
    };
    let page = |text: &&String| text.starts_with("http://") || text.starts_with("https://");
    (!name.is_empty()).then(|| Person {
        name: name.to_owned(),
        email: person.email.as_ref().filter(address).cloned(),
        uri: person.uri.as_ref().filter(page).cloned(),
    })
}

#[cfg(test)]
mod tests {
    use super::{language, media_type, person};
    use crate::model::entry::Person;

    #[test]
    fn a_language_tag_is_well_formed_or_left_out() {
        let kept = [("zh", "zh"), (" zh_CN ", "zh-CN"), ("zh-Hans-CN", "zh-Hans-CN"), ("es-419", "es-419")];
        for (given, tag) in kept {
            assert_eq!(language(given).as_deref(), Some(tag), "{given}");
        }
        for given in
            ["", "中文", "Chinese (simplified)", "zh-", "-zh", "simplified", "1", "zh--CN", "zh-\u{1}"]
        {
            assert_eq!(language(given), None, "{given}");
        }
    }

    #[test]
    fn a_media_type_has_two_parts_or_is_left_out() {
        for given in ["audio/mpeg", "image/svg+xml", " text/html; charset=gbk"] {
            let bare = given.split(';').next().expect("there is a first part").trim();
            assert_eq!(media_type(given).as_deref(), Some(bare), "{given}");
        }
        for given in ["", "mp3", "audio/", "/mpeg", "audio/mp eg", "a/b/c", "音频/mpeg"] {
            assert_eq!(media_type(given), None, "{given}");
        }
    }

    #[test]
    fn a_person_has_a_name_and_only_such_addresses_as_can_be() {
        let given = |name: &str, email: &str, uri: &str| Person {
            name: name.to_owned(),
            email: Some(email.to_owned()),
            uri: Some(uri.to_owned()),
        };
        let whole = given("张三", "a@b.example", "https://b.example/");
        assert_eq!(person(&whole), Some(whole));
        let bare = Some(Person { name: "张三".to_owned(), ..Person::default() });
        for (email, uri) in
            [("none", "b.example"), ("@b", "javascript:alert(1)"), ("a@", ""), ("a b@c", "/"), ("a@b@c", "b")]
        {
            assert_eq!(person(&given(" 张三 ", email, uri)), bare, "{email} {uri}");
        }
        assert_eq!(person(&given(" ", "a@b.example", "")), None);
    }
}
