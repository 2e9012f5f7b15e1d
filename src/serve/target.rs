//! The request target as the path of a view. Views are looked up by exact path, so no path can lead out of them.
//! Odd paths are refused all the same, before anything interprets them.

use std::borrow::Cow;

/// The longest target: our longest is under 100 octets, and a query that a tracker added may follow.
const LONGEST: usize = 2048;

/// The error when a target is no path of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadTarget {
    Malformed,
    TooLong,
    /// Well-formed, but never the path of a view.
    Nothing,
}

/// The path, without its leading slash.
pub(super) fn path<'a>(target: &str, raw: &'a str) -> Result<Cow<'a, str>, BadTarget> {
    if target.len() > LONGEST {
        return Err(BadTarget::TooLong);
    }
    let path = decode(raw.strip_prefix('/').ok_or(BadTarget::Malformed)?)?;
    let odd = |segment: &str| matches!(segment, "." | "..");
    if path.contains(['\\', '?']) || path.split('/').any(odd) {
        return Err(BadTarget::Nothing);
    }
    Ok(path)
}

/// The part of a path below `base`, if it begins with that: some proxies pass on the path that they publish us
/// under, others remove it.
pub(super) fn below<'a>(base: &str, raw: &'a str) -> &'a str {
    raw.strip_prefix(base).filter(|rest| rest.starts_with('/')).unwrap_or(raw)
}

/// Decodes percent-encoding (RFC 3986 section 2.1), once.
fn decode(raw: &str) -> Result<Cow<'_, str>, BadTarget> {
    if raw.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'%') {
        return Ok(Cow::Borrowed(raw));
    }
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let (high, low) = (digit(), digit());
                let value = high.zip(low).map(|(high, low)| high * 16 + low).ok_or(BadTarget::Malformed)?;
                u8::try_from(value).expect("two hexadecimal digits are a byte")
            }
            byte => byte,
        });
    }
    let text = String::from_utf8(bytes).map_err(|_| BadTarget::Malformed)?;
    if text.chars().any(char::is_control) { Err(BadTarget::Malformed) } else { Ok(Cow::Owned(text)) }
}

#[cfg(test)]
mod tests;
