# --dump-config needs nothing else, and what it prints is read back to the same.
ds-train --dump-config >all.toml
grep -c = all.toml | awk '{ print ($1 >= 40) }'
for key in steps batch-size seq-len accumulation lr warmup schedule weight-decay clip beta1 beta2 eps precision save-every log-every; do
  grep -q "^$key = " all.toml || echo "no $key"
done
ds-train -c all.toml --dump-config | cmp - all.toml
ds-train -c all.toml --lr 0.5 --dump-config | diff all.toml - | grep '^>'
