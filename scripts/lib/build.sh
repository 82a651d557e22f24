# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # cache, log, kernel_dir and the like are set in scripts/kernels
# shellcheck disable=SC2034 # and what is set here is used there
#
# build.sh - builds kernels, and modules with the tools of a suite, for scripts/kernels,
# which sources it

# What the build of a kernel needs besides gcc and make: program | package
readonly build_tools='
flex  | flex
bison | bison
bc    | bc
perl  | perl-base
xz    | xz-utils
'

# The packages that a suite's tools consist of: enough to run make in the kernel's headers.
readonly tools='base-files bash coreutils dash findutils gcc-14 grep kmod make mawk pahole perl-base sed'

# --- a kernel built here -----------------------------------------------------

# need_build_tools: ends now if a tool is missing, as the build would fail after minutes
need_build_tools() {
	local program package

	while IFS='|' read -r program package; do
		program=$(trim "$program") package=$(trim "$package")
		[[ -n $program ]] || continue
		command -v "$program" >/dev/null ||
			die "$program: not found: a kernel cannot be built without it; run scripts/setup, or install $package"
	done <<<"$build_tools"
	echo '#include <gelf.h>' | gcc -E -o /dev/null - 2>/dev/null ||
		die 'gelf.h: not found: a kernel cannot be built without it; run scripts/setup, or install libelf-dev'
}

# show_progress WHAT LOG: shows on a terminal how far a build is, until it is killed or this
# script has ended
show_progress() {
	local start=$SECONDS seconds

	while sleep 1 && kill -0 $$ 2>/dev/null; do
		seconds=$((SECONDS - start))
		printf '\r%s: %s: %d:%02d, %d steps\033[K' "$prog" "$1" $((seconds / 60)) \
			$((seconds % 60)) "$(wc -l <"$2")" >&2
	done
}

# build_step WHAT COMMAND...: a step of the build in $source, with its output in $log
build_step() {
	local what=$1 status=0
	shift

	: >"$log"
	if [[ -t 2 ]]; then
		show_progress "$what" "$log" &
		progress=$!
	fi
	run "$@" >>"$log" 2>&1 || status=$?
	if [[ -n $progress ]]; then
		kill "$progress" 2>/dev/null || :
		wait "$progress" 2>/dev/null || :
		progress=''
		printf '\r\033[K' >&2
	fi
	[[ $status -eq 0 ]] || {
		tail -n 40 "$log" >&2
		die "$what: failed: its last messages are above; check the free space in $cache (3 GB), and the tools that scripts/setup installs"
	}
}

# source_make WORD...: prints the words of a make command in $source, one per line; it
# depends on this machine as little as possible
source_make() {
	printf '%s\n' env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u KERNELRELEASE -u ARCH \
		-u CROSS_COMPILE "PATH=$PATH:/usr/sbin:/sbin" LC_ALL=C \
		make -C "$source" -j "$(nproc)" KBUILD_BUILD_USER=vfio-verify \
		KBUILD_BUILD_HOST=localhost "$@"
}

# fetch_source: for fetch, like fetch_image: a kernel that is built here
fetch_source() {
	local source=$tmp/source hash=${link##*-} lost
	local -a make without=()

	version=$(apt-cache -c "$apt_conf" show "$source_package" 2>/dev/null |
		sed -n 's/^Version: //p' | sort -V | tail -n 1)
	[[ -n $version ]] || {
		cat "$log" >&2
		die "$source_package: not found in $suites: apt-get update said the above; check the network and the system's package sources"
	}
	# The release is known only after unpacking, so the cache uses the version here.
	final=$cache/kernels/${name}_${version}_$hash
	[[ ! -d $final ]] || return 0
	need_build_tools
	note "fetching $source_package $version ($(packages_size "$source_package=$version") MB)"
	fetch_packages "$tmp/debs" "$source_package=$version"
	mkdir "$source"
	# More than half of the source is for other machines. It is left out, but for the files
	# that the configuration reads.
	without=(--exclude="$source_package"/'arch/[!x]*/'{'*.[chS]','*.dts*'})
	without+=(--exclude="$source_package"/{'Documentation/*/*','sound/*.[ch]'})
	without+=(--exclude="$source_package"/tools/{perf,testing}/'*')
	without+=(--exclude="$source_package"/drivers/{accel,clk,comedi,gpu,hid,iio}/'*.[ch]')
	without+=(--exclude="$source_package"/drivers/{infiniband,media,mtd,scsi,staging,usb}/'*.[ch]')
	without+=(--exclude="$source_package"/drivers/net/wireless/'*.[ch]')
	# shellcheck disable=SC2016 # expanded by the inner shell
	build_step "$source_package: unpacking" bash -euc -o pipefail '
		debs=$1 package=$2 source=$3
		shift 3
		dpkg-deb --fsys-tarfile "$debs"/*.deb | tar -xO "./usr/src/$package.tar.xz" |
			xz -dcT0 | tar -x -C "$source" --strip-components=1 --anchored "$@"
	' unpack "$tmp/debs" "$source_package" "$source" "${without[@]}"
	rm -rf "$tmp/debs"

	mapfile -t make < <(source_make KCONFIG_ALLCONFIG="$fragment" allnoconfig)
	build_step "${fragment##*/}: configuring" "${make[@]}"
	# kconfig silently drops an option that is gone, or that needs another one.
	lost=$(grep -v -e '^#' -e '^$' "$fragment" | grep -vxF -f "$source/.config" || :)
	[[ -z $lost ]] ||
		die "$fragment: not as written in the configuration of $source_package $version, since it needs something else or is gone: ${lost//$'\n'/ }"
	mapfile -t make < <(source_make -s kernelrelease)
	release=$("${make[@]}" 2>/dev/null | tail -n 1)
	[[ $release == *-debug ]] || die "$source_package: make kernelrelease said '$release', which is no release of this configuration"

	note "building Linux $release from $source_package $version: once, some minutes"
	mapfile -t make < <(source_make bzImage modules)
	build_step "Linux $release: building" "${make[@]}"
	install_source "$source" "$tmp/tree"
}

