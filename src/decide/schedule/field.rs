//! Parses the fields of standard cron text (crontab(5)) into sets of numbers and translates them for the
//! `cron` crate. Knows nothing of clocks or zones.

use super::ScheduleError;

#[derive(Clone, Copy)]
struct Field {
    /// Bit n: n matches.
    set: u64,
    /// True if the text starts with `*` or `?`: decides about the OR rule and about clock changes.
    starred: bool,
}

struct FieldSpec {
    name: &'static str,
    first: u32,
    last: u32,
    /// Full names of the numbers from `first` on; the first three letters are accepted too.
    names: &'static [&'static str],
}

const SECOND: FieldSpec = FieldSpec { name: "second", first: 0, last: 59, names: &[] };
const MINUTE: FieldSpec = FieldSpec { name: "minute", first: 0, last: 59, names: &[] };
const HOUR: FieldSpec = FieldSpec { name: "hour", first: 0, last: 23, names: &[] };
const DAY: FieldSpec = FieldSpec { name: "day of month", first: 1, last: 31, names: &[] };
const MONTH: FieldSpec = FieldSpec {
    name: "month",
    first: 1,
    last: 12,
    names: &[
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
        "november", "december",
    ],
};
/// 7 is read as Sunday and stored as 0.
const WEEKDAY: FieldSpec = FieldSpec {
    name: "weekday",
    first: 0,
    last: 7,
    names: &["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"],
};

pub(super) struct Fields {
    second: Field,
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    weekday: Field,
}

impl Fields {
    pub(super) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let text = if text.trim().starts_with('@') { named(text.trim())? } else { text };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let (second, rest) = match fields.len() {
            5 => ("0", &fields[..]),
            6 => (fields[0], &fields[1..]),
            n => return Err(ScheduleError::FieldCount(n)),
        };
        Ok(Self {
            second: SECOND.parse(second)?,
            minute: MINUTE.parse(rest[0])?,
            hour: HOUR.parse(rest[1])?,
            day: DAY.parse(rest[2])?,
            month: MONTH.parse(rest[3])?,
            weekday: WEEKDAY.parse(rest[4])?,
        })
    }

    /// True if the schedule runs in every hour: see [`super::Schedule::next_after`].
    pub(super) fn follows_clock(&self) -> bool {
        self.hour.starred || self.hour.set == bits(0, 23)
    }

    /// An instant matches if one of the matchers does.
    pub(super) fn matchers(&self) -> Vec<cron::Schedule> {
        let all = |spec: &FieldSpec| Field { set: bits(spec.first, spec.last), starred: true };
        let days = if self.day.starred || self.weekday.starred {
            vec![(self.day, self.weekday)]
        } else {
            vec![(self.day, all(&WEEKDAY)), (all(&DAY), self.weekday)]
        };
        days.into_iter().map(|(day, weekday)| self.matcher(day, weekday)).collect()
    }

    fn matcher(&self, day: Field, weekday: Field) -> cron::Schedule {
        // The crate ANDs the day fields, and only a literal `*` leaves weekdays unrestricted.
        let weekdays = if weekday.set & bits(0, 6) == bits(0, 6) {
            "*".to_owned()
        } else {
            list(weekday.set, 1) // the crate's Sunday is 1
        };
        let text = format!(
            "{} {} {} {} {} {weekdays}",
            list(self.second.set, 0),
            list(self.minute.set, 0),
            list(self.hour.set, 0),
            list(day.set, 0),
            list(self.month.set, 0),
        );
        text.parse().expect("non-empty lists of numbers in range")
    }
}

/// The numbers of a set, each plus `shift`, as ranges: the crate parses those three times as fast as single
/// numbers.
fn list(set: u64, shift: u32) -> String {
    let has = |n: u32| n < 64 && set >> n & 1 == 1;
    let firsts = (0..64).filter(|n| has(*n) && !(*n > 0 && has(n - 1)));
    let ranges = firsts.map(|first| {
        let last = (first..64).take_while(|n| has(*n)).last().unwrap_or(first);
        if first == last {
            (first + shift).to_string()
        } else {
            format!("{}-{}", first + shift, last + shift)
        }
    });
    ranges.collect::<Vec<_>>().join(",")
}

