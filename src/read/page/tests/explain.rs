//! Explanations and proposals: they are those of the readers themselves, and hold on the page. All wording is ours.

use std::fmt::Write as _;

use super::*;

const TITLE: &str = "河湾镇召开会议研究防汛工作安排";

fn explained_list(body: &str) -> ExplainedList {
    explain_list(&input(format!("<html><body>{body}</body></html>").as_bytes())).expect("a page")
}

fn explained_article(body: &str) -> ExplainedArticle {
    let page = format!("<html><head><title>{TITLE}-样本网</title></head><body>{body}</body></html>");
    explain_article(&input(page.as_bytes())).expect("a page")
}

fn rows(count: usize, class: &str, href: &str, beside: &str) -> String {
    let mut out = format!("<ul class='{class}'>");
    for n in 0..count {
        let _ = write!(out, "<li><a href='{href}{n:05}.html'>镇里今天的第{n}件要紧的事情</a>{beside}</li>");
    }
    out + "</ul>"
}

fn css(css: Option<&Css>) -> &str {
    css.map_or("", Css::as_str)
}

/// Every part of a kind: if it was taken, its path from the inside, its selector.
fn parts(explained: &Explained, part: Part) -> Vec<(bool, &str, &str)> {
    let of = explained.candidates.iter().filter(|candidate| candidate.part == part);
    of.map(|c| {
        let last = c.path.iter().rev().nth(usize::from(part == Part::Rows)).map_or("", String::as_str);
        (c.taken, last, c.selector.as_deref().unwrap_or_default())
    })
    .collect()
}

#[test]
fn a_list_is_explained_with_the_blocks_that_lost_and_a_wider_selector() {
    let body = format!(
        "<div class='nav'>{}</div><div class='main'>{}</div><div class='side'>{}</div>",
        "<a href='/a/1.html'>要闻</a><a href='/b/1.html'>本地</a><a href='/c/1.html'>体育</a>",
        rows(8, "news", "/2026/1122/", "<span>2026-11-22 10:00</span>"),
        rows(5, "hot", "/2026/1121/1", ""),
    );
    let ExplainedList { explained, proposal } = explained_list(&body);
    let wanted =
        [(false, "div.nav", "div.nav a"), (true, "ul.news", "ul.news li"), (false, "ul.hot", "ul.hot li")];
    assert_eq!(parts(&explained, Part::Rows), wanted);
    assert!(explained.candidates[2].why.contains("shows no dates"), "{:?}", explained.candidates[2]);
    let proposal = proposal.expect("there are selectors");
    assert_eq!((proposal.entries, proposal.dated, proposal.found, proposal.is_better()), (8, 8, 8, false));
    let (wider, entries) = proposal.wider.expect("a side column may be wanted");
    assert_eq!((wider.as_str(), entries), ("ul.news li, ul.hot li", 13));
    let rules = ListRules { entry: Some(wider), ..ListRules::default() };
    assert_eq!(listed_with(&body, &rules), 13, "a poll takes as many");
}

fn listed_with(body: &str, rules: &ListRules) -> usize {
    let page = format!("<html><body>{body}</body></html>");
    list(&input(page.as_bytes()), rules).map_or(0, |page| page.feed.entries.len())
}

#[test]
fn a_page_on_which_no_list_is_found_gets_selectors_of_the_largest_block() {
    let named: String = ["jia", "yi", "bing", "ding", "wu", "ji"]
        .iter()
        .map(|name| {
            format!("<div class='item'><h3><a href='/post/{name}'>镇里今天要紧的事情之{name}</a></h3></div>")
        })
        .collect();
    let body = format!("<div id='posts'>{named}</div>");
    assert_eq!(listed(&body), Err(PageError::Empty));
    let proposal = explained_list(&body).proposal.expect("there are selectors");
    assert_eq!((css(proposal.rules.entry.as_ref()), proposal.entries), ("div.item", 6));
    assert!(proposal.is_better() && proposal.found == 0);
    assert_eq!(listed_with(&body, &proposal.rules), 6);
}

#[test]
fn a_date_that_no_rule_sees_gets_a_selector() {
    let long = "这是一段很长的摘要，".repeat(60);
    let beside = format!("<p>{long}</p><em class='time'>2026-11-22 10:00</em>");
    let body = rows(6, "news", "/detail/", &beside);
    let proposal = explained_list(&body).proposal.expect("there are selectors");
    assert_eq!((proposal.found_dated, proposal.dated, proposal.is_better()), (0, 6, true));
    assert_eq!(css(proposal.rules.date.as_ref()), "em.time");
}

