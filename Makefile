# oklo: one Makefile, sources found by themselves. `make help` lists the targets.
#
#   CXX=clang++                   another compiler
#   CROSS=aarch64-linux-gnu-      for another machine, into build/cross-…; test runs under qemu-user
#   SAN=address,undefined         with sanitizers, into build/san-…
#   BUILD=DIR                     the build directory
#   ROOMS="base codec"            only these rooms and their unit tests (make unit)
#   V=1                           show the commands

VERSION := 0.1.0

PORT         ?= 8080
PREFIX       ?= /usr/local
FUZZ_SECONDS ?= 60

comma := ,
ifdef SAN
  BUILD ?= build/san-$(subst $(comma),-,$(SAN))
else ifdef CROSS
  BUILD ?= build/cross-$(CROSS:-=)
else
  BUILD ?= build
endif
ifeq ($(origin CXX),default)
  CXX := $(CROSS)g++
endif
ifeq ($(origin AR),default)
  AR := $(CROSS)ar
endif

# Directories whose files become part of the binary.
EMBED := src/cli/pages man
ROOMS ?= $(notdir $(wildcard src/*))
# What each request or message runs through is built for speed, all else to be small.
HOT   := $(addprefix base/,number utf8) stream \
         $(addprefix codec/,chunked conditions field_id head_meaning host http_request range url \
           stream_framing websocket_frame wire_unit) \
         $(addprefix gate/,crew deliveries dispatcher http_gate http_requests http_worker stream_gate \
           stream_worker worker_end ws_gate ws_worker) \
         $(addprefix http/,answer_times date_line file_cache file_resource http_service reply request \
           response route_table static_files) \
         $(addprefix net/,block_pool connection connection_pool datagram_socket output_queue \
           posted_connection posted_pool socket_connection wire) \
         $(addprefix reactor/,reactor timer_wheel) \
         $(addprefix shm/,broadcast_reader broadcast_ring broadcast_writer connection_rows) \
         $(addprefix sys/,epoll kernel packet_reader packet_writer passing socket time) \
         $(addprefix ws/,hub members websocket websocket_service)

ifdef SAN
  # clang 14 makes no code of a coroutine whose calls it is to check ("a difference across sections").
  OPTIMIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=$(SAN) -fno-sanitize-recover=all \
              $(if $(findstring clang,$(CXX)),-fno-sanitize=function)
  SMALL    := $(OPTIMIZE)
  LINK     := $(OPTIMIZE)
  TESTLINK := $(OPTIMIZE)
else
  OPTIMIZE := -O2 -fno-asynchronous-unwind-tables
  SMALL    := -Os -fno-asynchronous-unwind-tables
  LINK     := -static -s -Wl,-z,noseparate-code
  TESTLINK := $(if $(CROSS),-static)
endif
# g++ 12 sees an overlap in std::string's operator+ where there is none (its bug 105651), and with the
# thread sanitizer a write beyond its end; for ARM it notes what was otherwise before its version 7. 64 bits
# of file offset and time on 32-bit machines too.
COMMON   := -std=c++20 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror \
            $(if $(findstring clang,$(CXX)),,-Wno-restrict -Wno-psabi) \
            $(if $(findstring thread,$(SAN)),-Wno-tsan -Wno-array-bounds -Wno-stringop-overflow) \
            -ffunction-sections -fdata-sections -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 \
            -DOKLO_VERSION='"$(VERSION)"' -MMD -MP
# src is searched for "quoted" names alone: "sys/socket.h" is ours, <sys/socket.h> the system's.
LIBFLAGS := $(COMMON) -fno-exceptions -fno-rtti -iquote src -Iinclude
# doctest stands in /usr/include, where a cross compiler does not look. The library has no type
# information, so the tests can't check the type of its objects.
TESTFLAGS := $(COMMON) $(if $(SAN),$(OPTIMIZE) -fno-sanitize=vptr) -iquote src -iquote tests/unit -Iinclude \
             $(if $(CROSS),-isystem $(BUILD)/include)
EXAMPLEFLAGS := $(COMMON) $(OPTIMIZE) -Iinclude
LINK     += -Wl,--gc-sections
TESTLINK += -Wl,--gc-sections

OBJ          := $(BUILD)/obj
objects       = $(patsubst %.cc,$(OBJ)/%.o,$(1))
sources_in    = $(wildcard $(patsubst %,src/%/*.cc,$(1)))
# What the binary has and the library has not: the commands and what they alone run.
BINARY_ROOMS := models bench experiments lab cli
LIB_OBJECTS  := $(call objects,$(call sources_in,$(filter-out $(BINARY_ROOMS),$(ROOMS)))) $(OBJ)/embedded.o
CLI_OBJECTS  := $(call objects,$(filter-out src/cli/main.cc,$(call sources_in,$(filter \
                $(BINARY_ROOMS),$(ROOMS)))))
MAIN_OBJECT  := $(call objects,src/cli/main.cc)
UNIT_OBJECTS := $(call objects,$(wildcard tests/unit/*.cc $(ROOMS:%=tests/unit/%/*.cc)))
FAULT_OBJECTS := $(call objects,tests/unit/main.cc $(wildcard tests/fault/*.cc))
SRC_OBJECTS  := $(call objects,$(call sources_in,$(ROOMS)))
HOT_OBJECTS  := $(call objects,$(wildcard $(HOT:%=src/%.cc) $(HOT:%=src/%/*.cc)))
EXAMPLE_OBJECTS := $(call objects,$(wildcard tests/examples/*.cc))
DOCTESTS     := $(filter-out $(OBJ)/tests/unit/main.o,$(UNIT_OBJECTS) $(FAULT_OBJECTS))
FUZZ_OBJECTS := $(call objects,$(wildcard tests/fuzz/*.cc))
FUZZERS      := $(patsubst tests/fuzz/%_fuzz.cc,%,$(wildcard tests/fuzz/*_fuzz.cc))
EXAMPLES     := $(patsubst tests/examples/%.cc,$(BUILD)/examples/%,$(wildcard tests/examples/*.cc))
EMBEDDED     := $(sort $(filter-out man/%.svg,$(foreach d,$(EMBED),$(wildcard $(d)/*))))
LIB          := $(BUILD)/liboklo.a
ALL_OBJECTS  := $(sort $(LIB_OBJECTS) $(CLI_OBJECTS) $(MAIN_OBJECT) $(UNIT_OBJECTS) $(FAULT_OBJECTS) \
                $(call objects,$(wildcard tests/fuzz/*.cc tests/examples/*.cc)))

Q := $(if $(V),,@)
export CXX BUILD CROSS SAN

.PHONY: all run test unit fault fuzzers examples install lab bench fuzz libfuzzers tidy clean help FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/oklo $(LIB)  ## build the static binary and the library

run: $(BUILD)/oklo  ## start the demo on http://127.0.0.1:PORT (PORT=8080)
	$< demo 127.0.0.1:$(PORT)

test:  ## run all tests (with CROSS=: the unit and fault tests, under qemu-user)
	+@tests/packages
	+@MAKE="$(MAKE)" tests/run

unit: $(BUILD)/tests/unit  ## build the unit tests, build/tests/unit

fault: $(BUILD)/tests/fault  ## build the fault tests, build/tests/fault

fuzzers: $(FUZZERS:%=$(BUILD)/fuzz/%)  ## build the fuzz targets with the plain driver

examples: $(EXAMPLES)  ## build the programs of tests/examples into build/examples

install: all  ## install under PREFIX=/usr/local (and DESTDIR=)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include/oklo
	install -m 755 $(BUILD)/oklo $(DESTDIR)$(PREFIX)/bin/oklo
	install -m 644 $(LIB) $(DESTDIR)$(PREFIX)/lib/liboklo.a
	install -m 644 include/oklo/*.h $(DESTDIR)$(PREFIX)/include/oklo
	for page in man/*.[1-9]; do \
	  install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/} || exit 1; done
	printf '%s\n' 'prefix=$(PREFIX)' 'Name: oklo' 'Description: A network server library' \
	  'Version: $(VERSION)' 'Cflags: -I$${prefix}/include' 'Libs: -L$${prefix}/lib -loklo' \
	  > $(DESTDIR)$(PREFIX)/lib/pkgconfig/oklo.pc

lab: $(BUILD)/oklo  ## measure the models on this machine, and draw man/lab.svg and a page
	$< lab --rounds 3 --json --svg man/lab.svg --html $(BUILD)/lab.html > $(BUILD)/lab.json
	tools/lab-table $(BUILD)/lab.json man/oklo-source.7
	@echo "man/lab.svg, the table of man/oklo-source.7, $(BUILD)/lab.html and $(BUILD)/lab.json are new"

bench: all examples  ## measure oklo beside nginx
	@tests/packages bench
	tests/bench/run

fuzz:  ## fuzz each target with libFuzzer for FUZZ_SECONDS=60 (needs clang)
	@command -v clang++ >/dev/null || { echo "make fuzz needs clang++ (apt-get install clang)" >&2; exit 1; }
	+$(Q)$(MAKE) --no-print-directory CXX=clang++ CROSS= SAN=fuzzer-no-link,address,undefined \
	  BUILD=build/libfuzzer libfuzzers
	$(Q)set -e; for name in $(FUZZERS); do echo "fuzz $$name"; mkdir -p build/libfuzzer/corpus/$$name; \
	  build/libfuzzer/run/$$name -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -verbosity=0 \
	  -artifact_prefix=build/libfuzzer/$$name- build/libfuzzer/corpus/$$name \
	  $$(ls -d tests/fuzz/corpus/$$name 2>/dev/null); done

libfuzzers: $(FUZZERS:%=$(BUILD)/run/%)

tidy:  ## check the style of the sources
	@tools/tidy

clean:  ## remove the build directory
	rm -rf $(BUILD)

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile | expand -t 10

# The map lists the library members that the linker took. What reads passwd, hosts or charsets through
# shared objects does not work in a static program, so it must not be there.
FORBIDDEN := (getaddrinfo|getpw[a-z_]*|nss_[a-z_]*|iconv_open)

$(BUILD)/oklo: $(MAIN_OBJECT) $(CLI_OBJECTS) $(LIB) $(BUILD)/objects
	@echo "link $@"
	$(Q)$(CXX) $(LINK) -Wl,-Map=$@.map $(MAIN_OBJECT) $(CLI_OBJECTS) $(LIB) -o $@
ifndef SAN
	@if sed '/^Discarded input sections/,$$d' $@.map | grep -E -A1 '^/.*\($(FORBIDDEN)\.o\)$$'; then \
	  echo "$@: the lines above of $@.map name what a static program must not link" >&2; rm -f $@; exit 1; fi
endif
	@echo "$@: $$(stat -c %s $@) bytes"

$(LIB): $(LIB_OBJECTS) $(BUILD)/objects
	@echo "archive $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $(LIB_OBJECTS)

$(BUILD)/tests/unit: $(UNIT_OBJECTS) $(CLI_OBJECTS) $(LIB) $(BUILD)/objects
	@echo "link $@"; mkdir -p $(@D)
	$(Q)$(CXX) $(TESTLINK) $(UNIT_OBJECTS) $(CLI_OBJECTS) $(LIB) -o $@

# The fault tests bring a kernel of their own.
$(BUILD)/tests/fault: $(FAULT_OBJECTS) $(LIB_OBJECTS) $(BUILD)/objects
	@echo "link $@"; mkdir -p $(@D)
	$(Q)$(CXX) $(TESTLINK) $(FAULT_OBJECTS) $(filter-out %/src/sys/kernel.o,$(LIB_OBJECTS)) -o $@

# What is not in the library is named; the library comes last.
$(BUILD)/fuzz/bench_reader $(BUILD)/run/bench_reader: $(call objects,$(call sources_in,bench))

$(BUILD)/fuzz/%: $(OBJ)/tests/fuzz/%_fuzz.o $(OBJ)/tests/fuzz/driver.o $(LIB)
	@echo "link $@"; mkdir -p $(@D)
	$(Q)$(CXX) $(TESTLINK) $(filter %.o,$^) $(LIB) -o $@

$(BUILD)/run/%: $(OBJ)/tests/fuzz/%_fuzz.o $(LIB)
	@echo "link $@"; mkdir -p $(@D)
	$(Q)$(CXX) $(TESTLINK) -fsanitize=fuzzer $(filter %.o,$^) $(LIB) -o $@

$(BUILD)/examples/%: $(OBJ)/tests/examples/%.o $(LIB)
	@echo "link $@"; mkdir -p $(@D)
	$(Q)$(CXX) $(LINK) $^ -o $@

$(SRC_OBJECTS): OPTION = $(LIBFLAGS) $(SMALL) $(call read_before,small)
$(HOT_OBJECTS): OPTION = $(LIBFLAGS) $(OPTIMIZE) $(call read_before,hot)
$(OBJ)/embedded.o: OPTION = $(LIBFLAGS) $(SMALL)
$(OBJ)/tests/%.o: OPTION = $(TESTFLAGS)
$(DOCTESTS): OPTION = $(TESTFLAGS) $(call read_before,tests)
$(FUZZ_OBJECTS): OPTION = $(TESTFLAGS) $(call read_before,fuzz)
$(EXAMPLE_OBJECTS): OPTION = $(EXAMPLEFLAGS) $(call read_before,examples)

$(OBJ)/%.o: %.cc $(BUILD)/flags
	@echo "compile $<"; mkdir -p $(@D)
	$(Q)$(CXX) $(OPTION) $(CXXFLAGS) -c $< -o $@

# What nearly every file includes is read once for all of one set of flags; each file names what it uses all
# the same. clang looks for such headers under other names, and is none of the compilers of every day.
ifeq ($(findstring clang,$(CXX)),)
  read_before = -include $(BUILD)/headers/$(1).h
  $(SRC_OBJECTS): $(BUILD)/headers/small.h.gch
  $(HOT_OBJECTS): $(BUILD)/headers/hot.h.gch
  $(DOCTESTS): $(BUILD)/headers/tests.h.gch
  $(FUZZ_OBJECTS): $(BUILD)/headers/fuzz.h.gch
  $(EXAMPLE_OBJECTS): $(BUILD)/headers/examples.h.gch
endif
STANDARD := algorithm array atomic cstdint cstring memory optional span string string_view utility vector
READ_FOR_tests    := doctest/doctest.h functional
READ_FOR_examples := oklo/oklo.h
$(BUILD)/headers/small.h.gch: OPTION = $(LIBFLAGS) $(SMALL)
$(BUILD)/headers/hot.h.gch: OPTION = $(LIBFLAGS) $(OPTIMIZE)
$(BUILD)/headers/tests.h.gch $(BUILD)/headers/fuzz.h.gch: OPTION = $(TESTFLAGS)
$(BUILD)/headers/examples.h.gch: OPTION = $(EXAMPLEFLAGS)

$(BUILD)/headers/%.h.gch: $(BUILD)/flags
	@echo "compile $(@:.gch=)"; mkdir -p $(@D)
	$(Q)printf '#include <%s>\n' $(READ_FOR_$*) $(STANDARD) > $(@:.gch=)
	$(Q)$(CXX) $(OPTION) $(CXXFLAGS) -w -x c++-header $(@:.gch=) -o $@

$(OBJ)/embedded.o: $(BUILD)/embedded.cc $(BUILD)/flags
	@echo "compile $<"; mkdir -p $(@D)
	$(Q)$(CXX) $(OPTION) -w -c $< -o $@

$(BUILD)/embedded.cc: tools/embed $(EMBEDDED) $(BUILD)/objects
	@echo "embed $(EMBED)"
	$(Q)tools/embed $(EMBEDDED) > $@

# A file that changes when the flags or the list of files do, so that what depends on them is built
# again.
remember = @mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' > $@.new; \
  if cmp -s $@.new $@; then rm -f $@.new; else mv $@.new $@; fi

$(BUILD)/flags: FORCE | $(if $(CROSS),$(BUILD)/include/doctest)
	$(call remember,$(CXX) $(LIBFLAGS) $(OPTIMIZE) $(SMALL) $(TESTFLAGS) $(CXXFLAGS) \
	  $(STANDARD) $(READ_FOR_tests) $(READ_FOR_examples))

$(BUILD)/objects: FORCE
	$(call remember,$(ALL_OBJECTS) $(EMBEDDED) $(LINK) $(TESTLINK))

$(BUILD)/include/doctest:
	@mkdir -p $(@D); ln -sfn /usr/include/doctest $@

-include $(ALL_OBJECTS:.o=.d)
