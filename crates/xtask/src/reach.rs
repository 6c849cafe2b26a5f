//! Test only: every field of the spec can be set from C.
//!
//! A spec is filled through C setters alone, and its JSON is held against the model: each field and
//! each variant of the Rust types must be there.

use std::collections::BTreeSet;
use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr::{null, null_mut};

use isolate::constants::*;
use isolate::ns::*;
use isolate::spec::*;
use isolate::spec_limits::*;
use isolate::spec_setters::*;
use serde_json::Value;

use crate::model::{Kind, Model, Shape};

/// Strings live until the end of the test, as pointers for C.
fn c(text: &str) -> *const c_char {
    Box::leak(CString::new(text).expect("no NUL").into_boxed_c_str()).as_ptr()
}

fn set(code: c_int) {
    assert_eq!(code, 0);
}

/// Two specs, because a field holds one variant at a time.
fn filled() -> Vec<Value> {
    let argv = [c("prog"), std::ptr::null()];
    let names = [c("net_admin"), std::ptr::null()];
    let mut all = Vec::new();
    for second in [false, true] {
        let mut spec = null_mut();
        // SAFETY: every pointer is a live C string, list or handle.
        unsafe {
            set(isolate_spec_new(argv.as_ptr(), &mut spec, null_mut()));
            set(isolate_spec_add_arg(spec, c("arg")));
            set(isolate_spec_set_profile(spec, ISOLATE_PROFILE_NONE));
            set(isolate_spec_set_env(spec, c("K"), c("V")));
            set(isolate_spec_add_keep_env(spec, c("TERM")));
            set(isolate_spec_set_cwd(spec, c("/w")));
            set(isolate_spec_set_uid(spec, 1));
            set(isolate_spec_set_gid(spec, 2));
            set(isolate_spec_set_groups(spec, [3u32, 4].as_ptr(), 2));
            set(isolate_spec_set_hostname(spec, c("h")));
            set(isolate_spec_set_domainname(spec, c("d")));
            for kind in ISOLATE_NS_CGROUP..=ISOLATE_NS_UTS {
                let mode = 1 + (kind + u32::from(second)) % 3;
                set(isolate_spec_set_namespace(spec, kind, mode));
            }
            set(isolate_spec_set_sysctl(spec, c("net.a"), c("1")));
            set(isolate_spec_add_uid_map(spec, 5, 6, 7));
            set(isolate_spec_add_gid_map(spec, 8, 9, 10));
            set(isolate_spec_set_time_offsets_ms(spec, 1500, -2500));
            set(isolate_spec_set_net(spec, ISOLATE_NET_HOST));
            set(if second {
                isolate_spec_set_root(spec, ISOLATE_ROOT_KEEP)
            } else {
                isolate_spec_set_root_dir(spec, c("/r"), ISOLATE_ROOT_RW)
            });
            let flags = ISOLATE_BIND_RW | ISOLATE_BIND_BEST_EFFORT;
            set(isolate_spec_add_bind(spec, c("/a"), c("/b"), flags));
            set(isolate_spec_add_tmpfs(spec, c("/t"), 4096, 11, 0o700));
            set(isolate_spec_set_stdio(
                spec,
                ISOLATE_STDIN,
                ISOLATE_STDIO_NULL,
            ));
            set(isolate_spec_set_stdio_file(
                spec,
                ISOLATE_STDOUT,
                c("/o"),
                ISOLATE_FILE_APPEND,
            ));
            set(if second {
                isolate_spec_set_stdio_fd(spec, ISOLATE_STDERR, 12)
            } else {
                isolate_spec_set_stdio(spec, ISOLATE_STDERR, ISOLATE_STDIO_CAPTURE)
            });
            set(isolate_spec_add_keep_fd(spec, 13));
            set(isolate_spec_set_memory(spec, 14));
            set(isolate_spec_set_swap(spec, 15));
            set(isolate_spec_set_pids(spec, 16));
            set(isolate_spec_set_cpus(spec, 0.5));
            set(isolate_spec_set_cpu_weight(spec, 17));
            set(isolate_spec_set_cpuset(spec, c("0")));
            set(isolate_spec_set_cpuset_mems(spec, c("0")));
            set(isolate_spec_set_memory_high(spec, 31));
            set(isolate_spec_set_memory_low(spec, 32));
            set(isolate_spec_set_memory_min(spec, 33));
            set(isolate_spec_set_swappiness(spec, 34));
            set(isolate_spec_set_oom_group(spec, 1));
            set(isolate_spec_set_oom_pause(spec, 1));
            set(isolate_spec_set_cpu_period_ms(spec, 35));
            set(isolate_spec_set_cpu_burst_ms(spec, 36));
            set(isolate_spec_set_cpu_idle(spec, 1));
            set(isolate_spec_set_cpu_rt_runtime_ms(spec, 37));
            set(isolate_spec_set_cpu_rt_period_ms(spec, 38));
            set(isolate_spec_set_cpuset_exclusive(spec, 1));
            let partition = ISOLATE_CPUSET_ROOT + u32::from(second);
            set(isolate_spec_set_cpuset_partition(spec, partition));
            set(isolate_spec_add_io_limit(
                spec,
                c("8:0"),
                39,
                40,
                41,
                42,
                43,
                44,
            ));
            set(isolate_spec_set_io_weight(spec, 45));
            set(isolate_spec_add_device_rule(spec, 1, c("a"), c("r")));
            set(isolate_spec_add_device_rule(spec, 0, c("c 1:3"), null()));
            set(isolate_spec_set_net_class(spec, 46));
            set(isolate_spec_set_net_priority(spec, c("*"), 47));
            set(isolate_spec_set_hugetlb(spec, c("2MB"), 48));
            set(isolate_spec_add_rdma_limit(spec, c("mlx5_0"), 49, 50));
            set(isolate_spec_set_misc(spec, c("sev"), 51));
            set(isolate_spec_set_cgroup_file(
                spec,
                c("memory.swap.high"),
                c("max"),
            ));
            set(isolate_spec_set_cpu_time_ms(spec, 18_500));
            set(isolate_spec_set_output(spec, 19));
            set(isolate_spec_set_rlimit(spec, c("nofile"), 20));
            set(isolate_spec_add_best_effort(spec, c("memory")));
            set(isolate_spec_set_timeout_ms(spec, 21_500));
            set(isolate_spec_set_cgroup(spec, ISOLATE_CGROUP_TRY));
            set(isolate_spec_set_driver(spec, ISOLATE_DRIVER_SYSTEMD));
            set(isolate_spec_set_slice(spec, c("a-b.slice")));
            set(isolate_spec_set_unit(spec, c("u")));
            set(isolate_spec_set_capabilities(spec, names.as_ptr()));
            set(isolate_spec_set_no_new_privs(spec, 1));
            set(isolate_spec_set_seccomp(spec, ISOLATE_SECCOMP_OFF));
            set(isolate_spec_set_new_session(spec, 1));
            set(isolate_spec_set_umask(spec, 0o77));
            set(isolate_spec_set_init(spec, 0));
        }
        all.push(through_json(spec));
    }
    all
}

