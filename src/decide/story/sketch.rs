//! The sketch of an entry: everything the comparison needs. Made once from the entry's values alone, in any thread,
//! so that comparing two entries does not read their texts.

use serde::{Deserialize, Serialize};

use super::letter::Letter;
use super::marks::{self, TitleMarks};
use super::mentions::{self, Mentions};
use super::place::{self, NamedPlace, Places};
use super::sample::{Grams, Numbers, Sample};
use super::text::{Day, Reading};
use super::title::{self, Pairs};
use super::{hash, keys};
use crate::model::evidence::{self, Evidence};
use crate::model::region::RegionId;
use crate::model::time::Time;
use crate::read::link::canonical;

/// Runs of three letters kept of a text: all of a usual summary. An octet counts them.
const GRAMS: usize = 255;
/// Numbers kept of a text.
const NUMBERS: usize = 48;
/// Days kept.
const DAYS: usize = 4;
/// Places kept of a title and of a text's head.
const PLACES: usize = 8;
/// Regions kept. An instance has some forty; entries of more are lists.
const REGIONS: usize = 64;
/// Words by which a local report means its own region, and how far into a text they are looked for.
const OURS: [&str; 8] = ["我省", "我市", "我区", "我县", "全省", "全市", "全区", "省政府"];
const OURS_STARTS: [char; 3] = ['我', '全', '省'];
const OURS_BYTES: usize = 300;
/// A text with fewer letters is a stub (`详见正文`), which says nothing about its article.
const STUB: usize = 30;

/// The parts of an entry that are compared.
#[derive(Clone, Copy, Debug)]
pub struct StoryInput<'a> {
    pub title: &'a str,
    /// The address of its page, absolute; any spelling.
    pub page: Option<&'a str>,
    pub summary: Option<&'a str>,
    pub content: Option<&'a str>,
    /// The outlet that the entry names, else the title of its source.
    pub outlet: &'a str,
    /// The entry's regions, however they were found.
    pub regions: &'a [RegionId],
    /// The regions that the classifier finds in its title and summary, even if its source has fixed regions.
    pub named: &'a [Evidence],
    pub published: Time,
}

/// An entry, ready to be compared and filed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch {
    pub(super) head: Head,
    /// The parts that [`View`] reads, one after the other.
    pub(super) words: Box<[u16]>,
    /// The stems under which it is filed and looked up; not kept after filing.
    pub(super) stems: Box<[u32]>,
}

/// The part of a sketch of fixed size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// Hash of the canonical link; 0 for none that tells entries apart.
    pub(super) link: u64,
    /// A bit for each pair of letters of the title, several pairs to a bit.
    pub(super) title_bits: u64,
    /// Published, in minutes since 1970; earlier is 0.
    pub(super) minute: u32,
    pub(super) outlet: u32,
    pub(super) title_hash: u32,
    /// Letters of the longest text, before sampling.
    pub(super) letters: u16,
    /// Hash of the host of the page; 0 without one.
    pub(super) site: u16,
    /// Bits of the flags below.
    flags: u8,
    /// The number of there that are of each part.
    grams: u8,
    title: u8,
    numbers: u8,
    days: u8,
    regions: u8,
    title_places: u8,
    text_places: u8,
}

/// The text is about the title's subject, unlike a notice under every entry.
const ON_TOPIC: u8 = 1;
/// More grams or numbers than are kept.
const GRAMS_CUT: u8 = 2;
const NUMBERS_CUT: u8 = 4;
/// It says `our city`, and means the city of its outlet.
const LOCAL: u8 = 8;

impl Sketch {
    /// Gives it another date. It is filed under none.
    pub fn redate(&mut self, published: Time) {
        self.head.minute = minute(published);
    }

    pub(super) fn view(&self) -> View<'_> {
        View { head: &self.head, words: &self.words }
    }
}

/// A sketch as it is compared: reads the words in place.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) head: &'a Head,
    pub(super) words: &'a [u16],
}

impl<'a> View<'a> {
    pub(super) fn on_topic(self) -> bool {
        self.head.flags & ON_TOPIC != 0
    }

