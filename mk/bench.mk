# `make bench`: what a launch costs, in every language, beside the floor and beside bubblewrap.
# Included by the Makefile, after mk/install.mk and mk/faces.mk. On a busy machine
# `make bench BENCH_FLAGS='--cpu 1'` is steadier.

bench_dir  := build/bench
bench_root := $(bench_dir)/root

.PHONY: bench

bench: setup python node  ## what a launch costs: C floor, every face, bubblewrap; and with a big host (2 minutes)
	$(MAKE) --no-print-directory install PROFILE=release PREFIX=/usr DESTDIR=$(bench_root) LIBDIR=/usr/lib
	$(CARGO) build --quiet --locked --release -p isolate-cli
	$(CARGO) build --quiet --locked --release -p libisolate --example bench
	$(CC) -O2 -Wall -Wextra -nostdlib -static -o $(bench_dir)/noop benches/noop.c
	$(CC) -std=gnu11 -O2 -Wall -Wextra -I$(bench_root)/usr/include -o $(bench_dir)/server benches/server.c benches/floor.c \
		-L$(bench_root)/usr/lib -lisolate -Wl,-rpath,$(CURDIR)/$(bench_root)/usr/lib
	@python3 benches/run.py --build $(bench_dir) --isolatectl $(target_dir)/release/isolatectl \
		--rust $(target_dir)/release/examples/bench --python $(VENV_PYTHON) --node node $(BENCH_FLAGS)

.PHONY: bench-namespaces

bench-namespaces: setup  ## what handles, entering and making namespaces cost, beside the system calls (run by root; 1 minute)
	$(MAKE) --no-print-directory install PROFILE=release PREFIX=/usr DESTDIR=$(bench_root) LIBDIR=/usr/lib
	$(CC) -std=gnu11 -O2 -Wall -Wextra -I$(bench_root)/usr/include -o $(bench_dir)/namespaces benches/namespaces.c \
		-L$(bench_root)/usr/lib -lisolate -lpthread -Wl,-rpath,$(CURDIR)/$(bench_root)/usr/lib
	$(bench_dir)/namespaces

.PHONY: bench-cgroups

# libcgroup (Debian: libcgroup-dev) only where it is there: nothing else needs it.
libcgroup_flags = $(shell pkg-config --exists libcgroup && echo -DHAVE_LIBCGROUP $$(pkg-config --cflags --libs libcgroup))

bench-cgroups: setup  ## what groups cost, beside plain C and libcgroup (run by root; 1 minute)
	$(CARGO) build --quiet --locked --release -p libisolate --example bench_cgroups
	mkdir -p $(bench_dir)
	$(CC) -std=gnu11 -O2 -Wall -Wextra -o $(bench_dir)/cgroups benches/cgroups.c $(libcgroup_flags)
	@python3 benches/cgroups.py --plain $(bench_dir)/cgroups \
		--rust $(target_dir)/release/examples/bench_cgroups $(BENCH_FLAGS)

.PHONY: bench-systemd

bench-systemd: setup  ## what a scope of systemd's costs a job, beside systemd-run (run by root; 1 minute)
	$(CARGO) build --quiet --locked --release -p libisolate --example bench_systemd
	@tests/vm/container -- $(target_dir)/release/examples/bench_systemd
