//! The command `isolatectl`; everything is in the library, which other languages call too.

fn main() {
    std::process::exit(isolate_cli::main_from(std::env::args_os()));
}