fn bits(first: u32, last: u32) -> u64 {
    (first..=last).fold(0, |set, n| set | 1 << n)
}

fn named(name: &str) -> Result<&'static str, ScheduleError> {
    Ok(match name.to_ascii_lowercase().as_str() {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        _ => return Err(ScheduleError::UnknownName(name.to_owned())),
    })
}

impl FieldSpec {
    fn parse(&self, text: &str) -> Result<Field, ScheduleError> {
        let mut set = 0;
        for part in text.split(',') {
            set |=
                self.parse_part(part).map_err(|reason| ScheduleError::Field { field: self.name, reason })?;
        }
        Ok(Field { set, starred: text.starts_with(['*', '?']) })
    }

    /// Parses one list element: `*`, `n` or `a-b`, each with an optional `/step`.
    fn parse_part(&self, part: &str) -> Result<u64, String> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (part, None),
        };
        let (first, last) = self.parse_range(range, step.is_some())?;
        let step = match step {
            Some(text) => check_step(text, part, first, last)?,
            None => 1,
        };
        Ok((first..=last).step_by(step).fold(0, |set, n| set | 1 << self.wrap(n)))
    }

    /// First and last number. The last number of a weekday range across the week's end is above 6.
    fn parse_range(&self, range: &str, stepped: bool) -> Result<(u32, u32), String> {
        if range == "*" || range == "?" {
            return Ok((self.first, self.last_of_star()));
        }
        let Some((first, last)) = range.split_once('-') else {
            let n = self.parse_number(range)?;
            return Ok((n, if stepped { self.last_of_star().max(n) } else { n }));
        };
        let (first, last) = (self.parse_number(first)?, self.parse_number(last)?);
        if first <= last {
            Ok((first, last))
        } else if self.is_weekday() {
            Ok((first, last + 7))
        } else {
            Err(format!("{range:?} runs backwards; write {first}-{},{}-{last}", self.last, self.first))
        }
    }

    fn parse_number(&self, text: &str) -> Result<u32, String> {
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return text
                .parse()
                .ok()
                .filter(|n| (self.first..=self.last).contains(n))
                .ok_or_else(|| format!("{text} is not in {}-{}", self.first, self.last));
        }
        let lower = text.to_ascii_lowercase();
        self.names
            .iter()
            .zip(self.first..)
            .find_map(|(name, n)| (lower == *name || lower == name[..3]).then_some(n))
            .ok_or_else(|| self.not_a_number(text))
    }

    fn not_a_number(&self, text: &str) -> String {
        match self.names.first() {
            Some(name) => format!("{text:?} is neither a number nor a name such as {}", &name[..3]),
            None => format!("{text:?} is not a number"),
        }
    }

    fn is_weekday(&self) -> bool {
        self.last == WEEKDAY.last
    }

    /// The last number that `*` covers. Weekday 7 is Sunday again.
    fn last_of_star(&self) -> u32 {
        if self.is_weekday() { 6 } else { self.last }
    }

    fn wrap(&self, n: u32) -> u32 {
        if self.is_weekday() { n % 7 } else { n }
    }
}

/// Rejects a step that matches only the first number: `*/90` minutes does not mean "every 90 minutes".
fn check_step(text: &str, part: &str, first: u32, last: u32) -> Result<usize, String> {
    match text.parse::<u32>() {
        Ok(0) => Err(format!("the step of {part:?} is 0")),
        Ok(step) if step <= last - first => Ok(step as usize),
        Ok(step) => Err(format!("the step of {part:?} leaves only {first}: {step} is longer than the range")),
        Err(_) => Err(format!("the step of {part:?} is not a number")),
    }
}
