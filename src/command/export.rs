//! `dibao export`: the sources as OPML.

use serde::{Deserialize, Serialize};

use super::host::{Done, Host, Rows, Stop};
use super::{Request, Row, Shown};

/// Print the sources as OPML, in folders of their regions
#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Export {}

#[derive(Debug, Serialize, Deserialize)]
pub struct ExportRow {
    pub opml: String,
}

impl Row for ExportRow {
    const SHOWN: Shown<Self> = Shown::Text(|row| row.opml.trim_end().to_owned());

    #[cfg(test)]
    fn samples() -> Vec<serde_json::Value> {
        vec![serde_json::json!({ "opml": "<opml version=\"2.0\"/>" })]
    }
}

impl Request for Export {
    const NAME: &'static str = "export";
    type Row = ExportRow;

    async fn answer(self, host: &Host, rows: Rows<ExportRow>) -> Result<Done, Stop> {
        let opml = host.blocking(|engine| Ok(engine.renderer.export()?)).await?;
        rows.send(ExportRow { opml: String::from_utf8_lossy(&opml).into_owned() }).await?;
        Ok(Done::silently())
    }
}
