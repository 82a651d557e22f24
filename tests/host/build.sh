#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build.sh - what make builds and where it installs it; the module is for $KERNEL
#
# In copies of the tree, which have another version than the tree: whatever says the
# old one has it from elsewhere than the file VERSION.

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit 2
# shellcheck source=scripts/lib/common.sh
. "$root/scripts/lib/common.sh"
# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"

readonly version=7.8.9
one=$ktap_dir/one
two=$ktap_dir/a\ directory/of-another-length
dest=$ktap_dir/dest
kernel=${KERNEL:-6.1}
kernel_dir=$(scripts/kernels get "$kernel") || exit 2
release=$(<"$kernel_dir/release")
# As long as nobody asks for speed, it is built by the compiler.
export CCACHE_DISABLE=1
# Not those of the make that may have started this.
unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS SOURCE_DATE_EPOCH

# copy DIR: what git has or would have, with the other version
copy() {
	mkdir -p "$1"
	copy_tree "$1"
	echo "$version" >"$1/VERSION"
	(cd "$1" && find . ! -type d | sort) >"$1.files"
}

# mk DIR WORD...: make there
mk() {
	make -C "$1" --no-print-directory -j2 "${@:2}"
}

same() {
	cmp "$one/$1" "$two/$1"
}

# has FILE TEXT
has() {
	grep -qaF -e "$2" "$1"
}

# depmod and whatever else writes to the live system are told by their arguments.
mkdir "$ktap_dir/bin"
for tool in depmod install; do
	printf '#!/bin/sh\necho "%s $*" >>"%s"\nexec %s "$@"\n' $tool "$ktap_dir/calls" \
		"$(PATH=$PATH:/usr/sbin:/sbin command -v $tool)" >"$ktap_dir/bin/$tool"
	chmod +x "$ktap_dir/bin/$tool"
done

test_same() {
	copy "$one"
	copy "$two"
	# -O0 is quicker, and says as much about where it was built.
	check 'it builds' mk "$one" CFLAGS='-O0 -g' user man
	check 'it builds in a path with a blank' mk "$two" CFLAGS='-O0 -g' user man
	for f in user/vfio_test user/qemu_verify_pte build/man/vfio_test.8 build/man/qemu_verify_pte.1 \
		build/man/verify_pte.4 build/man/vfio-verify-vm.1; do
		check "two builds, two paths: $f is the same" same $f
	done
	# kbuild takes no blank in a path.
	rm -rf "$ktap_dir/two"
	mkdir -p "$ktap_dir/two/longer" "$one/module"
	cp -r "$one"/kmod/. VERSION "$ktap_dir/two/longer/"
	check 'the module builds' mk "$one" kmod "KERNELDIR=$kernel_dir/build"
	echo "$version" >"$ktap_dir/two/longer/VERSION"
	check 'the module builds where it is copied to' scripts/kernels make "$kernel" "$ktap_dir/two/longer"
	check 'two builds, two paths: verify_pte.ko is the same' \
		cmp "$one/kmod/verify_pte.ko" "$ktap_dir/two/longer/verify_pte.ko"
	check 'CC= is for the programs, not for the module' mk "$one" -B kmod "KERNELDIR=$kernel_dir/build" CC=clang
}

test_version() {
	expect 0 "^vfio_test $version$" 'vfio_test --version' "$one/user/vfio_test" --version
	expect 0 "^qemu_verify_pte $version$" 'qemu_verify_pte --version' "$one/user/qemu_verify_pte" --version
	expect 0 "^$version$" 'the version of the module' env "PATH=$PATH:/usr/sbin:/sbin" \
		modinfo -F version "$one/kmod/verify_pte.ko"
	check 'the version in the man pages' has "$one/build/man/vfio_test.8" "vfio-verify $version"
	SOURCE_DATE_EPOCH=86400 mk "$one" -B man >"$ktap_dir/log" 2>&1
	check 'their date is SOURCE_DATE_EPOCH' has "$one/build/man/vfio_test.8" 1970-01-02
	# A version as such, not a word about one.
	git grep -nE "[\"=-]$(sed 's/\./\\./g' VERSION)" -- Makefile scripts 'user/*.[ch]' user/man kmod \
		>"$ktap_dir/others"
	check 'nobody else has a version of his own' sh -c '! cat "$0" | grep .' "$ktap_dir/others"
}

