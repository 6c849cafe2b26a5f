# Builds and installs the C library: header, libisolate.so with its soname links, libisolate.a,
# libisolate.pc. Included by the Makefile.
#
#   make install PREFIX=/usr LIBDIR=/usr/lib/x86_64-linux-gnu DESTDIR=/tmp/root

PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DESTDIR    ?=
CARGO      ?= cargo
CC         ?= cc
INSTALL    ?= install
STRIP      ?= strip
# release or dev; the tests take dev, which builds faster.
PROFILE    ?= release

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
SONAME  := libisolate.so.0
SO      := libisolate.so.$(VERSION)

profile_dir := $(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
target_dir  := $(or $(CARGO_TARGET_DIR),target)
rust_a      := $(target_dir)/$(profile_dir)/libisolate.a
c_dir       := build/c/$(profile_dir)

# rustc's own link of a cdylib drops symbol versions, so the linker gets the static library and the
# version map. Everything that the map does not name stays inside.
so_flags := -shared -Wl,-soname,$(SONAME) -Wl,--version-script=crates/isolate-capi/isolate.map \
	-Wl,--gc-sections -Wl,--no-undefined -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
# What `rustc --print native-static-libs` says; the rule below checks it.
native_libs := -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc

.PHONY: c install uninstall c-rust

c: $(c_dir)/$(SO) $(c_dir)/libisolate.a $(c_dir)/libisolate.pc

# cargo knows best whether there is something to do.
c-rust:
	@mkdir -p $(c_dir)
	$(CARGO) rustc --quiet --locked --profile $(PROFILE) -p isolate-capi --crate-type staticlib \
		-- --print native-static-libs=$(abspath $(c_dir))/native-libs
	@if test -s $(c_dir)/native-libs && test "`cat $(c_dir)/native-libs`" != "$(native_libs)"; then \
		echo "rustc asks for other libraries than mk/install.mk: `cat $(c_dir)/native-libs`" >&2; exit 1; fi

$(rust_a): c-rust ;

$(c_dir)/libisolate.a: $(rust_a)
	cp $< $@
ifneq ($(profile_dir),debug)
	$(STRIP) --strip-debug $@
endif

$(c_dir)/$(SO): $(rust_a) crates/isolate-capi/isolate.map
	$(CC) $(LDFLAGS) $(so_flags) -o $@ -Wl,--whole-archive $(rust_a) -Wl,--no-whole-archive -Wl,--as-needed $(native_libs)
ifneq ($(profile_dir),debug)
	$(STRIP) --strip-unneeded $@
endif

$(c_dir)/libisolate.pc: mk/libisolate.pc.in Cargo.toml c-rust
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
		-e 's|@VERSION@|$(VERSION)|' -e 's|@PRIVATE@|$(native_libs)|' $< > $@

install: c
	$(INSTALL) -d $(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(LIBDIR)/pkgconfig
	$(INSTALL) -m 644 include/isolate.h $(DESTDIR)$(INCLUDEDIR)/isolate.h
	$(INSTALL) -m 644 $(c_dir)/libisolate.a $(DESTDIR)$(LIBDIR)/libisolate.a
	$(INSTALL) -m 755 $(c_dir)/$(SO) $(DESTDIR)$(LIBDIR)/$(SO)
	ln -sf $(SO) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libisolate.so
	$(INSTALL) -m 644 $(c_dir)/libisolate.pc $(DESTDIR)$(LIBDIR)/pkgconfig/libisolate.pc

uninstall:
	rm -f $(DESTDIR)$(INCLUDEDIR)/isolate.h $(DESTDIR)$(LIBDIR)/libisolate.a \
		$(DESTDIR)$(LIBDIR)/$(SO) $(DESTDIR)$(LIBDIR)/$(SONAME) $(DESTDIR)$(LIBDIR)/libisolate.so \
		$(DESTDIR)$(LIBDIR)/pkgconfig/libisolate.pc
