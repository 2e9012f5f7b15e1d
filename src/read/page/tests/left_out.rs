//! What stands on a page and belongs neither to its list nor to the body of its article; all wording is ours.

use super::wild::{PROSE, TITLE, listed, read, rows};

/// A row that is a list of its own: title, summary and time.
fn told(n: usize, tag: &str, item: &str) -> String {
    format!(
        "<{tag} class='list'><{item}><a href='/2026/050{n}/4{n}001.html'>镇里今天的第{n}件要紧的事情</a></{item}>\
         <{item}>各村负责人昨天到镇里开会，商量今年怎样修渠，会议开到傍晚才散。</{item}>\
         <{item}>发布时间：2026-05-0{n} 10:11</{item}></{tag}>"
    )
}

#[test]
fn a_gallery_longer_than_a_list_that_tells_of_its_articles_is_left_out() {
    let picture = |n: usize| {
        let href = format!("/2025/11{n:02}/3{n:02}77.html");
        format!(
            "<dl class='w'><dt><a href='{href}'><img src='{n}.jpg'></a></dt>\
             <dd><a href='{href}'>河湾的风景第{n}号图</a></dd></dl>"
        )
    };
    let gallery = format!("<div class='right'>{}</div>", (10..28).map(picture).collect::<String>());
    for (tag, item) in [("ul", "li"), ("div", "p")] {
        let list: String = (1..7).map(|n| told(n, tag, item)).collect();
        let found = listed(&format!("<div class='left'>{list}</div>{gallery}"));
        assert_eq!(found.len(), 6, "{tag}: {found:?}");
        assert_eq!(found[0], ("镇里今天的第1件要紧的事情".to_owned(), "2026-05-01".to_owned()));
    }
    // Titles and dates alone may be a side column: then the pictures stay.
    let column = rows(1..7, |n| format!("/2026/050{n}/4{n}001.html"), "<i>2026-05-01</i>");
    assert_eq!(listed(&format!("<div class='left'>{column}</div>{gallery}")).len(), 24);
}

#[test]
fn notices_cards_and_links_to_further_reading_are_no_part_of_a_body() {
    for beside in [
        "<div class='js-tooltip'><p>登录以后才能收藏文章，还没有账号的，请先注册。</p></div>",
        "<div class='video-fallback'><span>影片没有打开，请再试一次。</span></div>",
        "<section class='affiliate_info'>有记号的是推广链接，买了东西，我们得一点佣金。</section>",
        "<a href='/2026/0505/1.html'><span>专题</span><h3>邻镇的集市改在周末</h3></a>",
        "<p>Read more: <a href='/2026/0505/1.html'>The market of the next town</a></p>",
    ] {
        let page = read("", &format!("<h1>{TITLE}</h1><div class='text'>{PROSE}{beside}{PROSE}</div>"));
        let body = page.body.expect("a body");
        let words = ["登录", "影片", "推广", "集市", "market"];
        assert!(!words.iter().any(|word| body.contains(word)), "{beside}: {body}");
        assert!(body.contains("沙袋备足"), "{body}");
    }
    for own in [
        "<div class='image-popup'><img src='/a.jpg'>镇里的新渠</div>",
        "<a href='#a'><h2>镇里的新渠</h2></a>",
        "<a href='/a.doc'><p>附件：镇里的新渠</p></a>",
        "<p>Read more of <b>镇里的新渠</b>, in the town hall or <a href='/b.html'>here</a>.</p>",
    ] {
        let page = read("", &format!("<h1>{TITLE}</h1><div class='text'>{PROSE}{own}{PROSE}</div>"));
        assert!(page.body.is_some_and(|body| body.contains("镇里的新渠")), "{own}");
    }
}
