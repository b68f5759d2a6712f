# mailroom: one Makefile for the whole tree.
#
#   make            programs in build/bin
#   make deps       Debian packages that are missing (only then needs root)
#   make demo       a private mail system on loopback, shown at work
#   make check      every test; make soak: the long forms
#   make bench      ratios against floors and peers
#   make lint       formatter, analysers, man pages, shell, layering
#   make asan       every test, of programs with sanitizers (build/asan)
#   make fuzz       fuzz targets, FUZZ_SECONDS each
#   make acceptance the README, followed on a fresh Debian
#   make install    below $(DESTDIR)$(PREFIX); make uninstall
#   make deb        a Debian package

PREFIX	?= /usr/local
SBIN	?= $(PREFIX)/sbin
BIN	?= $(PREFIX)/bin
HELPERS	?= $(PREFIX)/lib/mailroom
MANDIR	?= $(PREFIX)/share/man

CC	?= cc
WARN	= -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	  -Wmissing-prototypes -Wcast-qual -Wwrite-strings -Wvla \
	  -Wconversion -Wformat=2 -Wundef -Wpointer-arith \
	  -Wnull-dereference -Wimplicit-fallthrough \
	  -Wno-string-conversion -Werror
HARDEN	= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
CFLAGS	?= -O2 -g
CPPFLAGS += -D_GNU_SOURCE -I. -DHELPERS='"$(HELPERS)"'
ALL_CFLAGS = -std=gnu17 $(CFLAGS) $(HARDEN) $(WARN)
LDFLAGS	+= $(PIE) -Wl,-z,relro,-z,now -Wl,--as-needed
PIE	= -pie
B	?= build

# A library from its static archive when there is one: each shared library is
# paid for at the start of every connection.
archive	= $(or $(wildcard $(shell $(CC) -print-file-name=lib$(1).a)),-l$(1))
LIBBSD	= $(call archive,bsd) $(call archive,md)
LIBUNI	= $(call archive,unistring)
LIBIDN2	= $(call archive,idn2) $(LIBUNI)
LIBCRYPT = $(call archive,crypt)
LIBZ	= $(call archive,z)
# What starts once per connection, or for each line that is typed, is linked
# whole, C library too: a fifth less time from exec to main, less memory,
# cheaper forks.  It must not call what loads libraries: the name service (see
# session/account.h and maildir/cmd-person.c), or iconv, which imap-session has for
# character sets (for maildir, session/converter.h).
STATIC	= $(if $(wildcard $(shell $(CC) -print-file-name=libc.a)),-static-pie,-pie)
LIBRESOLV = $(call archive,resolv)

# One line per program: folder/name is its object with main.
PROGRAMS = smtp-session/smtp-session pop3-session/pop3-session \
	   imap-session/imap-session \
	   mailq-run/mailq-run mailq-run/mailq mailq-run/sendmail \
	   mailq-run/mta-sts mailq-run/mailroom-check \
	   maildir/maildir \
	   session/auth-pam session/find-user session/tls-relay session/to-utf8
$(B)/bin/smtp-session $(B)/bin/pop3-session $(B)/bin/maildir: PIE = $(STATIC)
LIBS_smtp-session = $(LIBIDN2) $(LIBCRYPT) $(LIBRESOLV)
LIBS_pop3-session = $(LIBIDN2) $(LIBCRYPT)
LIBS_imap-session = $(LIBIDN2) $(LIBCRYPT) $(LIBZ)
LIBS_mailq-run = $(LIBIDN2) -lresolv
LIBS_mailq = $(LIBIDN2)
LIBS_mailroom-check = $(LIBIDN2) -lresolv
LIBS_mta-sts = -lcurl
LIBS_maildir = $(LIBUNI)
LIBS_sendmail = $(LIBIDN2)
# What a program has beside its main and the archives.
OWN_maildir = $(wildcard maildir/cmd-*.c)
LIBS_auth-pam = -lpam $(LIBCRYPT)
LIBS_tls-relay = -lssl -lcrypto

FOLDERS	= message session maildir smtp-session pop3-session imap-session \
	  mailq-run
# What a program's own code may use, in link order.  The spool format belongs
# to mailq-run/spool.c, which smtp-session may use.
UNDER	= session message

all: $(addprefix $(B)/bin/,$(notdir $(PROGRAMS)))

