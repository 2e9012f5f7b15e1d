//! Zone names and offsets as feeds write them, and who `CST` is.

use chrono::{Datelike, NaiveDate};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::DateContext;
use super::civil::Zone;
use super::lex::Token;

const HOUR: i32 = 3600;

/// No zone lies so far from Greenwich, in seconds: the widest in use is +14:00. 15:59 leaves room for the unheard of, not
/// for nonsense.
pub(super) const OFFSETS_END: i32 = 16 * HOUR;

/// True if `CST` in a source of this zone is China's (or Taiwan's) standard time, not Chicago's.
fn is_chinese(zone: Tz) -> bool {
    matches!(zone, Tz::PRC | Tz::ROC | Tz::Hongkong) || zone.name().starts_with("Asia/")
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

/// Seconds east of UTC: the names of RFC 822 section 5.1, the short American ones, and names with one usual meaning.
/// dibao reads any other name as the source's own zone.
fn named(word: &str, ctx: &DateContext) -> Option<i32> {
    let hours = match word {
        "ut" | "utc" | "gmt" | "wet" => 0,
        "met" | "cet" | "mez" | "west" | "bst" => 1,
        "mest" | "cest" | "mesz" | "eet" | "sast" => 2,
        "eest" | "msk" => 3,
        "pkt" => 5,
        "ist" => return Some(5 * HOUR + HOUR / 2),
        "ict" | "wib" => 7,
        "bjt" | "hkt" | "sgt" | "myt" | "pht" | "awst" => 8,
        "jst" | "kst" => 9,
        "aest" => 10,
        "aedt" => 11,
        "nzst" | "nzt" => 12,
        "nzdt" => 13,
        "brt" | "art" => -3,
        "akdt" => -8,
        "akst" => -9,
        "hst" => -10,
        "cst" if is_chinese(ctx.zone) => 8,
        // Summer time of China, 1986 to 1991; nowhere else do Chinese sources write it.
        "cdt" if is_chinese(ctx.zone) => 9,
        "adt" => -3,
        "ast" | "at" | "edt" => -4,
        "est" | "et" | "cdt" => -5,
        "cst" | "ct" | "mdt" => -6,
        "mst" | "mt" | "pdt" => -7,
        "pst" | "pt" => -8,
        _ => return military(word),
    };
    Some(hours * HOUR)
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
    let at = usize::from(tokens.first() == Some(&Token::Blank));
    let bracket = usize::from(matches!(tokens.get(at), Some(Token::Mark('(' | '['))));
    let (zone, used) = read_bare(&tokens[at + bracket..], ctx)?;
    let end = at + bracket + used;
    let closes = bracket == 0 || matches!(tokens.get(end), Some(Token::Mark(')' | ']')));
    Some(if used > 0 && closes { (zone, end + bracket) } else { (Zone::Source, 0) })
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
    if minutes > 59 {
        return None;
    }
    let east = i32::try_from(hours * 3600 + minutes * 60).ok().filter(|east| *east < OFFSETS_END)?;
    Some((Zone::Offset(if sign == '-' { -east } else { east }), used))
}

/// `Asia/Shanghai`, `America/New_York`, `Etc/GMT+5`: the longest name of the IANA database.
fn iana(tokens: &[Token]) -> Option<(Zone, usize)> {
    /// `America/North_Dakota/New_Salem`
    const LONGEST: usize = 7;
    let mut name = String::new();
    let mut found = None;
    for (at, token) in tokens.iter().enumerate().take(LONGEST) {
        match token {
            Token::Word(word) => name.push_str(word),
            Token::Mark(mark @ ('/' | '_' | '+' | '-')) => name.push(*mark),
            Token::Num(n, _) => name.push_str(&n.to_string()),
            _ => break,
        }
        if name.contains('/')
            && let Some(zone) = TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(&name))
        {
            found = Some((Zone::Named(*zone), at + 1));
        }
    }
    found
}
