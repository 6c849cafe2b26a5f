//! `cargo xtask audit LIB`: what the linker made, against what the project promises.
//!
//! Looked at with nm(1) and readelf(1), because a linker that drops a symbol, a version or a
//! hardening flag says nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use isolate_init::PROGRAM;

use crate::Result;
use crate::files;
use crate::header;

/// The soname. It changes with the ABI and with nothing else.
const SONAME: &str = "libisolate.so.0";

/// Libraries that libisolate.so may need: what std and the compiler bring in.
const NEEDED: &[&str] = &[
    "libgcc_s.so.1",
    "libc.so.6",
    "libm.so.6",
    "ld-linux-x86-64.so.2",
];

/// More than this, and something that does not belong there got into the init.
const INIT_LIMIT: usize = 64 << 10;

/// Audits the shared library and the init program.
pub fn run(library: &str) -> Result<()> {
    let mut faults = Vec::new();
    symbols(library, &mut faults)?;
    library_dynamic(library, &mut faults)?;
    init_program(&mut faults)?;
    if faults.is_empty() {
        println!(
            "audit: {library} and the init ({} bytes): as promised",
            PROGRAM.len()
        );
        return Ok(());
    }
    Err(format!("audit:\n  {}", faults.join("\n  ")))
}

/// Exported symbols with their versions = functions of the header = lines of the version map.
fn symbols(library: &str, faults: &mut Vec<String>) -> Result<()> {
    let listing = tool(
        "nm",
        &["-D", "--defined-only", "--with-symbol-versions", library],
    )?;
    let mut exported = BTreeMap::new();
    for line in listing.lines() {
        let mut words = line.split_whitespace().skip(1);
        if let (Some(kind), Some(symbol)) = (words.next(), words.next()) {
            let (name, version) = symbol.split_once('@').unwrap_or((symbol, ""));
            if kind != "A" {
                exported.insert(name.to_owned(), version.trim_start_matches('@').to_owned());
            }
        }
    }
    let declared = header::functions(&files::read(header::HEADER)?);
    let mapped = map_symbols(&files::read(header::MAP)?);
    let names = |map: &BTreeMap<String, String>| map.keys().cloned().collect::<BTreeSet<_>>();
    let declared: BTreeSet<String> = declared.into_iter().collect();
    differences(
        &names(&exported),
        &declared,
        library,
        header::HEADER,
        faults,
    );
    differences(
        &names(&mapped),
        &declared,
        header::MAP,
        header::HEADER,
        faults,
    );
    for (name, version) in &exported {
        let wanted = mapped.get(name).map_or("", String::as_str);
        if version != wanted {
            faults.push(format!(
                "{library}: {name} has version {version:?}, not {wanted:?}"
            ));
        }
    }
    Ok(())
}

/// The functions of a version map with the node they are in.
fn map_symbols(map: &str) -> BTreeMap<String, String> {
    let mut symbols = BTreeMap::new();
    let mut node = String::new();
    for line in map.lines().map(str::trim) {
        if let Some(name) = line.strip_suffix('{') {
            node = name.trim().to_owned();
        } else if let Some(name) = line.strip_suffix(';')
            && name.starts_with("isolate_")
        {
            symbols.insert(name.to_owned(), node.clone());
        }
    }
    symbols
}

fn differences(
    found: &BTreeSet<String>,
    wanted: &BTreeSet<String>,
    here: &str,
    there: &str,
    faults: &mut Vec<String>,
) {
    for name in wanted.difference(found) {
        faults.push(format!("{here}: {name} is missing; {there} has it"));
    }
    for name in found.difference(wanted) {
        faults.push(format!("{here}: {name} is not in {there}"));
    }
}

/// Soname, needed libraries and hardening.
fn library_dynamic(library: &str, faults: &mut Vec<String>) -> Result<()> {
    let dynamic = tool("readelf", &["--dynamic", "--wide", library])?;
    let bracketed = |tag: &str| -> Vec<&str> {
        let lines = dynamic.lines().filter(|line| line.contains(tag));
        lines
            .filter_map(|line| line.split_once('[')?.1.split_once(']'))
            .map(|(name, _)| name)
            .collect()
    };
    if bracketed("(SONAME)") != [SONAME] {
        faults.push(format!(
            "{library}: soname {:?}, not {SONAME}",
            bracketed("(SONAME)")
        ));
    }
    for name in bracketed("(NEEDED)") {
        if !NEEDED.contains(&name) {
            faults.push(format!("{library}: needs {name}"));
        }
    }
    if !dynamic.contains("BIND_NOW") && !dynamic.contains("NOW") {
        faults.push(format!("{library}: not linked with -z now"));
    }
    if dynamic.contains("(TEXTREL)") {
        faults.push(format!("{library}: relocations in code"));
    }
    let segments = tool("readelf", &["--program-headers", "--wide", library])?;
    if !segments.contains("GNU_RELRO") {
        faults.push(format!("{library}: not linked with -z relro"));
    }
    let stack = segments.lines().find(|line| line.contains("GNU_STACK"));
    if stack.is_none_or(|line| line.contains("RWE")) {
        faults.push(format!("{library}: an executable stack"));
    }
    Ok(())
}