/// Specs that enter namespaces, by handle and by path.
fn joined() -> Vec<Value> {
    let mut specs = [null_mut(); 2];
    // SAFETY: every pointer is a live C string, list or handle.
    unsafe {
        for spec in &mut specs {
            set(isolate_spec_new_settings(spec, null_mut()));
        }
        for kind in ISOLATE_NS_CGROUP..=ISOLATE_NS_UTS {
            let mut ns = null_mut();
            set(isolate_ns_of_thread(kind, &mut ns, null_mut()));
            set(isolate_spec_join_namespace(specs[0], ns));
            isolate_ns_free(ns);
            set(isolate_spec_join_namespace_path(specs[1], kind, c("/n")));
        }
    }
    specs.map(through_json).into()
}

/// The spec's JSON, read back in and written again on the way.
fn through_json(spec: *mut isolate_spec) -> Value {
    let (mut text, mut again, mut copy) = (null_mut(), null_mut(), null_mut());
    // SAFETY: `spec` is a live handle, freed here; the strings are freed after they are copied.
    unsafe {
        set(isolate_spec_to_json(spec, &mut text, null_mut()));
        set(isolate_spec_from_json(text, &mut copy, null_mut()));
        set(isolate_spec_to_json(copy, &mut again, null_mut()));
        assert_eq!(CStr::from_ptr(text), CStr::from_ptr(again));
        let value = serde_json::from_slice(CStr::from_ptr(text).to_bytes());
        isolate::string::isolate_string_free(text);
        isolate::string::isolate_string_free(again);
        isolate_spec_free(copy);
        isolate_spec_free(spec);
        value.expect("the library writes JSON")
    }
}

