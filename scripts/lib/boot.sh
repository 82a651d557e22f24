# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # kernel_dir, words, dir and the like are scripts/vm's own
# shellcheck disable=SC2034 # and what is set here is read there
#
# boot.sh - how scripts/vm, which sources it, has QEMU start the kernel
#
# Under TCG an image takes longer to unpack itself than its kernel takes to boot. Where it
# can be, scripts/kernels unpacks it once, and scripts/loader.c enters what was in it.

# Seconds that an unpacked kernel may take to its init, which a loaded host makes long.
readonly unpacked_limit=${VFIO_VERIFY_UNPACKED_LIMIT:-90}

# Where scripts/loader.c finds its word; of it, the flags above the entry point.
readonly loader_word=0x1ff000
readonly loader_5level=$((1 << 32)) loader_kaslr=$((1 << 33))

# number FILE OFFSET SIZE: of so many bytes there
number() {
	od -An -v -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

# make_loader: in build/; false if it cannot be had
make_loader() {
	loader=$root/build/loader
	[[ ! $loader -nt $root/scripts/loader.c || ! $loader -nt ${BASH_SOURCE[0]} ]] || return 0
	gcc -m32 -O2 -Wall -Wextra -ffreestanding -mgeneral-regs-only -fno-pic -no-pie -static \
		-nostdlib -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none \
		-Wl,--build-id=none,-z,noseparate-code,-Ttext-segment=0x200000,-e,start \
		-o "$dir/loader" "$root/scripts/loader.c" 2>"$dir/why" &&
		cp "$dir/loader" "$loader.$$" 2>"$dir/why" && mv "$loader.$$" "$loader"
}

# choose_boot: sets boot, the options of QEMU for the kernel; unpacked if that is not the
# image itself, which why_image then says
choose_boot() {
	local word vmlinux

	boot=(-kernel "$kernel_dir/vmlinuz") unpacked='' why_image=''
	if [[ -n $as_image ]]; then
		return
	elif [[ $accel != tcg ]]; then
		why_image="under ${accel^^} that takes no time"
		return
	elif [[ $KERNEL == debug ]]; then
		# Most of its boot is its checks, so the way that a user boots costs nothing.
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

# image_instead WHY: all anew, with the image; what was started is ended
image_instead() {
	local pid last

	last=$(tail -n 1 "$dir/console" | tr -d '\r')
	note "$1 with the kernel unpacked${last:+ (its last words: $last)}: once more, with its image as it is"
	# Without bash's word about each.
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

# check_boot: image_instead() where QEMU ended before the guest's init had begun. What QEMU
# itself has to say of other options it would only say again.
check_boot() {
	[[ -n $unpacked && ! -s $dir/control ]] || return 0
	# Who has a console to type at may have ended it himself.
	if [[ -n $shell ]]; then
		note "the guest's init had not begun; --image boots the kernel's image as it is"
	elif [[ $1 -eq 0 ]]; then
		image_instead 'the guest ended before its init had begun'
	elif grep -qE 'loader|kernel|ROM|ELF|PVH' "$dir/qemu-stderr"; then
		image_instead "QEMU did not begin ($(head -n 1 "$dir/qemu-stderr"))"
	fi
}
