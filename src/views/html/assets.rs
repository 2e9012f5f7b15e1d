//! The files that pages load: stylesheet, script, icon, social image. Their names hold a hash of their bytes, so
//! that caches may keep them for ever, and a new version has another address.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use crate::model::hash::hex16;

/// A file that pages load.
#[derive(Debug)]
pub struct Asset {
    /// Its path below the public address: `assets/style-0123456789abcdef.css`.
    pub path: String,
    pub media_type: &'static str,
    pub bytes: &'static [u8],
}

pub static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("style", "css", "text/css; charset=utf-8", include_bytes!("assets/style.css"))
});
pub static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("copy", "js", "text/javascript; charset=utf-8", include_bytes!("assets/copy.js"))
});
pub static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_bytes!("assets/icon.svg")));
pub static SOCIAL: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("social", "png", "image/png", include_bytes!("assets/social.png")));

impl Asset {
    fn new(name: &str, ending: &str, media_type: &'static str, bytes: &'static [u8]) -> Self {
        let hash = hex16(&Sha256::digest(bytes));
        Self { path: format!("assets/{name}-{}.{ending}", &hash[..16]), media_type, bytes }
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        [&STYLE, &SCRIPT, &ICON, &SOCIAL].into_iter().map(|asset| &**asset)
    }

    pub fn at(path: &str) -> Option<&'static Self> {
        Self::all().find(|asset| asset.path == path)
    }
}

impl PartialEq for Asset {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_by_its_path_alone() {
        for asset in Asset::all() {
            assert_eq!(Asset::at(&asset.path), Some(asset));
        }
        assert_eq!(Asset::at("assets/style.css"), None);
    }

    /// They come beside a first page of under 60 KB.
    #[test]
    fn style_script_and_icon_are_small() {
        let octets: usize = [&STYLE, &SCRIPT, &ICON].iter().map(|asset| asset.bytes.len()).sum();
        assert!(octets < 24 << 10, "{octets}");
        assert!(SOCIAL.bytes.len() < 100 << 10, "{}", SOCIAL.bytes.len());
    }
}
