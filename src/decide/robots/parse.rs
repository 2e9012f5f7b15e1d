//! Parses the lines of a robots.txt into groups. Owns spelling and line ends; knows nothing of matching.

use std::time::Duration;

use super::pattern::Pattern;
use super::{Group, MAX_BYTES, MAX_CRAWL_DELAY, Rule};

enum Line {
    Agent(String),
    Rule(Rule),
    Delay(Duration),
}

/// Consecutive agents share the rules that follow them; unknown lines between them do not matter. An agent
/// after a rule begins a new group (RFC 9309 section 2.1).
pub(super) fn groups(bytes: &[u8]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut has_rules = true;
    for line in lines(bytes) {
        match (read(line), groups.last_mut()) {
            (Some(Line::Agent(agent)), Some(group)) if !has_rules => group.agents.push(agent),
            (Some(Line::Agent(agent)), _) => {
                has_rules = false;
                groups.push(Group { agents: vec![agent], ..Group::default() });
            }
            (Some(Line::Rule(rule)), group) => {
                has_rules = true;
                // A rule before any agent applies to no agent.
                if let Some(group) = group.filter(|_| !rule.pattern.is_empty()) {
                    group.rules.push(rule);
                }
            }
            (Some(Line::Delay(delay)), Some(group)) => group.delay = group.delay.max(Some(delay)),
            (Some(Line::Delay(_)) | None, _) => {}
        }
    }
    groups
}

/// Splits at LF, CR and CRLF, and drops a byte order mark. Drops a line that [`MAX_BYTES`] cuts in two: the
/// first part of `Disallow: /archive` would forbid everything.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let is_end = |b: &u8| matches!(b, b'\n' | b'\r');
    let whole = match bytes.get(..MAX_BYTES) {
        Some(cut) if bytes.len() > MAX_BYTES => &cut[..cut.iter().rposition(is_end).unwrap_or(0)],
        _ => bytes,
    };
    whole.split(move |b| is_end(b))
}

fn read(line: &[u8]) -> Option<Line> {
    let line = line.split(|b| *b == b'#').next().unwrap_or_default().trim_ascii();
    // Some publishers write `Disallow /x` without the colon.
    let at =
        line.iter().position(|b| *b == b':').or_else(|| line.iter().position(u8::is_ascii_whitespace))?;
    let (name, value) = (line[..at].trim_ascii().to_ascii_lowercase(), line[at + 1..].trim_ascii());
    Some(match name.as_slice() {
        b"user-agent" | b"useragent" | b"user agent" => Line::Agent(agent(value)),
        b"allow" => Line::Rule(Rule { allow: true, pattern: Pattern::new(value) }),
        // Google's parser accepts the same misspellings.
        b"disallow" | b"dissallow" | b"dissalow" | b"disalow" | b"diasllow" | b"disallaw" => {
            Line::Rule(Rule { allow: false, pattern: Pattern::new(value) })
        }
        b"crawl-delay" | b"crawldelay" => Line::Delay(delay(value)?),
        _ => return None,
    })
}

/// The product token of a `User-agent` line, without a version or a comment.
fn agent(value: &[u8]) -> String {
    if value.starts_with(b"*") {
        return "*".to_owned();
    }
    let token = value.iter().take_while(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-'));
    token.map(|b| char::from(b.to_ascii_lowercase())).collect()
}

/// Seconds, also fractions. `None` for zero and for negative, infinite or invalid values.
fn delay(value: &[u8]) -> Option<Duration> {
    let seconds: f64 = std::str::from_utf8(value).ok()?.parse().ok()?;
    (seconds.is_finite() && seconds > 0.0)
        .then(|| Duration::from_secs_f64(seconds.min(MAX_CRAWL_DELAY.as_secs_f64())))
}
