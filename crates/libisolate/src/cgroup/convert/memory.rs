//! Memory: the sum of v1 and the swap of v2, "no limit" of both, and what a page leaves of a number.

use crate::error::{Error, Result};

/// The largest pages there are, 256 KiB: "no limit" of v1 is at most this far below 2^63.
const LARGEST_PAGE: u64 = 1 << 18;

/// The `memory.swap.max` for a v1 pair of `memory.memsw.limit_in_bytes` and `memory.limit_in_bytes`:
/// -1 is "no limit", 0 is "not set". A result of 0 of a sum that is not 0 forbids swap and has to be
/// written; an empty text in the file would mean the same.
///
/// # Errors
/// `InvalidSpec`: the sum is below the limit, or there is a sum without a limit, or one is below -1.
pub fn swap_max(memsw: i64, limit: i64) -> Result<i64> {
    let wrong = |detail: String| Err(Error::invalid("memsw", detail));
    match (memsw, limit) {
        (..-1, _) | (_, ..-1) => wrong(format!(
            "memory and swap {memsw}, memory {limit}: below -1, no limit"
        )),
        // Memory without a limit leaves none for the sum either.
        (0, -1) => Ok(-1),
        (-1 | 0, _) | (_, -1) => Ok(memsw),
        (_, 0) => wrong(format!(
            "{memsw} limits the sum of memory and swap: limit memory, too"
        )),
        _ if memsw < limit => wrong(format!("{memsw} is below the memory limit, {limit}")),
        _ => Ok(memsw - limit),
    }
}

/// The `memory.memsw.limit_in_bytes` for a `memory.swap.max` and a memory limit, -1 for "no limit": what
/// [`swap_max`] turns into `swap` again. A sum beyond 2^63-1 is 2^63-1.
///
/// # Errors
/// `InvalidSpec`: swap has a limit and memory has none, which v1 cannot say, or one is out of range.
pub fn memsw_limit(swap: i64, limit: i64) -> Result<i64> {
    match (swap, limit) {
        (..-1, _) | (_, ..-1) => Err(Error::invalid(
            "swap",
            format!("swap {swap}, memory {limit}: below -1, no limit"),
        )),
        (-1, _) => Ok(-1),
        (_, -1 | 0) => Err(Error::invalid(
            "swap",
            format!("{swap}: cgroup v1 limits only the sum of memory and swap: limit memory, too"),
        )),
        _ => Ok(limit.saturating_add(swap)),
    }
}

/// What the v1 memory files show for "no limit" with pages of `page` bytes: 9223372036854771712 for
/// those of 4096.
pub fn v1_unlimited(page: u64) -> u64 {
    page_floor(i64::MAX as u64, page)
}

/// Whether a number of a v1 memory file means "no limit", whatever the size of pages.
pub fn is_unlimited(bytes: u64) -> bool {
    bytes >= (1 << 63) - LARGEST_PAGE
}

/// What a limit becomes: the kernel rounds down to whole pages (10000001 to 9998336 with 4096).
pub fn page_floor(bytes: u64, page: u64) -> u64 {
    bytes - bytes % page.max(1)
}

/// The text for a v2 file (`memory.max` and its like) of a v1 limit: `max` for -1 and for every number
/// that means "no limit".
///
/// # Errors
/// `InvalidSpec` below -1.
pub fn v1_limit_to_max(limit: i64) -> Result<String> {
    match limit {
        ..-1 => Err(Error::invalid(
            "memory",
            format!("{limit} is below -1, no limit"),
        )),
        -1 => Ok("max".to_owned()),
        _ if is_unlimited(limit as u64) => Ok("max".to_owned()),
        _ => Ok(limit.to_string()),
    }
}

