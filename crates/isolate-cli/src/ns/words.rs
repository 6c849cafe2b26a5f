//! Words of the command line that clap takes apart by these functions.

use libisolate::ns::Kind;
use libisolate::spec::{IdMap, Seconds};

/// A kind by its name under /proc/PID/ns.
pub fn kind(word: &str) -> Result<Kind, String> {
    Kind::from_name(word).ok_or_else(|| format!("there are {}", kinds()))
}

/// All kinds, for a message.
pub fn kinds() -> String {
    Kind::ALL.map(Kind::name).join(", ")
}

/// `INSIDE:OUTSIDE:COUNT`, as `newuidmap` has them in a row.
pub fn id_map(word: &str) -> Result<IdMap, String> {
    let wrong = || "it is INSIDE:OUTSIDE:COUNT, such as 0:100000:65536".to_owned();
    let numbers: Result<Vec<u32>, String> = word
        .split(':')
        .map(|number| number.parse().map_err(|_| wrong()))
        .collect();
    match numbers?[..] {
        [inside, outside, count] => Ok(IdMap {
            inside,
            outside,
            count,
        }),
        _ => Err(wrong()),
    }
}

/// `K=V`.
pub fn parameter(word: &str) -> Result<(String, String), String> {
    let (name, value) = word
        .split_once('=')
        .ok_or("it is NAME=VALUE, such as net.ipv4.ip_forward=1")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A time that may be negative, in seconds.
pub fn offset(word: &str) -> Result<f64, String> {
    let (sign, size) = match word.strip_prefix('-') {
        Some(size) => (-1.0, size),
        None => (1.0, word),
    };
    Seconds::parse(size).map(|seconds| sign * seconds.0.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(kind("net"), Ok(Kind::Net));
        assert!(kind("network").is_err_and(|told| told.contains("cgroup, ipc, net, mnt")));
        let line = id_map("0:1000:5").expect("a line");
        assert_eq!((line.inside, line.outside, line.count), (0, 1000, 5));
        for wrong in ["", "0", "0:1", "0:1:2:3", "a:1:1", "0:-1:1"] {
            assert!(id_map(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parameter("a.b=c=d"), Ok(("a.b".into(), "c=d".into())));
        assert!(parameter("a.b").is_err());
        assert_eq!(offset("-500ms"), Ok(-0.5));
        assert_eq!(offset("2m"), Ok(120.0));
        assert!(offset("--1").is_err());
    }
}
