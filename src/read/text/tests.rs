//! Texts as feeds carry them.

use proptest::prelude::*;

use super::{escape, is_xml_char, one_line, push_escaped, truncate_chars, unescape, xml_legal};

#[test]
fn xml_legal_drops_what_xml_forbids_and_nothing_else() {
    assert_eq!(
        xml_legal("a\u{0}b\u{1}c\u{b}\u{1f}d\u{fffe}e\u{ffff}f\t\n\r\u{fffd}\u{10ffff}，"),
        "abcdef\t\n\r\u{fffd}\u{10ffff}，"
    );
    assert!(matches!(xml_legal("河南：郑州"), std::borrow::Cow::Borrowed(_)));
}

#[test]
fn escaped_text_is_safe_between_tags_and_in_quotes_of_either_kind() {
    assert_eq!(escape("a<b> & \"c\" 'd'\u{1}\r\n"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;\r\n");
    assert!(matches!(escape("河南：郑州"), std::borrow::Cow::Borrowed(_)));
}

#[test]
fn markup_of_ours_escapes_what_it_must_and_nothing_more() {
    let mut out = "<p>".to_owned();
    push_escaped("a<b> & \"c\" 'd'\u{1}\r\n河南", &mut out);
    assert_eq!(out, "<p>a&lt;b&gt; &amp; &quot;c&quot; 'd'\u{1}\r\n河南");
}

#[test]
fn one_line_folds_blanks_and_drops_what_cannot_be_seen() {
    assert_eq!(
        one_line("\n　　中新社泉州4月18日电\u{a0} (记者\t孙虹)\r\n "),
        "中新社泉州4月18日电 (记者 孙虹)"
    );
    assert_eq!(one_line("\u{feff}a\u{200b}b\u{202e}c\u{2069}d\u{ad}e\u{7f}f\u{85}g"), "abcdef g");
    assert_eq!(one_line("👩\u{200d}👩\u{200d}👧"), "👩\u{200d}👩\u{200d}👧");
    assert_eq!(one_line(" \u{3000}\u{200b}"), "");
}

#[test]
fn references_are_resolved_once() {
    for (text, want) in [
        ("a &amp; b", "a & b"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("&nbsp;&ldquo;河南&rdquo;&hellip;", "\u{a0}“河南”…"),
        ("&#27827;&#x5357;&#X5357", "河南南"),
        ("&#150;&#x93;", "–“"),
        ("喜讯&#55357;&#56832;到", "喜讯😀到"),
        ("&#xD83D&#xDE00;", "😀"),
        ("&#55357; &#56832;", "\u{fffd} \u{fffd}"),
        ("&#56832;&#55357;", "\u{fffd}\u{fffd}"),
        ("&#0;&#xD800;&#99999999999;", "\u{fffd}\u{fffd}\u{fffd}"),
        ("AT&T & co", "AT&T & co"),
        ("caf&eacute &copy 2026", "café © 2026"),
        ("?a=1&copy=2&copyright=3&lt=4", "?a=1&copy=2&copyright=3&lt=4"),
        ("&notit; &bogus; &; &# &#x; &", "&notit; &bogus; &; &# &#x; &"),
        ("&NotEqualTilde;&fjlig;", "≂\u{338}fj"),
        ("no reference", "no reference"),
    ] {
        assert_eq!(unescape(text), want, "{text}");
    }
}

#[test]
fn cuts_fall_after_sentences_or_between_words() {
    for (text, n, want) in [
        ("短", 5, "短"),
        ("一二三四五", 5, "一二三四五"),
        ("一二三四五六", 5, "一二三四…"),
        ("一二三。四五六七", 6, "一二三。…"),
        ("一。二三四五六七八九", 8, "一。二三四五六…"),
        ("the quick brown fox", 12, "the quick…"),
        ("Seven people. More of them", 18, "Seven people.…"),
        ("internationalisation", 8, "interna…"),
        ("一二三，四五", 5, "一二三…"),
        ("abc", 0, ""),
        ("abc", 1, "…"),
    ] {
        assert_eq!(truncate_chars(text, n), want, "{text} {n}");
    }
}

proptest! {
    #[test]
    fn one_line_is_stable_and_legal(text in any::<String>()) {
        let line = one_line(&text);
        prop_assert!(line.chars().all(is_xml_char));
        prop_assert_eq!(one_line(&line), line);
    }

    #[test]
    fn a_cut_is_never_longer_than_asked(text in "\\PC{0,80}", n in 0_usize..60) {
        prop_assert!(truncate_chars(&text, n).chars().count() <= n.max(text.chars().count().min(n)));
    }

    #[test]
    fn references_never_panic(text in "[&#;xXa-z0-9é ]{0,40}") {
        let _ = unescape(&text);
    }
}
