# Short help on stderr, status 2.
for tool in ds-clean ds-tokenize; do
  status=0
  $tool > out 2> err || status=$?
  test $status = 2
  test ! -s out
  tail -1 err
done
