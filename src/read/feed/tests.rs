use chrono::{TimeZone as _, Utc};
use proptest::prelude::*;

use super::*;
use crate::model::entry::{Body, Ending, ParsedEntry};

fn reading(bytes: &[u8]) -> Result<ParsedFeed, ReadError> {
    read(&FeedInput {
        bytes,
        url: "https://news.example/dir/feed.xml",
        content_type: None,
        zone: chrono_tz::Asia::Shanghai,
        fetched_at: Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 0).single().expect("a real instant"),
    })
}

fn item(inside: &str) -> ParsedEntry {
    let feed = format!("<rss version='2.0'><channel><item>{inside}</item></channel></rss>");
    reading(feed.as_bytes()).expect("a feed").entries.remove(0)
}

#[test]
fn inputs_that_made_feed_rs_panic_are_read() {
    let author = "张三（a@b.com）";
    let rss = |inside: &str| {
        format!("<rss version=\"2.0\"><channel><item><title>题</title>{inside}</item></channel></rss>")
    };
    let utf16: Vec<u8> = format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-16\"?>{}", rss(""))
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let cases: [(&str, Vec<u8>); 8] = [
        ("author", rss(&format!("<author>{author}</author>")).into_bytes()),
        ("dc:creator", rss(&format!("<dc:creator>{author}</dc:creator>")).into_bytes()),
        (
            "managingEditor and webMaster",
            rss("")
                .replace(
                    "<item>",
                    &format!(
                        "<managingEditor>{author}</managingEditor><webMaster>{author}</webMaster><item>"
                    ),
                )
                .into_bytes(),
        ),
        ("a parenthesis first", rss("<author>）a@b.com（</author>").into_bytes()),
        ("UTF-16 with a mark declared utf-16", utf16),
        (
            "two prologs that contradict each other",
            format!(
                "<?xml version='1.0' encoding='utf-8'?><?xml version='1.0' encoding='utf-16'?>{}",
                rss("")
            )
            .into_bytes(),
        ),
        (
            "a prolog in the middle",
            rss("<?xml version='1.0' encoding='gbk'?><description>文</description>").into_bytes(),
        ),
        (
            "a duration past every integer",
            rss("<itunes:duration>99999999999999999999</itunes:duration>").into_bytes(),
        ),
    ];
    for (name, bytes) in cases {
        let feed = reading(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(feed.entries[0].title.as_deref(), Some("题"), "{name}");
    }
}

/// The document as feed-rs reads it and as our own reader does, if feed-rs is asked at all.
fn both(text: &str) -> Option<(ParsedFeed, ParsedFeed)> {
    let seen = Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 0).single().expect("a real instant");
    let dates = DateContext { zone: chrono_tz::Asia::Shanghai, seen, near: None };
    let context = Context { url: Url::parse("https://news.example/dir/feed.xml").ok(), dates };
    let theirs = model::read(text, &context, Repairs::default())?;
    let ours = xml::read(text, &context, Repairs::default()).expect("our reader reads what is plain");
    assert!(ours.repairs.is_none(), "mended: {:?}", ours.repairs.notes());
    Some((finish::feed(theirs.head, theirs.entries), finish::feed(ours.head, ours.entries)))
}

#[test]
fn feed_rs_reads_plain_documents_as_our_reader_does() {
    let mut plain = 0;
    let feeds = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/feeds");
    for dir in std::fs::read_dir(feeds).expect("fixtures").flatten().filter(|dir| dir.path().is_dir()) {
        for file in std::fs::read_dir(dir.path()).expect("a directory").flatten() {
            let bytes = std::fs::read(file.path()).expect("a file");
            let text = decode(&bytes, None, None).text;
            if let Some((theirs, ours)) = both(&text) {
                plain += 1;
                assert_eq!(theirs, ours, "{}", file.path().display());
            }
        }
    }
    assert!(plain >= 20, "feed-rs read {plain} of the fixtures");
}

