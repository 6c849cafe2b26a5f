# The Python and Node packages: built into build/venv and node/, and their tests.
# Included by the Makefile; works alone too: make -f mk/faces.mk test-python test-node

VENV := build/venv
VENV_PYTHON := $(VENV)/bin/python
RUST_SOURCES := $(shell find crates bindings -name '*.rs' -o -name Cargo.toml) Cargo.lock
NODE_ADDON := node/libisolate.linux-$(shell node -p process.arch 2>/dev/null).node

.PHONY: python node test-python test-node test-node-types

# An environment of its own with the package and what its tests need.
python: $(VENV)/.installed

$(VENV)/.made:
	python3 -m venv $(VENV)
	$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check 'maturin>=1.9,<2' 'pytest>=7' 'mypy>=1.10' typing_extensions
	touch $@

$(VENV)/.installed: $(VENV)/.made python/pyproject.toml $(wildcard python/libisolate/*) $(RUST_SOURCES)
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --force-reinstall ./python
	touch $@

# The addon beside index.js, so that `npm install ./node` and require() find it.
node: $(NODE_ADDON)

$(NODE_ADDON): $(RUST_SOURCES)
	cd node && node scripts/build.js

test-python: python
	$(VENV_PYTHON) -m mypy.stubtest libisolate._native --mypy-config-file python/pyproject.toml
	$(VENV_PYTHON) -m mypy --config-file python/pyproject.toml python/libisolate python/tests/typed_user.py
	$(VENV_PYTHON) -m pytest python/tests

test-node: node test-node-types
	node --expose-gc --test node/test/*.test.js

# TypeScript's own compiler is needed for this check alone, so it is installed beside the package.
TYPES := build/node-types
$(TYPES)/.made:
	mkdir -p $(TYPES)
	echo '{"private": true, "dependencies": {"typescript": "^5.6 || ^6 || ^7", "@types/node": "^22"}}' > $(TYPES)/package.json
	cd $(TYPES) && npm install --no-audit --no-fund --silent --ignore-scripts
	touch $@

test-node-types: $(TYPES)/.made
	rm -rf $(TYPES)/src && mkdir -p $(TYPES)/src
	cp node/test/types.ts $(TYPES)/src/
	ln -sfn $(CURDIR)/node $(TYPES)/node_modules/libisolate
	cd $(TYPES) && npx --no-install tsc --strict --noEmit --preserveSymlinks --skipLibCheck false --exactOptionalPropertyTypes \
		--target es2022 --lib es2022,esnext.disposable --module nodenext --moduleResolution nodenext --types node src/types.ts
