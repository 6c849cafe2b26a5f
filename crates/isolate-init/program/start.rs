//! `_start`: where the kernel jumps to. No libc, so no main.

core::arch::global_asm!(
    ".globl _start",
    "_start:",
    // The ABI wants the outermost frame marked and the stack aligned.
    "xor ebp, ebp",
    "mov rdi, rsp",
    "and rsp, -16",
    "call {begin}",
    "ud2",
    begin = sym crate::begin,
);