#[test]
fn bounds_hold_and_say_so() {
    let deep = format!(
        "<item><description>{}深{}</description></item>",
        "<div>".repeat(5000),
        "</div>".repeat(5000)
    );
    let entities: String = (0..20).map(|i| format!("<!ENTITY e{i} \"{}\">", "x".repeat(1000))).collect();
    let bomb = format!("<item><title>{}</title></item>", "&e1;".repeat(2000));
    let cases = [
        ("nesting", String::new(), deep, "elements nested too deep were flattened"),
        ("expansion", format!("<!DOCTYPE rss [{entities}]>"), bomb, "entity declarations were refused"),
    ];
    for (name, doctype, entry, note) in cases {
        let feed = format!("{doctype}<rss><channel>{entry}</channel></rss>");
        let feed = reading(feed.as_bytes()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(feed.repairs.iter().any(|r| r == note), "{name}: {:?}", feed.repairs);
        let longest = feed.entries.iter().filter_map(|e| e.title.as_ref().map(String::len)).max();
        assert!(longest.unwrap_or(0) < 300 * 1024, "{name}: a title of {longest:?} bytes");
    }
}

#[test]
fn entries_past_the_limit_are_left_out_and_that_is_said() {
    let feed = format!("<rss><channel>{}", "<item/>".repeat(MAX_ENTRIES + 1));
    let seen = Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 0).single().expect("a real instant");
    let dates = DateContext { zone: chrono_tz::Asia::Shanghai, seen, near: None };
    let context = Context { url: None, dates };
    let read = xml::read(&feed, &context, Repairs::default()).expect("a feed");
    assert_eq!(read.entries.len(), MAX_ENTRIES);
    assert!(read.repairs.notes().contains(&"entries past the limit were left out".to_owned()));
}

