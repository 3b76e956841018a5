# Token data that is damaged or does not fit the model: status 3, the file and the place named, no output.
. "$CASE_DIR/case.bash"
try() { status_of train --data "$1" 2>&1; }
cp data.idx short.idx; head -c 1000 data.bin >short.bin; try short
cp data.bin cut.bin; head -c 100 data.idx >cut.idx; try cut
cp data.bin lie.bin; cp data.idx lie.idx
printf '\377\377\377\377\377\377\377\177' | dd of=lie.idx bs=1 seek=18 conv=notrunc status=none; try lie
cp data.idx big.idx; cp data.bin big.bin; printf '\100\0' | dd of=big.bin bs=1 seek=200 conv=notrunc status=none; try big
: >empty.bin; cp data.idx empty.idx; try empty
try missing
tokens tiny 0 0; try tiny
test ! -e run
