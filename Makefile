# mailroom: one Makefile for the whole tree.
#
#   make            programs in build/bin
#   make deps       Debian packages that are missing (only then needs root)
#   make demo       a private mail system on loopback, shown at work
#   make check      every test; make soak: the long forms
#   make bench      ratios against floors and peers
#   make lint       formatter, analysers, man pages, shell, layering
#   make asan       programs with sanitizers in build/asan/bin
#   make fuzz       fuzz targets, FUZZ_SECONDS each
#   make install    below $(DESTDIR)$(PREFIX); make uninstall

PREFIX	?= /usr/local
SBIN	?= $(PREFIX)/sbin
BIN	?= $(PREFIX)/bin
HELPERS	?= $(PREFIX)/lib/mailroom
MANDIR	?= $(PREFIX)/share/man

CC	?= cc
WARN	= -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	  -Wmissing-prototypes -Wcast-qual -Wwrite-strings -Wvla \
	  -Wconversion -Wformat=2 -Wundef -Wpointer-arith \
	  -Wnull-dereference -Wimplicit-fallthrough -Werror
HARDEN	= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
CFLAGS	?= -O2 -g
CPPFLAGS += -D_GNU_SOURCE -I. -DHELPERS='"$(HELPERS)"'
ALL_CFLAGS = -std=gnu17 $(CFLAGS) $(HARDEN) $(WARN)
LDFLAGS	+= -pie -Wl,-z,relro,-z,now -Wl,--as-needed
B	?= build

# A library from its static archive when there is one: each shared library is
# paid for at the start of every connection.
archive	= $(or $(wildcard $(shell $(CC) -print-file-name=lib$(1).a)),-l$(1))
LIBBSD	= $(call archive,bsd) $(call archive,md)
LIBIDN2	= $(call archive,idn2) $(call archive,unistring)
LIBCRYPT = $(call archive,crypt)

# One line per program: folder/name is its object with main.
PROGRAMS = smtp-session/smtp-session pop3-session/pop3-session \
	   mailq-run/mailq-run mailq-run/mailq mailq-run/sendmail \
	   session/auth-pam
LIBS_smtp-session = $(LIBIDN2) $(LIBCRYPT)
LIBS_pop3-session = $(LIBCRYPT)
LIBS_mailq-run = $(LIBIDN2) -lresolv
LIBS_mailq = $(LIBIDN2)
LIBS_sendmail = $(LIBIDN2)
LIBS_auth-pam = -lpam

FOLDERS	= message session maildir smtp-session pop3-session mailq-run
# What a program's own code may use, in link order.  The spool format belongs
# to mailq-run/spool.c, which smtp-session may use.
UNDER	= session message

all: $(addprefix $(B)/bin/,$(notdir $(PROGRAMS)))

MAINS	= $(addsuffix .c,$(PROGRAMS))
SOURCES	= $(foreach f,$(FOLDERS),$(wildcard $(f)/*.c))
PARTS	= $(filter-out $(MAINS),$(SOURCES))
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
$(B)/bin/$(notdir $(1)): $(B)/obj/$(1).o $(B)/lib/$(patsubst %/,%,$(dir $(1))).a \
    $(B)/lib/mailq-run.a $(B)/lib/maildir.a $(B)/lib/session.a $(B)/lib/message.a
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) $$(LDFLAGS) -o $$@ $$< -Wl,--start-group \
	    $$(sort $$(filter %.a,$$^)) -Wl,--end-group \
	    $$(LIBS_$(notdir $(1))) $$(LIBBSD)
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(patsubst %.o,%.d,$(call obj,$(SOURCES)))

clean:
	rm -rf build

.PHONY: all clean
