//! Tells the crate that builds the init where this crate's source is.

fn main() {
    let dir = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    println!("cargo::metadata=src={dir}/src/lib.rs");
    println!("cargo::rerun-if-changed=build.rs");
}
