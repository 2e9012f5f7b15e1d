//! A command without its types, so that commands of all types stand in one list.

use std::future::Future;
use std::pin::Pin;

use clap::{ArgMatches, Args};
use serde_json::Value;
use tokio::sync::mpsc::Sender;

use super::host::Host;
use super::{Ended, Invocation, Request, Row, Shown, Subcommand, client, table};
use crate::serve::admin::{AnswerLine, Answering};

type Pending = Pin<Box<dyn Future<Output = anyhow::Result<Ended>>>>;

/// Reads a request, and makes its answer.
type Answer = fn(Value, Host, Sender<AnswerLine>) -> serde_json::Result<Answering>;

pub struct Command {
    pub(super) name: &'static str,
    typed: Option<Typed>,
    answer: Option<Answer>,
    #[cfg(test)]
    pub(super) check_rows: Option<fn()>,
}

/// The half of a command that is typed at a terminal.
struct Typed {
    log: &'static str,
    arguments: fn(clap::Command) -> clap::Command,
    run: fn(&ArgMatches, Invocation) -> Result<Pending, clap::Error>,
}

/// A subcommand.
pub(super) const fn subcommand<S: Subcommand + 'static>() -> Command {
    Command {
        name: S::NAME,
        typed: Some(Typed {
            log: S::LOG,
            arguments: S::augment_args,
            run: |matches, invocation| Ok(Box::pin(S::from_arg_matches(matches)?.run(invocation))),
        }),
        answer: None,
        #[cfg(test)]
        check_rows: None,
    }
}

/// A request.
pub(super) const fn request<R: Request>() -> Command {
    Command {
        name: R::NAME,
        typed: None,
        answer: Some(|request, host, lines| {
            let request: R = serde_json::from_value(request)?;
            Ok(Box::pin(host.answer(request, lines)))
        }),
        #[cfg(test)]
        check_rows: Some(super::tests::check_rows::<R::Row>),
    }
}

/// A request that is a subcommand too. It is asked as it was typed, and its rows are printed.
pub(super) const fn asked<R: Request + Args>() -> Command {
    let typed = Typed {
        log: "warn",
        arguments: |command| {
            let command = R::augment_args(command);
            if has_rows::<R>() { table::Output::augment_args(command) } else { command }
        },
        run: |matches, invocation| {
            let request = R::from_arg_matches(matches)?;
            let json = has_rows::<R>() && matches.get_flag("json");
            Ok(Box::pin(async move { client::show(&invocation.config()?, request, json).await }))
        },
    };
    Command { typed: Some(typed), ..request::<R>() }
}

fn has_rows<R: Request>() -> bool {
    !matches!(R::Row::SHOWN, Shown::Never)
}

impl Command {
    /// The subcommand as it is parsed and as its help shows it.
    pub fn subcommand(&self) -> Option<clap::Command> {
        self.typed.as_ref().map(|typed| (typed.arguments)(clap::Command::new(self.name)))
    }

    /// The subcommand of a name, and the level from which it logs.
    pub fn find(name: &str) -> Option<(&'static Self, &'static str)> {
        let mut named = super::LIST.iter().filter(|command| command.name == name);
        named.find_map(|command| Some((command, command.typed.as_ref()?.log)))
    }

    /// Runs the subcommand.
    ///
    /// # Errors
    /// Fails if the arguments do not fit.
    ///
    /// # Panics
    /// If it is no subcommand. [`Command::find`] returns subcommands only.
    pub fn run(
        &self,
        matches: &ArgMatches,
        invocation: Invocation,
    ) -> Result<impl Future<Output = anyhow::Result<Ended>> + use<>, clap::Error> {
        let typed = self.typed.as_ref().expect("a subcommand was found");
        (typed.run)(matches, invocation)
    }

    /// Answers a request, whose name is its field `command`.
    pub(super) fn answer(request: Value, host: Host, lines: Sender<AnswerLine>) -> Result<Answering, String> {
        let name = request["command"].as_str().unwrap_or_default().to_owned();
        let mut named = super::LIST.iter().filter(|command| command.name == name);
        let answer = named.find_map(|command| command.answer);
        let answer = answer.ok_or_else(|| format!("there is no command {name:?}"))?;
        answer(request, host, lines).map_err(|error| format!("{name}: {error}"))
    }
}
