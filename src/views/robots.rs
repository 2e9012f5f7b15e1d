//! The rules for crawlers (RFC 9309): a search engine need not search here, and each page has one address without a
//! language.

use super::site::Site;

pub const MEDIA_TYPE: &str = "text/plain; charset=utf-8";

/// The path of the rules.
pub const PATH: &str = "robots.txt";

/// Writes the rules. Feeds of searches stay allowed: programs that read feeds may keep to these rules, too.
#[must_use]
pub fn render(site: &Site) -> Vec<u8> {
    let base = site.base_path();
    format!("User-agent: *\nDisallow: {base}/search?\nDisallow: {base}/*?lang=\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::tests::site;

    #[test]
    fn the_rules_name_the_paths_of_this_site() {
        let text = |site: &Site| String::from_utf8(render(site)).expect("UTF-8");
        let site = site();
        assert_eq!(
            text(&Site { public_url: "https://news.example/a".to_owned(), ..site.clone() }),
            "User-agent: *\nDisallow: /a/search?\nDisallow: /a/*?lang=\n"
        );
        let root = Site { public_url: "https://news.example".to_owned(), ..site };
        assert!(text(&root).contains("\nDisallow: /search?\n"));
    }
}
