//! The calls on groups, and conversions, for lists of calls.

use std::time::Duration;

use libisolate::cgroup::convert::{self, Rule};
use libisolate::cgroup::{Cgroup, CreateOptions, MemoryValue, StatKind};
use libisolate::spec::Limits;
use libisolate::{Result, Spec};
use serde_json::{Value, json};

use crate::steps::{Made, Step, Steps, plain};

/// What a call came to, where it is one of these.
pub fn call(run: &Steps, step: &Step<'_>) -> Option<Result<Made>> {
    let name = step.text("call");
    if let Some(name) = name.strip_prefix("convert_") {
        return Some(conversion(run, step, name).map(Made::Plain));
    }
    match name {
        // Asked of namespaces.
        "cgroup_paths" | "cgroup_paths_of" => None,
        "job_cgroup" => {
            let opened = run.job(step.text("of")).cgroup();
            Some(opened.map(|group| Made::Group(group, false)))
        }
        "job_update" => {
            let update = || Ok(plain(run.job(step.text("of")).update(&limits(step)?)?));
            Some(update().map(Made::Plain))
        }
        "cgroup_events_wait" => {
            let next = run.events(step.text("of")).wait(None);
            Some(next.map(|event| Made::Plain(plain(event))))
        }
        "cgroup_events" => {
            let watches = step.0.get("watches").cloned().unwrap_or(json!([]));
            let watches: Vec<_> = serde_json::from_value(watches).expect("watches");
            Some(group(run, step).events(&watches).map(Made::Events))
        }
        _ => open(run, step).or_else(|| Some(ask(run, step)?.map(Made::Plain))),
    }
}

fn group<'a>(run: &'a Steps, step: &Step<'_>) -> &'a Cgroup {
    run.group(step.text("of"))
}

fn limits(step: &Step<'_>) -> Result<Limits> {
    let text = json!({"argv": [], "limits": step.0["limits"]}).to_string();
    Spec::from_json(&text).map(|spec| spec.limits)
}

fn controllers(step: &Step<'_>) -> Option<Vec<String>> {
    let list = step.0.get("controllers").filter(|list| !list.is_null());
    list.map(|_| {
        let names = step.names("controllers").into_iter();
        names.map(str::to_owned).collect()
    })
}

fn open(run: &Steps, step: &Step<'_>) -> Option<Result<Made>> {
    let (opened, new) = match step.text("call") {
        "cgroup_create" => {
            let text = |key| step.0.get(key).and_then(Value::as_str).map(str::to_owned);
            let driver = step.0.get("driver").cloned();
            let options = CreateOptions {
                parent: text("parent"),
                controllers: controllers(step),
                driver: driver.map(|word| serde_json::from_value(word).expect("a driver")),
                slice: text("slice"),
            };
            (Cgroup::create(step.text("name"), &options), true)
        }
        "cgroup_create_child" => {
            let controllers = controllers(step);
            let above = group(run, step);
            let made = above.create_child(step.text("name"), controllers.as_deref());
            (made, true)
        }
        "cgroup_open" => (Cgroup::open(step.text("path")), false),
        "cgroup_own" => (Cgroup::own(), false),
        "cgroup_of_process" => (Cgroup::of_process(run.number(step, "pid")), false),
        "cgroup_child" => (group(run, step).child(step.text("name")), false),
        _ => return None,
    };
    Some(opened.map(|group| Made::Group(group, new)))
}

fn ask(run: &Steps, step: &Step<'_>) -> Option<Result<Value>> {
    let method = step.text("call").strip_prefix("cgroup_")?;
    if matches!(method, "close" | "events_close") {
        return Some(Ok(Value::Null));
    }
    Some(ask_group(run, step, group(run, step), method))
}

