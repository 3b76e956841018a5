# A corpus with too few pairs gives a smaller vocabulary, and says so.
printf 'ab ab ab\n' > in.txt
ds-tokenize train --vocab-size 300 -o tok.json in.txt
