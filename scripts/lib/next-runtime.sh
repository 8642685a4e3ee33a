#!/usr/bin/env bash
# Compiles the runtime that comes after this one, for the rehearsal of an upgrade: the same source with the feature
# `rehearsal`, which has a higher spec version and a storage migration. Prints the path of the compressed blob.
#
# The project that the wasm builder generated is compiled again with the feature, in the same target directory, so only
# the runtime's own crate is compiled. Needs a build of the workspace first.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../env"

wbuild=$CARGO_TARGET_DIR/release/wbuild
present=$wbuild/heliograph-runtime
next=$wbuild/heliograph-runtime-next
if [ ! -f "$present/Cargo.toml" ]; then
	echo "next-runtime: error: $present does not exist; build the workspace first" >&2
	exit 1
fi
mkdir -p "$next"
cp -r "$present/src" "$present/Cargo.lock" "$next/"
sed -e 's/^features = \[\]/features = ["rehearsal"]/' \
	-e 's/^name = "heliograph_runtime"/name = "heliograph_runtime_next"/' \
	-e 's/^name = "heliograph-runtime-blob"/name = "heliograph-runtime-next-blob"/' \
	"$present/Cargo.toml" >"$next/Cargo.toml"
# The same flags as the wasm builder gives, or every dependency would be compiled again.
# Without clippy's driver, which the toolchain for the blob may lack.
unset RUSTC_WORKSPACE_WRAPPER
toolchain=${WASM_BUILD_TOOLCHAIN:+"+$WASM_BUILD_TOOLCHAIN"}
RUSTFLAGS="-C link-arg=--export-table -C link-arg=--export=__heap_base -C link-arg=--import-memory --cfg substrate_runtime" \
	CARGO_PROFILE_RELEASE_LTO=off CARGO_TARGET_DIR=$present/target SKIP_WASM_BUILD="" \
	cargo $toolchain rustc --profile release --target wasm32v1-none --manifest-path "$next/Cargo.toml" >&2
blob=$present/target/wasm32v1-none/release/heliograph_runtime_next.wasm
# The prefix by which a node knows a blob compressed with zstd (sp-maybe-compressed-blob).
{
	printf '\x52\xbc\x53\x76\x46\xdb\x8e\x05'
	zstd --quiet --stdout -19 "$blob"
} >"$blob.compressed"
echo "$blob.compressed"
