use std::collections::BTreeSet;

use chrono::DateTime;
use proptest::prelude::*;
use tokio::time::{Duration, Instant};

use super::*;
use crate::model::region::RegionId;
use crate::model::search::Order;
use crate::model::source::SourceId;
use crate::search::query::Query;

fn at(seconds: i64) -> Time {
    DateTime::from_timestamp(seconds, 0).expect("an instant")
}

fn document(no: EntryNo, title: &str, body: &str) -> Document {
    let seconds = i64::try_from(no).expect("a small number") * 100;
    Document {
        no,
        surfaced: at(seconds),
        published: at(seconds),
        feeds: vec![FeedKey::Source(SourceId::new("a"))],
        language: None,
        title: title.to_owned(),
        body: body.to_owned(),
    }
}

static NOBODY: BTreeSet<SourceId> = BTreeSet::new();

fn position() -> Position {
    Position { of: "this".to_owned(), seq: 7, next_no: 9 }
}

struct Shelf {
    writer: Writer,
    dir: tempfile::TempDir,
}

impl Shelf {
    fn of(documents: &[Document]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut shelf = Self { writer: Writer::create(dir.path()).expect("created"), dir };
        documents.iter().for_each(|document| shelf.writer.add(document).expect("added"));
        shelf.commit();
        shelf
    }

    fn commit(&mut self) {
        self.writer.commit(&position()).expect("committed");
    }

    fn find(&self, query: &str) -> Vec<EntryNo> {
        self.ask(query, |_| {}).numbers
    }

    fn ask(&self, query: &str, change: impl FnOnce(&mut Ask<'_>)) -> Hits {
        let query = Query::parse(query);
        let mut ask = ask(&query);
        change(&mut ask);
        self.writer.reader().find(&ask).expect("read").expect("in time")
    }
}

fn ask(query: &Query) -> Ask<'_> {
    Ask {
        query,
        listed_in: Vec::new(),
        without: &NOBODY,
        language: None,
        from: None,
        before: None,
        order: Order::Time,
        most: 100,
        after: None,
        deadline: Instant::now() + Duration::from_secs(60),
    }
}

