# Flag over environment over config file over default; the last repeat of a flag wins.
show() { ds-clean "$@" --dump-config | grep '^threads'; }
echo 'threads = 2' > c.toml
echo '{"threads": 3}' > c.json
show
show -c c.toml
show --config=c.json
DS_THREADS=4 show -c c.toml
DS_THREADS=4 show -c c.toml -t 5
DS_THREADS=4 show -t 5 --threads=6 -t7
