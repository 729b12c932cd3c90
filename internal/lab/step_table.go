package lab

import (
	"context"
	"strings"
)

// table shows the director's table as ipvsadm does.
func table(ctx context.Context, w *walk) error {
	r, err := w.run(ctx, "lvs", "ipvsadm", "-Ln")
	if err != nil {
		return err
	}
	w.expect("the service and its real servers", strings.Join([]string{
		"TCP " + vip + ":80 wrr",
		"-> " + rip1 + ":80 Route 1",
		"-> " + rip2 + ":80 Route 1",
	}, "\n"), entriesOf(r.stdout))
	return nil
}

// entriesOf is a listing without its head, its columns and the counters of
// connections at the end of a real server's line.
func entriesOf(listing string) string {
	const head = 3 // lines
	var entries []string
	lines := strings.Split(strings.TrimSuffix(listing, "\n"), "\n")
	for _, line := range lines[min(head, len(lines)):] {
		words := strings.Fields(line)
		if len(words) > 4 && words[0] == "->" {
			words = words[:4]
		}
		entries = append(entries, strings.Join(words, " "))
	}
	return strings.Join(entries, "\n")
}