#[test]
fn selectors_are_not_proposed_if_none_chooses_the_rows_alone() {
    // The menu's items look like the rows.
    let row = |href: &str, title: &str| format!("<div><a href='{href}'>{title}</a></div>");
    let news: String = (0..6)
        .map(|n| row(&format!("/2026/1122/{n}.html"), &format!("镇里今天的第{n}件要紧的事情")))
        .collect();
    let body = format!("{news}{}", row("/about.html", "关于我们这个网站的说明"));
    let ExplainedList { explained, proposal } = explained_list(&body);
    assert!(parts(&explained, Part::Rows)[0].0);
    assert_eq!(proposal, None);
}

#[test]
fn numbers_of_entries_and_names_that_css_must_escape_are_in_no_selector() {
    let rows: String = (0..6)
        .map(|n| {
            format!("<li id='post-4011{n}' class='md:flex w-1/2'><a href='/2026/1122/{n}.html'>镇里今天的第{n}件要紧的事情</a></li>")
        })
        .collect();
    let proposal =
        explained_list(&format!("<ol id='list'>{rows}</ol>")).proposal.expect("there are selectors");
    assert_eq!(css(proposal.rules.entry.as_ref()), "#list li");
}

#[test]
fn an_article_is_explained_with_what_lost() {
    let prose = "<p>河湾镇昨天召开会议，研究部署今年的防汛工作，各村负责人参加会议并作了发言。</p>\
        <p>会议要求，各村在月底以前把沟渠清理一遍，把沙袋备足，夜里也要有人值班。</p>";
    let body = format!(
        "<div class='logo'><h1>样本网首页</h1></div><div class='head'><h1>{TITLE}</h1>\
         <div class='meta'><span class='time'>2026-11-22 10:00</span> 来源：示例日报</div></div>\
         <div class='text'>{prose}</div><div class='comments'>{prose}</div><p>责任编辑：吴示例</p>"
    );
    let ExplainedArticle { explained, article, proposal } = explained_article(&body);
    let read = article.expect("an article");
    assert_eq!(parts(&explained, Part::Title), [(false, "h1", "div.logo h1"), (true, "h1", "div.head h1")]);
    assert_eq!(parts(&explained, Part::Date), [(true, "div.meta", "span.time")]);
    assert!(parts(&explained, Part::Body).contains(&(true, "div.text", "div.text")), "{explained:?}");
    assert_eq!(parts(&explained, Part::Frame), [(false, "div.comments", "div.comments")]);
    let taken = |part| {
        let of = explained.candidates.iter().find(|c| c.taken && c.part == part);
        of.map(|c| c.texts[0].as_str())
    };
    assert_eq!(taken(Part::Title), read.title.as_deref());
    assert_eq!(taken(Part::Outlet), read.outlet.as_deref());
    assert_eq!(taken(Part::Editor), read.editor.as_deref());
    let ArticleRules { title, date, body, .. } = &proposal.rules;
    let chosen = [title, date, body].map(|rule| css(rule.as_ref()));
    assert_eq!((chosen, proposal.is_better), (["div.head h1", "span.time", "div.text"], false));
}

#[test]
fn parts_that_no_rule_finds_are_proposed_from_what_the_page_has() {
    let lines = "<p>一号桥 通行正常 无积水</p><p>二号桥 通行正常 无积水</p>".repeat(4);
    let far = "<p>值班员记录如下内容</p>".repeat(14);
    let body =
        format!("<h1>{TITLE}</h1>{far}<p class='day'>2026-11-22 10:00</p><div class='table'>{lines}</div>");
    let ExplainedArticle { article: read, proposal, .. } = explained_article(&body);
    let read = read.expect("it has a title");
    assert_eq!((read.body, read.published), (None, None));
    let ArticleRules { date, body: chosen, .. } = &proposal.rules;
    assert_eq!((css(date.as_ref()), proposal.is_better), ("p.day", true));
    assert_ne!(css(chosen.as_ref()), "");
    let page = format!("<html><head><title>{TITLE}-样本网</title></head><body>{body}</body></html>");
    let read = article(&input(page.as_bytes()), &proposal.rules).expect("an article");
    assert!(read.published.is_some() && read.body.is_some_and(|body| body.contains("一号桥")));
}

