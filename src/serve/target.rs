//! The request's target as the path of a view. Views are looked up by their exact names, so no path can
//! lead out of them; what is odd is refused all the same, before anything interprets it.

use std::borrow::Cow;

/// The longest target: our longest is under 100 octets, and a query that a tracker added may follow.
const LONGEST: usize = 2048;

/// Why a target names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadTarget {
    /// Not even well-formed.
    Malformed,
    /// Too long.
    TooLong,
    /// Well-formed, and never the name of a view.
    Nothing,
}

/// The path, without its leading slash.
pub(super) fn path<'a>(target: &str, raw: &'a str) -> Result<Cow<'a, str>, BadTarget> {
    if target.len() > LONGEST {
        return Err(BadTarget::TooLong);
    }
    let path = decode(raw.strip_prefix('/').ok_or(BadTarget::Malformed)?)?;
    let odd = |segment: &str| matches!(segment, "." | "..");
    if path.contains('\\') || path.split('/').any(odd) {
        return Err(BadTarget::Nothing);
    }
    Ok(path)
}

/// The part of a path that lies below `base`, where it does: some proxies pass the path on that they publish us
/// under, others take it off.
pub(super) fn below<'a>(base: &str, raw: &'a str) -> &'a str {
    raw.strip_prefix(base).filter(|rest| rest.starts_with('/')).unwrap_or(raw)
}

/// Takes percent-encoding off (RFC 3986 section 2.1), once.
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
