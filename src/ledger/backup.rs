//! Backup and restore. A backup has the acknowledged part of the journal's files, and a manifest with their hashes.
//! It has no store: the store is built from the journal.
//!
//! ```text
//! DIR/00000002-2026-11-23.ndjson.zst …   the journal, as it is
//! DIR/manifest.json                      its files and their hashes, written last
//! ```

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::journal::{self, JournalError, Losses};
use super::{LedgerError, Paths, dirs};
use crate::model::record::LINE_VERSION;
use crate::model::time::Time;

const FORMAT: u32 = 1;

const MANIFEST: &str = "manifest.json";

const CHUNK: usize = 1 << 16;

/// The list of files of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the layout.
    pub format: u32,
    pub dibao: String,
    /// The version of the journal's lines that it may hold.
    pub lines: u8,
    /// Time at which the backup was made.
    pub at: Time,
    pub seq: u64,
    /// The files of the journal, in order.
    pub files: Vec<CopiedFile>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopiedFile {
    pub name: String,
    pub octets: u64,
    pub sha256: String,
}

/// A file of the journal, and how much of it is acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupFile {
    pub name: String,
    pub octets: u64,
}

/// The errors of making or restoring a backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{path}: cannot {what}: {source}")]
    Io { path: PathBuf, what: &'static str, source: io::Error },
    #[error("{0} is not empty; name a directory that is empty, or not there yet")]
    NotEmpty(PathBuf),
    #[error("{0} is gone: the journal was compacted meanwhile")]
    Vanished(PathBuf),
    #[error("{path} is not a backup: {why}")]
    NoBackup { path: PathBuf, why: String },
    #[error(
        "{path} was made by dibao {dibao} (backup format {format}, line version {lines}), which is newer than this dibao \
         reads ({FORMAT} and {LINE_VERSION}); use the newer dibao"
    )]
    Newer { path: PathBuf, dibao: String, format: u32, lines: u64 },
    #[error("{0} is damaged: its hash is not the one in the manifest")]
    Damaged(PathBuf),
    #[error(
        "the journal in {path} is damaged, so no backup was made: {what}. The next compaction rewrites it from the \
         store; to keep the damaged journal, stop dibao and copy the state directory"
    )]
    JournalDamaged { path: PathBuf, what: Losses },
    /// A whole copy of a journal that was damaged.
    #[error(
        "{path} is a backup of a damaged journal: {what}. An earlier backup may be intact. To start from the readable \
         part of this one, copy its .zst files into the directory journal of a new state directory"
    )]
    CopyOfRotten { path: PathBuf, what: Losses },
    #[error("{0} has a journal; restore into a state directory without one")]
    Occupied(PathBuf),
    #[error(transparent)]
    State(#[from] LedgerError),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

fn io_error<'a>(path: &'a Path, what: &'static str) -> impl FnOnce(io::Error) -> BackupError + 'a {
    move |source| BackupError::Io { path: path.to_owned(), what, source }
}

/// Makes sure that a backup can be written to a directory: it is there, and empty.
pub fn prepare(into: &Path) -> Result<(), BackupError> {
    dirs::create(into).map_err(io_error(into, "create it"))?;
    if is_empty(into)? { Ok(()) } else { Err(BackupError::NotEmpty(into.to_owned())) }
}

/// Copies the parts of the journal in `from`, whose last line is at `seq`, reads the copies through, and writes the
/// manifest. Fails with [`BackupError::Vanished`] if the caller has to ask for the parts again,
/// [`BackupError::JournalDamaged`] if the journal has to be healed first. After any error the directory is empty,
/// so that the caller can try again there.
pub fn copy(
    from: &Path,
    (seq, parts): (u64, &[BackupFile]),
    at: Time,
    into: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Manifest, BackupError> {
    let ours = Unfinished::at(into, parts);
    let mut files = Vec::with_capacity(parts.len());
    for part in parts {
        let (octets, sha256) = copy_file(&from.join(&part.name), &into.join(&part.name), part.octets)?;
        progress(octets);
        files.push(CopiedFile { name: part.name.clone(), octets, sha256 });
    }
    // A hash proves that a copy equals its file, not that the file is a journal.
    let what = lacks(into, seq, &files)?;
    if !what.is_empty() {
        return Err(BackupError::JournalDamaged { path: from.to_owned(), what: of_directory(what, from) });
    }
    let dibao = env!("CARGO_PKG_VERSION").to_owned();
    let manifest = Manifest { format: FORMAT, dibao, lines: LINE_VERSION, at, seq, files };
    let mut text = serde_json::to_vec_pretty(&manifest).expect("a manifest is plain JSON");
    text.push(b'\n');
    // Without it there is no backup, so it comes once everything else is durable.
    sync_dir(into)?;
    let path = into.join(MANIFEST);
    let written = File::create_new(&path).and_then(|mut file| {
        file.write_all(&text)?;
        file.sync_all()
    });
    written.map_err(io_error(&path, "write it"))?;
    sync_dir(into)?;
    ours.keep();
    Ok(manifest)
}

/// The files of a backup that is being made, which go when it is not finished. What was there before is
/// somebody else's.
struct Unfinished(Vec<PathBuf>);

impl Unfinished {
    fn at(into: &Path, parts: &[BackupFile]) -> Self {
        let names = parts.iter().map(|part| part.name.as_str()).chain([MANIFEST]);
        let paths = names.map(|name| into.join(name));
        Self(paths.filter(|path| path.symlink_metadata().is_err()).collect())
    }

    fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        for path in &self.0 {
            // Some were not begun yet.
            let _ = fs::remove_file(path);
        }
    }
}

/// Restores a backup into a state directory that has no journal, after checking every file against the manifest;
/// `progress` gets the octets of each. The next open builds the store. Until the restore is complete, opening fails: see
/// `require_restored`. An interrupted restore starts from the beginning. Fails if the backup is not whole, is newer, or
/// the directory is in use or has a journal.
pub fn restore(
    from: &Path,
    state_dir: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Manifest, BackupError> {
    let manifest = read_manifest(from)?;
    for file in &manifest.files {
        let path = from.join(&file.name);
        let (octets, sha256) = hash(&path)?;
        if (octets, &sha256) != (file.octets, &file.sha256) {
            return Err(BackupError::Damaged(path));
        }
        progress(octets);
    }
    let what = lacks(from, manifest.seq, &manifest.files)?;
    if !what.is_empty() {
        return Err(BackupError::CopyOfRotten { path: from.to_owned(), what });
    }
    dirs::create(state_dir).map_err(io_error(state_dir, "create it"))?;
    let _lock = dirs::lock(state_dir)?;
    let paths = Paths::new(state_dir);
    let journal = paths.journal();
    if journal.exists() && !holds_remains(&journal)? {
        return Err(BackupError::Occupied(state_dir.to_owned()));
    }
    let arriving = paths.restoring();
    begin_anew(&arriving)?;
    sync_dir(state_dir)?;
    if let Err(error) = bring(from, &manifest, &arriving) {
        // The room is needed, if only to try again; that it is not done yet must still show.
        let _ = begin_anew(&arriving);
        return Err(error);
    }
    // A store that is there follows another journal: it goes when nothing else can fail.
    remove_all(&paths.store())?;
    remove_all(&journal)?;
    fs::rename(&arriving, &journal).map_err(io_error(&arriving, "rename it"))?;
    sync_dir(state_dir)?;
    Ok(manifest)
}

/// Copies the files of a backup, and makes them durable.
fn bring(from: &Path, manifest: &Manifest, to: &Path) -> Result<(), BackupError> {
    for file in &manifest.files {
        let (_, sha256) = copy_file(&from.join(&file.name), &to.join(&file.name), file.octets)?;
        if sha256 != file.sha256 {
            return Err(BackupError::Damaged(to.join(&file.name)));
        }
    }
    sync_dir(to)
}

/// Refuses a state directory that a restore left unfinished: its journal was moved away for it, and an empty one
/// would be begun, every source read as a new one, and the restore find a journal in its way. Where there is a
/// journal again, the restore was given up.
pub(super) fn require_restored(paths: &Paths) -> Result<(), LedgerError> {
    let (arriving, journal) = (paths.restoring(), paths.journal());
    let given_up = || journal.exists() && !holds_remains(&journal).unwrap_or(false);
    if arriving.symlink_metadata().is_ok() && !given_up() {
        return Err(LedgerError::HalfRestored(arriving));
    }
    Ok(())
}

/// The unreadable parts of a copy of a journal whose last line is `seq`.
fn lacks(dir: &Path, seq: u64, files: &[CopiedFile]) -> Result<Losses, JournalError> {
    let (reached, mut losses) = journal::read_through(dir, files.iter().map(|file| file.name.as_str()))?;
    if reached < seq {
        losses.gaps.push((reached + 1, seq));
    }
    Ok(losses)
}

/// The same losses with the paths of the original files: the copies are removed before the error is shown.
fn of_directory(mut losses: Losses, dir: &Path) -> Losses {
    for damage in &mut losses.damage {
        damage.path = dir.join(damage.path.file_name().unwrap_or_default());
    }
    losses
}

/// The fields of a manifest that every version of it has: they say which dibao can read it.
#[derive(Deserialize)]
struct Versions {
    format: u32,
    #[serde(default)]
    dibao: String,
    #[serde(default)]
    lines: u64,
}

fn read_manifest(from: &Path) -> Result<Manifest, BackupError> {
    let no_backup = |why: String| BackupError::NoBackup { path: from.to_owned(), why };
    let text = fs::read(from.join(MANIFEST)).map_err(|e| no_backup(format!("{MANIFEST}: {e}")))?;
    let versions = serde_json::from_slice(&text).map_err(|e| no_backup(format!("{MANIFEST}: {e}")))?;
    let Versions { format, dibao, lines } = versions;
    if format > FORMAT || lines > u64::from(LINE_VERSION) {
        return Err(BackupError::Newer { path: from.to_owned(), dibao, format, lines });
    }
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|e| no_backup(format!("{MANIFEST}: {e}")))?;
    match manifest.files.iter().find(|file| !journal::is_segment(&file.name)) {
        Some(file) => Err(no_backup(format!("{MANIFEST}: {:?} is no file of a journal", file.name))),
        None => Ok(manifest),
    }
}

/// Copies so much of a file, and makes it durable. Returns how much that was, and its SHA-256.
fn copy_file(from: &Path, to: &Path, octets: u64) -> Result<(u64, String), BackupError> {
    let source = match File::open(from) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(BackupError::Vanished(from.to_owned())),
        opened => opened.map_err(io_error(from, "open it"))?,
    };
    let mut target = File::create_new(to).map_err(io_error(to, "create it"))?;
    let done = hash_through(source.take(octets), &mut target).map_err(io_error(to, "copy to it"))?;
    target.sync_all().map_err(io_error(to, "sync it"))?;
    if done.0 == octets { Ok(done) } else { Err(BackupError::Damaged(from.to_owned())) }
}

