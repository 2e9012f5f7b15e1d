//! Decoding never panics, keeps valid UTF-8, and removes a leading byte order mark.
//!
//! The first byte picks a Content-Type; the rest is the document.
//! `fuzz/run decode -max_total_time=60`

#![no_main]

use dibao::read::decode::decode;
use libfuzzer_sys::fuzz_target;

const TYPES: [Option<&str>; 6] = [
    None,
    Some("text/xml; charset=utf-8"),
    Some("text/xml; charset=gbk"),
    Some("application/xml; charset=\"iso-8859-1\""),
    Some("text/html;charset=big5"),
    Some("; charset=; charset=="),
];

fuzz_target!(|data: &[u8]| {
    let Some((pick, bytes)) = data.split_first() else { return };
    let content_type = TYPES[usize::from(*pick) % TYPES.len()];
    let decoded = decode(bytes, content_type, Some("news.example.cn"));
    assert!(decoded.text.len() <= bytes.len() * 3 + 3, "decoding grew the text more than U+FFFD does");
    assert_eq!(decoded, decode(bytes, content_type, Some("news.example.cn")));
});
