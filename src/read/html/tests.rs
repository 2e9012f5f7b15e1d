//! Markup as publishers and attackers write it.

use proptest::prelude::*;

use super::{MAX_HTML, looks_like_markup, page, plain, sanitise, summary, to_text};

const BASE: Option<&str> = Some("https://www.ha.chinanews.com.cn/news/1.shtml");

fn check(cases: &[(&str, &str)]) {
    for (html, want) in cases {
        assert_eq!(sanitise(html, BASE), *want, "{html}");
    }
}

#[test]
fn what_could_run_or_style_is_gone() {
    check(&[
        ("<p onclick=\"x()\" style=\"color:red\" class=a id=b>a</p>", "<p>a</p>"),
        ("a<script>alert('<p>')</script>b<style>p{}</style>c", "abc"),
        ("a<SCRIPT src=//x.cn/a.js></SCRIPT >b", "ab"),
        ("a<script>never closed <p>b</p>", "a"),
        ("a<script>x</scripty>y</script >b", "ab"),
        ("<a href=\"javascript:x()\">a</a>", "<a rel=\"noopener noreferrer\">a</a>"),
        ("<a href=\" java&#10;script&#58;x()\">a</a>", "<a rel=\"noopener noreferrer\">a</a>"),
        ("<img src=x onerror=alert(1)>", "<img src=\"https://www.ha.chinanews.com.cn/news/x\">"),
        ("<img src=\"data:image/png;base64,AAAA\">a", "a"),
        (
            "<svg><script>x</script><a xlink:href=\"javascript:x\">t</a></svg>a",
            "<a rel=\"noopener noreferrer\">t</a>a",
        ),
        ("<math><mtext></p><style><img src=x></style></mtext></math>a", "a"),
        ("<iframe src=\"https://x.cn\">i</iframe>a<object data=x>o</object><embed src=y>", "ao"),
        ("<form action=/x><input value=v><button>b</button></form>", "b"),
        ("<meta http-equiv=refresh content=0><base href=//evil.cn/><link rel=stylesheet>a", "a"),
        ("<!-- c --><!--[if IE]><p>ie</p><![endif]-->a<?php echo 1 ?>b<!DOCTYPE html>c", "abc"),
        ("a<!-->b<!--->c<!-- x --!>d<!--!>x--->e<!-- never closed --!", "abcde"),
        (
            "<p title='\"><script>x</script>'>a</p>",
            "<p title=\"&quot;&gt;&lt;script&gt;x&lt;/script&gt;\">a</p>",
        ),
        ("<<p>script>alert(1)</script>", "&lt;<p>script&gt;alert(1)</p>"),
        (
            "<noscript><p title=\"</noscript><img src=x onerror=1>\">a</noscript>",
            "<p title=\"&lt;/noscript&gt;&lt;img src=x onerror=1&gt;\">a</p>",
        ),
        ("<textarea></p><b>x</b></textarea>a<title>t</title>", "a"),
        ("a\u{0}b\u{1}c&#1;&#xFFFE;d<b>", "abcd<b></b>"),
    ]);
}

#[test]
fn links_and_images_are_absolute() {
    check(&[
        (
            "<a href=\"/x?a=1&amp;b=2\" target=_blank>a</a>",
            "<a href=\"https://www.ha.chinanews.com.cn/x?a=1&amp;b=2\" rel=\"noopener noreferrer\">a</a>",
        ),
        (
            "<a href=2.shtml>a</a>",
            "<a href=\"https://www.ha.chinanews.com.cn/news/2.shtml\" rel=\"noopener noreferrer\">a</a>",
        ),
        (
            "<img src='//i2.chinanews.com/1.jpg' alt='河南' width=600>",
            "<img src=\"https://i2.chinanews.com/1.jpg\" alt=\"河南\" width=\"600\">",
        ),
        ("<img srcset='/a.jpg 1x, /b.jpg 2x'>", "<img src=\"https://www.ha.chinanews.com.cn/a.jpg\">"),
        (
            "<blockquote cite='/c'>q</blockquote>",
            "<blockquote cite=\"https://www.ha.chinanews.com.cn/c\">q</blockquote>",
        ),
        (
            "<video src=/v.mp4 autoplay></video>",
            "<video src=\"https://www.ha.chinanews.com.cn/v.mp4\" controls=\"\"></video>",
        ),
    ]);
    assert_eq!(sanitise("<a href=x>a</a><img src=y>b", None), "<a rel=\"noopener noreferrer\">a</a>b");
}

