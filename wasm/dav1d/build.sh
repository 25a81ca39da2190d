#!/bin/sh
# Compiles dav1d to src/media/transcode/av1/dav1d.wasm. README.md names what it needs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The crate holds the source of dav1d 1.4.3 unchanged.
mkdir "$work/crate"
cat > "$work/crate/Cargo.toml" << 'END'
[package]
name = "fetch"
version = "0.0.0"
edition = "2021"
[lib]
path = "lib.rs"
[dependencies]
libdav1d-sys = "=0.7.1"
END
: > "$work/crate/lib.rs"
(cd "$work/crate" && cargo vendor --quiet > /dev/null)
dav1d=$work/crate/vendor/libdav1d-sys/vendor
echo '#define DAV1D_VERSION "1.4.3"' > "$work/vcs_version.h"
sed 's/@DAV1D_API_VERSION_MAJOR@/7/; s/@DAV1D_API_VERSION_[A-Z]*@/0/' "$dav1d/include/dav1d/version.h.in" > "$work/version.h"

flags="--target=wasm32-wasi -O3 -msimd128 -std=c11 -DNDEBUG -D_GNU_SOURCE -fno-math-errno -fvisibility=hidden
  -I$here -I$work -I$dav1d -I$dav1d/include -I$dav1d/include/dav1d"
compile() {
  clang $flags "$@" &
}
for name in cdf cpu data decode dequant_tables getbits intra_edge itx_1d lf_mask lib log mem msac obu pal picture qm \
  ref refmvs scan tables thread_task warpmv wedge; do
  compile -c "$dav1d/src/$name.c" -o "$work/$name.o"
done
wait
for bits in 8 16; do
  for name in cdef_apply cdef fg_apply filmgrain ipred_prepare ipred itx lf_apply loopfilter looprestoration lr_apply \
    mc recon; do
    compile -DBITDEPTH=$bits -c "$dav1d/src/${name}_tmpl.c" -o "$work/${name}_$bits.o"
  done
  wait
done
compile -c "$here/frame.c" -o "$work/frame.o"
wait
# The memory is imported, so that JavaScript sets its maximum.
clang --target=wasm32-wasi -nostartfiles -Wl,--no-entry,--gc-sections,--strip-all,--import-memory,--stack-first \
  -Wl,-z,stack-size=1048576,--initial-memory=2097152,--max-memory=134217728 \
  "$work"/*.o -o "$root/src/media/transcode/av1/dav1d.wasm"
chmod 644 "$root/src/media/transcode/av1/dav1d.wasm"
cp "$dav1d/COPYING" "$root/src/media/transcode/av1/dav1d.LICENSE"
