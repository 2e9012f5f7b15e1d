//! The names of months and weekdays in the languages of our regions, of their neighbours, and of most feeds. A name is
//! recognised by its beginning, since feeds shorten and inflect them. Knows no form of date.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// The longest word that may be a name, in characters; names of two words are read as one (`арван хоёрдугаар`).
const LONGEST: usize = 20;

/// Beginnings of the months by language, January first. The longest beginning that fits decides, so no two months of
/// all languages may share one (a test holds them to it). Some are left out for that: `listopad` is October to
/// Croats and November to Poles and Czechs.
const MONTHS: &[[&str; 12]] = &[
    // English, with what German, Dutch, Scandinavian, Malay and Indonesian share.
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    ["jän", "", "mär mrz", "", "mai", "", "", "", "", "okt", "", "dez"],
    ["", "", "maart mrt", "", "mei", "", "", "agu ags ogo", "", "", "nop", "des dis"],
    ["", "", "mac", "", "maj", "", "", "", "", "", "", ""],
    // French.
    ["", "fév fev", "", "avr", "", "juin", "juil", "aoû aou", "", "", "", "déc"],
    // Spanish, Portuguese, Italian, Romanian.
    ["ene", "", "", "abr", "", "", "", "ago", "set", "out", "", "dic"],
    ["gen", "", "", "", "mag", "giu", "lug", "", "", "ott", "", ""],
    ["ian", "", "", "", "", "iun", "iul", "", "", "", "noi noe", ""],
    // Polish, Czech.
    ["sty", "lut", "", "kwi", "", "cze", "lip", "sie", "wrz", "paź paz", "lis", "gru"],
    [
        "led",
        "úno uno",
        "bře bre",
        "dub",
        "kvě kve",
        "červn červen čer cer",
        "červenec července čvc",
        "srp",
        "zář zar",
        "říj rij",
        "",
        "pro",
    ],
    // Lithuanian, Estonian, Albanian, Icelandic, Filipino, Turkmen; what Croats have alone.
    ["sau", "vas", "kov", "bal", "geg", "bir", "lie", "rugp rgp", "rugs rgs", "spa", "lap", "gruo"],
    ["jaan", "vee", "", "", "maí", "juun", "juul", "", "", "", "", "dets"],
    ["", "shk", "", "pri", "", "qer", "korr", "gush", "sht", "tet", "nën", "dhj"],
    ["", "", "", "", "", "", "", "ágú", "", "", "nóv", ""],
    ["", "peb", "", "", "", "hun", "hul", "", "", "", "nob", ""],
    ["ýan", "few", "", "", "maý", "iýun", "iýul", "awg", "", "", "noý", ""],
    ["sij", "velj", "ožu", "tra", "svi", "", "", "kol", "ruj", "", "stu", ""],
    // Hungarian, Finnish, Turkish, Azerbaijani and Uzbek.
    ["", "", "már", "ápr", "máj", "jún", "júl", "", "sze", "", "", ""],
    ["tam", "hel", "maalis", "huh", "tou", "kes", "hei", "elo", "syy", "lok", "marras", "jou"],
    ["oca", "şub sub", "", "nis", "", "haz", "tem", "ağu", "eyl", "eki", "kas", "ara"],
    ["yan", "fev", "", "", "", "iyn iyun", "iyl iyul", "avq avg", "sen", "", "noy", "dek"],
    // Greek.
    [
        "ιαν",
        "φεβ",
        "μάρ μαρ μάώ μαώ",
        "απρ",
        "μάι μαι μαϊ",
        "ιούν ιουν ιον",
        "ιούλ ιουλ ιολ",
        "αύγ αυγ",
        "σεπ",
        "οκτ",
        "νοέ νοε",
        "δεκ",
    ],
    // Russian, Bulgarian, Kyrgyz, Tajik; Ukrainian; Kazakh; Mongolian, where the number is a word.
    [
        "янв яну", "фев", "мар", "апр", "май мая", "июн юни ийун", "июл юли ийул", "авг", "сен сеп", "окт",
        "ноя ное", "дек",
    ],
    ["січ", "лют", "бер", "кві", "тра", "чер", "лип", "сер", "вер", "жов", "лис", "гру"],
    ["қаң", "ақп", "нау", "сәу", "мам", "мау", "шіл", "там", "қыр", "қаз", "қар", "жел"],
    [
        "нэгд", "хоёрд", "гурав", "дөрөв", "тавд", "зург", "долоо", "найм", "есд", "аравд", "арваннэгд",
        "арванхоёрд",
    ],
    // Vietnamese, behind the word for month.
    [
        "thángmột thánggiêng",
        "thánghai",
        "thángba",
        "thángtư thángbốn",
        "thángnăm",
        "thángsáu",
        "thángbảy",
        "thángtám",
        "thángchín",
        "thángmười",
        "thángmườimột",
        "thángmườihai thángchạp",
    ],
    // Kazakh and Uyghur as Xinjiang writes them.
    ["قاڭ", "اقپ", "ناۋ", "ءساۋ ساۋ", "مامى", "ماۋ", "شىل", "تامى", "قىر", "قازا", "قارا", "جەل"],
    ["يانۋ", "فېۋ", "مارت", "ئاپر", "ماي", "ئىيۇن", "ئىيۇل", "ئاۋغ", "سېنت", "ئۆكت", "نويا", "دېكا"],
    // Arabic, with the names of the Levant and of the Maghreb; Persian; Urdu; Hebrew.
    ["ينا", "فبر", "مارس", "أبر ابر إبر", "ماي", "يوني", "يولي", "أغس اغس", "سبت", "أكت اكت", "نوف", "ديس"],
    [
        "كانونالثاني",
        "شبا",
        "آذا اذا",
        "نيس",
        "أيا ايا",
        "حزي",
        "تمو",
        "آب",
        "أيل ايل",
        "تشرينالأول تشرينالاول",
        "تشرينالثاني",
        "كانونالأول كانونالاول",
    ],
    ["جانف", "فيف", "", "أفر افر", "", "جوان", "جويل", "أوت", "", "", "", ""],
    ["ژانو", "فور", "", "آور", "مه", "ژوئن", "ژوئی", "اوت", "سپت", "اکت", "نوا", "دسا"],
    ["جنو", "فرو", "مار", "اپر", "مئ", "جون", "جولا", "اگس", "ستم", "", "نوم", "دسم"],
    ["ינו", "פבר", "מרץ", "אפר", "מאי", "יוני", "יולי", "אוג", "ספט", "אוק", "נוב", "דצמ"],
    // Hindi and Nepali, Bengali.
    ["जन", "फ़र फर फेब", "मार", "अप्रै", "मई मे", "जून जुन", "जुल", "अग", "सित सेप", "अक्", "नव नोभ", "दिस डिस"],
    ["জান", "ফেব", "মার", "এপ্রি", "মে", "জুন", "জুল", "আগ", "সেপ", "অক্", "নভে", "ডিস"],
    // Tamil.
    ["ஜன", "பிப்", "மார்", "ஏப்", "மே", "ஜூன்", "ஜூலை", "ஆக", "செப்", "அக்", "நவ", "டிச"],
    // Thai, full and short; Lao; Burmese; Khmer.
    [
        "มกรา มค",
        "กุมภา กพ",
        "มีนา มีค",
        "เมษา เมย",
        "พฤษภา พค",
        "มิถุนา มิย",
        "กรกฎา กค",
        "สิงหา สค",
        "กันยา กย",
        "ตุลา ตค",
        "พฤศจิกา พย",
        "ธันวา ธค",
    ],
    [
        "ມັງ ມກ", "ກຸມ ກພ", "ມີນ ມນ", "ເມສ ມສ", "ພຶດ ພພ", "ມິຖ", "ກໍລ ກລ", "ສິງ ສຫ", "ກັນ ກຍ", "ຕຸລ ຕລ", "ພະຈ ພຈ",
        "ທັນ ທວ",
    ],
    ["ဇန်", "ဖေ", "မတ်", "ဧပြီ", "မေ", "ဇွန်", "ဇူ", "ဩဂုတ် သြဂုတ်", "စက်", "အောက်", "နို", "ဒီ"],
    ["មករា", "កុម្ភ", "មីនា", "មេសា", "ឧសភា", "មិថុនា", "កក្កដា", "សីហា", "កញ្ញា", "តុលា", "វិច្ឆិកា", "ធ្នូ"],
];

