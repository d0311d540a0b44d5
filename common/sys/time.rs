//! The clocks; and local time, as the C library knows it from TZ or /etc/localtime.

use std::ffi::c_int;
use std::mem::MaybeUninit;

use rustix::time::{ClockId, Timespec};

/// What a clock shows, by the system call. The function that the kernel maps into every process for that
/// must first be found there: three pages, and more time than the few calls of a short program.
#[cfg(target_pointer_width = "64")]
pub fn asked(clock: ClockId) -> Timespec {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: the time lives through the call, which writes it, or leaves it zero.
    unsafe { libc::syscall(libc::SYS_clock_gettime, clock as libc::c_long, time.as_mut_ptr()) };
    // SAFETY: all zero is a valid timespec.
    let time = unsafe { time.assume_init() };
    Timespec { tv_sec: time.tv_sec, tv_nsec: time.tv_nsec }
}

/// What a clock shows. Its system call has several shapes here.
#[cfg(not(target_pointer_width = "64"))]
pub fn asked(clock: ClockId) -> Timespec {
    rustix::time::clock_gettime(clock)
}

/// A time as a clock on the wall shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Of our era.
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59, or 60.
    pub second: u8,
    /// Seconds that this clock is ahead of UTC.
    pub offset: i64,
}

/// What clocks here show so many seconds after 1970. A time that no year can be told of is that
/// of 1970.
pub fn local(seconds: i64) -> Civil {
    let time = seconds as _;
    let mut parts = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both live through the call, which writes the parts or leaves them zero.
    let told = unsafe { libc::localtime_r(&raw const time, parts.as_mut_ptr()) };
    // SAFETY: all zero is a valid tm.
    let parts = unsafe { parts.assume_init() };
    if told.is_null() {
        return Civil { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, offset: 0 };
    }
    let small = |n: c_int| u8::try_from(n).unwrap_or(0);
    Civil {
        year: i64::from(parts.tm_year) + 1900,
        month: small(parts.tm_mon + 1),
        day: small(parts.tm_mday),
        hour: small(parts.tm_hour),
        minute: small(parts.tm_min),
        second: small(parts.tm_sec),
        #[allow(clippy::useless_conversion, reason = "a long, which is 32 bits on some machines")]
        offset: i64::from(parts.tm_gmtoff),
    }
}

/// When clocks here show this: seconds after 1970. The `offset` is not looked at. What does not
/// exist (the 31st of June, 2:30 on the day that summer time begins) is moved forward by the C
/// library; of two times that show the same it picks one. `None`: no such time can be told.
pub fn from_local(civil: Civil) -> Option<i64> {
    // SAFETY: all zero is a valid tm.
    let mut parts: libc::tm = unsafe { MaybeUninit::zeroed().assume_init() };
    parts.tm_year = c_int::try_from(civil.year - 1900).ok()?;
    parts.tm_mon = c_int::from(civil.month) - 1;
    parts.tm_mday = c_int::from(civil.day);
    parts.tm_hour = c_int::from(civil.hour);
    parts.tm_min = c_int::from(civil.minute);
    parts.tm_sec = c_int::from(civil.second);
    // Whether it is summer time then, the C library finds out.
    parts.tm_isdst = -1;
    // mktime's answer for a failure is also that for a second before 1970; only success sets this.
    parts.tm_wday = -1;
    // SAFETY: the parts live through the call.
    let seconds = unsafe { libc::mktime(&raw mut parts) };
    #[allow(clippy::useless_conversion, reason = "a time_t is 32 bits on some machines")]
    (parts.tm_wday != -1).then(|| i64::from(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    // What the zone is depends on who runs this.
    #[test]
    fn a_local_time_leads_back() {
        for seconds in [0, 86_399, 951_782_400, 1_732_174_879, 4_102_444_800] {
            let civil = local(seconds);
            assert_eq!(from_local(civil), Some(seconds), "{civil:?}");
        }
        let civil = local(951_782_400);
        assert_eq!((civil.year, civil.month), (2000, 2));
    }

    #[test]
    fn a_second_before_1970_is_a_time() {
        assert_eq!(from_local(local(-1)), Some(-1));
    }
}