#[test]
fn the_cover_of_a_phrase_is_pairs_and_lone_units() {
    let cover = |text: &str| {
        let units: Vec<_> = crate::search::tokens::units(text).collect();
        cut::cover(&units).iter().map(|(at, term)| format!("{term}@{at}")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(cover("雨"), "雨@0");
    assert_eq!(cover("漯河"), "漯河@0");
    assert_eq!(cover("漯河市"), "漯河@0 河市@1");
    assert_eq!(cover("漯河防汛"), "漯河@0 防汛@2");
    assert_eq!(cover("5G基站，abc"), "5@0 g@1 基站@2 abc@5");
}

#[test]
fn filters_order_and_bound_the_hits() {
    let (henan, source) = (FeedKey::Region(RegionId::new("henan")), FeedKey::Source(SourceId::new("b")));
    let mut documents = vec![
        document(1, "漯河防汛", ""),
        document(2, "防汛", "漯河启动应急响应"),
        document(3, "漯河防汛演练，防汛防汛", "防汛"),
        document(4, "旧闻", "防汛"),
    ];
    documents[1].feeds.push(henan.clone());
    documents[2].feeds = vec![source, henan.clone()];
    documents[2].language = Some("zh".to_owned());
    documents[3].surfaced = at(50);
    let shelf = Shelf::of(&documents);
    assert_eq!(shelf.find("防汛"), [3, 2, 1, 4], "newest first");
    assert_eq!(shelf.ask("防汛", |ask| ask.order = Order::Relevance).numbers.last(), Some(&4));
    for order in [Order::Time, Order::Relevance] {
        let whole = shelf.ask("防汛", |ask| ask.order = order).numbers;
        let first = shelf.ask("防汛", |ask| (ask.order, ask.most) = (order, 2));
        let rest = shelf.ask("防汛", |ask| (ask.order, ask.most, ask.after) = (order, 2, first.last));
        assert_eq!((first.total, rest.total, [first.numbers, rest.numbers].concat()), (4, 4, whole));
        let none = shelf.ask("防汛", |ask| (ask.order, ask.after) = (order, rest.last));
        assert_eq!((none.numbers, none.last), (vec![], None));
    }
    assert_eq!(shelf.ask("防汛", |ask| ask.listed_in = vec![henan.clone()]).numbers, [3, 2]);
    assert_eq!(shelf.ask("防汛", |ask| ask.language = Some("zh")).numbers, [3]);
    assert_eq!(shelf.ask("防汛", |ask| ask.from = Some(at(200))).numbers, [3, 2, 4]);
    assert_eq!(shelf.ask("防汛", |ask| ask.before = Some(at(300))).numbers, [2, 1]);
    let without = BTreeSet::from([SourceId::new("b")]);
    let query = Query::parse("防汛");
    let hits = shelf.writer.reader().find(&Ask { without: &without, ..ask(&query) });
    assert_eq!(hits.expect("read").expect("in time").numbers, [2, 1, 4]);
}

#[test]
fn a_search_is_given_up_at_its_deadline() {
    let shelf = Shelf::of(&[document(1, "漯河", ""), document(2, "许昌", "")]);
    for text in ["漯河", "漯河 许昌"] {
        let query = Query::parse(text);
        let late = Ask { deadline: Instant::now(), ..ask(&query) };
        assert_eq!(shelf.writer.reader().find(&late).expect("read"), None, "{text}");
    }
}

#[test]
fn a_rare_word_is_found_beside_many_frequent_ones_that_begin_so() {
    let many =
        (b'a'..=b'z').flat_map(|one| [*b"abc", *b"xyz"].concat().into_iter().map(move |two| [one, two]));
    let word = |ends: [u8; 2]| format!("covid{}{}", char::from(ends[0]), char::from(ends[1]));
    let titles = many.flat_map(|ends| [word(ends), word(ends)]);
    let mut documents: Vec<Document> =
        (2..).zip(titles).map(|(no, title)| document(no, &title, "")).collect();
    documents.push(document(1, "covid", ""));
    let found = Shelf::of(&documents).ask("covid", |ask| ask.most = 1000).numbers;
    assert_eq!((found.len(), found.last()), (127, Some(&1)), "63 words in two each, and the word itself");
}

#[test]
fn what_is_removed_or_changed_is_found_as_it_is_after_the_commit() {
    let mut shelf = Shelf::of(&[document(1, "漯河", ""), document(2, "漯河", "")]);
    shelf.writer.remove(1);
    shelf.writer.remove(2);
    shelf.writer.add(&document(2, "许昌", "")).expect("added");
    assert_eq!(shelf.find("漯河"), [2, 1]);
    shelf.commit();
    assert_eq!((shelf.find("漯河"), shelf.find("许昌")), (vec![], vec![2]));
}

#[test]
fn an_index_says_what_it_has_when_it_is_opened_again() {
    let Shelf { writer, dir } = Shelf::of(&[document(1, "漯河", "")]);
    writer.close().expect("closed");
    let (writer, found) = Writer::open(dir.path()).expect("opened");
    assert_eq!((found, writer.reader().documents()), (position(), 1));
    drop(writer);
    assert_eq!(Reader::open(dir.path()).expect("opened").1, position());
}

#[test]
fn a_flipped_octet_in_any_file_is_noticed_or_does_no_harm() {
    let documents: Vec<Document> =
        (1..200).map(|no| document(no, &format!("漯河防汛第{no}期 report"), "河南 应急")).collect();
    let Shelf { writer, dir } = Shelf::of(&documents);
    writer.close().expect("closed");
    let files: Vec<_> = std::fs::read_dir(dir.path())
        .expect("listed")
        .map(|file| file.expect("listed").path())
        .filter(|path| path.extension().is_none_or(|ending| ending != "lock"))
        .collect();
    assert!(files.len() > 5, "{files:?}");
    for path in files {
        let sound = std::fs::read(&path).expect("read");
        for place in [0, sound.len() / 3, sound.len() / 2, sound.len().saturating_sub(1)] {
            let mut damaged = sound.clone();
            if let Some(octet) = damaged.get_mut(place) {
                *octet ^= 0x55;
            }
            std::fs::write(&path, &damaged).expect("written");
            let opened = super::super::guarded(|| Writer::open(dir.path()));
            if let Ok((writer, _)) = opened {
                let query = Query::parse("漯河防汛");
                let hits = writer.reader().find(&ask(&query)).expect("read").expect("in time");
                assert_eq!(hits.total, 199, "{} at {place}", path.display());
            }
        }
        std::fs::write(&path, &sound).expect("written");
    }
}

fn texts() -> impl Strategy<Value = Vec<(String, String)>> {
    let text = || "[漯河防汛雨市abc1 2，。\u{3000}]{0,16}";
    prop::collection::vec((text(), text()), 1..24)
}

fn queries() -> impl Strategy<Value = String> {
    prop_oneof![
        "[漯河防汛雨市]{1,6}",
        "[漯河防汛雨市abc1 ，\"]{1,10}",
        "(title:)?[漯河防汛雨]{1,3} -?[漯河防汛雨abc]{1,3}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// The index finds what reading all entries finds. It cannot tell a separator from a unit, so it may find more for
    /// a word with a separator in it; whoever reads the hits leaves that out.
    #[test]
    fn the_index_finds_what_reading_finds(texts in texts(), queries in prop::collection::vec(queries(), 12)) {
        let documents: Vec<Document> = (1..).zip(&texts).map(|(no, (title, body))| document(no, title, body)).collect();
        let shelf = Shelf::of(&documents);
        for text in &queries {
            let query = Query::parse(text);
            let matching = documents.iter().filter(|document| query.matches(&document.title, &document.body));
            let mut read: Vec<EntryNo> = matching.map(|document| document.no).collect();
            read.reverse();
            let mut found = shelf.find(text);
            if query.words.iter().any(|word| word.text.contains('，')) {
                found.retain(|no| read.contains(no));
            }
            prop_assert_eq!(found, read, "{}", text);
        }
    }
}
