//! Parses single values: durations, sizes, addresses, names. Each parser returns the value, or a message that tells
//! the operator what to write instead.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use chrono_tz::Tz;
use http::{HeaderName, HeaderValue};
use ipnet::IpNet;
use regex::{Regex, RegexBuilder};
use url::Url;

use crate::config::checked::{Listen, LogFormat, LogLevel, RetryAfter};
use crate::config::fault::did_you_mean;
use crate::model::source::ContentPolicy;

/// Reads `90s`, `15m`, `6h`, `30d`, `1h30m`; also `500ms` and `0s`.
pub(in crate::config) fn duration(text: &str) -> Result<Duration, String> {
    const UNITS: [(&str, u64); 6] =
        [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];
    let wrong =
        || format!("{text:?} is not a duration; write \"30s\", \"15m\", \"6h\", \"30d\" or \"1h30m\"");
    let mut total = 0_u64;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let (number, after) = split_number(rest).ok_or_else(wrong)?;
        let unit_end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let (_, milliseconds) = UNITS.iter().find(|(name, _)| *name == unit.trim()).ok_or_else(wrong)?;
        total = number
            .checked_mul(*milliseconds)
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| format!("{text:?} is too long"))?;
        rest = after;
    }
    Ok(Duration::from_millis(total))
}

/// Reads `512KiB`, `8MiB`, `10MB`, in bytes.
pub(in crate::config) fn size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 7] = [
        ("B", 1),
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("KB", 1000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
    ];
    let wrong = || format!("{text:?} is not a size; write \"512KiB\" or \"8MiB\"");
    let (number, unit) = split_number(text.trim()).ok_or_else(wrong)?;
    let unit = unit.trim();
    let (_, bytes) = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).ok_or_else(wrong)?;
    number.checked_mul(*bytes).ok_or_else(|| format!("{text:?} is too large"))
}

fn split_number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    Some((number.parse().ok()?, rest))
}

/// A duration as it would be written here: `10m`, `1h30m`.
pub(super) fn written_duration(duration: Duration) -> String {
    let mut rest = duration.as_millis();
    let mut text = String::new();
    for (unit, milliseconds) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
        if rest >= milliseconds {
            text.push_str(&format!("{}{unit}", rest / milliseconds));
            rest %= milliseconds;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// A size as it would be written here: `8MiB`.
pub(super) fn written_size(bytes: u64) -> String {
    for (unit, size) in [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if bytes >= size && bytes.is_multiple_of(size) {
            return format!("{}{unit}", bytes / size);
        }
    }
    format!("{bytes}B")
}

pub(super) fn zone(text: &str) -> Result<Tz, String> {
    text.parse().map_err(|_| {
        let hint = did_you_mean(text, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
        format!("{text:?} is not a time zone{hint}; write a name such as \"Asia/Shanghai\"")
    })
}

/// An address with a port, or `unix:` and a path. Of names only `localhost` is one everywhere; any other may be
/// another address tomorrow.
pub(super) fn listen(text: &str) -> Result<Listen, String> {
    if let Some(path) = text.strip_prefix("unix:") {
        return match Path::new(path).is_absolute() {
            true => Ok(Listen::Unix(path.into())),
            false => Err(format!("{text:?} has no absolute path; write \"unix:/run/dibao/http.sock\"")),
        };
    }
    let local = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    let local = local.map(|port: u16| SocketAddr::from(([127, 0, 0, 1], port)));
    local.or_else(|| text.parse().ok()).map(Listen::Tcp).ok_or_else(|| {
        format!(
            "{text:?} is not an address with a port; write \"127.0.0.1:8080\", \"[::]:8080\" for every address of \
             the machine, \"localhost:8080\" or \"unix:/run/dibao/http.sock\""
        )
    })
}

/// The level of the log.
pub(super) fn log_level(text: &str) -> Result<LogLevel, String> {
    use LogLevel::{Debug, Error, Info, Off, Trace, Warn};
    let levels =
        [("off", Off), ("error", Error), ("warn", Warn), ("info", Info), ("debug", Debug), ("trace", Trace)];
    let level = levels.iter().find(|(name, _)| *name == text).map(|(_, level)| *level);
    level.ok_or_else(|| {
        let hint = did_you_mean(text, levels.iter().map(|(name, _)| *name));
        format!("{text:?} is not a level{hint}; write \"warn\", \"info\" or \"debug\"")
    })
}

/// The format of the log.
pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("{text:?} is not a format; write \"text\" or \"json\"")),
    }
}

/// A network in CIDR form, or a single address.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let network = network.map_err(|_| {
        format!("{text:?} is not a network; write \"10.0.0.0/8\", \"fd00::/8\" or one address")
    })?;
    if network.trunc() == network {
        Ok(network)
    } else {
        Err(format!("{text:?} has bits set beyond its prefix; write \"{}\"", network.trunc()))
    }
}

/// The address of a source, in its normal form.
pub(super) fn source_url(text: &str) -> Result<String, String> {
    let url = web_url(text)?;
    if url.username() != "" || url.password().is_some() {
        return Err("holds a user name or password, and addresses are published; \
                    write them as headers.Authorization"
            .to_owned());
    }
    Ok(url.into())
}

/// The address that readers use, without a slash at its end.
pub(super) fn public_url(text: &str) -> Result<String, String> {
    let url = web_url(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!(
            "{text:?} has a query or fragment; feeds are found below it, so write the path only"
        ));
    }
    Ok(String::from(url).trim_end_matches('/').to_owned())
}

/// The address of a WebSub hub, which stands in every feed.
pub(super) fn hub(text: &str) -> Result<String, String> {
    let url = web_url(text)?;
    if url.username() != "" || url.password().is_some() {
        return Err("holds a user name or password, and stands in every feed".to_owned());
    }
    Ok(url.into())
}

