# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # cache, arch, families, log and the like are set in scripts/kernels
# shellcheck disable=SC2034 # and what is set here is used there
#
# apt.sh - finds and fetches Debian packages for scripts/kernels, which sources it
#
# apt-get fetches them, with a private state; see scripts/kernels.

# Of the packages that an image or header package depends on, those of the kernel.
readonly parts='^linux-(base-[0-9]|binary-|modules-|headers-|kbuild-)'

# --- the system's package sources -------------------------------------------

# Prints the system's binary package sources that have the component main, one per
# line, with fields separated by tabs: kind (main or security), URI, and Signed-By
# with its newlines written as \001.
system_sources() {
	local list parts_dir
	local -a files=()
	local f

	# eval assigns these; we chose the names, and apt-config quotes the values.
	list='' parts_dir=''
	eval "$(apt-config shell list Dir::Etc::sourcelist/f parts_dir Dir::Etc::sourceparts/d)"
	for f in "$list" "$parts_dir"/*.list "$parts_dir"/*.sources; do
		[[ -f $f && -r $f ]] && files+=("$f")
	done
	[[ ${#files[@]} -gt 0 ]] || return 0

	# shellcheck disable=SC2016 # awk's own $
	awk '
	function emit(types, uris, suites, comps, signed, enabled,   n, u, m, s, i, j) {
		if (types !~ /(^| )deb( |$)/ || comps !~ /(^| )main( |$)/ ||
		    tolower(enabled) ~ /^(no|false|0)$/)
			return
		n = split(uris, u, " ")
		m = split(suites, s, " ")
		for (i = 1; i <= n; i++)
			for (j = 1; j <= m; j++)
				if (u[i] !~ /^cdrom:/)
					print (s[j] ~ /-security|\/updates$/ ? "security" : "main") \
						"\t" u[i] "\t" signed
	}
	function flush_stanza() {
		emit(v["types"], v["uris"], v["suites"], v["components"],
		     v["signed-by"], v["enabled"])
		split("", v)
		key = ""
	}
	FNR == 1 { flush_stanza(); deb822 = FILENAME ~ /\.sources$/ }
	/^[ \t]*#/ { next }
	deb822 && /^[ \t]*$/ { flush_stanza(); next }
	deb822 && /^[ \t]/ {
		sub(/[ \t]+$/, "")
		if (key == "signed-by") {
			v[key] = v[key] "\001" $0
		} else {
			sub(/^[ \t]+/, "")
			v[key] = v[key] " " $0
		}
		next
	}
	deb822 {
		colon = index($0, ":")
		key = tolower(substr($0, 1, colon - 1))
		value = substr($0, colon + 1)
		gsub(/^[ \t]+|[ \t]+$/, "", value)
		v[key] = value
		next
	}
	$1 == "deb" {
		signed = ""
		line = $0
		sub(/#.*/, "", line)
		if (match(line, /\[[^]]*\]/)) {
			options = substr(line, RSTART + 1, RLENGTH - 2)
			line = substr(line, 1, RSTART - 1) substr(line, RSTART + RLENGTH)
			n = split(options, o, " ")
			for (i = 1; i <= n; i++)
				if (o[i] ~ /^signed-by=/)
					signed = substr(o[i], 11)
		}
		n = split(line, w, " ")
		comps = ""
		for (i = 4; i <= n; i++)
			comps = comps " " w[i]
		emit("deb", w[2], w[3], comps " ", signed, "")
	}
	END { flush_stanza() }
	' "${files[@]}" | sort -u
}

# write_sources FILE: writes sources for $suites, with the URIs that the system uses.
# If any source is signed by Debian, those signed by other keys are left out.
write_sources() {
	local all own kind uri signed suite main_suites='' security_suites=''

	all=$(system_sources)
	own=$(awk -F '\t' '$3 == "" || $3 ~ /debian-archive|BEGIN PGP/' <<<"$all")
	[[ -z $own ]] || all=$own
	[[ -n $all ]] ||
		die "apt: no package source with the component main: nothing to fetch a kernel from; add one to the system, or use KERNEL=/path/to/vmlinuz"
	for suite in $suites; do
		case $suite in
		*-security | */updates) security_suites+=" $suite" ;;
		*) main_suites+=" $suite" ;;
		esac
	done
	while IFS=$'\t' read -r kind uri signed; do
		suite=$main_suites
		[[ $kind == main ]] || suite=$security_suites
		[[ -n $suite ]] || continue
		printf 'Types: deb\nURIs: %s\nSuites:%s\nComponents: main\n' "$uri" "$suite"
		[[ -z $signed ]] || printf 'Signed-By: %s\n' "${signed//$'\001'/$'\n'}"
		echo
	done <<<"$all" >"$1"
}

# --- fetching ----------------------------------------------------------------

# private_apt DIR: makes a private apt state in DIR; sets apt_conf
private_apt() {
	local dir=$1

	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/state"
	: >"$dir/status"
	write_sources "$dir/suites.sources"
	apt_conf=$dir/apt.conf
	cat >"$apt_conf" <<-END
	Dir::Etc::SourceList "$dir/suites.sources";
	Dir::Etc::SourceParts "/dev/null";
	Dir::Etc::Preferences "/dev/null";
	Dir::Etc::PreferencesParts "/dev/null";
	Dir::State "$dir/state";
	Dir::State::Lists "$dir/lists";
	Dir::State::status "$dir/status";
	Dir::Cache "$dir/cache";
	APT::Architecture "$arch";
	APT::Architectures { "$arch"; };
	APT::Default-Release "";
	APT::Sandbox::User "root";
	Acquire::Languages "none";
	#clear APT::Update::Pre-Invoke;
	#clear APT::Update::Post-Invoke;
	#clear APT::Update::Post-Invoke-Success;
	END
}

