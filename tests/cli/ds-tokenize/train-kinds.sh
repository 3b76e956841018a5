# Every algorithm, the alphabet of characters, digits, normalizers, a continued vocabulary, a bounded memory, a report.
. "$CASE_DIR/case.bash"
train() { ds-tokenize train -q -f "$@"; }
train --algorithm unigram --pattern metaspace --vocab-size 220 --special '<unk>' -o uni.json "$corpus"
grep -c '"type": "Unigram"' uni.json
train --algorithm wordpiece --pattern bert --normalizer bert --vocab-size 300 --special '[CLS]' -o wp.json "$corpus"
grep -c '"\[UNK\]": 0' wp.json
train --pattern metaspace --byte-fallback --limit-alphabet 40 --vocab-size 400 --special '<unk>' -o chars.json "$corpus"
grep '"byte_fallback": true' chars.json
grep '"<0x00>": 1' chars.json
train --pattern gpt2 --digits individual --vocab-size 300 -o digits.json "$corpus"
grep -F '\\p{N}' digits.json
for t in uni wp chars digits; do ds-tokenize count --tokenizer $t.json "$corpus" > /dev/null && echo $t counts; done
# Every pattern goes with every algorithm; patterns that keep the text give it back from characters, too (WordPiece puts
# its own spaces between words).
for algorithm in bpe unigram wordpiece; do
  for pattern in deepseek-v3 llama3 qwen2 gpt2 qwen3.5 cl100k cl100k-literal gpt-4o tekken deepseek-llm deepseek-coder bert \
    whitespace whitespace-split none metaspace; do
    flags="--algorithm $algorithm --pattern $pattern --vocab-size 400 --special <unk>"
    [ $algorithm != bpe ] || [ $pattern = metaspace ] || flags+=" --alphabet characters"
    train $flags -o any.json "$corpus"
    ds-tokenize encode -q --tokenizer any.json --format jsonl -o ids.jsonl "$corpus"
    case $algorithm-$pattern in wordpiece-*|*-bert|*-whitespace*|*-metaspace) continue ;; esac
    ds-tokenize decode -q --keep-special-tokens --tokenizer any.json -o text.jsonl ids.jsonl
    python3 -c 'import json, sys
sys.exit(len({tuple(json.loads(line)["text"] for line in open(f)) for f in sys.argv[1:]}) - 1)' "$corpus" text.jsonl ||
      echo "$algorithm $pattern: another text"
  done
done
# The same file with little memory, which goes to disk and leaves nothing behind.
train --vocab-size 711 --memory 64M -o small.json "$corpus"
cmp small.json "$tok"
ls -A | grep words || true
# Ids of a continued tokenizer stay; a report compares both.
train --vocab-size 500 -o base.json "$corpus"
train --continue base.json --vocab-size 600 --report report.json --compare base.json -o more.json "$corpus"
cmp more.json <(ds-tokenize train -q --vocab-size 600 -o - "$corpus") && echo as trained at once
python3 -c '
import json
r = json.load(open("report.json"))
new, old = r["total"]["tokenizers"]
print(r["total"]["documents"], new["tokens"] < old["tokens"], len(r["inputs"]), sorted(r))'
# What does not go together.
for flags in "--algorithm unigram --continue base.json" "--compare base.json" "--memory 1K" "--pattern metaspace --alphabet bytes" "--normalizer none"; do
  ds-tokenize train -q $flags -o x.json "$corpus" || echo $?
done
ds-tokenize train -q --continue uni.json -o x.json "$corpus" || echo $?
