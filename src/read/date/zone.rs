//! Zone names and offsets as feeds write them, and who `CST` is.

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;

use super::DateContext;
use super::civil::Zone;
use super::lex::Token;

const HOUR: i32 = 3600;

/// Names with one meaning in feeds, in seconds east of UTC. RFC 822 section 5.1 gives the American ones;
/// the rest is what feeds in the wild carry.
const NAMES: &[(&str, i32)] = &[
    ("ut", 0),
    ("utc", 0),
    ("gmt", 0),
    ("z", 0),
    ("wet", 0),
    ("west", HOUR),
    ("bst", HOUR),
    ("met", HOUR),
    ("mez", HOUR),
    ("cet", HOUR),
    ("mest", 2 * HOUR),
    ("mesz", 2 * HOUR),
    ("cest", 2 * HOUR),
    ("eet", 2 * HOUR),
    ("sast", 2 * HOUR),
    ("eest", 3 * HOUR),
    ("msk", 3 * HOUR),
    ("msd", 4 * HOUR),
    ("gst", 4 * HOUR),
    ("pkt", 5 * HOUR),
    ("ist", 5 * HOUR + HOUR / 2),
    ("npt", 5 * HOUR + 3 * HOUR / 4),
    ("ict", 7 * HOUR),
    ("wib", 7 * HOUR),
    ("bjt", 8 * HOUR),
    ("hkt", 8 * HOUR),
    ("sgt", 8 * HOUR),
    ("myt", 8 * HOUR),
    ("pht", 8 * HOUR),
    ("awst", 8 * HOUR),
    ("jst", 9 * HOUR),
    ("kst", 9 * HOUR),
    ("acst", 9 * HOUR + HOUR / 2),
    ("acdt", 10 * HOUR + HOUR / 2),
    ("aest", 10 * HOUR),
    ("aedt", 11 * HOUR),
    ("nzst", 12 * HOUR),
    ("nzt", 12 * HOUR),
    ("nzdt", 13 * HOUR),
    ("nst", -(3 * HOUR + HOUR / 2)),
    ("ndt", -(2 * HOUR + HOUR / 2)),
    ("brt", -3 * HOUR),
    ("art", -3 * HOUR),
    ("adt", -3 * HOUR),
    ("ast", -4 * HOUR),
    ("at", -4 * HOUR),
    ("edt", -4 * HOUR),
    ("est", -5 * HOUR),
    ("et", -5 * HOUR),
    ("cdt", -5 * HOUR),
    ("ct", -6 * HOUR),
    ("mdt", -6 * HOUR),
    ("mst", -7 * HOUR),
    ("mt", -7 * HOUR),
    ("pdt", -7 * HOUR),
    ("pst", -8 * HOUR),
    ("pt", -8 * HOUR),
    ("akdt", -8 * HOUR),
    ("akst", -9 * HOUR),
    ("hst", -10 * HOUR),
];

/// Zones whose `CST` is China's (or Taiwan's) standard time, +08:00.
fn is_chinese(zone: Tz) -> bool {
    use chrono_tz::{Asia, PRC, ROC};
    matches!(
        zone,
        Asia::Shanghai
            | Asia::Chongqing
            | Asia::Chungking
            | Asia::Harbin
            | Asia::Urumqi
            | Asia::Kashgar
            | Asia::Hong_Kong
            | Asia::Macau
            | Asia::Macao
            | Asia::Taipei
            | PRC
            | ROC
            | Tz::Hongkong
    )
}

/// True if the offices of a zone count years from the founding of the Republic of China.
pub(super) fn is_taiwan(zone: Tz) -> bool {
    matches!(zone, Tz::Asia__Taipei | Tz::ROC)
}

/// A day of our calendar for one that may be of the Buddhist era, where the zone's papers count in that.
pub(super) fn of_common_era(day: NaiveDate, zone: Tz) -> Option<NaiveDate> {
    use chrono_tz::Asia;
    let counts = matches!(zone, Asia::Bangkok | Asia::Vientiane | Asia::Phnom_Penh);
    if counts && day.year() >= 2500 { day.with_year(day.year() - 543) } else { Some(day) }
}

fn named(word: &str, ctx: &DateContext) -> Option<i32> {
    match word {
        "мск" => Some(3 * HOUR),
        "cst" if is_chinese(ctx.zone) => Some(8 * HOUR),
        "cst" => Some(-6 * HOUR),
        // Summer time of China, 1986 to 1991; nowhere else do Chinese sources write it.
        "cdt" if is_chinese(ctx.zone) => Some(9 * HOUR),
        _ => NAMES.iter().find(|(name, _)| *name == word).map(|(_, east)| *east).or_else(|| military(word)),
    }
}

