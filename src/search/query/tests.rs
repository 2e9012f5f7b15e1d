use proptest::prelude::*;

use super::*;

/// The query in one line: `+` found, `-` left out, `t:` in the title, `*` a beginning.
fn read(text: &str) -> String {
    let query = Query::parse(text);
    let show = |sign: &str, word: &Word| {
        let units: Vec<&str> = word.units.iter().map(|unit| unit.text.as_str()).collect();
        let (title, star) = (if word.in_title { "t:" } else { "" }, if word.is_beginning { "*" } else { "" });
        format!("{sign}{title}{}{star}", units.join("|"))
    };
    let words = query.words.iter().map(|word| show("+", word));
    let without = query.without.iter().map(|word| show("-", word));
    let faults = query.faults.iter().map(|fault| format!("!{fault}"));
    words.chain(without).chain(faults).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_query_is_read_as_words() {
    let cases = [
        ("one word", "漯河", "+漯|河"),
        ("words are separated by spaces", "漯河　防汛", "+漯|河 +防|汛"),
        ("a word without spaces is a phrase", "漯河防汛", "+漯|河|防|汛"),
        ("a phrase in quotation marks", "\"启动 应急\"", "+启|动|应|急"),
        ("in Chinese ones", "“启动”「应急」", "+启|动 +应|急"),
        ("a word to leave out", "暴雨 -演练", "+暴|雨 -演|练"),
        ("a phrase to leave out", "暴雨 -\"应急演练\"", "+暴|雨 -应|急|演|练"),
        ("in the title", "title:暴雨 标题：河南", "+t:暴|雨 +t:河|南"),
        ("left out of the title", "暴雨 -TITLE:图集", "+暴|雨 -t:图|集"),
        ("a word of letters is a beginning", "covid", "+covid*"),
        ("but not in quotation marks", "\"covid\"", "+covid"),
        ("nor one letter", "a", "+a"),
        ("nor digits", "2022", "+2022"),
        ("nor with others", "5G基站", "+5|g|基|站"),
        ("traditional and full width", "颱風 ＡＢＣ", "+台|风 +abc*"),
        ("a minus by itself", "防汛 - 演练", "+防|汛 +演|练 !\"-\" has neither letters nor digits"),
        ("a minus within a word", "Wi-Fi", "+wi|fi"),
        ("a word twice is one", "漯河 漯河", "+漯|河"),
        ("nothing", "  ", ""),
        ("title: with nothing behind", "title:", "+title*"),
    ];
    for (name, text, want) in cases {
        assert_eq!(read(text), want, "{name}");
    }
}

#[test]
fn faults_are_named_and_the_rest_is_searched_for() {
    let cases = [
        ("\"漯河 防汛", "+漯|河|防|汛 !a quotation mark is not closed"),
        (
            "漯河 -- ？",
            "+漯|河 !\"--\" has neither letters nor digits !\"？\" has neither letters nor digits",
        ),
        ("-演练", "-演|练 !name at least one word to find, besides those to leave out"),
    ];
    for (text, want) in cases {
        assert_eq!(read(text), want, "{text}");
    }
    let many: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let query = Query::parse(&many.join(" "));
    assert_eq!((query.words.len(), query.faults), (WORDS, vec![Fault::TooManyWords]));
    let query = Query::parse(&"防汛".repeat(2000));
    assert_eq!(query.words[0].units.len(), UNITS);
    assert_eq!(query.faults, [Fault::TooLong, Fault::TooManyWords]);
}

#[test]
fn an_entry_is_found_by_all_words_and_by_none_to_leave_out() {
    let title = "漯河启动防汛Ⅱ级应急响应";
    let body = "本报讯 COVID-19 疫情期间，河南 省漯河市防汛演练照常进行。";
    let cases = [
        ("漯河", true),
        ("漯河 疫情", true),
        ("河南省", true),
        ("应急响应 -演练", false),
        ("title:演练", false),
        ("title:防汛", true),
        ("防汛 -title:演练", true),
        ("cov", true),
        ("\"cov\"", false),
        ("19疫情", true),
        ("期间河南", false),
        ("\"期间，河南\"", true),
        ("漯河防汛", false),
        ("雨", false),
        ("", false),
        ("-雨", false),
    ];
    for (text, want) in cases {
        assert_eq!(Query::parse(text).matches(title, body), want, "{text}");
    }
}

#[test]
fn marks_cover_what_matched() {
    let text = "漯河、漯河市：防汛";
    let marked = |query: &str| -> Vec<&str> {
        Query::parse(query).matched(text, false).into_iter().map(|range| &text[range]).collect()
    };
    assert_eq!(marked("漯河"), ["漯河", "漯河"]);
    assert_eq!(marked("漯河市 河市 防"), ["漯河市", "防"]);
    assert_eq!(marked("title:防汛"), Vec::<&str>::new());
}

proptest! {
    #[test]
    fn every_text_is_a_query_within_its_bounds(text in "[-\"“”:a-c漯河。 ]{0,300}|\\PC{0,300}") {
        let query = Query::parse(&text);
        prop_assert!(query.words.len() + query.without.len() <= WORDS);
        let units: usize = query.words.iter().chain(&query.without).map(|word| word.units.len()).sum();
        prop_assert!(units <= UNITS && query.words.iter().all(|word| !word.units.is_empty()));
        query.matches(&text, &text);
    }

    #[test]
    fn a_word_of_chinese_is_found_wherever_it_stands(before in "[漯河防汛，。]{0,9}", word in "[漯河防汛]{1,8}", after in "[漯河防汛，。]{0,9}") {
        let text = format!("{before}{word}{after}");
        let query = Query::parse(&word);
        prop_assert!(query.matches(&text, "") && query.matches("", &text));
        for range in query.matched(&text, false) {
            prop_assert!(text[range].contains(&word));
        }
    }
}