# install_source SOURCE TREE: makes in TREE what "get" promises, with the files of the build
# that building a module needs
install_source() {
	local source=$1 tree=$2 headers
	local -a make

	headers=$tree/usr/src/linux-headers-$release
	mkdir -p "$headers"
	mapfile -t make < <(source_make "INSTALL_MOD_PATH=$tree" modules_install)
	build_step "Linux $release: its modules" "${make[@]}"
	mapfile -t make < <(source_make run-command \
		"KBUILD_RUN_COMMAND=\$(srctree)/scripts/package/install-extmod-build $headers")
	build_step "Linux $release: its headers" "${make[@]}"
	cp "$source/.config" "$headers/.config"
	cp "$source/arch/x86/boot/bzImage" "$tree/vmlinuz"
	ln -s "usr/src/linux-headers-$release/.config" "$tree/config"
	ln -s "usr/src/linux-headers-$release" "$tree/build"
	ln -s "lib/modules/$release" "$tree/modules"
	rm -f "$tree/lib/modules/$release"/{build,source}
	ln -s "$final/build" "$tree/lib/modules/$release/build"
}

# --- tools of another suite -----------------------------------------------------

# suit_machine TREE: for fetch: sets the tools and words with which a module is built for a
# kernel without a row. The kernel's own tools may need a newer C library than this system
# has, and its headers may ask for a missing compiler, or for BTF that the module does not need.
suit_machine() {
	local compiler

	make_words='CONFIG_DEBUG_INFO_BTF_MODULES='
	compiler=$(sed -n 's/^CC *=.*\(gcc-[0-9]*\)$/\1/p' "$1"/build/.kernelvariables 2>/dev/null)
	[[ -n $compiler ]] && ! command -v "$compiler" >/dev/null || compiler=''
	if [[ -n $compiler && " $tools " == *" $compiler "* ]] ||
		find "$1"/usr/lib/linux-kbuild-* -type f -perm /111 -exec ldd {} + 2>&1 |
		grep -q 'version .* not found'; then
		tools_suite=${suites%% *}
		# With W=1 make runs kernel-doc, which needs perl modules that the tools lack.
		make_words+=' cmd_checkdoc=true'
		return
	fi
	[[ -z $compiler ]] || make_words+=' CC=gcc'
}

