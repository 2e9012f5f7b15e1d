//! The index on disk, over tantivy: documents in, numbers of entries out. Only this file and those below name
//! tantivy. It knows neither the store nor when an entry may be shown.

mod ask;
mod cut;

use std::path::Path;

use serde::{Deserialize, Serialize};
use tantivy::directory::error::{OpenDirectoryError, OpenReadError, OpenWriteError};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::TokenizerManager;
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term};

use crate::model::feed_key::FeedKey;
use crate::model::stored::EntryNo;
use crate::model::time::Time;
pub use ask::{Ask, Hits, Rank};

/// The memory in which tantivy gathers documents, in octets. A build of a million entries takes 72 MB with it, 57 MB with
/// 16,000,000, and 90 MB with 24,000,000. The more, the smaller the index.
const GATHERED: usize = 20_000_000;

/// The share of deleted documents from which a segment is written anew. The default never gives their disk back.
const DELETED: f32 = 0.3;

/// Segments of about one size that are merged into one; eight by default. Each repeats the common words, so fewer take
/// less disk.
const ALIKE: usize = 4;

/// An entry as the index has it.
#[derive(Clone, Debug)]
pub struct Document {
    pub no: EntryNo,
    pub surfaced: Time,
    pub published: Time,
    /// The feeds that list it, but for the one of everything.
    pub feeds: Vec<FeedKey>,
    /// Its language (BCP 47), the primary part alone.
    pub language: Option<String>,
    pub title: String,
    pub body: String,
}

/// How far the index has followed the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The store, and all that the texts of its entries depend on.
    pub of: String,
    /// Changes up to this line of the journal are indexed.
    pub seq: u64,
    /// New entries below this number are indexed.
    pub next_no: EntryNo,
}

/// The index cannot be read or written. Unless the error is a passing one, the index is good for nothing.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    #[error(transparent)]
    Tantivy(#[from] TantivyError),
    #[error("the disk: {0}")]
    Io(#[from] std::io::Error),
    #[error("{0} of its files are damaged")]
    Damaged(usize),
    #[error("it does not say what it has")]
    NoPosition,
}

impl IndexError {
    /// True if it says nothing against the files: another process has them, or the system refuses for now.
    pub fn is_passing(&self) -> bool {
        let error = match self {
            Self::Tantivy(TantivyError::LockFailure(..)) => return true,
            Self::Tantivy(
                TantivyError::IoError(error)
                | TantivyError::OpenReadError(OpenReadError::IoError { io_error: error, .. })
                | TantivyError::OpenWriteError(OpenWriteError::IoError { io_error: error, .. })
                | TantivyError::OpenDirectoryError(OpenDirectoryError::IoError { io_error: error, .. }),
            ) => &**error,
            Self::Io(error) => error,
            _ => return false,
        };
        // A file that is missing or too short is damage.
        error.raw_os_error().is_some() && error.kind() != std::io::ErrorKind::NotFound
    }
}

#[derive(Clone, Copy, Debug)]
struct Fields {
    no: Field,
    surfaced: Field,
    published: Field,
    tags: Field,
    title: Field,
    body: Field,
}

/// The field names of the columns.
const NO: &str = "no";
const SURFACED: &str = "surfaced";
const PUBLISHED: &str = "published";

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let with = |record| TextFieldIndexing::default().set_tokenizer(cut::NAME).set_index_option(record);
    let text = TextOptions::default().set_indexing_options(with(IndexRecordOption::WithFreqsAndPositions));
    let tags = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::Basic);
    let fields = Fields {
        no: schema.add_u64_field(NO, INDEXED | FAST),
        surfaced: schema.add_i64_field(SURFACED, FAST),
        published: schema.add_i64_field(PUBLISHED, FAST),
        tags: schema.add_text_field("tags", TextOptions::default().set_indexing_options(tags)),
        title: schema.add_text_field("title", text.clone()),
        body: schema.add_text_field("body", text),
    };
    (schema.build(), fields)
}

/// The term of a feed that lists an entry. Everything needs none.
fn feed_tag(feed: &FeedKey) -> Option<String> {
    match feed {
        FeedKey::All => None,
        FeedKey::National => Some("n".to_owned()),
        FeedKey::Region(id) => Some(format!("r{id}")),
        FeedKey::Source(id) => Some(format!("s{id}")),
    }
}