fn ask_group(run: &Steps, step: &Step<'_>, group: &Cgroup, method: &str) -> Result<Value> {
    let flag = |key: &str| step.0.get(key).and_then(Value::as_bool).unwrap_or(false);
    let given = |key: &str| step.0.get(key).and_then(|_| run.value(step, key).as_u64());
    let timeout = || {
        let seconds = step.0.get("timeout").and_then(Value::as_f64);
        Duration::from_secs_f64(seconds.unwrap_or(10.0))
    };
    let value = || MemoryValue::parse(step.text("value"));
    Ok(match method {
        "path" => json!(group.path()),
        "unit" => json!(group.unit()),
        "places" => plain(group.places()),
        "controllers" => plain(group.controllers()),
        "children" => plain(group.children()),
        "attach" => plain(group.attach(&ids(run, step, "pids"))?),
        "attach_threads" => plain(group.attach_threads(&ids(run, step, "tids"))?),
        "processes" => plain(group.processes(flag("recursive"))),
        "threads" => plain(group.threads(flag("recursive"))),
        "freeze" => plain(group.freeze(timeout())?),
        "thaw" => plain(group.thaw(timeout())?),
        "is_frozen" => json!(group.is_frozen()?),
        "is_populated" => json!(group.is_populated()?),
        "kill" => plain(group.kill()?),
        "remove" => plain(group.remove()?),
        "delegate" => {
            let id = |key: &str| given(key).map(|id| u32::try_from(id).expect("an id"));
            plain(group.delegate(id("uid"), id("gid"))?)
        }
        "get" => json!(group.get(step.text("file"))?),
        "set" => json!(group.set(step.text("file"), step.text("to"))?),
        "apply" => plain(group.apply(&limits(step)?)?),
        "stat" => plain(group.stat(&kinds(step)?)?),
        "memory" => json!(group.memory(value()?)?),
        "set_memory" => json!(group.set_memory(value()?, given("to"))?),
        "reset_memory" => plain(group.reset_memory(value()?)?),
        "oom_control" => plain(group.oom_control()?),
        "set_oom_pause" => plain(group.set_oom_pause(flag("to"))?),
        "reclaim" => json!(group.reclaim(given("bytes"))?),
        "explain_device" => plain(group.explain_device(step.text("device"), step.text("access"))?),
        "notify_on_release" => json!(group.notify_on_release()?),
        "set_notify_on_release" => plain(group.set_notify_on_release(flag("to"))?),
        "release_agent" => json!(group.release_agent(step.text("hierarchy"))?),
        "set_release_agent" => {
            plain(group.set_release_agent(step.text("hierarchy"), step.text("to"))?)
        }
        other => panic!("no call is called cgroup_{other}"),
    })
}

fn ids(run: &Steps, step: &Step<'_>, key: &str) -> Vec<i32> {
    let list = step.0[key].as_array().expect(key);
    let id = |given: &Value| {
        let known = run.known(given).as_i64().expect(key);
        i32::try_from(known).expect(key)
    };
    list.iter().map(id).collect()
}

fn kinds(step: &Step<'_>) -> Result<Vec<StatKind>> {
    let named = step.names("kinds");
    match named.is_empty() {
        true => Ok(StatKind::ALL.to_vec()),
        false => named.into_iter().map(str::parse).collect(),
    }
}

fn conversion(run: &Steps, step: &Step<'_>, name: &str) -> Result<Value> {
    let rule = || match step.0.get("rule") {
        Some(_) => step.text("rule").parse(),
        None => Ok(Rule::default()),
    };
    let number = |key: &str| {
        step.0
            .get(key)
            .map_or(0, |_| run.value(step, key).as_i64().expect(key))
    };
    let amount = |key: &str| u64::try_from(number(key)).expect(key);
    Ok(match name {
        "shares_to_weight" => json!(convert::shares_to_weight(amount("shares"), rule()?)),
        "weight_to_shares" => json!(convert::weight_to_shares(amount("weight"), rule()?)?),
        "blkio_to_io_weight" => json!(convert::blkio_to_io_weight(amount("weight"), rule()?)?),
        "io_to_blkio_weight" => json!(convert::io_to_blkio_weight(amount("weight"), rule()?)?),
        "swap_max" => json!(convert::swap_max(number("memsw"), number("limit"))?),
        "memsw_limit" => json!(convert::memsw_limit(number("swap"), number("limit"))?),
        "cpu_max" => json!(convert::cpu_max(number("quota"), amount("period"))?),
        "quota_of" => {
            let cpus = step.0["cpus"].as_f64().expect("cpus");
            json!(convert::quota_of(cpus, amount("period"))?)
        }
        other => panic!("no call is called convert_{other}"),
    })
}
