# -o that cannot work is said before any work: a missing folder is 4, the input itself is 2; the input stays as it was.
echo 'A text that is long enough to be a document of its own.' > in.txt
try() { local status=0; "$@" 2> err || status=$?; echo "$status $(head -1 err)"; }
try ds-clean -o missing/out.jsonl in.txt
try ds-clean -o in.txt in.txt
ln in.txt hard.txt
try ds-clean -o hard.txt in.txt
ln -s in.txt soft.txt
try ds-clean -o soft.txt in.txt
mkdir folder
try ds-clean -o folder in.txt
cmp in.txt hard.txt
ls
