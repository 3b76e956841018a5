#!/usr/bin/env bash
# The chain at toy size, offline: once by hand, once under `make -j` from scripts/pipeline.mk. Shows that both give the
# same bytes, that a second make runs nothing, that an unchanged input with a new date costs no work, and that a training
# run killed in the middle goes on with the next make and ends in the same model as an unbroken one.
#
#   tests/pipeline/run.sh BIN
set -euo pipefail
bin=$(cd "$1" && pwd)/
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill -9 -- -${group:-999999} 2>/dev/null || true; rm -rf "$work"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
step() { printf '%5.1f s  %s\n' "$(($(date +%s%N) - started))e-9" "$1"; }
started=$(date +%s%N)
export OMP_NUM_THREADS=1 DS_THREADS=1

inputs() {  # FOLDER STEPS: what a user brings
  mkdir -p "$1/text"
  awk -v documents=160 -v seed=1 -f "$here/toy_text.awk" >"$1/text/a.jsonl"
  awk -v documents=120 -v seed=2 -f "$here/toy_text.awk" | gzip -n >"$1/text/b.jsonl.gz"
  awk -v documents=24 -v seed=3 -f "$here/toy_text.awk" >"$1/held.jsonl"
  cat >"$1/config.json" <<'JSON'
{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 600, "hidden_size": 64, "num_hidden_layers": 2,
 "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 128, "max_position_embeddings": 128,
 "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu", "initializer_range": 0.02, "tie_word_embeddings": true}
JSON
  printf 'steps = %d\nbatch-size = 4\nseq-len = 64\nlr = 3e-3\nwarmup = 5\nsave-every = 10\nlog-every = 1\n' "$2" >"$1/train.toml"
}
pipeline() { make -s -f "$here/../../scripts/pipeline.mk" BIN="$bin" VOCAB=600 "$@"; }
loss() { sed -n 's/.*"loss": *\([0-9.e-]*\).*/\1/p' "$1"; }
same() { cmp "$1" "$2" || fail "$1 and $2 differ"; }

# By hand.
inputs "$work/hand" 40
cd "$work/hand"
"${bin}ds-clean" -q --against held.jsonl -o clean.jsonl text/a.jsonl text/b.jsonl.gz
"${bin}ds-tokenize" train -q --vocab-size 600 -o tokenizer.json clean.jsonl
"${bin}ds-tokenize" encode -q --tokenizer tokenizer.json -o data clean.jsonl
"${bin}ds-tokenize" encode -q --tokenizer tokenizer.json -o held held.jsonl
"${bin}ds-train" -q -c train.toml --model config.json --data data -o run
"${bin}ds-eval" perplexity -q --model run --data held --json >eval.json
"${bin}ds-eval" generate -q --model run --prompt "The river" --max-tokens 8 --temperature 0 >generated.txt
"${bin}ds-quantize" -q --scheme int8 --model run --data held --max-loss-increase 0.03 -o quantised
"${bin}ds-export" gguf -q --model run -o model.gguf
step "by hand"
"${bin}ds-export" verify -q run quantised model.gguf data >/dev/null || fail "ds-export verify finds something wrong"
[ -s generated.txt ] || fail "nothing generated"
awk -v p="$(sed -n 's/.*"perplexity": *\([0-9.]*\).*/\1/p' eval.json)" 'BEGIN { exit !(p > 1 && p < 300) }' || fail "perplexity: $(cat eval.json)"

# Under make, two rules at a time.
inputs "$work/make" 40
cd "$work/make"
pipeline -j4
step "make -j4"
for file in clean.jsonl tokenizer.json data.bin data.idx held.bin run/model.safetensors run/manifest.json quantised/model.safetensors quantised/manifest.json model.gguf; do same "../hand/$file" "$file"; done
same <(loss ../hand/eval.json) <(loss eval.json)
pipeline -q || fail "a second make has work to do"
[ -z "$(pipeline -j4 --no-print-directory 2>&1 | grep ds-)" ] || fail "a second make ran a tool"

# The last stage: it says where it listens, answers, and ends with 0 when it is told to.
make -s -f "$here/../../scripts/pipeline.mk" BIN="$bin" PORT=0 serve 2>serve.log &
server=$!
for _ in $(seq 300); do grep -q '^listening on ' serve.log && break; sleep 0.1; done
url=$(sed -n 's/^listening on //p' serve.log)
[ -n "$url" ] || fail "ds-serve does not say where it listens: $(cat serve.log)"
curl -sS --fail-with-body "$url/v1/completions" --json '{"prompt": "The river", "max_tokens": 8, "temperature": 0}' >answer.json || fail "no answer: $(cat answer.json)"
grep -q '"finish_reason"' answer.json || fail "answer: $(cat answer.json)"
pkill -TERM -P $server -x ds-serve || kill -TERM $server
wait $server || fail "make serve ended with $?: $(cat serve.log)"
step "served"

# The same input with a new date: every tool sees that there is nothing to do, and make is satisfied for good.
before=$(stat -c %i run/model.safetensors)
touch text/a.jsonl
pipeline -j4
pipeline -q || fail "make is not satisfied after a touch"
[ "$before" = "$(stat -c %i run/model.safetensors)" ] || fail "a new date alone trained again"
step "second make"

# Killed in the middle of training.
inputs "$work/hand2" 200; inputs "$work/killed" 200
cd "$work/hand2"
for folder in . ../killed; do cp -p ../make/{clean,tokenizer,data,held}.* $folder; done
"${bin}ds-train" -q -c train.toml --model config.json --data data -o run
step "unbroken run"
cd "$work/killed"
setsid make -s -f "$here/../../scripts/pipeline.mk" BIN="$bin" VOCAB=600 >make.log 2>&1 &
group=$!
for _ in $(seq 600); do compgen -G 'run/checkpoints/step-*/manifest.json' >/dev/null && break; sleep 0.05; done
kill -9 -- -$group 2>/dev/null || fail "make ended before it could be killed: $(cat make.log)"
wait $group 2>/dev/null || true
group=
[ ! -e eval.json ] || fail "eval.json is there although training was killed"
grep -q '"step": *200\b' run/metrics.jsonl 2>/dev/null && fail "the run was complete before it was killed"
pipeline -j2
step "killed, then made again"
same ../hand2/run/model.safetensors run/model.safetensors
pipeline -q || fail "make has work to do after the run was completed"
echo "pipeline: all as it should be"
