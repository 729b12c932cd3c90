package terminal

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	var w strings.Builder
	table := NewTable(&w, "Service", "Real server", "State")
	table.Append("-t 172.16.0.100:80 wrr", "", Paint(Green, "ok"))
	table.Append("", "10.0.0.7", Paint(Red, "missing"))
	for _, tt := range []struct {
		name   string
		render func() error
		want   string
	}{
		{"plain", table.Render, "" +
			"Service                 Real server  State\n" +
			"-t 172.16.0.100:80 wrr               \x1b[32mok\x1b[0m\n" +
			"                        10.0.0.7     \x1b[31mmissing\x1b[0m\n"},
		{"framed", table.framed, "" +
			"+------------------------+-------------+---------+\n" +
			"| Service                | Real server | State   |\n" +
			"+------------------------+-------------+---------+\n" +
			"| -t 172.16.0.100:80 wrr |             | \x1b[32mok\x1b[0m      |\n" +
			"|                        | 10.0.0.7    | \x1b[31mmissing\x1b[0m |\n" +
			"+------------------------+-------------+---------+\n"},
	} {
		w.Reset()
		if err := tt.render(); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(tt.want, w.String()); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}
