//! Weights: `cpu.shares` (v1) and `cpu.weight` (v2), `blkio.weight` (v1) and `io.weight` (v2).

use super::Rule;
use crate::error::{Error, Result};

/// What the v1 kernel keeps of `cpu.shares`: anything else is cut to it without a word.
const SHARES: (u64, u64) = (2, 262_144);
const WEIGHTS: (u64, u64) = (1, 10_000);
const BLKIO_WEIGHTS: (u64, u64) = (10, 1000);

/// The `cpu.weight` for `cpu.shares`, 1 to 10000. 0, "not set", stays 0; what is outside 2 to 262144
/// counts as the nearer end, as it does in the v1 kernel.
pub fn shares_to_weight(shares: u64, rule: Rule) -> u64 {
    if shares == 0 {
        return 0;
    }
    let shares = shares.clamp(SHARES.0, SHARES.1);
    match rule {
        // The formula of the rule gives the ends only within its rounding.
        Rule::Runc2025 if shares == SHARES.0 => WEIGHTS.0,
        Rule::Runc2025 if shares == SHARES.1 => WEIGHTS.1,
        Rule::Runc2025 => {
            let l = (shares as f64).log2();
            let exponent = (l * l + 125.0 * l) / 612.0 - 7.0 / 34.0;
            10f64.powf(exponent).ceil() as u64
        }
        Rule::Systemd => (shares * 100 / 1024).clamp(WEIGHTS.0, WEIGHTS.1),
        Rule::Linear => 1 + (shares - SHARES.0) * 9999 / 262_142,
    }
}

/// The `cpu.shares` for a `cpu.weight`, 2 to 262144: [`shares_to_weight`] makes the same weight of it
/// again, for every weight and rule. 0, "not set", stays 0.
///
/// systemd's own arithmetic rounds down here and loses 1 on the way back for most weights; this rounds
/// up where that would be lost.
///
/// # Errors
/// `InvalidSpec` above 10000.
pub fn weight_to_shares(weight: u64, rule: Rule) -> Result<u64> {
    if weight == 0 {
        return Ok(0);
    }
    let weight = among("cpu weight", weight, WEIGHTS)?;
    let shares = match rule {
        Rule::Runc2025 => {
            // log10(weight) = (l² + 125 l) / 612 - 7/34, solved for l.
            let c = 612.0 * ((weight as f64).log10() + 7.0 / 34.0);
            let l = (-125.0 + (125.0f64 * 125.0 + 4.0 * c).sqrt()) / 2.0;
            // Down, not to the nearest: the rule rounds up. The tiny addition keeps what is whole in the
            // mathematics (1024 for 100) whole in floating point.
            (l.exp2() + 1e-6).floor() as u64
        }
        Rule::Systemd => {
            let down = weight * 1024 / 100;
            down + u64::from(shares_to_weight(down, rule) != weight)
        }
        // The upper end of the range, as with the other rule: 1024 for 39.
        Rule::Linear => SHARES.0 + (weight * 262_142 - 1) / 9999,
    };
    Ok(shares.clamp(SHARES.0, SHARES.1))
}

/// The `io.weight` for a `blkio.weight`, 1 to 10000. 0, "not set", stays 0. `io.bfq.weight` takes the
/// v1 value as it is.
///
/// runc-2025 and linear are the same line from 10 to 1000; systemd keeps 100, the default of both.
///
/// # Errors
/// `InvalidSpec` for anything but 0 and 10 to 1000.
pub fn blkio_to_io_weight(weight: u64, rule: Rule) -> Result<u64> {
    if weight == 0 {
        return Ok(0);
    }
    let weight = among("blkio weight", weight, BLKIO_WEIGHTS)?;
    Ok(match rule {
        Rule::Runc2025 | Rule::Linear => 1 + (weight - 10) * 9999 / 990,
        Rule::Systemd if weight <= 100 => weight,
        Rule::Systemd => 100 + (weight - 100) * 11,
    })
}

/// The `blkio.weight` nearest to an `io.weight`, 10 to 1000; what [`blkio_to_io_weight`] has made comes
/// back exactly. 0, "not set", stays 0. It is what `io.bfq.weight` takes, too.
///
/// # Errors
/// `InvalidSpec` above 10000.
pub fn io_to_blkio_weight(weight: u64, rule: Rule) -> Result<u64> {
    if weight == 0 {
        return Ok(0);
    }
    let weight = among("io weight", weight, WEIGHTS)?;
    Ok(match rule {
        Rule::Runc2025 | Rule::Linear => 10 + ((weight - 1) * 2 * 990 + 9999) / (2 * 9999),
        Rule::Systemd if weight <= 100 => weight.max(BLKIO_WEIGHTS.0),
        Rule::Systemd => 100 + (weight - 100 + 5) / 11,
    })
}

