//! The outcome of a poll, as the journal keeps it. Outcomes are values: an unreachable publisher is an ordinary day,
//! not an error.

use std::fmt;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Outcome {
    Fetched {
        entries: u32,
        new: u32,
        /// Known entries that were rewritten.
        changed: u32,
        /// Repairs that reading it needed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        repairs: Vec<String>,
    },
    /// 304: nothing changed (RFC 9110 section 15.4.5).
    NotModified,
    /// 200 with the octets of the last poll.
    Unchanged,
    /// 410: the publisher says it is gone for good.
    Gone,
    /// 429, 503 with Retry-After, or a redirect with it: asked to wait.
    Throttled { status: u16 },
    /// The publisher refuses us: 401, 403, 412, 451 or a challenge page.
    Blocked { why: String },
    /// Not asked: its host asked another source to wait.
    Held {
        /// The host, and for how long.
        why: String,
    },
    /// A list page on which nothing could be an entry.
    Emptied { why: String },
    /// A list page that the source's selectors no longer fit.
    SelectorsStopped {
        /// The selector, and what would help.
        why: String,
    },
    /// An answer that is no feed.
    NotAFeed { why: String },
    Failed {
        /// The cause, and what to do about it.
        why: String,
    },
}

impl Outcome {
    /// Every name.
    pub const NAMES: [&str; 11] = [
        "fetched", "not-modified", "unchanged", "gone", "throttled", "blocked", "held", "emptied",
        "selectors-stopped", "not-a-feed", "failed",
    ];

    /// As logs and tables show it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fetched { .. } => "fetched",
            Self::NotModified => "not-modified",
            Self::Unchanged => "unchanged",
            Self::Gone => "gone",
            Self::Throttled { .. } => "throttled",
            Self::Blocked { .. } => "blocked",
            Self::Held { .. } => "held",
            Self::Emptied { .. } => "emptied",
            Self::SelectorsStopped { .. } => "selectors-stopped",
            Self::NotAFeed { .. } => "not-a-feed",
            Self::Failed { .. } => "failed",
        }
    }

    /// The state of a source, in one word, by its last outcome: as `sources`, `status` and `check --online` show it.
    pub fn state(last: Option<&Self>, is_silent: impl FnOnce() -> bool) -> &'static str {
        match last {
            None => "new",
            Some(outcome) if !outcome.is_good() => outcome.name(),
            Some(_) if is_silent() => "stale",
            Some(_) => "ok",
        }
    }

    /// True if the source answered as it should.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Fetched { .. } | Self::NotModified | Self::Unchanged)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Fetched { entries, new, changed, repairs } => {
                write!(f, ": {entries} entries, {new} new, {changed} changed")?;
                if !repairs.is_empty() {
                    write!(f, " (mended: {})", repairs.join("; "))?;
                }
                Ok(())
            }
            Self::Throttled { status } => write!(f, ": status {status}, asked to wait"),
            Self::Blocked { why }
            | Self::Held { why }
            | Self::Emptied { why }
            | Self::SelectorsStopped { why }
            | Self::NotAFeed { why }
            | Self::Failed { why } => write!(f, ": {why}"),
            Self::NotModified | Self::Unchanged | Self::Gone => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    #[test]
    fn each_listed_name_is_that_of_an_outcome() {
        for name in Outcome::NAMES {
            let fields = serde_json::json!({
                "is": name, "entries": 1, "new": 1, "changed": 0, "status": 429, "why": "reason",
            });
            let outcome: Outcome = serde_json::from_value(fields).expect(name);
            assert_eq!(outcome.name(), name);
        }
    }
}
