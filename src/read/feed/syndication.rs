//! The syndication module of RSS 1.0: how often a feed says it changes.

use std::time::Duration;

/// The update interval that a feed declares by `sy:updatePeriod` and `sy:updateFrequency` of the RSS 1.0
/// syndication module: `frequency` updates a period, one by default. `None` for a period that the module
/// does not define.
pub(super) fn update_interval(period: &str, frequency: Option<&str>) -> Option<Duration> {
    let hours = match period.trim().to_ascii_lowercase().as_str() {
        "hourly" => 1,
        "daily" => 24,
        "weekly" => 24 * 7,
        "monthly" => 24 * 30,
        "yearly" => 24 * 365,
        _ => return None,
    };
    let times = frequency.and_then(|text| text.trim().parse().ok()).unwrap_or(1_u32).max(1);
    Some(Duration::from_secs(hours * 3600) / times)
}

#[cfg(test)]
mod tests {
    use super::update_interval;

    #[test]
    fn the_syndication_module_names_an_interval() {
        let cases = [
            ("hourly", None, Some(60)),
            ("hourly", Some("4"), Some(15)),
            (" Daily\n", Some("2"), Some(720)),
            ("weekly", Some("0"), Some(7 * 1440)),
            ("monthly", Some("often"), Some(30 * 1440)),
            ("yearly", Some("1"), Some(365 * 1440)),
            ("fortnightly", None, None),
        ];
        for (period, frequency, expected) in cases {
            let got = update_interval(period, frequency).map(|interval| interval.as_secs() / 60);
            assert_eq!(got, expected, "{period} {frequency:?}");
        }
    }
}
