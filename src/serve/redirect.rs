//! Redirects of addresses that are nearly right: capitals, a slash too many or too few. The location is relative
//! to the requested address, because a proxy may have put a path before it.

/// The paths that the client of an unknown path may have meant, the likeliest first. Each comes with its address
/// relative to `asked`, the path of the request as it was sent.
pub(super) fn candidates(asked: &str, path: &str) -> Vec<(String, String)> {
    // Every address here is of these; anything else might be read as a scheme, or would have to be encoded.
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'-');
    if !path.bytes().all(is_plain) {
        return Vec::new();
    }
    let parts: Vec<String> =
        path.split('/').filter(|part| !part.is_empty()).map(str::to_ascii_lowercase).collect();
    let bare = parts.join("/");
    let with_slash = format!("{bare}/");
    let likely = if path.ends_with('/') { [with_slash, bare] } else { [bare, with_slash] };
    // Dots lead out of the directory that the request named: one pair for each slash behind the first.
    let up = "../".repeat(asked.matches('/').count().saturating_sub(1));
    let beside = asked.strip_prefix('/').and_then(|asked| Some(&asked[..=asked.rfind('/')?])).unwrap_or("");
    let others = likely.into_iter().filter(|candidate| candidate != path && candidate != "/");
    others.map(|candidate| (candidate.clone(), relative(&up, beside, &candidate))).collect()
}

/// The address of `path` from the directory `beside`, out of which `up` leads.
fn relative(up: &str, beside: &str, path: &str) -> String {
    match path.strip_prefix(beside) {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        // An empty reference would name the address that was asked.
        _ if up.is_empty() && path.is_empty() => "./".to_owned(),
        _ => format!("{up}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    #[test]
    fn an_address_that_is_nearly_right_leads_to_the_right_one() {
        let cases = [
            ("a slash forgotten", "/henan", "/henan/"),
            ("a slash too many at its end", "/henan.atom/", "/henan.atom"),
            ("one too many at its start", "//henan.atom", "/henan.atom"),
            ("one within", "/source//rthk.atom", "/source/rthk.atom"),
            ("many", "///source///rthk///", "/source/rthk/"),
            ("capitals", "/Henan.ATOM", "/henan.atom"),
            ("capitals, and a slash forgotten", "/Source/RTHK", "/source/rthk/"),
            ("an archive", "/Henan/archive/2026-10.atom/", "/henan/archive/2026-10.atom"),
            ("the root", "//", "/"),
        ];
        for (name, asked, expected) in cases {
            let found = candidates(asked, &asked[1..]);
            for prefix in ["", "/news"] {
                let base = Url::parse(&format!("https://news.example{prefix}{asked}")).expect("an address");
                let ends = found.iter().map(|(path, relative)| {
                    assert!(!relative.is_empty(), "{name}");
                    let end = base.join(relative).expect("an address");
                    assert_eq!(end.path(), format!("{prefix}/{path}"), "{name}");
                    assert_eq!(end.host_str(), Some("news.example"), "{name}");
                    format!("/{path}")
                });
                assert!(ends.collect::<Vec<_>>().contains(&expected.to_owned()), "{name}: {found:?}");
            }
        }
    }

    #[test]
    fn an_encoded_slash_is_no_step_of_the_address() {
        assert_eq!(candidates("/source%2FRTHK.atom", "source/RTHK.atom")[0].1, "source/rthk.atom");
    }

    #[test]
    fn what_could_be_read_as_another_address_leads_nowhere() {
        for path in ["javascript:x", "a:b", "河南", "henan?x", "henan%", "a b"] {
            assert_eq!(candidates(&format!("/{path}"), path), [], "{path}");
        }
    }
}
