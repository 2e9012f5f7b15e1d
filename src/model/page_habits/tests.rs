//! What is shared, what is odd, and what is forgotten.

use chrono::DateTime;

use super::*;

fn at(n: i64) -> Time {
    DateTime::from_timestamp(n, 0).expect("an instant")
}

/// A page of a template; `n` makes its body its own.
fn page(n: u32, template: u32) -> PageTraits {
    PageTraits {
        title_end: PageTraits::title_end(&format!("镇里的第{n}件事 - 样本网{template}")),
        headings: vec![100 + template, 1000 + n],
        lines: vec![10 * template, 10_000 + n],
        text: Some(n),
        body: Some(template),
        time: Some(template + 50),
        ..PageTraits::default()
    }
}

fn after(pages: impl IntoIterator<Item = PageTraits>) -> PageHabits {
    let mut habits = PageHabits::default();
    for (n, page) in pages.into_iter().enumerate() {
        habits.note(at(n as i64), &page);
    }
    habits
}

fn is_template(habits: &PageHabits, template: u32) -> bool {
    habits.shares(|page| page.headings.contains(&(100 + template)))
}

#[test]
fn a_trait_is_shared_from_the_third_page_on_and_only_by_nearly_all() {
    for (pages, template, shared) in [
        (vec![1, 1], 1, false),
        (vec![1, 1, 1], 1, true),
        (vec![1, 1, 2, 1], 1, true),
        (vec![1, 1, 2, 2, 1, 1], 1, false),
        (vec![1, 1, 1, 1, 1, 2, 1, 2], 1, true),
        (vec![1, 1, 1, 1, 1, 2, 2, 2], 1, false),
        (vec![1, 1, 2, 2, 2, 2, 2, 2], 2, true),
    ] {
        let habits = after((0..).zip(&pages).map(|(n, template)| page(n, *template)));
        assert_eq!(is_template(&habits, template), shared, "{pages:?}");
    }
}

#[test]
fn one_article_read_again_and_again_teaches_nothing() {
    assert!(!is_template(&after((0..9).map(|_| page(7, 1))), 1));
}

#[test]
fn a_site_that_is_rebuilt_is_unlearned_after_three_pages_and_learned_after_six() {
    let pages = |new: u32| (0..20).map(|n| page(n, 1)).chain((20..20 + new).map(|n| page(n, 2)));
    for new in 0..9 {
        let habits = after(pages(new));
        assert_eq!((is_template(&habits, 1), is_template(&habits, 2)), (new < 3, new >= 6), "{new}");
    }
}

#[test]
fn a_title_loses_the_end_of_all_titles_from_a_mark_on_and_never_all_of_itself() {
    let ends = |end: &str| {
        after((0..4).map(|n| PageTraits {
            title_end: PageTraits::title_end(&format!("镇里今天的第{n}件事{end}")),
            ..page(n, 1)
        }))
    };
    for (end, title, own) in [
        (" - 样本网", "县里开会研究防汛 - 样本网", "县里开会研究防汛"),
        ("_要闻_样本网", "县里开会研究防汛_要闻_样本网", "县里开会研究防汛"),
        ("_要闻_样本网", "县里开会研究防汛_社会_样本网", "县里开会研究防汛_社会"),
        (" : Le Canard de Test", "La crue monte encore : Le Canard de Test", "La crue monte encore"),
        (" • 견본 신문", "강물이 다시 불어났다 • 견본 신문", "강물이 다시 불어났다"),
        (" – Örnek Gazete", "Nehir – yeniden – taştı – Örnek Gazete", "Nehir – yeniden – taştı"),
        // A word in common is no suffix; a title is not left without words.
        ("件事情", "县里的另一件事情", "县里的另一件事情"),
        (" - 样本网", "样本 - 样本网", "样本 - 样本网"),
        (" - 样本网", "县里开会研究防汛", "县里开会研究防汛"),
        ("...", "县里开会研究防汛...", "县里开会研究防汛..."),
        ("（图）", "县里开会研究防汛（图）", "县里开会研究防汛（图）"),
        ("~样本网", "县里开会研究防汛~样本网", "县里开会研究防汛"),
        // A column that is the same each day: what stands before its name is a date, or less than its name.
        ("：早间天气预报", "11月30日：早间天气预报", "11月30日：早间天气预报"),
        (" - 早间天气预报", "2026年11月30日 - 早间天气预报", "2026年11月30日 - 早间天气预报"),
        (" | 早间天气预报", "河湾观察 | 早间天气预报", "河湾观察 | 早间天气预报"),
        // A hyphen in a word.
        ("-19疫情", "今天河湾镇的COVID-19疫情", "今天河湾镇的COVID-19疫情"),
    ] {
        assert_eq!(ends(end).without_suffix(title), own, "{end}");
    }
    assert_eq!(PageHabits::default().without_suffix("县里开会 - 样本网"), "县里开会 - 样本网");
}