fn among(what: &str, value: u64, (low, high): (u64, u64)) -> Result<u64> {
    if (low..=high).contains(&value) {
        return Ok(value);
    }
    Err(Error::invalid(
        what,
        format!("{value} is not among {low} to {high}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_to_weight_as_published() {
        for (shares, runc, linear, systemd) in [
            (0, 0, 0, 0),
            (1, 1, 1, 1),
            (2, 1, 1, 1),
            (3, 2, 1, 1),
            (10, 4, 1, 1),
            (100, 17, 4, 9),
            (128, 21, 5, 12),
            (256, 35, 10, 25),
            (512, 59, 20, 50),
            (1000, 99, 39, 97),
            (1023, 100, 39, 99),
            (1024, 100, 39, 100),
            (1025, 101, 40, 100),
            (2000, 170, 77, 195),
            (2048, 174, 79, 200),
            (4096, 303, 157, 400),
            (10_000, 627, 382, 976),
            (22_000, 1204, 840, 2148),
            (102_400, 4429, 3906, 10_000),
            (131_072, 5478, 5000, 10_000),
            (262_143, 10_000, 9999, 10_000),
            (262_144, 10_000, 10_000, 10_000),
            (262_145, 10_000, 10_000, 10_000),
            (u64::MAX, 10_000, 10_000, 10_000),
        ] {
            let all = Rule::ALL.map(|rule| shares_to_weight(shares, rule));
            assert_eq!(all, [runc, systemd, linear], "{shares}");
        }
    }

    /// The whole function at once: the hash that the same rule gives in other languages.
    #[test]
    fn shares_to_weight_everywhere() {
        let mut hash = 1_469_598_103_934_665_603u64;
        for shares in 0..=262_145 {
            let weight = shares_to_weight(shares, Rule::Runc2025);
            hash = (hash ^ weight).wrapping_mul(1_099_511_628_211);
        }
        assert_eq!(hash, 0x552a_719f_e748_ae48);
    }

    #[test]
    fn more_shares_never_weigh_less_and_every_weight_is_reached() {
        for rule in Rule::ALL {
            let mut last = 0;
            for shares in 0..=262_145 {
                let weight = shares_to_weight(shares, rule);
                assert!(
                    weight == last || weight == last + 1,
                    "{rule}: {last} to {weight} at {shares}"
                );
                last = weight;
            }
            assert_eq!(last, 10_000, "{rule}");
        }
    }

    #[test]
    fn every_weight_survives_the_way_through_shares() {
        for rule in Rule::ALL {
            for weight in 0..=10_000 {
                let shares = weight_to_shares(weight, rule).expect("it is in the range");
                assert_eq!(shares_to_weight(shares, rule), weight, "{rule} {weight}");
            }
        }
    }

    /// The last of the shares that make the weight; the one after makes the next weight.
    #[test]
    fn weight_to_shares_at_the_upper_end_of_each_range() {
        for (weight, first, last) in [
            (1, 2, 2),
            (2, 3, 5),
            (10, 44, 50),
            (50, 411, 421),
            (99, 999, 1011),
            (100, 1012, 1024),
            (101, 1025, 1037),
            (170, 1986, 2000),
            (200, 2437, 2451),
            (1000, 17_594, 17_614),
            (10_000, 262_115, 262_144),
        ] {
            assert_eq!(weight_to_shares(weight, Rule::Runc2025), Ok(last));
            assert_eq!(shares_to_weight(first, Rule::Runc2025), weight);
            assert!(first == 2 || shares_to_weight(first - 1, Rule::Runc2025) < weight);
            assert_eq!(shares_to_weight(last, Rule::Runc2025), weight);
            if weight < 10_000 {
                assert_eq!(shares_to_weight(last + 1, Rule::Runc2025), weight + 1);
            }
        }
        for (weight, systemd, linear) in [
            (0, 0, 0),
            (1, 10, 28),
            (2, 21, 54),
            (39, 400, 1024),
            (50, 512, 1312),
            (100, 1024, 2623),
            (200, 2048, 5245),
            (10_000, 102_400, 262_144),
        ] {
            assert_eq!(weight_to_shares(weight, Rule::Systemd), Ok(systemd));
            assert_eq!(weight_to_shares(weight, Rule::Linear), Ok(linear));
        }
        assert_eq!(
            weight_to_shares(10_001, Rule::Linear).map_err(|e| e.message()),
            Err("spec: cpu weight: 10001 is not among 1 to 10000".to_owned())
        );
    }

    #[test]
    fn block_devices_as_published() {
        for (blkio, runc, systemd) in [
            (0, 0, 0),
            (10, 1, 10),
            (100, 910, 100),
            (500, 4950, 4500),
            (1000, 10_000, 10_000),
        ] {
            assert_eq!(blkio_to_io_weight(blkio, Rule::Runc2025), Ok(runc));
            assert_eq!(blkio_to_io_weight(blkio, Rule::Linear), Ok(runc));
            assert_eq!(blkio_to_io_weight(blkio, Rule::Systemd), Ok(systemd));
        }
        // The formula of runc is below 0 there.
        for blkio in [1, 9, 1001, u64::MAX] {
            for rule in Rule::ALL {
                assert_eq!(
                    blkio_to_io_weight(blkio, rule).map_err(|e| e.message()),
                    Err(format!(
                        "spec: blkio weight: {blkio} is not among 10 to 1000"
                    ))
                );
            }
        }
        assert!(io_to_blkio_weight(10_001, Rule::Systemd).is_err());
    }

    #[test]
    fn block_device_weights_come_back() {
        for rule in Rule::ALL {
            for blkio in (10..=1000).chain([0]) {
                let io = blkio_to_io_weight(blkio, rule).expect("it is in the range");
                assert_eq!(io_to_blkio_weight(io, rule), Ok(blkio), "{rule} {blkio}");
            }
            let mut last = 10;
            for io in 1..=10_000u64 {
                let blkio = io_to_blkio_weight(io, rule).expect("it is in the range");
                assert!(
                    blkio == last || blkio == last + 1,
                    "{rule}: {last}, {blkio}"
                );
                last = blkio;
                let off = |blkio| {
                    let made = blkio_to_io_weight(blkio, rule).expect("it is in the range");
                    made.abs_diff(io)
                };
                // The rule rounds down, so that a neighbour may be as near by less than one.
                for other in [(blkio - 1).max(10), (blkio + 1).min(1000)] {
                    assert!(
                        off(blkio) <= off(other) + 1,
                        "{rule} {io}: {blkio}, {other}"
                    );
                }
            }
            assert_eq!(last, 1000, "{rule}");
        }
    }
}
