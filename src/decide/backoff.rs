//! The backoff after failures. The random draw is an argument; the caller decides what counts as a failure.

use std::time::Duration;

/// The maximum delay: dibao notices within a day that a source has recovered.
pub const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The maximum share of a delay that the draw takes off. A quarter spreads sources that failed together
/// and keeps the longest delay close to a day.
const SPREAD: f64 = 0.25;

/// The delay after `failures` failures in a row: `base` doubles with each failure after the first, up to a
/// day. `draw`, from `[0, 1)`, takes off up to a quarter. Zero failures give no delay: one success resets it.
#[must_use]
pub fn delay(failures: u32, base: Duration, draw: f64) -> Duration {
    if failures == 0 {
        return Duration::ZERO;
    }
    // 31 doublings fit the factor, and take every base from 41 µs upwards past a day.
    let full = base.saturating_mul(1 << (failures - 1).min(31));
    let draw = if draw.is_finite() { draw.clamp(0.0, 1.0) } else { 0.0 };
    full.min(LONGEST).mul_f64(1.0 - SPREAD * draw)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn delays_double_from_the_base_to_a_day() {
        let cases = [
            ("no failure, no delay", 0, 0),
            ("the first failure waits the base", 1, 10),
            ("the second twice that", 2, 20),
            ("the fifth sixteen times", 5, 160),
            ("the eighth is the last below a day", 8, 1280),
            ("the ninth waits a day", 9, 1440),
            ("and so does every later one", 1000, 1440),
            ("however many there are", u32::MAX, 1440),
        ];
        for (name, failures, minutes) in cases {
            assert_eq!(delay(failures, 10 * MINUTE, 0.0), minutes * MINUTE, "{name}");
        }
    }

    #[test]
    fn the_draw_takes_off_a_quarter_at_most() {
        assert_eq!(delay(1, 100 * MINUTE, 1.0), 75 * MINUTE);
        assert_eq!(delay(99, MINUTE, 1.0), Duration::from_secs(18 * 3600));
        for odd in [f64::NAN, f64::INFINITY, -1.0] {
            assert_eq!(delay(1, MINUTE, odd), MINUTE, "a draw of {odd} counts as none");
        }
    }

    proptest! {
        #[test]
        fn a_delay_never_exceeds_a_day_nor_shrinks_with_failures(
            failures in 0_u32..200, base in 0_u64..10_000_000_000_000, draw in 0.0..1.0,
        ) {
            let base = Duration::from_nanos(base);
            let now = delay(failures, base, draw);
            prop_assert!(now <= LONGEST);
            prop_assert!(now <= delay(failures + 1, base, draw));
        }
    }
}