fn language_tag(language: &str) -> String {
    format!("l{language}")
}

/// The reading side. Cheap to clone; a clone may outlive the files.
#[derive(Clone)]
pub struct Reader {
    fields: Fields,
    reader: IndexReader,
}

impl Reader {
    /// Opens an index that is there, for reading. Does not check it.
    pub fn open(dir: &Path) -> Result<(Self, Position), IndexError> {
        let index = tantivy::Index::open_in_dir(dir)?;
        let position = position(&index)?;
        Ok((Self::of(&index)?, position))
    }

    fn of(index: &tantivy::Index) -> Result<Self, IndexError> {
        let builder = index.reader_builder().reload_policy(ReloadPolicy::Manual);
        // Nothing is stored, so there is nothing to keep of it.
        Ok(Self { fields: schema().1, reader: builder.doc_store_cache_num_blocks(0).try_into()? })
    }

    /// The number of documents.
    pub fn documents(&self) -> u64 {
        self.reader.searcher().num_docs()
    }
}

fn position(index: &tantivy::Index) -> Result<Position, IndexError> {
    let payload = index.load_metas()?.payload.ok_or(IndexError::NoPosition)?;
    serde_json::from_str(&payload).map_err(|_| IndexError::NoPosition)
}

/// The writing side; there is one.
pub struct Writer {
    writer: IndexWriter,
    fields: Fields,
    reader: Reader,
}

impl Writer {
    /// Opens an index that is there, and reads all of its files to check them.
    pub fn open(dir: &Path) -> Result<(Self, Position), IndexError> {
        let index = tantivy::Index::open_in_dir(dir)?;
        let damaged = index.validate_checksum()?.len();
        if damaged > 0 {
            return Err(IndexError::Damaged(damaged));
        }
        let position = position(&index)?;
        Ok((Self::over(index)?, position))
    }

    /// Makes an empty index in an empty directory.
    pub fn create(dir: &Path) -> Result<Self, IndexError> {
        std::fs::create_dir_all(dir)?;
        Self::over(tantivy::Index::create_in_dir(dir, schema().0)?)
    }

    fn over(mut index: tantivy::Index) -> Result<Self, IndexError> {
        let tokenizers = TokenizerManager::default();
        tokenizers.register(cut::NAME, cut::Cutter::default());
        index.set_tokenizers(tokenizers);
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(GATHERED)
            .build();
        let writer = index.writer_with_options(options)?;
        let mut merges = LogMergePolicy::default();
        merges.set_del_docs_ratio_before_merge(DELETED);
        merges.set_min_num_segments(ALIKE);
        writer.set_merge_policy(Box::new(merges));
        let reader = Reader::of(&index)?;
        Ok(Self { writer, fields: reader.fields, reader })
    }

    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Adds an entry that the index does not have. It is found after the next commit.
    pub fn add(&self, document: &Document) -> Result<(), IndexError> {
        let mut doc = TantivyDocument::default();
        doc.add_u64(self.fields.no, document.no);
        doc.add_i64(self.fields.surfaced, document.surfaced.timestamp_millis());
        doc.add_i64(self.fields.published, document.published.timestamp_millis());
        let tags = document.feeds.iter().filter_map(feed_tag);
        for tag in tags.chain(document.language.as_deref().map(language_tag)) {
            doc.add_text(self.fields.tags, tag);
        }
        doc.add_text(self.fields.title, &document.title);
        if !document.body.is_empty() {
            doc.add_text(self.fields.body, &document.body);
        }
        self.writer.add_document(doc)?;
        Ok(())
    }

    /// Removes an entry, if the index has it.
    pub fn remove(&self, no: EntryNo) {
        self.writer.delete_term(Term::from_field_u64(self.fields.no, no));
    }

    /// Makes all additions and removals durable and found.
    pub fn commit(&mut self, position: &Position) -> Result<(), IndexError> {
        let mut prepared = self.writer.prepare_commit()?;
        prepared.set_payload(&serde_json::to_string(position).expect("a position is plain JSON"));
        prepared.commit()?;
        self.reader.reader.reload()?;
        Ok(())
    }

    /// Ends after the merges that are under way: interrupted ones would pile up. May take seconds.
    pub fn close(self) -> Result<(), IndexError> {
        Ok(self.writer.wait_merging_threads()?)
    }
}

#[cfg(test)]
mod tests;
