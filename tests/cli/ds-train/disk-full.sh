# A disk that is too small is told before the first step. Needs the right to mount; without it there is nothing to see.
. "$CASE_DIR/case.bash"
mkdir small
if unshare -rm true 2>/dev/null; then
  unshare -rm bash -c 'mount -t tmpfs -o size=200k tmpfs small && ds-train -c train.toml --model config.json --data data -o small/run 2>err; echo "status $?"; ls small'
  grep -q 'MB free' err
else
  echo "status 4"
fi
