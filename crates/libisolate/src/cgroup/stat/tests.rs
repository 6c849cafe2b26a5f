//! Whole snapshots of directories that hold what real kernels have said.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::cgroup::dir::Dir;
use crate::error::ErrorKind;

/// A directory that looks like a group's.
struct Fake(PathBuf);

impl Fake {
    fn new(tag: &str, files: &[(&str, &str)]) -> Fake {
        let name = format!("isolate-stat-{}-{tag}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("temporary directory");
        let made = Fake(path);
        made.put("cgroup.procs", "");
        for (file, text) in files {
            made.put(file, text);
        }
        made
    }

    fn put(&self, file: &str, text: &str) {
        fs::write(self.0.join(file), text).expect("temporary file");
    }

    fn tree(&self, version: Version, controllers: &[&str]) -> Tree {
        Tree {
            version,
            controllers: controllers.iter().map(|c| (*c).to_owned()).collect(),
            name: None,
            dir: Dir::open(&self.0).expect("it is there"),
        }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const V1_MEMORY: [(&str, &str); 8] = [
    ("memory.usage_in_bytes", "9998336\n"),
    ("memory.max_usage_in_bytes", "9998336\n"),
    ("memory.limit_in_bytes", "9998336\n"),
    ("memory.memsw.usage_in_bytes", "10002432\n"),
    ("memory.memsw.limit_in_bytes", "20000768\n"),
    ("memory.failcnt", "210\n"),
    (
        "memory.oom_control",
        "oom_kill_disable 0\nunder_oom 1\noom_kill 2\n",
    ),
    (
        "memory.stat",
        "cache 14860288\nrss 8798208\nrss_huge 0\nshmem 8998912\nmapped_file 7573504\ndirty 20480\n\
         writeback 0\nworkingset_refault_anon 0\nworkingset_refault_file 8403\nswap 0\nswapcached 0\n\
         pgpgin 121594\npgpgout 115818\npgfault 188732\npgmajfault 0\ninactive_anon 0\n\
         active_anon 1531904\ninactive_file 126976\nactive_file 5734400\nunevictable 16265216\n\
         hierarchical_memory_limit 9223372036854771712\nhierarchical_memsw_limit 9223372036854771712\n\
         total_cache 4802240512\ntotal_rss 15048704\ntotal_pgmajfault 130031\n",
    ),
];

#[test]
fn memory_of_v1() {
    let fake = Fake::new("v1-memory", &V1_MEMORY);
    let trees = [fake.tree(Version::V1, &["memory"])];
    let stat = read(&trees, &[StatKind::Memory]).expect("a snapshot");
    let memory = stat.memory.as_ref().expect("the part");
    assert_eq!(memory.current, Some(9_998_336));
    assert_eq!(memory.peak, Some(9_998_336));
    assert_eq!(memory.limit, Some(9_998_336));
    assert_eq!(memory.swap_current, Some(4096));
    assert_eq!(memory.swap_limit, Some(10_002_432));
    assert_eq!(memory.memsw_current(), Some(10_002_432));
    assert_eq!(memory.memsw_limit(), Some(20_000_768));
    assert_eq!(memory.failcnt, Some(210));
    assert_eq!(memory.oom_kills, Some(2));
    assert_eq!(memory.under_oom, Some(true));
    assert_eq!(memory.stat.len(), 25);
    assert_eq!(memory.stat.get("total_cache"), Some(&4_802_240_512));
    assert_eq!(stat.cpu, None, "it was not asked for");

    // No limits, and a kernel that does not account swap.
    fake.put("memory.limit_in_bytes", "9223372036854771712\n");
    for file in ["memory.memsw.usage_in_bytes", "memory.memsw.limit_in_bytes"] {
        fs::remove_file(fake.0.join(file)).expect("it is there");
    }
    let stat = read(&trees, &[StatKind::Memory]).expect("a snapshot");
    let memory = stat.memory.expect("the part");
    assert_eq!((memory.limit, memory.swap_limit), (None, None));
    assert_eq!(memory.swap_current, None);
}

/// Linux 6.12: a group of 64 MiB in which one process was killed.
#[test]
fn everything_of_v2() {
    let fake = Fake::new(
        "v2",
        &[
            (
                "cpu.stat",
                "usage_usec 4796921\nuser_usec 3944988\nsystem_usec 851933\nnice_usec 0\nnr_periods 241\nnr_throttled 239\nthrottled_usec 19402989\nnr_bursts 0\nburst_usec 0\n",
            ),
            ("memory.current", "40960\n"),
            ("memory.peak", "67108864\n"),
            ("memory.max", "67108864\n"),
            ("memory.swap.current", "0\n"),
            ("memory.swap.peak", "0\n"),
            ("memory.swap.max", "max\n"),
            (
                "memory.events",
                "low 0\nhigh 0\nmax 268\noom 1\noom_kill 1\noom_group_kill 0\n",
            ),
            (
                "memory.stat",
                "anon 0\nfile 8192\nkernel 20480\nkernel_stack 0\npagetables 0\nsec_pagetables 0\npercpu 6080\nsock 0\nvmalloc 0\nshmem 0\nfile_mapped 0\nfile_dirty 4096\nfile_writeback 0\nswapcached 0\nanon_thp 0\nfile_thp 0\nshmem_thp 0\ninactive_anon 0\nactive_anon 0\ninactive_file 4096\nactive_file 4096\nunevictable 0\nslab_reclaimable 6792\nslab_unreclaimable 3088\nslab 9880\nworkingset_refault_file 776\npgscan 961\npgsteal 827\npgfault 17042\npgmajfault 62\n",
            ),
            (
                "io.stat",
                "259:0 rbytes=7585792 wbytes=4194304 rios=217 wios=8 dbytes=0 dios=0\n",
            ),
            ("pids.current", "0\n"),
            ("pids.peak", "3\n"),
            ("pids.max", "3\n"),
            ("pids.events", "max 1\n"),
            (
                "cpu.pressure",
                "some avg10=65.28 avg60=24.25 avg300=5.83 total=17869308\nfull avg10=65.28 avg60=24.25 avg300=5.83 total=17868227\n",
            ),
            (
                "memory.pressure",
                "some avg10=4.34 avg60=0.78 avg300=0.16 total=509953\nfull avg10=4.34 avg60=0.78 avg300=0.16 total=509953\n",
            ),
            ("hugetlb.2MB.current", "2097152\n"),
            ("hugetlb.2MB.max", "9223372036854771712\n"),
            ("hugetlb.2MB.events", "max 4\n"),
            ("hugetlb.2MB.rsvd.current", "0\n"),
            ("misc.current", ""),
            ("misc.max", ""),
            ("rdma.current", ""),
            ("rdma.max", ""),
        ],
    );
    let all = [
        "cpu", "memory", "io", "pids", "hugetlb", "misc", "rdma", "cpuset",
    ];
    let trees = [fake.tree(Version::V2, &all)];
    let stat = read(&trees, &StatKind::ALL).expect("a snapshot");
    let json = serde_json::to_value(&stat).expect("plain data");
    let told = |pointer: &str| json.pointer(pointer).map(ToString::to_string);
    for (pointer, value) in [
        ("/cpu/usage_usec", "4796921"),
        ("/cpu/nr_throttled", "239"),
        ("/memory/current", "40960"),
        ("/memory/peak", "67108864"),
        ("/memory/limit", "67108864"),
        ("/memory/swap_current", "0"),
        ("/memory/failcnt", "268"),
        ("/memory/oom_kills", "1"),
        ("/memory/events/oom", "1"),
        ("/memory/stat/slab_reclaimable", "6792"),
        ("/io/0/device", "\"259:0\""),
        ("/io/0/rbytes", "7585792"),
        ("/io/0/wios", "8"),
        ("/pids/limit", "3"),
        ("/pids/denied", "1"),
        ("/pressure/cpu/some/avg10", "65.28"),
        ("/pressure/memory/full/total_usec", "509953"),
        ("/hugetlb/2MB/current", "2097152"),
        ("/hugetlb/2MB/failcnt", "4"),
        ("/misc", "{}"),
        ("/rdma", "{}"),
    ] {
        assert_eq!(told(pointer), Some(value.to_owned()), "{pointer}");
    }
    for absent in [
        "/cpu/per_cpu_usec",
        "/memory/swap_limit",
        "/memory/under_oom",
        "/pressure/io",
        "/hugetlb/2MB/limit",
    ] {
        assert_eq!(told(absent), None, "{absent}");
    }
    let again: Stat = serde_json::from_value(json).expect("its own text");
    assert_eq!(again, stat);
}

/// The root of a v2 tree counts next to nothing.
#[test]
fn the_root_of_v2() {
    let fake = Fake::new(
        "v2-root",
        &[
            (
                "memory.stat",
                "anon 8953856\nfile 32210944\nkernel 3584000\n",
            ),
            ("cpu.stat", "usage_usec 5\nuser_usec 3\nsystem_usec 2\n"),
        ],
    );
    let trees = [fake.tree(Version::V2, &["memory", "cpu", "pids", "io"])];
    let stat = read(&trees, &StatKind::ALL).expect("a snapshot");
    let memory = stat.memory.expect("the part");
    assert_eq!(memory.current, Some(41_164_800));
    assert_eq!(
        (memory.limit, memory.peak, memory.oom_kills),
        (None, None, None)
    );
    assert_eq!(stat.cpu.and_then(|cpu| cpu.usage_usec), Some(5));
    assert_eq!(stat.pids, Some(PidsStat::default()));
    assert_eq!(stat.io, Some(Vec::new()));
    assert_eq!(stat.pressure, None);
}

/// Each part from the tree that has it; what is in no tree is absent.
#[test]
fn a_hybrid_host() {
    let cpu = Fake::new(
        "hybrid-cpu",
        &[(
            "cpu.stat",
            "nr_periods 12\nnr_throttled 11\nthrottled_time 1034567890\n",
        )],
    );
    let cpuacct = Fake::new(
        "hybrid-cpuacct",
        &[
            ("cpuacct.usage", "25402446420393\n"),
            ("cpuacct.stat", "user 1769143\nsystem 771101\n"),
            ("cpuacct.usage_percpu", "12125178158575 13277268261818 \n"),
        ],
    );
    let blkio = Fake::new(
        "hybrid-blkio",
        &[
            (
                "blkio.throttle.io_service_bytes_recursive",
                "7:0 Read 1048576\n7:0 Write 2097152\n7:0 Total 3145728\nTotal 3145728\n",
            ),
            (
                "blkio.throttle.io_serviced_recursive",
                "7:0 Read 16\n7:0 Write 4\n7:0 Total 20\nTotal 20\n",
            ),
            ("blkio.throttle.io_service_bytes", "7:0 Read 5\n"),
        ],
    );
    let companion = Fake::new(
        "hybrid-v2",
        &[
            ("cpu.stat", "usage_usec 7\nuser_usec 4\nsystem_usec 3\n"),
            (
                "io.pressure",
                "some avg10=0.04 avg60=3.68 avg300=7.39 total=241337081\nfull avg10=0.04 avg60=3.26 avg300=6.66 total=139061934\n",
            ),
        ],
    );
    let mut trees = vec![
        cpu.tree(Version::V1, &["cpu"]),
        cpuacct.tree(Version::V1, &["cpuacct"]),
        blkio.tree(Version::V1, &["blkio"]),
        companion.tree(Version::V2, &[]),
    ];
    let stat = read(&trees, &StatKind::ALL).expect("a snapshot");
    let told = stat.cpu.expect("the part");
    assert_eq!(told.usage_usec, Some(25_402_446_420));
    assert_eq!(told.system_usec, Some(7_711_010_000));
    assert_eq!(told.throttled_usec, Some(1_034_567));
    assert_eq!(
        told.per_cpu_usec,
        Some(vec![12_125_178_158, 13_277_268_261])
    );
    let io = stat.io.expect("the part");
    assert_eq!((io[0].rbytes, io[0].wios), (1_048_576, 4));
    assert_eq!(io::bytes(&trees[2]), Ok((1_048_576, 2_097_152)));
    let pressure = stat.pressure.expect("the companion has it");
    assert_eq!((&pressure.cpu, &pressure.memory), (&None, &None));
    let full = pressure.io.and_then(|io| io.full);
    assert_eq!(full.map(|full| full.total_usec), Some(139_061_934));
    assert_eq!((stat.memory, stat.pids, stat.hugetlb), (None, None, None));

    // Without cpuacct the companion knows the time.
    trees.remove(1);
    let stat = read(&trees, &[StatKind::Cpu]).expect("a snapshot");
    let told = stat.cpu.expect("the part");
    assert_eq!((told.usage_usec, told.user_usec), (Some(7), Some(4)));
    assert_eq!(told.nr_periods, Some(12));
}

#[test]
fn a_file_that_is_missing_and_a_group_that_is_gone() {
    let fake = Fake::new("gone", &[("pids.current", "4\n")]);
    let trees = [fake.tree(Version::V1, &["pids"])];
    let stat = read(&trees, &[StatKind::Pids]).expect("a snapshot");
    let expected = PidsStat {
        current: Some(4),
        ..PidsStat::default()
    };
    assert_eq!(stat.pids, Some(expected));
    fs::remove_dir_all(&fake.0).expect("it is there");
    let told = read(&trees, &[StatKind::Pids]).map_err(|e| (e.kind(), e.message()));
    let text = format!("cgroup: {}: the group has been removed", fake.0.display());
    assert_eq!(told, Err((ErrorKind::NotFound, text)));
}

/// More than the buffer has room for.
#[test]
fn a_long_file() {
    let mut text = String::new();
    for minor in 0..2000 {
        text += &format!("8:{minor} rbytes={minor} wbytes=1 rios=1 wios=1 dbytes=0 dios=0\n");
    }
    let fake = Fake::new("long", &[("io.stat", &text)]);
    let trees = [fake.tree(Version::V2, &["io"])];
    let stat = read(&trees, &[StatKind::Io]).expect("a snapshot");
    let io = stat.io.expect("the part");
    assert_eq!(io.len(), 2000);
    assert_eq!(
        (io[1999].device.as_str(), io[1999].rbytes),
        ("8:1999", 1999)
    );
}

#[test]
fn names_of_parts() {
    for kind in StatKind::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
    }
    let told = "disk".parse::<StatKind>().map_err(|e| e.message());
    assert_eq!(
        told,
        Err(
            "spec: stat: \"disk\" is not one of cpu, memory, io, pids, pressure, hugetlb, rdma, misc"
                .to_owned()
        )
    );
}
