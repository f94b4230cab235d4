//go:build slow

package chaos

import (
	"strings"
	"testing"
	"time"
)

// Two machines with systemd, on which tandem was installed by its one line: the pipeline is there again without a hand when
// a node is killed, when one hangs, and when the power of all has been cut in the midst of a run, even if that was the very
// moment after the installation. On an idle machine it is there within 30 s.
func TestServicesComeBack(t *testing.T) {
	t.Parallel()
	bootable(t)
	n := newNetwork(t, true, []string{"pi-a", "pi-b", "laptop"})
	a, b := newMachine(t, n, "pi-a"), newMachine(t, n, "pi-b")
	a.on(t)
	b.on(t)
	for _, m := range []*machine{a, b} {
		m.until(t, "systemctl is-active multi-user.target")
	}
	a.must(t, "/root/tandem install --unit tandem-end --role end")
	a.must(t, "/root/tandem install --unit tandem-fast --role fast --listen :12346")
	b.must(t, "/root/tandem install --role slow")
	b.cutPower(t)
	b.on(t)
	began, machines := time.Now(), watch(t)
	runs := func(after string) {
		t.Helper()
		defer func() { machines = watch(t) }()
		client := launch(t, n, "laptop", "--role", "client", "--frames", "10", "--wait", "5m", "--format", "json") // as many as fit in a queue
		client.exits(5 * patience)
		client.exit(t, 0)
		took := time.Since(began)
		r, err := client.report()
		if err != nil || r.Delivered != 10 {
			t.Fatalf("%s: %d frames have arrived: %v: %s", after, r.Delivered, err, client.stderr.text())
		}
		check(t, r)
		t.Logf("%s: 10 frames have arrived %.1f s later, %.0f %% of the time idle", after, took.Seconds(), 100*machines.idle(t))
		if took > 30*time.Second && machines.calm(t) {
			t.Errorf("%s: it took %v", after, took)
		}
	}
	runs("installed, and one machine's power cut at once")

	const pid = "$(systemctl show --property MainPID --value tandem)"
	restarts := func() string { return b.must(t, "systemctl show --property NRestarts tandem") }
	b.must(t, "kill -9 "+pid)
	began = time.Now()
	runs("killed")
	if got := restarts(); got == "NRestarts=0\n" {
		t.Errorf("after it was killed: %s", got)
	}

	b.must(t, "mkdir /etc/systemd/system/tandem.service.d && printf '[Service]\nWatchdogSec=5\n' >/etc/systemd/system/tandem.service.d/soon.conf")
	b.must(t, "systemctl daemon-reload && systemctl restart tandem && kill -STOP "+pid)
	began = time.Now()
	b.until(t, "! systemctl show --property NRestarts tandem | grep -q '=0$'")
	b.must(t, "rm -r /etc/systemd/system/tandem.service.d && systemctl daemon-reload") // a busy machine is as slow as one that hangs
	runs("hung")

	client := launch(t, n, "laptop", "--role", "client", "--frames", "0", "--wait", "5m")
	a.until(t, `curl -s http://127.0.0.1:12345/status | grep -q '"delivered":[1-9]'`)
	a.cutPower(t)
	b.cutPower(t)
	client.kill()
	began = time.Now()
	a.on(t)
	b.on(t)
	runs("the power was cut")

	for _, m := range []*machine{a, b} {
		if failed := m.must(t, "systemctl list-units --failed --plain --no-legend"); strings.Contains(failed, "tandem") {
			t.Errorf("%s: %s", m.node, failed)
		}
	}
	b.must(t, "tandem uninstall && ! systemctl cat tandem")
}
