# Sizes that cannot be: each is refused before any memory is taken.
. "$CASE_DIR/case.bash"
try() {
  rm -rf model && copy_model
  python3 -c '
import json, sys
c = json.load(open("model/config.json"))
c.update(json.loads(sys.argv[1]))
json.dump(c, open("model/config.json", "w"))' "$1"
  status=0
  ds-eval perplexity --model model --data "$toy/held" || status=$?
  echo "$1: $status"
}
try '{"hidden_size": -1}'
try '{"num_attention_heads": 0}'
try '{"num_key_value_heads": 3}'
try '{"vocab_size": 4611686018427387904}'
try '{"num_hidden_layers": 1000000000000}'
try '{"vocab_size": 1000000}'
try '{"model_type": "mamba"}'
try '{"rms_norm_eps": "small"}'
