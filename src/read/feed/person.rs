//! People as feeds write them on one line: `a@b.example (Name)`, `Name <a@b.example>`, `张三（a@b.example）`.

use crate::model::entry::Person;

/// A person from one line; `None` if nothing is left of it.
pub(super) fn parse(line: &str) -> Option<Person> {
    let line = line.trim();
    let email =
        line.split(|c: char| c.is_whitespace() || "()（）<>＜＞,;，；[]".contains(c)).find(|w| is_email(w));
    let Some(email) = email else {
        return (!line.is_empty()).then(|| Person { name: line.to_owned(), ..Person::default() });
    };
    let rest = line.replacen(email, "", 1);
    let brackets = |c: char| c.is_whitespace() || "()（）<>＜＞".contains(c);
    let name = rest.trim_matches(brackets).trim_start_matches("mailto:").trim_matches(brackets).to_owned();
    let email = email.trim_start_matches("mailto:").to_owned();
    let name = if name.is_empty() { email.clone() } else { name };
    Some(Person { name, email: Some(email), uri: None })
}

/// Good enough to tell an address from a name: one `@` with a dotted host after it, all ASCII.
fn is_email(word: &str) -> bool {
    word.is_ascii()
        && word.split_once('@').is_some_and(|(local, host)| {
            !local.is_empty() && host.contains('.') && !host.contains('@') && !host.starts_with('.')
        })
}
