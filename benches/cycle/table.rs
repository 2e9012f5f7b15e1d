//! The table: prints each line when it is measured, and all lines at the end.

use std::fmt;

/// What a measure should reach.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// At most so many times the floor.
    Times(f64),
    /// At least so many times the peer's figure.
    AtLeast(f64),
    /// So many times faster than the peer, at least.
    Faster(f64),
    /// At most so much, in the measure's own unit.
    Most(f64),
}

/// The unit of a figure.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Seconds,
    Milliseconds,
    Mib,
    Octets,
    PerSecond,
}

impl Unit {
    fn show(self, figure: f64) -> String {
        match self {
            Self::Seconds if figure < 1.0 => format!("{figure:.3} s"),
            Self::Seconds => format!("{figure:.2} s"),
            Self::Milliseconds => format!("{figure:.1} ms"),
            Self::Mib => format!("{figure:.0} MiB"),
            Self::Octets => format!("{figure:.0} B"),
            Self::PerSecond => format!("{figure:.0}/s"),
        }
    }
}

struct Row {
    measure: String,
    ours: String,
    floor: String,
    ratio: String,
    goal: String,
    verdict: &'static str,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { measure, ours, floor, ratio, goal, verdict } = self;
        write!(f, "| {measure:<58} | {ours:<22} | {floor:<34} | {ratio:>8} | {goal:>10} | {verdict:<7} |")
    }
}

#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    notes: Vec<String>,
    failures: usize,
}

/// A measure, before it is a line.
pub(crate) struct Measure<'m> {
    pub(crate) name: &'m str,
    pub(crate) unit: Unit,
    pub(crate) ours: f64,
    /// Its name and its figure, in the same unit.
    pub(crate) floor: Option<(&'m str, f64)>,
    pub(crate) goal: Goal,
}

impl Table {
    pub(crate) fn add(&mut self, measure: &Measure<'_>) {
        let Measure { name, unit, ours, floor, goal } = measure;
        let ratio = floor.map(|(_, floor)| match goal {
            Goal::Faster(_) => floor / ours,
            _ => ours / floor,
        });
        let (goal, met) = match goal {
            Goal::Times(most) => (format!("≤ {most} ×"), ratio.map(|r| r <= *most)),
            Goal::AtLeast(least) => (format!("≥ {least} ×"), ratio.map(|r| r >= *least)),
            Goal::Faster(least) => (format!("≥ {least} ×"), ratio.map(|r| r >= *least)),
            Goal::Most(most) => (format!("≤ {}", unit.show(*most)), Some(ours <= most)),
        };
        self.push(Row {
            measure: (*name).to_owned(),
            ours: unit.show(*ours),
            floor: floor.map(|(name, floor)| format!("{} {name}", unit.show(floor))).unwrap_or_default(),
            ratio: ratio.map(|ratio| format!("{ratio:.2} ×")).unwrap_or_default(),
            goal,
            verdict: met.map_or("", |met| if met { "met" } else { "missed" }),
        });
    }

    fn push(&mut self, row: Row) {
        println!("{row}");
        self.rows.push(row);
    }

    /// What else is to be known of a measure.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        println!("  {note}");
        self.notes.push(note);
    }

    pub(crate) fn skip(&mut self, measure: &str, why: &str) {
        self.note(format!("{measure}: skipped: {why}"));
    }

    /// A count was wrong, or something did not run.
    pub(crate) fn fail(&mut self, measure: &str, error: &anyhow::Error) {
        self.failures += 1;
        self.note(format!("{measure}: FAILED: {error:#}"));
    }

    /// Prints everything; whether nothing failed.
    pub(crate) fn finish(&self) -> bool {
        println!();
        let head = Row {
            measure: "measure".into(),
            ours: "ours".into(),
            floor: "floor or peer".into(),
            ratio: "ratio".into(),
            goal: "goal".into(),
            verdict: "",
        };
        println!("{head}\n|{}|", ["---"; 6].join("|"));
        self.rows.iter().for_each(|row| println!("{row}"));
        println!();
        self.notes.iter().for_each(|note| println!("- {note}"));
        self.failures == 0
    }
}