    /// Runs of three letters of summary and content; empty for a stub.
    pub(super) fn text(self) -> Grams<'a> {
        Grams::new(self.part(0, self.grams_end()), self.head.flags & GRAMS_CUT != 0)
    }

    /// Pairs of letters in the title and the head of the text.
    pub(super) fn mentions(self) -> Mentions<'a> {
        Mentions(self.part(self.grams_end(), mentions::WORDS))
    }

    /// The pairs of the title that are also in the head of the text.
    pub(super) fn told(self) -> &'a [u16] {
        self.part(self.grams_end() + mentions::WORDS, mentions::TOLD_WORDS)
    }

    pub(super) fn title(self) -> &'a [Letter] {
        self.part(self.title_end() - usize::from(self.head.title), self.head.title.into())
    }

    /// True if it means a place by who wrote it.
    pub(super) fn is_local(self) -> bool {
        self.head.flags & LOCAL != 0
    }

    pub(super) fn numbers(self) -> Numbers<'a> {
        let words = self.part(self.title_end(), usize::from(self.head.numbers) * 2);
        Numbers::new(words, self.head.flags & NUMBERS_CUT != 0)
    }

    /// Days the title or the head of the text name.
    pub(super) fn days(self) -> impl Iterator<Item = Day> + Clone + 'a {
        let words = self.part(self.numbers_end(), self.head.days.into());
        words.iter().map(|word| Day { month: (word >> 8) as u8, day: *word as u8 })
    }

    /// Hashes of the regions' ids, two words each.
    pub(super) fn regions(self) -> &'a [[u16; 2]] {
        self.part(self.days_end(), usize::from(self.head.regions) * 2).as_chunks().0
    }

    pub(super) fn title_places(self) -> Places<'a> {
        let start = self.days_end() + usize::from(self.head.regions) * 2;
        Places::new(self.words.get(start..).unwrap_or_default(), self.head.title_places.into())
    }

    /// Places of the text, where the title names none.
    pub(super) fn text_places(self) -> Places<'a> {
        Places::new(self.title_places().rest(), self.head.text_places.into())
    }

    /// The marks that distinguish the title from others of its form.
    pub(super) fn marks(self) -> TitleMarks<'a> {
        TitleMarks::new(self.text_places().rest())
    }

    fn part(self, start: usize, len: usize) -> &'a [u16] {
        self.words.get(start..start + len).unwrap_or_default()
    }

    fn grams_end(self) -> usize {
        Grams::words(self.head.grams.into())
    }

    fn title_end(self) -> usize {
        self.grams_end() + mentions::WORDS + mentions::TOLD_WORDS + usize::from(self.head.title)
    }

    fn numbers_end(self) -> usize {
        self.title_end() + usize::from(self.head.numbers) * 2
    }

    fn days_end(self) -> usize {
        self.numbers_end() + usize::from(self.head.days)
    }
}

pub fn sketch(input: &StoryInput<'_>) -> Sketch {
    let title = title::normalise(input.title, input.outlet);
    let pairs = Pairs::of(&title);
    let readings: Vec<Reading> =
        [input.summary, input.content].into_iter().flatten().map(Reading::of).collect();
    let letters: usize = readings.iter().map(|r| r.letters.len()).max().unwrap_or(0);
    let stub = letters < STUB;
    let grams: Vec<u64> = if stub { Vec::new() } else { readings.iter().flat_map(Reading::grams).collect() };
    let text = Sample::of(grams.iter().copied(), GRAMS);
    let numbers = Sample::of(readings.iter().flat_map(|r| r.numbers.iter().copied()), NUMBERS);
    let days = days(input.title, &readings);
    let regions = &input.regions[..input.regions.len().min(REGIONS)];
    let (title_places, text_places) = (places(input.named, evidence::Place::Title), text_places(input));

    let mut words = Vec::with_capacity(Grams::words(text.len()) + mentions::WORDS + 2 * title.len() + 40);
    text.write_grams(&mut words);
    let (mentioned, told) = mentions::filter(&title, &readings);
    words.extend(mentioned);
    words.extend(told);
    words.extend(&title);
    numbers.write_numbers(&mut words);
    words.extend(days.iter().map(|day| (u16::from(day.month) << 8) | u16::from(day.day)));
    let regions = regions.iter().map(|r| place::region(r.as_str()));
    words.extend(regions.clone().flat_map(|region| [region as u16, (region >> 16) as u16]));
    title_places.iter().chain(&text_places).for_each(|place| place.write(&mut words));
    marks::write(input.title, &mut words);

    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    let head = Head {
        link: input.page.and_then(link_hash).unwrap_or(0),
        title_bits: pairs.as_slice().iter().fold(0, |bits, pair| bits | title::bit(*pair)),
        minute: minute(input.published),
        outlet: outlet(input.outlet),
        title_hash: hash::of_letters(&title) as u32,
        letters: u16::try_from(letters).unwrap_or(u16::MAX),
        site: input.page.map_or(0, site),
        flags: flag(on_topic(&pairs, &readings), ON_TOPIC)
            | flag(text.cut, GRAMS_CUT)
            | flag(numbers.cut, NUMBERS_CUT)
            | flag(is_local(input), LOCAL),
        grams: text.len() as u8,
        title: title.len() as u8,
        numbers: numbers.len() as u8,
        days: days.len() as u8,
        regions: regions.len() as u8,
        title_places: title_places.len() as u8,
        text_places: text_places.len() as u8,
    };
    let stems = keys::stems(head.link, &title, &pairs, &grams, &readings);
    Sketch { head, words: words.into_boxed_slice(), stems: stems.into_boxed_slice() }
}

