//! Reads the main file of a configuration and the files that its `include` patterns name.

use std::collections::HashSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::fault::{Place, Report};
use super::raw::{self, File};

/// The largest file read, in bytes: ten thousand sources with comments.
const LARGEST: u64 = 16 << 20;

/// Reads the main file and those it includes, and hashes them into `texts`, in the order of the patterns, and within one pattern in
/// the order of their names.
pub(super) fn read_files(main: &Path, texts: &mut Sha256, report: &mut Report) -> File {
    let Some(text) = read(main, &Place::of_file(main), report) else { return File::default() };
    texts.update(&text);
    let mut whole = raw::read_main(main, &text, report);
    let base = main.parent().unwrap_or(Path::new(""));
    let mut seen = HashSet::from([identity(main)]);
    let patterns = whole.include.take().map(|include| include.value).unwrap_or_default();
    for pattern in patterns {
        let files = match matches(base, &pattern.value) {
            Ok(files) => files,
            Err(message) => {
                report.fault(&pattern.place, message);
                continue;
            }
        };
        if files.is_empty() {
            report.warn(&pattern.place, format!("{:?} matches no file", pattern.value));
        }
        for path in files {
            if !seen.insert(identity(&path)) {
                report.fault(&pattern.place, format!("includes {} a second time", path.display()));
                continue;
            }
            if let Some(text) = read(&path, &pattern.place, report) {
                texts.update(&text);
                let mut included = raw::read_included(&path, &text, report);
                whole.regions.append(&mut included.regions);
                whole.sources.append(&mut included.sources);
            }
        }
    }
    whole
}

/// Two paths with the same identity are the same file.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn read(path: &Path, named_at: &Place, report: &mut Report) -> Option<String> {
    match read_limited(path) {
        Ok(text) => Some(text),
        Err(reason) => {
            report.fault(named_at, format!("cannot read {}: {reason}", path.display()));
            None
        }
    }
}

fn read_limited(path: &Path) -> Result<String, String> {
    let file = fs::File::open(path).map_err(|e| e.to_string())?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("larger than {} MiB", LARGEST >> 20));
    }
    String::from_utf8(bytes).map_err(|e| {
        let before = &e.as_bytes()[..e.utf8_error().valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line} is not UTF-8")
    })
}

/// The files a pattern names, sorted. `*` and `?` stand in the file name only: a pattern that walks
/// directories would read more than its writer sees.
fn matches(base: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
    let path = base.join(pattern);
    let (Some(directory), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str()))
    else {
        return Err(format!("{pattern:?} names no file"));
    };
    if directory.to_string_lossy().contains(['*', '?']) {
        return Err(format!("{pattern:?} has a * or ? in a directory; they stand in file names only"));
    }
    if !name.contains(['*', '?']) {
        return Ok(vec![path]);
    }
    let Ok(entries) = fs::read_dir(if directory == Path::new("") { Path::new(".") } else { directory })
    else {
        return Ok(Vec::new());
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        // As in a shell, a pattern names hidden files only if it says so.
        .filter(|file| file.starts_with('.') == name.starts_with('.') && matches_name(name, file))
        .map(|file| directory.join(file))
        .collect();
    files.sort();
    Ok(files)
}

/// True if a file name fits a pattern with `*` and `?`; time is the product of their lengths at most.
pub(super) fn matches_name(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where the last `*` stood, and how far into the name it has been stretched.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((at, stretched)) = star else { return false };
                star = Some((at, stretched + 1));
                p = at + 1;
                n = stretched + 1;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}
