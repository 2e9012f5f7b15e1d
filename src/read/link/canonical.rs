//! The form in which two addresses of one page are equal. A key to compare by, not an address to fetch.
//!
//! Folding must never make two articles one, so a parameter is dropped only if the tables below
//! name it, and a path keeps its last part unless that is an index file. Page numbers (`_2.html`) stay:
//! a CMS that numbers its articles `news_1.html`, `news_2.html` looks the same as one that pages them.

use url::Url;

/// Parameters that say how a reader came, never what is read. Compared in lower case.
const TRACKING: &[&str] = &[
    // Analytics and advertising: Google, Facebook, Microsoft, Yandex, Mailchimp, HubSpot, Adobe, Matomo.
    "gclid", "dclid", "gbraid", "wbraid", "fbclid", "msclkid", "yclid", "mc_cid", "mc_eid", "_hsenc", "_hsmi",
    "_ga", "_gl", "igshid", "s_cid", "wt.mc_id", "wt_mc", "ncid", "cmpid", "ref_src", "twclid", "ocid",
    "ito", // Baidu, Alibaba, CNZZ and what Chinese news sites hand on.
    "spm", "scm", "hmsr", "hmpl", "hmcu", "hmkw", "hmci", "bd_vid", "bd_source_light", "wfr", "tdsourcetag",
    "ivk_sa", "chksm", "nsukey", "isappinstalled", "wxshare", "wxfrom", // Sharing buttons.
    "share", "share_token", "share_from", "share_source", "share_medium", "share_plat", "share_tag",
    "share_id", "shareid", "share_to", "share_type", "share_uid", "sharefrom", "sharesource", "sharetype",
    "from_share", "weibo_id", // Sessions and cache busters.
    "phpsessid", "jsessionid", "aspsessionid", "_", "_t", "nocache", "cachebuster", // AMP copies.
    "amp", "outputtype",
];

const TRACKING_PREFIXES: &[&str] = &["utm_", "mtm_", "pk_", "piwik_", "hsa_", "at_medium", "at_campaign"];

/// `from` and `source` name a referrer on most sites and a part of the content on some; they are
/// dropped only with these values.
const REFERRERS: &[&str] = &[
    "timeline", "groupmessage", "singlemessage", "weixin", "wechat", "wx", "qq", "qzone", "weibo", "sina",
    "app", "wap", "pc", "mobile", "share", "rss", "feed", "atom", "baidu", "toutiao", "home", "index",
    "search", "browser", "fx",
];

/// Files a server answers a directory with.
const INDEX_STEMS: &[&str] = &["index", "default"];
const INDEX_SUFFIXES: &[&str] = &["html", "htm", "shtml", "php", "asp", "aspx", "jsp"];

/// Host prefixes that serve the same pages for another screen.
const HOST_PREFIXES: &[&str] = &["www.", "m.", "wap.", "mobile.", "3g."];

/// Domains that answer under two endings with the same paths. Only known ones: `china.com` and
/// `china.com.cn`, `people.com` and `people.com.cn` belong to different houses.
const TWINS: &[(&str, &str)] = &[("chinanews.com.cn", "chinanews.com"), ("ecns.com.cn", "ecns.cn")];

/// Second-level names under which registries sell domains, so `m.com.cn` is no mobile host.
const REGISTRY_LABELS: &[&str] = &["com", "net", "org", "gov", "edu", "ac", "co", "mil"];

/// The form in which two addresses of one page are equal: one scheme, `www.`, `m.` and the like off the
/// host, twin domains as one, no default port, user or fragment (but `#!…` and `#/…`, which name the
/// page in sites that run on scripts), tracking parameters gone and the rest in order of name,
/// percent-encoding as RFC 3986 section 6.2.2 has it, no `index.html`, no slash at the end.
///
/// The canonical form of an http address; anything else is only trimmed. `canonical(canonical(x)) == canonical(x)`.
pub fn canonical(url: &str) -> String {
    let trimmed = url.trim();
    let Some(parsed) = Url::parse(trimmed).ok().filter(|u| matches!(u.scheme(), "http" | "https")) else {
        return trimmed.to_owned();
    };
    let Some(host) = parsed.host_str() else { return trimmed.to_owned() };
    let mut out = String::with_capacity(trimmed.len());
    out.push_str("https://");
    out.push_str(fold_host(host).as_ref());
    // Ports 80 and 443 are the two schemes' own, and the scheme is folded.
    if let Some(port) = parsed.port().filter(|p| !matches!(p, 80 | 443)) {
        out.push(':');
        out.push_str(&port.to_string());
    }
    push_path(parsed.path(), &mut out);
    push_query(parsed.query().unwrap_or_default(), &mut out);
    if let Some(route) = parsed.fragment().filter(|f| f.starts_with(['!', '/']) && f.len() > 1) {
        out.push('#');
        push_normal(route, false, &mut out);
    }
    out
}

