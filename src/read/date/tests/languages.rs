//! Months, weekdays and eras in the words of many languages.

use chrono_tz::Tz;

use super::{check, context, shown};
use crate::read::date::find;

/// One date in the RFC 822 shape, as programs in other languages write it, and as people there do.
#[test]
fn months_and_weekdays_of_many_languages() {
    let day = "2026-11-27T08:30:00Z";
    let cases: Vec<(&str, &str)> = [
        // Chinese, Japanese, Korean.
        "星期五, 27 十一月 2026 08:30:00 +0000",
        "周五, 27 11月 2026 08:30:00 +0000",
        "週五, 27 十一月 2026 08:30:00 GMT",
        "27 11月 2026 08:30",
        "金, 27 11月 2026 08:30:00 +0000",
        "金, 27 11 2026 08:30:00 +0000",
        "金曜日, 27 11月 2026 08:30:00 +0000",
        "금, 27 11월 2026 08:30:00 +0000",
        "금요일, 27 11월 2026 08:30:00 +0000",
        "2026. 11. 27. 오전 8:30",
        // Mongolian, Kazakh (both scripts), Uyghur, Tibetan.
        "2026 оны 11-р сарын 27 08:30",
        "2026 оны 11 сарын 27-ны өдөр 08:30",
        "27 арван нэгдүгээр сар 2026 08:30",
        "жұма, 27 қараша 2026 08:30:00 +0000",
        "2026 жылғы 27 қараша 08:30",
        "27 قاراشا 2026 08:30",
        "2026-يىلى 11-ئاينىڭ 27-كۈنى 08:30",
        "27 نويابىر 2026 08:30",
        "2026 ལོའི་ཟླ་ 11 པའི་ཚེས་ 27 08:30",
        "༢༠༢༦ལོའི་ཟླ་༡༡ཚེས་༢༧ 08:30",
        // Neighbours.
        "Пт, 27 ноя 2026 08:30:00 +0000",
        "27 ноября 2026 г., 08:30",
        "пятница, 27 ноября 2026 08:30 GMT",
        "27 листопада 2026 року, 08:30",
        "Th 6, 27 thg 11 2026 08:30:00 +0000",
        "Thứ Sáu, 27 tháng Mười Một 2026 08:30:00 +0000",
        "Thứ sáu, ngày 27 tháng 11 năm 2026 lúc 08:30",
        "ศ., 27 พ.ย. 2026 08:30:00 +0000",
        "วันศุกร์ที่ 27 พฤศจิกายน 2569 เวลา 08:30 น.",
        "27 ພະຈິກ 2026 08:30",
        "27 နိုဝင်ဘာ 2026 08:30",
        "၂၇ နိုဝင်ဘာ ၂၀၂၆ ၀၈:၃၀",
        "शुक्र, 27 नवंबर 2026 08:30:00 +0000",
        "२७ नवंबर २०२६ ०८:३०",
        "শুক্র, ২৭ নভেম্বর ২০২৬ ০৮:৩০",
        // Arabic and its neighbours.
        "الجمعة, 27 نوفمبر 2026 08:30:00 +0000",
        "الجمعة، ٢٧ تشرين الثاني ٢٠٢٦ ٠٨:٣٠",
        "۲۷ نوامبر ۲۰۲۶ ۰۸:۳۰",
        "جمعہ, 27 نومبر 2026 08:30",
        "יום ו׳, 27 נובמבר 2026 08:30",
        // Europe and its languages overseas.
        "ven., 27 nov. 2026 08:30:00 +0000",
        "vendredi 27 novembre 2026 à 08h30",
        "Freitag, 27. November 2026, 08:30 Uhr",
        "Fr, 27 Nov 2026 08:30:00 GMT",
        "viernes, 27 de noviembre de 2026, 08:30 h",
        "vie, 27 nov 2026 8:30 a. m.",
        "sexta-feira, 27 de novembro de 2026 às 08h30",
        "ven, 27 nov 2026 alle 08:30",
        "venerdì 27 novembre 2026 ore 08.30",
        "vrijdag 27 november 2026 om 08:30",
        "piątek, 27 listopada 2026 r., godz. 8:30",
        "pá, 27. listopadu 2026 08:30",
        "2026. november 27., péntek, 08:30",
        "Παρασκευή, 27 Νοεμβρίου 2026 08:30",
        "Cum, 27 Kas 2026 08:30:00 +0000",
        "27 Kasım 2026 Cuma, 08:30",
        "fre, 27 nov 2026 08:30:00 +0000",
        "perjantai 27. marraskuuta 2026 klo 8.30",
        "vineri, 27 noiembrie 2026, 08:30",
        "Jumat, 27 November 2026 08:30",
        "Jum, 27 Nop 2026 08:30:00 +0000",
        "Pn, 27 lapkr. 2026 08:30:00 +0000",
        "R, 27 november 2026 08:30",
        "08:30 27 Nov 2026 +0000",
        "08:30:00 GMT 27 November 2026",
        // A weekday before digits.
        "Freitag, 27.11.2026 08:30",
        "пятница, 27.11.2026 08:30",
        "vendredi 27/11/2026 08:30",
    ]
    .into_iter()
    .map(|text| (text, day))
    .collect();
    check(&context(Tz::UTC), &cases);
}

