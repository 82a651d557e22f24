# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # ktap.sh sets ktap_dir
#
# gates_static.sh - what must stop tests/static; gates.sh sources it

# file | a line more in it | which of tests/static's quick gates must see it
readonly static_cases='
user/lib/new.c | int of_nobody; | spdx
tests/host/new.sh | true | spdx
scripts/setup | BLANK | tidy
scripts/setup | HALF | tidy
kmod/fmt/pt_x86.h | static void loud(void) { printk("so"); } | pure
kmod/fmt/pt_fmt.h | static void *some(void) { return malloc(1); } | pure
kmod/main.c | static void bad(pte_t *p) { set_pte(p, *p); } | read_only
kmod/iova.c | static void bad(unsigned long *p) { WRITE_ONCE(*p, 0); } | read_only
kmod/walk.h | CODE | kmod_size
user/cmd/run.c | static void *raw(void) { return json_object_new_string("so"); } | escaped
user/cmd/list.c | static void early(void) { exit(0); } | finished
user/env/env.c | #include "failure/failure.h" | downward
user/qemu/vm.c | #  include "cmd/cmd.h" | downward
user/lib/err.c | #include "text.h" | downward
user/bind/record.h | #include "bind/state.h" | downward
kmod/uapi/verify_pte.h | struct of_kernel { u64 so; }; | alone_c
CONTRIBUTING.md | [x](docs/of-nobody.md) | links
CONTRIBUTING.md | [x](docs/design.md#of-nobody) | links
CONTRIBUTING.md | [x](#of-nobody) | links
docs/vm.md | [`x` y](../of-nobody) | links
docs/vm.md | [x](../../README.md) | links
docs/new.md | # Of which nobody knows | links
README.md | LINES | readme_size
'

# static_sees NAME: that gate fails in the copy, and no other one does
static_sees() {
	local one status=0

	"$copy/tests/static" only spdx tidy pure read_only kmod_size escaped finished alone_c downward links readme_size \
		>"$ktap_dir/said" 2>&1 || status=$?
	cat "$ktap_dir/said"
	[[ $(grep -c '^not ok' "$ktap_dir/said") -eq $# && $status -eq $(($# > 0)) ]] || return 1
	for one; do
		grep -q "^not ok [0-9]* - $one$" "$ktap_dir/said" || return 1
	done
}

test_static() {
	local file line name copy=$ktap_dir/copy

	mkdir "$copy"
	copy_tree "$copy"
	git -C "$copy" init -q && git -C "$copy" add -A
	check 'static: the tree as it is' static_sees
	while IFS='|' read -r file line name; do
		[[ -n $name ]] || continue
		file=${file// /}
		[[ ! -f $copy/$file ]] || mv "$copy/$file" "$ktap_dir/was"
		[[ ! -f $ktap_dir/was ]] || cat "$ktap_dir/was" >"$copy/$file"
		if [[ $line == *CODE* ]]; then
			seq 1 1300 | sed 's/.*/extern int of_many_&;/' >>"$copy/$file"
		elif [[ $line == *LINES* ]]; then
			seq 1 150 >>"$copy/$file"
		elif [[ $line == *BLANK* ]]; then
			printf 'true \n' >>"$copy/$file"
		elif [[ $line == *HALF* ]]; then
			printf true >>"$copy/$file"
		else
			line=${line# }
			echo "${line% }" >>"$copy/$file"
		fi
		check "static: $name: $file:${line% }" static_sees "${name// /}"
		rm "$copy/$file"
		[[ ! -f $ktap_dir/was ]] || mv "$ktap_dir/was" "$copy/$file"
	done <<<"$static_cases"
}

# bails_out WORDS COMMAND...: ends with 1 and those words
bails_out() {
	local status=0 words=$1
	shift

	"$@" >"$ktap_dir/said" 2>&1 || status=$?
	cat "$ktap_dir/said"
	[[ $status -eq 1 ]] && grep -qF -e "$words" "$ktap_dir/said"
}

# A gate over nothing, or over a file that is not there, is no gate.
test_static_nothing() {
	local copy=$ktap_dir/bare bin=$ktap_dir/nobin gate

	mkdir "$copy" "$bin"
	copy_tree "$copy"
	check 'static: where git does not answer' \
		bails_out 'Bail out! git' env GIT_DIR=/nonexistent "$copy/tests/static" only spdx
	git -C "$copy" init -q
	rm -r "$copy"/kmod/*.[ch] "$copy"/kmod/fmt "$copy"/user/*/*.c
	check 'static: without a source of the programs' \
		bails_out 'Bail out! user_c' "$copy/tests/static" only spdx
	echo '/* SPDX-License-Identifier: GPL-2.0 */' >"$copy/user/one.c"
	for gate in pure read_only escaped finished; do
		check "static: $gate: its files are not there" bails_out 'not ok 1' "$copy/tests/static" only $gate
	done
	# shellcheck disable=SC2016 # expanded there
	printf '#!/bin/bash\nmkdir -p "$3/2026-01-01/failures"\n' >"$bin/scan-build"
	chmod +x "$bin/scan-build"
	check 'static: scan-build: the analyzer breaks down over a file' \
		bails_out 'the analyzer broke down' env PATH="$bin:$PATH" "$copy/tests/static" only scanned
}