#[test]
fn explanations_are_bounded() {
    let blocks: String =
        (0..200).map(|n| rows(3, &format!("b{n}"), &format!("/2026/1122/{n}/"), "")).collect();
    let names = "n".repeat(500_000);
    let texts = "字".repeat(100_000);
    let deep = format!(
        "{}<a href='/2026/1122/1.html'>{texts}</a>",
        format!("<div class='{}'>", "d".repeat(99)).repeat(300)
    );
    // An escape has six octets.
    let quotes = format!("{}<p>{}</p>", rows(9, "x", "/2026/1122/", ""), "\"".repeat(400_000));
    let many =
        format!("<div class='{}'>{}</div>", "class ".repeat(5_000), rows(1_000, "x", "/2026/1122/", ""));
    for body in [
        blocks,
        format!("<div class='{names}'>{}</div>", rows(9, "x", "/2026/1122/", "")),
        deep,
        quotes,
        many,
    ] {
        let list = explained_list(&body).explained;
        let article = explained_article(&body).explained;
        for explained in [list, article] {
            assert!(explained.candidates.len() <= 24);
            assert!(explained.outline.len() <= (2 << 20) + 4096, "{}", explained.outline.len());
            for candidate in explained.candidates {
                assert!(candidate.path.len() <= 9 && candidate.texts.len() <= 2, "{candidate:?}");
                assert!(candidate.path.iter().all(|label| label.chars().count() <= 40), "{candidate:?}");
                assert!(candidate.texts.iter().all(|text| text.chars().count() <= 60), "{candidate:?}");
                assert!(candidate.selector.is_none_or(|css| css.len() <= 500));
            }
        }
    }
}

/// Minutes, where each selector is tried on all of a page, and each row is read for all around it.
#[test]
fn hostile_markup_is_explained_in_bounds() {
    for piece in [
        "<div>",
        "<div class='a'>",
        "<table><tr><td>",
        "<ul class='x'><li><a href='/2026/0927/1.html'>这是一条足够长的新闻标题",
        "<ul class='x'><li><a href='/2026/0927/1.html'>这是一条足够长的新闻标题</a></li></ul>",
        "<div class='c'><p>这是一条新闻，有标点，也有句号。</p></div>",
        "<h1>这里是一个标题</h1><p>2026-11-22 10:00 来源：示例日报</p>",
    ] {
        let page = format!("<html><body>{}这是一条新闻，有标点。", piece.repeat(5_000));
        let _ = explain_list(&input(page.as_bytes()));
        let _ = explain_article(&input(page.as_bytes()));
    }
}

/// The tags of an outline with all that stands in them.
fn assert_is_inert(outline: &str) {
    let tag = regex::Regex::new("^</?[a-z0-9]+( class=\"(taken|left|frame)\" data-label=\"[a-z0-9, ]*\")?>")
        .expect("well-formed");
    let silent =
        ["<script", "<style", "<img", "<a ", "<a>", "<iframe", "<form", "<input", "<svg", "<link", "<meta"];
    for (at, _) in outline.match_indices('<') {
        let rest = &outline[at..outline.floor_char_boundary(at + 200)];
        assert!(tag.is_match(rest), "{rest}");
        assert!(silent.iter().all(|name| !rest.starts_with(name)), "{rest}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn an_outline_has_no_attribute_address_or_program_of_the_page(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "<div class='\"><script>alert(1)</script>'>", "</div>", "<p onclick='alert(1)'>", "<table><tr><td background=//x.example/a>",
                "<a href='/2026/0927/1.html' onmouseover=x>", "<a href='javascript:alert(1)'>", "</a>", "一条足够长的新闻标题",
                "<ul id='x\" onload=\"y'><li>", "</ul>", "<img src=//x.example/a.png onerror=alert(1)>", "<svg onload=alert(1)>",
                "<style>@import '//x.example'</style>", "<script>", "</script>", "<iframe src=//x.example>", "<noscript><p title='</noscript><img src=x onerror=y>'>",
                "<form action=//x.example><input autofocus onfocus=x>", "<math><mi//xlink:href='data:x'>", "<template>", "&lt;script&gt;", "&#60;img src=x&#62;",
                "<base href=//x.example>", "<meta http-equiv=refresh content='0;url=//x.example'>", "<h1>", "<title>", "<textarea>", "<!--", "-->", "<xmp>", "<plaintext>", "09-27 22:20", "<b>", "<i></b>", "来源：某某报", "。，",
            ]),
            0..50,
        )
    ) {
        let page = format!("<html>{}", pieces.concat());
        if let Ok(list) = explain_list(&input(page.as_bytes())) {
            assert_is_inert(&list.explained.outline);
        }
        if let Ok(article) = explain_article(&input(page.as_bytes())) {
            assert_is_inert(&article.explained.outline);
        }
    }
}