/// Beginnings of weekdays. A weekday says nothing that the date does not, so one list does for all; those of one or two
/// letters count only as whole words.
const WEEKDAYS: &[&str] = &[
    "mon tue wed thu fri sat sun",
    "mo di mi do fr sa so die mit don fre sam son",
    "lun mar mer jeu ven dim",
    "mié mie jue vie sáb sab dom seg ter qua qui sex feira gio",
    "lu ma mi jo vi du joi sâm dum",
    "maa din woe vri zat zon zo wo vr za",
    "må man tir tor lör lør søn sön ons",
    "pon wto śro sro czw pią pia nie pn wt śr cz pt nd",
    "po út st čt pá ne úte stř čtv pát ned",
    "hé ke cs pé va hét ked csü pén szo vas",
    "ti to pe la su tii kes tor per lau sun",
    "pzt sal çar per cum cmt paz pts",
    "sen sel rab kam jum min ahd isn kha",
    "hai ba tư năm sáu bảy thứ chủ nhật cn th",
    "пн вт ср чт пт сб вс нд пон вто сре сер чет пят суб вос втр срд птн вів п'я нед",
    "дүй сей сәр бей жұм сен жек дс сс ср бс жм сб жс даваа мяг лха пүр баа бям ням",
    "δευ τρί τρι τετ πέμ πεμ παρ σάβ σαβ κυρ δε τρ τε πε πα σα κυ",
    "الاث الأح الاح الثل الأرب الارب الخم الجم السب اثن أحد ثلا أرب خمي جمع سبت",
    "دۈش سەي چار پەي جۈم شەن يەك",
    "شنبه یکش دوش سهش چها پنج جمع",
    "پیر منگ بده جمع ہفت اتو",
    "ראש שני שלי רבי חמי שיש שבת יום",
    "सोम मंगल बुध गुरु बिही बृह शुक्र शनि रवि आइत",
    "সোম মঙ্গল বুধ বৃহ শুক্র শনি রবি",
    "วัน จันทร์ อังคาร พุธ พฤหัส ศุกร์ เสาร์ อาทิตย์ จ อ พ พฤ ศ ส อา",
    "ວັນ ຈັນ ອັງ ພຸດ ພະຫ ສຸກ ເສົ ອາທ",
];

