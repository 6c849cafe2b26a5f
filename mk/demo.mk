# `make demo`: the same untrusted work from C, Python and Node, and one table of how it went.
# Included by the Makefile, after mk/install.mk and mk/faces.mk; its rule for build/c/root/.installed
# puts a debug build of the C library there.

demo_dir  := build/demo
demo_src  := examples/demo
demo_root := build/c/root
demo_args  = $(CURDIR)/$(demo_dir)/source $(CURDIR)/$(demo_src)/jobs $(CURDIR)/$(demo_dir)/work

.PHONY: demo test-demo

demo: setup $(demo_dir)/source $(demo_root)/.installed python node  ## zlib built and tested in the sandbox from C, Python and Node, then misbehaviour; one table
	$(CC) -std=c11 -Wall -Wextra -O1 -D_GNU_SOURCE -I$(demo_root)/usr/include -o $(demo_dir)/demo $(demo_src)/demo.c \
		-L$(demo_root)/usr/lib -lisolate -Wl,-rpath,$(CURDIR)/$(demo_root)/usr/lib
	mkdir -p $(demo_dir)/node_modules
	ln -sfn $(CURDIR)/node $(demo_dir)/node_modules/libisolate
	cp $(demo_src)/demo.mjs $(demo_dir)/
	rm -rf $(demo_dir)/work
	mkdir $(demo_dir)/work
	@echo 'building zlib in the sandbox three times, then twelve misbehaviours; this takes a minute'
	@$(demo_dir)/demo $(demo_args) > $(demo_dir)/c.rows
	@$(VENV_PYTHON) $(demo_src)/demo.py $(demo_args) > $(demo_dir)/python.rows
	@node $(demo_dir)/demo.mjs $(demo_args) > $(demo_dir)/node.rows
	@python3 $(demo_src)/report.py $(demo_dir)/c.rows $(demo_dir)/python.rows $(demo_dir)/node.rows
	@rm -rf $(demo_dir)/work

# It checks each of its rows.
test-demo: demo

$(demo_dir)/source: $(demo_src)/fetch.py $(demo_src)/zlib/Cargo.lock
	mkdir -p $(demo_dir)
	CARGO='$(CARGO)' python3 $(demo_src)/fetch.py $@
	touch $@
