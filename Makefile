# libisolate: `make help` lists the targets. `make demo` and `make test` do all the set-up they need.
.DEFAULT_GOAL := help

include mk/install.mk
include mk/faces.mk
include mk/demo.mk
include mk/bench.mk
include mk/parity.mk
include mk/vm.mk

.PHONY: help setup test gates test-rust test-c test-user test-readme

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | sort | awk -F'\t' '{printf "  %-14s %s\n", $$1, $$2}'

setup:  ## install the Debian packages that building and testing need, or name them
	@scripts/setup

test: setup  ## everything: gates, Rust, C, Python, Node, parity, README, and as an ordinary user
	@scripts/test-all

gates:  ## formatting, lints, and what is generated from one definition
	$(CARGO) fmt --all --check
	$(CARGO) clippy --quiet --locked --workspace --all-targets -- -D warnings
	$(CARGO) xtask codegen --check
	$(CARGO) xtask header --check
	$(CARGO) xtask parity
	$(CARGO) xtask spark

test-rust:  ## unit, plan, sandbox, limits, hostile-host and fallback tests
	$(CARGO) test --locked --workspace --exclude libisolate-python --exclude libisolate-node

# A debug build, installed in a directory of its own, is what the C tests see.
c_root := build/c/root

$(c_root)/.installed: FORCE
	@$(MAKE) --no-print-directory install PROFILE=dev PREFIX=/usr DESTDIR=$(c_root) LIBDIR=/usr/lib
	@touch $@

.PHONY: FORCE
FORCE: ;

test-c: $(c_root)/.installed  ## the installed C library: plain, static, sanitizers, valgrind
	$(CARGO) xtask audit $(c_root)/usr/lib/libisolate.so.0
	tests/c/run $(c_root)

test-user:  ## the suites once more as an ordinary user (run by root)
	scripts/test-as-user

# It makes cgroups without a word about callers who may not; Python's has a test of its own.
package_readmes := $(if $(filter 0,$(shell id -u)),node/README.md)

test-readme: $(c_root)/.installed python node  ## every snippet of the README and of the guides in docs, executed
	$(CARGO) build --quiet --locked -p isolate-cli
	$(VENV_PYTHON) scripts/run-snippets README.md $(package_readmes) docs/namespaces.md docs/cgroups.md docs/systemd.md docs/doctor.md --c-root $(c_root)