static MONTH_OF: LazyLock<HashMap<&'static str, u64>> = LazyLock::new(|| {
    let beginnings = MONTHS.iter().flat_map(|months| (1..).zip(months));
    beginnings.flat_map(|(month, words)| words.split_whitespace().map(move |word| (word, month))).collect()
});

/// The month whose name a word is or shortens; the word in lower case and without dots.
pub(super) fn month(word: &str) -> Option<u64> {
    beginnings(word)?.rev().find_map(|beginning| MONTH_OF.get(beginning).copied())
}

/// True if a word is a month's name in English, or in a script that is not Latin. Other short words of Latin letters
/// are names in one language and plain words in the next (`set`, `out`, `pro`): those name a month only beside a year.
pub(super) fn is_plain_month(word: &str) -> bool {
    !word.is_ascii()
        || MONTHS[0].iter().chain(&MONTHS[1]).any(|known| !known.is_empty() && word.starts_with(known))
}

/// True if a word is a weekday's name or shortens one.
pub(super) fn is_weekday(word: &str) -> bool {
    static NAMES: LazyLock<HashSet<&str>> =
        LazyLock::new(|| WEEKDAYS.iter().flat_map(|names| names.split(' ')).collect());
    let Some(mut beginnings) = beginnings(word) else { return false };
    beginnings.any(|name| (name == word || name.chars().nth(2).is_some()) && NAMES.contains(name))
}

/// All beginnings of a word, the shortest first, and the word; `None` for one that is too long for a name.
fn beginnings(word: &str) -> Option<impl DoubleEndedIterator<Item = &str>> {
    let ends = word.char_indices().map(|(at, c)| at + c.len_utf8());
    (word.chars().count() <= LONGEST).then(|| ends.collect::<Vec<_>>().into_iter().map(|end| &word[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_beginning_names_two_months() {
        let mut seen: HashMap<&str, u64> = HashMap::new();
        for months in MONTHS {
            for (month, words) in (1..).zip(months) {
                for word in words.split_whitespace() {
                    let before = *seen.entry(word).or_insert(month);
                    assert_eq!(before, month, "{word} names the months {before} and {month}");
                }
            }
        }
    }

    #[test]
    fn a_name_is_told_from_the_next_by_as_much_as_it_needs() {
        for (word, want) in [
            ("september", Some(9)),
            ("juin", Some(6)),
            ("juillet", Some(7)),
            ("červen", Some(6)),
            ("června", Some(6)),
            ("července", Some(7)),
            ("marraskuuta", Some(11)),
            ("марта", Some(3)),
            ("травня", Some(5)),
            ("тамыз", Some(8)),
            ("พฤศจิกายน", Some(11)),
            ("พฤษภาคม", Some(5)),
            ("x", None),
            ("sieben", Some(8)),
            ("averyveryverylongword", None),
        ] {
            assert_eq!(month(word), want, "{word}");
        }
    }
}
