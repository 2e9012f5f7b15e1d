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
    assert!(page.has_codings());
    let mut tags = vec![page.etag(None)];
    for coding in Coding::ALL {
        let bytes = page.bytes(Some(coding));
        assert_eq!(decoded(coding, bytes), page.plain, "{coding:?}");
        assert!(bytes.len() < page.plain.len() / 2, "{coding:?}");
        tags.push(page.etag(Some(coding)));
    }
    tags.sort_unstable();
    tags.dedup();
    assert_eq!(tags.len(), 4);
}

#[test]
fn a_coding_is_made_once_when_somebody_asks_for_it() {
    let page = page(&long(), None);
    assert_eq!(page.octets(), page.plain.len(), "nobody asked yet");
    let first = page.bytes(Some(Coding::Gzip)).as_ptr();
    assert_eq!(page.bytes(Some(Coding::Gzip)).as_ptr(), first);
    let at_hand = Coding::ALL.map(|coding| page.bytes_at_hand(Some(coding)).is_some());
    assert_eq!(at_hand, [false, false, true], "the others are not made for that");
    assert_eq!(page.octets(), page.plain.len() + page.bytes(Some(Coding::Gzip)).len(), "and it is counted");
}

#[test]
fn a_later_rendering_is_compressed_as_the_earlier_one_was() {
    let (earlier, later) = (page(&long(), None), page(&(long() + "<entry/>"), None));
    earlier.bytes(Some(Coding::Zstd));
    later.encode_as(&earlier);
    let at_hand = Coding::ALL.map(|coding| later.bytes_at_hand(Some(coding)).is_some());
    assert_eq!(at_hand, [false, true, false]);
}

#[test]
fn the_same_content_gives_the_same_page() {
    let mark = Some(Mark { generation: 7, seq: 9 });
    let (one, other) = (page(&long(), mark), page(&long(), mark));
    assert_eq!(one, other);
    for coding in [None].into_iter().chain(Coding::ALL.map(Some)) {
        assert_eq!((one.etag(coding), one.bytes(coding)), (other.etag(coding), other.bytes(coding)));
    }
}

#[test]
fn a_view_that_fits_one_packet_is_offered_as_it_is() {
    assert!(!page("短", None).has_codings());
}

#[test]
fn a_tag_says_which_state_it_is_of() {
    let mark = Mark { generation: 0xab, seq: 0x1f };
    let page = page(&long(), Some(mark));
    for tag in [None, Some(Coding::Brotli), Some(Coding::Gzip)].map(|coding| page.etag(coding)) {
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
        format!("\"{hash}.gz\""),
        format!("\"{hash}-000000ab\""),
        format!("\"{hash}-000000ab-\""),
        format!("\"{hash}-ab-1f\""),
        format!("\"{hash}-000000ab-1f.deflate\""),
        format!("\"{hash}-000000ab-1f.br.br\""),
        format!("\"{hash}-000000ab-11111111111111111\""),
        format!("{hash}-000000ab-1f"),
        format!("\"{hash}-河河河河河河河河-1f\""),
    ] {
        assert_eq!(Mark::of_tag(&tag), None, "{tag}");
    }
}
