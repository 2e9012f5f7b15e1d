//! Documents of which nothing is where it was: those of a site that moved, and those that turned over.

use super::*;

#[test]
fn what_moved_is_known_and_what_took_its_place_is_new() {
    let cases: &[(&str, &[&str], &[&str], &str)] = &[
        (
            "the site moved: other guids and links",
            &["http://a.cn/1|http://a.cn/1|甲|1", "http://a.cn/2|http://a.cn/2|乙|2"],
            &[
                "http://b.cn/1|http://b.cn/1|甲|1",
                "http://b.cn/2|http://b.cn/2|乙|2",
                "http://b.cn/3|http://b.cn/3|丙|3",
            ],
            "1 2 new",
        ),
        (
            "the bulletin of the afternoon, alone in the list as that of the morning was",
            &["|http://a.cn/1|预报|1d"],
            &["|http://a.cn/2|预报|1d"],
            "new",
        ),
        (
            "the bulletin of the afternoon in a list that turned over",
            &["|http://a.cn/1|预报|1d", "|http://a.cn/2|甲|1d"],
            &["|http://a.cn/3|预报|1d", "|http://a.cn/4|乙|1d"],
            "new new",
        ),
        (
            "two bulletins of the afternoon in a list that turned over",
            &["|http://a.cn/1|预报|1d", "|http://a.cn/2|路况|1d"],
            &[
                "|http://a.cn/3|预报|1d",
                "|http://a.cn/4|路况|1d",
                "|http://a.cn/5|甲|1d",
                "|http://a.cn/6|乙|1d",
                "|http://a.cn/7|丙|1d",
            ],
            "new new new new new",
        ),
        (
            "the bulletin of another day in a list that turned over",
            &["|http://a.cn/1|预报|1", "|http://a.cn/2|预报|2"],
            &["|http://a.cn/3|预报|1d", "|http://a.cn/4|预报|2d"],
            "new new",
        ),
        (
            "titles that a list cuts alike, in a list that turned over",
            &["|http://a.cn/1|关于…的公示|1d", "|http://a.cn/2|关于…的公示|1d", "|http://a.cn/3|甲|1d"],
            &["|http://a.cn/4|关于…的公示|1d", "|http://a.cn/5|关于…的公示|1d"],
            "new new",
        ),
        (
            "titles that a list cuts alike, in a list that moved",
            &["|http://a.cn/1|关于…的公示|1d", "|http://a.cn/2|甲|1d", "|http://a.cn/3|乙|1d"],
            &[
                "|http://b.cn/4|关于…的公示|1d",
                "|http://b.cn/1|关于…的公示|1d",
                "|http://b.cn/2|甲|1d",
                "|http://b.cn/3|乙|1d",
            ],
            "new new 2 3",
        ),
        (
            "a list that moved, and one page twice in it",
            &["|http://a.cn/1|甲|1d", "|http://a.cn/2|乙|1d"],
            &["|http://b.cn/1|甲|1d", "|http://b.cn/1|甲|1d", "|http://b.cn/2|乙|1d"],
            "1 =0 2",
        ),
        (
            "a list that moved says the minute, the one before said the day",
            &["|http://a.cn/1|甲|1d", "|http://a.cn/2|乙|2d", "|http://a.cn/4|丁|2d"],
            &["|http://b.cn/1|甲|1", "|http://b.cn/2|乙|3", "|http://b.cn/3|丙|2", "|http://b.cn/4|丁|2"],
            "1 new new 3",
        ),
        (
            "a list that moved says the day, the one before said the minute",
            &["|http://a.cn/1|甲|1", "|http://a.cn/2|乙|2", "|http://a.cn/4|丁|2"],
            &["|http://b.cn/1|甲|1d", "|http://b.cn/2|乙|3d", "|http://b.cn/4|丁|2d"],
            "1 new 3",
        ),
        (
            "a list without dates that moved keeps the numbers of its pages",
            &["|http://a.cn/news/10001.html|甲|", "|http://a.cn/news/10002.html|乙|"],
            &["|http://b.cn/10001.html|甲|", "|http://b.cn/10002.html|乙|", "|http://b.cn/10003.html|丙|"],
            "1 2 new",
        ),
        (
            "the undated of a list that moved as its dates show",
            &[
                "|http://a.cn/1|甲|1",
                "|http://a.cn/2|乙|2",
                "|http://a.cn/10003.html|丙|",
                "|http://a.cn/4|丁|",
            ],
            &[
                "|http://b.cn/1|甲|1",
                "|http://b.cn/2|乙|2",
                "|http://b.cn/10003.html|丙|",
                "|http://b.cn/4|丁|",
            ],
            "1 2 3 new",
        ),
        (
            "the dated of a list in which only undated ones are those they were",
            &["|http://a.cn/1|预报|1d", "|http://a.cn/10003.html|丙|", "|http://a.cn/10004.html|丁|"],
            &["|http://b.cn/1|预报|1d", "|http://b.cn/10003.html|丙|", "|http://b.cn/10004.html|丁|"],
            "new 2 3",
        ),
        (
            "bulletins without a date in a list that turned over",
            &["|http://a.cn/news/10001.html|预报|", "|http://a.cn/news/10002.html|路况|"],
            &["|http://a.cn/news/10003.html|预报|", "|http://a.cn/news/10004.html|路况|"],
            "new new",
        ),
        (
            "bulletins without a date, whose pages have the names of those before",
            &["|http://a.cn/am/yubao.html|预报|", "|http://a.cn/am/lukuang.html|路况|"],
            &["|http://a.cn/pm/yubao.html|预报|", "|http://a.cn/pm/lukuang.html|路况|"],
            "new new",
        ),
        (
            "bulletins without a date, whose pages have the numbers of their columns",
            &["|http://a.cn/1120/10001.html|预报|", "|http://a.cn/1120/10002.html|路况|"],
            &["|http://a.cn/1121/10001.html|预报|", "|http://a.cn/1121/10002.html|路况|"],
            "new new",
        ),
        (
            "bulletins without a date, whose pages have the day's",
            &["|http://a.cn/yubao/20261120.html|预报|", "|http://a.cn/lukuang/20261120.html|路况|"],
            &["|http://a.cn/yb/20261120.html|预报|", "|http://a.cn/lk/20261120.html|路况|"],
            "new new",
        ),
        (
            "bulletins without a date, whose pages have the numbers of their columns and other names",
            &["|http://a.cn/am_10001.html|预报|", "|http://a.cn/am_10002.html|路况|"],
            &["|http://a.cn/pm_10001.html|预报|", "|http://a.cn/pm_10002.html|路况|"],
            "new new",
        ),
        (
            "one without a date, in a list that turned over",
            &["|http://a.cn/news/10001.html|预报|", "|http://a.cn/news/10002.html|乙|"],
            &["|http://b.cn/10001.html|预报|", "|http://b.cn/10009.html|丙|"],
            "new new",
        ),
        (
            "two of one title without a date, in a list that moved",
            &["|http://a.cn/10001.html|甲|", "|http://a.cn/10002.html|乙|", "|http://a.cn/10003.html|丙|"],
            &[
                "|http://b.cn/10001.html|甲|",
                "|http://b.cn/10002.html|乙|",
                "|http://b.cn/10003.html|丙|",
                "|http://b.cn/10004.html|丙|",
            ],
            "1 2 new new",
        ),
    ];
    for (name, first, second, want) in cases {
        let mut store = Store::default();
        store.poll(&document(first));
        assert_eq!(shown(&store.poll(&document(second))), *want, "{name}");
    }
}
