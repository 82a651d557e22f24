#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# breaks.sh - what a script does when a program that it calls breaks off or is not there, and a
# program for the guest when something hangs: neither goes on as if nothing were
#
# No VM: programs that fail in the place of those in PATH.

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit 2
# shellcheck source=scripts/lib/common.sh
. "$root/scripts/lib/common.sh"
# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"
export TMPDIR=$ktap_dir/tmp
mkdir "$TMPDIR"
unset KERNEL

# stub PROGRAM LINE...: a PROGRAM in a directory of its own, whose path is in stub; the real one
# is $real there
stub() {
	local real
	real=$(type -P "$1") || exit

	stub=$ktap_dir/bin-$1
	rm -rf "$stub"
	mkdir "$stub"
	{
		printf '#!/bin/bash\nreal=%q\n' "$real"
		printf '%s\n' "${@:2}"
	} >"$stub/$1"
	chmod +x "$stub/$1"
}

# closure_of FAILS: the packages of an image whose headers need two, of which apt-cache says
# nothing for those that FAILS names
closure_of() (
	# shellcheck disable=SC2034 # for what is sourced
	prog=kernels apt_conf='' arch=amd64 bare='' fails=$1
	. scripts/lib/apt.sh
	# shellcheck disable=SC2317 # called by closure
	apt-cache() {
		local pkg=${*: -1}

		# shellcheck disable=SC2053 # a pattern
		[[ $pkg != $fails ]] || return 100
		[[ $pkg != linux-headers-1-amd64=5 ]] || echo 'Depends: linux-headers-1-common (= 5), linux-kbuild-1'
	}
	closure linux-image-1-amd64 5 | tr '\n' ' '
)

# A list that a program breaks off, or does not make, is not taken for the whole.
test_lists() {
	local kernel whole='linux-image-1-amd64=5 linux-headers-1-amd64=5 linux-headers-1-common=5 linux-kbuild-1'

	stub awk '[[ $* != *what=* ]] || exit 3' 'exec "$real" "$@"'
	expect 2 'the packages that are missing could not be found out' 'setup: a list of packages that is not made' \
		env "PATH=$stub:$PATH" scripts/setup
	expect 0 "^$whole \$" 'kernels: all that an image depends on' closure_of none
	expect 1 'linux-kbuild-1: apt-cache does not say what it depends on' 'kernels: a package of which nothing is said' \
		closure_of 'linux-kbuild*'
	kernel=$(scripts/kernels get 6.1) || exit 2
	stub awk '[[ $* != *modules.dep* ]] || exit 3' 'exec "$real" "$@"'
	expect 2 'modules.dep: cannot read what [a-z_-]* depends on' 'mkinitramfs: a list of modules that is not made' \
		env "PATH=$stub:$PATH" scripts/mkinitramfs --kernel-dir "$kernel" -o "$ktap_dir/initramfs"
	stub busybox 'exit 3'
	expect 2 'busybox: does not list its commands' 'mkinitramfs: a busybox that lists no commands' \
		env "PATH=$stub:$PATH" scripts/mkinitramfs --kernel-dir "$kernel" -o "$ktap_dir/initramfs"
	check 'mkinitramfs: nothing is left of either' [ ! -e "$ktap_dir/initramfs" ]
	mkdir "$ktap_dir/two"
	echo 'int main(void) { return 0; }' >"$ktap_dir/two/a.c"
	echo 'int b;' >"$ktap_dir/two/b.c"
	stub find '[[ $* == *-print0* ]] || exec "$real" "$@"' 'printf "%s\0" "${1}a.c"; exit 1'
	printf '#!/bin/bash\nexit 3\n' >"$ktap_dir/qemu"
	chmod +x "$ktap_dir/qemu"
	expect 2 "two: cannot list its files" 'vm: --program: a list of files that breaks off' env "PATH=$stub:$PATH" \
		"QEMU=$ktap_dir/qemu" ACCEL=tcg scripts/vm --quiet --image --program "$ktap_dir/two" -- true
	stub find '[[ $PWD == */kmod ]] || exec "$real" "$@"' 'echo ./Kbuild; exit 1'
	expect 2 'cannot list the source of the module' 'kernels: a list of sources that breaks off' \
		env "PATH=$stub:$PATH" scripts/kernels module 6.1
	stub grep '[[ $* != *tests/guest/* ]] || { echo tests/guest/run.sh; exit 2; }' 'exec "$real" "$@"'
	expect 2 'no heads of tests could be read' 'tests/run: a list of tests that breaks off' \
		env "PATH=$stub:$PATH" tests/run --list
}

# What hangs in a program for the guest ends it in time, and is a failure.
test_hang() {
	local hang=$ktap_dir/hang

	gcc -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -pthread -I tests/lib -I kmod -o "$hang" \
		tests/host/hang.c tests/lib/*.c || exit 2
	expect 137 '^# not done after 1 s: killed$' 'tests/lib: a child that is waited for hangs' timeout 30 "$hang" wait
	expect 137 '^# not done after 1 s: killed$' 'tests/lib: a thread that is joined hangs' timeout 30 "$hang" join
	expect 1 '^# other hangs in: stand$' 'tests/lib: a worker that stands still' timeout 30 "$hang" still
	expect 1 '^# other does not end, in: beat$' 'tests/lib: a worker that does not end' timeout 30 "$hang" beats
	expect 0 '^ok 2 - nobody hangs$' 'tests/lib: nobody hangs' timeout 30 "$hang" none
}

# A tree in which nothing is built
test_unbuilt() {
	local copy=$ktap_dir/unbuilt

	mkdir "$copy"
	copy_tree "$copy"
	expect 2 '^run: walk-cmd: user/vfio_test or user/qemu_verify_pte is not built: run make, or make test GROUP=walk-cmd$' \
		'tests/run: a group whose VM lacks the programs' "$copy/tests/run" walk-cmd
}

ktap_plan 15
test_lists
test_unbuilt
test_hang
ktap_end
