//! A search of the index: the query as tantivy's, and the first documents by time or relevance. It looks at the clock
//! while it looks for documents in which the words meet.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::ops::Bound;

use tantivy::columnar::ColumnValues;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EnableScoring, PhraseQuery, Query as Matcher,
    Scorer, TermQuery, Weight,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, Searcher, SegmentReader, TERMINATED, Term};
use tokio::time::Instant;

use super::{IndexError, NO, PUBLISHED, Reader, SURFACED, cut, feed_tag, language_tag};
use crate::model::feed_key::FeedKey;
use crate::model::search::Order;
use crate::model::source::SourceId;
use crate::model::stored::EntryNo;
use crate::model::time::Time;
use crate::search::query::{Query, Word};

/// A match in the title counts this many times one in the body.
const TITLE: f32 = 3.0;

/// The most words that the beginning of a word stands for, those in most entries.
const BEGINNINGS: usize = 64;

/// The most words that are looked at for that, of each segment.
const LOOKED_AT: usize = 10_000;

/// Documents that are tried between two looks at the clock: about 0.1 ms.
const STEP: usize = 1024;

/// The question to the index.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    pub query: &'a Query,
    /// Feeds that all list the entry.
    pub listed_in: Vec<FeedKey>,
    /// Sources whose entries are left out.
    pub without: &'a BTreeSet<SourceId>,
    pub language: Option<&'a str>,
    /// Published at or after.
    pub from: Option<Time>,
    /// Published before.
    pub before: Option<Time>,
    pub order: Order,
    /// The most numbers in the answer.
    pub most: usize,
    /// Only numbers behind this one: [`Hits::last`] of the answer before.
    pub after: Option<Rank>,
    /// The search is given up then.
    pub deadline: Instant,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// The first documents in the order that was asked for.
    pub numbers: Vec<EntryNo>,
    /// The place of the last of them.
    pub last: Option<Rank>,
    /// All documents that match.
    pub total: usize,
}

/// The place of a document among the others; the greatest comes first.
pub type Rank = (u64, EntryNo);

impl Reader {
    /// `None` if the deadline has passed.
    pub fn find(&self, ask: &Ask<'_>) -> Result<Option<Hits>, IndexError> {
        let searcher = self.reader.searcher();
        let matchers = self.matchers(ask, &searcher)?;
        if matchers.is_empty() {
            return Ok(Some(Hits::default()));
        }
        let scoring = match ask.order {
            Order::Time => EnableScoring::disabled_from_searcher(&searcher),
            Order::Relevance => EnableScoring::enabled_from_searcher(&searcher),
        };
        let weights: Result<Vec<_>, _> = matchers.iter().map(|matcher| matcher.weight(scoring)).collect();
        let weights = weights?;
        let without = self.without(ask, &searcher)?;
        let mut found = Found { first: BinaryHeap::new(), total: 0 };
        for segment in searcher.segment_readers() {
            if !found.take(&weights, &without, segment, ask)? {
                return Ok(None);
            }
        }
        let first = found.first.into_sorted_vec();
        let last = first.last().map(|Reverse(rank)| *rank);
        let numbers = first.into_iter().map(|Reverse((_, no))| no).collect();
        Ok(Some(Hits { numbers, last, total: found.total }))
    }

    /// What must all match; empty if nothing can.
    fn matchers(&self, ask: &Ask<'_>, searcher: &Searcher) -> Result<Vec<Box<dyn Matcher>>, IndexError> {
        let words = ask.query.words.iter().map(|word| self.word(word, searcher));
        let mut matchers = words.collect::<Result<Vec<_>, _>>()?;
        if !matchers.is_empty() {
            let tags = ask.listed_in.iter().filter_map(feed_tag).chain(ask.language.map(language_tag));
            matchers.extend(tags.map(|tag| self.tag(&tag)));
        }
        Ok(matchers)
    }

