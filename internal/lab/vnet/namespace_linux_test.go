package vnet

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/host"
)

// These tests need root and no more than a kernel with network namespaces.

// TestMain leaves the machine without the folder of namespaces if it had none.
func TestMain(m *testing.M) {
	_, missing := os.Stat(Folder)
	status := m.Run()
	if missing != nil && RemoveFolder() != nil {
		status = 1
	}
	os.Exit(status)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// add makes a namespace for one test.
func add(t *testing.T, name string) {
	t.Helper()
	must(t, AddNamespace(name))
	t.Cleanup(func() { must(t, DeleteNamespace(name)) })
}

// ip runs ip(8), and returns what it prints.
func ip(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("ip", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("ip %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestKernelNamespace(t *testing.T) {
	const name = "vnet-test"
	home, err := host.NamespaceID()
	must(t, err)
	add(t, name)
	if err := AddNamespace(name); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second time: %v, want that it exists", err)
	}
	if !HasNamespace(name) {
		t.Error("it is not found")
	}
	if now, err := host.NamespaceID(); err != nil || now != home {
		t.Errorf("the thread is in namespace %d, %v; want %d", now, err, home)
	}
	must(t, In(name, func() error {
		links, err := host.NewHost().Links()
		if err == nil && (len(links) != 1 || !links[0].Up) {
			t.Errorf("interfaces: %+v; want lo, up", links)
		}
		return err
	}))
	must(t, DeleteNamespace(name))
	must(t, DeleteNamespace(name))
	if HasNamespace(name) {
		t.Error("it is found when it is deleted")
	}
	if err := In(name, func() error { return nil }); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in a deleted namespace: %v, want that it does not exist", err)
	}
}

// TestKernelNamespaceHalfMade deletes what an AddNamespace that was killed
// leaves: a name without a namespace.
func TestKernelNamespaceHalfMade(t *testing.T) {
	add(t, "vnet-test-first") // for the folder
	path := filepath.Join(Folder, "vnet-test")
	must(t, os.WriteFile(path, nil, 0o444))
	t.Cleanup(func() { os.Remove(path) })
	if HasNamespace("vnet-test") {
		t.Error("a file counts as a namespace")
	}
	must(t, DeleteNamespace("vnet-test"))
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is left: %v", err)
	}
}

// TestKernelNamespaceOfIP uses and deletes namespaces together with ip-netns(8),
// in both orders.
func TestKernelNamespaceOfIP(t *testing.T) {
	add(t, "vnet-test-ours")
	ip(t, "netns", "add", "vnet-test-its")
	t.Cleanup(func() { DeleteNamespace("vnet-test-its") })
	list := strings.Fields(ip(t, "netns", "list"))
	for _, name := range []string{"vnet-test-ours", "vnet-test-its"} {
		if !slices.Contains(list, name) || !HasNamespace(name) {
			t.Errorf("%s: not in %q or not found", name, list)
		}
		ip(t, "netns", "exec", name, "true")
	}
	must(t, DeleteNamespace("vnet-test-its"))
	must(t, DeleteNamespace("vnet-test-ours"))
	if list := ip(t, "netns", "list"); strings.Contains(list, "vnet-test") {
		t.Errorf("left:\n%s", list)
	}
	add(t, "vnet-test")
	ip(t, "netns", "del", "vnet-test")
}

func TestKernelRemoveFolder(t *testing.T) {
	names, _ := os.ReadDir(Folder)
	if slices.ContainsFunc(names, func(e os.DirEntry) bool { return !strings.HasPrefix(e.Name(), "vnet-test") }) {
		t.Skip("somebody else has namespaces") // what our tests have left fails
	}
	must(t, AddNamespace("vnet-test"))
	must(t, RemoveFolder())
	if !HasNamespace("vnet-test") {
		t.Error("the folder was removed with a namespace in it")
	}
	must(t, DeleteNamespace("vnet-test"))
	must(t, RemoveFolder())
	must(t, RemoveFolder())
	if _, err := os.Stat(Folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	must(t, err)
	if strings.Contains(string(mounts), Folder) {
		t.Errorf("left:\n%s", mounts)
	}
}

func TestKernelProcesses(t *testing.T) {
	add(t, "vnet-test")
	sleep := exec.Command("sleep", "1000")
	must(t, In("vnet-test", sleep.Start))
	namespace, err := os.Open(filepath.Join(Folder, "vnet-test"))
	must(t, err)
	defer namespace.Close()
	must(t, DeleteNamespace("vnet-test")) // which hides no process
	inside := func() []int {
		t.Helper()
		pids, err := Processes(namespace)
		must(t, err)
		return pids
	}
	if diff := cmp.Diff([]int{sleep.Process.Pid}, inside()); diff != "" {
		t.Errorf("processes (-want +got):\n%s", diff)
	}
	must(t, sleep.Process.Kill())
	sleep.Wait()
	if pids := inside(); pids != nil {
		t.Errorf("processes %v, want none", pids)
	}
}

func TestKernelInside(t *testing.T) {
	add(t, "vnet-test")
	if Inside("vnet-test") {
		t.Error("inside without having gone there")
	}
	must(t, In("vnet-test", func() error {
		if !Inside("vnet-test") {
			t.Error("not inside")
		}
		if err := DeleteNamespace("vnet-test"); err != nil {
			return err
		}
		if Inside("vnet-test") {
			t.Error("inside what is gone")
		}
		return nil
	}))
}
