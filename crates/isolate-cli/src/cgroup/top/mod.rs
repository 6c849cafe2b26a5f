//! `isolatectl cgroup top`: which groups use the most, again and again.

mod keys;
mod sample;

use std::time::{Duration, Instant};

use libisolate::{Error, Result, Stage};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use self::keys::Keys;
use self::sample::{Line, Sampler};
use super::args::Top;
use super::target::open;
use crate::out::{json_line, print_on};
use crate::signals::Signals;
use crate::table::{self, Row};

/// The time that the first table is of, where the delay is longer: nobody likes to wait for the first.
const FIRST: Duration = Duration::from_millis(500);

/// Where a table is drawn: the terminal's upper left corner, each line cleared behind its end, and the
/// rest of the screen below.
const HOME: &str = "\x1b[H";
const LINE_END: &str = "\x1b[K\n";
const REST: &str = "\x1b[J";
/// The screen is cleared once, for what is there already.
const CLEAR: &str = "\x1b[2J";

pub fn top(options: &Top) -> Result<()> {
    let mut sampler = Sampler::new(open(&options.path)?);
    let terminal = !options.json && table::terminal().is_some();
    // Signals end the wait, so that the terminal is as before whatever ends this.
    let signals = Signals::take()?;
    let keys = match terminal {
        true => Keys::take(),
        false => None,
    };
    sampler.take()?;
    let mut next = Instant::now() + options.delay.0.min(FIRST);
    let mut left = options.count.unwrap_or(u64::MAX);
    let mut first = true;
    while left > 0 && wait(next, &signals, keys.as_ref())? {
        let lines = sampler.take()?;
        let text = match (options.json, terminal) {
            (true, _) => json_line(&lines)?,
            (false, true) => drawn(&lines, first),
            (false, false) => format!("{}{}", if first { "" } else { "\n" }, text(&lines, None)),
        };
        if !print_on(&text)? {
            break;
        }
        (first, left) = (false, left - 1);
        next = Instant::now() + options.delay.0;
    }
    Ok(())
}

/// Waits until then; not when somebody wants the end.
fn wait(until: Instant, signals: &Signals, keys: Option<&Keys>) -> Result<bool> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(true);
        }
        let mut ready = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        ready.extend(keys.map(|keys| PollFd::new(keys.as_fd(), PollFlags::POLLIN)));
        // Up to a whole millisecond, not to spin in the last one.
        let timeout = PollTimeout::try_from(left + Duration::from_millis(1));
        match poll(&mut ready, timeout.unwrap_or(PollTimeout::MAX)) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => {
                let error = std::io::Error::from_raw_os_error(errno as i32);
                return Err(Error::from_io(&error, Stage::Wait, "poll"));
            }
        }
        let ends = [
            Signal::SIGINT,
            Signal::SIGTERM,
            Signal::SIGHUP,
            Signal::SIGQUIT,
        ];
        let came = signals.came();
        if came
            .iter()
            .any(|came| ends.iter().any(|end| *end as i32 == came.signal))
            || keys.is_some_and(Keys::quit)
        {
            return Ok(false);
        }
    }
}

/// A table over the one before.
fn drawn(lines: &[Line], first: bool) -> String {
    let size = table::terminal();
    let whole = text(lines, size.map(|(width, _)| width));
    // The last line of the screen would scroll it.
    let height = size.map_or(0, |(_, height)| height);
    let fitting = height.checked_sub(1).unwrap_or(usize::MAX);
    let mut screen = format!("{HOME}{}", if first { CLEAR } else { "" });
    for line in whole.lines().take(fitting) {
        screen.push_str(line);
        screen.push_str(LINE_END);
    }
    screen.push_str(REST);
    screen
}

fn text(lines: &[Line], width: Option<usize>) -> String {
    let number = |number: Option<String>| number.unwrap_or_else(|| "-".to_owned());
    let bytes = |bytes: Option<u64>| number(bytes.map(short));
    let rows: Vec<Row<6>> = lines
        .iter()
        .map(|line| {
            [
                number(line.cpu_percent.map(|percent| format!("{percent:.1}"))),
                bytes(line.memory),
                bytes(line.read_bps),
                bytes(line.write_bps),
                number(line.tasks.map(|tasks| tasks.to_string())),
                line.path.clone(),
            ]
        })
        .collect();
    let head = ["CPU%", "MEMORY", "READ/S", "WRITE/S", "TASKS", "GROUP"];
    table::text(head, &rows, width)
}

/// Bytes in the unit that keeps them short, 1024 of one being one of the next.
fn short(bytes: u64) -> String {
    let mut amount = bytes as f64;
    for unit in ["", "K", "M", "G", "T"] {
        if amount < 1000.0 {
            return match unit {
                "" => format!("{bytes}"),
                _ => format!("{amount:.1}{unit}"),
            };
        }
        amount /= 1024.0;
    }
    format!("{amount:.1}P")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes() {
        for (bytes, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1.0K"),
            (1536, "1.5K"),
            (1 << 20, "1.0M"),
            (5 << 30, "5.0G"),
            (u64::MAX, "16384.0P"),
        ] {
            assert_eq!(short(bytes), text, "{bytes}");
        }
    }

    #[test]
    fn a_table() {
        let lines = [
            Line {
                path: "/".to_owned(),
                cpu_percent: Some(112.345),
                memory: None,
                read_bps: Some(0),
                write_bps: Some(2048),
                tasks: Some(40),
            },
            Line {
                path: "/a\u{1b}[2J".to_owned(),
                cpu_percent: None,
                memory: Some(1 << 20),
                read_bps: None,
                write_bps: None,
                tasks: Some(3),
            },
        ];
        let expected = " CPU%  MEMORY  READ/S  WRITE/S  TASKS  GROUP\n\
                        112.3       -       0     2.0K     40  /\n\
                        \u{20}   -    1.0M       -        -      3  /a\\u{1b}[2J\n";
        assert_eq!(text(&lines, None), expected);
    }
}
