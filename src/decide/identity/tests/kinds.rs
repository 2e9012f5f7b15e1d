//! The kinds of trouble that users of aggregators report, each as a row of the table in
//! docs/design/0010-identity.md: polls one after the other, and what the last of them is.

use super::*;

const REPORT: &str = "地铁五号线今日恢复运营，首班车六点发车，全线各站正常开放，换乘通道同时启用，请乘客留意站内广播和引导标志。";
const OTHER: &str =
    "市民政局公布今年第三批社会组织评估结果，四十二家单位获得五星等级，名单即日起在官网公示七天，欢迎监督。";

/// `polls` are documents; `;` parts the entries of one.
fn last(polls: &[String]) -> String {
    let mut store = Store::default();
    let mut identified = Vec::new();
    for poll in polls {
        let entries: Vec<_> = poll.split(';').filter(|spec| !spec.is_empty()).map(entry).collect();
        identified = store.poll(&entries);
    }
    shown(&identified)
}

#[test]
fn every_row_of_the_table() {
    let (a, shop) = ("http://a.cn", "https://shop.a.cn");
    let cases: Vec<(&str, Vec<String>, &str)> = vec![
        (
            "one guid for every strip of a comic",
            vec![format!("g|{a}/c/1/|第1回|1"), format!("g|{a}/c/2/|第2回|2"), format!("g|{a}/c/3/|第3回|3")],
            "new",
        ),
        (
            "the same under one title",
            vec![format!("g|{a}/c/1/|每日漫画|1"), format!("g|{a}/c/2/|每日漫画|2")],
            "new",
        ),
        ("the same at one page", vec![format!("g|{a}/comic|第1回|1"), format!("g|{a}/comic|第2回|2")], "new"),
        (
            "guids are places in a list that moves by one",
            vec![
                format!(
                    "1|{a}/n/a|热榜A号进展||甲的正文;2|{a}/n/b|热榜B号进展||乙的正文;3|{a}/n/c|热榜C号进展||丙的正文"
                ),
                format!(
                    "1|{a}/n/d|热榜D号进展||丁的正文;2|{a}/n/a|热榜A号进展||甲的正文;3|{a}/n/b|热榜B号进展||乙的正文"
                ),
            ],
            "new 1 2",
        ),
        (
            "guids are places in a list that turns over",
            vec![
                format!("1|{a}/n/a|热榜A号进展||甲的正文;2|{a}/n/b|热榜B号进展||乙的正文"),
                format!("1|{a}/n/d|热榜D号进展||丁的正文;2|{a}/n/e|热榜E号进展||戊的正文"),
            ],
            "new new",
        ),
        (
            "guids are places in a list that stood still, and then turns over",
            vec![
                format!("1|{a}/n/a|热榜A号进展||甲的正文;2|{a}/n/b|热榜B号进展||乙的正文"),
                format!("1|{a}/n/a|热榜A号进展||甲的正文;2|{a}/n/b|热榜B号进展||乙的正文"),
                format!("1|{a}/n/d|热榜D号进展||丁的正文;2|{a}/n/e|热榜E号进展||戊的正文"),
            ],
            "new new",
        ),
        (
            "a monitor posts one title again, and only guid, date and text tell",
            vec![
                format!("inc-1|{a}/status|服务恢复正常|1|数据库故障已排除"),
                format!("inc-2|{a}/status|服务恢复正常|2|网络中断已修复"),
            ],
            "new",
        ),
        (
            "the same without dates",
            vec![
                format!("inc-1|{a}/status|服务恢复正常||数据库故障已排除"),
                format!("inc-2|{a}/status|服务恢复正常||网络中断已修复"),
            ],
            "new",
        ),
        (
            "comments of one author to one post",
            vec![
                format!("c1|{a}/post#comment-1|By: 老王|1|评论一"),
                format!("c2|{a}/post#comment-2|By: 老王|2|评论二"),
            ],
            "new",
        ),
        (
            "entries that a fragment tells apart, one retitled",
            vec![
                format!("|{a}/log#v1|版本1|1;|{a}/log#v2|版本2|2"),
                format!("|{a}/log#v1|版本1|1;|{a}/log#v2|版本2 正式版|2;|{a}/log#v3|版本3|3"),
            ],
            "1 2 new",
        ),
        (
            "one id, one title and one page: the latest of one entry (RFC 4287 section 4.1.1)",
            vec![
                format!("d|{a}/34|顺序问题|1|回复一;d|{a}/34|顺序问题|2|回复二"),
                format!("d|{a}/34|顺序问题|1|回复一;d|{a}/34|顺序问题|2|回复二;d|{a}/34|顺序问题|3|回复三"),
            ],
            "=2 =2 1",
        ),
        (
            "one page for all, and titles that come again",
            vec![
                format!("|{a}/addon|新评价||很好用;|{a}/addon|新评价||经常崩溃;|{a}/addon|新版本||2.0"),
                format!(
                    "|{a}/addon|新评价||更新以后好多了;|{a}/addon|新评价||很好用;|{a}/addon|新评价||经常崩溃"
                ),
            ],
            "new 1 2",
        ),
        (
            "the front page for all, one date a day",
            vec![
                format!("|{shop}|图案a|1|图a;|{shop}|图案b|1|图b"),
                format!("|{shop}|图案c|2|图c;|{shop}|图案b|1|图b"),
            ],
            "new 2",
        ),
        (
            "signed links, dated, most of the list new",
            vec![
                format!(
                    "{a}/t?t=91&sid=f1|{a}/t?t=91&sid=f1|老街故事一|1;{a}/t?t=92&sid=f1|{a}/t?t=92&sid=f1|老街故事二|2"
                ),
                format!(
                    "{a}/t?t=92&sid=f2|{a}/t?t=92&sid=f2|老街故事二|2;{a}/t?t=93&sid=f2|{a}/t?t=93&sid=f2|老街故事三|3;\
                     {a}/t?t=94&sid=f2|{a}/t?t=94&sid=f2|老街故事四|4"
                ),
            ],
            "2 new new",
        ),
        (
            "signed links without dates: the parameters that are numbers tell",
            vec![
                format!(
                    "|{a}/t?t=91&sid=f1|老街故事一|;|{a}/t?t=92&sid=f1|老街故事二|;|{a}/t?t=93&sid=f1|周报|"
                ),
                format!(
                    "|{a}/t?t=91&sid=f2|老街故事一|;|{a}/t?t=92&sid=f2|老街故事二|;|{a}/t?t=94&sid=f2|周报|"
                ),
            ],
            "1 2 new",
        ),
        (
            "a token for a link and nothing else but title and text",
            vec![
                format!("|{a}/d?v=T1x|论文之一||{REPORT};|{a}/d?v=T2x|论文之二||{OTHER}"),
                format!("|{a}/d?v=U1x|论文之一||{REPORT};|{a}/d?v=U2x|论文之二||{OTHER}"),
            ],
            "1 2",
        ),
        (
            "a page whose date moves, without a guid",
            vec![format!("|{a}/x.htm|通知一|1"), format!("|{a}/x.htm|通知一|2")],
            "1",
        ),
        (
            "a release whose date moves, under one guid",
            vec![format!("r7|{a}/rel/7|v7.0.0|1|说明"), format!("r7|{a}/rel/7|v7.0.0|2|改过的说明")],
            "1",
        ),
        (
            "the number of comments in the title",
            vec![format!("|{a}/1|漫画一（1 条评论）|1"), format!("|{a}/1|漫画一（7 条评论）|2")],
            "1",
        ),
        (
            "a guid made from the title, which is corrected; the page and the text stay",
            vec![
                format!("9f|{a}/2026/11/27/51234.html|郑洲地铁恢复运营|1|{REPORT}"),
                format!("77|{a}/2026/11/27/51234.html|郑州地铁恢复运营|2|{REPORT}"),
            ],
            "1",
        ),
        (
            "one placeholder for guid and page, then an entry alone",
            vec![
                "N/A|http://a.cn/NA|软件3.0版|3;N/A|http://a.cn/NA|软件2.0版|2".to_owned(),
                "N/A|http://a.cn/NA|软件3.0版|3".to_owned(),
                "N/A|http://a.cn/NA|软件4.0版|4".to_owned(),
            ],
            "new",
        ),
        (
            "one guid, one page and one date for all",
            vec![
                format!("N|{a}/x|表格更新说明|1|表格的说明;N|{a}/x|文字更新说明|1|文字的说明"),
                format!(
                    "N|{a}/x|邮件更新说明|1|邮件的说明;N|{a}/x|表格更新说明|1|表格的说明;N|{a}/x|文字更新说明|1|文字的说明"
                ),
            ],
            "new 1 2",
        ),
        (
            "a notice issued again at its page, beside a live page's next report",
            vec![
                format!("u1|{a}/live|台风眼墙擦过外海|1|风力十二级;u2|{a}/warn|海上大风警报|1|八级"),
                format!("u3|{a}/live|渔船全部回港|2|共两千艘;u4|{a}/warn|海上大风警报|2|十级"),
            ],
            "new new",
        ),
        (
            "two notices issued again at their pages",
            vec![
                format!("u1|{a}/rain|暴雨警报|1|八级;u2|{a}/warn|海上大风警报|1|八级"),
                format!("u3|{a}/rain|暴雨警报|2|九级;u4|{a}/warn|海上大风警报|2|十级"),
            ],
            "new new",
        ),
        (
            "guids and dates made up at each poll",
            vec![
                format!("x1|{a}/1|甲|1;x2|{a}/2|乙|1;x3|{a}/3|丙|1"),
                format!("y1|{a}/1|甲|2;y2|{a}/2|乙|2;y3|{a}/3|丙|2"),
            ],
            "1 2 3",
        ),
        (
            "a post gets another slug, its title and its second stay",
            vec![
                format!("{a}/long|{a}/long|如何测试|1|{REPORT};{a}/b|{a}/b|别的|2|{OTHER}"),
                format!("{a}/short|{a}/short|如何测试|1|{REPORT};{a}/b|{a}/b|别的|2|{OTHER}"),
            ],
            "1 2",
        ),
        (
            "a post at another slug, dated midnight, its text the same",
            vec![
                format!("{a}/long|{a}/long|如何测试|1m|{REPORT}"),
                format!("{a}/short|{a}/short|如何测试|1m|{REPORT}"),
            ],
            "1",
        ),
        (
            "a bulletin of midnight, and the next of that day",
            vec![format!("|{a}/1|天气预报|1m|今夜有雨"), format!("|{a}/2|天气预报|1m|明天转晴")],
            "new",
        ),
        (
            "another slug while the old one is still listed",
            vec![format!("{a}/one|{a}/one|快讯|1"), format!("{a}/two|{a}/two|快讯|1;{a}/one|{a}/one|快讯|1")],
            "new 1",
        ),
        (
            "title and second of a known entry, but other news",
            vec![format!("g1|{a}/1|快讯|1|{REPORT}"), format!("g2|{a}/2|快讯|1|{OTHER}")],
            "new",
        ),
        (
            "a live page: one opaque guid; title, address and date all new, but for the number in it",
            vec![
                format!("b4|{a}/news/4236/live-updates|周一直播|1|市长说不宜出行"),
                format!("b4|{a}/news/4236/as-it-happened|回顾：风雪一日|2|今天发生的一切"),
            ],
            "1",
        ),
        (
            "two pages of one title, undated, with new numbers each week",
            vec![
                format!("|{a}/11/20110.html|关于公示|;|{a}/11/20111.html|名单公示|"),
                format!("|{a}/12/20120.html|关于公示|;|{a}/12/20121.html|名单公示|"),
            ],
            "new new",
        ),
        (
            "an article's page, undated, retitled",
            vec![format!("|{a}/11/20110.html|关于公示|"), format!("|{a}/11/20110.html|更正后的标题|")],
            "1",
        ),
        (
            "a notice with the number of its page in a parameter, whose title tells its revisions",
            vec![
                format!("|{a}/notice.do?mode=view&articleNo=215587|휴학 안내 (6/15 수정)|"),
                format!("|{a}/notice.do?mode=view&articleNo=215587|휴학 안내 (7/7 수정)|"),
            ],
            "1",
        ),
        (
            "one guid and one page for all, redated at each poll",
            vec![
                format!("all|{a}/all.xml|本地微调指南|1|{REPORT};all|{a}/all.xml|语言服务指南|1|{OTHER}"),
                format!("all|{a}/all.xml|本地微调指南|2|{REPORT};all|{a}/all.xml|语言服务指南|2|{OTHER}"),
            ],
            "1 2",
        ),
        (
            "two blogs point at one article under its title",
            vec![
                format!("one|{a}/img|图片不是装饰|1|{REPORT}"),
                format!("two|{a}/img|图片不是装饰|2|{OTHER}"),
            ],
            "new",
        ),
        (
            "one guid and address, then other news there",
            vec![format!("p|{a}/meet|六月接待|1|{REPORT}"), format!("p|{a}/meet|戏剧节见|2|{OTHER}")],
            "new",
        ),
    ];
    for (name, polls, want) in cases {
        assert_eq!(last(&polls), want, "{name}");
    }
}

/// Minutes, where a known text is read anew for each entry that leads to it, or looked through as a whole.
#[test]
fn a_document_of_entries_that_all_lead_to_one_long_text_is_judged_soon() {
    let mut store = Store::default();
    let mut known = entry("one|https://a.example/one|今日播报|1");
    known.content = Some(Body::Html(format!("<p>{REPORT}</p>").repeat(3_000)));
    store.poll(&[known]);
    let others: Vec<_> =
        (0..500).map(|n| entry(&format!("g{n}|https://a.example/{n}|今日播报|1|第{n}段：{OTHER}"))).collect();
    let identified = store.poll(&others);
    assert!(identified.iter().all(|verdict| matches!(verdict, Identified::New { .. })));
}
