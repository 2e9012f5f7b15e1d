//! Representations and entity tags.

use std::io::Read;

use chrono::DateTime;

use super::*;

fn page(text: &str, mark: Option<Mark>) -> Page {
    Page::build(text.as_bytes().to_vec(), "text/plain", DateTime::UNIX_EPOCH, mark)
}

fn long() -> String {
    (0..400).map(|n| format!("<entry>第{n}条新闻</entry>\n")).collect()
}

fn decoded(coding: Coding, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match coding {
        Coding::Brotli => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut out).expect("brotli"),
        Coding::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut out).expect("gzip"),
        Coding::Zstd => {
            out = zstd::bulk::decompress(bytes, 1 << 20).expect("zstd");
            out.len()
        }
    };
    out
}

#[test]
fn every_coding_carries_the_same_bytes_under_a_tag_of_its_own() {
    let page = page(&long(), None);
    assert_eq!(page.coded.len(), 3);
    let mut tags = vec![page.plain.etag.clone()];
    for (coding, encoded) in &page.coded {
        assert_eq!(decoded(*coding, &encoded.bytes), page.plain.bytes, "{coding:?}");
        assert!(encoded.bytes.len() < page.plain.bytes.len() / 2, "{coding:?}");
        assert_eq!(page.representation(Some(*coding)), Some(encoded));
        tags.push(encoded.etag.clone());
    }
    assert!(page.coded.is_sorted_by_key(|(_, encoded)| encoded.bytes.len()));
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4);
}

#[test]
fn the_same_content_gives_the_same_page() {
    let mark = Some(Mark { generation: 7, seq: 9 });
    assert_eq!(page(&long(), mark), page(&long(), mark));
}

#[test]
fn what_compression_does_not_shorten_is_kept_plain() {
    assert!(page("短", None).coded.is_empty());
    let mut seed = 1_u32;
    let noise: Vec<u8> = (0..4000)
        .map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed.to_be_bytes()[0]
        })
        .collect();
    assert!(Page::new(noise, "image/png", DateTime::UNIX_EPOCH).coded.is_empty());
}

#[test]
fn a_tag_says_which_state_it_is_of() {
    let mark = Mark { generation: 0xab, seq: 0x1f };
    let page = page(&long(), Some(mark));
    for tag in [&page.plain.etag, &page.coded[0].1.etag, &page.coded[2].1.etag] {
        assert_eq!(Mark::of_tag(tag), Some(mark), "{tag}");
    }
}

#[test]
fn other_tags_say_nothing() {
    let hash = "0123456789abcdef0123456789abcdef";
    for tag in [
        String::new(),
        "\"\"".to_owned(),
        "\"-\"".to_owned(),
        format!("\"{hash}\""),
        format!("\"{hash}-gzip\""),
        format!("\"{hash}-000000ab\""),
        format!("\"{hash}-000000ab-\""),
        format!("\"{hash}-ab-1f\""),
        format!("\"{hash}-000000ab-1f-deflate\""),
        format!("\"{hash}-000000ab-1f-br-br\""),
        format!("\"{hash}-000000ab-11111111111111111\""),
        format!("{hash}-000000ab-1f"),
        format!("\"{hash}-河河河河河河河河-1f\""),
    ] {
        assert_eq!(Mark::of_tag(&tag), None, "{tag}");
    }
}
