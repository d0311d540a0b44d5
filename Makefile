# Builds, tests, measures and installs Coppice. What each does is in the script it calls.
#
#   make                     static musl executables where that target can be had, else the host's
#   make TARGET=musl|host    one or the other
#   make SEPARATE=1          an executable for each program, instead of two for all
#   make demo                shows what it does, as the current user; says how to remove it
#   make check               all tests; the last line is "N passed, N failed"
#   make bench               measures beside the other supervision suites that are installed
#   make fuzz                feeds the parsers, TIME seconds each (60)
#   make install             to $(DESTDIR)$(PREFIX)
#   make clean

PREFIX = /usr
export TARGET SEPARATE CARGO DESTDIR PREFIX TIME

all:
	@tools/build

demo: all
	@BIN=$(CURDIR)/target/bin examples/demo.sh

check:
	@tests/check

bench: all
	@BIN=$(CURDIR)/target/bin bench/run

fuzz:
	@fuzz/run

install: all
	@tools/install target/bin

clean:
	rm -rf target fuzz/target

.PHONY: all demo check bench fuzz install clean