#[test]
fn inputs_made_to_be_slow_are_read_in_passing() {
    // Each of these is quadratic in a careless reader: at this size that would be minutes.
    const N: usize = 200_000;
    let cases = [
        ("DOCTYPEs that never close", "<!DOCTYPE <>".repeat(N)),
        ("comments that never close", "<!--<".repeat(N)),
        ("instructions that never close", "<?x<".repeat(N)),
        ("CDATA that never closes", "<![CDATA[<a".repeat(N)),
        ("quotes that never close", "<a b=\"<a c='".repeat(N)),
        ("angles", "<".repeat(N)),
        ("ampersands", "&".repeat(N)),
        (
            "references without an end",
            "&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".repeat(N / 20),
        ),
        ("end tags of nothing", "</a>".repeat(N)),
        ("namespaces", format!("<a xmlns:b='c'>{}", "<d e='f' xmlns:g='h'>".repeat(N / 4))),
        (
            "a base that every link is copied onto",
            format!("<x xml:base='http://a/{}'>{}", "y".repeat(N), "<link href='z'/>".repeat(N / 10)),
        ),
    ];
    for (name, inside) in cases {
        let entry = format!("<rss><channel><title>河</title><item><title>题</title><description>{inside}");
        let feed = reading(entry.as_bytes()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(feed.title.as_deref(), Some("河"), "{name}");
    }
}

#[test]
fn ids_are_the_publishers_or_none() {
    assert_eq!(item("<title>题</title><link>https://news.example/1</link>").id, None);
    assert_eq!(item("<title>题</title><guid> a b </guid>").id.as_deref(), Some("a b"));
    assert_eq!(item("<guid/>").id, None);
}

#[test]
fn a_day_stays_a_day() {
    use crate::model::time::Precision;
    let day = item("<pubDate>2022-04-20</pubDate>").published.expect("a date");
    assert_eq!(
        (day.precision, day.at.to_rfc3339()),
        (Precision::Day, "2022-04-20T15:59:59+00:00".to_owned())
    );
    let second = item("<pubDate>2022-04-20 14:06:00</pubDate>").published.expect("a date");
    assert_eq!(
        (second.precision, second.at.to_rfc3339()),
        (Precision::Second, "2022-04-20T06:06:00+00:00".to_owned())
    );
}

#[test]
fn cdata_ends_and_markup_survive() {
    let entry = item("<description>a]]&gt;b &lt;i&gt;c&lt;/i&gt; ]]]]&gt;&gt; &amp;amp;</description>");
    assert_eq!(entry.summary, Some(Body::Html("a]]>b <i>c</i> ]]]]>> &amp;".to_owned())));
    let entry = item("<enclosure url='https://news.example/?a=\"&amp;b=&lt;' title='x'/>");
    assert_eq!(entry.links[0].href, "https://news.example/?a=%22&b=%3C");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        _ = reading(&bytes);
    }

    #[test]
    fn feed_rs_and_our_reader_agree_on_any_plain_soup(
        is_atom in any::<bool>(),
        parts in proptest::collection::vec(
            prop::sample::select(vec![
                "<title>", "</title>", "<link>https://x.example/1</link>", "<link>HTTP://X.example:80/a b</link>",
                "<link rel='alternate' href='https://x.example'/>", "<link href='https://x.example/2' type='text/html' title=' a  b '/>",
                "<link rel='enclosure' length='12' href='https://x.example/m.mp3'/>", "<guid isPermaLink='false'> 1 </guid>", "<id>urn:x:1</id>",
                "<guid>https://x.example/g</guid>", "<description>", "</description>", "<summary type='html'>", "<summary>", "</summary>",
                "<content type='html'>", "<content>", "</content>", "<content:encoded>", "</content:encoded>", "<![CDATA[", "]]>",
                "&lt;p&gt;x&lt;/p&gt;", "&amp;nbsp;", "&#8220;", "&#x4e2d;", "&#146;", "题", " ", "\n", "\r\n", "\u{3000}", "â€¦", "<!-- c -->",
                "<pubDate>Mon, 18 Apr 2022 14:06:00 +0800</pubDate>", "<pubDate>2022-04-20</pubDate>", "<pubDate>x</pubDate>",
                "<published>2022-04-20T01:02:03Z</published>", "<updated> 2022-04-21T01:02:03+08:00 </updated>", "<author>张三</author>",
                "<author>a@b.cn (张)</author>", "<dc:creator> 李  四 </dc:creator>", "<author><name>王</name><uri>https://x.example/w</uri></author>",
                "<category domain='d'>交通</category>", "<category term='t' scheme=' s ' label='l'/>", "<category/>", "<comments>https://x.example/1</comments>",
                "<rights>甲 &amp; 乙</rights>", "<title/>", "<x/>", "文",
            ]),
            0..24,
        )
    ) {
        let inside = parts.concat();
        let text = match is_atom {
            true => format!("<?xml version='1.0' encoding='gbk'?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang='zh-cn'><title>报</title>\
                <entry><link href='https://x.example/0'/>{inside}</entry><entry><link href='https://x.example/9'/></entry></feed>"),
            false => format!("<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/' \
                xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>报</title><link>https://x.example/</link><ttl>30</ttl>\
                <item>{inside}</item></channel></rss>"),
        };
        if let Some((theirs, ours)) = both(&text) {
            prop_assert_eq!(theirs, ours, "{}", text);
        }
    }

    #[test]
    fn any_soup_of_markup_is_read_and_what_is_read_is_clean(
        parts in proptest::collection::vec(
            prop::sample::select(vec![
                "<item>", "</item>", "<title>", "</title>", "<link>", "</link>", "<link href='/a'/>", "<guid>", "</guid>",
                "<description>", "</description>", "<content:encoded>", "<![CDATA[", "]]>", "<b>", "</b>", "<br>", "&", "&amp;",
                "&nbsp;", "&#0;", "&#x80;", "<", ">", "\"", "'", "=", "题", "\u{0}", "\u{92}", "https://x.example/1", "javascript:x",
                "<entry>", "</entry>", "<source>", "</source>", "<author>", "张（a@b.cn）", "</author>", "<image>", "</channel>",
                "<!--", "-->", "<?xml version='1.0'?>", "<pubDate>", "2022-04-20", "</pubDate>", "<category>", " ", "\n",
                "<content type='xhtml'><div>", "</div></content>", "<summary type='", "'>", "xml:base='//y/'", "<x ", "/>",
            ]),
            0..60,
        )
    ) {
        let feed = format!("<rss><channel>{}", parts.concat());
        let read = reading(feed.as_bytes());
        prop_assert_eq!(&read, &reading(feed.as_bytes()));
        let read = read.expect("there is a channel");
        for entry in &read.entries {
            let title = entry.title.as_deref().unwrap_or("x");
            prop_assert!(!title.is_empty() && title == crate::read::text::one_line(title), "title {title:?}");
            for link in &entry.links {
                prop_assert!(Url::parse(&link.href).is_ok(), "link {link:?}");
                prop_assert!(!link.href.starts_with("javascript"), "link {link:?}");
            }
            for body in entry.summary.iter().chain(&entry.content) {
                prop_assert!(body.as_str().chars().all(crate::read::text::is_xml_char), "body {body:?}");
            }
        }
    }
}

