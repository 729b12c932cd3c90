PREFIX ?= /usr/local
SBIN    = $(DESTDIR)$(PREFIX)/sbin
MAN     = $(DESTDIR)$(PREFIX)/share/man
N      ?= 10000
SEED   ?= 1

# The documentation generator of urfave/cli stays out of the binary.
TAGS = -tags urfave_cli_no_docs
# What leaves lvsdr out as well: see main.go.
SMALL = -tags urfave_cli_no_docs,ipvsadm_only
TEST = go test $(TAGS)
# Without symbols a call has less to read; a panic still names its functions.
# Functions on multiples of 8 bytes, not 32, make fewer pages to map at a start.
# A heap in huge pages would have megabytes cleared that a short run never uses;
# a profile of it begins with a whole traceback at the first allocation; and newer
# kernels would be told the purpose of each mapping, a system call each.
# The version is CHANGELOG.md's, with or without a repository around it.
VERSION = $(shell sed -n '/^## /{s/^## \([^ ]*\).*/\1/p;q}' CHANGELOG.md)
RUNTIME = disablethp=1,memprofilerate=0,decoratemappings=0
BUILD   = -trimpath -buildvcs=false -ldflags='-s -funcalign=8 -X runtime.godebugDefault=$(RUNTIME) -X lvsdr/lvsdr.release=$(VERSION)'
BIN     = bin

# Tests called TestKernel and TestStock need a kernel with IPVS, and a target of
# their own gives them one; all others of a package need none. internal/guest tests
# what gives that kernel.
NEED_KERNEL     = ^Test(Kernel|Stock)
KERNEL_PACKAGES = $(sort $(dir $(shell grep -rlE '^func Test(Kernel|Stock)' --include='*_test.go' ./internal ./ipvsadm ./lvsdr)))
TESTED          = $(shell go list $(TAGS) -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./...)
PURE_PACKAGES   = $(filter-out ./acceptance ./compat ./compat/clients ./internal/guest ./internal/pictures ./packaging,$(TESTED:lvsdr/%=./%))
# RACE=-race looks for data races as well; that takes a C compiler.
PURE_TEST       = CGO_ENABLED=$(if $(RACE),1,0) $(TEST) $(RACE) -skip '$(NEED_KERNEL)'
# What starts guests itself, or needs none.
BESIDE          = ^TestGuest|^TestStartup|^TestArchitecture|^TestInstall
# What the doctors say of networks with and without a fault.
DOCTORS         = ^TestKernel(Faults|Healthy|Served)$$
# Of these, what the director's finds among faults.
DIRECTORS       = ^TestKernelFaults$$/_on_lvs$$
# What unloads modules, and wants a guest of its own.
ALONE           = ^TestStock
# Debian's kernel for real machines: it has nf_tables for IPv4, which
# user-mode-linux lacks, and starts programs three times as fast.
KERNEL_TEST     = $(TEST) -timeout 60m -exec "$(abspath bin/lvsdr) lab kernel --stock --"

# A guest is one processor, and tests in it wait for half of their time: three are
# enough for two processors. The longest begin.
AT_ONCE        = $(MAKE) -j3 --output-sync --no-print-directory
PACKAGE_TEST   = $(TEST) -v -count 1 -timeout 40m ./packaging
KERNEL_TARGETS = kernel-compat kernel-faults kernel-director
LONG_TARGETS   = kernel-scripts kernel-packages

export CGO_ENABLED ?= 0
# As the build, so that what is compiled serves for tests as well.
export GOFLAGS ?= -trimpath

build: ## build bin/lvsdr, and bin/ipvsadm, which is that alone
	go build $(BUILD) $(TAGS) -o $(BIN)/lvsdr .
	go build $(BUILD) $(SMALL) -o $(BIN)/ipvsadm .