fn hash(path: &Path) -> Result<(u64, String), BackupError> {
    let file = File::open(path).map_err(io_error(path, "open it"))?;
    hash_through(file, &mut io::sink()).map_err(io_error(path, "read it"))
}

fn hash_through(mut from: impl Read, to: &mut dyn Write) -> io::Result<(u64, String)> {
    let (mut hash, mut octets, mut chunk) = (Sha256::new(), 0, vec![0; CHUNK]);
    loop {
        let n = match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        hash.update(&chunk[..n]);
        to.write_all(&chunk[..n])?;
        octets += n as u64;
    }
    let hex = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((octets, hex))
}

fn is_empty(dir: &Path) -> Result<bool, BackupError> {
    Ok(fs::read_dir(dir).map_err(io_error(dir, "list it"))?.next().is_none())
}

/// True if a journal's directory has no segments: only an id file or unfinished files.
fn holds_remains(dir: &Path) -> Result<bool, BackupError> {
    for entry in fs::read_dir(dir).map_err(io_error(dir, "list it"))? {
        let name = entry.map_err(io_error(dir, "list it"))?.file_name();
        if name != "id" && Path::new(&name).extension().is_none_or(|ending| ending != "new") {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Creates a directory, or empties it if it exists. It exists throughout.
fn begin_anew(dir: &Path) -> Result<(), BackupError> {
    match fs::create_dir(dir) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
        created => return created.map_err(io_error(dir, "create it")),
    }
    for entry in fs::read_dir(dir).map_err(io_error(dir, "list it"))? {
        let path = entry.map_err(io_error(dir, "list it"))?.path();
        fs::remove_file(&path).map_err(io_error(&path, "remove it"))?;
    }
    Ok(())
}

fn remove_all(dir: &Path) -> Result<(), BackupError> {
    dirs::remove_if_there(dir).map_err(io_error(dir, "remove it"))
}

fn sync_dir(dir: &Path) -> Result<(), BackupError> {
    dirs::sync(dir).map_err(io_error(dir, "sync it"))
}

#[cfg(test)]
mod tests;