/// The v1 limit for the text of a v2 file: -1 for `max`.
///
/// # Errors
/// `InvalidSpec` for what is neither `max` nor a number up to 2^63-1.
pub fn max_to_v1_limit(text: &str) -> Result<i64> {
    match text.trim() {
        "max" => Ok(-1),
        number => match number.parse::<u64>() {
            Ok(number) if is_unlimited(number) => Ok(-1),
            Ok(number) => Ok(number as i64),
            Err(_) => Err(Error::invalid(
                "memory",
                format!("{text:?} is neither \"max\" nor a number of bytes"),
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swap_out_of_the_sum_as_published() {
        for (memsw, limit, swap) in [
            (0, 0, 0),
            (-1, 0, -1),
            (0, -1, -1),
            (300, -1, 300),
            (-1, -1, -1),
            (-1, 1000, -1),
            (1000, 1000, 0),
            (500, 200, 300),
            (0, 1000, 0),
        ] {
            assert_eq!(swap_max(memsw, limit), Ok(swap), "{memsw} {limit}");
        }
        for (memsw, limit, text) in [
            (-2, 0, "memory and swap -2, memory 0: below -1, no limit"),
            (-2, -1, "memory and swap -2, memory -1: below -1, no limit"),
            (300, 400, "300 is below the memory limit, 400"),
            (
                300,
                0,
                "300 limits the sum of memory and swap: limit memory, too",
            ),
            (
                300,
                -300,
                "memory and swap 300, memory -300: below -1, no limit",
            ),
        ] {
            let told = swap_max(memsw, limit).map_err(|e| e.message());
            assert_eq!(told, Err(format!("spec: memsw: {text}")));
        }
    }

    #[test]
    fn the_sum_of_swap_and_memory() {
        for (swap, limit, memsw) in [
            (0, 1000, 1000),
            (300, 200, 500),
            (-1, 1000, -1),
            (-1, -1, -1),
            (-1, 0, -1),
            (i64::MAX, 1, i64::MAX),
        ] {
            assert_eq!(memsw_limit(swap, limit), Ok(memsw), "{swap} {limit}");
        }
        for (swap, limit) in [(0, -1), (300, 0), (-2, 5), (5, -2)] {
            assert!(memsw_limit(swap, limit).is_err(), "{swap} {limit}");
        }
    }

    #[test]
    fn swap_survives_the_way_through_the_sum() {
        for at in 0..4096i64 {
            // Every magnitude, and neighbours of powers of two.
            let swap = (1i64 << (at % 60)) + at / 60 - 1;
            let limit = (1i64 << (at / 70)) + at % 7;
            let memsw = memsw_limit(swap, limit).expect("both are limits");
            assert_eq!(swap_max(memsw, limit), Ok(swap), "{swap} {limit}");
        }
    }

    #[test]
    fn no_limit_on_both_sides() {
        assert_eq!(v1_unlimited(4096), 9_223_372_036_854_771_712);
        assert_eq!(v1_unlimited(65_536), 9_223_372_036_854_710_272);
        for page in [4096, 16_384, 65_536, 262_144] {
            assert!(is_unlimited(v1_unlimited(page)), "{page}");
        }
        for limit in [
            -1,
            9_223_372_036_854_771_712,
            9_223_372_036_854_710_272,
            i64::MAX,
        ] {
            assert_eq!(v1_limit_to_max(limit), Ok("max".to_owned()));
        }
        // libcgroup's tests have this one for it.
        assert_eq!(max_to_v1_limit("9223372036860000000"), Ok(-1));
        assert_eq!(max_to_v1_limit("max\n"), Ok(-1));
        assert_eq!(max_to_v1_limit("0\n"), Ok(0));
        assert!(!is_unlimited(1 << 62));
        assert!(v1_limit_to_max(-2).is_err());
        for text in ["", "-1", "maximum", "1M", "99999999999999999999"] {
            assert!(max_to_v1_limit(text).is_err(), "{text:?}");
        }
        for shift in 0..62 {
            let text = v1_limit_to_max(1 << shift).expect("it is a limit");
            assert_eq!(max_to_v1_limit(&text), Ok(1 << shift));
        }
    }

    #[test]
    fn whole_pages() {
        assert_eq!(page_floor(10_000_001, 4096), 9_998_336);
        assert_eq!(page_floor(4095, 4096), 0);
        assert_eq!(page_floor(4096, 4096), 4096);
        assert_eq!(page_floor(7, 0), 7);
    }
}
