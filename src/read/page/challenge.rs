//! Detects challenge pages: scripts with a success status that tell browsers from programs. A small page that
//! redirects its readers is not one: it has a link, a challenge has a script.

use crate::read::html;

/// The maximum length of a challenge page, in bytes: a script and a few words. Every page of news is longer.
const MAX_WALL: usize = 64 << 10;

/// The maximum of visible text on a challenge page, in characters.
const MAX_WORDS: usize = 400;

/// Texts that identify a challenge by itself, and its name.
const MARKS: &[(&str, &str)] = &[
    ("cf-browser-verification", "Cloudflare"),
    ("cf_chl_", "Cloudflare"),
    ("/cdn-cgi/challenge-platform/", "Cloudflare"),
    ("__jsl_clearance", "Jiasule"),
    ("acw_sc__v2", "Alibaba WAF"),
    ("aliyun_waf", "Alibaba WAF"),
    ("_waf_bd8ce2ce37", "Alibaba WAF"),
    ("$_ts=window", "Ruishu"),
    ("$_ts.cd", "Ruishu"),
    ("safeline", "SafeLine"),
    ("yunsuo_session", "Yunsuo"),
    ("wzws_", "WZWS"),
    ("tencentcaptcha", "Tencent captcha"),
    ("g-recaptcha", "reCAPTCHA"),
    ("incapsula", "Incapsula"),
    ("安全验证", "a security check"),
    ("访问验证", "a security check"),
    ("请开启javascript", "a script that must run"),
    ("请开启 javascript", "a script that must run"),
    ("enable javascript and cookies", "a script that must run"),
    ("checking your browser", "a browser check"),
];

/// Scripts that send a browser back to the page with a cookie, or elsewhere.
const SCRIPTS: &[&str] = &[
    "document.cookie",
    "location.href",
    "location.replace",
    "location.reload",
    "window.location",
    "eval(",
    "string.fromcharcode",
];

/// What stands between programs and the page, if a body that came with a success status is a wall: small,
/// hardly a word for readers, and a known mark or a script that sends the browser on.
#[must_use]
pub fn is_challenge(text: &str) -> Option<String> {
    if text.len() > MAX_WALL {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    if !lower.contains("<script") && !lower.contains("http-equiv") {
        return None;
    }
    let words = html::to_text(text).chars().filter(|c| !c.is_whitespace()).count();
    if words > MAX_WORDS || lower.matches("<a ").count() > 5 {
        return None;
    }
    if let Some((_, name)) = MARKS.iter().find(|(mark, _)| lower.contains(mark)) {
        return Some((*name).to_owned());
    }
    // A page without words that does nothing but run a script.
    let bare = words < 40 && !lower.contains("<a ");
    let script = SCRIPTS.iter().find(|script| lower.contains(**script)).filter(|_| bare);
    if let Some(script) = script {
        return Some(format!("a script that calls {}", script.trim_end_matches('(')));
    }
    let refresh = lower.contains("http-equiv=\"refresh\"") || lower.contains("http-equiv='refresh'");
    (bare && refresh).then(|| "a page that only refreshes".to_owned())
}
