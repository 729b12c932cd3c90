package lab

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// requests is how many requests the client makes: half of them for each real
// server, since their weights are equal.
const requests = 10

// request shows that the real servers take turns, and see the client's address.
func request(ctx context.Context, w *walk) error {
	before, err := w.accessLogs()
	if err != nil {
		return err
	}
	var pages []string
	for range requests {
		page, _ := w.curl(ctx, vip)
		pages = append(pages, page)
	}
	after, err := w.accessLogs()
	if err != nil {
		return err
	}
	w.expect(fmt.Sprintf("%d requests, weights 1 and 1", requests),
		fmt.Sprintf("%d × %s, %d × %s, in turn", requests/2, rip1, requests/2, rip2), describeTurns(pages))
	for _, host := range []string{"rs1", "rs2"} {
		w.prompt(host, "tail -1 %s", w.lab.AccessLog(host))(lastLine(after[host]))
		w.expect("access log of "+host, describeRequests(requests/2, cip), countRequests(strings.TrimPrefix(after[host], before[host])))
	}
	return nil
}

// describeTurns tells how often each page came, the real servers' first, and
// whether none came twice running.
func describeTurns(pages []string) string {
	count := map[string]int{rip1: 0, rip2: 0}
	order := "in turn"
	for i, page := range pages {
		count[page]++
		if i > 0 && page == pages[i-1] {
			order = "not in turn"
		}
	}
	seen := []string{rip1, rip2}
	for _, page := range slices.Sorted(maps.Keys(count)) {
		if !slices.Contains(seen, page) {
			seen = append(seen, page)
		}
	}
	for i, page := range seen {
		seen[i] = fmt.Sprintf("%d × %s", count[page], page)
	}
	return strings.Join(append(seen, order), ", ")
}

// accessLogs are the logs of the real servers' web servers.
func (w *walk) accessLogs() (map[string]string, error) {
	logs := map[string]string{}
	for _, host := range []string{"rs1", "rs2"} {
		text, err := os.ReadFile(w.lab.AccessLog(host))
		if err != nil {
			return nil, err
		}
		logs[host] = string(text)
	}
	return logs, nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	return lines[len(lines)-1]
}

// countRequests counts lines of Apache's common format, and lists the clients:
// each line begins with the client's address.
func countRequests(log string) string {
	var clients []string
	lines := 0
	for line := range strings.Lines(log) {
		lines++
		if client, _, _ := strings.Cut(line, " "); !slices.Contains(clients, client) {
			clients = append(clients, client)
		}
	}
	return describeRequests(lines, clients...)
}

func describeRequests(n int, clients ...string) string {
	if n == 0 {
		return counted(n, "request")
	}
	return counted(n, "request") + " from " + strings.Join(clients, ", ")
}
