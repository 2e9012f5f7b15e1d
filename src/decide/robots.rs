//! The Robots Exclusion Protocol (RFC 9309): what a publisher's robots.txt lets a program ask for, and
//! what a page's `X-Robots-Tag` lets it do with the answer. Fetches nothing: `fetch/robots.rs` does.
//!
//! Every reading is lenient towards the file and strict towards us: a line that can be understood is
//! obeyed, whatever its spelling, and where the protocol leaves a choice the politer one is taken.

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

/// How much of a robots.txt is read, in bytes: what RFC 9309 section 2.5 asks for at least.
pub const MAX_BYTES: usize = 500 * 1024;

/// The longest Crawl-delay that is kept. The field is not in the RFC; publishers write anything from 1
/// to 86,400 into it. Forty channels of one host at a minute each already take most of an hour; with
/// more than that a source would hardly ever be polled, and its schedule bounds the load anyway.
pub const MAX_CRAWL_DELAY: Duration = Duration::from_secs(60);

/// What a robots.txt says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Robots {
    said: Said,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    /// There is none.
    Everything(String),
    /// It cannot be had, and until then nothing may be asked for.
    Nothing(String),
    /// Its groups, in the order of the file.
    Groups(Vec<Group>),
}

/// Lines that belong together.
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

/// Whether an address may be asked for, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it may.
    pub allowed: bool,
    /// What decided, for a person.
    pub why: String,
}

impl Robots {
    /// Reads a robots.txt; never fails. Past [`MAX_BYTES`] the rest is not looked at.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        Self { said: Said::Groups(parse::groups(bytes)) }
    }

    /// No restriction at all.
    #[must_use]
    pub fn everything() -> Self {
        Self { said: Said::Everything("there is no robots.txt".to_owned()) }
    }

    /// Nothing but robots.txt itself may be asked for.
    #[must_use]
    pub fn nothing() -> Self {
        Self { said: Said::Nothing("its robots.txt cannot be had".to_owned()) }
    }

    /// What follows from how asking for a robots.txt ended (RFC 9309 section 2.3.1): a body is read; a
    /// refusal (4xx) or redirects without end mean that there is none; errors of the server and silence
    /// mean that nothing may be asked for. 429 is counted among the latter, though it is a 4xx: it is a
    /// plea to be left alone.
    #[must_use]
    pub fn of(exchange: &Exchange) -> Self {
        let none = |status: u16| Self {
            said: Said::Everything(format!("there is no robots.txt (status {status})")),
        };
        let unknown = |why: &dyn std::fmt::Display| Self {
            said: Said::Nothing(format!("its robots.txt cannot be had: {why}")),
        };
        match exchange {
            Exchange::Body(response) => Self::parse(&response.body),
            Exchange::Failed(
                FetchFault::TooManyRedirects { .. }
                | FetchFault::RedirectLoop { .. }
                | FetchFault::RedirectRefused { .. },
            ) => Self { said: Said::Everything("its robots.txt redirects to nowhere".to_owned()) },
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

    /// Only what it says to `agent`: all that needs to be kept, where one program asks.
    #[must_use]
    pub fn narrowed(self, agent: &str) -> Self {
        match self.said {
            Said::Groups(groups) => Self { said: Said::Groups(of_agent(&groups, agent).cloned().collect()) },
            said => Self { said },
        }
    }

    /// Whether it says so because it could not be had, so that it should be asked for again soon.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self.said, Said::Nothing(_))
    }

    /// Whether `agent` (a product token) may ask for a path with its query.
    #[must_use]
    pub fn allows(&self, agent: &str, path_and_query: &str) -> bool {
        self.verdict(agent, path_and_query).allowed
    }

    /// Whether `agent` may ask for a path with its query, and why. Of the rules that match, the one with
    /// the longest pattern decides; of equals, the one that allows (RFC 9309 section 2.2.2). Time is
    /// linear in the sizes of the file and, for each pattern with a `*`, of the path.
    #[must_use]
    pub fn verdict(&self, agent: &str, path_and_query: &str) -> Verdict {
        // The file itself is always allowed (section 2.2.2).
        if path_and_query == "/robots.txt" {
            return Verdict { allowed: true, why: "it is the robots.txt itself".to_owned() };
        }
        match &self.said {
            Said::Everything(why) => Verdict { allowed: true, why: why.clone() },
            Said::Nothing(why) => Verdict { allowed: false, why: why.clone() },
            Said::Groups(groups) => match decisive(groups, agent, path_and_query) {
                Some(Rule { allow: true, pattern }) => {
                    Verdict { allowed: true, why: format!("robots.txt allows it: Allow: {pattern}") }
                }
                Some(Rule { allow: false, pattern }) => {
                    Verdict { allowed: false, why: format!("robots.txt forbids it: Disallow: {pattern}") }
                }
                None => Verdict { allowed: true, why: "robots.txt has no rule against it".to_owned() },
            },
        }
    }

    /// The least time between two requests that `agent` is asked for, [`MAX_CRAWL_DELAY`] at most; of
    /// several the longest.
    #[must_use]
    pub fn crawl_delay(&self, agent: &str) -> Option<Duration> {
        let Said::Groups(groups) = &self.said else { return None };
        of_agent(groups, agent).filter_map(|group| group.delay).max()
    }
}

/// The rule that decides about a path.
fn decisive<'a>(groups: &'a [Group], agent: &str, path: &str) -> Option<&'a Rule> {
    let path = pattern::normal_path(path);
    let mut best: Option<&Rule> = None;
    for rule in of_agent(groups, agent).flat_map(|group| &group.rules) {
        let rank = |rule: &Rule| (rule.pattern.octets(), rule.allow);
        // What could not win need not be matched, which keeps long files cheap.
        if best.is_none_or(|best| rank(rule) > rank(best)) && rule.pattern.matches(&path) {
            best = Some(rule);
        }
    }
    best
}

/// The groups that speak to `agent`: all that name it, which count as one; else those for `*`.
fn of_agent<'a>(groups: &'a [Group], agent: &str) -> impl Iterator<Item = &'a Group> {
    let agent = agent.to_ascii_lowercase();
    let named = groups.iter().any(|group| group.agents.contains(&agent));
    let wanted = if named { agent } else { "*".to_owned() };
    groups.iter().filter(move |group| group.agents.contains(&wanted))
}
