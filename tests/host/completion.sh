#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# completion.sh - bash completes commands, options, values and addresses of vfio_test

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"
ktap_plan 17

# The program itself, but for the devices, which this machine may not have.
mkdir "$ktap_dir/bin"
cat >"$ktap_dir/bin/vfio_test" <<-END
	#!/bin/sh
	case "\$*" in
	'list --quiet --ready') echo 0000:00:01.0 ;;
	'list --quiet') printf '%s\n' 0000:00:01.0 0000:00:02.0 0000:01:00.0 ;;
	*) exec "$root/user/vfio_test" "\$@" ;;
	esac
END
chmod +x "$ktap_dir/bin/vfio_test"
PATH=$ktap_dir/bin:$PATH
# shellcheck source=user/completion/vfio_test.bash
. "$root/user/completion/vfio_test.bash"

# completes LINE WORD...: exactly these, in any order; "..." allows others
completes() {
	local want others=''

	COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
	shift
	_vfio_test
	printf '%s\n' "${COMPREPLY[@]}"
	for want in "$@"; do
		if [[ $want == ... ]]; then
			others=yes
		else
			printf '%s\n' "${COMPREPLY[@]}" | grep -Fx -- "$want" >/dev/null || return 1
		fi
	done
	[[ -n $others || ${#COMPREPLY[@]} -eq $# ]]
}

check 'it is there for vfio_test' complete -p vfio_test
check 'commands, and what run can have' completes 'vfio_test ' run list doctor bind unbind walk iova help 0000:00:01.0 ...
check 'a command begun' completes 'vfio_test un' unbind
check 'help of a command' completes 'vfio_test help wa' walk
check 'options of a command' completes 'vfio_test bind --' --group --force --driver --json --help ...
check 'an option begun' completes 'vfio_test list --re' --ready
check 'options of run by its plain form' completes 'vfio_test --page' --page-size
check 'a value' completes 'vfio_test run --dma n' none nvme
check 'a value after =' completes 'vfio_test run --expect=s' supervisor
check 'no option of another command' completes 'vfio_test list --expe'
check 'addresses: all of them for bind' completes 'vfio_test bind ' 0000:00:01.0 0000:00:02.0 0000:01:00.0
check 'a second one' completes 'vfio_test bind --group 0000:00:01.0 ' 0000:00:01.0 0000:00:02.0 0000:01:00.0
check 'addresses: all of them for doctor' completes 'vfio_test doctor ' 0000:00:01.0 0000:00:02.0 0000:01:00.0
check 'a failure' completes 'vfio_test doctor --why iommu-e' iommu-enable
# bash ends a word at a colon, and puts in what comes after it.
check 'an address begun: what comes after the last colon' completes 'vfio_test bind 0000:00' 00:01.0 00:02.0
check 'another' completes 'vfio_test bind 0000:00:0' 01.0 02.0
# Not done, since that would build and install a module as well.
installed() {
	make -C "$root" --no-print-directory -n install DESTDIR=/root PREFIX=/usr >"$ktap_dir/install" &&
		grep -A 1 'user/completion/vfio_test.bash' "$ktap_dir/install" | grep '/root/usr/share/bash-completion/completions/vfio_test'
}
check 'make install puts it where bash looks' installed
ktap_end
