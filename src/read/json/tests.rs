//! Tests of the defects that templates put into JSON.

use proptest::prelude::*;
use serde_json::Value;

use super::{MAX_DEPTH, read};

fn shown(text: &str) -> String {
    read(text).map_or_else(|error| format!("no JSON: {error}"), |document| document.value.to_string())
}

#[test]
fn one_bad_character_costs_that_character() {
    let cases = [
        ("a raw line end in a string", "{\"a\":\"x\ny\",\"b\":1}", r#"{"a":"x\ny","b":1}"#),
        ("raw tabs, returns and other controls", "{\"a\":\"x\ty\r\u{1}z\u{8}\"}", r#"{"a":"x\ty\rz"}"#),
        ("a comma behind the last of an object", r#"{"a":1,}"#, r#"{"a":1}"#),
        ("a comma behind the last of a list", r#"{"a":[1,2, ] }"#, r#"{"a":[1,2]}"#),
        ("two commas", r#"{"a":[1,,2],,"b":3}"#, r#"{"a":[1,2],"b":3}"#),
        ("no comma between two objects", r#"[{"a":1} {"a":2}]"#, r#"[{"a":1},{"a":2}]"#),
        ("no comma between two lines", "{\"a\":\"x\"\n\"b\":\"y\"}", r#"{"a":"x","b":"y"}"#),
        ("no value", r#"{"a":,"b":}"#, r#"{"a":null,"b":null}"#),
        ("no colon", r#"{"a" 1}"#, r#"{"a":1}"#),
        (
            "half of a character",
            r#"{"a":"x\ud83dy","b":"\ude00"}"#,
            "{\"a\":\"x\u{fffd}y\",\"b\":\"\u{fffd}\"}",
        ),
        ("a whole one beside a fault", r#"{"a":"\ud83d\ude00",}"#, r#"{"a":"😀"}"#),
        ("escapes that are none", r#"{"a":"\x41 \' \- \u00 \d"}"#, r#"{"a":"A ' - u00 d"}"#),
        (
            "quotes that nobody escaped",
            r#"{"a":"he said "hi", twice","b":1}"#,
            r#"{"a":"he said \"hi\", twice","b":1}"#,
        ),
        ("such quotes at the ends", r#"{"a":""x" and "y"","b":1}"#, r#"{"a":"\"x\" and \"y\"","b":1}"#),
        ("such quotes in a list", r#"{"a":["the "x" of y","z"]}"#, r#"{"a":["the \"x\" of y","z"]}"#),
        ("single quotes and bare keys", "{a:'x \"y\" z', b : 'it\\'s'}", r#"{"a":"x \"y\" z","b":"it's"}"#),
        (
            "comments",
            "{/* one */\"a\":1, // two\n\"b\":\"http://c/\" /* three */,}",
            r#"{"a":1,"b":"http://c/"}"#,
        ),
        (
            "words of other languages",
            r#"{"a":NaN,"b":undefined,"c":True,"d":None}"#,
            r#"{"a":null,"b":null,"c":true,"d":null}"#,
        ),
        (
            "numbers that are none",
            r#"{"a":007,"b":1.,"c":+5,"d":1e999}"#,
            r#"{"a":"007","b":"1.","c":"+5","d":"1e999"}"#,
        ),
        ("what stands behind the document", "{\"a\":1}\n<!-- 0.2 s -->", r#"{"a":1}"#),
        ("a bracket too many", r#"{"a":[{"b":1}},{"b":2}]}"#, r#"{"a":[{"b":1},{"b":2}]}"#),
        (
            "a bracket too few",
            r#"{"a":[{"b":["x","y"},{"b":["z"]}]}"#,
            r#"{"a":[{"b":["x","y"]},{"b":["z"]}]}"#,
        ),
        ("a mark before the document", "\u{feff}\u{feff} {\"a\":1}", r#"{"a":1}"#),
    ];
    for (name, text, want) in cases {
        assert_eq!(shown(text), want, "{name}");
    }
}

#[test]
fn a_text_that_ends_early_is_closed() {
    let whole = r#"{"a":"x, y","b":[{"c":1,"d":"e"},{"c":2.5}],"f":true}"#;
    for at in 1..whole.len() {
        let document = read(&whole[..at]).unwrap_or_else(|error| panic!("{at}: {error}"));
        assert!(document.mended && document.open > 0, "{at}");
        let first = document.value.get("a").and_then(Value::as_str);
        assert!(at < 11 || first == Some("x, y"), "{at}: {}", document.value);
    }
    assert_eq!(read(whole).map(|document| (document.mended, document.open)).ok(), Some((false, 0)));
    assert_eq!(shown(r#"{"a":[{"b":1},{"b":"x"#), r#"{"a":[{"b":1},{"b":"x"}]}"#);
}

#[test]
fn what_lies_too_deep_costs_itself_alone() {
    let deep = format!("{{\"a\":{}{},\"b\":1}}", "[".repeat(5000), "]".repeat(5000));
    let document = read(&deep).expect("it is mended");
    assert_eq!(document.value.get("b"), Some(&Value::from(1)));
    let mut depth = 0;
    let mut inner = document.value.get("a");
    while let Some(list) = inner {
        depth += 1;
        inner = list.get(0);
    }
    assert!((MAX_DEPTH - 2..=MAX_DEPTH).contains(&depth), "{depth}");
}

#[test]
fn what_is_no_document_stays_an_error() {
    assert!(read(&"{\"a\":[".repeat(5000)).is_err(), "brackets alone");
    for text in ["", "hello", "<html>{\"a\":1}</html>", "}", "callback({\"a\":1})"] {
        assert!(read(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
        let _ = read(&text);
        let _ = read(&format!("{{\"items\":[{text}"));
    }

    #[test]
    fn pieces_of_json_in_any_order_are_read(
        pieces in proptest::collection::vec(
            prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"", "'", "\\", "\n", "a", "1", "-", "true", "//", "/*", "*/", "\\u", "\\ud83d",
                "\"a\":", " ", "\u{feff}", "河南",
            ]),
            0..40,
        )
    ) {
        // Whatever it is mended to, serde_json takes it.
        let text = format!("{{{}", pieces.concat());
        prop_assert!(read(&text).is_ok(), "{}", text);
    }
}

/// Minutes, where each stray bracket is looked for in all that is open.
#[test]
fn stray_brackets_under_many_open_ones_take_one_pass() {
    const MANY: usize = 200_000;
    let (lists, objects) = ("[".repeat(MANY), "}".repeat(MANY));
    for text in [
        format!("{{\"a\":{lists}]{objects}"),
        format!("{lists}{objects}"),
        format!("{lists}1{}", "]}".repeat(MANY)),
        format!("[{}{}", "{\"a\":".repeat(MANY), "1}]".repeat(MANY)),
    ] {
        let _ = read(&text);
    }
}
