//! io and blkio: a loop device that is read as slowly as asked, and shares.

use std::os::unix::fs::MetadataExt as _;
use std::process::Command;

use crate::common::{TempDir, alone, controller_or_skip, root_or_skip, skip, text};
use crate::{in_force, name, run, version_of, with};
use libisolate::ErrorKind;
use libisolate::spec::{IoLimit, Profile, Size};

/// A loop device with a file behind it, taken away at the end.
struct Loop {
    path: String,
    _file: TempDir,
}

impl Loop {
    fn or_skip(test: &str) -> Option<Loop> {
        let dir = TempDir::new("loop");
        let file = dir.join("disk");
        std::fs::write(&file, vec![0u8; 4 << 20]).unwrap();
        let made = Command::new("losetup")
            .args(["-f", "--show"])
            .arg(&file)
            .output();
        match made {
            Ok(made) if made.status.success() => Some(Loop {
                path: String::from_utf8_lossy(&made.stdout).trim().to_owned(),
                _file: dir,
            }),
            made => {
                skip(test, &format!("no loop device can be made: {made:?}"));
                None
            }
        }
    }

    fn numbers(&self) -> String {
        let rdev = std::fs::metadata(&self.path).unwrap().rdev();
        format!("{}:{}", libc::major(rdev), libc::minor(rdev))
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = Command::new("losetup").arg("-d").arg(&self.path).status();
    }
}

#[test]
fn a_disk_is_read_as_slowly_as_asked() {
    alone(name!(), || {
        if !root_or_skip(name!()) || !controller_or_skip(name!(), "io|blkio") {
            return;
        }
        let Some(disk) = Loop::or_skip(name!()) else {
            return;
        };
        let dd = format!(
            "dd if={} of=/dev/null bs=64k count=16 iflag=direct 2>&1",
            disk.path
        );
        let mut spec = with(&dd, |l| {
            l.io = vec![IoLimit {
                device: disk.path.clone(),
                read_bps: Some(Size(512 << 10)),
                write_iops: Some(100),
                ..IoLimit::default()
            }];
        });
        // As root, or the device is not the job's to read.
        spec.profile = Profile::None;
        let outcome = run(&spec);
        assert!(outcome.success(), "{outcome:?}\n{}", text(&outcome));
        // 1 MiB at half of that each second. A busy machine makes it longer only.
        assert!(outcome.usage.wall_time > 1.0, "{outcome:?}");
        let told = in_force(&outcome, "io");
        let numbers = disk.numbers();
        match version_of("blkio") {
            Some(_) => assert_eq!(
                told,
                format!("blkio.throttle.write_iops_device {numbers} 524288; {numbers} 100")
            ),
            None => assert_eq!(
                told,
                format!("io.max {numbers} rbps=524288 wbps=max riops=max wiops=100")
            ),
        }
        // A weight of one device takes a scheduler that knows weights.
        spec.limits.io[0] = IoLimit {
            device: numbers,
            weight: Some(100),
            ..IoLimit::default()
        };
        match libisolate::run(&spec) {
            Ok(outcome) => assert!(in_force(&outcome, "io").contains("weight")),
            Err(error) => assert!(
                error.message().contains("bfq does where the kernel has it")
                    || error.message().contains("no such file"),
                "{error}"
            ),
        }
    });
}

#[test]
fn the_share_of_disks() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "io|blkio") {
            return;
        }
        match libisolate::run(&with("true", |l| l.io_weight = Some(910))) {
            Ok(outcome) => {
                let told = in_force(&outcome, "io_weight");
                assert!(
                    [
                        "blkio.weight 100",
                        "blkio.bfq.weight 100",
                        "io.weight default 910",
                        "io.weight default 910; io.bfq.weight default 100",
                        "io.bfq.weight default 100"
                    ]
                    .contains(&told.as_str()),
                    "{told}"
                );
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                skip(name!(), "this kernel has no weights for block devices");
            }
        }
    });
}
