//! `isolatectl cgroup convert`: the values of one version in terms of the other.

use libisolate::Result;
use libisolate::cgroup::convert;
use serde_json::{Value, json};

use super::args::{Conversion, Convert, Weight};
use crate::out::{print, print_json};

pub fn convert(options: &Convert) -> Result<()> {
    let made = made(&options.what)?;
    if options.json {
        return print_json(&json!({ "value": made }));
    }
    match made {
        Value::String(text) => print(&format!("{text}\n")),
        number => print(&format!("{number}\n")),
    }
}

fn made(what: &Conversion) -> Result<Value> {
    let by = |weight: &Weight| (weight.value, weight.rule);
    Ok(match what {
        Conversion::SharesToWeight(weight) => {
            let (value, rule) = by(weight);
            json!(convert::shares_to_weight(value, rule))
        }
        Conversion::WeightToShares(weight) => {
            let (value, rule) = by(weight);
            json!(convert::weight_to_shares(value, rule)?)
        }
        Conversion::BlkioToIoWeight(weight) => {
            let (value, rule) = by(weight);
            json!(convert::blkio_to_io_weight(value, rule)?)
        }
        Conversion::IoToBlkioWeight(weight) => {
            let (value, rule) = by(weight);
            json!(convert::io_to_blkio_weight(value, rule)?)
        }
        Conversion::SwapMax { memsw, limit } => json!(convert::swap_max(*memsw, *limit)?),
        Conversion::MemswLimit { swap, limit } => json!(convert::memsw_limit(*swap, *limit)?),
        Conversion::CpuMax { quota, period } => json!(convert::cpu_max(*quota, *period)?),
        Conversion::QuotaOf { cpus, period } => json!(convert::quota_of(*cpus, *period)?),
    })
}
