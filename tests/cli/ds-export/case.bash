# Sourced by cases: a model folder of our own making (it has a manifest), and a plain committed one.
toy=$TESTDATA/toy/model
status_of() { local status=0; "$@" || status=$?; echo "status $status"; }
copy_model() { cp -r "$toy" "$1"; chmod -R u+w "$1"; }