MAINS	= $(addsuffix .c,$(PROGRAMS))
SOURCES	= $(foreach f,$(FOLDERS),$(wildcard $(f)/*.c))
PARTS	= $(filter-out $(MAINS) $(OWN_maildir),$(SOURCES))
obj	= $(patsubst %.c,$(B)/obj/%.o,$(1))

define folder
$(B)/lib/$(1).a: $(call obj,$(filter $(1)/%,$(PARTS)))
endef
$(foreach f,$(FOLDERS),$(eval $(call folder,$(f))))

$(B)/lib/%.a:
	@mkdir -p $(@D)
	@rm -f $@
	ar rcs $@ $^

define program
$(B)/bin/$(notdir $(1)): $(B)/obj/$(1).o $(call obj,$(OWN_$(notdir $(1)))) \
    $(B)/lib/$(patsubst %/,%,$(dir $(1))).a \
    $(B)/lib/mailq-run.a $(B)/lib/maildir.a $(B)/lib/session.a $(B)/lib/message.a
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) $$(LDFLAGS) -o $$@ $$(filter %.o,$$^) \
	    -Wl,--start-group $$(sort $$(filter %.a,$$^)) -Wl,--end-group \
	    $$(LIBS_$(notdir $(1))) $$(LIBBSD)
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The places that a PREFIX is compiled into.
$(B)/helpers: FORCE
	@mkdir -p $(@D)
	@echo '$(HELPERS)' | cmp -s - $@ || echo '$(HELPERS)' >$@
$(B)/obj/session/config.o $(B)/obj/maildir/cmd-charset.o: $(B)/helpers

-include $(patsubst %.o,%.d,$(call obj,$(SOURCES)))

# ---- tests

# tests/unit/FOLDER-FILE.c becomes build/unit/FOLDER-FILE, with the archives
# that FOLDER may use and no others.
UNITS	= $(patsubst tests/unit/%.c,$(B)/unit/%,\
	  $(foreach f,$(FOLDERS),$(wildcard tests/unit/$(f)-*.c)))
TEST_LIBS = $(LIBIDN2) $(LIBCRYPT) $(LIBZ) -lresolv $(LIBBSD)
owner	= $(firstword $(foreach f,$(FOLDERS),$(if $(filter $(f)-%,$(1)),$(f))))
UNDER_message = message
UNDER_session = session message
UNDER_maildir = maildir message
under	= $(or $(UNDER_$(1)),$(sort $(1) mailq-run maildir session message))

define unit
$(1): $(patsubst %,$(B)/lib/%.a,$(call under,$(call owner,$(notdir $(1)))))
endef
$(foreach u,$(UNITS),$(eval $(call unit,$(u))))

$(UNITS): $(B)/unit/%: tests/unit/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< \
	    -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(TEST_LIBS)

-include $(UNITS:%=%.d)

$(B)/tool/spool: tests/tool/spool.c $(patsubst %,$(B)/lib/%.a,mailq-run \
    session message)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< \
	    -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(TEST_LIBS)

-include $(B)/tool/spool.d

$(B)/tool/%: tests/tool/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $<

tests: all $(UNITS) $(B)/tool/killat $(B)/tool/spool

# Tests get the same environment on every machine.
PLAIN_ENV = env -i HOME="$$HOME" PATH="$$PATH" TMPDIR="$${TMPDIR:-/tmp}" \
	    LANG=C.UTF-8 SHELL=/bin/sh SOAK="$(SOAK)" \
	    ASAN_OPTIONS="$(ASAN_OPTIONS)" \
	    BATS_TEST_TIMEOUT=$(TIMEOUT) MAILROOM_BUILD="$(abspath $(B))"

# SOAK=1 makes tests that know a long form take it.
JOBS	?= $(shell expr 2 '*' "$$(nproc)")
TESTS	?= tests
TIMEOUT	= $(if $(SOAK),1800,180)
check:
	@tests/tool/reach
	@tests/tool/deps $(DEPS_BUILD) $(DEPS_DEMO) $(DEPS_CHECK) \
	    $(if $(SOAK),$(DEPS_SOAK))
	@tests/tool/unpack $(B)/peers $(UNPACKED)
	+@$(MAKE) -s --no-print-directory tests
	@j=$$(command -v parallel >/dev/null && echo --jobs $(JOBS)); \
	$(PLAIN_ENV) bats --recursive $$j --formatter tap $(TESTS) | \
	    tests/tool/tally -v uid="$$(id -u)" -v soak="$(SOAK)"

# The README, followed on a fresh Debian: systemd booted, and openbsd-inetd.
acceptance:
	@tests/tool/deps $(DEPS_ACCEPTANCE)
	@tests/acceptance $(WAYS)

soak: export SOAK = 1
soak: check

# Ratios to floors and peers; BENCH_FLAGS=-q is a short run.
bench:
	@tests/tool/deps $(DEPS_BUILD) $(DEPS_DEMO) $(DEPS_BENCH)
	+@$(MAKE) -s --no-print-directory all $(B)/bench/banner \
	    $(B)/bench/floor $(B)/bench/greet $(B)/bench/tlsource $(B)/tool/spool \
	    $(B)/unit/maildir-time
	@MAILROOM_BUILD=$(abspath $(B)) tests/bench/smtp $(BENCH_FLAGS)
	@MAILROOM_BUILD=$(abspath $(B)) tests/bench/tls $(BENCH_FLAGS)
	@MAILROOM_BUILD=$(abspath $(B)) tests/bench/growth
	@MAILROOM_BUILD=$(abspath $(B)) tests/bench/queue \
	    $(filter -q,$(BENCH_FLAGS))
	@MAILROOM_BUILD=$(abspath $(B)) tests/bench/store
	@MAILROOM_BUILD=$(abspath $(B)) tests/bench/imap \
	    $(filter -q,$(BENCH_FLAGS))
	@MAILROOM_BUILD=$(abspath $(B)) tests/bench/tools \
	    $(filter -q,$(BENCH_FLAGS))

$(B)/bench/tlsource: BENCH_LIBS = -lssl -lcrypto
$(B)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $< $(BENCH_LIBS)

demo:
	@tests/tool/deps $(DEPS_BUILD) $(DEPS_DEMO)
	+@$(MAKE) -s --no-print-directory all
	@tests/demo

# ---- what reads the code: lint, sanitizers, fuzzing

# Each file has a stamp below build/lint, so only what changed is read again.
# One stamp per tool and file lets make -j use all processors.
CODE	= $(SOURCES) $(wildcard tests/unit/*.c tests/fuzz/*.c tests/tool/*.c)
HEADERS	= $(wildcard $(FOLDERS:%=%/*.h) tests/*/*.h)
SHELL_FILES = .ci/run $(wildcard tests/*.bash tests/*.bats tests/*/*.bats \
	  tests/*/*/*.bats) \
	  $(shell grep -slE '^\#!(/usr)?/bin/(env )?(ba)?sh' tests/* tests/tool/* \
	  session/deb/build session/deb/p*)
STAMPS	= $(CODE:%=$(B)/lint/%.format) $(HEADERS:%=$(B)/lint/%.format) \
	  $(CODE:%=$(B)/lint/%.tidy)

$(B)/lint/%.format: % .clang-format
	@mkdir -p $(@D)
	@clang-format --dry-run -Werror $<
	@touch $@

$(B)/lint/%.tidy: % $(HEADERS) .clang-tidy
	@mkdir -p $(@D)
	@clang-tidy --quiet $< -- -std=gnu17 $(CPPFLAGS) 2>$@.err || \
	    { cat $@.err >&2; exit 1; }
	@rm -f $@.err
	@touch $@

# All of it is done, whatever fails on the way.
lint:
	@tests/tool/deps $(DEPS_BUILD) $(DEPS_LINT)
	+@$(MAKE) --no-print-directory -k lint-house $(STAMPS) lint-cppcheck \
	    lint-man lint-shell lint-clang

lint-house:
	tests/tool/house $(FOLDERS)

lint-cppcheck:
	cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr \
	    --enable=warning,portability,performance $(CPPFLAGS) \
	    -D__$(shell uname -m)__ --suppress=missingIncludeSystem $(FOLDERS)

lint-man:
	mandoc -Tlint -W warning man/*.[1-8]
	tests/tool/pages man/*.[1-8]
	tests/tool/road | cmp - man/road.svg

lint-shell:
	shellcheck -x $(SHELL_FILES)

lint-clang:
	+@$(MAKE) --no-print-directory B=build/clang CC=clang tests

# Put all files into the form that lint wants.
format:
	clang-format -i $(CODE) $(HEADERS)

# Sanitizers see what _FORTIFY_SOURCE would hide from them, and bring system
# calls that the BPF filter does not know; see MAILROOM_SANITIZE.  They stand
# between us and crypt(3), so that must be a library they can find.
SANITIZE = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	   -fno-sanitize-recover=all
asan:
	@tests/tool/deps $(DEPS_BUILD) clang
	+@$(MAKE) -s --no-print-directory B=build/asan CC=clang \
	    CFLAGS="$(SANITIZE) -DMAILROOM_SANITIZE" HARDEN=-fPIE \
	    LIBCRYPT="-Wl,--no-as-needed -lcrypt" STATIC=-pie \
	    ASAN_OPTIONS=detect_leaks=0 TIMEOUT=1800 check

# tests/fuzz/FOLDER-WHAT.c with its seeds in tests/fuzz/seeds/FOLDER-WHAT; what
# it finds stays in build/fuzz/corpus, inputs that break it in build/fuzz.
FUZZ_SECONDS ?= 60
FUZZERS	= $(patsubst tests/fuzz/%.c,$(B)/fuzzer/%,$(wildcard tests/fuzz/*.c))
$(foreach f,$(FUZZERS),$(eval $(call unit,$(f))))

$(FUZZERS): $(B)/fuzzer/%: tests/fuzz/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -fsanitize=fuzzer -MMD -MP \
	    $(LDFLAGS) -o $@ $< -Wl,--start-group $(filter %.a,$^) \
	    -Wl,--end-group $(TEST_LIBS)

-include $(FUZZERS:%=%.d)

fuzz:
	@tests/tool/deps $(DEPS_BUILD) clang
	+@$(MAKE) -s --no-print-directory B=build/fuzz CC=clang HARDEN=-fPIE \
	    CFLAGS="$(SANITIZE) -fsanitize=fuzzer-no-link -DMAILROOM_SANITIZE" \
	    fuzzers
	@for f in $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c)); do \
	    echo "== $$f"; mkdir -p build/fuzz/corpus/$$f; \
	    build/fuzz/fuzzer/$$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
		-rss_limit_mb=1024 -verbosity=0 -print_final_stats=1 \
		-artifact_prefix=build/fuzz/$$f- build/fuzz/corpus/$$f \
		$$(ls -d tests/fuzz/seeds/$$f 2>/dev/null) || exit 1; \
	done

fuzzers: $(FUZZERS)

# ---- Debian packages, by what they are for

DEPS_BUILD = gcc libc6-dev libbsd-dev libmd-dev libidn2-dev libunistring-dev \
	     libcrypt-dev libpam0g-dev libssl-dev libcurl4-openssl-dev \
	     zlib1g-dev
DEPS_DEMO = openbsd-inetd nsd openssl python3 perl-base systemd util-linux
DEPS_CHECK = bats parallel strace mandoc cron curl fetchmail getmail6 git-email \
	     dnsmasq-base dovecot-imapd dpkg-dev fail2ban gsasl iproute2 isync ldnsutils \
	     less libmailtools-perl mpop msmtp mutt neomutt offlineimap3 opendkim \
	     php-cli php-sqlite3 roundcube-core roundcube-sqlite3 \
	     procps s-nail s6 swaks tmux ucspi-tcp
DEPS_BENCH = dovecot-imapd
# Of long runs alone.
DEPS_SOAK = rspamd spamass-milter spamd
# Those that conflict with one another are only unpacked.
UNPACKED = inetutils-inetd xinetd courier-imap courier-pop courier-base \
	   courier-authlib courier-authlib-userdb libcourier-unicode4 libgamin0
DEPS_ACCEPTANCE = debootstrap systemd-container curl fetchmail git iproute2 \
	     isync nsd openssl python3 swaks util-linux
DEPS_LINT = clang clang-format clang-tidy cppcheck mandoc shellcheck

deps-build:
	@tests/tool/deps $(DEPS_BUILD)

print-deps-build:
	@echo $(DEPS_BUILD)

deps:
	@tests/tool/deps $(DEPS_BUILD) $(DEPS_DEMO) $(DEPS_CHECK) $(DEPS_LINT)

# ---- installation

IN_SBIN	= smtp-session pop3-session imap-session mailq-run mailroom-check
IN_BIN	= mailq sendmail maildir
IN_HELPERS = auth-pam find-user tls-relay to-utf8 mta-sts
UNITDIR	?= $(PREFIX)/lib/systemd/system
SYSUSERS ?= $(PREFIX)/lib/sysusers.d
TMPFILES ?= $(PREFIX)/lib/tmpfiles.d
DOC	?= $(PREFIX)/share/doc/mailroom
BASHCOMP ?= $(PREFIX)/share/bash-completion/completions
UNITFILES = $(wildcard $(FOLDERS:%=%/*.socket) $(FOLDERS:%=%/*.service) \
	    $(FOLDERS:%=%/*.timer))
MANPAGES = $(wildcard man/*.[1-8])
D	= $(DESTDIR)
# The files in the tree name the default place; here they learn the real one.
PLACE	= sed 's,/usr/local/sbin/,$(SBIN)/,g'

install: all
	install -d $(D)$(SBIN) $(D)$(BIN) $(D)$(HELPERS) $(D)$(UNITDIR) \
	    $(D)$(SYSUSERS) $(D)$(TMPFILES) $(D)$(DOC)
	install $(IN_SBIN:%=$(B)/bin/%) $(D)$(SBIN)
	install $(IN_BIN:%=$(B)/bin/%) $(D)$(BIN)
	install $(IN_HELPERS:%=$(B)/bin/%) $(D)$(HELPERS)
	for m in $(MANPAGES); do \
	    install -D -m 644 $$m $(D)$(MANDIR)/man$${m##*.}/$${m#man/}; done
	for u in $(UNITFILES); do \
	    $(PLACE) $$u >$(D)$(UNITDIR)/$${u##*/}; done
	install -D -m 644 maildir/completion.bash $(D)$(BASHCOMP)/maildir
	install -m 644 session/sysusers.conf $(D)$(SYSUSERS)/mailroom.conf
	install -m 644 session/tmpfiles.conf $(D)$(TMPFILES)/mailroom.conf
	$(PLACE) $(wildcard $(FOLDERS:%=%/inetd.conf)) >$(D)$(DOC)/inetd.conf
	for k in inetutils:inetutils.conf xinetd:xinetd.conf \
	    tcpserver:tcpserver.sh; do \
	    session/superservers -v kind=$${k%:*} $(D)$(DOC)/inetd.conf \
		>$(D)$(DOC)/$${k#*:} || exit 1; done
	$(PLACE) mailq-run/cron.d >$(D)$(DOC)/cron.d
	install -D -m 644 session/fail2ban-filter.conf \
	    $(D)$(DOC)/examples/fail2ban/filter.d/mailroom.conf
	install -D -m 644 session/fail2ban-jail.conf \
	    $(D)$(DOC)/examples/fail2ban/jail.d/mailroom.conf
	install -D -m 644 session/logcheck.conf \
	    $(D)$(DOC)/examples/logcheck/ignore.d.server/mailroom

uninstall:
	rm -f $(IN_SBIN:%=$(D)$(SBIN)/%) $(IN_BIN:%=$(D)$(BIN)/%)
	rm -f $(foreach m,$(MANPAGES:man/%=%),$(D)$(MANDIR)/man$(lastword \
	    $(subst ., ,$(m)))/$(m))
	rm -f $(addprefix $(D)$(UNITDIR)/,$(notdir $(UNITFILES)))
	rm -f $(D)$(BASHCOMP)/maildir
	rm -f $(D)$(SYSUSERS)/mailroom.conf $(D)$(TMPFILES)/mailroom.conf
	rm -rf $(D)$(HELPERS) $(D)$(DOC)

# A Debian package for this machine's architecture, in build/.
VERSION	?= 0.9
deb:
	@tests/tool/deps $(DEPS_BUILD) dpkg-dev
	@rm -rf build/deb/root
	+@$(MAKE) -s --no-print-directory B=build/deb PREFIX=/usr \
	    UNITDIR=/lib/systemd/system DESTDIR=build/deb/root install
	@session/deb/build build/deb/root $(VERSION) \
	    build/mailroom_$(VERSION).deb

clean:
	rm -rf build

FORCE:
.PHONY: FORCE all tests check soak bench demo deps install uninstall deb clean \
	acceptance deps-build print-deps-build \
	lint lint-house lint-cppcheck lint-man lint-shell lint-clang format \
	asan fuzz fuzzers
.DELETE_ON_ERROR:
