//! `X-Robots-Tag`, and the content of `<meta name="robots">`, which is written the same way: what may be
//! done with a page once it was fetched.

/// What a page asks of programs that read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    /// It is not to be listed: it makes no entry.
    pub noindex: bool,
    /// Its links are not to be followed.
    pub nofollow: bool,
    /// No part of its text is to be shown.
    pub nosnippet: bool,
}

/// Directives that have a value, so that the word before their colon is no agent.
const VALUED: [&str; 4] = ["unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"];

/// Reads the directives that speak to `agent` or to everyone. Several header lines are given joined by
/// line ends: an agent's name holds to the end of its line.
#[must_use]
pub fn page_directives(x_robots_tag: Option<&str>, agent: &str) -> Directives {
    let mut found = Directives::default();
    for line in x_robots_tag.unwrap_or_default().lines() {
        let mut for_us = true;
        for part in line.split(',').map(str::trim) {
            let mut directive = part;
            if let Some((name, rest)) = part.split_once(':')
                && !VALUED.iter().any(|valued| name.trim().eq_ignore_ascii_case(valued))
            {
                for_us = name.trim().eq_ignore_ascii_case(agent);
                directive = rest;
            }
            if for_us {
                found.note(directive);
            }
        }
    }
    found
}

impl Directives {
    fn note(&mut self, directive: &str) {
        let plain: String = directive.chars().filter(|c| !c.is_whitespace()).collect();
        match plain.to_ascii_lowercase().as_str() {
            "noindex" => self.noindex = true,
            "nofollow" => self.nofollow = true,
            "none" => (self.noindex, self.nofollow) = (true, true),
            // A snippet of no characters is none.
            "nosnippet" | "max-snippet:0" => self.nosnippet = true,
            _ => {}
        }
    }
}
