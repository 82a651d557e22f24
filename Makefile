# SPDX-License-Identifier: GPL-2.0
# vfio-verify.  `make help` lists the targets, V=1 shows the commands.

V ?= 0
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),@:,@printf '  %-7s %s\n')

# The one place of the version: the programs, the module, dkms and the man pages have it
# from there.
VERSION := $(shell cat VERSION)

CC ?= gcc
PKG_CONFIG ?= pkg-config
SCDOC ?= scdoc
PREFIX ?= /usr/local
DESTDIR ?=
KERNELDIR ?= /lib/modules/$(shell uname -r)/build
# The date in a man page: of the last commit, or of what was unpacked.
SOURCE_DATE_EPOCH ?= $(shell { [ -e .git ] && git log -1 --format=%ct 2>/dev/null; } || date -r VERSION +%s)

# The same for every program; our own warnings, then what the builder adds. Where it is
# built is nowhere in what is built: two builds of one source are the same, byte by byte.
WARN := -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes
CFLAGS ?= -O2 -g
all_cflags = -std=gnu11 -D_GNU_SOURCE -DVFIO_VERIFY_VERSION='"$(VERSION)"' $(WARN) -Ikmod -Iuser \
	'-ffile-prefix-map=$(CURDIR)=.' $(CPPFLAGS) $(CFLAGS) -MMD -MP
# Asked once, when something is compiled.
json_cflags = $(eval json_cflags := $$(shell $(PKG_CONFIG) --cflags json-c))$(json_cflags)
SAN := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all

OBJ := build/user
PROGRAM_DIR := user

