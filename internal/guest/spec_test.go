package guest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSpec(t *testing.T) {
	tests := []struct {
		name string
		spec spec
	}{
		{"pipes", spec{Args: []string{"ls"}, Env: []string{}, Dir: "/"}},
		{"terminal", spec{
			Args: []string{"ipvsadm", "", "\xff\n"}, Env: []string{"A=\xfe", "B="},
			Dir: "/tmp/a b", Umask: 0o77, Terminal: true, PipeStderr: true, Rows: 24, Columns: 80,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decodeSpec(tt.spec.encode())
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.spec, got); d != "" {
				t.Errorf("spec (-want +got):\n%s", d)
			}
		})
	}
}

func TestDecodeSpecRefuses(t *testing.T) {
	for _, text := range []string{"", "1 2 3", "0 false false 0 0 1\x00/", "0 false false 0 0 -1\x00/\x00a"} {
		if s, err := decodeSpec(text); err == nil {
			t.Errorf("decodeSpec(%q) = %v, want an error", text, s)
		}
	}
}

func TestWithSbin(t *testing.T) {
	tests := []struct{ name, path, want string }{
		{"unset", "", "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"},
		{"an ordinary user's", "/opt/bin:/bin", "/opt/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"},
		{"root's", "/sbin:/usr/sbin:/usr/local/sbin", "/sbin:/usr/sbin:/usr/local/sbin"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := withSbin(tt.path); got != tt.want {
				t.Errorf("withSbin(%q) = %q, want %q", tt.path, got, tt.want)
			}
		})
	}
}

func TestHostDirs(t *testing.T) {
	tests := []struct {
		name string
		spec spec
		want []string
	}{
		{"nothing hidden", spec{Args: []string{"ls"}, Dir: "/home/a", Env: []string{"TMPDIR=/tmp"}}, nil},
		{"all of /run is the guest's", spec{Args: []string{"ls"}, Dir: "/run"}, nil},
		{"like a hidden name", spec{Args: []string{"/runner/a"}, Dir: "/dev/shmem"}, nil},
		{
			"each hidden one",
			spec{Args: []string{"/dev/shm/b/x.test"}, Dir: "/run/user/1", Env: []string{"A=1", "TMPDIR=/dev/shm"}},
			[]string{"/run/user/1", "/dev/shm/b", "/dev/shm"},
		},
		{"once", spec{Args: []string{"/dev/shm/x"}, Dir: "/dev/shm"}, []string{"/dev/shm"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, hostDirs(tt.spec)); d != "" {
				t.Errorf("hostDirs (-want +got):\n%s", d)
			}
		})
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, mode os.FileMode) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	write("program", 0o755)
	write("text", 0o644)
	t.Setenv("PATH", dir)
	t.Chdir(dir)

	tests := []struct {
		name, path string
		status     int
	}{
		{"program", filepath.Join(dir, "program"), 0},
		{"./program", "./program", 0},
		{"./text", "", statusNotExecutable},
		{dir, "", statusNotExecutable},
		{"absent", "", statusNotFound},
		{"./absent", "", statusNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path, status, err := find(tt.name)
			if path != tt.path || status != tt.status || (err == nil) != (status == 0) {
				t.Errorf("find(%q) = %q, %d, %v; want %q, %d", tt.name, path, status, err, tt.path, tt.status)
			}
		})
	}
}