    /// What must not match. tantivy's own exclusion seeks backwards in phrases, which its documentation forbids.
    fn without(&self, ask: &Ask<'_>, searcher: &Searcher) -> Result<Vec<Box<dyn Weight>>, IndexError> {
        // Of a word with a separator the index finds too much, and here that would hide entries.
        let words = ask.query.without.iter().filter(|word| word.is_unbroken());
        let words = words.map(|word| self.word(word, searcher));
        let sources = ask.without.iter().filter_map(|id| feed_tag(&FeedKey::Source(id.clone())));
        let all = words.chain(sources.map(|tag| Ok(self.tag(&tag))));
        all.map(|matcher| Ok(matcher?.weight(EnableScoring::disabled_from_searcher(searcher))?)).collect()
    }

    /// Tags say nothing about relevance.
    fn tag(&self, tag: &str) -> Box<dyn Matcher> {
        let term = Term::from_field_text(self.fields.tags, tag);
        Box::new(ConstScoreQuery::new(Box::new(TermQuery::new(term, IndexRecordOption::Basic)), 0.0))
    }

    fn word(&self, word: &Word, searcher: &Searcher) -> Result<Box<dyn Matcher>, IndexError> {
        let title = BoostQuery::new(self.word_in(word, self.fields.title, searcher)?, TITLE);
        if word.in_title {
            return Ok(Box::new(title));
        }
        let body = self.word_in(word, self.fields.body, searcher)?;
        Ok(Box::new(BooleanQuery::union(vec![Box::new(title), body])))
    }

    fn word_in(
        &self,
        word: &Word,
        field: Field,
        searcher: &Searcher,
    ) -> Result<Box<dyn Matcher>, IndexError> {
        let of = |text: &str| Term::from_field_text(field, text);
        let alone = |text: &str| -> Box<dyn Matcher> {
            Box::new(TermQuery::new(of(text), IndexRecordOption::WithFreqs))
        };
        if word.is_beginning {
            let words = beginning_with(&word.units[0].text, field, searcher)?;
            return Ok(Box::new(BooleanQuery::union(words.iter().map(|text| alone(text)).collect())));
        }
        let terms = cut::cover(&word.units);
        Ok(match &*terms {
            // A word has units, so this stands for none.
            [] => Box::new(AllQuery),
            [(_, text)] => alone(text),
            _ => {
                let terms = terms.iter().map(|(at, text)| (*at, of(text))).collect();
                Box::new(PhraseQuery::new_with_offset(terms))
            }
        })
    }
}

/// The word itself, and the most frequent words that begin so.
fn beginning_with(text: &str, field: Field, searcher: &Searcher) -> Result<Vec<String>, IndexError> {
    let mut words: BTreeMap<String, u64> = BTreeMap::new();
    for segment in searcher.segment_readers() {
        let inverted = segment.inverted_index(field)?;
        let mut stream = inverted.terms().range().ge(text).into_stream()?;
        for _ in 0..LOOKED_AT {
            if !stream.advance() || !stream.key().starts_with(text.as_bytes()) {
                break;
            }
            if let Ok(word) = std::str::from_utf8(stream.key()) {
                *words.entry(word.to_owned()).or_default() += u64::from(stream.value().doc_freq);
            }
        }
    }
    let mut words: Vec<(String, u64)> = words.into_iter().collect();
    words.sort_by_key(|(word, frequency)| (word != text, Reverse(*frequency)));
    words.truncate(BEGINNINGS);
    Ok(words.into_iter().map(|(word, _)| word).collect())
}

/// The documents of a segment in which all words meet.
struct Meeting {
    /// The rarest first.
    scorers: Vec<Box<dyn Scorer>>,
    looks: usize,
    deadline: Instant,
}

impl Meeting {
    fn of(
        weights: &[Box<dyn Weight>],
        segment: &SegmentReader,
        deadline: Instant,
    ) -> Result<Self, IndexError> {
        let scorers: Result<Vec<_>, _> = weights.iter().map(|weight| weight.scorer(segment, 1.0)).collect();
        let mut scorers = scorers?;
        scorers.sort_by_key(DocSet::cost);
        Ok(Self { scorers, looks: 0, deadline })
    }

