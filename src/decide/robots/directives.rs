//! Reads `X-Robots-Tag` and `<meta name="robots">`, which share a syntax. They restrict the use of a page
//! after it was fetched.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    /// dibao must not make an entry of the page.
    pub noindex: bool,
    /// dibao must not follow the page's links.
    pub nofollow: bool,
    /// dibao must not show text of the page.
    pub nosnippet: bool,
}

/// Directives with a value: the word before their colon is no agent.
const VALUED: [&str; 4] = ["unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"];

/// Reads the directives for `agent` and for all agents. The caller joins header lines with line ends: an
/// agent's name applies to the end of its line.
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
            "nosnippet" | "max-snippet:0" => self.nosnippet = true,
            _ => {}
        }
    }
}
