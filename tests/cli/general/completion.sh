# The bash script completes commands, flags and choices.
complete() { :; }
source <(ds-tokenize --completion bash)
words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ds_tokenize || true; echo "${COMPREPLY[*]-}"; }
words ds-tokenize enc
words ds-tokenize train --vocab
words ds-tokenize encode --log-format ""