install: build ## install both programs, links, the manual; DESTDIR, PREFIX=/usr/local
	install -D -m 755 -t $(SBIN) $(BIN)/lvsdr $(BIN)/ipvsadm
	for name in ipvsadm-save ipvsadm-restore; do ln -sf ipvsadm $(SBIN)/$$name || exit; done
	install -D -m 644 -t $(MAN)/man5 man/*.5
	install -D -m 644 -t $(MAN)/man8 man/*.8

dist: build ## make deb, rpm and tar for amd64 and arm64 in dist/
	rm -rf dist
	for arch in amd64 arm64; do GOARCH=$$arch $(MAKE) --no-print-directory build BIN=dist/build/$$arch || exit; done
	go run $(TAGS) ./packaging

deps: ## install from Debian what tests and demo need
	@.ci/deps

demo: deps build ## walk through the tutorial's network, with real packets
	@bin/lvsdr lab run

test: deps dist ## everything, beside the real ipvsadm
	@.ci/deps stock
	go vet $(TAGS) ./...
	$(PURE_TEST) $(PURE_PACKAGES)
	$(TEST) -run '^$$' -bench . -benchtime 1x ./ipvsadm ./internal/ipvs
	@.ci/deps packages
	+$(AT_ONCE) package-made $(LONG_TARGETS) $(KERNEL_TARGETS) guest-test kernel-newest

package-test: deps dist ## install the packages into a new Debian, as root
	@.ci/deps packages
	$(PACKAGE_TEST)

# The packages are there: what has to be made first would come last among many.
package-made:
	$(PACKAGE_TEST)

browser-test: ## the status page in a real browser; installs Debian's chromium
	@.ci/deps browser
	$(TEST) -count 1 ./internal/pictures

pictures: deps build ## docs/pictures anew; installs Debian's chromium
	@.ci/deps stock
	@.ci/deps browser
	go run $(TAGS) ./internal/pictures

manual: deps ## the manual as web pages, with pictures, in dist/manual
	rm -rf dist/manual && mkdir -p dist/manual
	cp -r docs/pictures man/web/* man/*.[58] dist/manual
	cd dist/manual && for page in *.[58]; do : >$$page.html; done # links look whether there is one
	cd dist/manual && for page in *.[58]; do \
		mandoc -T html -O 'style=style.css,man=%N.%S.html;https://manpages.debian.org/%N.%S' $$page >$$page.html || exit; \
	done
	rm dist/manual/*.[58]

# What starts guests of its own.
guest-test:
	$(TEST) ./internal/guest
	$(TEST) ./acceptance -run '$(BESIDE)'

# The newest kernel that Debian's stable release has.
kernel-newest:
	go run $(TAGS) ./internal/kernels -only '^stable/amd64' -short

kernel-test: deps build ## only what needs a kernel
	@.ci/deps stock
	+$(AT_ONCE) $(LONG_TARGETS) $(KERNEL_TARGETS)

kernel-compat:
	$(KERNEL_TEST) ./compat

# They wait more than they work.
kernel-faults:
	$(KERNEL_TEST) ./acceptance -run '$(DOCTORS)' -skip '$(DIRECTORS)'

kernel-director:
	$(KERNEL_TEST) ./acceptance -run '$(DIRECTORS)'

kernel-scripts:
	$(KERNEL_TEST) ./acceptance -skip '$(BESIDE)|$(ALONE)|$(DOCTORS)'
	$(KERNEL_TEST) ./acceptance -run '$(ALONE)'

kernel-packages:
	$(KERNEL_TEST) -p 1 -run '$(NEED_KERNEL)' $(KERNEL_PACKAGES)
	$(KERNEL_TEST) ./compat/clients

compat: deps build ## compare with the real ipvsadm
	@.ci/deps stock
	$(KERNEL_TEST) ./compat -every-build

golden: deps build ## record what the real ipvsadm does
	@.ci/deps stock
	$(KERNEL_TEST) ./compat -golden

fuzz: deps build ## compare N generated commands; N=10000, SEED=1
	@.ci/deps stock
	$(KERNEL_TEST) -timeout 0 -v -run TestGenerated ./compat -fuzz-commands $(N) -seed $(SEED)

bench: build ## compare the speed with the real ipvsadm's; BENCH=-h: how else
	@.ci/deps stock
	go run ./internal/bench $(BENCH)

bench-watch: deps build ## compare vs watch with ldirectord and keepalived after faults; BENCH=-h: how else
	@.ci/deps stock
	go run $(TAGS) ./internal/benchwatch $(BENCH)

kernels: deps build ## try the newest kernels of Debian's releases; KERNELS=REGEXP, SHORT=1: a part
	@.ci/deps stock
	go run $(TAGS) ./internal/kernels -only '$(KERNELS)' $(if $(SHORT),-short)

lint: ## gofmt, vet, staticcheck, actionlint
	@files=$$(gofmt -l .); test -z "$$files" || { echo "gofmt: $$files"; exit 1; }
	go vet $(TAGS) ./... && go vet $(SMALL) .
	go tool staticcheck $(TAGS) ./...
	go tool -modfile=.github/actionlint.mod actionlint .github/workflows/*.yml

cover: ## coverage of the tests that need no kernel
	$(PURE_TEST) -coverprofile=cover.out $(PURE_PACKAGES)
	go tool cover -func=cover.out | tail -1

clean: ## remove what the other targets made
	rm -rf bin dist cover.out

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

.PHONY: build install dist deps demo test package-test package-made browser-test pictures manual guest-test kernel-test kernel-newest kernel-compat kernel-faults kernel-director kernel-packages kernel-scripts compat golden fuzz bench bench-watch kernels lint cover clean help
