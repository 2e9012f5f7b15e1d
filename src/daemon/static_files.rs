//! Views as files, so that a web server serves them while the daemon is down. Each file is replaced atomically and
//! durably, and only if its bytes change. Files that dibao did not write are never overwritten or removed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::renderer::Version;
use crate::ledger::dirs;
use crate::serve::{View, Views};
use crate::views::page::{Coding, Page};

/// The list of the files that dibao wrote here. It is written before the files, so a file that is not listed is
/// somebody else's.
const MANIFEST: &str = ".dibao-files";
/// The name of a file until it is complete. There is one writer, so one name in each directory is enough, and the
/// next write replaces the leftover of a crash.
const UNFINISHED: &str = ".dibao-new";
/// The compressed copies that web servers look for: nginx's `gzip_static` and `brotli_static`.
const BESIDE: [(Coding, &str); 2] = [(Coding::Gzip, ".gz"), (Coding::Brotli, ".br")];
/// Views rendered before the changed ones are written, so that the views of a thousand sources are not all in
/// memory, and the manifest is written once for this many new files.
const AT_ONCE: usize = 64;
/// The web server is another user; the umask of a service is strict.
const FILE_MODE: u32 = 0o644;
const DIR_MODE: u32 = 0o755;

/// The error when views cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum StaticError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    /// The file is not in the manifest.
    #[error("{0} was not written by dibao; move it away, or name another publish.static_dir")]
    Foreign(PathBuf),
    #[error("/{0} cannot be rendered")]
    View(String),
}

pub struct StaticFiles {
    dir: PathBuf,
    written: BTreeMap<String, Written>,
    /// The files that dibao wrote; `None` until the manifest is read.
    ours: Option<BTreeSet<String>>,
    unsynced: BTreeSet<PathBuf>,
}

struct Written {
    /// While the version stays, the view need not be rendered to know that it is the same.
    version: Option<Version>,
    tag: String,
    names: Vec<String>,
}

/// The current version of the view at a path; `None` if unknown.
pub type VersionOf<'a> = &'a dyn Fn(&str) -> Option<Version>;

/// A view that differs from its files: path, page and version.
type Changed = (String, Arc<Page>, Option<Version>);

/// A file to write: its name and bytes.
type Wanted<'a> = (String, &'a [u8]);

