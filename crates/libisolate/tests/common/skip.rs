//! Skips that are counted, for tests beside the code and tests of their own.

use std::io::Write as _;

/// Tells that a test, or a part of it, was left out. `ISOLATE_MUST_WORK=1` makes that a failure.
pub fn skip(test: &str, reason: &str) {
    assert!(
        std::env::var_os("ISOLATE_MUST_WORK").is_none_or(|v| v == "0"),
        "{test} must work here: {reason}"
    );
    // Straight to the stream: libtest keeps what goes through print. In one piece, whoever else writes.
    let line = format!("SKIPPED {test}: {reason}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}
