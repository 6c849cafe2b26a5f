# Tests on other kernels, cgroup layouts and under systemd; see tests/vm/README.md. Included by the Makefile.
#
#   make vm RUN='target/debug/deps/cgroups-0123456789abcdef --test-threads=2' VM_FLAGS='--kernel 6.1 --layout v1'
#   make vm-tests VM_FLAGS='--kernel newest' SUITE='--only cgroups,devices --users root'

.PHONY: test-systemd test-vm vm vm-tests container vm-programs

RUN ?= bash -c 'uname -a; cat /proc/self/cgroup'
VM_FLAGS ?=
SUITE ?= --set kernel

test-systemd: vm-programs  ## the suite under systemd in namespaces on this kernel, as root and as a user
	@tests/vm/tiers systemd

test-vm: vm-programs  ## the suite in guests: v2 with systemd as root and as a user, then other kernels and layouts
	@tests/vm/tiers vm

vm-tests: vm-programs  ## some tests in a guest: SUITE='--only cgroups --users root' VM_FLAGS='--kernel newest'
	@tests/vm/run --timeout 1800 $(VM_FLAGS) -- tests/vm/suite $(SUITE)

vm:  ## one command in a guest with systemd and cgroup v2: RUN='...' VM_FLAGS='--user --kernel newest'
	@tests/vm/run $(VM_FLAGS) -- $(RUN)

container:  ## one command under systemd on this kernel: RUN='...' VM_FLAGS='--user'
	@tests/vm/container $(VM_FLAGS) -- $(RUN)

# Everything that tests/vm/suite runs: a compiler would take long in there.
vm-programs: build/c/root/.installed python node parity-runners
	@mkdir -p build/vm/c build/vm/helpers
	$(CARGO) build --quiet --locked -p isolate-cli
	@scripts/test-programs -p libisolate -p isolate-cli > build/vm/programs.new
	@mv build/vm/programs.new build/vm/programs
	@C_TEST_BUILD=build/vm C_TEST_PROGRAMS=build/vm/c tests/c/run build/c/root compile
# Programs in C that the tests have compiled here before, by a name that tells their text.
	@find $${TMPDIR:-/tmp}/isolate-tests-$$(id -u) -type f ! -name '*.c' -exec cp -pu {} build/vm/helpers/ \; 2>/dev/null || true
