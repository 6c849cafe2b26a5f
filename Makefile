# The C library and its tests; see mk/install.mk for installing.
.DEFAULT_GOAL := c

include mk/install.mk

.PHONY: test-c audit

# A debug build, installed in a directory of its own, is what the C tests see.
c_root := build/c/root

test-c:
	$(MAKE) install PROFILE=dev PREFIX=/usr DESTDIR=$(c_root) LIBDIR=/usr/lib
	$(CARGO) xtask audit $(c_root)/usr/lib/libisolate.so.0
	tests/c/run $(c_root)
