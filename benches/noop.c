/* The smallest program there is: one system call, no libc, no dynamic linker. */
__attribute__((noreturn)) void _start(void)
{
#if defined(__x86_64__)
    __asm__ volatile("syscall" : : "a"(231), "D"(0));
#elif defined(__aarch64__)
    register long number __asm__("x8") = 94, status __asm__("x0") = 0;
    __asm__ volatile("svc 0" : : "r"(number), "r"(status));
#else
#error "exit_group(0) in this machine's words"
#endif
    __builtin_unreachable();
}
