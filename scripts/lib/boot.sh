# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # kernel_dir, words, dir and the like are set in scripts/vm
# shellcheck disable=SC2034 # and what is set here is used there
#
# boot.sh - how QEMU starts the kernel, for scripts/vm, which sources it
#
# Under TCG an image takes longer to unpack itself than its kernel takes to boot. So, if
# possible, scripts/kernels unpacks it once, and scripts/loader.c enters the unpacked kernel.

# Seconds that an unpacked kernel may take until its init runs. On a busy host it is slow.
readonly unpacked_limit=${VFIO_VERIFY_UNPACKED_LIMIT:-90}

# The address of the word that scripts/loader.c reads, and the flags in its upper half.
readonly loader_word=0x1ff000
readonly loader_5level=$((1 << 32)) loader_kaslr=$((1 << 33))

# number FILE OFFSET SIZE: prints the number of SIZE bytes at OFFSET
number() {
	od -An -v -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

# make_loader: builds the loader in build/; false if that fails
make_loader() {
	loader=$root/build/loader
	[[ ! $loader -nt $root/scripts/loader.c || ! $loader -nt ${BASH_SOURCE[0]} ]] || return 0
	gcc -m32 -O2 -Wall -Wextra -ffreestanding -mgeneral-regs-only -fno-pic -no-pie -static \
		-nostdlib -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none \
		-Wl,--build-id=none,-z,noseparate-code,-Ttext-segment=0x200000,-e,start \
		-o "$dir/loader" "$root/scripts/loader.c" 2>"$dir/why" &&
		cp "$dir/loader" "$loader.$$" 2>"$dir/why" && mv "$loader.$$" "$loader"
}

# choose_boot: sets boot, the options of QEMU for the kernel; also unpacked, if the kernel
# is started unpacked, or else why_image, the reason why not
choose_boot() {
	local word vmlinux

	boot=(-kernel "$kernel_dir/vmlinuz") unpacked='' why_image=''
	if [[ -n $as_image ]]; then
		return
	elif [[ $accel != tcg ]]; then
		why_image="under ${accel^^} that takes no time"
		return
	elif [[ $KERNEL == debug ]]; then
		# Its checks take most of the boot time, so booting the image costs little.
		why_image='the boot of the debug kernel takes as long either way'
		return
	elif ! "$root/scripts/kernels" vmlinux "$KERNEL" >"$dir/vmlinux" 2>"$dir/why"; then
		why_image=$(tail -n 1 "$dir/why" | sed 's/^kernels: //')
		return
	elif ! make_loader; then
		why_image="scripts/loader.c cannot be built: $(tail -n 1 "$dir/why")"
		return
	fi
	vmlinux=$(<"$dir/vmlinux") unpacked=yes
	word=$(number "$vmlinux" 24 8) # e_entry
	# XLF_5LEVEL_ENABLED
	[[ " $words " == *' no5lvl '* || $(($(number "$kernel_dir/vmlinuz" 0x236 2) & 0x40)) -eq 0 ]] ||
		word=$((word | loader_5level))
	[[ " $words " == *' nokaslr '* ]] || word=$((word | loader_kaslr))
	boot=(
		-kernel "$loader" -device "loader,file=${vmlinux//,/,,}"
		-device "loader,addr=$loader_word,data=$word,data-len=8"
	)
}

# image_instead WHY: kills what was started, and starts again with the image
image_instead() {
	local pid last

	last=$(tail -n 1 "$dir/console" | tr -d '\r')
	note "$1 with the kernel unpacked${last:+ (its last words: $last)}: once more, with its image as it is"
	# Without bash's message about each process.
	{
		for pid in $qemu_pid "${helpers[@]}"; do
			kill -KILL "$pid" || :
		done
		wait || :
	} 2>/dev/null
	[[ -z $qmp || ! -S $qmp ]] || rm -f -- "$qmp"
	rm -rf -- "$dir"
	TMPDIR=$tmpdir exec "$0" --image "${command_line[@]}"
}

# check_boot STATUS: calls image_instead() if QEMU ended before the guest's init began, unless
# QEMU failed for another reason: it would fail again in the same way.
check_boot() {
	[[ -n $unpacked && ! -s $dir/control ]] || return 0
	# With a console the user may have ended the VM.
	if [[ -n $shell ]]; then
		note "the guest's init had not begun; --image boots the kernel's image as it is"
	elif [[ $1 -eq 0 ]]; then
		image_instead 'the guest ended before its init had begun'
	elif grep -qE 'loader|kernel|ROM|ELF|PVH' "$dir/qemu-stderr"; then
		image_instead "QEMU did not begin ($(head -n 1 "$dir/qemu-stderr"))"
	fi
}
