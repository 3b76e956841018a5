# Everything that writes to stdout notices a full disk: status 4, never 0.
echo 'A text that is long enough to be a document of its own.' > in.txt
check() { local status=0; "$@" > /dev/full 2> err || status=$?; echo "$status"; grep -q '^ds-.*: error: <*stdout>*: ' err; }
check ds-clean --version
check ds-clean --help
check ds-clean --dump-config
check ds-clean -o - in.txt
check ds-clean --json -o out.jsonl in.txt