/// Every path below `kind` that a spec can have, and every path that `value` does have.
fn walk(
    model: &Model,
    kind: &Kind,
    path: &str,
    value: Option<&Value>,
    possible: &mut BTreeSet<String>,
    reached: &mut BTreeSet<String>,
) {
    match kind {
        Kind::Optional(inner) => walk(model, inner, path, value, possible, reached),
        Kind::List(inner) => {
            let element = value.and_then(|v| v.get(0));
            walk(
                model,
                inner,
                &format!("{path}[]"),
                element,
                possible,
                reached,
            );
        }
        Kind::Map(inner) => {
            let element = value
                .and_then(Value::as_object)
                .and_then(|map| map.values().next());
            walk(
                model,
                inner,
                &format!("{path}{{}}"),
                element,
                possible,
                reached,
            );
        }
        Kind::Named(name) => match &model.find(name).expect("a type of the model").shape {
            Shape::Struct(fields) => {
                for field in fields {
                    // What is left at its default was not set.
                    let found = value.and_then(|v| v.get(&field.name));
                    let found = found.filter(|v| field.default.as_ref() != Some(v));
                    let path = format!("{path}.{}", field.name);
                    walk(model, &field.kind, &path, found, possible, reached);
                }
            }
            Shape::Choice(variants) => {
                for variant in variants {
                    let Some(payload) = &variant.payload else {
                        continue;
                    };
                    let found = value.and_then(|v| v.get(&variant.name));
                    let path = format!("{path}.{}", variant.name);
                    walk(model, payload, &path, found, possible, reached);
                }
                leaf(path, value, possible, reached);
            }
            Shape::Tagged { .. } => leaf(path, value, possible, reached),
        },
        _ => leaf(path, value, possible, reached),
    }
}

fn leaf(
    path: &str,
    value: Option<&Value>,
    possible: &mut BTreeSet<String>,
    reached: &mut BTreeSet<String>,
) {
    possible.insert(path.to_owned());
    if value.is_some() {
        reached.insert(path.to_owned());
    }
}

#[test]
fn every_field_of_the_spec_has_a_setter() {
    let model = Model::read().expect("the model");
    let (mut possible, mut reached) = (BTreeSet::new(), BTreeSet::new());
    let root = Kind::Named("Spec".to_owned());
    for spec in filled().into_iter().chain(joined()) {
        walk(
            &model,
            &root,
            "spec",
            Some(&spec),
            &mut possible,
            &mut reached,
        );
    }
    // One stream stands for three: a setter takes the stream as a number.
    let merge = |paths: &BTreeSet<String>| -> BTreeSet<String> {
        let stream = |p: &String| {
            p.replace("spec.stdin", "spec.std")
                .replace("spec.stdout", "spec.std")
                .replace("spec.stderr", "spec.std")
        };
        paths.iter().map(stream).collect()
    };
    for stream in ["stdin", "stdout", "stderr"] {
        assert!(reached.contains(&format!("spec.{stream}")), "{stream}");
    }
    let (possible, reached) = (merge(&possible), merge(&reached));
    let missing: Vec<_> = possible.difference(&reached).collect();
    assert!(missing.is_empty(), "no setter reaches {missing:?}");
    assert!(
        possible.len() > 60,
        "the model has only {} fields",
        possible.len()
    );
}

#[test]
fn every_number_of_usage_is_in_the_c_struct() {
    let model = Model::read().expect("the model");
    let header = crate::files::read(crate::header::HEADER).expect("the header");
    let code = crate::header::without_comments(&header);
    for field in model.find("Usage").expect("Usage").fields() {
        let unit = if *field.kind.bare() == Kind::Float {
            "_us"
        } else {
            ""
        };
        let member = format!("uint64_t {}{unit};", field.name);
        assert!(code.contains(&member), "isolate_usage has no {member}");
    }
}