#[test]
fn what_a_feed_says_of_its_rhythm_is_read() {
    use crate::model::skip::Skip;
    let channel = |inside: &str| {
        let sy = "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'";
        let feed = format!("<rss version='2.0' {sy}><channel><title>题</title>{inside}</channel></rss>");
        reading(feed.as_bytes()).expect("a feed")
    };
    let cases = [
        ("nothing", "", None),
        ("ttl", "<ttl> 30 </ttl>", Some(30)),
        ("sy", "<sy:updatePeriod>hourly</sy:updatePeriod>", Some(60)),
        (
            "sy, twice a day",
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>",
            Some(720),
        ),
        ("the longer of both", "<ttl>30</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", Some(60)),
        ("another module's element", "<updatePeriod>hourly</updatePeriod>", None),
        ("no period at all", "<sy:updatePeriod>often</sy:updatePeriod>", None),
    ];
    for (name, inside, minutes) in cases {
        assert_eq!(channel(inside).ttl_minutes, minutes, "{name}");
    }
    let skips = "<skipHours><hour>0</hour><hour>24</hour><hour>5</hour></skipHours>\
                 <skipDays><day>Sunday</day></skipDays>";
    assert_eq!(channel(skips).skip, Skip::new(["0", "5"], ["Sunday"]));
    assert_eq!(channel(skips).title.as_deref(), Some("题"));
    let in_an_entry = "<item><title>一</title><hour>3</hour><day>Monday</day></item>";
    assert!(channel(in_an_entry).skip.is_none());
}

#[test]
fn a_date_without_a_year_takes_it_from_the_entrys_link_wherever_that_stands() {
    let link = "<link>https://news.example/cj/2024/09-27/1.shtml</link>";
    let date = "<pubDate>9-27 22:20</pubDate>";
    let want = Utc.with_ymd_and_hms(2024, 9, 27, 14, 20, 0).single();
    for inside in [format!("{link}{date}"), format!("{date}{link}")] {
        assert_eq!(item(&inside).published.map(|s| s.at), want, "{inside}");
    }
    let seen_year = Utc.with_ymd_and_hms(2026, 9, 27, 14, 20, 0).single();
    assert_eq!(item(date).published.map(|s| s.at), seen_year);
}

#[test]
fn dates_without_a_year_are_of_the_day_in_the_address_in_every_dialect() {
    let cases = [
        (
            "JSON Feed",
            r#"{"items":[{"url":"https://news.example/2024/09-27/1.html","date_published":"9-27 22:20"}]}"#,
        ),
        (
            "CDF",
            "<channel><item href='https://news.example/2024/09-27/1.html' lastmod='9-27 22:20'/></channel>",
        ),
        (
            "RSS",
            "<rss><channel><item><pubDate>9-27 22:20</pubDate>\
             <link>https://news.example/2024/09-27/1.html</link></item></channel></rss>",
        ),
    ];
    for (name, feed) in cases {
        let entry = reading(feed.as_bytes()).unwrap_or_else(|e| panic!("{name}: {e}")).entries.remove(0);
        let date = entry.published.or(entry.updated).unwrap_or_else(|| panic!("{name}: no date"));
        assert_eq!(date.at.to_rfc3339(), "2024-09-27T14:20:00+00:00", "{name}");
    }
}

#[test]
fn a_document_says_how_it_ended() {
    let item =
        "<item><title>甲</title><source url='u'><title>报</title></source><link>http://a.cn/1</link></item>";
    let open = format!("<rss version='2.0'><channel><title>报</title>{item}");
    let cases = [
        ("whole", format!("{open}</channel></rss>"), Ending::Whole),
        ("behind an entry", open.clone(), Ending::Early),
        ("at the beginning of one", format!("{open}<item>"), Ending::Early),
        ("in a title", format!("{open}<item><title>乙"), Ending::InEntry),
        (
            "in what an entry quotes",
            format!("{open}<item><title>乙</title><source><title>报"),
            Ending::InEntry,
        ),
        ("in a tag", format!("{open}<item><title>乙</title><li"), Ending::InEntry),
        ("in the end tag of the last", format!("{open}<item><title>乙</title></it"), Ending::InEntry),
        ("in the end tag of the document", format!("{open}</channel></rs"), Ending::Early),
    ];
    for (name, text, ending) in cases {
        let found = reading(text.as_bytes()).expect("a feed");
        assert_eq!(found.ending, ending, "{name}");
    }
}

