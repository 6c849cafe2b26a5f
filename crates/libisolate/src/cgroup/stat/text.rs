//! The words and lines of cgroup files. A line that is cut off is left out, not guessed at.

use crate::cgroup::convert::is_unlimited;

/// A number. What is below 0 counts as 0: a sum of per-CPU counters that were read while they changed.
pub(super) fn number(word: &str) -> Option<u64> {
    match word.strip_prefix('-') {
        Some(digits) => digits.parse::<u64>().ok().map(|_| 0),
        None => word.parse().ok(),
    }
}

/// A limit: `None` for `max`, for the number that means it, and for what is no number.
pub(super) fn limit(word: &str) -> Option<u64> {
    number(word).filter(|number| !is_unlimited(*number))
}

/// The lines that have an end.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n'))
}

/// Lines of `key number`.
pub(super) fn keyed(text: &str) -> impl Iterator<Item = (&str, u64)> {
    lines(text).filter_map(|line| {
        let (key, value) = line.split_once(' ')?;
        Some((key, number(value.trim())?))
    })
}

/// Words of `key=value`.
pub(super) fn pairs<'t>(
    words: impl Iterator<Item = &'t str>,
) -> impl Iterator<Item = (&'t str, &'t str)> {
    words.filter_map(|word| word.split_once('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_limits() {
        assert_eq!(number("7"), Some(7));
        assert_eq!(number("-7"), Some(0));
        assert_eq!(number("18446744073709551615"), Some(u64::MAX));
        for word in ["", "-", "max", "1.5", "18446744073709551616", "x"] {
            assert_eq!(number(word), None, "{word:?}");
        }
        assert_eq!(limit("4096"), Some(4096));
        assert_eq!(limit("0"), Some(0));
        assert_eq!(limit("max"), None);
        assert_eq!(limit("9223372036854771712"), None);
    }

    #[test]
    fn cut_lines_are_left_out() {
        let pairs = |text| keyed(text).collect::<Vec<_>>();
        assert_eq!(
            pairs("a 1\nb -2\nc\n\nd x\ne 5"),
            [("a", 1), ("b", 0)],
            "5 may be the start of a longer number"
        );
        assert_eq!(pairs(""), []);
    }
}