# depends PACKAGE[=VERSION]: prints "name version" for each dependency, with the
# version only if the dependency is on exactly that version
depends() {
	apt-cache -c "$apt_conf" show --no-all-versions "$1" 2>/dev/null |
		sed -n 's/^Depends: //p' | tr ',|' '\n' |
		sed -n 's/^ *\([^ :(]*\)[^ (]* *(= \([^)]*\)).*/\1 \2/p
			t
			s/^ *\([^ :(]*\).*/\1/p'
}

# closure IMAGE VERSION: prints every package of the kernel with that image, one
# "name" or "name=version" per line.
closure() {
	local image=$1 version=$2
	local -a todo=("$image=$version")
	local -A seen=()
	local pkg name exact needs

	[[ -n $bare ]] || todo+=("linux-headers-${image#linux-image-}=$version")
	while [[ ${#todo[@]} -gt 0 ]]; do
		pkg=${todo[0]}
		todo=("${todo[@]:1}")
		[[ -z ${seen[${pkg%%=*}]:-} ]] || continue
		seen[${pkg%%=*}]=1
		# A suite does not always keep all packages of an old release.
		[[ -z $bare ]] || apt-cache -c "$apt_conf" show "$pkg" 2>/dev/null | grep '^Package:' >/dev/null || continue
		echo "$pkg"
		needs=$(depends "$pkg") || {
			note "$pkg: apt-cache does not say what it depends on"
			return 1
		}
		while read -r name exact; do
			[[ ! $name =~ $parts ]] || todo+=("$name${exact:+=$exact}")
		done <<<"$needs"
	done
}

# newest NAME [bare]: prints "name version" of the newest generic image of the series or
# release NAME. Its headers must be there too, unless bare is given. A suite can carry several
# images, of this series and of later ones. A metapackage is no help: the series that it
# depends on changes with time.
newest() {
	local pattern="^linux-(image|headers)-${1//./\\.}\\.[0-9]+([-+][0-9a-z.+]+)?-$arch\$"
	local -a names
	local all

	if [[ $1 =~ $release_name ]]; then
		pattern=${1//./\\.}
		pattern="^linux-(image|headers)-${pattern//+/\\+}\$"
	fi

	all=$(apt-cache -c "$apt_conf" pkgnames linux-) || die 'apt-cache does not say what packages there are: see above'
	mapfile -t names < <(grep -E "$pattern" <<<"$all")
	[[ ${#names[@]} -gt 0 ]] || return 0
	apt-cache -c "$apt_conf" show "${names[@]}" | awk -v bare="${2:-}" '
		$1 == "Package:" { name = $2 }
		$1 == "Version:" && sub(/^linux-headers-/, "", name) { headers[name, $2] = 1; name = "" }
		$1 == "Version:" && sub(/^linux-image-/, "", name) { image[name, $2] = name " " $2 }
		END {
			for (i in image)
				if (i in headers || bare)
					print "linux-image-" image[i]
		}' | sort -k 2V | tail -n 1
}

# fetch_packages DIR PACKAGE[=VERSION]...: fetches them into DIR
fetch_packages() {
	local dir=$1
	shift

	run env -C "$dir" apt-get -c "$apt_conf" -q download "$@" >>"$log" 2>&1 || {
		cat "$log" >&2
		die "${1%%=*}: cannot fetch: apt-get download said the above; check the network and the free space in $cache"
	}
}

# packages_size PACKAGE[=VERSION]...: prints the size of the download, in MB
packages_size() {
	apt-get -c "$apt_conf" -q --print-uris download "$@" 2>>"$log" |
		awk '{ sum += $3 } END { printf "%d", sum / 1000000 }'
}

# update_suites: for fetch: reads the package lists of $suites; sets apt_conf and log
update_suites() {
	private_apt "$apt_dir"
	log=$apt_dir/log
	note "looking for ${source_package:-linux-image-$name} in $suites"
	# One of several suites may be gone from the mirror; the others may be enough.
	run apt-get -c "$apt_conf" -q update >"$log" 2>&1 || :
}

# find_family NAME: for fetch: chooses the first line of $families that has the kernel with
# its headers; if none does, the first one that has it without
find_family() {
	local family image bare_family=''

	while read -r family; do
		[[ -n $family ]] || continue
		suites=$family
		apt_dir=$cache/apt/${family%% *}
		update_suites
		image=$(newest "$1")
		[[ -z $image ]] || return 0
		image=$(newest "$1" bare)
		[[ -z $image ]] || bare_family=${bare_family:-$family}
	done <<<"$families"
	if [[ -n $bare_family ]]; then
		suites=$bare_family bare=bare
		apt_dir=$cache/apt/${bare_family%% *}
		update_suites
		note "$1: its headers are in no suite: verify_pte.ko cannot be built for it"
		return
	fi
	[[ ! $1 =~ $release_name ]] ||
		die "linux-image-$1: not in any suite from bullseye to sid: a mirror keeps the newest releases of a series; try $(grep -oE '^[0-9]+\.[0-9]+' <<<"$1")"
	die "linux-image-$1: no suite from bullseye to sid has an image of that series; if that is wrong, check the network and the system's package sources"
}
