//! Faults and warnings in a configuration, with their places. Owns the wording of places and suggestions; each
//! check words its own faults.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One thing wrong, or doubtful, in a configuration. Faults order by file, then line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file it stands in, as it was named.
    pub file: PathBuf,
    /// Position in the file; `None` when the file as a whole is meant.
    pub at: Option<LineColumn>,
    /// The key, dotted: `source.henan.schedule`, or `source[3].schedule` (the third of that file)
    /// where the table has no id. Empty for faults of syntax.
    pub key: String,
    /// The fault, and what to do about it.
    pub message: String,
}

/// A place in a text, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(at) = self.at {
            write!(f, ":{}", at.line)?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// All faults and warnings of a configuration, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Faults: the configuration cannot be used.
    pub faults: Vec<Fault>,
    /// Warnings: the configuration could be used all the same.
    pub warnings: Vec<Fault>,
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in self.faults.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Faults and warnings as they are found.
#[derive(Debug, Default)]
pub(super) struct FaultList {
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
    /// Secrets that cannot be read here, and need not be.
    unread: Vec<Fault>,
    /// Files with faults of syntax, and where the first of them is.
    broken: Vec<(PathBuf, LineColumn)>,
}

impl FaultList {
    pub(super) fn fault(&mut self, place: &Location, message: impl Into<String>) {
        self.faults.push(place.fault(message));
    }

    /// A fault of syntax, after which the text may be misread: faults on that line and below are its
    /// echoes, and are left out.
    pub(super) fn broken(&mut self, place: &Location, message: impl Into<String>) {
        let fault = place.fault(message);
        self.broken.extend(fault.at.map(|at| (fault.file.clone(), at)));
        self.faults.push(fault);
    }

    /// Keys of which a table must have one and has none, unless one is there and was reported, or a
    /// fault of syntax may have swallowed it.
    pub(super) fn missing(&mut self, table: &Location, keys: &[&str], message: &str) {
        let is_one = |key: &str| keys.iter().any(|one| key == format!("{}.{one}", table.key));
        let is_known = self.faults.iter().any(|fault| *fault.file == *table.file && is_one(&fault.key));
        if !is_known && !self.broken.iter().any(|(file, _)| **file == *table.file) {
            self.fault(table, format!("has no {}; {message}", keys.join(" or ")));
        }
    }

    pub(super) fn warn(&mut self, place: &Location, message: impl Into<String>) {
        self.warnings.push(place.fault(message));
    }

    /// A secret that only the daemon may read, and that is not needed here.
    pub(super) fn unread(&mut self, place: &Location, message: impl Into<String>) {
        self.unread.push(place.fault(message));
    }

    pub(super) fn take_unread(&mut self) -> Vec<Fault> {
        std::mem::take(&mut self.unread)
    }

    /// Ends the collecting: everything in order, each thing once.
    pub(super) fn into_faults(mut self) -> Faults {
        let echoes = |fault: &Fault| {
            let below = |first: &LineColumn| fault.at.is_some_and(|at| at.line >= first.line);
            !fault.key.is_empty()
                && self.broken.iter().any(|(file, first)| *file == fault.file && below(first))
        };
        self.faults.retain(|fault| !echoes(fault));
        self.warnings.retain(|fault| !echoes(fault));
        for list in [&mut self.faults, &mut self.warnings] {
            list.sort();
            list.dedup();
        }
        Faults { faults: self.faults, warnings: self.warnings }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) file: Arc<Path>,
    pub(super) at: Option<LineColumn>,
    pub(super) key: String,
}

impl Location {
    pub(super) fn of_file(file: &Path) -> Self {
        Self { file: Arc::from(file), at: None, key: String::new() }
    }

    fn fault(&self, message: impl Into<String>) -> Fault {
        Fault { file: self.file.to_path_buf(), at: self.at, key: self.key.clone(), message: message.into() }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        self.at.map_or(Ok(()), |at| write!(f, ":{}", at.line))
    }
}

#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) place: Location,
}

/// ` (did you mean "henan"?)` where one of `known` is near enough to `text`, else nothing.
pub(super) fn did_you_mean<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let lower = text.to_lowercase();
    // One slip in three letters: more, and the suggestion is a guess that confuses.
    let limit = (lower.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|candidate| (distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| format!(" (did you mean {candidate:?}?)"))
        .unwrap_or_default()
}

/// The number of letters that must be put in, left out, changed or swapped with their neighbour to get from `a`
/// to `b`. Texts over 64 letters are never near: identifiers are shorter, and this is quadratic.
fn distance(a: &str, b: &str) -> usize {
    const LONGEST: usize = 64;
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len() > LONGEST || b.len() > LONGEST {
        return usize::MAX;
    }
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}
