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

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn coded(coding: Coding, bytes: &[u8]) -> Vec<u8> {
    match coding {
        Coding::Gzip => gzip(bytes),
        Coding::Brotli => brotli(bytes),
        Coding::Zstd => zstd(bytes),
        Coding::Deflate => zlib(bytes),
        Coding::Foreign(word) => panic!("nobody here writes {word}"),
    }
}

/// The first thousand octets after decoding, or the error.
fn undone(coding: Coding, bytes: &[u8]) -> Result<String, String> {
    let mut out = Vec::new();
    coding.undo(bytes, 1000, &mut out).map_err(|e| e.to_string())?;
    Ok(String::from_utf8(out).expect("text"))
}

#[test]
fn codings_are_named_in_many_ways() {
    use Coding::{Brotli, Deflate, Foreign, Gzip, Zstd};
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
        (&["deflate"], Some(&[Deflate])),
        (&["gzip, Compress"], Some(&[Gzip, Foreign("compress")])),
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
    for coding in [Coding::Gzip, Coding::Zstd, Coding::Brotli, Coding::Deflate] {
        let with = |rest: &[u8]| undone(coding, &[&coded(coding, b"one"), rest].concat());
        for rest in
            [&[0; 600][..], b"\n", b"\r\n<!-- in 0.2 s -->", b"\0\0\n", b"\x1f", b"\x28\xb5\x2f", b"P"]
        {
            assert_eq!(with(rest).as_deref(), Ok("one"), "{coding:?}: {rest:?}");
        }
        let magic = match coding {
            Coding::Gzip => GZIP.len(),
            Coding::Zstd => ZSTD.len(),
            // Those have but one.
            _ => continue,
        };
        let padded = [&[0; 9][..], &coded(coding, b" two"), b"\n"].concat();
        assert_eq!(with(&padded).as_deref(), Ok("one two"), "{coding:?}: after padding too");
        let member = coded(coding, b"two");
        for length in magic..member.len() {
            assert!(with(&member[..length]).is_err(), "{coding:?}: cut after {length}");
        }
    }
    let mut wrong = gzip(b"two");
    let last = wrong.len() - 5;
    wrong[last] ^= 1;
    assert!(undone(Coding::Gzip, &[gzip(b"one"), wrong].concat()).is_err(), "a checksum that is not its own");
    let garbage = [&ZSTD[..], &[0xff; 20]].concat();
    assert!(undone(Coding::Zstd, &[zstd(b"one"), garbage].concat()).is_err(), "a frame that is none");
}

#[test]
fn frames_that_are_to_be_skipped_are() {
    let skipped =
        |first: u8, length: u8| [&[first], &ZSTD_SKIPPED[..], &[length, 0, 0, 0], &[0xff; 5]].concat();
    let whole =
        [skipped(0x50, 5), zstd(b"one "), skipped(0x5f, 5), zstd(b"two"), skipped(0x51, 5), vec![b'\n']];
    assert_eq!(undone(Coding::Zstd, &whole.concat()).as_deref(), Ok("one two"));
    let cut = [zstd(b"one"), skipped(0x51, 6)].concat();
    assert!(undone(Coding::Zstd, &cut).is_err(), "one that breaks off");
}

#[test]
fn what_breaks_off_is_no_success() {
    let text = b"a text that is long enough to be cut anywhere";
    for (coding, whole) in [Coding::Gzip, Coding::Brotli, Coding::Zstd, Coding::Deflate]
        .map(|coding| (coding, coded(coding, text)))
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
        (Coding::Deflate, zlib(&spaces)),
    ];
    for (coding, bomb) in bombs {
        assert_eq!(undone(coding, &bomb).map(|text| text.len()), Ok(1000), "{coding:?}");
    }
    let many = gzip(b"").repeat(MAX_MEMBERS + 1);
    assert!(undone(Coding::Gzip, &many).is_err(), "members that hold nothing");
    assert!(undone(Coding::Gzip, &many[..many.len() - gzip(b"").len()]).is_ok());
    let many = [zstd(b""), vec![0]].concat().repeat(MAX_MEMBERS + 1);
    assert!(undone(Coding::Zstd, &many).is_err(), "frames that hold nothing");
}

#[test]
fn a_zstd_frame_that_wants_a_window_of_gigabytes_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("an encoder");
    encoder.window_log(25).expect("a window");
    encoder.write_all(b"one").expect("memory");
    assert!(undone(Coding::Zstd, &encoder.finish().expect("memory")).is_err());
}