test_flags() {
	echo 'static int from_cppflags __attribute__((used)) = 1;' >"$ktap_dir/from.h"
	rm -f "$one/user/qemu_verify_pte" "$one/build/user/lib/parse.o"
	mk "$one" CFLAGS='-O0 -g' CPPFLAGS="-include $ktap_dir/from.h" \
		LDFLAGS=-Wl,--defsym=from_ldflags=1 user/qemu_verify_pte >"$ktap_dir/log" 2>&1
	nm "$one/user/qemu_verify_pte" >"$ktap_dir/symbols"
	check 'CPPFLAGS are honoured' has "$ktap_dir/symbols" from_cppflags
	check 'LDFLAGS are honoured' has "$ktap_dir/symbols" from_ldflags
}

test_install() {
	local root_files

	find "$one" -newer "$one.files" -type f | sort >"$ktap_dir/before"
	touch "$ktap_dir/start"
	sleep 0.1
	check 'install below DESTDIR, module and all' env "PATH=$ktap_dir/bin:$PATH" \
		make -C "$one" install "DESTDIR=$dest" PREFIX=/opt/it "KERNELDIR=$kernel_dir/build"
	(cd "$dest" && find . -type f) >"$ktap_dir/installed"
	for f in opt/it/bin/vfio_test opt/it/bin/qemu_verify_pte opt/it/share/man/man8/vfio_test.8 \
		opt/it/share/man/man1/qemu_verify_pte.1 opt/it/share/man/man1/vfio-verify-vm.1 \
		opt/it/share/man/man4/verify_pte.4 \
		opt/it/share/bash-completion/completions/vfio_test "lib/modules/$release/.*/verify_pte\.ko"; do
		check "installed: $f" grep -qx "\./$f\(\.xz\)\?" "$ktap_dir/installed"
	done
	check 'no empty file' sh -c '! find "$0" -type f -size 0 ! -name "modules.*" | grep .' "$dest"
	check 'depmod: for that kernel, below DESTDIR' grep -qx "depmod -b $dest $release" "$ktap_dir/calls"
	check 'depmod: nowhere else' sh -c '! grep "^depmod" "$0" | grep -v -e "-b $1"' "$ktap_dir/calls" "$dest"
	root_files=$(find /lib/modules /usr/local /usr/src /opt -xdev -newer "$ktap_dir/start" 2>/dev/null)
	check 'nothing of the live system has changed' [ -z "$root_files" ]
	expect 2 'built for Linux .*, which is not what .* is' 'a module of another kernel: says so' \
		make -C "$one" install "DESTDIR=$dest" "KERNELDIR=$ktap_dir"
	check 'dkms-install below DESTDIR' mk "$one" dkms-install "DESTDIR=$dest"
}

