# stdout carries data only, -q leaves stderr empty, and a log that is no terminal has no control codes.
echo 'A text that is long enough to be a document of its own.' > in.txt
ds-clean -o - in.txt 2> err > out
python3 -c 'import json; [json.loads(l) for l in open("out")]'
! grep -q $'[\r\x1b]' err
ds-clean -q -o out.jsonl in.txt
test -s out.jsonl
