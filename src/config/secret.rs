//! Values that must not reach a log, and where they are kept: in the file, in another file, or in a
//! systemd credential.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::Env;
use super::document::SecretRef;

/// The largest secret read, in bytes: headers beyond 8 KiB are refused by most servers.
const LARGEST: u64 = 8 << 10;

/// A text that does not print itself.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, to be sent and never logged.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The text a reference leads to, without the line end that editors leave behind it. Relative paths
/// start from `base`.
pub(super) fn text(reference: &SecretRef, base: &Path, env: &Env) -> Result<String, String> {
    match reference {
        SecretRef::Plain(text) => Ok(text.clone()),
        SecretRef::File(file) => read(&base.join(file)),
        SecretRef::Credential(name) => read(&credential(name, env)?),
    }
}

fn credential(name: &str, env: &Env) -> Result<PathBuf, String> {
    if name.is_empty() || name.contains('/') || name.starts_with('.') {
        return Err(format!("{name:?} is not the name of a credential"));
    }
    let Some(directory) = &env.credentials_directory else {
        return Err(format!(
            "the credential {name:?} is only there under systemd: $CREDENTIALS_DIRECTORY is not set; \
             add LoadCredential={name}:/path to the unit"
        ));
    };
    Ok(directory.join(name))
}

fn read(path: &Path) -> Result<String, String> {
    let told = |what: &dyn fmt::Display| format!("cannot read {}: {what}", path.display());
    let mut text = String::new();
    let file = File::open(path).map_err(|e| told(&e))?;
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(|e| told(&e))?;
    if text.len() as u64 > LARGEST {
        return Err(told(&format_args!("larger than {LARGEST} bytes")));
    }
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() { Err(told(&"it is empty")) } else { Ok(text.to_owned()) }
}
