use super::*;

const ZH: &str = "<rss><channel><title>河南要闻：郑州地铁新线开通，全长三十公里</title></channel></rss>";

fn gbk(text: &str) -> Vec<u8> {
    GB18030.encode(text).0.into_owned()
}

#[test]
fn labels_decide_only_where_bytes_do_not() {
    let prolog = |label: &str| format!("<?xml version=\"1.0\" encoding=\"{label}\"?>{ZH}");
    let (a, b, c) = (prolog("gbk"), prolog("utf-8"), prolog("gb2312"));
    let with_mark = ["\u{feff}", &c].concat();
    let cases = [
        ("GBK with a true prolog", gbk(&a), None, "gb18030", false),
        ("GBK with a prolog that says UTF-8", gbk(&b), None, "gb18030", true),
        ("GBK named by HTTP alone", gbk(ZH), Some("text/xml; charset=gb2312"), "gb18030", false),
        ("GBK behind a default of Latin-1", gbk(&c), Some("text/xml; charset=iso-8859-1"), "gb18030", false),
        ("GBK with no label at all", gbk(ZH), None, "gb18030", false),
        ("UTF-8 with a prolog that says GBK", a.clone().into_bytes(), None, "UTF-8", true),
        ("UTF-8 with a mark and a prolog that says gb2312", with_mark.into_bytes(), None, "UTF-8", false),
        ("UTF-8 that HTTP calls us-ascii", ZH.into(), Some("text/xml; charset=us-ascii"), "UTF-8", true),
    ];
    for (name, bytes, content_type, encoding, mislabelled) in cases {
        let decoded = decode(&bytes, content_type, Some("news.example.cn"));
        assert!(decoded.text.ends_with(ZH), "{name}: {}", decoded.text);
        assert_eq!(
            (decoded.encoding, decoded.lossy, decoded.mislabelled),
            (encoding, false, mislabelled),
            "{name}"
        );
    }
}

#[test]
fn an_encoding_says_what_it_was_told_by() {
    let declared = format!("<?xml version=\"1.0\" encoding=\"gbk\"?>{ZH}");
    let meta = format!("<meta charset=gb2312>{ZH}");
    let header = Some("text/html; charset=GBK");
    let cases = [
        ("a mark", ["\u{feff}", ZH].concat().into_bytes(), None, By::Mark),
        ("a shape", ZH.encode_utf16().flat_map(u16::to_be_bytes).collect(), None, By::Shape),
        ("ASCII", b"<rss/>".to_vec(), None, By::Ascii),
        ("the header", gbk(ZH), header, By::Header),
        ("its own word before the header's", gbk(&declared), header, By::Declaration),
        ("a meta", gbk(&meta), None, By::Meta),
        ("nothing but bytes", gbk(ZH), None, By::Bytes),
        ("a lie", declared.clone().into_bytes(), None, By::Bytes),
    ];
    for (name, bytes, content_type, by) in cases {
        assert_eq!(decode(&bytes, content_type, Some("a.cn")).by, by, "{name}");
    }
}

#[test]
fn utf16_and_utf32_are_known_by_mark_or_by_shape() {
    let units16 = |le: bool| -> Vec<u8> {
        ZH.encode_utf16().flat_map(|u| if le { u.to_le_bytes() } else { u.to_be_bytes() }).collect()
    };
    let units32 = |le: bool| -> Vec<u8> {
        ZH.chars().map(u32::from).flat_map(|u| if le { u.to_le_bytes() } else { u.to_be_bytes() }).collect()
    };
    let marked = |mark: &[u8], rest: Vec<u8>| [mark, &rest].concat();
    let cases = [
        ("UTF-16LE with a mark", marked(&[0xff, 0xfe], units16(true))),
        ("UTF-16BE with a mark", marked(&[0xfe, 0xff], units16(false))),
        ("UTF-16LE without", units16(true)),
        ("UTF-16BE without", units16(false)),
        ("UTF-32LE with a mark", marked(&[0xff, 0xfe, 0, 0], units32(true))),
        ("UTF-32BE with a mark", marked(&[0, 0, 0xfe, 0xff], units32(false))),
        ("UTF-32LE without", units32(true)),
        ("UTF-32BE without", units32(false)),
    ];
    for (name, bytes) in cases {
        let decoded = decode(&bytes, Some("text/xml; charset=utf-8"), None);
        assert_eq!((decoded.text.as_ref(), decoded.lossy), (ZH, false), "{name}");
    }
}

#[test]
fn one_bad_byte_costs_one_character() {
    let at = ZH.find('：').expect("the colon is there");
    let utf8 = [&ZH.as_bytes()[..at], b"\xff", &ZH.as_bytes()[at..]].concat();
    let head = gbk(&ZH[..at]);
    let gbk = [b"<?xml version='1.0' encoding='gbk'?>".as_slice(), &head, b"\xff", &gbk(&ZH[at..])].concat();
    for (name, bytes) in [("UTF-8", utf8), ("GBK", gbk)] {
        let decoded = decode(&bytes, None, None);
        assert!(decoded.lossy, "{name}");
        let mended = decoded.text.replacen('\u{fffd}', "", 1);
        assert!(mended.ends_with(ZH), "{name}: {}", decoded.text);
    }
}

