#!/bin/sh
# Compiles jxl-rs to src/media/transcode/jxl/jxl.wasm. README.md names what it needs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$here/Cargo.toml" "$here/Cargo.lock" "$here/src" "$work"
cd "$work"

# The memory is imported, so that JavaScript sets its maximum. The standard library is compiled from Debian's source.
export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_PROFILE_RELEASE_BUILD_OVERRIDE_OPT_LEVEL=0
export RUSTFLAGS="-C target-feature=+simd128 -C linker=wasm-ld -C link-arg=--import-memory -C link-arg=--max-memory=134217728
  -C link-arg=--initial-memory=2097152 -C link-arg=-zstack-size=1048576 --remap-path-prefix=$work=/build
  --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
/usr/bin/cargo build --release --quiet --locked --target wasm32-unknown-unknown -Zbuild-std=std,panic_abort
cp target/wasm32-unknown-unknown/release/jxl_image.wasm "$root/src/media/transcode/jxl/jxl.wasm"
chmod 644 "$root/src/media/transcode/jxl/jxl.wasm"
