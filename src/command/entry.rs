//! An entry of the list of commands: a command without its types, so that commands of all types stand in one list.

use std::future::Future;
use std::pin::Pin;

use clap::{ArgMatches, Args};
use serde_json::Value;
use tokio::sync::mpsc::Sender;

use super::answer::Host;
use super::{Ended, Place, Request, Row, Shown, Subcommand, ask, table};
use crate::serve::admin::{Answering, Line};

type Running = Pin<Box<dyn Future<Output = anyhow::Result<Ended>>>>;

/// A command of the list.
pub struct Entry {
    pub(super) name: &'static str,
    typed: Option<Typed>,
    answer: Option<fn(Value, Host, Sender<Line>) -> serde_json::Result<Answering>>,
    #[cfg(test)]
    pub(super) check_rows: Option<fn()>,
}

/// The half of a command that is typed at a terminal.
struct Typed {
    log: &'static str,
    arguments: fn(clap::Command) -> clap::Command,
    run: fn(&ArgMatches, Place) -> Result<Running, clap::Error>,
}

/// A subcommand.
pub(super) const fn subcommand<S: Subcommand + 'static>() -> Entry {
    Entry {
        name: S::NAME,
        typed: Some(Typed {
            log: S::LOG,
            arguments: S::augment_args,
            run: |matches, place| Ok(Box::pin(S::from_arg_matches(matches)?.run(place))),
        }),
        answer: None,
        #[cfg(test)]
        check_rows: None,
    }
}

/// A request.
pub(super) const fn request<R: Request>() -> Entry {
    Entry {
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
pub(super) const fn asked<R: Request + Args>() -> Entry {
    let typed = Typed {
        log: "warn",
        arguments: |command| {
            let command = R::augment_args(command);
            if has_rows::<R>() { table::Output::augment_args(command) } else { command }
        },
        run: |matches, place| {
            let request = R::from_arg_matches(matches)?;
            let json = has_rows::<R>() && matches.get_flag("json");
            Ok(Box::pin(async move { ask::show(&place.config()?, request, json).await }))
        },
    };
    Entry { typed: Some(typed), ..request::<R>() }
}

fn has_rows<R: Request>() -> bool {
    !matches!(R::Row::SHOWN, Shown::Never)
}

impl Entry {
    /// The subcommand as it is parsed and as its help shows it.
    #[must_use]
    pub fn subcommand(&self) -> Option<clap::Command> {
        self.typed.as_ref().map(|typed| (typed.arguments)(clap::Command::new(self.name)))
    }

    /// The subcommand of a name, and the level from which it logs.
    #[must_use]
    pub fn find(name: &str) -> Option<(&'static Self, &'static str)> {
        let named = super::LIST.iter().filter(|entry| entry.name == name);
        named.filter_map(|entry| Some((entry, entry.typed.as_ref()?.log))).next()
    }

    /// Runs the subcommand.
    ///
    /// # Errors
    /// When the arguments do not fit.
    ///
    /// # Panics
    /// If it is no subcommand: [`Entry::find`] gives none but those.
    pub fn run(
        &self,
        matches: &ArgMatches,
        place: Place,
    ) -> Result<impl Future<Output = anyhow::Result<Ended>> + use<>, clap::Error> {
        let typed = self.typed.as_ref().expect("a subcommand was found");
        (typed.run)(matches, place)
    }

    /// Answers a request, whose name is its field `command`.
    ///
    /// # Errors
    /// When there is no such request, or it has other fields.
    pub(super) fn answer(request: Value, host: Host, lines: Sender<Line>) -> Result<Answering, String> {
        let name = request["command"].as_str().unwrap_or_default().to_owned();
        let mut answers =
            super::LIST.iter().filter(|entry| entry.name == name).filter_map(|entry| entry.answer);
        let answer = answers.next().ok_or_else(|| format!("there is no command {name:?}"))?;
        answer(request, host, lines).map_err(|error| format!("{name}: {error}"))
    }
}