#[test]
fn months_that_begin_alike_are_told_apart() {
    let context = context(Tz::UTC);
    for (month, names) in [
        ("03", &["mars", "März", "marzo", "maart", "марта", "مارس", "มีนาคม", "mart", "Mac"][..]),
        ("05", &["mai", "mayo", "maggio", "мая", "พ.ค.", "mei", "maja", "mayıs", "ماي"]),
        ("06", &["juin", "junio", "giugno", "června", "июня", "มิ.ย.", "Haziran", "czerwca", "kesäkuuta"]),
        ("07", &["juil.", "juillet", "julio", "luglio", "července", "июля", "lipca", "Temmuz"]),
        ("08", &["août", "agosto", "sierpnia", "srpna", "серпня", "ส.ค.", "Ağustos", "Ogos"]),
        ("10", &["oct", "ottobre", "outubro", "października", "жовтня", "Ekim", "lokakuuta", "октомври"]),
        ("12", &["déc.", "dicembre", "dezembro", "grudnia", "декабря", "ธ.ค.", "Aralık", "Disember"]),
    ] {
        for name in names {
            let text = format!("4 {name} 2026 10:00:00 +0000");
            // A month after November 2026 is within what is believed.
            assert_eq!(shown(&text, &context), format!("2026-{month}-04T10:00:00Z"), "{name}");
        }
    }
}

#[test]
fn a_word_that_is_a_month_elsewhere_needs_a_year_beside_it() {
    check(
        &context(Tz::UTC),
        &[
            ("27 ноября, 10:15", "2025-11-27T10:15:00Z"),
            ("Nov 12, 10:15", "2026-11-12T10:15:00Z"),
            ("Set 3", "none"),
            ("Pro 12", "none"),
            ("Out 5, 10:15", "none"),
            ("Led by 3 of 2026", "none"),
            ("Breaking news 2026", "none"),
        ],
    );
}

#[test]
fn the_calendar_of_taiwans_offices_and_other_eras() {
    let cases = [
        ("民國115年11月27日 08:30", "2026-11-27T00:30:00Z"),
        ("中華民國 115 年 11 月 27 日", "2026-11-27T15:59:59Z day"),
        ("中華民國一百一十五年十一月二十七日", "2026-11-27T15:59:59Z day"),
        ("民國一百年一月一日", "2011-01-01T15:59:59Z day"),
        ("民國99年12月31日", "2010-12-31T15:59:59Z day"),
        ("115年11月27日", "2026-11-27T15:59:59Z day"),
        ("115/11/27 08:30", "2026-11-27T00:30:00Z"),
        ("115-11-27", "2026-11-27T15:59:59Z day"),
        ("115.11.27 下午 2:05", "2026-11-27T06:05:00Z"),
        ("1151127", "2026-11-27T15:59:59Z day"),
        ("發布日期：115-11-27", "2026-11-27T15:59:59Z day"),
        ("2026331", "2026-11-27T15:59:59Z day"),
        ("115-13-27", "none"),
        ("115-02-30", "none"),
        ("令和8年11月27日", "2026-11-27T15:59:59Z day"),
        ("令和元年5月1日", "2019-05-01T15:59:59Z day"),
        ("26年7月8日", "2026-07-08T15:59:59Z day"),
    ];
    check(&context(Tz::Asia__Taipei), &cases);
    let found = |text: &str, zone| find(text, &context(zone)).map(|stamp| stamp.at.date_naive().to_string());
    assert_eq!(found("公告 115-11-27 農業局", Tz::Asia__Taipei).as_deref(), Some("2026-11-27"));
    assert_eq!(found("公告 民國115年11月27日", Tz::Asia__Shanghai).as_deref(), Some("2026-11-27"));
    assert_eq!(found("第 115-11-27 号", Tz::Asia__Shanghai), None);
    assert_eq!(shown("27/11/2569 08:30", &context(Tz::Asia__Bangkok)), "2026-11-27T01:30:00Z");
}