impl StaticFiles {
    /// Writes below this directory, and makes it if needed.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir, written: BTreeMap::new(), ours: None, unsynced: BTreeSet::new() }
    }

    /// Forgets the written versions, because the configuration has changed. The next sync compares every file.
    pub fn forget(&mut self) {
        self.written.clear();
    }

    /// Brings the files up to the views at these paths. Returns how many files were written or removed. Fails with
    /// [`StaticError`] for the first file that fails. Others may be written or not; the next call goes on.
    pub fn sync(
        &mut self,
        paths: &[String],
        views: &dyn Views,
        version_of: VersionOf<'_>,
    ) -> Result<usize, StaticError> {
        let mut done = 0;
        for paths in paths.chunks(AT_ONCE) {
            let changed = self.changed(paths, views, version_of)?;
            let names = changed.iter().flat_map(|(path, page, _)| files(path, page)).map(|(name, _)| name);
            self.claim(&names.collect())?;
            for (path, page, version) in changed {
                done += self.write_view(path, &page, version)?;
            }
        }
        let all: BTreeSet<&String> = paths.iter().collect();
        self.written.retain(|path, _| all.contains(path));
        done += self.remove_all_but_written()?;
        for dir in std::mem::take(&mut self.unsynced) {
            sync_dir(&dir)?;
        }
        Ok(done)
    }

    fn remove_all_but_written(&mut self) -> Result<usize, StaticError> {
        let names: BTreeSet<String> = self.written.values().flat_map(|w| w.names.iter().cloned()).collect();
        let ours = self.claim(&names)?;
        let mut done = 0;
        let left: Vec<String> = ours.difference(&names).cloned().collect();
        for name in &left {
            done += self.remove(name)?;
        }
        if !left.is_empty() {
            self.write_manifest(names)?;
        }
        Ok(done)
    }

    /// The views that are not as they were written.
    fn changed(
        &mut self,
        paths: &[String],
        views: &dyn Views,
        version_of: VersionOf<'_>,
    ) -> Result<Vec<Changed>, StaticError> {
        let mut changed = Vec::new();
        for path in paths {
            // Read before the view: the next call sees a change meanwhile.
            let version = version_of(path);
            let before = self.written.get_mut(path);
            if before.as_ref().is_some_and(|before| version.is_some() && before.version == version) {
                continue;
            }
            let View::Page(page) = views.view(path) else { return Err(StaticError::View(path.clone())) };
            match before.filter(|before| before.tag == page.etag(None)) {
                Some(same) => same.version = version,
                None => changed.push((path.clone(), page, version)),
            }
        }
        Ok(changed)
    }

    /// Enters the names in the manifest, unless a file by one of them is somebody else's. Returns all that is
    /// ours.
    fn claim(&mut self, names: &BTreeSet<String>) -> Result<BTreeSet<String>, StaticError> {
        make_dir(&self.dir)?;
        let ours = match &self.ours {
            Some(ours) => ours.clone(),
            None => read_manifest(&self.dir.join(MANIFEST))?,
        };
        let new: Vec<&String> = names.difference(&ours).collect();
        if let Some(name) = new.iter().find(|name| self.dir.join(name).symlink_metadata().is_ok()) {
            return Err(StaticError::Foreign(self.dir.join(name)));
        }
        let all: BTreeSet<String> = ours.union(names).cloned().collect();
        if !new.is_empty() {
            self.write_manifest(all.clone())?;
        }
        self.ours = Some(all.clone());
        Ok(all)
    }

    fn write_manifest(&mut self, names: BTreeSet<String>) -> Result<(), StaticError> {
        let text: String = names.iter().flat_map(|name| [name.as_str(), "\n"]).collect();
        self.replace(&self.dir.join(MANIFEST), text.as_bytes(), None)?;
        // Before any of the files: the order is the point.
        sync_dir(&self.dir)?;
        self.ours = Some(names);
        Ok(())
    }

    fn write_view(
        &mut self,
        path: String,
        page: &Arc<Page>,
        version: Option<Version>,
    ) -> Result<usize, StaticError> {
        let mut done = 0;
        let mut names = Vec::new();
        for (name, bytes) in files(&path, page) {
            let file = self.dir.join(&name);
            // After a restart most files are current.
            if fs::read(&file).ok().as_deref() != Some(bytes) {
                self.replace(&file, bytes, Some(later(&file, page.modified.into())))?;
                done += 1;
            }
            names.push(name);
        }
        self.written.insert(path, Written { version, tag: page.etag(None).to_owned(), names });
        Ok(done)
    }

    /// Replaces the file atomically. Its modification time is that of the view, so that the web server sends our
    /// `Last-Modified`.
    fn replace(
        &mut self,
        file: &Path,
        bytes: &[u8],
        modified: Option<SystemTime>,
    ) -> Result<(), StaticError> {
        let dir = file.parent().unwrap_or(&self.dir).to_owned();
        make_dir(&dir)?;
        let unfinished = dir.join(UNFINISHED);
        let write = || {
            // A leftover of a writer that was killed.
            match fs::remove_file(&unfinished) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut new = File::create_new(&unfinished)?;
            new.write_all(bytes)?;
            new.set_permissions(fs::Permissions::from_mode(FILE_MODE))?;
            if let Some(modified) = modified {
                new.set_modified(modified)?;
            }
            new.sync_all()?;
            fs::rename(&unfinished, file)
        };
        write().map_err(io_error(file))?;
        self.unsynced.insert(dir);
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<usize, StaticError> {
        let file = self.dir.join(name);
        let removed = match fs::remove_file(&file) {
            Ok(()) => 1,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(io_error(&file)(error)),
        };
        if let Some(dir) = file.parent().filter(|dir| *dir != self.dir) {
            // Removes the directory if it is empty. A failure does no harm.
            let _ = fs::remove_file(dir.join(UNFINISHED));
            if fs::remove_dir(dir).is_ok() {
                self.unsynced.remove(dir);
                self.unsynced.insert(dir.parent().unwrap_or(&self.dir).to_owned());
            } else {
                self.unsynced.insert(dir.to_owned());
            }
        }
        Ok(removed)
    }
}

fn files<'a>(path: &str, page: &'a Page) -> Vec<Wanted<'a>> {
    let name =
        if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
    let beside = BESIDE.iter().filter(|_| page.has_codings());
    let coded = beside.map(|(coding, ending)| (format!("{name}{ending}"), &page.bytes(Some(*coding))[..]));
    // The plain file comes last: a web server that finds it then finds its compressed copies too.
    let mut files: Vec<_> = coded.collect();
    files.push((name, &page.plain[..]));
    files
}

/// The time of a file that replaces another. A web server tells readers of its files by their times, in
/// seconds: two changes within one second must not look like one (RFC 9110 section 8.8.2.2).
fn later(file: &Path, modified: SystemTime) -> SystemTime {
    let whole = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    match file.metadata().and_then(|old| old.modified()) {
        Ok(old) if whole(old) >= whole(modified) => {
            SystemTime::UNIX_EPOCH + Duration::from_secs(whole(old) + 1)
        }
        _ => modified,
    }
}

/// A manifest names files below its directory; whatever else stands in it names nothing of ours.
fn read_manifest(path: &Path) -> Result<BTreeSet<String>, StaticError> {
    let below = |name: &&str| {
        !name.is_empty() && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
    };
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.lines().filter(below).map(str::to_owned).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(io_error(path)(error)),
    }
}

fn make_dir(dir: &Path) -> Result<(), StaticError> {
    if dir.is_dir() {
        return Ok(());
    }
    if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_dir(parent)?;
    }
    fs::create_dir(dir)
        .and_then(|()| fs::set_permissions(dir, fs::Permissions::from_mode(DIR_MODE)))
        .map_err(io_error(dir))
}

fn sync_dir(dir: &Path) -> Result<(), StaticError> {
    dirs::sync(dir).map_err(io_error(dir))
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> StaticError {
    let path = path.to_owned();
    move |source| StaticError::Io { path, source }
}

#[cfg(test)]
mod tests;