/// The host of an address, folded as [`canonical`] folds it: two addresses with one key are of one site.
pub fn host_key(url: &str) -> Option<String> {
    let parsed = Url::parse(url.trim()).ok()?;
    Some(fold_host(parsed.host_str()?))
}

/// The server of an address: whoever asks to be left alone speaks for it, and requests to it queue together.
/// http and https of one name are one server, with `www.` and without; another port is another, such as a
/// bridge beside a web site, and so is a site's `m.` or `wap.`.
pub fn server(url: &str) -> Option<String> {
    Some(server_of(&Url::parse(url.trim()).ok()?)).filter(|server| !server.is_empty())
}

/// The same of an address that was read.
pub fn server_of(url: &Url) -> String {
    // A name with a dot at its end is the same name (RFC 1034 section 3.1).
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    let host = host.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(host);
    match url.port_or_known_default() {
        Some(port) if port != 80 && port != 443 => format!("{host}:{port}"),
        _ => host.to_owned(),
    }
}

fn fold_host(host: &str) -> String {
    let mut host = host.trim_end_matches('.').to_ascii_lowercase();
    // More than one: `www.m.example.com`.
    while let Some(rest) = HOST_PREFIXES.iter().find_map(|prefix| host.strip_prefix(prefix))
        && is_registrable(rest)
    {
        host = rest.to_owned();
    }
    for (twin, domain) in TWINS {
        if let Some(left) = host.strip_suffix(twin)
            && (left.is_empty() || left.ends_with('.'))
        {
            return format!("{left}{domain}");
        }
    }
    host
}

/// True if a name can be someone's domain: two labels, the first not a registry's.
pub(crate) fn is_registrable(host: &str) -> bool {
    match host.split('.').collect::<Vec<_>>().as_slice() {
        [] | [_] => false,
        [second, _] => !REGISTRY_LABELS.contains(second),
        _ => true,
    }
}

fn push_path(path: &str, out: &mut String) {
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if let Some(last) = parts.last_mut() {
        // `;jsessionid=…` is glued to the last part.
        if let Some(at) = last.to_ascii_lowercase().find(";jsessionid=") {
            *last = &last[..at];
        }
    }
    if parts.last().is_some_and(|last| last.is_empty() || is_index(last)) {
        parts.pop();
    }
    // `/2026/title/amp/`; a page called `amp` at the top is somebody's own.
    if parts.len() >= 3 && parts.last().is_some_and(|last| last.eq_ignore_ascii_case("amp")) {
        parts.pop();
    }
    for part in parts {
        out.push('/');
        push_normal(part, false, out);
    }
}

fn is_index(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower
        .split_once('.')
        .is_some_and(|(stem, suffix)| INDEX_STEMS.contains(&stem) && INDEX_SUFFIXES.contains(&suffix))
}

fn push_query(query: &str, out: &mut String) {
    let mut kept: Vec<(String, Option<String>)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => (normal(name), Some(normal(value))),
            None => (normal(pair), None),
        })
        .filter(|(name, value)| !name.is_empty() && !is_tracking(name, value.as_deref().unwrap_or_default()))
        .collect();
    // By name alone, and stable: `a=2&a=1` is not `a=1&a=2`.
    kept.sort_by(|a, b| a.0.cmp(&b.0));
    for (at, (name, value)) in kept.iter().enumerate() {
        out.push(if at == 0 { '?' } else { '&' });
        out.push_str(name);
        if let Some(value) = value {
            out.push('=');
            out.push_str(value);
        }
    }
}

fn is_tracking(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    if matches!(name.as_str(), "from" | "source") {
        return REFERRERS.contains(&value.to_ascii_lowercase().as_str());
    }
    TRACKING.contains(&name.as_str()) || TRACKING_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_normal(text, true, &mut out);
    out
}

/// Escapes of unreserved characters resolved, the others in upper case; in a query `+` is `%20`.
fn push_normal(text: &str, query: bool, out: &mut String) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%').then(|| hex_pair(bytes.get(at + 1..at + 3)?)).flatten();
        at += if escaped.is_some() { 3 } else { 1 };
        match escaped.unwrap_or(byte) {
            b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => out.push(char::from(b)),
            b'+' if query && escaped.is_none() => out.push_str("%20"),
            b if escaped.is_none() && b.is_ascii_graphic() && b != b'%' => out.push(char::from(b)),
            b => push_escape(b, out),
        }
    }
}

fn hex_pair(pair: &[u8]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()
}

fn push_escape(byte: u8, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 15)]));
}
