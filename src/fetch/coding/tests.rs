//! Bodies as servers code them, whole and broken.

use std::io::Write as _;

use http::HeaderValue;

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("memory")
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    brotli::CompressorWriter::new(&mut out, 4096, 1, 16).write_all(bytes).expect("memory");
    out
}

/// What is undone within a thousand bytes, or what is wrong.
fn undone(coding: Coding, bytes: &[u8]) -> Result<String, String> {
    let mut out = Vec::new();
    coding.undo(bytes, 1000, &mut out).map_err(|e| e.to_string())?;
    Ok(String::from_utf8(out).expect("text"))
}

#[test]
fn codings_are_named_in_many_ways() {
    use Coding::{Brotli, Gzip, Zstd};
    let cases: &[(&[&str], Option<&[Coding]>)] = &[
        (&[], Some(&[])),
        (&["gzip"], Some(&[Gzip])),
        (&["GZip"], Some(&[Gzip])),
        (&["x-gzip"], Some(&[Gzip])),
        (&["gzip, identity"], Some(&[Gzip])),
        (&["br,zstd"], Some(&[Brotli, Zstd])),
        (&["gzip", "gzip"], Some(&[Gzip, Gzip])),
        (&["br", "none, gzip"], Some(&[Brotli, Gzip])),
        (&["utf-8"], Some(&[])),
        (&[""], Some(&[])),
        (&["deflate"], None),
        (&["gzip, Compress"], None),
        (&["gzip, gzip, gzip"], Some(&[Gzip, Gzip, Gzip])),
        (&["gzip, gzip", "gzip, gzip"], None),
    ];
    for (lines, want) in cases {
        let mut headers = HeaderMap::new();
        for line in *lines {
            headers.append(CONTENT_ENCODING, HeaderValue::from_str(line).expect("a value"));
        }
        assert_eq!(of(&headers).ok().as_deref(), *want, "{lines:?}");
    }
}

#[test]
fn all_members_of_a_gzip_body_and_all_frames_of_a_zstd_body_are_read() {
    let members = [gzip(b"one "), gzip(b""), gzip(b"two "), gzip(b"three")];
    assert_eq!(undone(Coding::Gzip, &members.concat()).as_deref(), Ok("one two three"));
    let frames = [zstd(b"one "), zstd(b"two")];
    assert_eq!(undone(Coding::Zstd, &frames.concat()).as_deref(), Ok("one two"));
    assert_eq!(undone(Coding::Brotli, &brotli(b"one")).as_deref(), Ok("one"));
}

#[test]
fn what_is_no_member_behind_the_last_is_ignored_and_what_begins_as_one_must_be_one() {
    let with = |rest: &[u8]| undone(Coding::Gzip, &[&gzip(b"one"), rest].concat());
    for rest in [&[0; 600][..], b"\r\n<!-- made in 0.2 s -->", b"\0\0\n"] {
        assert_eq!(with(rest).as_deref(), Ok("one"), "{rest:?}");
    }
    assert_eq!(with(&[&[0; 9][..], &gzip(b" two")].concat()).as_deref(), Ok("one two"), "after padding too");
    let member = gzip(b"two");
    for length in 1..member.len() {
        assert!(with(&member[..length]).is_err(), "cut after {length}");
    }
    let mut wrong = member;
    let last = wrong.len() - 5;
    wrong[last] ^= 1;
    assert!(with(&wrong).is_err(), "a checksum that is not its own");
}

#[test]
fn what_breaks_off_is_no_success() {
    let text = b"a text that is long enough to be cut anywhere";
    for (coding, whole) in
        [(Coding::Gzip, gzip(text)), (Coding::Brotli, brotli(text)), (Coding::Zstd, zstd(text))]
    {
        for length in 0..whole.len() {
            assert!(undone(coding, &whole[..length]).is_err(), "{coding:?} cut after {length}");
        }
    }
}

#[test]
fn no_more_is_undone_than_was_wanted() {
    let spaces = vec![b' '; 5000];
    let bombs = [
        (Coding::Gzip, gzip(&spaces)),
        (Coding::Gzip, gzip(&[b' '; 600]).repeat(5)),
        (Coding::Zstd, zstd(&spaces)),
        (Coding::Zstd, zstd(&[b' '; 600]).repeat(5)),
        (Coding::Brotli, brotli(&spaces)),
    ];
    for (coding, bomb) in bombs {
        assert_eq!(undone(coding, &bomb).map(|text| text.len()), Ok(1000), "{coding:?}");
    }
    let many = gzip(b"").repeat(MAX_MEMBERS + 1);
    assert!(undone(Coding::Gzip, &many).is_err(), "members that hold nothing");
    assert!(undone(Coding::Gzip, &many[..many.len() - gzip(b"").len()]).is_ok());
}

#[test]
fn a_zstd_frame_that_wants_a_window_of_gigabytes_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("an encoder");
    encoder.window_log(25).expect("a window");
    encoder.write_all(b"one").expect("memory");
    assert!(undone(Coding::Zstd, &encoder.finish().expect("memory")).is_err());
}