#[test]
fn a_declared_chinese_encoding_does_not_lose_to_latin_1_for_a_few_bad_bytes() {
    let text = "郑州市今天举行发布会，介绍黄河两岸生态保护的新进展，记者从会上获悉今年植树三千万棵";
    assert_eq!(text.chars().count(), 41);
    let big5 = "臺北市政府今天說明捷運新線的通車時間，市民可以免費搭乘一個月，詳情請見市府網站公告";
    for (label, encoding, text) in [("gb2312", GB18030, text), ("gbk", GB18030, text), ("big5", BIG5, big5)] {
        let at = text.char_indices().nth(20).expect("it is longer").0;
        let bytes = |text: &str| encoding.encode(text).0.into_owned();
        for bad in [&b"\xff"[..], b"\xff\xff", b"\xff\xff\xff\xff\xff\xff\xff\xff", b"\x80\xff\xfe\xff"] {
            let prolog = format!("<?xml version='1.0' encoding='{label}'?>").into_bytes();
            let whole = [prolog, bytes(&text[..at]), bad.to_vec(), bytes(&text[at..])].concat();
            let decoded = decode(&whole, Some("text/xml; charset=iso-8859-1"), None);
            assert_eq!(decoded.encoding, encoding.name(), "{label} {bad:x?}");
            let want = format!("{}\u{fffd}{}", &text[..at], &text[at..]);
            let shown = decoded.text.replace('€', "");
            assert!(shown.ends_with(&want), "{label} {bad:x?}: {shown}");
        }
    }
    // A label that is wrong for most of the text is no label.
    let latin =
        "<?xml version='1.0' encoding='big5'?><t>d\u{e9}j\u{e0} \u{e9}t\u{e9}, \u{e9} \u{e0} \u{f4}</t>";
    let bytes: Vec<u8> = latin.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect();
    assert_eq!(decode(&bytes, None, None).text, latin);
}

#[test]
fn an_emoji_of_two_halves_is_one_character() {
    let halves = b"\xed\xa0\xbd\xed\xb8\x80";
    let cases: [(&str, Vec<u8>, &str, bool); 4] = [
        ("both halves", ["喜讯".as_bytes(), halves, "到".as_bytes()].concat(), "喜讯😀到", false),
        ("twice", halves.repeat(2), "😀😀", false),
        ("one half alone", ["喜讯到达中原".as_bytes(), &halves[..3]].concat(), "喜讯到达中原\u{fffd}", true),
        (
            "halves in the wrong order",
            ["喜讯到达河南全省各地".as_bytes(), &halves[3..], &halves[..3], b"!"].concat(),
            "喜讯到达河南全省各地\u{fffd}!",
            true,
        ),
    ];
    for (name, bytes, text, lossy) in cases {
        let decoded = decode(&bytes, Some("text/xml; charset=utf-8"), None);
        assert_eq!((decoded.text.as_ref(), decoded.lossy), (text, lossy), "{name}");
    }
}

#[test]
fn gb2312_is_read_as_what_it_is_in_practice() {
    // U+9555 and U+4DAE are not in GB 2312.
    let text = "<?xml version='1.0' encoding='gb2312'?><t>镕䶮</t>";
    assert_eq!(decode(&gbk(text), None, None).text, text);
}

#[test]
fn labels_are_found_however_they_are_spelled() {
    let cases: [(&str, Option<&Encoding>); 10] = [
        ("UTF8", Some(UTF_8)),
        (" 'gb2312' ", Some(GBK)),
        ("windows_1252", Some(WINDOWS_1252)),
        ("big5hkscs", Some(BIG5)),
        ("cp936", Some(GB18030)),
        ("ms-ansi", Some(WINDOWS_1252)),
        ("utf-16", None),
        ("iso-2022-kr", None),
        ("bogus", None),
        ("", None),
    ];
    for (label, encoding) in cases {
        assert_eq!(named(label), encoding, "{label:?}");
    }
    let page = "<html><head><META http-equiv=Content-Type content='text/html; charset=GB2312'>";
    assert_eq!(own_label(page).0, Some(GBK));
    assert_eq!(own_label("<html><meta charset=big5><body>").0, Some(BIG5));
    assert_eq!(http_label("text/html; boundary=x; Charset = \"EUC-KR\""), Some(EUC_KR));
}

#[test]
fn a_few_bytes_that_are_both_go_with_their_label() {
    // "魔牛" in GBK is also two letters of UTF-8.
    let both = b"<?xml version='1.0' encoding='gbk'?><t>\xc4\xa7\xc5\xa3</t>";
    assert!(decode(both, None, None).text.contains("魔牛"));
    let plain = b"<t>\xc4\xa7\xc5\xa3</t>";
    assert_eq!(decode(plain, None, None).encoding, "UTF-8");
}

#[test]
fn empty_and_odd_bytes_decode_to_something() {
    for bytes in [
        b"".as_slice(),
        b"\xff",
        b"\xff\xfe",
        b"\xfe\xff\x00",
        b"\x00\x00\xfe\xff\x01",
        b"\xef\xbb\xbf",
        b"\x1b$B",
    ] {
        let decoded = decode(bytes, Some("charset"), Some(""));
        assert!(decoded.text.len() <= bytes.len() * 3 + 3);
    }
}
