# Impossible sizes and damaged configurations are refused before anything is allocated or written.
. "$CASE_DIR/case.bash"
try() { sed "s/$1/$2/" config.json >bad.json; status_of train --model bad.json 2>&1; }
try '"hidden_size": 32' '"hidden_size": -32'
try '"hidden_size": 32' '"hidden_size": 1152921504606846976'
try '"num_key_value_heads": 2' '"num_key_value_heads": 3'
try '"vocab_size": 64' '"vocab_size": 0'
try llama lama
try '}' ''
try '"vocab_size": 64' '"vocab_size": 32'
status_of train --seq-len 65 2>&1
status_of train --model missing.json 2>&1
test ! -e run