# fetch_tools SUITE: sets tools_dir, a root directory with $tools of the suite. The
# packages are only unpacked, and their scripts are not run, so that this needs no root
# and no chroot.
fetch_tools() {
	local suites=$1 apt_dir=$cache/apt/tools-$1 apt_conf log tmp deb size
	local -a wanted

	read -ra wanted <<<"$tools"
	# Named after its content, so that it never changes while a run uses it.
	tools_dir=$cache/tools/$1-$(printf '%s\n' "$tools" | sha256sum | cut -c1-16)
	mkdir -p "$cache/tools"
	exec 7>"$cache/tools/.lock"
	flock -n 7 || {
		note "$1: waiting for another run that fetches its tools"
		flock 7
	}
	if [[ ! -d $tools_dir ]]; then
		command -v apt-get >/dev/null ||
			die "apt-get: not found: the tools that this kernel's modules are built with come as Debian packages"
		private_apt "$apt_dir"
		log=$apt_dir/log
		run apt-get -c "$apt_conf" -q update >"$log" 2>&1 || :
		size=$(apt-get -c "$apt_conf" -q -y --no-install-recommends --print-uris install \
			"${wanted[@]}" 2>>"$log" | awk '/^\047/ { sum += $3 } END { printf "%d", sum / 1000000 }')
		note "fetching gcc, make and what they need from $1 ($size MB)"
		run apt-get -c "$apt_conf" -q -y --no-install-recommends --download-only install \
			"${wanted[@]}" >>"$log" 2>&1 || {
			cat "$log" >&2
			die "$tools: cannot fetch from $1: apt-get said the above; check the network and the free space in $cache"
		}
		tmp=$(mktemp -d "$cache/tools/.fetch.XXXXXX")
		scratch+=("$tmp")
		chmod 755 "$tmp"
		for deb in "$apt_dir"/cache/archives/*.deb; do
			run dpkg-deb -x "$deb" "$tmp" || die "$deb: cannot unpack: see above; free space in $cache and try again"
		done
		rm -rf "$apt_dir/cache/archives" "$tmp"/usr/share/{doc,info,locale,man}
		# The packages' scripts would have made this link.
		[[ -e $tmp/usr/bin/awk ]] || ln -s mawk "$tmp/usr/bin/awk"
		mkdir -p "$tmp/root"
		[[ -x $tmp/usr/bin/sh && -x $tmp/usr/bin/gcc-14 ]] ||
			die "$tools: no usr/bin/sh or gcc-14 in them: their layout is not one this script knows"
		mv -T "$tmp" "$tools_dir"
	fi
	exec 7>&-
}

# need_tools: prepares the tools for kernel_make for the kernel in $kernel_dir: sets
# tools_dir (empty: the system's own tools) and namespace
need_tools() {
	local suite=''

	tools_dir=''
	# An older version of this script did not write that file.
	[[ ! -f $kernel_dir/tools ]] || suite=$(<"$kernel_dir/tools")
	[[ -n $suite ]] || return 0
	# Root may mount in a mount namespace; other users may do so in a user namespace.
	namespace=(unshare --mount --propagation private)
	"${namespace[@]}" mount -t tmpfs tmpfs /tmp 2>/dev/null || {
		namespace=(unshare --user --map-root-user --mount --propagation private)
		"${namespace[@]}" mount -t tmpfs tmpfs /tmp 2>/dev/null ||
			die "unshare: may not mount in a private namespace: modules for $(<"$kernel_dir/release") are built with tools of $suite, which need their own root directory; run this as root (in a container: with CAP_SYS_ADMIN), or allow user namespaces (sysctl user.max_user_namespaces)"
	}
	fetch_tools "$suite"
}

# with_tools DIR... -- COMMAND...: runs COMMAND with the tools' files as its root, which
# also has the DIRs, /dev, /proc and an empty /tmp. The mounts are in a private mount
# namespace, which ends with COMMAND, so nothing stays mounted.
with_tools() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	run "${namespace[@]}" bash -euc '
		root=$1/root tools=$1
		shift
		mount -t tmpfs -o mode=755 tmpfs "$root"
		mkdir "$root"/{dev,proc,tmp,usr}
		for link in bin lib lib64 sbin; do
			ln -s "usr/$link" "$root/$link"
		done
		mount --bind "$tools/usr" "$root/usr"
		mount --rbind /dev "$root/dev"
		mount --rbind /proc "$root/proc"
		while [[ $1 != -- ]]; do
			mkdir -p "$root$1"
			mount --bind "$1" "$root$1"
			shift
		done
		shift
		exec chroot "$root" /usr/bin/env -i PATH=/usr/bin:/usr/sbin HOME=/tmp LC_ALL=C "$@"
	' with_tools "$tools_dir" "$@"
}

# kernel_make DIR WORD...: runs make of the kernel in $kernel_dir, for the module in DIR
# (neither path has symlinks); needs need_tools before it
kernel_make() {
	local dir=$1
	local -a make words=()
	shift

	read -r -a words <"$kernel_dir/make" || :
	# The prefix map keeps the build directory out of the module.
	make=(make -C "$kernel_dir/build" "M=$dir" "KCFLAGS=-ffile-prefix-map=$dir=." "${words[@]}"
		-j "$(nproc)" "$@" modules)
	if [[ -n $tools_dir ]]; then
		with_tools "$kernel_dir" "$dir" -- "${make[@]}"
	else
		run env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL "${make[@]}"
	fi
}
