package lvsdr

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lvsdr/internal/plan"

	"github.com/google/go-cmp/cmp"
)

var kills = flag.Int("kills", 40, "how many runs TestKernelKilled kills")

// command is lvsdr as a process of its own, in the site's namespace.
func (s *site) command(words string) *exec.Cmd {
	c := exec.Command("/proc/self/exe", append([]string{"--config", s.file}, strings.Fields(words)...)...)
	c.Env = append(os.Environ(), asLVSDR+"=yes")
	return c
}

// kill runs lvsdr and kills it at a random moment: of its whole life, or of
// the part in which it works, which begins with its first word.
func (s *site) kill(words string, longest time.Duration) {
	s.t.Helper()
	c := s.command(words)
	said, err := c.StderrPipe()
	must(s.t, err)
	must(s.t, c.Start())
	if rand.N(4) != 0 {
		said.Read(make([]byte, 1))
	}
	time.Sleep(rand.N(longest))
	c.Process.Kill()
	c.Wait() // in either way: it may have been faster
}

// working is how long a verb takes from its first word to its end.
func (s *site) working(words string) time.Duration {
	s.t.Helper()
	c := s.command(words)
	said, err := c.StderrPipe()
	must(s.t, err)
	must(s.t, c.Start())
	said.Read(make([]byte, 1))
	begin := time.Now()
	go func() {
		for buf := make([]byte, 4096); ; {
			if _, err := said.Read(buf); err != nil {
				return
			}
		}
	}()
	must(s.t, c.Wait())
	return time.Since(begin)
}

// Whenever a start or a stop is killed, the next start ends in the right state
// and the next stop in the clean one; nothing blocks them, nothing is left.
func TestKernelKilled(t *testing.T) {
	s := newSite(t, large())
	t.Setenv("LVSDR_ALL_VIPS", "true") // which lists others
	clean := s.text()
	whole, longest := map[plan.Role]string{}, map[string]time.Duration{}
	for _, r := range []plan.Role{plan.Director, plan.RealServer, plan.Director, plan.RealServer} { // the first time, modules are loaded
		longest[string(r)+" start"] = s.working(string(r) + " start")
		whole[r] = s.text()
		longest[string(r)+" stop"] = s.working(string(r) + " stop")
		s.looks("after stop", clean)
	}
	half := 0
	for i := range *kills {
		r, verb := plan.Director, []string{" start", " stop"}[i%2]
		if i%5 == 4 {
			r = plan.RealServer
		}
		if verb == " stop" {
			s.succeed(string(r) + " start")
		}
		s.kill(string(r)+verb, longest[string(r)+verb])
		if left := s.text(); left != clean && left != whole[r] {
			half++
		}
		when := fmt.Sprintf("after killed %s %d, and", string(r)+verb, i)
		if rand.N(2) == 0 {
			s.succeed(string(r) + " stop")
			s.looks(when+" stop", clean)
		}
		s.succeed(string(r) + " start")
		s.looks(when+" start", whole[r])
		s.succeed(string(r) + " stop")
		s.looks(when+" start and stop", clean)
		s.onlyLock(when)
	}
	t.Logf("%d of %d killed runs were half done; working times %v", half, *kills, longest)
	if half == 0 {
		t.Error("no run was killed half done: this proves nothing")
	}
}

// onlyLock checks that the folder below /run has the lock and no record.
func (s *site) onlyLock(when string) {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.run, "*"))
	must(s.t, err)
	for _, f := range files {
		if base := filepath.Base(f); base != "lock" && base != "state.json.new" {
			s.t.Errorf("%s: %s is left", when, f)
		}
	}
}

// Starts and stops at the same time come one after the other: what is there in
// the end is whole or clean, and nothing is in the way of a later run.
func TestKernelConcurrent(t *testing.T) {
	const runs = 50
	s := newSite(t, large())
	clean := s.text()
	s.succeed("vs start")
	whole := s.text()
	var started [runs]*exec.Cmd
	var errs [runs]strings.Builder
	for i := range started { // from this thread: it has the namespace
		started[i] = s.command("vs " + []string{"start", "stop"}[rand.N(2)] + " --wait 5m")
		started[i].Stderr = &errs[i]
		must(t, started[i].Start())
	}
	var all sync.WaitGroup
	for i, c := range started {
		all.Go(func() {
			if err := c.Wait(); err != nil {
				t.Errorf("%v: %v\n%s", c.Args, err, errs[i].String())
			}
		})
	}
	all.Wait()
	if end := s.text(); end != whole && end != clean {
		t.Errorf("neither whole nor clean (-whole +got):\n%s", cmp.Diff(whole, end))
	}
	for _, verb := range []string{"start", "stop"} {
		s.succeed("vs " + verb + " --wait 0s")
		s.looks("after a later "+verb, map[string]string{"start": whole, "stop": clean}[verb])
	}
	s.onlyLock("in the end")
}
