# The chain as a Makefile: copy it beside your data and change what you like. Text in; out come a trained, measured and
# quantised model and a GGUF file of it; `make serve` serves it. `make -j` safe, restartable, and a second run does nothing.
#
#   make -f pipeline.mk -j TEXT='news.txt.gz forum.jsonl' HELD=held.jsonl
#   make -f pipeline.mk serve PORT=8000
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
SCHEME ?= int8#               how to quantise: int8 or int4
GATE   ?= 0.03#               largest loss that quantising may cost, as a part of the loss
PORT   ?= 8000#               where to serve; 0: any free port
BIN    ?=#                    where the programs are, with a final slash; empty: on PATH

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all serve
all: eval.json quantised/manifest.json model.gguf.manifest.json

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

quantised/manifest.json: run/manifest.json held.manifest.json
	$(BIN)ds-quantize -q --scheme $(SCHEME) --model run --data held --max-loss-increase $(GATE) -o quantised
	@touch $@

model.gguf.manifest.json: run/manifest.json
	$(BIN)ds-export gguf -q --model run -o model.gguf
	@touch $@

serve: quantised/manifest.json
	exec $(BIN)ds-serve --model quantised --port $(PORT)

-include clean.d