#[test]
fn late_images_are_made_real_and_counters_dropped() {
    let real = "<img src=\"https://x.cn/real.jpg\">";
    check(&[
        ("<img data-original='//x.cn/real.jpg'>", real),
        ("<img src=/images/loading.gif data-src=https://x.cn/real.jpg>", real),
        ("<img src=data:image/gif;base64,R0 data-lazy-src=https://x.cn/real.jpg>", real),
        ("<img src=/static/none.gif file=https://x.cn/real.jpg zoomfile=https://x.cn/real.jpg>", real),
        ("<img data-src=https://x.cn/real.jpg><noscript><img src=https://x.cn/real.jpg></noscript>", real),
        ("<img src=https://x.cn/real.jpg file=https://x.cn/other.jpg>", real),
        ("<img src=https://x.cn/c?id=1 width=1 height=1>a", "a"),
        ("<img src=https://x.cn/c?id=1 width=1px height='0'>a", "a"),
        ("<img src=https://x.cn/c?id=1 style='width: 1px; height:1px'>a", "a"),
        ("<img src=https://x.cn/c?id=1 style='DISPLAY:none'>a", "a"),
        ("<img src=http://feeds.feedburner.com/~r/x/~4/abc>a", "a"),
        ("<img src=https://hm.baidu.com/hm.gif?si=1>a", "a"),
        (
            "<img src=https://x.cn/real.jpg width=1 height=600>",
            "<img src=\"https://x.cn/real.jpg\" height=\"600\" width=\"1\">",
        ),
    ]);
}

#[test]
fn broken_markup_is_closed_where_a_browser_would() {
    check(&[
        ("<p>a<p>b<ul><li>c<li>d</ul>e", "<p>a</p><p>b</p><ul><li>c</li><li>d</li></ul>e"),
        ("<b><i>a</b>b</i>", "<b><i>a</i></b>b"),
        ("a</p></div>b</b>", "ab"),
        (
            "<table><tr><td>a<td>b<tr><td>c</table>d",
            "<table><tbody><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></tbody></table>d",
        ),
        ("<td>a</td>", "a"),
        ("a<br/>b</br>c", "a<br>b<br>c"),
        (
            "<a href=http://a.cn/1>x<a href=http://a.cn/2>y</a>",
            "<a href=\"http://a.cn/1\" rel=\"noopener noreferrer\">x</a><a href=\"http://a.cn/2\" rel=\"noopener noreferrer\">y</a>",
        ),
        ("1 < 2 & 3 > 2 &amp; &lt;b&gt;", "1 &lt; 2 &amp; 3 &gt; 2 &amp; &lt;b&gt;"),
        ("<![CDATA[a<b>]]>", "a&lt;b&gt;"),
        ("<font color=red><o:p>a</o:p></font>", "a"),
        ("a<p title=\"never closed>b", "a"),
        ("  plain　text ", "plain　text"),
        ("", ""),
    ]);
}

#[test]
fn deep_and_wide_markup_is_bounded() {
    let deep = format!("{}x{}y", "<div>".repeat(20_000), "</div>".repeat(20_000));
    let clean = sanitise(&deep, None);
    assert_eq!(clean.matches("<div>").count(), super::MAX_NESTING);
    assert!(clean.ends_with("</div>y"));
    let formatting: String = (0..5_000).map(|n| format!("<font size={n}><b title=t{n}>")).collect();
    let _ = sanitise(&format!("{formatting}{}", "<p>x".repeat(5_000)), None);
    let wide = sanitise(&"<b>x</b>".repeat(40_000), None);
    assert_eq!(wide.matches("<b>").count(), super::MAX_ELEMENTS);
    assert_eq!(wide.matches('x').count(), 40_000);
    for long in ["<p>", "x<br>", "·", "&"] {
        let kept = sanitise(&long.repeat(MAX_HTML), None).len();
        assert!(kept <= MAX_HTML + 64, "{long} {kept}");
    }
    for bomb in [
        "<", "<!--", "<a ", "<a b='", "</", "<![CDATA[", "<script>", "&", "&#", "<p a=b ", "<table><tr>",
        "</script",
    ] {
        let _ = sanitise(&bomb.repeat(20_000), None);
        let _ = to_text(&bomb.repeat(20_000));
    }
}

