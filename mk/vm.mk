# Tests on other kernels, cgroup layouts and under systemd; see tests/vm/README.md. Included by the Makefile.
#
#   make vm RUN='target/debug/deps/cgroups-0123456789abcdef --test-threads=2' VM_FLAGS='--kernel 6.1 --layout v1'

.PHONY: vm vm-programs

RUN ?= bash -c 'uname -a; cat /proc/self/cgroup'
VM_FLAGS ?=

vm:  ## one command in a guest with systemd and cgroup v2: RUN='...' VM_FLAGS='--user --kernel newest'
	@tests/vm/run $(VM_FLAGS) -- $(RUN)

# Everything that tests/vm/suite runs: a compiler would take long in there.
vm-programs: build/c/root/.installed python node parity-runners
	@mkdir -p build/vm/c
	$(CARGO) build --quiet --locked -p isolate-cli
	@scripts/test-programs -p libisolate -p isolate-cli > build/vm/programs.new
	@mv build/vm/programs.new build/vm/programs
	@C_TEST_BUILD=build/vm C_TEST_PROGRAMS=build/vm/c tests/c/run build/c/root compile
