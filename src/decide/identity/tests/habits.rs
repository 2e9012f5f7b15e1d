//! What a source's documents have shown of its guids and addresses, and what follows from it.

use super::*;

fn polled(polls: &[&[&str]]) -> (Store, String) {
    let (mut store, mut identified) = (Store::default(), Vec::new());
    for poll in polls {
        identified = store.poll(&document(poll));
    }
    (store, shown(&identified))
}

#[test]
fn guids_that_proved_themselves_decide_alone() {
    let first: &[&str] = &["g1|http://a.cn/1|甲|1", "g2|http://a.cn/2|乙|2", "g3|http://a.cn/3|丙|3"];
    let (store, _) = polled(&[first, first]);
    assert!(store.marks.guids_are_proved());
    let (_, last) = polled(&[first, first, &["g1|http://a.cn/1|甲|1", "g2|http://b.cn/9|丁|9"]]);
    assert_eq!(last, "1 2", "all of it is other, but the guid is proved");
    let (_, last) = polled(&[&["g2|http://a.cn/2|乙|2"], &["g2|http://b.cn/9|丁|9"]]);
    assert_eq!(last, "new", "it is not");
}

#[test]
fn guids_of_a_document_in_which_several_are_other_entries_decide_nothing_alone() {
    let old = |n: u32| format!("{n}|http://a.cn/{n}|要闻{n}号|1|正文{n}");
    let new = |n: u32| format!("{n}|http://a.cn/x{n}|别的{n}事|9|又有别的话{n}");
    let first: Vec<String> = (1..=10).map(old).collect();
    let third: Vec<String> = (1..=8).map(old).chain((9..=10).map(new)).collect();
    let specs = |all: &[String]| document(&all.iter().map(String::as_str).collect::<Vec<_>>());
    let mut store = Store::default();
    store.poll(&specs(&first));
    store.poll(&specs(&first));
    assert!(store.marks.guids_are_proved());
    assert_eq!(shown(&store.poll(&specs(&third))), "1 2 3 4 5 6 7 8 new new");
}

#[test]
fn guids_that_went_to_other_entries_are_no_vote_any_more() {
    let (store, last) = polled(&[
        &["1|http://a.cn/a|甲|", "2|http://a.cn/b|乙|", "3|http://a.cn/c|丙|"],
        &["1|http://a.cn/d|丁|", "2|http://a.cn/a|甲|", "3|http://a.cn/b|乙|"],
        &["1|http://a.cn/e|戊|", "2|http://a.cn/f|己|", "3|http://a.cn/d|丁|"],
        &["1|http://a.cn/e|戊|", "2|http://a.cn/f|己|", "3|http://a.cn/d|丁|"],
        &["1|http://a.cn/g|庚|", "2|http://a.cn/h|辛|", "3|http://a.cn/i|壬|"],
    ]);
    assert!(store.marks.guids_are_broken());
    assert_eq!(last, "new new new");
}

#[test]
fn what_was_shared_once_is_no_vote_ever_after() {
    let (store, last) = polled(&[
        &["0|http://a.cn/x|甲|1", "0|http://a.cn/x|乙|2"],
        &["0|http://a.cn/x|丙|3"],
        &["0|http://a.cn/x|丁|4"],
        &["0|http://a.cn/x|丁|4"],
    ]);
    assert_eq!(store.marks.shared().len(), 2);
    assert_eq!(last, "4");
    let (store, last) =
        polled(&[&["g1|http://a.cn/live|甲|1"], &["g2|http://a.cn/live|乙|2"], &["|http://a.cn/live|丙|3"]]);
    assert_eq!(store.marks.shared().len(), 1, "the page that is used again");
    assert_eq!(last, "new");
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut store = Store::default();
    for n in 0..100 {
        let specs = [format!("{n}|http://a.cn/{n}|甲{n}|1"), format!("{n}|http://a.cn/{n}|乙{n}|2")];
        store.poll(&specs.map(|spec| entry(&spec)));
    }
    assert_eq!(store.marks.shared().len(), 32);
    let written = serde_json::to_string(&store.marks).expect("plain values");
    assert_eq!(serde_json::from_str::<Marks>(&written).expect("what was written"), store.marks);
}

#[test]
fn an_entry_that_says_nothing_joins_no_others_that_contradict_each_other() {
    // Whichever of them is the least: one of the three numbers gives each its turn.
    for n in 0..16 {
        let bare = format!("|http://a.cn/notice|通知{n}|");
        for (name, one, other) in [
            ("two texts", format!("{bare}|停水"), format!("{bare}|停电")),
            ("two dates", format!("{bare}1"), format!("{bare}5")),
        ] {
            let entries = document(&[&bare, &one, &other]);
            let identified = shown(&Store::default().poll(&entries));
            // What it may be a repetition of is no matter: it says nothing that the other does not.
            assert!(identified.ends_with(" new new"), "{name} {n}: {identified}");
        }
    }
}
