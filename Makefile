# The front door. Each target does all its own set-up and reuses what is there: `make`, `make demo`, `make test` work on a
# fresh Debian 12 or Ubuntu 24.04. Options go to CMake: `make DS_CUDA=OFF DS_TOOLS=clean,tokenize TORCH_DIR=/opt/libtorch`.
SHELL := /bin/bash
BUILD ?= build
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
CMAKE := $(or $(wildcard .deps/venv/bin/cmake),cmake)
CTEST := $(if $(findstring /,$(CMAKE)),$(dir $(CMAKE))ctest,ctest)
CPACK := $(if $(findstring /,$(CMAKE)),$(abspath $(dir $(CMAKE))cpack),cpack)
GENERATOR = $(if $(shell command -v ninja),Ninja,Unix Makefiles)
options := $(foreach name,DS_CUDA DS_CUDA_ARCHS DS_TOOLS TORCH_DIR,$(if $($(name)),-D$(name)='$($(name))')) $(CMAKE_ARGS)
.SUFFIXES:
.PHONY: all setup configure programs everything test test-full demo check bench gpu-test offline-deps install package clean help

# $(call timed,NAME,COMMAND): runs it and says how long it took.
timed = @start=$$EPOCHSECONDS; { $(2); } && printf '== %-9s %4d s\n' '$(1)' $$((EPOCHSECONDS - start))
ctest = $(CTEST) --test-dir $(BUILD) --output-on-failure -j $(JOBS)

all: programs

help:
	@printf '%s\n' 'make [all]         programs into $(BUILD)/bin' 'make demo          real text to a measured model, minutes on a CPU' \
	  'make test          build and run what CI runs' 'make test-full     the long tests too' 'make check         format, lint, levels' \
	  'make bench         speed against named peers' 'make gpu-test      CUDA build and tests, on a machine with a GPU' \
	  'make offline-deps  what a machine without network lacks, into .deps/offline' 'make install       into PREFIX=$(PREFIX)' 'make package       .deb and .tar.gz into $(BUILD)/packages' 'make clean'

parts := build
test bench: parts := build test
test-full: parts := build test full
check: parts := build test check

setup:
	$(call timed,set-up,TORCH_DIR='$(TORCH_DIR)' scripts/setup.sh $(parts))

# CMake runs by itself when its files change; here only the first time and when the options do.
configure: setup
	$(call timed,configure,if [ ! -f $(BUILD)/CMakeCache.txt ] || [ "$$(cat $(BUILD)/options 2>/dev/null)" != "$(options)" ]; then \
	  generator=$(BUILD)/CMakeCache.txt; [ -f $$generator ] && set -- || set -- -G '$(GENERATOR)'; \
	  $(CMAKE) -S . -B $(BUILD) "$$@" $(options) && printf '%s\n' "$(options)" >$(BUILD)/options; fi)

programs: configure
	$(call timed,build,$(CMAKE) --build $(BUILD) -j $(JOBS) --target programs)

everything: configure
	$(call timed,build,$(CMAKE) --build $(BUILD) -j $(JOBS))

test: everything
	@$(ctest) -LE '^(full|gpu|bench)$$'

test-full: everything
	@export DS_TEST_FULL=1; $(ctest) -LE '^(gpu|bench)$$' --output-junit $(abspath $(BUILD))/test-full.xml; status=$$?; \
	  python3 scripts/test_record.py $(BUILD)/test-full.xml tests/bench/results/test_full.json; exit $$status

bench: everything
	@$(CTEST) --test-dir $(BUILD) --verbose -L '^bench$$'

demo: programs
	@scripts/demo.sh $(BUILD)/bin

check: configure
	@scripts/check.sh $(BUILD)

gpu-test:
	@scripts/gpu-test.sh

offline-deps:
	@scripts/offline-deps.sh

install: programs
	@DESTDIR='$(DESTDIR)' $(CMAKE) --install $(BUILD) --prefix '$(PREFIX)' >$(BUILD)/install.log
	@grep -q '^TORCH_DIR:[^=]*=.' $(BUILD)/CMakeCache.txt && DESTDIR='$(DESTDIR)' $(CMAKE) --install $(BUILD) --prefix '$(PREFIX)' --component link || true

# .deb and .tar.gz into $(BUILD)/packages
package: programs
	@cd $(BUILD) && $(CPACK) --config CPackConfig.cmake >package.log && ls -l packages/*.deb packages/*.tar.gz

clean:
	rm -rf $(BUILD) demo
