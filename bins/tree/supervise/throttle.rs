//! The back-off between restarts: next start >= last start + delay. The delay doubles at each death
//! that comes before ten seconds of uptime, up to a limit, and never gives up.

use common::format::servicedir::Settings;

/// A service that has been up this long is well: its next death is the first again.
const WELL: u64 = 10_000;

/// The shortest time between two starts when the first has failed.
const RETRY: u64 = 1000;

/// The number of quick deaths in a row, after one more death.
pub(super) fn quick(before: u32, uptime: u64) -> u32 {
    if uptime >= WELL { 0 } else { before.saturating_add(1) }
}

/// Milliseconds from the last start to the next. From the second quick death on, up to a quarter is
/// added by `chance`, so that what fell together does not get up together for ever.
pub(super) fn delay(quick: u32, settings: &Settings, chance: u8) -> u64 {
    let doublings = quick.saturating_sub(1).min(32);
    let longest = settings.restart_delay_max.max(settings.restart_delay);
    let delay = settings.restart_delay.saturating_mul(1 << doublings).min(longest);
    let jitter = if quick >= 2 { delay.saturating_mul(u64::from(chance)) / 1024 } else { 0 };
    delay + jitter
}

/// The same after a start that failed: there is no sense in trying at once for ever what needs
/// somebody to mend it.
pub(super) fn retry(quick: u32, settings: &Settings, chance: u8) -> u64 {
    let restart_delay = settings.restart_delay.max(RETRY);
    delay(quick, &Settings { restart_delay, cgroup: String::new(), ..*settings }, chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_the_limit() {
        let settings = Settings::default();
        let delays = [0, 1, 2, 3, 6, 7, 100].map(|quick| delay(quick, &settings, 0));
        assert_eq!(delays, [1000, 1000, 2000, 4000, 32_000, 60_000, 60_000]);
    }

    #[test]
    fn jitter_is_at_most_a_quarter_and_spares_the_first() {
        let settings = Settings::default();
        assert_eq!(delay(1, &settings, 255), 1000);
        assert_eq!(delay(8, &settings, 255), 60_000 + 60_000 * 255 / 1024);
        assert!(delay(8, &settings, 255) <= 75_000);
    }

    #[test]
    fn none_at_all_can_be_asked_for() {
        let settings = Settings { restart_delay: 0, ..Settings::default() };
        assert_eq!(delay(9, &settings, 255), 0);
    }

    #[test]
    fn a_start_that_fails_is_not_tried_at_once_for_ever() {
        let settings = Settings { restart_delay: 0, ..Settings::default() };
        assert_eq!([1, 2, 9].map(|quick| retry(quick, &settings, 0)), [1000, 2000, 60_000]);
    }

    #[test]
    fn ten_seconds_up_forgive() {
        assert_eq!(quick(5, 9_999), 6);
        assert_eq!(quick(5, 10_000), 0);
        assert_eq!(quick(u32::MAX, 0), u32::MAX);
    }
}
