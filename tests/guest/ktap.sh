# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash # busybox sh, and bash on the host
#
# ktap.sh - test points from shell, in the guest and on the host
#
# Source it, say how many points there will be, make them, end with ktap_end:
# a plan that was not met fails as much as a point that was not ok, and so does a
# script that ends before ktap_end.

ktap_nr=0 ktap_bad=0 ktap_planned=0 ktap_over=''

# Scratch for what commands say.
ktap_dir=$(mktemp -d /tmp/vfio-verify-ktap.XXXXXX)

# shellcheck disable=SC2317 # reached through the trap
ktap_leave() {
	ktap_status=$?
	rm -rf "$ktap_dir"
	[ -z "$ktap_over" ] || exit "$ktap_status"
	echo "# ended after $ktap_nr of $ktap_planned points, before ktap_end"
	[ "$ktap_status" -ne 0 ] || exit 1
}
trap ktap_leave EXIT

# ktap_plan N, once
ktap_plan() {
	if [ "$ktap_planned" -ne 0 ] || [ "$1" -le 0 ]; then
		echo "# ktap_plan $1: a script has one plan, of one point at least"
		ktap_bad=$((ktap_bad + 1))
	fi
	ktap_planned=$1
	echo "KTAP version 1"
	echo "1..$1"
}

# ktap_at: a comment that says where in a script of tests/ the point in hand is made, as far
# as the shell knows: bash by its stack, busybox by the aliases below.
ktap_at() {
	ktap_file=$0
	if [ -n "${BASH_VERSION:-}" ]; then
		# The innermost caller that is not in here; what busybox could not read is in eval.
		# shellcheck disable=SC2016 # for eval
		eval 'for ktap_frame in "${!BASH_SOURCE[@]}"; do
			ktap_file=${BASH_SOURCE[ktap_frame]}
			[[ $ktap_file == *ktap.sh ]] || break
		done
		ktap_line=${BASH_LINENO[ktap_frame - 1]}'
	fi
	[ -n "${ktap_line:-}" ] || return 0
	case /$ktap_file in
	*/tests/guest/* | */tests/host/* | */tests/static) ktap_file=tests/${ktap_file##*tests/} ;;
	//tests/*) ktap_file=tests/guest/${ktap_file#/tests/} ;; # in the guest
	*) return 0 ;;
	esac
	echo "# at $ktap_file:$ktap_line"
}

# ktap_result ok|"not ok" NAME
ktap_result() {
	ktap_nr=$((ktap_nr + 1))
	[ "$1" = ok ] || ktap_bad=$((ktap_bad + 1))
	echo "$1 $ktap_nr - $2"
	[ "$1" = ok ] || ktap_at
}

# ktap_skip NAME WHY
ktap_skip() {
	if [ -z "${2:-}" ]; then
		ktap_result "not ok" "$1: skipped, and nobody says why"
		return
	fi
	ktap_nr=$((ktap_nr + 1))
	echo "ok $ktap_nr - $1 # SKIP $2"
}

# ktap_comment FILE: what it says, as comments
ktap_comment() {
	head -n 40 "$1" | sed 's/^/# /'
}

# check NAME COMMAND...: ok if the command succeeds
check() {
	ktap_name=$1
	shift
	if "$@" >"$ktap_dir/check" 2>&1; then
		ktap_result ok "$ktap_name"
	else
		ktap_result "not ok" "$ktap_name"
		echo "# failed: $*"
		ktap_comment "$ktap_dir/check"
	fi
}

# expect STATUS REGEX NAME COMMAND...: ok if the command ends with STATUS and
# says something, on stdout or stderr, that REGEX (grep -E) finds; '' is anything.  What it said
# stays in $ktap_dir/out and $ktap_dir/err.
expect() {
	ktap_status=$1 ktap_regex=$2 ktap_name=$3
	shift 3
	ktap_got=0
	"$@" >"$ktap_dir/out" 2>"$ktap_dir/err" </dev/null || ktap_got=$?
	if [ "$ktap_got" -eq "$ktap_status" ] &&
	   { [ -z "$ktap_regex" ] || grep -qE -e "$ktap_regex" "$ktap_dir/out" "$ktap_dir/err"; }; then
		ktap_result ok "$ktap_name"
		return
	fi
	ktap_result "not ok" "$ktap_name"
	echo "# $*: exit $ktap_got, expected $ktap_status and: $ktap_regex"
	ktap_comment "$ktap_dir/out"
	ktap_comment "$ktap_dir/err"
}

# ktap_wait REGEX FILE PID: waits until FILE, which need not be there yet, has what REGEX (grep -E)
# finds; 1 where PID has ended without it, and after two minutes. In the guest only (usleep).
ktap_wait() {
	ktap_rest=6000
	until grep -qsE -e "$1" "$2"; do
		# Once more after its end, since it may have written in between.
		if [ "$ktap_rest" -gt 0 ] && [ ! -e "/proc/$3/exe" ]; then
			ktap_rest=0
			continue
		fi
		if [ "$ktap_rest" -eq 0 ]; then
			echo "# $1: not said in $2 by process $3"
			return 1
		fi
		ktap_rest=$((ktap_rest - 1))
		usleep 20000
	done
}

# ktap_run NAME COMMAND...: a test with a plan of its own, before ours; NAME comes before those
# of its points. One that says no plan, as one that does not start, is a plan of one failed point;
# how it ended counts here as well.
ktap_run() {
	ktap_name=$1
	shift
	rm -f "$ktap_dir/ended"
	{
		"$@"
		echo $? >"$ktap_dir/ended"
	} | awk -v name="$ktap_name" '
		/^1\.\.[0-9]+$/ { plan = 1 }
		/^(not )?ok [0-9]+ - / { sub(/ - /, " - " name ": ") }
		{ print; fflush() }
		END {
			if (!plan)
				printf "KTAP version 1\n1..1\nnot ok 1 - %s: it says a plan\n", name
		}'
	[ "$(cat "$ktap_dir/ended")" = 0 ] && return
	ktap_bad=$((ktap_bad + 1))
	echo "# $ktap_name: it ended with $(cat "$ktap_dir/ended")"
	return 1
}

# ktap_end: the exit status of the script
ktap_end() {
	ktap_over=yes
	if [ "$ktap_nr" -ne "$ktap_planned" ] || [ "$ktap_nr" -eq 0 ]; then
		echo "# planned $ktap_planned points, made $ktap_nr"
		exit 1
	fi
	[ "$ktap_bad" -eq 0 ] || exit 1
	exit 0
}

# Where a point is made, for ktap_at(). bash expands no alias in a script.
alias check='ktap_line=$LINENO check' expect='ktap_line=$LINENO expect'
alias ktap_skip='ktap_line=$LINENO ktap_skip' ktap_result='ktap_line=$LINENO ktap_result'