fn json_feed(items: &str) -> String {
    format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"报\",\"items\":[{items}]}}")
}

#[test]
fn json_with_faults_gives_its_entries() {
    let one = "{\"id\":\"1\",\"url\":\"http://a.cn/1\",\"title\":\"甲\",\"content_html\":\"<p>一</p>\"}";
    let two = "{\"id\":\"2\",\"url\":\"http://a.cn/2\",\"title\":\"乙\",\"content_text\":\"二\"}";
    let whole = json_feed(&format!("{one},{two}"));
    let cases = [
        ("sound", whole.clone()),
        ("a line end in a string", whole.replace("一", "一\n段")),
        ("a tab and a NUL in a string", whole.replace("一", "一\t\u{0}段")),
        ("half a character", whole.replace("一", "一\\ud83d段")),
        ("a comma too many", json_feed(&format!("{one},{two},"))),
        ("a comma too few", json_feed(&format!("{one}\n{two}"))),
        ("two marks before it", format!("\u{feff}\u{feff}\r\n{whole}")),
        ("a complaint before it", format!("<br />\n<b>Notice</b>: x in /a.php on line 3<br />\n{whole}")),
        ("a callback around it", format!("callback({whole});")),
        ("a guard before it", format!(")]}}',\n{whole}")),
        ("a comment behind it", format!("{whole}<!-- 0.2 s -->")),
        (
            "items by their places",
            whole.replace('[', "{\"0\":").replace(",{\"id\":\"2\"", ",\"2\":{\"id\":\"2\"").replace(']', "}"),
        ),
    ];
    for (name, text) in cases {
        let feed = reading(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let titles: Vec<_> = feed.entries.iter().filter_map(|entry| entry.title.as_deref()).collect();
        assert_eq!(titles, ["甲", "乙"], "{name}");
        assert_eq!(feed.ending, Ending::Whole, "{name}");
        let is_sound = matches!(name, "sound" | "items by their places" | "two marks before it");
        assert_eq!(feed.repairs.is_empty(), is_sound, "{name}: {:?}", feed.repairs);
    }
    let bad_byte =
        whole.replace('一', "一\u{1}").into_bytes().into_iter().map(|b| if b == 1 { 0xff } else { b });
    let feed = reading(&bad_byte.collect::<Vec<u8>>()).expect("a feed");
    assert_eq!(feed.entries.len(), 2);
    assert!(matches!(&feed.entries[0].content, Some(Body::Html(html)) if html == "<p>一\u{fffd}</p>"));
}

#[test]
fn json_that_breaks_off_gives_what_it_has_and_says_so() {
    let items = "{\"id\":\"1\",\"title\":\"甲\"},{\"id\":\"2\",\"title\":\"乙\"}";
    let whole = json_feed(items);
    let end = whole.len();
    let second = whole.find("乙").expect("it has two");
    for (name, text, ending, entries) in [
        ("behind an entry", &whole[..end - 2], Ending::Early, 2),
        ("in an entry", &whole[..second], Ending::InEntry, 2),
    ] {
        let feed = reading(text.as_bytes()).expect(name);
        assert_eq!((feed.ending, feed.entries.len()), (ending, entries), "{name}");
    }
    let head = &whole[..whole.find("\"items\"").expect("it has items")];
    assert_eq!(reading(head.as_bytes()).err(), Some(ReadError::CutShort));
}

#[test]
fn odd_values_of_json_are_read() {
    let items =
        "{\"id\":7,\"title\":\"甲\",\"date_published\":1790000000},null,{\"id\":\"x\",\"url\":\"/b\"}";
    let feed = json_feed(items)
        .replace("\"title\":\"报\"", "\"title\":null,\"home_page_url\":\"http://home.cn/x/\"");
    let feed = reading(feed.as_bytes()).expect("a feed");
    assert_eq!(feed.entries.len(), 2);
    assert_eq!(feed.entries[0].id.as_deref(), Some("7"));
    assert_eq!(feed.entries[0].published.map(|date| date.at.timestamp()), Some(1_790_000_000));
    assert_eq!(feed.entries[1].page(), Some("http://home.cn/b"));
}

#[test]
fn a_long_date_in_a_script_of_three_bytes_a_letter_is_read() {
    let long = "วันพฤหัสบดีที่ 26 พฤศจิกายน พ.ศ. 2569 เวลา 08:30:00 น. +0700 (เวลาประเทศไทย)";
    assert!(long.len() > 128);
    let entry = item(&format!("<title>甲</title><pubDate>{long}</pubDate>"));
    let read = entry.published.map(|date| date.at.to_rfc3339());
    assert_eq!(read.as_deref(), Some("2026-11-26T01:30:00+00:00"));
}

#[test]
fn two_references_that_are_halves_of_one_character_are_that_character() {
    for (written, read) in [
        ("喜讯&#55357;&#56832;到", "喜讯😀到"),
        ("喜讯&#xD83D;&#xDE00;到", "喜讯😀到"),
        ("喜讯&#xd83d;&#56832;&#55357;&#56832;到", "喜讯😀😀到"),
        ("喜讯&#55357;到", "喜讯到"),
        ("喜讯&#56832;&#55357;到", "喜讯到"),
        ("喜讯&#55357; &#56832;到", "喜讯 到"),
        // Escaped once more, as in HTML.
        ("<![CDATA[喜讯&#55357;&#56832;到]]>", "喜讯😀到"),
        ("喜讯&amp;#55357;&amp;#56832;到", "喜讯😀到"),
    ] {
        assert_eq!(item(&format!("<title>{written}</title>")).title.as_deref(), Some(read), "{written}");
    }
}

#[test]
fn relative_links_of_rss_start_at_the_channels_link() {
    let rss = |before: &str, inside: &str, behind: &str| {
        format!("<rss version='2.0'><channel>{before}<item>{inside}</item>{behind}</channel></rss>")
    };
    let site = "<link>http://news.cn/x/index.html</link>";
    let atom = "<feed xmlns='http://www.w3.org/2005/Atom'><link href='http://news.cn/'/><entry><link href='/a'/></entry></feed>";
    let base = "<rss version='2.0' xml:base='http://base.cn/y/'><channel><link>http://news.cn/</link><item><link>a</link></item></channel></rss>";
    let cases = [
        ("absolute", rss(site, "<link>http://other.cn/a</link>", ""), "http://other.cn/a"),
        ("from the root", rss(site, "<link>/a</link>", ""), "http://news.cn/a"),
        ("from the folder", rss(site, "<link>a</link>", ""), "http://news.cn/x/a"),
        ("a guid that is the link", rss(site, "<guid>/a</guid>", ""), "http://news.cn/a"),
        ("the channel's behind the entry", rss("", "<link>/a</link>", site), "http://news.cn/a"),
        ("no link of the channel", rss("", "<link>/a</link>", ""), "https://news.example/a"),
        (
            "a relative link of the channel",
            rss("<link>/z/</link>", "<link>a</link>", ""),
            "https://news.example/z/a",
        ),
        (
            "a channel's link that is none",
            rss("<link>mailto:a@b.cn</link>", "<link>a</link>", ""),
            "https://news.example/dir/a",
        ),
        (
            "only a picture's link",
            rss("<image><link>http://p.cn/</link></image>", "<link>/a</link>", ""),
            "https://news.example/a",
        ),
        (
            "the feed's own address",
            rss("<atom:link rel='self' href='http://f.cn/'/>", "<link>/a</link>", ""),
            "https://news.example/a",
        ),
        ("a base that is declared", base.to_owned(), "http://base.cn/y/a"),
        ("Atom", atom.to_owned(), "https://news.example/a"),
    ];
    for (name, text, want) in cases {
        let feed = reading(text.as_bytes()).expect("a feed");
        assert_eq!(feed.entries[0].page(), Some(want), "{name}");
    }
}
