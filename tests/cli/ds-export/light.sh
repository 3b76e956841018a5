# It links neither torch nor CUDA, so it starts at once.
ldd "$(command -v ds-export)" | grep -ci -e torch -e cuda || true