/// The init: freestanding, so static, without an interpreter, without anything undefined, and small.
fn init_program(faults: &mut Vec<String>) -> Result<()> {
    let path = files::root().join("target/xtask/isolate-init");
    files::write(&path, PROGRAM).map_err(|e| format!("{}: {e}", path.display()))?;
    let init = path.to_str().ok_or("the tree's path is not UTF-8")?;
    if PROGRAM.len() > INIT_LIMIT {
        faults.push(format!(
            "the init: {} bytes, more than {INIT_LIMIT}",
            PROGRAM.len()
        ));
    }
    let file_header = tool("readelf", &["--file-header", "--wide", init])?;
    if !file_header.contains("EXEC (Executable file)") {
        faults.push("the init: not a static, position-dependent program".to_owned());
    }
    let segments = tool("readelf", &["--program-headers", "--wide", init])?;
    for part in ["INTERP", "DYNAMIC"] {
        if segments
            .lines()
            .any(|line| line.trim_start().starts_with(part))
        {
            faults.push(format!("the init: has a {part} segment"));
        }
    }
    if segments
        .lines()
        .any(|line| line.trim_start().starts_with("LOAD") && line.contains("RWE"))
    {
        faults.push("the init: has memory that is writable and executable".to_owned());
    }
    shared_pages(&segments, faults)?;
    // A stripped program has no symbol table at all, which nm tells on stderr and by an empty list.
    let undefined = tool("nm", &["--undefined-only", init])?;
    for line in undefined.lines().filter(|line| !line.trim().is_empty()) {
        faults.push(format!("the init: undefined: {}", line.trim()));
    }
    Ok(())
}

/// Segments with different rights on one page: the kernel maps them in order, and the last one decides
/// for the whole page.
fn shared_pages(segments: &str, faults: &mut Vec<String>) -> Result<()> {
    const PAGE: u64 = 4096;
    let mut end = 0;
    for line in segments
        .lines()
        .filter(|line| line.trim_start().starts_with("LOAD"))
    {
        let number = |column: usize| {
            let text = line
                .split_whitespace()
                .nth(column)
                .and_then(|t| t.strip_prefix("0x"));
            let number = text.and_then(|t| u64::from_str_radix(t, 16).ok());
            number.ok_or_else(|| format!("readelf wrote an unknown line: {line}"))
        };
        let (start, size) = (number(2)?, number(5)?);
        if start / PAGE * PAGE < end {
            faults.push(format!(
                "the init: two segments share the page at {start:#x}"
            ));
        }
        end = (start + size).div_ceil(PAGE) * PAGE;
    }
    Ok(())
}

fn tool(name: &str, args: &[&str]) -> Result<String> {
    let output = Command::new(name)
        .args(args)
        .env("LC_ALL", "C")
        .output()
        .map_err(|e| format!("{name}: {e}; install binutils"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{name} {}: {}", args.join(" "), text.trim()));
    }
    String::from_utf8(output.stdout).map_err(|e| format!("{name}: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_on_one_page_are_found() {
        let line = |start: u64, size: u64| {
            format!(
                "  LOAD 0x000158 {start:#018x} {start:#018x} {size:#08x} {size:#08x} R E 0x10\n"
            )
        };
        let count = |segments: String| {
            let mut faults = Vec::new();
            shared_pages(&segments, &mut faults).expect("lines that readelf could write");
            faults.len()
        };
        assert_eq!(count(line(0x20_0158, 0xc40) + &line(0x20_0da0, 0x5630)), 1);
        assert_eq!(count(line(0x20_0000, 0x1000) + &line(0x20_1000, 0x5630)), 0);
    }

    #[test]
    fn a_symbol_belongs_to_the_node_it_stands_in() {
        let map = "# comment\nA_1 {\n  global:\n    isolate_x;\n  local:\n    *;\n};\nA_2 {\n  global:\n    isolate_y;\n} A_1;\n";
        let symbols: Vec<_> = map_symbols(map).into_iter().collect();
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            symbols,
            [pair("isolate_x", "A_1"), pair("isolate_y", "A_2")]
        );
    }
}
