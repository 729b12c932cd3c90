package acceptance

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The samples of Debian's packages, ldirectord's with all that is a comment in
// it, become configurations that a director can start with.
func TestImportSamples(t *testing.T) {
	sample, err := os.ReadFile("/usr/share/doc/ldirectord/examples/ldirectord.cf")
	must(t, err)
	all := regexp.MustCompile(`(?m)^#(\t|virtual6? ?=)`).ReplaceAll(sample, []byte("$1"))
	file := filepath.Join(t.TempDir(), "ldirectord.cf")
	must(t, os.WriteFile(file, all, 0o600))
	text := importSample(t, "--ldirectord", file)
	for _, want := range []string{"vip: 192.168.6.240\n", "- fwmark: 1\n", "      body: \"Test Page\"\n", "type: dns\n", "-t 192.168.6.240:80: it is there twice; this is the second one"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// Each of keepalived's samples that has virtual servers becomes a configuration, or it is
// said why it cannot.
func TestImportKeepalivedSamples(t *testing.T) {
	samples, err := filepath.Glob("/usr/share/doc/keepalived/samples/keepalived.conf.*")
	must(t, err)
	reasons := map[string]string{
		"fwmark":               "no VIP is known that the mark stands for",
		"virtual_server_group": "real server 192.168.200.1:1358: it is a VIP",
	}
	imported := 0
	for _, sample := range samples {
		text, err := os.ReadFile(sample)
		must(t, err)
		if !regexp.MustCompile(`(?m)^\s*virtual_server\s`).Match(text) {
			continue
		}
		_, kind, _ := strings.Cut(filepath.Base(sample), ".conf.")
		if why := reasons[kind]; why != "" {
			out, err := exec.Command("../bin/lvsdr", "import", "--keepalived", sample).CombinedOutput()
			if err == nil || !strings.Contains(string(out), why) {
				t.Errorf("%s: %v\n%s", sample, err, out)
			}
			continue
		}
		importSample(t, "--keepalived", sample)
		imported++
	}
	if imported < 10 {
		t.Errorf("only %d samples of keepalived have virtual servers: %q", imported, samples)
	}
}

// importSample imports a file, and has what comes of it checked.
func importSample(t *testing.T, flag, file string) string {
	t.Helper()
	var out, errs bytes.Buffer
	c := exec.Command("../bin/lvsdr", "import", flag, file)
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Fatalf("import %s %s: %v\n%s", flag, file, err, errs.String())
	}
	yaml := filepath.Join(t.TempDir(), "lvsdr.yaml")
	must(t, os.WriteFile(yaml, out.Bytes(), 0o600))
	if said, err := exec.Command("../bin/lvsdr", "--config", yaml, "config", "--quiet").CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s\n%s", file, err, said, out.String())
	}
	return out.String()
}
