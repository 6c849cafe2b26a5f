# Tests on other kernels, cgroup layouts and under systemd; see tests/vm/README.md. Included by the Makefile.
#
#   make vm RUN='target/debug/deps/cgroups-0123456789abcdef --test-threads=2' VM_FLAGS='--kernel 6.1 --layout v1'

.PHONY: vm

RUN ?= bash -c 'uname -a; cat /proc/self/cgroup'
VM_FLAGS ?=

vm:  ## one command in a guest with systemd and cgroup v2: RUN='...' VM_FLAGS='--user --kernel newest'
	@tests/vm/run $(VM_FLAGS) -- $(RUN)
