//! newsboat's `urls`: a feed a line, then its tags. A tag that begins with `~` is the title.

use super::{NoList, Subscription, Subscriptions};

pub(super) fn read(text: &str, list: &mut Subscriptions) -> Result<(), NoList> {
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut words = words(line).into_iter();
        let url = words.next().unwrap_or_default();
        if let Some(why) = no_feed(&url) {
            // The arguments of a program may hold a password.
            let kind = ["exec", "filter"].into_iter().find(|kind| url.starts_with(kind));
            list.skip(kind.unwrap_or(&url), why);
            continue;
        }
        let mut feed = Subscription { url, ..Subscription::default() };
        for word in words {
            match word.strip_prefix('~') {
                Some(title) => feed.title = Some(title.to_owned()),
                // `!` hides the feed from newsboat's list.
                None if word != "!" => feed.folders.push(word),
                None => {}
            }
        }
        list.take(feed)?;
    }
    Ok(())
}

fn no_feed(word: &str) -> Option<&'static str> {
    const KINDS: [(&str, &str); 3] = [
        ("query:", "is a view of other feeds"),
        ("exec:", "is the output of a program"),
        ("filter:", "is the output of a program"),
    ];
    let kind = KINDS.iter().find(|(prefix, _)| word.starts_with(prefix)).map(|(_, why)| *why);
    kind.or_else(|| (!word.contains("://")).then_some("is no address"))
}

/// The words of a line. Quotes hold a word together; a backslash within them takes the next character as it is.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted, mut is_open) = (Vec::new(), String::new(), false, false);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => (is_quoted, is_open) = (!is_quoted, true),
            '\\' if is_quoted => word.extend(chars.next()),
            c if c.is_whitespace() && !is_quoted => {
                if is_open {
                    words.push(std::mem::take(&mut word));
                }
                is_open = false;
            }
            c => {
                word.push(c);
                is_open = true;
            }
        }
    }
    if is_open {
        words.push(word);
    }
    words
}
