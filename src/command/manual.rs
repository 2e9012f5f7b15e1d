//! `dibao man`: writes the manual pages, for packages. Hidden from the help.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap_mangen::Man;

use super::{Ended, Invocation, Subcommand, parser};

/// The parts of the manual that the help of the program does not have. In roff: `.TP` begins an item, whose first line is its name.
const MORE: &str = r"
.SH COMMANDS AND THE DAEMON
Commands talk to the running daemon over its admin socket. While none runs, they open the state directory themselves.
Run them as the user that owns it:
.B sudo \-u dibao dibao sources
.SH EXIT STATUS
.TP
.B 0
Good.
.TP
.B 1
Failed, or what was looked at is not well.
.TP
.B 2
Wrong usage; and of
.BR dibao\-status (1)
if nothing is served.
.TP
.B 78
The configuration has mistakes, or there is none.
.SH FILES
.TP
.I /etc/dibao/dibao.toml
The configuration. It is commented and shows every key.
.TP
.I /etc/dibao/sources.d/*.toml
Sources, one file for each kind of outlet.
.TP
.I /var/lib/dibao
Journal, store and admin socket.
.TP
.I /usr/share/dibao/dibao.schema.json
JSON Schema of the configuration, for editors.
.TP
.I /usr/share/doc/dibao
Guides, and configurations for nginx and Caddy.
.SH ENVIRONMENT
.TP
.B DIBAO_CONFIG
The configuration, if \-\-config names none.
.TP
.B RUST_LOG
The level of the log: error, warn, info or debug.
.TP
.B STATE_DIRECTORY, RUNTIME_DIRECTORY, CREDENTIALS_DIRECTORY
Set by systemd.
.SH SIGNALS
.TP
.B SIGHUP
Reads the configuration again, as
.BR dibao\-reload (1)
does. One with mistakes changes nothing.
.TP
.B SIGTERM, SIGINT
Stops within five seconds; everything is durable.
.SH EXAMPLES
.TP
.B dibao check && sudo systemctl enable \-\-now dibao
Checks the configuration, then starts the service.
.TP
.B dibao probe https://example.org/news/
Examines an address and suggests a source.
.TP
.B dibao import feeds.opml > /etc/dibao/sources.d/mine.toml
Makes sources of the subscriptions of a feed reader.
.TP
.B sudo \-u dibao dibao explain https://example.org/news/1.html
Says why an entry is where it is.
.SH SEE ALSO
.BR systemctl (1),
.BR journalctl (1)
";

/// Write the manual pages to a directory
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub struct Manual {
    #[arg(value_name = "DIR")]
    into: PathBuf,
}

impl Subcommand for Manual {
    const NAME: &'static str = "man";

    async fn run(self, _: Invocation) -> anyhow::Result<Ended> {
        write_pages(&self.into).with_context(|| format!("cannot write to {}", self.into.display()))?;
        Ok(Ended::Well)
    }
}

fn write_pages(into: &Path) -> io::Result<()> {
    let mut program = parser().disable_help_subcommand(true);
    program.build();
    let page = |command: &clap::Command, more: &str| -> io::Result<()> {
        let man =
            Man::new(command.clone()).manual("dibao").source(concat!("dibao ", env!("CARGO_PKG_VERSION")));
        let mut text = Vec::new();
        man.render_title(&mut text)?;
        man.render_name_section(&mut text)?;
        man.render_synopsis_section(&mut text)?;
        man.render_description_section(&mut text)?;
        man.render_options_section(&mut text)?;
        if command.get_subcommands().any(|one| !one.is_hide_set()) {
            man.render_subcommands_section(&mut text)?;
        }
        text.extend_from_slice(more.trim_start().as_bytes());
        fs::write(into.join(man.get_filename()), text)
    };
    page(&program, MORE)?;
    let shown = program.get_subcommands().filter(|one| !one.is_hide_set());
    shown.into_iter().try_for_each(|one| page(one, ".SH SEE ALSO\n.BR dibao (1)\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_and_the_program_names_them() {
        let dir = tempfile::tempdir().expect("a directory");
        write_pages(dir.path()).expect("written");
        let text = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap_or_default();
        let program = text("dibao.1");
        for command in parser().get_subcommands().filter(|one| !one.is_hide_set()) {
            let name = command.get_name();
            assert!(program.contains(&format!("dibao\\-{}(1)", name.replace('-', "\\-"))), "{name}");
            assert!(text(&format!("dibao-{name}.1")).contains("\\-\\-config"), "{name}");
        }
        assert!(program.contains(".SH EXIT STATUS") && !program.contains("dibao\\-man"), "{program}");
    }
}