# As dkms does it, from what was installed.
test_dkms() {
	local dkms=$dest/usr/src/verify-pte-$version

	check 'dkms.conf: name and version are those of its directory' bash -euc '
		kernel_source_dir=; . "$0/dkms.conf"
		[[ ${0##*/} == "$PACKAGE_NAME-$PACKAGE_VERSION" && $AUTOINSTALL == yes ]]' "$dkms"
	check 'dkms.conf: which machines and kernels' bash -euc '
		kernel_source_dir=; . "$0/dkms.conf"
		[[ x86_64 =~ $BUILD_EXCLUSIVE_ARCH && ! aarch64 =~ $BUILD_EXCLUSIVE_ARCH && -z ${CLEAN:-} ]]
		for one in $BUILD_EXCLUSIVE_CONFIG; do grep -qx "$one=[ym]" "$1"; done' "$dkms" "$kernel_dir/config"
	check 'dkms.conf: its MAKE builds the module of that version' bash -euc '
		kernel_source_dir=$1; . "$0/dkms.conf"
		cd "$0" && $MAKE && PATH=$PATH:/usr/sbin:/sbin
		[[ $(modinfo -F version "$BUILT_MODULE_NAME.ko") == "$PACKAGE_VERSION" ]]' "$dkms" "$kernel_dir/build"
}

test_clean() {
	check 'make clean' mk "$one" clean
	rm -rf "$one/module"
	(cd "$one" && find . ! -type d | sort) >"$ktap_dir/after"
	check 'make clean leaves what came' diff "$one.files" "$ktap_dir/after"
	check 'nor an empty directory' sh -c '! find "$0" -type d -empty | grep .' "$one"
}

# What is missing is named, and what half of it left behind is not installed.
test_missing() {
	local nr

	expect 0 'SKIP +man: no scdoc-is-not-there' 'without scdoc: make says so' mk "$one" SCDOC=scdoc-is-not-there man
	rm -rf "$two/build/man" "$dest"
	for nr in 1 2 3; do
		expect 0 'SKIP +vfio_test.8: not built' "without scdoc: install $nr says so" \
			make -C "$two" install "DESTDIR=$dest" SCDOC=scdoc-is-not-there
	done
	check 'without scdoc: no man page is installed' sh -c '! find "$0" -name "*.[148]" | grep .' "$dest"
	for nr in 1 2; do
		expect 2 '' "a scdoc that fails: make $nr fails" mk "$two" SCDOC=false man
	done
	rm -f "$two/build/.needs"
	expect 2 'no-such-compiler: not found.*install gcc' 'without a compiler' mk "$two" CC=no-such-compiler user
	expect 2 'no-such-config: not found.*install pkg-config' 'without pkg-config' mk "$two" PKG_CONFIG=no-such-config user
	expect 2 'libkmod: .*install libkmod-dev' 'without libkmod' env PKG_CONFIG_LIBDIR=/nonexistent make -C "$two" user
	for nr in libpci:libpci-dev json-c:libjson-c-dev zlib:zlib1g-dev; do
		check "without ${nr%:*}" grep -q "${nr%:*}: .*install ${nr#*:}," "$ktap_dir/err"
	done
}

# Root installs in a tree of somebody else's, who can clean it afterwards.
test_owner() {
	local what='root installs what another one built'

	if [[ $(id -u) -ne 0 ]]; then
		ktap_skip "$what: nothing is built by root" 'not root'
		ktap_skip "$what" 'not root'
		ktap_skip "$what: and he can clean it" 'not root'
		return
	fi
	chmod 755 "$ktap_dir"
	chown -R 65534:65534 "$one"
	rm -rf "$dest"
	expect 2 'run make as the owner of this tree first' "$what: nothing is built by root" \
		make -C "$one" install "DESTDIR=$dest"
	setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent \
		make -C "$one" -j2 CFLAGS=-O0 user man >"$ktap_dir/log" 2>&1
	check "$what" make -C "$one" install "DESTDIR=$dest"
	check "$what: and he can clean it" setpriv --reuid 65534 --regid 65534 --clear-groups \
		make -C "$one" clean
}

# setup: three sets, in an apt that has nothing installed
test_setup() {
	local what

	cat >"$ktap_dir/bin/apt-get" <<-'END'
	#!/bin/sh
	for arg; do
		case $arg in -* | install | update | *=*) ;; *) echo "$arg" ;; esac
	done >>"$CALLS"
	END
	printf '#!/bin/sh\n' >"$ktap_dir/bin/dpkg-query"
	chmod +x "$ktap_dir/bin/apt-get" "$ktap_dir/bin/dpkg-query"
	for what in build demo check; do
		: >"$ktap_dir/asked-$what"
		check "setup $what" env "PATH=$ktap_dir/bin:$PATH" "CALLS=$ktap_dir/asked-$what" scripts/setup $what
		scripts/setup --list $what | awk '{ print $1 }' >"$ktap_dir/listed"
		check "setup $what: what --list says" diff "$ktap_dir/listed" "$ktap_dir/asked-$what"
	done
	check 'setup demo: nothing that only make check needs' sh -c \
		'! grep -E "clang|cmocka|sparse|shellcheck|bison" "$0"' "$ktap_dir/asked-demo"
	check 'setup build: neither QEMU' sh -c '! grep -E "qemu|clang|jq|busybox" "$0"' "$ktap_dir/asked-build"
	expect 2 'not an option, and not one of' 'setup: another word' scripts/setup nonsense
	expect 2 'give only one of build' 'setup: two sets' scripts/setup build demo
	check 'make demo asks for what it needs alone' sh -c 'make -n demo | grep -q "setup demo"'
}

ktap_plan $((12 + 6 + 2 + 15 + 3 + 3 + 13 + 3 + 11))
test_same
test_version
test_flags
test_install
test_dkms
test_clean
test_missing
test_owner
test_setup
ktap_end
