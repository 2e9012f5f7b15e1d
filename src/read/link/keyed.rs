//! Keys in addresses: a bridge that asks for `?key=…`, a private feed with `?token=…`. Such an address is asked,
//! and never published or logged.

use std::borrow::Cow;

use url::Url;

/// How the names of parameters end that hold keys, in lower case and without `-` and `_`.
const ENDINGS: [&str; 8] = ["key", "token", "secret", "password", "passwd", "pwd", "signature", "credential"];

/// Names that hold keys as a whole.
const NAMES: [&str; 8] = ["auth", "authorization", "pass", "session", "sessionid", "sig", "sign", "ticket"];

/// `code` is a region's number or a voucher: a voucher is a hash, at least half an MD5.
const VOUCHER: usize = 16;

/// True if an address holds a key: in its query, or as a user's name.
pub fn is_keyed(url: &str) -> bool {
    // Most addresses have neither, and are not read for this.
    url.contains(['?', '@']) && Url::parse(url).is_ok_and(|url| has_user(&url) || query_holds_key(&url))
}

/// An address for logs and messages: with `…` in place of each key.
pub fn masked(text: &str) -> Cow<'_, str> {
    let Some(mut url) = Url::parse(text).ok().filter(|_| is_keyed(text)) else { return Cow::Borrowed(text) };
    // Both fail only where there can be no user.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let parts: Vec<String> = url.query().unwrap_or_default().split('&').map(masked_parameter).collect();
    let query = parts.join("&");
    url.set_query(None);
    let (address, fragment) = url.as_str().split_once('#').unwrap_or((url.as_str(), ""));
    let mark = if query.is_empty() { "" } else { "?" };
    let fragment = if fragment.is_empty() { String::new() } else { format!("#{fragment}") };
    Cow::Owned(format!("{address}{mark}{query}{fragment}"))
}

fn masked_parameter(part: &str) -> String {
    let holds = url::form_urlencoded::parse(part.as_bytes()).any(|(name, value)| is_key(&name, &value));
    match part.split_once('=') {
        Some((name, _)) if holds => format!("{name}=…"),
        _ => part.to_owned(),
    }
}

fn has_user(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && (!url.username().is_empty() || url.password().is_some())
}

fn query_holds_key(url: &Url) -> bool {
    url.query_pairs().any(|(name, value)| is_key(&name, &value))
}

fn is_key(name: &str, value: &str) -> bool {
    if value.is_empty() {
        return false;
    }
    let name: String =
        name.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect();
    let is_voucher = value.len() >= VOUCHER && value.bytes().all(|b| b.is_ascii_hexdigit());
    ENDINGS.iter().any(|end| name.ends_with(end)) || NAMES.contains(&&*name) || (name == "code" && is_voucher)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_by_the_name_of_its_parameter() {
        let cases = [
            ("http://hub.example/route?key=S3CRET", "http://hub.example/route?key=…"),
            ("https://x.example/f?a=1&access_token=q%20r&b=2", "https://x.example/f?a=1&access_token=…&b=2"),
            ("https://x.example/f?API-KEY=q", "https://x.example/f?API-KEY=…"),
            ("https://x.example/f?sign=ab#part", "https://x.example/f?sign=…#part"),
            ("https://x.example/f?code=0123456789abcdef0", "https://x.example/f?code=…"),
            ("https://me:word@x.example/f?a=1", "https://x.example/f?a=1"),
        ];
        for (url, expected) in cases {
            assert!(is_keyed(url), "{url}");
            assert_eq!(masked(url), expected);
        }
    }

    #[test]
    fn what_names_a_channel_is_no_key() {
        for url in [
            "https://x.example/rss?channel=12",
            "https://x.example/rss?code=410000",
            "https://x.example/rss?key=",
            "https://x.example/key/token.xml",
            "https://x.example/@me/feed",
            "mailto:me@x.example?subject=token",
            "no address?key=1",
        ] {
            assert!(!is_keyed(url), "{url}");
            assert_eq!(masked(url), url);
        }
    }
}
