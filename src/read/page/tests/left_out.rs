//! What stands on a page and belongs neither to its list nor to the body of its article; all wording is ours.

use super::wild::{listed, rows};

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
