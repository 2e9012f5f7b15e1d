//! The list and the article as one page for a browser, with the chosen parts outlined. It runs nothing and loads
//! nothing: its policy forbids all but its own stylesheet, and the outlines bring neither attributes nor addresses.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::ProbeReport;
use crate::read::text::escape;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:1rem;color:#111;background:#fff}\
pre{overflow-x:auto;background:#f4f4f4;padding:.5rem}section{border-top:4px solid #444;margin-top:2rem}\
.taken,.left,.frame{margin:2px;padding:1px}.taken{outline:2px solid #087f23}\
.left{outline:2px dashed #b3261e}.frame{outline:2px dashed #777}\
[data-label]::before{content:attr(data-label);font:12px/1.4 system-ui,sans-serif;color:#fff;background:#444;\
padding:0 .3em;margin-right:.3em}.taken::before{background:#087f23}.left::before{background:#b3261e}";

/// The page.
pub fn outlined(report: &ProbeReport) -> String {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy =
        format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    let url = escape(&report.url);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width\"><title>dibao probe</title>\n\
         <style>{STYLE}</style></head><body>\n<h1>dibao probe</h1><p>{url}</p>\n\
         <p><span class=\"taken\">taken</span> <span class=\"left\">left</span> \
         <span class=\"frame\">left out as a frame</span></p>\n"
    );
    let Some(chosen) = &report.chosen else { return out + "</body></html>\n" };
    for tree in chosen.trees() {
        out.push_str("<pre>");
        tree.iter().for_each(|line| out.push_str(&format!("{}\n", escape(line))));
        out.push_str("</pre>\n");
    }
    if let Some(toml) = &report.toml {
        out.push_str(&format!("<pre>{}</pre>\n", escape(toml)));
    }
    for (name, explained) in [("The list", &chosen.list), ("The article", &chosen.article)] {
        if let Some(explained) = explained {
            out.push_str(&format!("<section><h2>{name}</h2>\n{}\n</section>\n", explained.outline));
        }
    }
    out + "</body></html>\n"
}