    /// The first document from `doc` on; `None` if the deadline has passed.
    fn seek(&mut self, mut doc: DocId) -> Option<DocId> {
        loop {
            if self.looks.is_multiple_of(STEP) && Instant::now() >= self.deadline {
                return None;
            }
            self.looks += 1;
            let places = self.scorers.iter_mut().map(|scorer| at_or_behind(&mut **scorer, doc));
            match places.into_iter().find(|place| *place > doc) {
                Some(place) => doc = place,
                None => return Some(doc),
            }
        }
    }

    fn score(&mut self) -> f32 {
        self.scorers.iter_mut().map(Scorer::score).sum()
    }
}

struct Found {
    /// The first so far, the last of them on top.
    first: BinaryHeap<Reverse<Rank>>,
    total: usize,
}

impl Found {
    /// Goes through the matching documents of a segment. False if the deadline has passed.
    fn take(
        &mut self,
        weights: &[Box<dyn Weight>],
        without: &[Box<dyn Weight>],
        segment: &SegmentReader,
        ask: &Ask<'_>,
    ) -> Result<bool, IndexError> {
        let columns = segment.fast_fields();
        let numbers = columns.u64(NO)?.first_or_default_col(0);
        let surfaced = columns.i64(SURFACED)?.first_or_default_col(0);
        let published = columns.i64(PUBLISHED)?.first_or_default_col(0);
        let millis = |time: Time| time.timestamp_millis();
        let days = (
            ask.from.map_or(Bound::Unbounded, |from| Bound::Included(millis(from))),
            ask.before.map_or(Bound::Unbounded, |before| Bound::Excluded(millis(before))),
        );
        let every_day = ask.from.is_none() && ask.before.is_none();
        let alive = segment.alive_bitset();
        let mut meeting = Meeting::of(weights, segment, ask.deadline)?;
        let without: Result<Vec<_>, _> = without.iter().map(|weight| weight.scorer(segment, 1.0)).collect();
        let mut without = without?;
        let mut next = 0;
        loop {
            let Some(doc) = meeting.seek(next) else { return Ok(false) };
            if doc == TERMINATED {
                return Ok(true);
            }
            next = doc + 1;
            let is_taken = alive.is_none_or(|alive| alive.is_alive(doc))
                && (every_day || contains(days, published.get_val(doc)))
                && !without.iter_mut().any(|other| is_at(&mut **other, doc));
            if is_taken {
                let place = match ask.order {
                    Order::Time => ascending(surfaced.get_val(doc)),
                    // A score is positive, and then the order of its bits is its own.
                    Order::Relevance => u64::from(meeting.score().max(0.0).to_bits()),
                };
                self.offer(place, || numbers.get_val(doc), ask);
            }
        }
    }

    fn offer(&mut self, place: u64, number: impl FnOnce() -> EntryNo, ask: &Ask<'_>) {
        self.total += 1;
        let is_full = self.first.len() >= ask.most;
        if ask.after.is_some_and(|(after, _)| place > after)
            || is_full && self.first.peek().is_none_or(|Reverse((last, _))| place < *last)
        {
            return;
        }
        let rank = (place, number());
        if ask.after.is_some_and(|after| rank >= after) {
            return;
        }
        self.first.push(Reverse(rank));
        if is_full {
            self.first.pop();
        }
    }
}

/// True if the document matches; documents are asked for in order.
fn is_at(matching: &mut dyn Scorer, doc: DocId) -> bool {
    at_or_behind(matching, doc) == doc
}

/// Moves to the document, or to the next that matches. A step is cheaper than a search.
fn at_or_behind(matching: &mut dyn Scorer, doc: DocId) -> DocId {
    match matching.doc() {
        at if at >= doc => at,
        at if at + 1 == doc => matching.advance(),
        _ => matching.seek(doc),
    }
}

fn contains(days: (Bound<i64>, Bound<i64>), at: i64) -> bool {
    use std::ops::RangeBounds;
    days.contains(&at)
}

/// An integer whose order without a sign is that of `value` with one.
fn ascending(value: i64) -> u64 {
    value.cast_unsigned() ^ (1 << 63)
}
