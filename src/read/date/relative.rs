//! Dates told from now: `3小时前`, `昨天 14:05`, `刚刚`, `5 minutes ago`.

use chrono::{Days, Months, NaiveDate, TimeDelta};

use super::civil::{Zone, stamp};
use super::lex::{Token, Unit};
use super::{DateContext, numeric, today, yesterday};
use crate::model::time::Stamp;

/// Days told by name, and how many before today they are.
const DAYS: &[(&str, u64)] = &[
    ("今天", 0),
    ("今日", 0),
    ("today", 0),
    ("昨天", 1),
    ("昨日", 1),
    ("昨晚", 1),
    ("yesterday", 1),
    ("前天", 2),
    ("前日", 2),
    ("大前天", 3),
];

/// Reads a relative date; `None` if it is none.
pub(super) fn read(tokens: &[Token], ctx: &DateContext) -> Option<Stamp> {
    let tokens: Vec<Token> = tokens.iter().filter(|t| **t != Token::Blank).cloned().collect();
    if let [Token::Num(count, _), rest @ ..] = tokens.as_slice() {
        return ago(*count, &spelled(rest), ctx);
    }
    // Numerals and units are tokens of their own, so words are matched by their spelling.
    let text = spelled(&tokens);
    if matches!(text.as_str(), "刚刚" | "刚才" | "剛剛" | "剛才" | "justnow" | "now") {
        return Some(Stamp::second(ctx.seen));
    }
    if matches!(text.as_str(), "半小时前" | "半小時前") {
        return Some(Stamp::second(ctx.seen - TimeDelta::minutes(30)));
    }
    if let Some(rest) = text.strip_prefix("an").or_else(|| text.strip_prefix('a'))
        && rest.ends_with("ago")
    {
        return ago(1, rest, ctx);
    }
    named_day(&tokens, &text, ctx)
}

fn named_day(tokens: &[Token], text: &str, ctx: &DateContext) -> Option<Stamp> {
    let (name, back) = DAYS.iter().find(|(name, _)| text.starts_with(name))?;
    let day: NaiveDate = match back {
        1 => yesterday(today(ctx)),
        back => today(ctx).checked_sub_days(Days::new(*back))?,
    };
    let mut left = name.chars().count();
    let after = tokens
        .iter()
        .position(|token| {
            left = left.saturating_sub(spelled(std::slice::from_ref(token)).chars().count());
            left == 0
        })
        .map_or(tokens.len(), |at| at + 1);
    let rest = &tokens[after..];
    if rest.is_empty() {
        return stamp(day, None, Zone::Source, ctx);
    }
    let (clock, used) = numeric::clock(rest)??;
    (used == rest.len()).then(|| stamp(day, Some(clock), Zone::Source, ctx))?
}

/// `count` units before the time of seeing; units of a day or more have day precision.
fn ago(count: u64, unit: &str, ctx: &DateContext) -> Option<Stamp> {
    let unit = unit.strip_suffix("ago").or_else(|| unit.strip_suffix('前'))?;
    let count = i64::try_from(count).ok().filter(|n| *n <= 100_000)?;
    let exact = match unit {
        "秒" | "秒钟" | "秒鐘" | "second" | "seconds" | "sec" | "secs" => TimeDelta::seconds(count),
        "分" | "分钟" | "分鐘" | "minute" | "minutes" | "min" | "mins" => TimeDelta::minutes(count),
        "小时" | "小時" | "个小时" | "個小時" | "时" | "時" | "hour" | "hours" | "h" => {
            TimeDelta::hours(count)
        }
        _ => {
            let today = today(ctx);
            let days = u64::try_from(count).ok()?;
            let day = match unit {
                "天" | "日" | "day" | "days" => today.checked_sub_days(Days::new(days))?,
                "周" | "週" | "星期" | "个星期" | "week" | "weeks" => {
                    today.checked_sub_days(Days::new(days * 7))?
                }
                "个月" | "個月" | "月" | "month" | "months" => {
                    today.checked_sub_months(Months::new(u32::try_from(count).ok()?))?
                }
                _ => return None,
            };
            return stamp(day, None, Zone::Source, ctx);
        }
    };
    Some(Stamp::second(ctx.seen.checked_sub_signed(exact)?))
}

/// The words and units of some tokens as one text; anything else makes it match nothing.
fn spelled(tokens: &[Token]) -> String {
    let mut text = String::new();
    for token in tokens {
        match token {
            Token::Word(word) => text.push_str(word),
            Token::Unit(unit) => text.push_str(match unit {
                Unit::Year | Unit::KoreanYear => "年",
                Unit::Month => "月",
                Unit::Day => "日",
                Unit::Hour => "时",
                Unit::Minute => "分",
                Unit::Second => "秒",
            }),
            Token::Num(..) | Token::Mark(_) | Token::Blank | Token::Half(_) | Token::Weekday => {
                text.push('\u{0}');
            }
        }
    }
    text
}
