//! The peak of memory: started again for the one handle that asked (Linux 6.12), whatever others see.

use libisolate::ErrorKind;
use libisolate::cgroup::{Cgroup, MemoryValue};

use crate::common::kernel;
use crate::{MIB, Worker, alone, group_or_skip, name, refused};

#[test]
fn a_peak_is_reset_for_one_handle() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "peak", &["memory"]) else {
            return;
        };
        let other = Cgroup::open(group.path()).unwrap();
        let peak = |group: &Cgroup| group.memory(MemoryValue::MaxUsage).unwrap().unwrap();
        let mut worker = Worker::within(&group);
        assert_eq!(worker.does("take 32"), "ok");
        assert_eq!(worker.does("give"), "ok");
        assert!(peak(&group) >= 32 * MIB && peak(&other) >= 32 * MIB);
        if kernel() < (6, 12) {
            let error = refused(group.reset_memory(MemoryValue::MaxUsage));
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(peak(&group) >= 32 * MIB);
            return;
        }
        group.reset_memory(MemoryValue::MaxUsage).unwrap();
        assert!(peak(&group) < 16 * MIB, "{}", peak(&group));
        assert!(peak(&other) >= 32 * MIB, "nobody else has asked");
        // From then on it counts again, for each from where it began.
        assert_eq!(worker.does("take 20"), "ok");
        assert!((20 * MIB..32 * MIB).contains(&peak(&group)));
        assert_eq!(worker.does("give"), "ok");
        other.reset_memory(MemoryValue::MaxUsage).unwrap();
        assert!(peak(&other) < 16 * MIB, "{}", peak(&other));
        // The kernel has one mark for all that have asked; from here on it is the same for both.
        assert_eq!(worker.does("take 24"), "ok");
        for handle in [&*group, &other] {
            assert!((24 * MIB..32 * MIB).contains(&peak(handle)));
        }
        // The group's own is as it was, for whoever opens it now.
        let late = Cgroup::open(group.path()).unwrap();
        assert!(peak(&late) >= 32 * MIB);
    });
}
