# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash # busybox sh, and bash on the host
#
# ktap.sh - test points for shell scripts, in the guest and on the host
#
# A script sources it, announces its number of points with ktap_plan, makes the points, and
# ends with ktap_end. It fails if a point is not ok, if the plan was not met, or if it ends
# before ktap_end.

ktap_nr=0 ktap_bad=0 ktap_planned=0 ktap_over=''

# A directory for the output of commands.
ktap_dir=$(mktemp -d /tmp/vfio-verify-ktap.XXXXXX) || {
	echo 'Bail out! no directory for the output of commands: is /tmp full?'
	exit 1
}

# shellcheck disable=SC2317 # reached through the trap
ktap_leave() {
	ktap_status=$?
	rm -rf "$ktap_dir"
	[ -z "$ktap_over" ] || exit "$ktap_status"
	echo "# ended after $ktap_nr of $ktap_planned points, before ktap_end"
	[ "$ktap_status" -ne 0 ] || exit 1
}
trap ktap_leave EXIT

# ktap_plan N: announces N points; called once
ktap_plan() {
	if [ "$ktap_planned" -ne 0 ] || [ "$1" -le 0 ]; then
		echo "# ktap_plan $1: a script has one plan, of one point at least"
		ktap_bad=$((ktap_bad + 1))
	fi
	ktap_planned=$1
	echo "KTAP version 1"
	echo "1..$1"
}

# ktap_at: prints a comment with the file and line of the current point, if it is in a script of
# tests/. bash knows the line from its call stack; busybox gets it from the aliases below.
ktap_at() {
	ktap_file=$0
	if [ -n "${BASH_VERSION:-}" ]; then
		# The innermost caller outside of this file. eval hides syntax that busybox lacks.
		# shellcheck disable=SC2016 # eval expands it
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

# ktap_result ok|"not ok" NAME: prints a point
ktap_result() {
	ktap_nr=$((ktap_nr + 1))
	[ "$1" = ok ] || ktap_bad=$((ktap_bad + 1))
	echo "$1 $ktap_nr - $2"
	[ "$1" = ok ] || ktap_at
}

# ktap_skip NAME WHY: prints a point that was skipped; it is not ok without a reason
ktap_skip() {
	if [ -z "${2:-}" ]; then
		ktap_result "not ok" "$1: skipped without a reason"
		return
	fi
	ktap_nr=$((ktap_nr + 1))
	echo "ok $ktap_nr - $1 # SKIP $2"
}

# ktap_comment FILE: prints its first lines as comments
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

# expect STATUS REGEX NAME COMMAND...: ok if the command ends with STATUS and prints text on
# stdout or stderr that matches REGEX (grep -E; '' matches anything). Its output stays in
# $ktap_dir/out and $ktap_dir/err.
expect() {
	ktap_status=$1 ktap_regex=$2 ktap_name=$3
	shift 3
	ktap_got=0
	# A redirection that fails has a status of its own, which is not that of the command. "true", as
	# ":" would end the script.
	if ! true >"$ktap_dir/out" || ! true >"$ktap_dir/err"; then
		ktap_result "not ok" "$ktap_name"
		echo "# $*: not run: its output cannot be written to $ktap_dir"
		return
	fi
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

# ktap_wait REGEX FILE PID: waits until FILE, which need not exist yet, has text that matches REGEX
# (grep -E); returns 1 if PID has ended without that, or after two minutes. Only in the guest
# (usleep).
ktap_wait() {
	ktap_rest=6000
	until grep -qsE -e "$1" "$2"; do
		# After its end look once more, as it may have written meanwhile.
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

# ktap_run NAME COMMAND...: runs a test that has its own plan, before ours, and puts NAME before
# the names of its points. If it prints no plan, for example as it does not start, that counts as a
# plan of one failed point. Its exit status counts here as well.
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

# ktap_end: ends the script with its exit status
ktap_end() {
	ktap_over=yes
	if [ "$ktap_nr" -ne "$ktap_planned" ] || [ "$ktap_nr" -eq 0 ]; then
		echo "# planned $ktap_planned points, made $ktap_nr"
		exit 1
	fi
	[ "$ktap_bad" -eq 0 ] || exit 1
	exit 0
}

# These set the line of a point for ktap_at in busybox; bash expands no aliases in a script.
alias check='ktap_line=$LINENO check' expect='ktap_line=$LINENO expect'
alias ktap_skip='ktap_line=$LINENO ktap_skip' ktap_result='ktap_line=$LINENO ktap_result'
