echo 'Some text.' > in.txt
ds-clean --json -o - in.txt
