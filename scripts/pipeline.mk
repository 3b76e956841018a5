# The chain as a Makefile: copy it beside your data and change what you like. Text in, a trained and measured model out;
# `make -j` safe, restartable, and a second run does nothing.
#
#   make -f pipeline.mk -j TEXT='news.txt.gz forum.jsonl' HELD=held.jsonl
#
# Every artifact has a manifest that is written last (X.manifest.json beside a file X, manifest.json in a folder), so the
# manifests are what make looks at: an interrupted step leaves none. A killed training run goes on where it was when make
# is called again. Tools that find their output already made from the same input do nothing, and `touch` tells make so.
# Make turns every failure into its own status 2; the tool's message says which it was (1 no, 2 usage, 3 data, 4 I/O,
# 5 resource, 75 stopped on purpose, 130/143 signal).
TEXT   ?= $(wildcard text/*)# what to learn from: text, JSONL, CSV; .gz and .zst too
HELD   ?= held.jsonl#         what to measure on; near copies of it are kept out of the training text
MODEL  ?= config.json#        the model's shape (or a model folder to go on from)
CONFIG ?= train.toml#         how to train: see ds-train --dump-config
VOCAB  ?= 8000#               entries of the tokenizer
BIN    ?=#                    where the programs are, with a final slash; empty: on PATH

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all
all: eval.json

clean.jsonl.manifest.json: $(TEXT) $(HELD)
	$(BIN)ds-clean -q --against $(HELD) --depfile clean.d -o clean.jsonl $(TEXT)
	@touch $@

tokenizer.json.manifest.json: clean.jsonl.manifest.json
	$(BIN)ds-tokenize train -q --vocab-size $(VOCAB) -o tokenizer.json clean.jsonl
	@touch $@

data.manifest.json: tokenizer.json.manifest.json clean.jsonl.manifest.json
	$(BIN)ds-tokenize encode -q --tokenizer tokenizer.json -o data clean.jsonl
	@touch $@

held.manifest.json: tokenizer.json.manifest.json $(HELD)
	$(BIN)ds-tokenize encode -q --tokenizer tokenizer.json -o held $(HELD)
	@touch $@

run/manifest.json: data.manifest.json $(MODEL) $(CONFIG)
	$(BIN)ds-train -q -c $(CONFIG) --model $(MODEL) --data data -o run
	@touch $@

eval.json: run/manifest.json held.manifest.json
	$(BIN)ds-eval perplexity -q --model run --data held --json >$@

-include clean.d
