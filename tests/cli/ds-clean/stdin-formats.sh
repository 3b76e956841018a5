# stdin is JSONL unless it is said to be something else; compression is seen by content.
printf 'one\n\ntwo\nlines\n' | gzip | ds-clean -q --input-format text --split paragraph -o - -
printf 'text\n"a"\n' | ds-clean -q --input-format csv -o - -
