# The same cases through C, Python, Node and Rust; see tests/parity/README.md. Included by the Makefile,
# after mk/faces.mk and with the C library in $(c_root).

.PHONY: test-parity

PARITY_C := build/parity/run_case

# Names of cases, to run these alone: make test-parity CASES='memory timeout'
CASES ?=

test-parity: $(c_root)/.installed python node  ## every case through all four faces: equal lines, nothing left behind
	@mkdir -p $(dir $(PARITY_C))
	$(CC) -std=c11 -pedantic -Wall -Wextra -Werror -o $(PARITY_C) tests/parity/run_case.c \
		-I$(c_root)/usr/include -L$(c_root)/usr/lib -Wl,-rpath,$(abspath $(c_root))/usr/lib -lisolate
	$(CARGO) build --quiet --locked -p libisolate --example run_case
	tests/parity/run --c $(PARITY_C) --python $(VENV_PYTHON) --node node --rust $(target_dir)/debug/examples/run_case $(CASES)
