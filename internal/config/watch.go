package config

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"reflect"
	"strings"
	"time"
)

// runFolder is where lvsdr keeps its records.
const runFolder = "/run/lvsdr"

// maxSocket is sizeof(sun_path) of unix(7), less the NUL.
const maxSocket = 107

var (
	listenAddress = kind[string]{want: "ADDRESS:PORT, as in 127.0.0.1:9812, or unix:PATH", parse: parseListen}
	handEdits     = oneOfThese([]HandEdits{EditsRespected, EditsCorrected})
	trackFile     = kind[string]{want: "an absolute path of letters, digits and /._-, as in /run/lvsdr/track", parse: parseTrackFile}
	vipOwner      = oneOfThese([]VIPOwner{VIPOwn, VIPVRRP})
)

// watch reads how the director watches.
func (r *reader) watch(to *Watch) func(value) {
	return func(v value) {
		r.mapping(v, fields{
			{"resync", set(r, &to.Resync, duration(time.Second, time.Hour))},
			{"hand_edits", set(r, &to.HandEdits, handEdits)},
			{"on_event", r.command(&to.OnEvent)},
			{"listen", set(r, &to.Listen, listenAddress)},
			{"vip", set(r, &to.VIP, vipOwner)},
			{"track_file", set(r, &to.TrackFile, trackFile)},
		})
	}
}

func parseListen(s string) (string, error) {
	if file, ok := strings.CutPrefix(s, "unix:"); ok {
		switch {
		case !filepath.IsAbs(file):
			return s, errors.New("not an absolute path")
		case strings.HasSuffix(file, "/"):
			return s, errors.New("a folder")
		case len(file) > maxSocket:
			return s, errors.New("too long")
		case strings.HasPrefix(filepath.Clean(file)+"/", runFolder+"/"):
			return s, unfit{"nobody but root enters " + runFolder, "a socket in a folder of its own, as in unix:/run/lvsdr-page/socket"}
		}
		return parseArgument(s)
	}
	at, err := netip.ParseAddrPort(s)
	host, port, _ := cutPort(s)
	_, portErr := number[uint16](1, 65535).parse(port)
	switch {
	case err != nil && isAddress(host) && portErr != nil && portErr.Error() == "out of range":
		return s, errors.New("port is out of range")
	case err != nil:
		return s, errors.New("not an address with a port")
	case at.Port() == 0:
		return s, errors.New("port is out of range")
	case at.Addr().IsMulticast():
		return s, errors.New("a multicast address")
	case at.Addr().Is4In6():
		return s, errors.New("an IPv4 address written as IPv6")
	}
	return at.String(), nil
}

// parseTrackFile takes a path that other programs' files need no quotes for.
func parseTrackFile(s string) (string, error) {
	switch {
	case !filepath.IsAbs(s):
		return s, errors.New("not an absolute path")
	case !isPlain(strings.ReplaceAll(s, "/", "")) || filepath.Clean(s) != s || s == "/":
		return s, errors.New("not a plain path")
	}
	return s, nil
}

// printWatch writes how the director watches, where something is said of it.
func (c Config) printWatch(w io.Writer) {
	if reflect.DeepEqual(c.Watch, DefaultWatch()) {
		return
	}
	fmt.Fprintf(w, "watch:\n  resync: %s\n  hand_edits: %s\n", c.Watch.Resync, c.Watch.HandEdits)
	if len(c.Watch.OnEvent) > 0 {
		fmt.Fprintf(w, "  on_event: %s\n", scalars(c.Watch.OnEvent))
	}
	if c.Watch.Listen != "" {
		fmt.Fprintf(w, "  listen: %s\n", scalar(c.Watch.Listen))
	}
	fmt.Fprintf(w, "  vip: %s\n", c.Watch.VIP)
	if c.Watch.VIP == VIPVRRP || c.Watch.TrackFile != DefaultWatch().TrackFile {
		fmt.Fprintf(w, "  track_file: %s\n", scalar(c.Watch.TrackFile))
	}
}
