//go:build slow

package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// machine is a computer of its own, as far as its programs can tell: systemd is its first process, and its disk is a file. It
// shares the kernel and /usr with this one.
//
//	a file, ext4 ─▶ /etc /var /root /usr/local ─┐
//	/usr of this machine ───────────────────────┼─▶ systemd ─▶ tandem.service, …
//	a node's network namespace ─────────────────┘
type machine struct {
	n      *network
	node   string
	folder string // has the file and, while the machine is on, what it is mounted on
	first  *process
}

// bootable skips where no machine can be made.
func bootable(t *testing.T) {
	t.Helper()
	needed(t, "mke2fs", "nsenter", "unshare", "losetup", "curl")
	if _, err := os.Stat("/lib/systemd/systemd"); err != nil {
		t.Skipf("%v: apt-get install systemd", err)
	}
	if why := tryMachine(); why != "" {
		t.Skip("no machine can be made here, which takes a loop device (modprobe loop) and control groups of version 2: ", why)
	}
}

// tryMachine turns on a machine in which nothing runs, and reports why that can't be; empty: it can.
var tryMachine = sync.OnceValue(func() string {
	folder, err := os.MkdirTemp("", "machine")
	if err != nil {
		return err.Error()
	}
	defer os.RemoveAll(folder)
	for _, of := range []string{"new/etc", "new/var", "new/root", "new/local", "disk", "root", "groups"} {
		if err := os.MkdirAll(filepath.Join(folder, of), 0o755); err != nil {
			return err.Error()
		}
	}
	if out, err := run("mke2fs -q -t ext4 -d " + folder + "/new " + folder + "/file 8M"); err != nil {
		return err.Error() + ": " + string(out)
	}
	group := fmt.Sprintf("tandem%d-try", os.Getpid())
	prepared, _, _ := strings.Cut(start, "exec env")
	out, err := exec.Command("unshare", "--mount", "sh", "-c", power, folder, group, prepared).CombinedOutput()
	sweepGroups(filepath.Join(folder, "groups"), group)
	if err != nil {
		return err.Error() + ": " + string(out)
	}
	return ""
})

// sweepGroups removes the control groups of a machine that is off: they stay without processes.
func sweepGroups(at, group string) {
	const sweep = `mount -t cgroup2 none "$0" && find "$0/$1" -depth -type d -exec rmdir {} +`
	_ = exec.Command("unshare", "--mount", "sh", "-c", sweep, at, group).Run()
}

