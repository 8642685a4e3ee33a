# Sourced by scripts/setup: which Rust builds the native side, which one the runtime, and where its wasm target comes
# from.
#
# The native side takes any Rust that is new enough. The runtime needs the target wasm32v1-none. rustup downloads it in
# seconds; where it cannot, Debian's toolchain (rustc-web) comes with its own sources, from which the target's two
# libraries are built once.

# The name under which rustup knows Debian's toolchain.
DEBIAN_TOOLCHAIN=debweb
# Installed through rustup when its default toolchain is too old.
RUSTUP_TOOLCHAIN_WANTED=stable

rust_works() {
	have cargo && have rustc || return 1
	local version
	version=$(rustc --version 2>/dev/null | cut -d' ' -f2) || return 1
	[ "$(printf '%s\n%s\n' "$MIN_RUST" "${version%%-*}" | sort -V | head -n1)" = "$MIN_RUST" ] || return 1
	cargo clippy --version >/dev/null 2>&1 && cargo fmt --version >/dev/null 2>&1
}

debian_rust_packages() { echo rustc-web cargo-web rust-web-src rust-web-clippy rustfmt-web | tr ' ' '\n'; }

require_debian_rust() {
	local candidate
	candidate=$(apt-cache policy rustc-web 2>/dev/null | sed -n 's/^ *Candidate: *//p')
	if [ -z "$candidate" ] || [ "$(printf '%s\n%s\n' "$MIN_RUST" "$candidate" | sort -V | head -n1)" != "$MIN_RUST" ]; then
		die "this system's packages have no Rust >= $MIN_RUST (rustc-web: ${candidate:-none})." \
			"Install one with rustup, with clippy and rustfmt, and run scripts/setup again."
	fi
}

# Asks rustup for a Rust that is new enough, when there is a rustup and its default is not. May fail: Debian's follows.
update_rustup() {
	have rustup && ! rust_works || return 0
	say "the default Rust is older than $MIN_RUST or lacks clippy or rustfmt: asking rustup for a newer one"
	timeout 600 rustup toolchain install "$RUSTUP_TOOLCHAIN_WANTED" --profile minimal -c clippy -c rustfmt >/dev/null 2>&1 || return 0
	export RUSTUP_TOOLCHAIN=$RUSTUP_TOOLCHAIN_WANTED
	if rust_works; then
		echo "export RUSTUP_TOOLCHAIN=$RUSTUP_TOOLCHAIN_WANTED" >"$HELIOGRAPH_CACHE/toolchain.env"
	else
		unset RUSTUP_TOOLCHAIN
	fi
}

# Where rustup stands in front and could not bring a newer Rust: Debian's, through rustup.
prefer_debian_rust() {
	have rustup && quietly rustup toolchain link $DEBIAN_TOOLCHAIN /usr && export RUSTUP_TOOLCHAIN=$DEBIAN_TOOLCHAIN
	rust_works || die "no Rust >= $MIN_RUST with clippy and rustfmt can be had here." "Install one with rustup and run scripts/setup again."
	say "taking Debian's Rust for the native side too"
	echo "export RUSTUP_TOOLCHAIN=$DEBIAN_TOOLCHAIN" >"$HELIOGRAPH_CACHE/toolchain.env"
}

# rustc of the toolchain that builds the runtime.
wasm_rustc() {
	if [ -n "${WASM_BUILD_TOOLCHAIN:-}" ]; then
		rustup run "$WASM_BUILD_TOOLCHAIN" rustc "$@"
	else
		rustc "$@"
	fi
}

# Where the target's libraries are.
wasm_library() { echo "$(wasm_rustc --print sysroot)/lib/rustlib/wasm32v1-none/lib"; }

