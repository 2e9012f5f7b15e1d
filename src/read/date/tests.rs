//! The zoo, form by form.

mod languages;

use chrono::{NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::{DateContext, any_form, find, parse, standard};
use crate::model::time::Precision;

fn context(zone: Tz) -> DateContext {
    let seen = Utc.with_ymd_and_hms(2026, 11, 23, 8, 0, 0).single().expect("a real instant");
    DateContext { zone, seen, near: None }
}

fn shanghai() -> DateContext {
    context(Tz::Asia__Shanghai)
}

/// `2026-11-23T08:00:00Z` for a time, with ` day` after it for a day.
fn shown(text: &str, ctx: &DateContext) -> String {
    parse(text, ctx).map_or_else(
        || "none".to_owned(),
        |stamp| {
            let day = if stamp.precision == Precision::Day { " day" } else { "" };
            format!("{}{day}", stamp.at.format("%Y-%m-%dT%H:%M:%SZ"))
        },
    )
}

fn check(ctx: &DateContext, cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter(|(text, want)| shown(text, ctx) != *want)
        .map(|(text, want)| format!("{text:?}: {} instead of {want}", shown(text, ctx)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rfc_822_dates_with_every_spelling_of_a_zone() {
    check(
        &context(Tz::UTC),
        &[
            ("Thu, 01 Jan 2004 19:48:21 GMT", "2004-01-01T19:48:21Z"),
            ("Thu, 30 Apr 2015 08:57:00 MET", "2015-04-30T07:57:00Z"),
            ("Thu, 30 Apr 2015 08:57:00 MEST", "2015-04-30T06:57:00Z"),
            ("Thu, 30 Apr 2015 08:57:00 JST", "2015-04-29T23:57:00Z"),
            ("Thu, 30 Apr 2015 08:57:00 HKT", "2015-04-30T00:57:00Z"),
            ("Thu, 30 Apr 2015 08:57:00 IST", "2015-04-30T03:27:00Z"),
            ("Thu, 30 Apr 2015 08:57:00 CEST", "2015-04-30T06:57:00Z"),
            ("Thu, 30 Apr 2015 08:57:00 BRT", "2015-04-30T11:57:00Z"),
            ("Thu, 01 Jan 04 19:48:21 GMT", "2004-01-01T19:48:21Z"),
            ("Thu,  5 Apr 2012 10:00:00 GMT", "2012-04-05T10:00:00Z"),
            ("Wed, 19 Aug 2009 18:28:00 Etc/GMT", "2009-08-19T18:28:00Z"),
            ("Wed, 19 Aug 2009 18:28:00 Etc/GMT+5", "2009-08-19T23:28:00Z"),
            ("Wed, 19 Feb 2012 22:40:00 GMT-01:01", "2012-02-19T23:41:00Z"),
            ("Wed, 19 Feb 2012 22:40:00 -01:01", "2012-02-19T23:41:00Z"),
            ("Fri, 25 Dec 2009 03:30:22 +08:00", "2009-12-24T19:30:22Z"),
            ("Fri, 25 Dec 2009 03:30:22 GMT+8", "2009-12-24T19:30:22Z"),
            ("Fri, 25 Dec 2009 03:30:22 GMT +0800", "2009-12-24T19:30:22Z"),
            ("Fri, 25 Dec 2009 03:30:22 UTC+08:00", "2009-12-24T19:30:22Z"),
            ("Fri, 25 Dec 2009 03:30:22 +0800 (CST)", "2009-12-24T19:30:22Z"),
            ("Fri, 25 Dec 2009 03:30:22 +8", "2009-12-24T19:30:22Z"),
            ("Fri, 25 Dec 2009 03:30:22 Asia/Shanghai", "2009-12-24T19:30:22Z"),
            ("Fri, 25 Jul 2009 03:30:22 America/New_York", "2009-07-25T07:30:22Z"),
            ("Mon, 13 Feb, 2012 06:28:00 UTC", "2012-02-13T06:28:00Z"),
            ("Thu, 01 Jan 2004 00:00 GMT", "2004-01-01T00:00:00Z"),
            ("Thu, 01 Jan 2004", "2004-01-01T23:59:59Z day"),
            ("01 Jan 2004 10:00:00 +0100", "2004-01-01T09:00:00Z"),
            ("Mon, 26 January 2004 16:31:00 AT", "2004-01-26T20:31:00Z"),
            ("Mon, 26 January 2004 16:31:00 PT", "2004-01-27T00:31:00Z"),
            ("Mon, 26 January 2004 16:31:00 A", "2004-01-26T17:31:00Z"),
            ("Mon, 26 January 2004 16:31:00 Y", "2004-01-26T04:31:00Z"),
            ("Thu Aug 30 2012 17:26:16 +0200", "2012-08-30T15:26:16Z"),
            ("Thu, Aug 30 2012 17:26:16 GMT+0200 (CEST)", "2012-08-30T15:26:16Z"),
            ("Wednesday, 30-Aug-06 17:26:16 GMT", "2006-08-30T17:26:16Z"),
            ("Sept. 4, 2026 10:30 PM EST", "2026-09-05T03:30:00Z"),
            ("4th October 2026 at 7 pm", "2026-10-04T19:00:00Z"),
            ("January 2004", "2004-01-01T23:59:59Z day"),
            ("Fri, 02 Mar 2012 10:00:00 XYZ", "2012-03-02T10:00:00Z"),
            ("Monday, 02 Mar 2012 10:00:00 GMT", "2012-03-02T10:00:00Z"),
            ("Sun, 16 Dec 2012 1:2:3:4 GMT", "none"),
            ("Sun, 16 zzz 2012 11:47:32 GMT", "none"),
            ("Sun, Dec x 2012 11:47:32 GMT", "none"),
            ("Sun, 16 Dec zz 11:47:32 GMT", "none"),
            ("Sun, 16 Dec 2012 11:47:32 +zz:00", "none"),
            ("Sun, 16 Dec 2012 11:47:32 +00:zz", "none"),
            ("Sun, 99 Jun 2009 12:00:00 GMT", "none"),
            ("Thu, 01 Jan 0100 00:00:01 +0100", "none"),
            ("Sun, 31 Dec 9999 23:59:59 -9999", "none"),
        ],
    );
}

#[test]
fn cst_is_china_for_chinese_sources_and_chicago_for_others() {
    let text = "Sun, 19 Apr 2026 06:22:34 CST";
    for zone in [Tz::Asia__Shanghai, Tz::Asia__Urumqi, Tz::Asia__Taipei, Tz::Asia__Hong_Kong, Tz::PRC] {
        assert_eq!(shown(text, &context(zone)), "2026-04-18T22:22:34Z", "{zone}");
    }
    assert_eq!(shown(text, &context(Tz::America__Chicago)), "2026-04-19T12:22:34Z");
    assert_eq!(shown("2026-04-19 06:22:34 CST", &shanghai()), "2026-04-18T22:22:34Z");
}

#[test]
fn iso_8601_in_every_precision() {
    check(
        &context(Tz::UTC),
        &[
            ("2003-12-31T10:14:55Z", "2003-12-31T10:14:55Z"),
            ("2003-12-31t10:14:55z", "2003-12-31T10:14:55Z"),
            ("2003-12-31T10:14:55.1234Z", "2003-12-31T10:14:55Z"),
            ("2003-12-31T10:14:55,123456789012345678901234567890Z", "2003-12-31T10:14:55Z"),
            ("2003-12-31T10:14,5Z", "2003-12-31T10:14:30Z"),
            ("2003-12-31T10:14Z", "2003-12-31T10:14:00Z"),
            ("2003-12-31T10Z", "2003-12-31T10:00:00Z"),
            ("2003-12-31T18:14:55+08:00", "2003-12-31T10:14:55Z"),
            ("2003-12-31T18:14:55+0800", "2003-12-31T10:14:55Z"),
            ("2003-12-31T18:14:55+08", "2003-12-31T10:14:55Z"),
            ("2003-12-31T18:14:55 +08:00", "2003-12-31T10:14:55Z"),
            ("20031231T101455Z", "2003-12-31T10:14:55Z"),
            ("20031231T1014Z", "2003-12-31T10:14:00Z"),
            ("20031231", "2003-12-31T23:59:59Z day"),
            ("2003-12-31", "2003-12-31T23:59:59Z day"),
            ("2003-12-31Z", "2003-12-31T23:59:59Z day"),
            ("2003-12-31+08:00", "2003-12-31T15:59:59Z day"),
            ("2003-12", "2003-12-01T23:59:59Z day"),
            ("2003", "2003-01-01T23:59:59Z day"),
            ("2003-365", "2003-12-31T23:59:59Z day"),
            ("2003365", "2003-12-31T23:59:59Z day"),
            ("2004-W01-1", "2003-12-29T23:59:59Z day"),
            ("2004W011", "2003-12-29T23:59:59Z day"),
            ("2004-W01", "2003-12-29T23:59:59Z day"),
            ("2003-12-31T24:00:00Z", "2004-01-01T00:00:00Z"),
            ("2003-12-31T10:14:60Z", "2003-12-31T10:14:59Z"),
            ("2003-012-31T10:14:55+00:00", "2003-12-31T10:14:55Z"),
            ("03-12-31", "2003-12-31T23:59:59Z day"),
            ("031231", "2003-12-31T23:59:59Z day"),
            ("03335", "2003-12-01T23:59:59Z day"),
            ("-0312", "2003-12-01T23:59:59Z day"),
            ("-03-12", "2003-12-01T23:59:59Z day"),
            ("2004-02-28T18:14:55-08:00", "2004-02-29T02:14:55Z"),
            ("2004-07-08 23:56:58 -00:20", "2004-07-09T00:16:58Z"),
            ("2004-07-08 23:56:58", "2004-07-08T23:56:58Z"),
            ("9999-12-31T23:59:59-99:99", "none"),
            ("2003-12-31T25:14:55Z", "none"),
            ("2003-12-31T10:61:55Z", "none"),
            ("2003-12-31T10:14:61Z", "none"),
            ("220131", "2022-01-31T23:59:59Z day"),
            ("013", "none"),
            ("2013-01-27-01", "none"),
            ("2013-01-28T11:30:00-06:00Textra", "none"),
            ("2013-xx-27", "none"),
            ("2013-01-28T09:xx:00Z", "none"),
            ("2013-01-28T09:00:00+00:xx", "none"),
            ("2013-02-30", "none"),
            ("2013-13-01", "none"),
        ],
    );
}

#[test]
fn chinese_forms_are_local_time() {
    check(
        &shanghai(),
        &[
            ("2022年04月20日 14:06", "2022-04-20T06:06:00Z"),
            ("2026年07月28日10:15", "2026-07-28T02:15:00Z"),
            ("2026年7月8日", "2026-07-08T15:59:59Z day"),
            ("2026 年 7 月 8 日 9 时", "2026-07-08T01:00:00Z"),
            ("2026年7月8日 星期三 14:06:07", "2026-07-08T06:06:07Z"),
            ("2026年7月8日（周三）14:06", "2026-07-08T06:06:00Z"),
            ("2026年7月8日 下午2:05", "2026-07-08T06:05:00Z"),
            ("2026年7月8日下午 2时5分", "2026-07-08T06:05:00Z"),
            ("2026年7月8日上午12:05", "2026-07-07T16:05:00Z"),
            ("2026年7月8日8点半", "2026-07-08T00:30:00Z"),
            ("2026/9/3 下午 08:05:00", "2026-09-03T12:05:00Z"),
            ("２０２６年７月８日　１４：０６", "2026-07-08T06:06:00Z"),
            ("二〇二六年七月二十八日", "2026-07-28T15:59:59Z day"),
            ("二○二六年十月三十一日", "2026-10-31T15:59:59Z day"),
            ("2026年11月", "2026-11-01T15:59:59Z day"),
            ("26年7月8日", "2026-07-08T15:59:59Z day"),
            ("2026-10-04 01:39:11.0", "2026-10-03T17:39:11Z"),
            ("2026/9/3", "2026-09-03T15:59:59Z day"),
            ("2026/9/3 8:05", "2026-09-03T00:05:00Z"),
            ("2026.08.31", "2026-08-31T15:59:59Z day"),
            ("[2026.08.31 12:25]", "2026-08-31T04:25:00Z"),
            ("【2026-08-31 12:25】", "2026-08-31T04:25:00Z"),
            ("(2026-08-31)", "2026-08-31T15:59:59Z day"),
            ("发布时间：2026-08-31 12:25", "2026-08-31T04:25:00Z"),
            ("2026-08-31  12:25:20", "2026-08-31T04:25:20Z"),
            ("2020-08-25", "2020-08-25T15:59:59Z day"),
            ("20260831122520", "2026-08-31T04:25:20Z"),
            ("202608311225", "2026-08-31T04:25:00Z"),
            ("Sun, 19 Apr 2026 06:22:34", "2026-04-18T22:22:34Z"),
            ("2026年02月30日", "none"),
            ("2026年7月8日25时", "none"),
            ("河南新闻", "none"),
            ("", "none"),
        ],
    );
}

#[test]
fn dates_without_a_year_take_it_from_what_is_near() {
    check(
        &shanghai(),
        &[
            ("9-27 22:20", "2026-09-27T14:20:00Z"),
            ("09/27", "2026-09-27T15:59:59Z day"),
            ("11-24 08:00", "2026-11-24T00:00:00Z"),
            ("11-25 08:00", "2025-11-25T00:00:00Z"),
            ("12-31 23:59", "2025-12-31T15:59:00Z"),
            ("9月27日 22:20", "2026-09-27T14:20:00Z"),
            ("[9-27 22:20]", "2026-09-27T14:20:00Z"),
            ("2-29", "2024-02-29T15:59:59Z day"),
            ("09.27 22:20", "2026-09-27T14:20:00Z"),
            ("9.27", "none"),
            ("13-32", "none"),
        ],
    );
    let near = DateContext { near: NaiveDate::from_ymd_opt(2024, 1, 2), ..shanghai() };
    check(&near, &[("12-31 23:59", "2023-12-31T15:59:00Z"), ("1-3", "2024-01-03T15:59:59Z day")]);
}

#[test]
fn dates_told_from_now() {
    check(
        &shanghai(),
        &[
            ("刚刚", "2026-11-23T08:00:00Z"),
            ("3分钟前", "2026-11-23T07:57:00Z"),
            ("3 小时前", "2026-11-23T05:00:00Z"),
            ("半小时前", "2026-11-23T07:30:00Z"),
            ("3天前", "2026-11-20T15:59:59Z day"),
            ("1周前", "2026-11-16T15:59:59Z day"),
            ("2个月前", "2026-09-23T15:59:59Z day"),
            ("大前天 14:05", "2026-11-20T06:05:00Z"),
            ("昨天 14:05", "2026-11-22T06:05:00Z"),
            ("昨天14:05", "2026-11-22T06:05:00Z"),
            ("今天 下午3:05", "2026-11-23T07:05:00Z"),
            ("前天", "2026-11-21T15:59:59Z day"),
            ("昨日", "2026-11-22T15:59:59Z day"),
            ("5 minutes ago", "2026-11-23T07:55:00Z"),
            ("an hour ago", "2026-11-23T07:00:00Z"),
            ("14:05", "2026-11-23T06:05:00Z"),
            ("22:20", "2026-11-22T14:20:00Z"),
            ("昨天 25:05", "none"),
        ],
    );
}

#[test]
fn other_languages_and_orders() {
    check(
        &context(Tz::UTC),
        &[
            ("Sun Jan  4 16:29:06 2004", "2004-01-04T16:29:06Z"),
            ("Sun Jan  4 16:29:06 PST 2004", "2004-01-05T00:29:06Z"),
            ("Sun Jul 15 01:16:00 +0000 2012", "2012-07-15T01:16:00Z"),
            ("Fri, 2006/09/15 08:19:53 EDT", "2006-09-15T12:19:53Z"),
            ("Κυρ, 11 Ιούλ 2004 12:00:00 EST", "2004-07-11T17:00:00Z"),
            ("2004-július-13T9:15-05:00", "2004-07-13T14:15:00Z"),
            ("2004년 05월 28일  01:31:15", "2004-05-27T16:31:15Z"),
            ("2026年7月8日(水) 14時06分", "2026-07-08T14:06:00Z"),
            ("27.09.2026 22:20", "2026-09-27T22:20:00Z"),
            ("27/09/2026", "2026-09-27T23:59:59Z day"),
            ("09/27/2026 10:00", "2026-09-27T10:00:00Z"),
            ("1790508120", "2026-09-27T11:22:00Z"),
            ("1790508120000", "2026-09-27T11:22:00Z"),
            ("/Date(1790508120000+0800)/", "2026-09-27T11:22:00Z"),
        ],
    );
    assert_eq!(shown("05/06/2026", &context(Tz::America__New_York)), "2026-05-07T03:59:59Z day");
    assert_eq!(shown("2004-05-25 오후 11:23:17", &context(Tz::Asia__Seoul)), "2004-05-25T14:23:17Z");
}

#[test]
fn absurd_dates_are_none_and_near_futures_are_kept() {
    check(
        &shanghai(),
        &[
            ("1970-01-01T00:00:00Z", "none"),
            ("1970-01-01 08:00:00", "none"),
            ("0001-01-01T00:00:00Z", "none"),
            ("1899-12-30", "none"),
            ("2202-04-20 14:06", "none"),
            ("2027-01-01 00:00", "2026-12-31T16:00:00Z"),
            ("0", "none"),
            ("5", "none"),
        ],
    );
}

#[test]
fn clock_changes_give_the_first_instant_after_a_gap_and_the_earlier_of_two() {
    let berlin = context(Tz::Europe__Berlin);
    assert_eq!(shown("2026-03-29 02:30:45", &berlin), "2026-03-29T01:00:00Z");
    assert_eq!(shown("2026-10-25 02:30", &berlin), "2026-10-25T00:30:00Z");
    assert_eq!(shown("2011-12-30", &context(Tz::Pacific__Apia)), "2011-12-30T10:00:00Z day");
}

#[test]
fn a_date_is_found_inside_a_line() {
    let at = |text| find(text, &shanghai()).map(|s| s.at.to_rfc3339());
    assert_eq!(at("2026年06月26日 10:30 来源：新华社").as_deref(), Some("2026-06-26T02:30:00+00:00"));
    assert_eq!(at("来源：中新网河南  2022年04月20日 14:06").as_deref(), Some("2022-04-20T06:06:00+00:00"));
    assert_eq!(at("2026-08-31 12:25:20 来源：中新网新疆").as_deref(), Some("2026-08-31T04:25:20+00:00"));
    assert_eq!(at("河南2026年粮食总产"), None);
}

#[test]
fn the_standard_forms_need_no_tokens() {
    for text in [
        "2026-09-27T10:15:00+08:00",
        "2026-09-27T10:15:00.123Z",
        "Sun, 27 Sep 2026 10:15:00 +0800",
        "Sun, 27 Sep 2026 10:15:00 GMT",
    ] {
        assert!(standard(text).is_some(), "{text}");
    }
}

proptest! {
    #[test]
    fn the_short_way_reads_what_the_general_way_reads(
        text in prop_oneof![
            "[12][09][0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,10})?(Z|GMT|[+-][012][0-9]:?[0-6][0-9]|\\+8| ?CST|)",
            "(Mon|Tue|Wed|Thu|Fri|Sat|Sun|Mar), [0-3][0-9] (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Okt) [12][09][0-9]{2} [0-2][0-9]:[0-6][0-9]:[0-6][0-9] ?(Z|GMT|A|EST|[+-][012][0-9]:?[0-6][0-9]|CST|)",
        ],
        zone in prop::sample::select(vec![Tz::Asia__Shanghai, Tz::America__New_York, Tz::Asia__Seoul]),
    ) {
        let ctx = context(zone);
        if let Some(stamp) = standard(&text) {
            prop_assert_eq!(Some(stamp), any_form(&text, &ctx), "{}", text);
        }
    }

    #[test]
    fn any_text_is_a_plausible_date_or_none(text in "\\PC{0,60}") {
        if let Some(stamp) = parse(&text, &shanghai()) {
            prop_assert!(stamp.at.timestamp() > 0);
        }
        let _ = find(&text, &shanghai());
    }

    #[test]
    fn pieces_of_dates_in_any_order_do_no_harm(
        pieces in proptest::collection::vec(
            prop::sample::select(vec![
                "2026", "9", "99999999999999999999", "年", "月", "日", "-", ":", "T", " ", "CST", "+08:00", "前",
                "小时", "昨天", "下午", "(", ")", "Jan", "W", "一", "十", "Etc/GMT", ".", "オ", "a.m.", "週",
            ]),
            0..14,
        )
    ) {
        let text = pieces.concat();
        let _ = parse(&text, &shanghai());
        let _ = find(&text, &shanghai());
    }

    #[test]
    fn a_written_instant_reads_back(seconds in 1_000_000_000_i64..1_790_000_000) {
        let at = Utc.timestamp_opt(seconds, 0).single().expect("in range");
        let local = at.with_timezone(&Tz::Asia__Shanghai);
        for form in ["%Y-%m-%dT%H:%M:%S%z", "%a, %d %b %Y %H:%M:%S %z", "%Y年%m月%d日 %H:%M:%S", "%Y/%m/%d %H:%M:%S"] {
            let text = local.format(form).to_string();
            prop_assert_eq!(parse(&text, &shanghai()).map(|s| s.at), Some(at), "{}", text);
        }
    }
}

#[test]
fn the_day_stands_in_an_address_in_many_ways() {
    let day = NaiveDate::from_ymd_opt(2026, 9, 27);
    for address in [
        "https://www.news.example/cj/2026/09-27/10001.shtml",
        "https://news.example/2026-09-27/a.html",
        "https://news.example/c/2026/0927/c1-2.html",
        "https://news.example/a/20260927/1.html",
        "https://news.example/a/2026/9/27/1.html",
    ] {
        assert_eq!(super::day_in_address(address), day, "{address}");
    }
    for address in [
        "https://20260927.example/a.html",
        "https://news.example/a/12026092701.html",
        "https://news.example/2026/99-27/1.html",
        "https://news.example/3026/09-27/1.html",
        "https://news.example",
        "",
    ] {
        assert_eq!(super::day_in_address(address), None, "{address}");
    }
}

#[test]
fn only_dates_without_a_year_need_something_near() {
    for (text, needs) in [
        ("9-27 22:20", true),
        ("9月27日", true),
        ("22:20", true),
        ("2026-09-27 22:20", false),
        ("27 Sep 26 22:20:00 +0800", false),
        ("nonsense", false),
    ] {
        assert_eq!(super::needs_near(text, &shanghai()), needs, "{text}");
    }
}
