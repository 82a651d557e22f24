# SPDX-License-Identifier: GPL-2.0
#
# links.awk - checks the links of our Markdown files
#
#	awk -f links.awk LIST PAGE...
#
# LIST has the existing files, one per line. A link without a scheme must lead to one of them,
# or to a folder of them, and its #anchor to a heading of that page, by the name that GitHub
# gives it. Each page of docs/ must be linked from a page. Each error is printed as a line; the
# exit status is 1 if there is one, or no link at all.

# The name of a heading: its letters, digits, "-" and "_", in lower case, with "-" for a blank
function anchor(text) {
	gsub(/\]\([^)]*\)/, "", text)
	text = tolower(text)
	gsub(/[^a-z0-9 _-]/, "", text)
	gsub(/ /, "-", text)
	return text
}

# The path relative to the tree, of a link on the page; "" if it leaves the tree
function resolved(page, path,	n, i, depth, part, way) {
	if (page ~ /\//) {
		sub(/[^\/]*$/, "", page)
		path = page path
	}
	n = split(path, part, "/")
	for (i = 1; i <= n; i++) {
		if (part[i] == "..") {
			if (!depth)
				return ""
			depth--
		} else if (part[i] != "." && part[i] != "") {
			way[++depth] = part[i]
		}
	}
	path = ""
	for (i = 1; i <= depth; i++)
		path = path (i > 1 ? "/" : "") way[i]
	return path
}

# A paragraph is checked as a whole, as code and links may span lines.
function paragraph_end() {
	gsub(/`[^`]*`/, "", text)
	while (match(text, /\]\([^)]*\)/)) {
		nr_links++
		link_page[nr_links] = page
		link[nr_links] = substr(text, RSTART + 2, RLENGTH - 3)
		text = substr(text, RSTART + RLENGTH)
	}
	text = ""
}

function fault(i, why) {
	print link_page[i] ": " link[i] ": " why
	bad = 1
}

FILENAME == ARGV[1] {
	there[$0] = 1
	while (sub(/\/[^\/]*$/, ""))
		there[$0] = 1
	next
}

FNR == 1 {
	paragraph_end()
	fenced = 0
	page = FILENAME
	pages[page] = 1
}

/^ *```/ {
	paragraph_end()
	fenced = !fenced
	next
}

fenced { next }

/^#+ / {
	paragraph_end()
	name = $0
	sub(/^#+ +/, "", name)
	name = page "#" anchor(name)
	headings[seen[name]++ ? name "-" seen[name] - 1 : name] = 1
}

/^ *$/ { paragraph_end() }

{ text = text "\n" $0 }

END {
	paragraph_end()
	for (i = 1; i <= nr_links; i++) {
		if (link[i] ~ /^[a-z]+:/)
			continue
		to = link[i]
		place = ""
		if (match(to, /#/)) {
			place = substr(to, RSTART)
			to = substr(to, 1, RSTART - 1)
		}
		file = to == "" ? link_page[i] : resolved(link_page[i], to)
		linked[file] = file != link_page[i] || linked[file]
		if (!(file in there))
			fault(i, "there is no such file of ours")
		else if (place != "" && !((file place) in headings))
			fault(i, "no heading has that name")
	}
	for (page in pages) {
		if (page ~ /^docs\// && !linked[page]) {
			print page ": no other page has a link to it"
			bad = 1
		}
	}
	if (!nr_links)
		print "there is no link at all"
	exit bad || !nr_links
}