# Whether the runtime's toolchain can really build for the target: both libraries, of the very same compiler, with the
# bitcode that link-time optimisation needs, and a linker.
wasm_works() {
	local folder status=0
	folder=$(mktemp -d)
	cat >"$folder/probe.rs" <<'RUST'
#![no_std]
extern crate alloc;
use core::alloc::{GlobalAlloc, Layout};
struct None;
unsafe impl GlobalAlloc for None {
	unsafe fn alloc(&self, _: Layout) -> *mut u8 { core::ptr::null_mut() }
	unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
#[global_allocator]
static ALLOCATOR: None = None;
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
#[unsafe(no_mangle)]
pub extern "C" fn probe(n: usize) -> usize { alloc::vec![1u8; n].iter().map(|b| *b as usize).sum() }
RUST
	wasm_rustc --edition 2021 --target wasm32v1-none --crate-type cdylib -C opt-level=1 -C lto=fat \
		-o "$folder/probe.wasm" "$folder/probe.rs" >/dev/null 2>&1 || status=1
	rm -rf "$folder"
	return $status
}

use_wasm_toolchain() {
	WASM_BUILD_TOOLCHAIN=$1
	export WASM_BUILD_TOOLCHAIN
	echo "export WASM_BUILD_TOOLCHAIN=$1" >>"$HELIOGRAPH_CACHE/toolchain.env"
}

forget_wasm_toolchain() {
	unset WASM_BUILD_TOOLCHAIN
	if [ -f "$HELIOGRAPH_CACHE/toolchain.env" ]; then
		sed -i '/WASM_BUILD_TOOLCHAIN/d' "$HELIOGRAPH_CACHE/toolchain.env"
	fi
}

install_wasm_target() {
	if [ -n "${WASM_BUILD_TOOLCHAIN:-}" ] && ! { have rustup && rustup run "$WASM_BUILD_TOOLCHAIN" rustc --version >/dev/null 2>&1; }; then
		forget_wasm_toolchain
	fi
	if wasm_works; then return; fi
	forget_wasm_toolchain
	if wasm_works; then return; fi
	if have rustup; then
		say "asking rustup for the target wasm32v1-none"
		if timeout 120 rustup target add wasm32v1-none >/dev/null 2>&1 && wasm_works; then return; fi
		say "rustup cannot download it here: taking Debian's toolchain for the runtime"
	fi
	install_debian_wasm_target
	wasm_works || die "the target wasm32v1-none was installed, yet does not work." \
		"To see why: compile any #![no_std] library with --target wasm32v1-none."
}

# Debian's toolchain: packages, then the target's libraries from its own sources, then the linker by the name that rustc
# looks for.
install_debian_wasm_target() {
	local missing=() package
	for package in rustc-web cargo-web rust-web-src; do
		dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
	done
	if [ ${#missing[@]} -gt 0 ]; then
		require_root "sudo apt-get install -y --no-install-recommends ${missing[*]}"
		quietly apt-get update || die "apt-get update failed." "See its message above."
		require_debian_rust
		apt_install "${missing[@]}"
	fi
	local host llvm sysroot=/usr/lib/rustlib
	host=$(/usr/bin/rustc -vV | sed -n 's/^host: //p')
	llvm=$(/usr/bin/rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
	if ! [ -x "/usr/bin/lld-$llvm" ]; then
		require_root "sudo apt-get install -y --no-install-recommends lld-$llvm"
		apt_install "lld-$llvm"
	fi
	if have rustup && ! rustup run $DEBIAN_TOOLCHAIN rustc --version >/dev/null 2>&1; then
		say "linking Debian's toolchain into rustup as $DEBIAN_TOOLCHAIN"
		quietly rustup toolchain link $DEBIAN_TOOLCHAIN /usr || die "rustup could not link Debian's toolchain."
	fi
	if have rustup; then use_wasm_toolchain $DEBIAN_TOOLCHAIN; fi
	if wasm_works; then return; fi
	require_root "sudo scripts/setup --system"
	if ! [ -x "$sysroot/$host/bin/rust-lld" ]; then
		say "linking lld-$llvm to the name that rustc looks for, rust-lld"
		mkdir -p "$sysroot/$host/bin"
		ln -sf "/usr/bin/lld-$llvm" "$sysroot/$host/bin/rust-lld"
	fi
	if wasm_works; then return; fi
	build_wasm_libraries "$sysroot/wasm32v1-none/lib"
}

# Half a minute. An unstable switch on a stable compiler, for these two libraries only; cargo needs it to build the
# standard library from its sources.
build_wasm_libraries() {
	local target=$1 folder
	say "building the libraries of the target wasm32v1-none from Debian's sources (half a minute)"
	folder=$(mktemp -d)
	mkdir -p "$folder/src"
	printf '#![no_std]\n' >"$folder/src/lib.rs"
	printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n' >"$folder/Cargo.toml"
	# The bitcode is what the link-time optimisation of the runtime reads.
	(
		cd "$folder"
		export RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes CARGO_TARGET_DIR=$folder/target RUSTC=/usr/bin/rustc
		unset WASM_BUILD_WORKSPACE_HINT RUSTUP_TOOLCHAIN
		quietly /usr/bin/cargo build -Z build-std=core,alloc -Z build-std-features=compiler-builtins-mem \
			--target wasm32v1-none --release
	) || die "the libraries could not be built." "See the message above."
	mkdir -p "$target"
	rm -f "$target"/lib{core,alloc,compiler_builtins}-*.r*
	cp "$folder"/target/wasm32v1-none/release/deps/lib{core,alloc,compiler_builtins}-*.r* "$target/"
	rm -rf "$folder"
}

require_root() {
	[ "$(id -u)" = 0 ] || die "this step needs root. Run this, then scripts/setup again:" "  $1"
}

# Rust's own toolchain links with the lld that it brings. Debian's takes GNU's ld, which is several times slower with
# programs of this size, unless it is told otherwise.
link_with_lld() {
	local settings=$HELIOGRAPH_CACHE/toolchain.env host llvm folder
	touch "$settings"
	sed -i '/_RUSTFLAGS=/d' "$settings"
	[ "$(rustc --print sysroot)" = /usr ] || return 0
	host=$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
	llvm=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
	folder=/usr/lib/llvm-$llvm/bin
	[ -x "$folder/ld.lld" ] || return 0
	echo "export CARGO_TARGET_${host}_RUSTFLAGS='-Clink-arg=-fuse-ld=lld -Clink-arg=-B$folder'" >>"$settings"
}