/// An entry's time in minutes since 1970.
pub(super) fn minute(published: Time) -> u32 {
    u32::try_from(published.timestamp().div_euclid(60).max(0)).unwrap_or(u32::MAX)
}

/// The hash that stands for an outlet.
pub(super) fn outlet(name: &str) -> u32 {
    hash::of_text(name.trim()) as u32
}

/// The front page of a site is where tickers link every entry to, so it is no link of any of them.
pub(super) fn link_hash(page: &str) -> Option<u64> {
    let link = canonical(page);
    let (_, path) = link.split_once("://")?.1.split_once('/')?;
    (!path.is_empty()).then(|| hash::of_text(&link).max(1))
}

/// The hash of the host of a page, without what sites put before it for another shape of the same pages.
fn site(page: &str) -> u16 {
    let host = page.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let shape = ["www.", "m.", "wap.", "mobile.", "3g."].iter().find_map(|shape| host.strip_prefix(shape));
    (hash::of_text(shape.unwrap_or(&host)) >> 48).max(1) as u16
}

fn places(named: &[Evidence], at: evidence::Place) -> Vec<NamedPlace> {
    named.iter().filter(|e| e.place == at).take(PLACES).map(NamedPlace::of).collect()
}

/// The dateline's place; and where a text only says 我省, the region it was published for.
fn text_places(input: &StoryInput<'_>) -> Vec<NamedPlace> {
    let dateline = places(input.named, evidence::Place::Dateline);
    let read = [input.title, input.summary.unwrap_or_default(), input.content.unwrap_or_default()];
    if !dateline.is_empty() || !read.into_iter().any(says_ours) {
        return dateline;
    }
    input.regions.iter().take(PLACES).map(NamedPlace::published_for).collect()
}

fn says_ours(text: &str) -> bool {
    let head = &text[..text.floor_char_boundary(OURS_BYTES)];
    head.match_indices(OURS_STARTS).any(|(at, _)| OURS.iter().any(|word| head[at..].starts_with(word)))
}

/// 我市, 全县, or a title that begins with 市: a city or county that only the outlet tells.
fn is_local(input: &StoryInput<'_>) -> bool {
    const WORDS: [&str; 11] =
        ["我市", "我区", "我县", "我州", "全市", "全区", "全县", "全州", "本市", "本区", "本县"];
    const STARTS: [char; 3] = ['我', '全', '本'];
    let says = |text: &str| {
        let head = &text[..text.floor_char_boundary(OURS_BYTES)];
        head.starts_with(['市', '县', '区', '州'])
            || head.match_indices(STARTS).any(|(at, _)| WORDS.iter().any(|word| head[at..].starts_with(word)))
    };
    [input.title, input.summary.unwrap_or_default(), input.content.unwrap_or_default()].into_iter().any(says)
}

/// True if one pair of letters in eight of the title stands in the text: a title in other words still
/// names who and where.
fn on_topic(pairs: &Pairs, readings: &[Reading]) -> bool {
    let needed = pairs.as_slice().len().max(1).div_ceil(8);
    let mut found: Vec<u32> = Vec::with_capacity(needed);
    for window in readings.iter().flat_map(|r| r.letters.windows(2)) {
        let pair = (u32::from(window[0]) << 16) | u32::from(window[1]);
        if pairs.has(pair) && !found.contains(&pair) {
            found.push(pair);
            if found.len() >= needed {
                return true;
            }
        }
    }
    false
}

fn days(title: &str, readings: &[Reading]) -> Vec<Day> {
    // Only these units make a number a day, and most titles have neither.
    let titled = if title.contains(['日', '号', '號']) { Reading::of(title) } else { Reading::default() };
    let mut days: Vec<Day> = Vec::new();
    for day in titled.days.iter().chain(readings.iter().flat_map(|r| &r.days)) {
        if !days.contains(day) && days.len() < DAYS {
            days.push(*day);
        }
    }
    days
}
