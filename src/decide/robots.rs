//! The Robots Exclusion Protocol (RFC 9309): reads robots.txt and `X-Robots-Tag`, and decides if dibao may
//! request an address. Fetches nothing: `fetch/robots.rs` does.
//!
//! The parser obeys every line that it can understand, whatever the spelling. Where the protocol leaves a
//! choice, dibao takes the politer one.

mod directives;
mod parse;
mod pattern;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use directives::{Directives, page_directives};

use crate::model::exchange::{Exchange, FetchFault};
use pattern::Pattern;

/// The product token by which robots.txt files name this program (RFC 9309 section 2.2.1).
pub const AGENT: &str = "dibao";

/// The maximum number of bytes read: the least that RFC 9309 section 2.5 asks for.
pub const MAX_BYTES: usize = 500 * 1024;

/// The maximum Crawl-delay. The field is not in the RFC; publishers write values from 1 to 86,400. Forty
/// channels of one host at a minute each already take most of an hour. With a longer delay dibao would
/// hardly ever poll such a source, and the schedule bounds the load anyway.
pub const MAX_CRAWL_DELAY: Duration = Duration::from_secs(60);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Robots(Content);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    /// The origin has no robots.txt; the text is the reason, for a person.
    AllowAll(String),
    /// robots.txt is unreachable. dibao requests nothing else until it can be fetched. `silent` if nobody answered.
    DisallowAll { why: String, silent: bool },
    /// In the order of the file.
    Groups(Vec<Group>),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Group {
    /// Product tokens in lower case, or `*`.
    agents: Vec<String>,
    rules: Vec<Rule>,
    delay: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    allow: bool,
    pattern: Pattern,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    pub allowed: bool,
    /// The deciding rule, for a person.
    pub why: String,
}

impl Robots {
    /// Never fails. Ignores everything after [`MAX_BYTES`].
    pub fn parse(bytes: &[u8]) -> Self {
        Self(Content::Groups(parse::groups(bytes)))
    }

    pub fn allow_all() -> Self {
        Self(Content::AllowAll("there is no robots.txt".to_owned()))
    }

    /// Reads the answer to a request for robots.txt (RFC 9309 section 2.3.1). A refusal (4xx) or endless
    /// redirects mean that the origin has none. A server error or no answer disallows everything. So does
    /// 429, although it is a 4xx: the server asks for fewer requests.
    pub fn of(exchange: &Exchange) -> Self {
        let none = |status: u16| Self(Content::AllowAll(format!("there is no robots.txt (status {status})")));
        let unknown = |why: &dyn std::fmt::Display| {
            let silent = matches!(exchange, Exchange::Failed(fault) if fault.is_silence());
            Self(Content::DisallowAll { why: format!("its robots.txt cannot be had: {why}"), silent })
        };
        match exchange {
            Exchange::Body(response) => Self::parse(&response.body),
            Exchange::Failed(
                FetchFault::TooManyRedirects { .. }
                | FetchFault::RedirectLoop { .. }
                | FetchFault::RedirectRefused { .. },
            ) => Self(Content::AllowAll("its robots.txt redirects to nowhere".to_owned())),
            Exchange::Failed(fault) => unknown(fault),
            Exchange::Throttled(head) => unknown(&format_args!("status {}", head.status)),
            Exchange::NotModified(head)
            | Exchange::Gone(head)
            | Exchange::Status(head)
            | Exchange::Blocked { head, .. } => match head.status {
                500.. => unknown(&format_args!("status {}", head.status)),
                status => none(status),
            },
        }
    }

    /// Keeps only the groups for `agent`, to save memory.
    pub fn narrowed(self, agent: &str) -> Self {
        match self.0 {
            Content::Groups(groups) => Self(Content::Groups(of_agent(&groups, agent).cloned().collect())),
            content => Self(content),
        }
    }

    /// True if robots.txt was unreachable, so that the caller should fetch it again soon.
    pub fn is_unknown(&self) -> bool {
        matches!(self.0, Content::DisallowAll { .. })
    }

    /// True if nobody answered the request for it.
    pub fn is_silent(&self) -> bool {
        matches!(self.0, Content::DisallowAll { silent: true, .. })
    }

    /// Decides if `agent` (a product token) may request a path with its query. Of the rules that match, the
    /// one with the longest pattern decides; of equal lengths, the one that allows (RFC 9309 section 2.2.2).
    /// Time is linear in the size of the file and, for each pattern with a `*`, of the path.
    pub fn permission(&self, agent: &str, path_and_query: &str) -> Permission {
        let (allowed, why) = match &self.0 {
            // The file itself is always allowed (section 2.2.2).
            _ if path_and_query == "/robots.txt" => (true, "it is the robots.txt itself".to_owned()),
            Content::AllowAll(why) => (true, why.clone()),
            Content::DisallowAll { why, .. } => (false, why.clone()),
            Content::Groups(groups) => match decisive(groups, agent, path_and_query) {
                Some(Rule { allow: true, pattern }) => {
                    (true, format!("robots.txt allows it: Allow: {pattern}"))
                }
                Some(Rule { allow: false, pattern }) => {
                    (false, format!("robots.txt forbids it: Disallow: {pattern}"))
                }
                None => (true, "robots.txt has no rule against it".to_owned()),
            },
        };
        Permission { allowed, why }
    }

    /// The minimum time between two requests of `agent`, at most [`MAX_CRAWL_DELAY`]. The longest of
    /// several counts.
    pub fn crawl_delay(&self, agent: &str) -> Option<Duration> {
        let Content::Groups(groups) = &self.0 else { return None };
        of_agent(groups, agent).filter_map(|group| group.delay).max()
    }
}

/// The rule that decides about a path.
fn decisive<'a>(groups: &'a [Group], agent: &str, path: &str) -> Option<&'a Rule> {
    let path = pattern::normal_path(path);
    let mut best: Option<&Rule> = None;
    for rule in of_agent(groups, agent).flat_map(|group| &group.rules) {
        let rank = |rule: &Rule| (rule.pattern.octets(), rule.allow);
        // Skips the match of a rule that cannot win, which keeps long files cheap.
        if best.is_none_or(|best| rank(rule) > rank(best)) && rule.pattern.matches(&path) {
            best = Some(rule);
        }
    }
    best
}

/// All groups that name `agent` (they count as one), else those for `*`.
fn of_agent<'a>(groups: &'a [Group], agent: &str) -> impl Iterator<Item = &'a Group> {
    let agent = agent.to_ascii_lowercase();
    let named = groups.iter().any(|group| group.agents.contains(&agent));
    let wanted = if named { agent } else { "*".to_owned() };
    groups.iter().filter(move |group| group.agents.contains(&wanted))
}
