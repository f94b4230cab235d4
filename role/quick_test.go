package role

import (
	"flag"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/pipeline"
	"tandem/role/device"
	"tandem/role/options"
)

// TestMain leaves nothing in the cache of whoever runs the tests: what a busy machine measures is not worth keeping.
func TestMain(m *testing.M) {
	_ = os.Setenv("XDG_CACHE_HOME", os.DevNull)
	_ = flag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0))) // most of them wait
	os.Exit(m.Run())
}

// quick is a local configuration whose runs take a moment.
func quick() setup {
	c := setup{Options: options.Default(options.Local)}
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(""), io.Discard, io.Discard
	c.Emulate = device.Emulation{}
	c.Interval = 2 * time.Millisecond
	c.Model = digits
	c.Drain, c.Wait = 20*time.Second, time.Minute // this machine may be busy
	return c
}

// onOneHost plays a test of nodes that call each other on one host in fake time.
func onOneHost(t *testing.T, play func(t *testing.T, c setup)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		host := newMemoryNetwork().host()
		t.Cleanup(func() { // when all else is over
			host.kill(false)
			time.Sleep(time.Minute) // what is under way comes to its end
		})
		c := quick()
		c.network, c.Threads = host, 1
		play(t, c)
	})
}

// startQuick starts fast, slow and end over real TCP, and stops them when the test ends.
func startQuick(t *testing.T, c setup) *localNodes {
	t.Helper()
	nodes, err := startLocal(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := nodes.stop(); err != nil {
			t.Error(err)
		}
	})
	return nodes
}

// undisturbed reports whether the machine can't have stood still for so long that a call ended without its answer: such
// frames may come twice, or after they were given up.
func undisturbed(r pipeline.Report) bool { return r.ElapsedS < callTime.Seconds() }

// checkLedgers fails where a frame has no known end, or not every node has said what has become of its frames.
func checkLedgers(t *testing.T, r pipeline.Report, slow int) {
	t.Helper()
	if r.Unaccounted > 0 || undisturbed(r) && (r.Unaccounted != 0 || r.Duplicates != 0) {
		t.Errorf("%s: %d unaccounted, %d duplicates", r.Strategy, r.Unaccounted, r.Duplicates)
	}
	if len(r.Nodes) != slow+3 {
		t.Errorf("%s: %d nodes in the report, and there are %d slow ones", r.Strategy, len(r.Nodes), slow)
	}
	for _, n := range r.Nodes {
		if n.Here() != 0 {
			t.Errorf("%s: the ledger does not add up: %v", r.Strategy, n)
		}
	}
}

// eventually waits for a state.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not happen that %s", what)
		}
	}
}

// watchMachine watches whether this process makes headway, and returns what ends that and tells the longest time for which a goroutine
// that slept did not wake up.
func watchMachine() (longest func() time.Duration) {
	const nap = 5 * time.Millisecond
	stop, stood := make(chan struct{}), make(chan time.Duration)
	go func() {
		longest := time.Duration(0)
		for isOpen(stop) {
			asleep := time.Now()
			time.Sleep(nap)
			longest = max(longest, time.Since(asleep)-nap)
		}
		stood <- longest
	}()
	return func() time.Duration {
		close(stop)
		return <-stood
	}
}
