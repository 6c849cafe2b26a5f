//! Architectures that have no system call stubs yet.

compile_error!("libisolate supports x86_64 only so far: add crates/isolate-sys/src/arch/<arch>.rs");
