//! Builds the freestanding init with the same rustc, and hands its bytes to the crate.
//!
//! Cargo cannot build a static, libc-free executable as a dependency of a library, so this calls rustc
//! itself: the two no_std libraries first, the program on top.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let out = PathBuf::from(env("OUT_DIR"));
    let here = PathBuf::from(env("CARGO_MANIFEST_DIR"));
    let sys = PathBuf::from(env("DEP_ISOLATE_SYS_SRC"));
    let plan = PathBuf::from(env("DEP_ISOLATE_PLAN_SRC"));
    let program = here.join("program/main.rs");

    for source in [&sys, &plan, &program] {
        if let Some(dir) = source.parent() {
            println!("cargo::rerun-if-changed={}", dir.display());
        }
    }
    println!("cargo::rerun-if-changed=build.rs");

    library(&out, "isolate_sys", &sys, &[]);
    library(&out, "isolate_plan", &plan, &["isolate_sys"]);

    let binary = out.join("isolate-init");
    let mut rustc = compiler(&out);
    rustc
        .arg(&program)
        .args([
            "--crate-name",
            "isolate_init_program",
            "--crate-type",
            "bin",
        ])
        .arg("-o")
        .arg(&binary)
        .args([
            "-Clto=fat",
            "-Crelocation-model=static",
            "-Ctarget-feature=+crt-static",
        ])
        .args([
            "-Cstrip=symbols",
            "-Clink-arg=-nostartfiles",
            "-Clink-arg=-nostdlib",
        ])
        .args([
            "-Clink-arg=-static",
            "-Clink-arg=-Wl,--build-id=none,-z,norelro,-z,max-page-size=4096,--gc-sections",
        ]);
    for name in ["isolate_sys", "isolate_plan"] {
        rustc
            .arg("--extern")
            .arg(format!("{name}={}", rlib(&out, name).display()));
    }
    run(rustc);
    println!("cargo::rustc-env=ISOLATE_INIT_PROGRAM={}", binary.display());
}

fn library(out: &Path, name: &str, source: &Path, externs: &[&str]) {
    let mut rustc = compiler(out);
    rustc
        .arg(source)
        .args(["--crate-name", name, "--crate-type", "rlib"])
        .arg("-o")
        .arg(rlib(out, name));
    for name in externs {
        rustc
            .arg("--extern")
            .arg(format!("{name}={}", rlib(out, name).display()));
    }
    run(rustc);
}

fn rlib(out: &Path, name: &str) -> PathBuf {
    out.join(format!("lib{name}.rlib"))
}

fn compiler(out: &Path) -> Command {
    let mut rustc = Command::new(env("RUSTC"));
    // RUSTFLAGS of the outer build (sanitizers, coverage) do not reach this call: the program has
    // no runtime that could carry them.
    rustc
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .args(["--edition", "2024", "--cap-lints", "warn"])
        .args(["--target", &env("TARGET")])
        .args(["-Cpanic=abort", "-Copt-level=s", "-Ccodegen-units=1"])
        .arg("-L")
        .arg(out);
    rustc
}

fn run(mut command: Command) {
    let status = command
        .status()
        .unwrap_or_else(|e| panic!("cannot run {command:?}: {e}"));
    assert!(status.success(), "{command:?} failed");
}

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}
