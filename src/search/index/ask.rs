//! A search of the index: the query as tantivy's, and the first documents by time or relevance. It looks at the clock
//! while it goes through the documents that match.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::ops::Bound;

use tantivy::columnar::ColumnValues;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EnableScoring, Occur, PhraseQuery, Query as Matcher,
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

/// Documents between two looks at the clock: about 0.1 ms.
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
    /// The search is given up then.
    pub deadline: Instant,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// The first documents in the order that was asked for.
    pub numbers: Vec<EntryNo>,
    /// All documents that match.
    pub total: usize,
}

/// The place of a document among the others; the greatest comes first.
type Rank = (u64, EntryNo);

impl Reader {
    /// `None` if the deadline has passed.
    pub fn find(&self, ask: &Ask<'_>) -> Result<Option<Hits>, IndexError> {
        let searcher = self.reader.searcher();
        let Some(matcher) = self.matcher(ask, &searcher)? else { return Ok(Some(Hits::default())) };
        let scoring = match ask.order {
            Order::Time => EnableScoring::disabled_from_searcher(&searcher),
            Order::Relevance => EnableScoring::enabled_from_searcher(&searcher),
        };
        let weight = matcher.weight(scoring)?;
        let without = self.without(ask, &searcher)?;
        let mut found = Found { first: BinaryHeap::new(), total: 0 };
        for segment in searcher.segment_readers() {
            if !found.take(&*weight, &without, segment, ask)? {
                return Ok(None);
            }
        }
        let first = found.first.into_sorted_vec();
        let numbers = first.into_iter().map(|Reverse((_, no))| no).collect();
        Ok(Some(Hits { numbers, total: found.total }))
    }

    /// `None` if nothing can match.
    fn matcher(&self, ask: &Ask<'_>, searcher: &Searcher) -> Result<Option<Box<dyn Matcher>>, IndexError> {
        let mut clauses: Vec<(Occur, Box<dyn Matcher>)> = Vec::new();
        for word in &ask.query.words {
            clauses.push((Occur::Must, self.word(word, searcher)?));
        }
        if clauses.is_empty() {
            return Ok(None);
        }
        let tags = ask.listed_in.iter().filter_map(feed_tag).chain(ask.language.map(language_tag));
        clauses.extend(tags.map(|tag| (Occur::Must, self.tag(&tag))));
        Ok(Some(Box::new(BooleanQuery::new(clauses))))
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

/// The most frequent words that begin so.
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
    words.sort_by_key(|(_, frequency)| Reverse(*frequency));
    words.truncate(BEGINNINGS);
    Ok(words.into_iter().map(|(word, _)| word).collect())
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
        weight: &dyn Weight,
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
        let mut scorer = weight.scorer(segment, 1.0)?;
        let without: Result<Vec<_>, _> = without.iter().map(|weight| weight.scorer(segment, 1.0)).collect();
        let mut without = without?;
        let mut seen = 0_usize;
        let mut doc = scorer.doc();
        while doc != TERMINATED {
            if seen.is_multiple_of(STEP) && Instant::now() >= ask.deadline {
                return Ok(false);
            }
            seen += 1;
            let is_taken = alive.is_none_or(|alive| alive.is_alive(doc))
                && (every_day || contains(days, published.get_val(doc)))
                && !without.iter_mut().any(|other| is_at(&mut **other, doc));
            if is_taken {
                let place = match ask.order {
                    Order::Time => ascending(surfaced.get_val(doc)),
                    // A score is positive, and then the order of its bits is its own.
                    Order::Relevance => u64::from(scorer.score().max(0.0).to_bits()),
                };
                self.offer(place, || numbers.get_val(doc), ask.most);
            }
            doc = scorer.advance();
        }
        Ok(true)
    }

    fn offer(&mut self, place: u64, number: impl FnOnce() -> EntryNo, most: usize) {
        self.total += 1;
        let is_full = self.first.len() >= most;
        if is_full && self.first.peek().is_none_or(|Reverse((last, _))| place < *last) {
            return;
        }
        self.first.push(Reverse((place, number())));
        if is_full {
            self.first.pop();
        }
    }
}

/// True if the document matches; documents are asked for in order.
fn is_at(matching: &mut dyn Scorer, doc: DocId) -> bool {
    if matching.doc() < doc {
        matching.seek(doc);
    }
    matching.doc() == doc
}

fn contains(days: (Bound<i64>, Bound<i64>), at: i64) -> bool {
    use std::ops::RangeBounds;
    days.contains(&at)
}

/// An integer whose order without a sign is that of `value` with one.
fn ascending(value: i64) -> u64 {
    value.cast_unsigned() ^ (1 << 63)
}
