# The same cases through C, Python, Node and Rust; see tests/parity/README.md. Included by the Makefile,
# beside mk/faces.mk and with the C library installed in $(c_root).
#
#   make test-parity CASES='memory timeout'

.PHONY: test-parity parity-runners

CASES ?=
parity_c := build/parity/run_case

parity-runners: build/c/root/.installed python node
	@mkdir -p $(dir $(parity_c))
	$(CC) -std=c11 -pedantic -Wall -Wextra -Werror -pthread -o $(parity_c) $(wildcard tests/parity/*.c) -Ibuild/c/root/usr/include \
		-Lbuild/c/root/usr/lib -Wl,-rpath,$(CURDIR)/build/c/root/usr/lib -lisolate
	$(CARGO) build --quiet --locked -p libisolate --example run_case

test-parity: parity-runners  ## every case through C, Rust, Python and Node: equal lines, nothing left behind
	$(VENV_PYTHON) tests/parity/run --c $(parity_c) --rust $(target_dir)/debug/examples/run_case \
		--python $(VENV_PYTHON) --node node $(CASES)
