PREFIX ?= /usr/local
SBIN    = $(DESTDIR)$(PREFIX)/sbin

export CGO_ENABLED ?= 0
GOBUILD = go build -trimpath -tags urfave_cli_no_docs

build: ## build bin/lvsdr
	$(GOBUILD) -o bin/lvsdr .

.PHONY: build