#[test]
fn text_keeps_paragraphs() {
    for (html, want) in [
        (
            "<p>　　中新网郑州4月20日电&nbsp;（记者 甲）</p>\n<p>　　河南<b>今年</b>粮食</p>",
            "中新网郑州4月20日电 （记者 甲）\n\n河南今年粮食",
        ),
        ("a<br>b<br/><br>c", "a\nb\nc"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<h1>t</h1>x<script>y</script>", "t\n\nx"),
        ("AT&amp;T &lt;b&gt; <![CDATA[&amp;]]>", "AT&T <b> &amp;"),
        ("1 < 2", "1 < 2"),
    ] {
        assert_eq!(to_text(html), want, "{html}");
    }
}

#[test]
fn plain_tells_markup_from_text() {
    for (text, want) in [
        ("河南　郑州", "河南 郑州"),
        ("<b>河南</b>&nbsp;郑州<br/>洛阳", "河南 郑州 洛阳"),
        ("a < b & c > d", "a < b & c > d"),
        ("1 &lt; 2 &amp;amp; 3", "1 < 2 &amp; 3"),
        ("<![CDATA[ 标题 ]]>", "标题"),
        ("<p>a</p><script>alert(1)</script><p>b</p>", "a b"),
        ("《河南日报》<", "《河南日报》<"),
        ("I <3 it", "I <3 it"),
    ] {
        assert_eq!(plain(text), want, "{text}");
    }
}

#[test]
fn a_summary_is_one_line_and_short() {
    let body = "<p>　　中新网郑州电。</p><p>河南今年粮食总产创新高。各地丰收。</p>";
    assert_eq!(summary(body, 100), "中新网郑州电。 河南今年粮食总产创新高。各地丰收。");
    assert_eq!(summary(body, 22), "中新网郑州电。 河南今年粮食总产创新高。…");
    assert_eq!(summary("纯文本", 10), "纯文本");
}

#[test]
fn markup_is_told_from_a_stray_sign() {
    for yes in ["a<br>", "<p class=x>", "</div>", "<!-- x -->", "x<IMG src=a>", "<b/>", "<![CDATA[x]]>"] {
        assert!(looks_like_markup(yes), "{yes}");
    }
    for no in ["a < b", "<3", "<河南>", "<unknown>", "List<String> x", "a<b", "<"] {
        assert!(!looks_like_markup(no), "{no}");
    }
}

proptest! {
    #[test]
    fn clean_markup_stays_as_it_is(
        pieces in proptest::collection::vec(
            prop::sample::select(vec![
                "<p>", "</p>", "<b>", "</b>", "<a href=\"http://a.cn/1\">", "</a>", "<table>", "</table>", "<tr>", "<td>",
                "</td>", "<ul>", "<li>", "</ul>", "<div>", "</div>", "<br>", "<img src='http://a.cn/1.jpg'>", "x", " y ",
                "&amp;", "&lt;p&gt;", "<", ">", "\"", "<h1>", "<script>", "</script>", "<!--", "-->", "<dl>", "<dt>", "<dd>",
                "<blockquote>", "</blockquote>", "<caption>", "<tbody>", "<th>", "<i>", "</i>", "\n", "<svg>",
                "<ruby>", "<rt>", "<a", " title=", "'", "<video>", "<source src='http://a.cn/v'>",
            ]),
            0..40,
        )
    ) {
        let html = pieces.concat();
        let once = sanitise(&html, None);
        prop_assert!(!once.contains("<script"), "{}", once);
        prop_assert_eq!(sanitise(&once, None), once.clone(), "{}", html);
    }

    #[test]
    fn any_text_is_bounded_and_legal(html in any::<String>()) {
        let clean = sanitise(&html, None);
        prop_assert!(clean.chars().all(crate::read::text::is_xml_char));
        let _ = to_text(&html);
        let _ = plain(&html);
    }

    #[test]
    fn the_text_of_references_never_panics(text in "[&#;xXa-z0-9é ]{0,40}") {
        let _ = plain(&text);
    }
}

#[test]
fn the_text_of_foreign_elements_is_kept_but_not_their_scripts() {
    check(&[
        ("<p>a <math><mi>x</mi><mo>=</mo><mn>2</mn></math> b</p>", "<p>a x=2 b</p>"),
        ("<math><semantics><mi>x</mi><annotation encoding=tex>\\x</annotation></semantics></math>", "x"),
        ("a<svg><style>p{}</style><text onload=\"x()\">标题</text><script>x</script></svg>b", "a标题b"),
        ("<custom-box><unknown>文</unknown></custom-box>", "文"),
    ]);
    assert_eq!(to_text("a<math><mi>x</mi></math>b"), "axb");
}

#[test]
fn no_run_of_ampersands_is_long_enough_to_be_slow() {
    let clean = sanitise(&"&".repeat(500_000), None);
    let longest = clean.split("<wbr>").map(|run| run.matches("&amp;").count()).max().unwrap_or_default();
    assert!((2..=1024).contains(&longest), "{longest}");
    assert!(clean.len() <= MAX_HTML + 64);
}

#[test]
fn a_frame_that_is_never_closed_hides_no_text() {
    check(&[
        (
            "<p>a</p><iframe src=\"https://v.example/1\"/><p>b</p><iframe src=x><p>c</p>",
            "<p>a</p><p>b</p><p>c</p>",
        ),
        ("a<iframe src=x>old browsers only</iframe>b", "ab"),
        ("a<script>b", "a"),
    ]);
    let many = "<iframe/>文".repeat(50_000);
    assert_eq!(to_text(&many).chars().count(), 50_000);
}

#[test]
fn names_of_a_page_are_cut_between_two_characters_and_addresses_are_kept() {
    let long = "名".repeat(1_000);
    let cut = &long[..1_023];
    let markup =
        page(&format!("<p class='{long}' id='{long}' style='{long}'><a href='/{long}' title='{long}'>"))
            .markup;
    let expected = format!(
        "<p class=\"{cut}\" id=\"{cut}\" style=\"{cut}\"><a href=\"/{long}\" title=\"{long}\"></a></p>"
    );
    assert_eq!(markup, format!("<!DOCTYPE html>{expected}"));
}
