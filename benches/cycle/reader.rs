//! lemon24/reader, the peer: Python, SQLite, from PyPI, in a virtual environment below `target`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// Adds the feeds, then times the update alone.
const SCRIPT: &str = r#"
import sys, time
from reader import make_reader
reader = make_reader(sys.argv[1])
for url in open(sys.argv[2]):
    reader.add_feed(url.strip())
begun = time.monotonic()
reader.update_feeds(workers=10)
took = time.monotonic() - begun
print(took, reader.get_entry_counts().total)
"#;

/// Seconds of its first cycle.
pub(crate) fn cycle(dir: &Path, urls: &[String], entries: usize) -> Result<f64> {
    let python = environment()?;
    fs::create_dir_all(dir)?;
    fs::write(dir.join("urls"), urls.join("\n"))?;
    let output = Command::new(python)
        .args(["-c", SCRIPT])
        .args([dir.join("db.sqlite"), dir.join("urls")])
        .stdin(Stdio::null())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (took, found) = text.trim().split_once(' ').with_context(|| {
        String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("no output").to_owned()
    })?;
    if found != entries.to_string() {
        bail!("it stored {found} entries of {entries}");
    }
    Ok(took.parse()?)
}

/// The environment's Python; the first call installs reader.
fn environment() -> Result<PathBuf> {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench-venv");
    let python = venv.join("bin/python");
    if works(&python) {
        return Ok(python);
    }
    println!("installing reader from PyPI into {}", venv.display());
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv)).context("python3 -m venv")?;
    // reader's own copy of feedparser imports sgmllib, which feedparser no longer depends on.
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "reader", "sgmllib3k"]))
        .context("pip install reader")?;
    if works(&python) { Ok(python) } else { bail!("reader cannot be imported") }
}

fn works(python: &Path) -> bool {
    run(Command::new(python).args(["-c", "import reader, sgmllib"])).is_ok()
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("failed"));
    }
    Ok(())
}