// newMachine makes a machine on a node of a network, with tandem in /root. It is off.
func newMachine(t *testing.T, n *network, node string) *machine {
	t.Helper()
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{n: n, node: node, folder: t.TempDir()}
	for _, folder := range []string{"new/etc/systemd/system", "new/var", "new/root", "new/local/bin", "disk", "root", "groups"} {
		if err := os.MkdirAll(m.path(folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for file, text := range map[string]string{
		"hostname": node + "\n", "hosts": "127.0.0.1 localhost\n", "os-release": "ID=debian\n",
		"machine-id": fmt.Sprintf("%032x\n", time.Now().UnixNano()),
		"passwd":     "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/usr/sbin/nologin\n",
		"group":      "root:x:0:\ntty:x:5:\nutmp:x:43:\nvideo:x:44:\nsystemd-journal:x:999:\nnogroup:x:65534:\n",
	} {
		if err := os.WriteFile(m.path("new/etc/"+file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// What the packages of this machine would start on that one.
	for _, unit := range []string{"dbus.socket", "dbus.service", "getty.target", "systemd-logind.service", "systemd-sysusers.service"} {
		if err := os.Symlink("/dev/null", m.path("new/etc/systemd/system/"+unit)); err != nil {
			t.Fatal(err)
		}
	}
	n.must(t, "cp "+program+" "+m.path("new/root/tandem"))
	n.must(t, "mke2fs -q -t ext4 -d "+m.path("new")+" "+m.path("file")+" 160M")
	return m
}

func (m *machine) path(of string) string { return filepath.Join(m.folder, of) }

// A machine's processes are a group of their own, in which its systemd makes more. All that is mounted goes with the last of them.
// Another program may take the loop device that is free.
const power = `set -e
cd "$0"
for try in 1 2 3 4 5; do
	mount -o loop file disk && break
	[ $try -lt 5 ]
	sleep 1
done
mount -t cgroup2 none groups
mkdir -p groups/"$1"
echo $$ >groups/"$1"/cgroup.procs
exec unshare --mount --uts --ipc --pid --cgroup --fork --kill-child sh -c "$2" "$0"`

// Systemd wants the root folder to be shared, and a name for what it is in.
const start = `set -e
cd "$0"
mount -t tmpfs none root
cd root
mkdir usr etc var root proc sys dev run tmp home old
for link in bin sbin lib lib64; do [ ! -L /$link ] || ln -s usr/$link $link; done
mount --rbind /usr usr
mount --bind ../disk/local usr/local
for folder in etc var root; do mount --bind ../disk/$folder $folder; done
mount -t proc none proc
mount -t sysfs -o ro none sys
mount -t cgroup2 none sys/fs/cgroup
mount -t tmpfs none dev
for device in null zero full random urandom tty; do : >dev/$device; mount --bind /dev/$device dev/$device; done
mkdir dev/shm
mount -t tmpfs none run
mount -t tmpfs none tmp
pivot_root . old
umount -l old
mount --make-rshared /
exec env -i container=tandem /lib/systemd/systemd --log-target=console --show-status=false </dev/null`

// on starts the machine.
func (m *machine) on(t *testing.T) {
	t.Helper()
	m.first = &process{name: "systemd on " + m.node, ended: make(chan struct{})}
	m.first.Cmd = m.n.command(m.node, "sh", "-c", power, m.folder, m.n.prefix+m.node, start)
	m.first.Stdout, m.first.Stderr = &m.first.stdout, &m.first.stderr
	if err := m.first.Start(); err != nil {
		t.Fatal(err)
	}
	first := m.first
	go func() { // ends with the process, which the cleanup kills
		defer close(first.ended)
		_ = first.Wait()
	}()
	t.Cleanup(func() {
		if t.Failed() && m.first == first {
			journal, _ := m.run("journalctl --boot --no-pager --lines 60; systemctl list-jobs")
			t.Logf("%s: %s%s%s", first.name, first.stdout.text(), first.stderr.text(), journal)
		}
		first.kill()
		sweepGroups(m.path("groups"), m.n.prefix+m.node)
	})
}

// cutPower turns the machine off in the midst of whatever it does: what has not reached the disk yet never does.
func (m *machine) cutPower(t *testing.T) {
	t.Helper()
	pid, err := m.pid()
	if err != nil {
		t.Fatal(err)
	}
	disk, err := os.Open("/proc/" + pid + "/root/etc")
	if err != nil {
		t.Fatal(err)
	}
	const shutdown, noFlush = 0x8004587d, uint32(2) // FS_IOC_SHUTDOWN and EXT4_GOING_FLAGS_NOLOGFLUSH of the kernel's ext4.h
	_, _, failed := unix.Syscall(unix.SYS_IOCTL, disk.Fd(), shutdown, uintptr(unsafe.Pointer(new(noFlush))))
	if failed != 0 {
		t.Fatal("the disk can't be stopped: ", failed)
	}
	_ = disk.Close()
	m.first.kill() // the kernel kills the others with it
	deadline := time.Now().Add(patience)
	for out := []byte{0}; len(out) > 0; time.Sleep(10 * time.Millisecond) { // the kernel still has the disk, for a moment
		if out, err = run("losetup --associated " + m.path("file")); err != nil || time.Now().After(deadline) {
			t.Fatalf("the disk is still there: %v %s", err, out)
		}
	}
}

// pid is that of systemd, which is the child of unshare.
func (m *machine) pid() (string, error) {
	unshare := m.first.Process.Pid
	child, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", unshare, unshare))
	if err != nil || len(child) == 0 {
		return "", errors.Join(errors.New(m.node+" is off"), err)
	}
	return strings.TrimSpace(string(child)), nil
}

// run runs a command on the machine, whose systemd may hang.
func (m *machine) run(command string) (string, error) {
	pid, err := m.pid()
	if err != nil {
		return "", err
	}
	ctx, enough := context.WithTimeout(context.Background(), patience)
	defer enough()
	inside := exec.CommandContext(ctx, "nsenter", "-t", pid, "-a", "sh", "-c", command)
	inside.WaitDelay = time.Second
	inside.Env = []string{"PATH=/usr/local/bin:/usr/bin:/usr/sbin"}
	out, err := inside.CombinedOutput()
	return string(out), err
}

// must runs a command that may not fail.
func (m *machine) must(t *testing.T, command string) string {
	t.Helper()
	out, err := m.run(command)
	if err != nil {
		t.Fatalf("%s: %s: %v: %s", m.node, command, err, out)
	}
	return out
}

// until waits until a command succeeds on the machine.
func (m *machine) until(t *testing.T, command string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		out, err := m.run(command)
		if err == nil {
			return
		}
		if time.Now().After(deadline) || m.first.exits(0) {
			journal, _ := m.run("journalctl --no-pager -n 40")
			t.Fatalf("%s: %s: %v: %s\n%s", m.node, command, err, out, journal)
		}
	}
}