fn web_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|e| {
        format!("{text:?} is not an address ({e}); write it in full, as \"https://host/path\"")
    })?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err(format!("{text:?} starts with {:?}; write http or https", url.scheme()));
    }
    Ok(url)
}

pub(super) fn proxy(text: &str) -> Result<String, String> {
    const SCHEMES: [&str; 4] = ["http", "https", "socks5", "socks5h"];
    // The text may hold a password, so no message repeats it.
    let wrong = "is not the address of a proxy; write \"http://host:port\" or \"socks5h://host:port\"";
    let url = Url::parse(text).map_err(|_| wrong.to_owned())?;
    if SCHEMES.contains(&url.scheme()) && url.has_host() {
        Ok(text.to_owned())
    } else {
        Err(wrong.to_owned())
    }
}

pub(super) fn content(text: &str) -> Result<ContentPolicy, String> {
    Ok(match text {
        "title" => ContentPolicy::Title,
        "summary" => ContentPolicy::Summary,
        "full" => ContentPolicy::Full,
        _ => return Err(format!("{text:?} is none of \"title\", \"summary\", \"full\"")),
    })
}

pub(super) fn retry_after(text: &str) -> Result<RetryAfter, String> {
    match text {
        "host" => Ok(RetryAfter::Host),
        "source" => Ok(RetryAfter::Source),
        _ => Err(format!("{text:?} is neither \"host\" nor \"source\"")),
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum KindName {
    #[default]
    Feed,
    Page,
    Json,
}

pub(super) fn kind(text: &str) -> Result<KindName, String> {
    match text {
        "feed" => Ok(KindName::Feed),
        "page" => Ok(KindName::Page),
        "json" => Ok(KindName::Json),
        _ => Err(format!("{text:?} is not a kind of source; write \"feed\", \"page\" or \"json\"")),
    }
}

/// A line of text for people: not blank, no control characters, at most 200 characters.
pub(super) fn line(text: &str) -> Result<String, String> {
    const LONGEST: usize = 200;
    let text = text.trim();
    if text.is_empty() {
        Err("is blank; leave the key out instead".to_owned())
    } else if text.chars().any(char::is_control) {
        Err("must be one line, without control characters".to_owned())
    } else if text.chars().count() > LONGEST {
        Err(format!("is longer than {LONGEST} characters"))
    } else {
        Ok(text.to_owned())
    }
}

/// The operator's address for publishers; it becomes part of the User-Agent.
pub(super) fn contact(text: &str) -> Result<String, String> {
    let text = line(text)?;
    if text.bytes().all(|b| b.is_ascii_graphic() && !b"()\\".contains(&b)) {
        Ok(text)
    } else {
        Err(format!("{text:?} does not fit into a User-Agent; write a plain e-mail or web address"))
    }
}

/// Headers that dibao sends itself, or that would undo how it polls.
const OWN_HEADERS: &[(&str, &str)] = &[
    ("accept-encoding", "dibao asks for the encodings it can read"),
    ("a-im", "dibao asks for what it can read"),
    ("connection", "it belongs to the connection"),
    ("content-length", "it belongs to the connection"),
    ("host", "it follows from the url"),
    ("if-modified-since", "dibao sends the validators it was given"),
    ("if-none-match", "dibao sends the validators it was given"),
    ("keep-alive", "it belongs to the connection"),
    ("proxy-authorization", "write user and password into the proxy's address"),
    ("range", "dibao reads whole feeds"),
    ("te", "it belongs to the connection"),
    ("trailer", "it belongs to the connection"),
    ("transfer-encoding", "it belongs to the connection"),
    ("upgrade", "it belongs to the connection"),
    ("user-agent", "dibao says who it is; set polling.contact"),
];

pub(super) fn header_name(text: &str) -> Result<String, String> {
    let name = HeaderName::from_bytes(text.as_bytes())
        .map_err(|_| format!("{text:?} is not the name of a header"))?;
    match OWN_HEADERS.iter().find(|(own, _)| *own == name.as_str()) {
        Some((_, why)) => Err(format!("must not be set: {why}")),
        None => Ok(name.as_str().to_owned()),
    }
}

pub(super) fn header_value(text: &str) -> Result<String, String> {
    // The value may be a secret, so the message does not repeat it.
    HeaderValue::from_str(text)
        .map(|_| text.to_owned())
        .map_err(|_| "its value has characters that a header cannot carry".to_owned())
}

/// The longest pattern, in characters: 333 names of two, and still one line of a file.
const LONGEST_PATTERN: usize = 1000;
/// The most memory one pattern may take when compiled, in bytes. Those 333 names take a tenth of it; only
/// repetitions of wide classes, such as `\w{50}`, take more.
const LARGEST_PATTERN: usize = 1 << 20;

pub(super) fn pattern(text: &str) -> Result<Regex, String> {
    if text.is_empty() {
        return Err("is empty, and would match every title".to_owned());
    }
    if text.chars().count() > LONGEST_PATTERN {
        return Err(format!("is longer than {LONGEST_PATTERN} characters; write several rules"));
    }
    RegexBuilder::new(text).size_limit(LARGEST_PATTERN).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(limit) => {
            format!("takes more than {} MiB when compiled; repeat less in it", limit >> 20)
        }
        error => format!("is not a regular expression: {}", reason(&error.to_string())),
    })
}

/// The reason alone: before it the crate draws the pattern and points at the place, over several lines.
fn reason(message: &str) -> &str {
    let last = message.lines().next_back().unwrap_or(message);
    last.strip_prefix("error: ").unwrap_or(last)
}