/// The military letters with the signs that RFC 822 section 5.1 prints (A is -1), since the RSS
/// specifications send their readers there. RFC 2822 section 4.3 calls those signs a mistake; whoever
/// writes letters at all has read the older one.
fn military(word: &str) -> Option<i32> {
    let letter = word.bytes().next().filter(|_| word.len() == 1)?;
    Some(match letter {
        // `08:30 h` is an hour, in Spanish and others.
        b'h' => return None,
        b'a'..=b'i' => -(i32::from(letter - b'a') + 1) * HOUR,
        b'k'..=b'm' => -(i32::from(letter - b'k') + 10) * HOUR,
        b'n'..=b'y' => (i32::from(letter - b'n') + 1) * HOUR,
        b'z' => 0,
        _ => return None,
    })
}

/// Reads a zone at the head of `tokens`: the zone and how many tokens it took. No zone takes none;
/// `None` is a zone that cannot be (`+zz:00`, `-99:99`).
pub(super) fn read(tokens: &[Token], ctx: &DateContext) -> Option<(Zone, usize)> {
    let mut at = usize::from(tokens.first() == Some(&Token::Blank));
    if tokens.get(at) == Some(&Token::Mark('(')) || tokens.get(at) == Some(&Token::Mark('[')) {
        let inner = read_bare(&tokens[at + 1..], ctx)?;
        let close = at + 1 + inner.1;
        return match tokens.get(close) {
            Some(Token::Mark(')' | ']')) => Some((inner.0, close + 1)),
            _ => Some((Zone::Source, 0)),
        };
    }
    let (zone, used) = read_bare(&tokens[at..], ctx)?;
    if used == 0 {
        return Some((Zone::Source, 0));
    }
    at += used;
    Some((zone, at))
}

fn read_bare(tokens: &[Token], ctx: &DateContext) -> Option<(Zone, usize)> {
    match tokens.first() {
        Some(Token::Mark(sign @ ('+' | '-'))) => offset(*sign, &tokens[1..]).map(|(z, n)| (z, n + 1)),
        Some(Token::Word(word)) => {
            if let Some(found) = iana(tokens) {
                return Some(found);
            }
            let Some(east) = named(word, ctx) else {
                // A name nobody knows, as `XYZ` or a place: the source's own zone is the best guess.
                let plain = word.len() <= 5 && word.is_ascii();
                return Some((Zone::Source, usize::from(plain)));
            };
            let named = Zone::Offset(east);
            // `GMT+8`, `UTC +08:00`: an offset from the name, which must be Greenwich's.
            let blank = usize::from(tokens.get(1) == Some(&Token::Blank));
            if east == 0
                && let Some(Token::Mark(sign @ ('+' | '-'))) = tokens.get(1 + blank)
            {
                let (zone, used) = offset(*sign, &tokens[2 + blank..])?;
                return Some((zone, 2 + blank + used));
            }
            Some((named, 1))
        }
        _ => Some((Zone::Source, 0)),
    }
}

/// After the sign: `0800`, `08:00`, `08`, `8`, `800`.
fn offset(sign: char, tokens: &[Token]) -> Option<(Zone, usize)> {
    let (hours, minutes, used) = match tokens {
        [Token::Num(h, 1..=2), Token::Mark(':'), Token::Num(m, 1..=2), ..] => (*h, *m, 3),
        [Token::Num(_, 1..=2), Token::Mark(':'), ..] => return None,
        [Token::Num(n, 3..=4), ..] => (n / 100, n % 100, 1),
        [Token::Num(h, 1..=2), ..] => (*h, 0, 1),
        _ => return None,
    };
    // The widest offset in use is +14:00; 15:59 leaves room for the unheard of, not for nonsense.
    if hours > 15 || minutes > 59 {
        return None;
    }
    let east = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    Some((Zone::Offset(if sign == '-' { -east } else { east }), used))
}

/// `Asia/Shanghai`, `America/New_York`, `Etc/GMT`.
fn iana(tokens: &[Token]) -> Option<(Zone, usize)> {
    let mut name = String::new();
    let mut used = 0;
    for token in tokens {
        match token {
            Token::Word(word) => {
                let mut chars = word.chars();
                name.extend(chars.next().map(|c| c.to_ascii_uppercase()));
                name.push_str(chars.as_str());
            }
            Token::Mark(mark @ ('/' | '_')) => name.push(*mark),
            _ => break,
        }
        used += 1;
    }
    if let Some(rest) = name.strip_prefix("Etc/")
        && matches!(rest, "Gmt" | "Utc" | "Uct" | "Zulu" | "Greenwich" | "Universal")
    {
        // `Etc/GMT+5` is west of Greenwich: POSIX signs.
        return match &tokens[used..] {
            [Token::Mark('+'), Token::Num(h, 1..=2), ..] => offset_hours(*h, -HOUR, used + 2),
            [Token::Mark('-'), Token::Num(h, 1..=2), ..] => offset_hours(*h, HOUR, used + 2),
            _ => Some((Zone::Offset(0), used)),
        };
    }
    if !name.contains('/') {
        return None;
    }
    Some((Zone::Named(name.parse().ok()?), used))
}

fn offset_hours(hours: u64, unit: i32, used: usize) -> Option<(Zone, usize)> {
    let hours = i32::try_from(hours).ok().filter(|h| *h <= 14)?;
    Some((Zone::Offset(hours * unit), used))
}
