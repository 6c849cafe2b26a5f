//! memory: what is left to a group while the one beside it needs more than there is, and a limit that slows
//! down instead of killing.

use std::path::Path;

use libisolate::Reason;
use libisolate::spec::Size;

use crate::common::TempDir;
use crate::{MIB, Own, Worker, alone, group_or_skip, holes_or_skip, in_force, job, name, until};

/// The page cache that is put down to a group.
fn cache(group: &Own) -> u64 {
    group.number("memory.stat", "file")
}

/// Three groups in one of so much memory and no swap: one that is to be protected, one that is not, a hog.
fn family_or_skip(test: &str, tag: &str, bytes: u64) -> Option<(Own, [Own; 3])> {
    let above = group_or_skip(test, tag, &["memory"])?;
    let below = ["kept", "open", "hog"].map(|name| above.below(name, &["memory"]));
    above.limit(|l| (l.memory, l.swap) = (Some(Size(bytes)), Some(Size(0))));
    Some((above, below))
}

#[test]
fn page_cache_is_kept_from_the_group_beside() {
    let test = name!();
    alone(test, || {
        for protection in ["low", "min"] {
            let dir = TempDir::new("holes");
            let Some((_above, [kept, open, hog])) = family_or_skip(test, protection, 48 * MIB)
            else {
                return;
            };
            let files = [12, 12].map(|mib| holes_or_skip(test, &dir, mib));
            let [Some(first), Some(second)] = files else {
                return;
            };
            kept.limit(|l| match protection {
                "low" => l.memory_low = Some(Size(16 * MIB)),
                _ => l.memory_min = Some(Size(16 * MIB)),
            });
            for (group, file) in [(&kept, &first), (&open, &second)] {
                let mut reader = Worker::within(group);
                assert_eq!(reader.does(&format!("read {}", file.display())), "ok");
                assert!(cache(group) >= 11 * MIB, "{}", cache(group));
            }
            let before = cache(&kept);
            // Without swap there is nothing else that could make room for the hog.
            let mut taker = Worker::within(&hog);
            assert_eq!(taker.does("take 31"), "ok");
            assert!(cache(&kept) >= before - MIB, "{} of {before}", cache(&kept));
            assert!(cache(&open) < 6 * MIB, "{}", cache(&open));
        }
    });
}

/// Where nothing else is left to take, `low` gives way and is counted, and `min` has somebody killed instead.
#[test]
fn the_one_protection_gives_way_and_the_other_does_not() {
    let test = name!();
    alone(test, || {
        for protection in ["low", "min"] {
            let dir = TempDir::new("holes");
            let Some((_above, [kept, _open, hog])) = family_or_skip(test, protection, 48 * MIB)
            else {
                return;
            };
            let Some(file) = holes_or_skip(test, &dir, 24) else {
                return;
            };
            kept.limit(|l| match protection {
                "low" => l.memory_low = Some(Size(32 * MIB)),
                _ => l.memory_min = Some(Size(32 * MIB)),
            });
            let mut reader = Worker::within(&kept);
            assert_eq!(reader.does(&format!("read {}", file.display())), "ok");
            let before = cache(&kept);
            assert!(before >= 23 * MIB, "{before}");
            assert_eq!(kept.number("memory.events", "low"), 0);
            let mut taker = Worker::within(&hog);
            let told = taker.does("take 40");
            if protection == "low" {
                assert_eq!(told, "ok");
                assert!(kept.number("memory.events", "low") > 0);
                assert!(cache(&kept) < 16 * MIB, "{}", cache(&kept));
            } else {
                assert_eq!(taker.signal(), Some(libc::SIGKILL));
                assert!(hog.oom_control().unwrap().kills == 1);
                assert!(cache(&kept) >= before - MIB, "{} of {before}", cache(&kept));
            }
        }
    });
}

/// A job with `memory_high` gives back its page cache; without, it has it all.
#[test]
fn a_high_limit_takes_back_and_does_not_kill() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "high", &["memory"]) else {
            return;
        };
        let dir = TempDir::new("holes");
        let files = [96, 96].map(|mib| holes_or_skip(test, &dir, mib));
        let [Some(first), Some(second)] = files else {
            return;
        };
        // Each a file of its own: what is in the cache already is not read again.
        let peak = |file: &Path, high: Option<Size>| {
            let line = format!("read {}", file.display());
            let mut spec = job(&[&line], |l| l.memory_high = high);
            spec.binds
                .push(libisolate::spec::Bind::ro(dir.path()).at(dir.path()));
            let outcome = libisolate::run(&spec).unwrap();
            assert_eq!(outcome.reason, Reason::Exit, "{outcome:?}");
            assert_eq!(crate::common::text(&outcome), "ok\n");
            if high.is_some() {
                assert_eq!(in_force(&outcome, "memory_high"), "memory.high 25165824");
            }
            outcome.usage.memory_peak.unwrap()
        };
        let (held, free) = (peak(&first, Some(Size(24 * MIB))), peak(&second, None));
        assert!(held < 48 * MIB, "{held}");
        assert!(free >= 90 * MIB, "{free}");
        // Who takes what cannot be given back is made to wait, and lives.
        group.limit(|l| (l.memory_high, l.swap) = (Some(Size(16 * MIB)), Some(Size(0))));
        let mut taker = Worker::within(&group);
        taker.begin("take 200");
        until("it is over the limit", || {
            group.number("memory.events", "high") >= 3
        });
        until("it stalls", || {
            group
                .read("memory.pressure")
                .lines()
                .any(|l| l.starts_with("some") && !l.ends_with("total=0"))
        });
        assert!(taker.child.try_wait().unwrap().is_none(), "it lives");
        assert_eq!(group.oom_control().unwrap().kills, 0);
        assert!(group.number("memory.current", "") < 100 * MIB);
        // Let go, it has all.
        group.set("memory.high", "max").unwrap();
        assert_eq!(taker.answer(), "ok");
        assert!(group.number("memory.current", "") >= 190 * MIB);
    });
}