# A program is its main() and what that needs of all the rest, which is one archive: a new file
# in a folder of user/ is no edit here.
SOURCES := $(wildcard user/*/*.c)
vfio_test := cmd/main
vfio_test_libs := libkmod libpci json-c zlib
qemu_verify_pte := qemu/main
qemu_verify_pte_libs := json-c
PROGRAMS := vfio_test qemu_verify_pte
PARTS := $(filter-out $(vfio_test) $(qemu_verify_pte),$(SOURCES:user/%.c=%))

UNIT := $(patsubst tests/unit/test_%.c,%,$(wildcard tests/unit/test_*.c))
# Parts of the module, built for the host over stubs of the kernel's headers.
unit_files_walk := kmod/walk.c tests/kstub/sim.c
unit_cflags_walk := -I. -Itests/kstub
unit_files_walk_changes := $(unit_files_walk)
unit_cflags_walk_changes := $(unit_cflags_walk)
# Tables of an IOMMU, made up
unit_files_pt_io := tests/kstub/io_sim.c
unit_cflags_pt_io := -Itests/kstub

all: user man kmod

# What it takes to compile, as pkg-config's name:Debian's package. What is missing is named
# before the compiler stumbles over it.
NEEDS := libkmod:libkmod-dev libpci:libpci-dev json-c:libjson-c-dev zlib:zlib1g-dev

build/.needs: Makefile
	@mkdir -p build
	@need() { \
		echo "make: $$1: $$2: install $$3, or run scripts/setup build" >&2; \
		missing=yes; \
	}; \
	missing=; \
	if ! command -v $(firstword $(CC)) >/dev/null; then \
		need '$(firstword $(CC))' 'not found: it compiles the programs' 'gcc, or name another with CC='; \
	elif ! echo '#include <linux/vfio.h>' | $(CC) $(CPPFLAGS) -include stdio.h -E - >/dev/null 2>&1; then \
		need stdio.h 'no C headers, or none of Linux' libc6-dev; \
	fi; \
	if ! command -v $(PKG_CONFIG) >/dev/null; then \
		need '$(PKG_CONFIG)' 'not found: it finds the libraries' pkg-config; \
	else \
		for one in $(NEEDS); do \
			$(PKG_CONFIG) --exists $${one%:*} || \
				need $${one%:*} 'pkg-config does not know it' $${one#*:}; \
		done; \
	fi; \
	[ -z "$$missing" ]
	@touch $@

user: $(PROGRAMS:%=$(PROGRAM_DIR)/%)

# The module for the running kernel, where its headers are. Its compiler is the kernel's:
# a CC= or LDFLAGS= is for the programs.
kmod install: MAKEOVERRIDES :=
kmod:
ifneq ($(wildcard $(KERNELDIR)/Makefile),)
	$(Q)$(MAKE) -C kmod KERNELDIR=$(KERNELDIR) V=$(V) modules
else
	@echo "  SKIP    kmod: no headers in $(KERNELDIR): give KERNELDIR=, or see scripts/kernels module"
endif

user_cc = $(CC) $(all_cflags) $(json_cflags)

$(OBJ)/%.o: user/%.c Makefile VERSION | build/.needs
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(user_cc) -c -o $@ $<

$(OBJ)/libuser.a: $(PARTS:%=$(OBJ)/%.o)
	@rm -f $@
	$(say) AR $@
	$(Q)$(AR) rcs $@ $^

define program
$(PROGRAM_DIR)/$(1): $($(1):%=$(OBJ)/%.o) $(OBJ)/libuser.a
	$$(say) LD $$@
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(shell $$(PKG_CONFIG) --libs $($(1)_libs))
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

# Unit tests are built with the sanitizers, apart from the programs: what one of them links
# is compiled once for all of them.
UNIT_OBJ := build/unit/obj
unit_cc = $(CC) -std=gnu11 -D_GNU_SOURCE -DVFIO_VERIFY_VERSION='"$(VERSION)"' $(WARN) -Ikmod -Iuser $(SAN) \
	$(unit_pkg_cflags) -MMD -MP
unit_pkg_cflags = $(eval unit_pkg_cflags := $$(shell $(PKG_CONFIG) --cflags json-c cmocka))$(unit_pkg_cflags)

$(UNIT_OBJ)/user/%.o: user/%.c Makefile VERSION | build/.needs
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(unit_cc) -c -o $@ $<

$(UNIT_OBJ)/libuser.a: $(PARTS:%=$(UNIT_OBJ)/user/%.o)
	@rm -f $@
	$(say) AR $@
	$(Q)$(AR) rcs $@ $^

# What stands over stubs has flags of its own, and objects of its own for each test.
define unit_test
$(UNIT_OBJ)/$(1)/%.o: %.c Makefile VERSION | build/.needs
	@mkdir -p $$(@D)
	$$(say) CC $$@
	$$(Q)$$(unit_cc) $(unit_cflags_$(1)) -c -o $$@ $$<

build/unit/test_$(1): $(UNIT_OBJ)/$(1)/tests/unit/test_$(1).o \
		$(patsubst %.c,$(UNIT_OBJ)/$(1)/%.o,$(unit_files_$(1))) \
		$(UNIT_OBJ)/libuser.a
	$$(say) LD $$@
	$$(Q)$$(CC) $$(SAN) -o $$@ $$^ $$(shell $$(PKG_CONFIG) --libs $(vfio_test_libs) cmocka)
endef
$(foreach t,$(UNIT),$(eval $(call unit_test,$(t))))
-include $(shell find $(UNIT_OBJ) -name '*.d' 2>/dev/null)

unit: $(UNIT:%=build/unit/test_%)
	@echo '  built: tests/unit/run runs all of them, build/unit/test_NAME one, as build/unit/test_parse'

# Fuzzers are built as the unit tests are, by clang, which has libFuzzer.
FUZZ := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz_files_walk := $(unit_files_walk)
fuzz_cflags_walk := $(unit_cflags_walk)
FUZZ_OBJ := build/fuzz/obj
FUZZ_SAN := -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
fuzz_cc = clang -std=gnu11 -D_GNU_SOURCE -DVFIO_VERIFY_VERSION='"$(VERSION)"' -Ikmod -Iuser \
	$(FUZZ_SAN:-fsanitize=fuzzer%=-fsanitize=fuzzer-no-link%) $(json_cflags) -MMD -MP

$(FUZZ_OBJ)/user/%.o: user/%.c Makefile VERSION | build/.needs
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(fuzz_cc) -c -o $@ $<

$(FUZZ_OBJ)/libuser.a: $(PARTS:%=$(FUZZ_OBJ)/user/%.o)
	@rm -f $@
	$(say) AR $@
	$(Q)$(AR) rcs $@ $^

define fuzzer
$(FUZZ_OBJ)/$(1)/%.o: %.c Makefile VERSION | build/.needs
	@mkdir -p $$(@D)
	$$(say) CC $$@
	$$(Q)$$(fuzz_cc) $(fuzz_cflags_$(1)) -c -o $$@ $$<

build/fuzz/$(1): $(FUZZ_OBJ)/$(1)/tests/fuzz/fuzz_$(1).o \
		$(patsubst %.c,$(FUZZ_OBJ)/$(1)/%.o,$(fuzz_files_$(1))) \
		$(FUZZ_OBJ)/libuser.a
	$$(say) LD $$@
	$$(Q)clang $$(FUZZ_SAN) -o $$@ $$^ $$(shell $$(PKG_CONFIG) --libs $(vfio_test_libs))
endef
$(foreach f,$(FUZZ),$(eval $(call fuzzer,$(f))))
-include $(shell find $(FUZZ_OBJ) -name '*.d' 2>/dev/null)

fuzzers: $(FUZZ:%=build/fuzz/%)

# Programs for the guest, of one file or of a folder's, over helpers of their own; static, since
# the guest has no libraries. scripts/vm builds those that it is told to take.
GUEST_LIBS := away liar liar_nvme liar_vfio liar_witness misuse stale supervisor
GUEST_DIRS := $(patsubst tests/guest/%/main.c,%,$(wildcard tests/guest/*/main.c))
GUEST := $(filter-out $(GUEST_LIBS),$(patsubst tests/guest/%.c,%,$(wildcard tests/guest/*.c)))
GUEST_SOURCES := $(wildcard tests/lib/*.c tests/guest/*.c tests/guest/*/*.c)
GUEST_OBJ := build/guest/obj
guest_cc = $(CC) -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Ikmod -Iuser -Itests/lib

$(GUEST_OBJ)/%.o: tests/%.c Makefile
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(guest_cc) -MMD -MP -c -o $@ $<

$(GUEST_OBJ)/lib.a: $(patsubst tests/%.c,$(GUEST_OBJ)/%.o,$(wildcard tests/lib/*.c))
	@rm -f $@
	$(say) AR $@
	$(Q)$(AR) rcs $@ $^

define guest_program
build/guest/$(1): $(patsubst tests/%.c,$(GUEST_OBJ)/%.o,$(wildcard tests/guest/$(1).c tests/guest/$(1)/*.c)) \
		$(GUEST_OBJ)/lib.a
	$$(say) LD $$@
	$$(Q)$$(CC) -static -pthread -o $$@ $$^
endef
$(foreach p,$(GUEST) $(GUEST_DIRS),$(eval $(call guest_program,$(p))))

$(GUEST_LIBS:%=build/guest/%.so): build/guest/%.so: tests/guest/%.c Makefile
	@mkdir -p $(@D) $(GUEST_OBJ)
	$(say) LD $@
	$(Q)$(guest_cc) -MMD -MP -MF $(GUEST_OBJ)/$*.so.d -shared -fPIC -o $@ $<
-include $(shell find $(GUEST_OBJ) -name '*.d' 2>/dev/null)

# All of it once more, by $(CC), for its warnings, which are errors here
guest-syntax:
	$(Q)$(guest_cc) -Wshadow -Werror -Wno-gnu-variable-sized-type-not-at-end -fsyntax-only \
		$(GUEST_SOURCES)

guest: $(GUEST:%=build/guest/%) $(GUEST_DIRS:%=build/guest/%) $(GUEST_LIBS:%=build/guest/%.so)

# For editors and clang's tools: how each file is compiled. The recipes above and this have
# the same words from the same variables.
json_string = "$(subst ",\",$(subst \,\\,$(1)))"
# in_commands FILE,OBJECT,COMPILER
in_commands = $(file >>compile_commands.json.new,{ "directory": $(call json_string,$(CURDIR)), \
	"file": "$(1)", "output": "$(2)", "command": $(call json_string,$(3) -c -o $(2) $(1)) })

compile_commands.json:
	$(file >$@.new)
	$(foreach s,$(SOURCES),$(call in_commands,$(s),$(s:user/%.c=$(OBJ)/%.o),$(user_cc)))
	$(foreach t,$(UNIT),$(call in_commands,tests/unit/test_$(t).c,$(UNIT_OBJ)/$(t)/tests/unit/test_$(t).o,$(unit_cc) $(unit_cflags_$(t))))
	$(foreach s,$(unit_files_walk),$(call in_commands,$(s),$(s:%.c=$(UNIT_OBJ)/walk/%.o),$(unit_cc) $(unit_cflags_walk)))
	$(foreach f,$(FUZZ),$(call in_commands,tests/fuzz/fuzz_$(f).c,$(FUZZ_OBJ)/$(f)/tests/fuzz/fuzz_$(f).o,$(fuzz_cc) $(fuzz_cflags_$(f))))
	$(foreach s,$(GUEST_SOURCES),$(call in_commands,$(s),$(s:tests/%.c=$(GUEST_OBJ)/%.o),$(guest_cc)))
	$(say) JSON $@
	@{ echo '['; sed '/./!d; $$!s/$$/,/' $@.new; echo ']'; } >$@
	@rm -f $@.new

tags:
	@command -v ctags >/dev/null || { \
		echo 'make: tags: ctags: not found: install universal-ctags' >&2; \
		exit 2; \
	}
	$(say) CTAGS $@
	$(Q)ctags -o $@ --languages=C,Sh -R kmod user tests scripts

MAN := vfio_test.8 qemu_verify_pte.1 verify_pte.4 vfio-verify-vm.1

build/man/%: user/man/%.scd VERSION
	@mkdir -p $(@D)
	$(say) SCDOC $@
	$(Q)sed '1s/@VERSION@/$(VERSION)/' $< | SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) $(SCDOC) >$@.new
	@mv $@.new $@

man: $(if $(shell command -v $(SCDOC)),$(MAN:%=build/man/%),no-scdoc)

no-scdoc:
	@mkdir -p build/man
	@echo "  SKIP    man: no $(SCDOC), hence no man pages: install scdoc, or run scripts/setup build"

# Setting up, building, booting, testing: each says what it does.
setup:
	@scripts/setup

demo:
	@scripts/setup demo
	@$(MAKE) --no-print-directory user
	@scripts/demo

check: setup
	@$(MAKE) --no-print-directory user
	@tests/run

# Single groups of make check; what KERNEL= says holds for those that boot a VM.
GROUP ?=
test: setup
	@[ -n '$(strip $(GROUP))' ] || { \
		echo 'make: test: no group named: as in make test GROUP="unit run"; tests/run --list has them' >&2; \
		exit 2; \
	}
	@$(MAKE) --no-print-directory user
	@tests/run $(GROUP)

KERNELS ?= 5.10 6.1 6.12 7.3
check-matrix: setup
	@$(MAKE) --no-print-directory user
	@tests/run $(KERNELS:%=--kernel %)

bench: setup
	@$(MAKE) --no-print-directory user
	@scripts/bench

FUZZ_SECONDS ?= 60
fuzz: setup
	@tests/fuzz/run $(FUZZ_SECONDS)

MUTANTS ?=
mutants: setup
	@$(MAKE) --no-print-directory user
	@tests/mutants/run $(MUTANTS)

# What root builds in somebody's tree, its owner cannot clean: there, only what is built
# is installed.
as_guest := $(shell [ "$$(id -u)" -ne 0 ] || [ "$$(stat -c %u .)" -eq 0 ] || echo yes)
built: $(if $(as_guest),,user man)
	@$(if $(as_guest),$(MAKE) -q --no-print-directory user man >/dev/null 2>&1,:) || { \
		echo 'make: install: not built, or not up to date: run make as the owner of this tree first' >&2; \
		exit 2; \
	}

MANDIR := $(DESTDIR)$(PREFIX)/share/man
install: built
	install -D -t $(DESTDIR)$(PREFIX)/bin $(PROGRAMS:%=user/%)
	@for page in $(MAN); do \
		if [ -s build/man/$$page ]; then \
			echo "install $$page"; \
			install -D -m 644 -t $(MANDIR)/man$${page##*.} build/man/$$page || exit; \
		else \
			echo "  SKIP    $$page: not built, hence not installed"; \
		fi; \
	done
	install -D -m 644 user/completion/vfio_test.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/vfio_test
ifneq ($(wildcard kmod/verify_pte.ko),)
	$(Q)$(MAKE) -C kmod --no-print-directory KERNELDIR=$(KERNELDIR) DESTDIR=$(DESTDIR) V=$(V) install
else
	@echo '  SKIP    verify_pte.ko: not built, hence not installed'
endif

DKMS := $(DESTDIR)/usr/src/verify-pte-$(VERSION)
dkms-install:
	install -D -m 644 -t $(DKMS) kmod/*.c kmod/*.h kmod/Kbuild kmod/Makefile VERSION
	install -D -m 644 -t $(DKMS)/fmt kmod/fmt/*.h
	install -D -m 644 -t $(DKMS)/uapi kmod/uapi/*.h
	sed 's/@VERSION@/$(VERSION)/' kmod/dkms.conf >$(DKMS)/dkms.conf

style:
	@tests/static

clean:
	rm -rf build $(PROGRAMS:%=user/%) compile_commands.json tags
	find kmod -name '*.o' -o -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' \
		-o -name '.*.cmd' -o -name Module.symvers -o -name modules.order | xargs -r rm -f

help:
	@echo 'all          programs, and the module for the running kernel'
	@echo 'demo         the whole proof in a VM:  KERNEL= IOMMU= ACCEL= QEMU= CPU='
	@echo 'check        static gates, unit tests, guest tests; KTAP'
	@echo 'test         some groups of check alone:  GROUP="walk-cmd unit" KERNEL='
	@echo 'guest        the programs of tests/guest, built into build/guest'
	@echo 'unit         the unit tests, built; build/unit/test_NAME runs one'
	@echo 'check-matrix the tests that depend on the kernel, on each:  KERNELS="$(KERNELS)"'
	@echo 'bench        costs, as medians and ratios of one run'
	@echo 'fuzz         every parser under libFuzzer:  FUZZ_SECONDS=60'
	@echo 'mutants      wrong changes, each of which a test must see:  MUTANTS="-j 2 --area run"'
	@echo 'install      programs and module:  PREFIX= DESTDIR= KERNELDIR='
	@echo 'dkms-install the source of the module, for dkms'
	@echo 'style        the static gates alone'
	@echo 'tags         for editors, by ctags'
	@echo 'compile_commands.json'
	@echo '             how each file is compiled, for clangd and the like'
	@echo 'clean'

-include $(wildcard $(OBJ)/*/*.d)

.PHONY: all user kmod unit man no-scdoc built fuzzers guest guest-syntax compile_commands.json tags setup demo check test check-matrix bench fuzz mutants \
	install dkms-install style clean help
.DEFAULT_GOAL := all
# What half a recipe wrote is not there to be taken for the whole.
.DELETE_ON_ERROR:
