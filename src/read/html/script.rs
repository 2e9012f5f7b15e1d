//! Dates that scripts of a page hold as plain text. Runs no script and reads no expression: only a quoted date under a
//! known name, or one that is written into the page as it is.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// Names of variables and fields that hold the publication date, and of none that hold the date of a program.
const NAMES: &[&str] = &[
    "pubtime", "pub_time", "pubdate", "pub_date", "publishtime", "publish_time", "publishdate",
    "publish_date", "publishedat", "published_at", "datepublished", "releasetime", "release_time",
];

/// The longest quoted date, in octets: `2024年05月12日 10时11分12秒`.
const MAX_DATE: usize = 48;

/// Dates of a page that are kept: where several differ they are those of other articles too.
const MAX_DATES: usize = 32;

static NAME: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let mut names = AhoCorasick::builder();
    names.ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(NAMES).ok()
});

/// Adds the dates under a known name: `var pubtime = "2024-05-12 10:11"`, `"publishTime":"2024-05-12"`.
pub(super) fn dates(script: &str, found: &mut Vec<String>) {
    let names = NAME.iter().flat_map(|names| names.find_iter(script));
    for name in names {
        if found.len() == MAX_DATES {
            return;
        }
        let starts = !script[..name.start()].ends_with(|c: char| c.is_ascii_alphanumeric())
            || script[name.start()..].starts_with(|c: char| c.is_ascii_uppercase());
        let value = script[name.end()..].trim_start_matches(['\\', '"', '\'']).trim_start();
        let quoted = value.strip_prefix([':', '=']).map(|value| value.trim_start().trim_start_matches('\\'));
        found.extend(quoted.filter(|_| starts).and_then(quoted_date).map(str::to_owned));
    }
}

/// The date that a script writes into the page, if it writes nothing else: `document.write("2024-05-12")`.
pub(super) fn written(script: &str) -> Option<&str> {
    const WRITE: &str = "document.write(";
    let (_, rest) = script.split_once(WRITE)?;
    let date = quoted_date(rest.trim_start())?;
    let (_, after) = rest.split_once(date)?;
    let ends =
        after.trim_start_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'').starts_with(')');
    let is_all = date.chars().all(|c| c.is_ascii_digit() || " -/.:年月日时分秒".contains(c));
    (is_all && ends && !after.contains("document.write")).then_some(date)
}

/// The date in quotes with which a text begins: four digits and a mark. A number alone may be anything.
fn quoted_date(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let said = &text[1..];
    let end = said[..said.floor_char_boundary(MAX_DATE + 1)].find([quote, '\\'])?;
    let said = said[..end].trim();
    let is_year = said.len() > 8 && said.bytes().take(4).all(|b| b.is_ascii_digit());
    (is_year && said[4..].starts_with(['-', '/', '.', '年'])).then_some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_under_a_known_name_and_nowhere_else() {
        for (script, expected) in [
            ("var pubtime = \"2024-05-12 10:11\";", "2024-05-12 10:11"),
            ("{\"publishTime\":\"2024-05-12T10:11:00+08:00\",\"x\":1}", "2024-05-12T10:11:00+08:00"),
            ("window.__S = '{\\\"publishTime\\\":\\\"2024-05-12 10:11\\\"}'", "2024-05-12 10:11"),
            ("article.articlePubDate='2024年5月12日'", "2024年5月12日"),
            ("news_pubdate : '2024/05/12'", "2024/05/12"),
            ("var republishtime='2024-05-12'", ""),
            ("var buildTime = '2024-05-12 10:11:12', copyright = '2024'", ""),
            ("pubtime = 1715479860", ""),
            ("pubtime = '1715479860'", ""),
            ("pubtime = new Date('2024-05-12')", ""),
            ("pubtime == '2024-05-12' || pubtime2 = '2024-05-12'", ""),
            ("pubtime = '2024-05-12", ""),
            ("pubtime = '2024'", ""),
            ("pubtime='年年年年年年年年年年年年年年年年年年年年年年年年年年年年年年'", ""),
            ("pubtime", ""),
        ] {
            let mut found = Vec::new();
            dates(script, &mut found);
            assert_eq!(found.concat(), expected, "{script}");
        }
        let mut found = Vec::new();
        dates(&"pubtime='2024-05-12';".repeat(100), &mut found);
        assert_eq!(found.len(), MAX_DATES);
    }

    #[test]
    fn a_date_is_written_as_it_is_or_not_at_all() {
        for (script, expected) in [
            ("document.write(\"2024-05-12\")", Some("2024-05-12")),
            ("<!--\ndocument.write( '2024年05月12日 10:11' );\n//-->", Some("2024年05月12日 10:11")),
            ("document.write('2024-05-12'+x)", None),
            ("document.write(new Date().getFullYear())", None),
            ("document.write('2024-05-12 <b>x</b>')", None),
            ("document.write('2024-05-12');document.write('2024-05-13')", None),
            ("document.write('20240512')", None),
            ("document.write(", None),
        ] {
            assert_eq!(written(script), expected, "{script}");
        }
    }
}