#[test]
fn a_page_that_lacks_what_the_others_have_is_odd_until_one_has_it() {
    let without = |n: u32, body: bool, time: bool| {
        let whole = page(n, 1);
        PageTraits { body: whole.body.filter(|_| body), time: whole.time.filter(|_| time), ..whole }
    };
    let mut habits = after((0..3).map(|n| page(n, 1)));
    assert_eq!(habits.note(at(10), &without(10, false, true)), Some(Lack::Body));
    // However many follow: the site does not become one without bodies.
    for n in 11..30 {
        assert_eq!(habits.note(at(i64::from(n)), &without(n, false, true)), Some(Lack::Body));
        assert_eq!(habits.odd(), Some(Odd { since: at(10), lack: Lack::Body }));
    }
    assert_eq!(habits.note(at(40), &page(40, 1)), None);
    assert_eq!(habits.odd(), None);

    let mut habits = after((0..3).map(|n| page(n, 1)));
    assert_eq!(habits.note(at(10), &without(10, true, false)), Some(Lack::Date));
    assert_eq!(habits.note(at(11), &page(11, 1)), None);

    // A source whose pages never had a body, or had one now and then, misses none.
    assert_eq!(after((0..9).map(|n| without(n, false, n % 2 == 0))).odd(), None);
    assert_eq!(after((0..9).map(|n| without(n, n % 2 == 0, n % 2 == 0))).odd(), None);
}

#[test]
fn pages_without_a_body_teach_nothing_and_wipe_nothing() {
    let pages = || (0..4).map(|n| page(n, 1));
    for bare in [PageTraits::default(), PageTraits { body: None, text: None, ..page(9, 2) }] {
        let mut habits = after(pages().chain(std::iter::repeat_n(bare, 30)));
        assert!(is_template(&habits, 1) && !is_template(&habits, 2));
        assert_eq!(habits.odd().map(|odd| odd.lack), Some(Lack::Body));
        assert_eq!(habits.note(at(40), &page(40, 1)), None);
    }
}

#[test]
fn a_rebuilt_site_is_odd_until_its_pages_look_like_each_other() {
    let mut habits = after((0..8).map(|n| page(n, 1)));
    let lacks: Vec<_> = (8..14).map(|n| habits.note(at(i64::from(n)), &page(n, 2))).collect();
    assert_eq!(lacks, [Some(Lack::Places), Some(Lack::Places), Some(Lack::Places), None, None, None]);
    // One block elsewhere is another template of the same site.
    let mut habits = after((0..8).map(|n| page(n, 1)));
    assert_eq!(habits.note(at(8), &PageTraits { body: Some(9), ..page(8, 1) }), None);
}

#[test]
fn what_is_remembered_of_the_longest_pages_is_bounded_and_reads_back() {
    let long = |n: u32| PageTraits {
        title_end: PageTraits::title_end(&"𠀀".repeat(500)),
        headings: vec![u32::MAX - n; 6],
        lines: (0..16).map(|line| u32::MAX - n * 16 - line).collect(),
        description: Some(u32::MAX),
        text: Some(u32::MAX - n),
        body: Some(u32::MAX),
        time: Some(u32::MAX),
        outlet: Some(u32::MAX),
    };
    let habits = after((0..50).map(long));
    let stored = serde_json::to_string(&habits).expect("JSON");
    assert!(stored.len() <= 4096, "{}", stored.len());
    assert!(serde_json::to_string(&long(1)).expect("JSON").len() <= 600);
    assert_eq!(serde_json::from_str::<PageHabits>(&stored).expect("it reads"), habits);
    assert_eq!(habits.last.len(), PAGES);
}

#[test]
fn a_shared_line_outlives_the_lines_of_articles() {
    let habits = after((0..20).map(|n| page(n, 1)));
    assert!(habits.shares(|page| page.lines.contains(&10)));
    let lines: Vec<usize> = habits.last.iter().map(|page| page.lines.len()).collect();
    assert_eq!(lines, [1, 1, 1, 1, 1, 2, 2, 2]);
}
