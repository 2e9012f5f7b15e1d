//! The dateline at the start of a summary (`中新社泉州4月18日电`): finds the words that name the place.
//!
//! Reads the first characters alone: whatever stands further on is the story, which names places all over.

/// The longest dateline, in characters: agency, place and date together.
const REACH: usize = 48;

const AGENCIES: [&str; 19] = [
    "中国新闻网", "中国新闻社", "中新网", "中新社", "新华社", "新华网", "人民网", "央视网", "央广网",
    "光明网", "中国网", "中青网", "中青在线", "法制网", "国际在线", "本报", "本网", "据", "记者",
];

/// The place of the dateline: the text between the agency and the date. None if there is no dateline.
pub(super) fn place(summary: &str) -> Option<&str> {
    let end = summary.char_indices().nth(REACH).map_or(summary.len(), |(at, _)| at);
    let head = summary[..end].trim_start_matches(is_ornament);
    let day = head.find("日电").or_else(|| head.find("日讯")).or_else(|| head.find("日消息"))?;
    let before_date = head[..day].trim_end_matches(|c: char| {
        c.is_ascii_digit() || is_wide_digit(c) || "月年一二三四五六七八九十".contains(c)
    });
    let place = strip_agency(before_date).trim_matches(is_ornament);
    // 中新网4月18日电 names no place; a sentence is none either.
    let is_name = !place.is_empty() && place.chars().count() <= 12 && !place.contains(['。', '，', '：']);
    is_name.then_some(place)
}

fn strip_agency(text: &str) -> &str {
    AGENCIES.iter().find_map(|agency| text.strip_prefix(agency)).unwrap_or(text)
}

fn is_ornament(c: char) -> bool {
    c.is_whitespace() || "【】()（）[]—-·.".contains(c) || c == '\u{feff}'
}

fn is_wide_digit(c: char) -> bool {
    ('０'..='９').contains(&c)
}
