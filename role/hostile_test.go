package role

import (
	"bytes"
	"context"
	"flag"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/role/edge"
	"tandem/role/options"
)

// beside plays a run while something else happens, from frames that arrive before it to some that do afterwards, and
// returns its report. The run has room for what the machine, busy
// with other things, can't take at once.
func beside(t *testing.T, c setup, nodes *localNodes, something func()) pipeline.Report {
	t.Helper()
	c.Frames, c.Interval = 0, 30*time.Millisecond
	ctx, enough := context.WithCancel(t.Context())
	stoodStill := watchMachine()
	var run sync.WaitGroup
	var report pipeline.Report
	var err error
	over := make(chan struct{})
	run.Go(func() {
		defer close(over)
		report, err = nodes.run(ctx, c, "balance")
	})
	var delivered int64
	more := func(frames int64) {
		t.Helper()
		before := delivered
		eventually(t, "frames arrive", func() bool {
			if live := nodes.end.node.snapshot().Live; live != nil {
				delivered = live.Delivered
			}
			return delivered >= before+frames || !isOpen(over)
		})
	}
	more(1)
	something()
	more(5)
	enough()
	run.Wait()
	if err != nil {
		t.Fatal(err)
	}
	checkLedgers(t, report, 1)
	// A client on a machine that stands still finds several frames due at once, and its calls without their answers.
	if stood := stoodStill(); report.Delivered != report.Frames && stood < 3*c.Interval {
		t.Errorf("%d of %d frames were delivered, and the machine stood still for no more than %v: %+v", report.Delivered, report.Frames, stood, report)
	}
	t.Logf("%d frames beside it, p50 %.1f ms, p99 %.1f ms, max %.1f ms", report.Frames, report.Latency.P50, report.Latency.P99, report.Latency.Max)
	return report
}

// How many random requests are made, and how long slow peers drip. The long form outlasts the server's patience with
// headers, which ends after five seconds.
var (
	requests = flag.Int("requests", map[bool]int{false: 500, true: 10_000}[long], "random requests to make")
	dripping = map[bool]time.Duration{false: 500 * time.Millisecond, true: 15 * time.Second}[long]
)

// Peers that speak raw TCP send random and broken requests to all nodes. No node panics, memory stays within its limits,
// and a run beside them loses nothing.
func TestRandomRequests(t *testing.T) {
	c := quick()
	c.Queue, c.MaxBody = 1000, 256<<10
	nodes := startQuick(t, c)
	addresses := []string{nodes.fast.address, nodes.slow[0].address, nodes.end.address}

	var most, sent atomic.Uint64
	beside(t, c, nodes, func() {
		began := memory()
		var peers sync.WaitGroup
		for n := range 8 {
			peers.Go(func() {
				random := rand.New(rand.NewPCG(uint64(n), 1))
				for sent.Load() < uint64(*requests) {
					sent.Add(attack(random, addresses[random.IntN(len(addresses))]))
					if n == 0 {
						now := memory()
						most.Store(max(most.Load(), now-min(began, now)))
					}
				}
			})
		}
		peers.Wait()
	})
	if limit := uint64(100 << 20); most.Load() > limit { // three nodes, their bodies and what is made of them, and garbage
		t.Errorf("%d bytes of memory were in use", most.Load())
	}
	t.Logf("at most %d KB of memory more", most.Load()>>10)
}

// A peer that breaks HTTP/2 as often as it likes writes no log of that length.
func TestHostileLinesOfLog(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	c := quick()
	c.Role, c.Log = options.End, zerolog.New(zerolog.SyncWriter(&text))
	end, err := startNode(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	var peers sync.WaitGroup
	for range 50 {
		conn, err := net.Dial("tcp", end.address)
		if err != nil {
			t.Fatal(err)
		}
		const settings, data = "\x00\x00\x00\x04\x00\x00\x00\x00\x00", "\x00\x00\x01\x00\x00\x00\x00\x00\x00x" // of no stream
		if _, err := io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+settings+data); err != nil {
			t.Error(err)
		}
		peers.Go(func() {
			_, _ = io.Copy(io.Discard, conn) // until the node hangs up, in one way or another
			conn.Close()
		})
	}
	peers.Wait()
	if err := end.stop(); err != nil { // who logs has ended
		t.Fatal(err)
	}
	if n := strings.Count(text.String(), "http2: "); n < 1 || n > 9 {
		t.Errorf("%d lines: %.2000s", n, text.String())
	}
}

func memory() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// attack opens a connection, sends requests until it is cut off or has enough, and hangs up. It returns how many it has
// sent.
func attack(random *rand.Rand, address string) (sent uint64) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return 0
	}
	defer conn.Close()
	answer := make([]byte, 4<<10)
	for range 1 + random.IntN(20) {
		_ = conn.SetDeadline(time.Now().Add(10 * time.Millisecond))
		if _, err := conn.Write(randomRequest(random)); err != nil {
			return sent
		}
		sent++
		if random.IntN(8) == 0 {
			continue // it does not read
		}
		if _, err := conn.Read(answer); err != nil {
			return sent
		}
	}
	return sent
}

// A hundred peers that send their headers a byte at a time, one that sends a body so, and one that asks without end and
// reads nothing, cost a run no frame. What the run is like without them is logged first.
func TestSlowPeers(t *testing.T) {
	c := quick()
	c.Queue = 1000
	nodes := startQuick(t, c)
	beside(t, c, nodes, func() { time.Sleep(dripping) }) // to compare
	beside(t, c, nodes, func() {
		stop := make(chan struct{})
		var peers sync.WaitGroup
		drip := func(address, text string) {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			for i := range len(text) {
				if _, err := io.WriteString(conn, text[i:i+1]); err != nil {
					return // cut off
				}
				select {
				case <-stop:
					return
				case <-time.After(50 * time.Millisecond):
				}
			}
		}
		for range 100 {
			peers.Go(func() {
				drip(nodes.fast.address, "POST /tandem.v1.Node/Push HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("y", 10_000))
			})
		}
		peers.Go(func() {
			head := "POST /tandem.v1.Node/Push HTTP/1.1\r\nHost: x\r\nContent-Type: application/proto\r\nContent-Length: 100000\r\n\r\n"
			drip(nodes.slow[0].address, head+strings.Repeat("x", 100_000))
		})
		conn, err := net.Dial("tcp", nodes.fast.address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		peers.Go(func() {
			for isOpen(stop) {
				_ = conn.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
				_, _ = io.WriteString(conn, "POST /tandem.v1.Node/Push HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"run\":\"x\"}")
			}
		})
		time.Sleep(dripping)
		close(stop)
		peers.Wait()
	})
}

func isOpen(c chan struct{}) bool {
	select {
	case <-c:
		return false
	default:
		return true
	}
}

// Frames with ids far from the run's, from a peer that has found out its name, cost the run's own frames nothing.
func TestFarFramesHideNone(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Queue = 1000
		nodes := startQuick(t, c)
		const frames = 30
		e, _, err := edge.Open(t.Context(), edge.Config{Target: toward(c, options.Fast, nodes.fast.address), From: "test", Kept: true}, pipeline.Run{ID: "r", Strategy: "balance"})
		if err != nil {
			t.Fatal(err)
		}
		frame := pipeline.Frame{Shapes: [][]int{{64}}, Data: make([]float32, 64), Label: pipeline.NoLabel, Since: time.Now()}
		for id := range uint64(frames) {
			for _, far := range []uint64{1<<64 - 1 - id, 1 << 40 << (id % 20)} {
				stray := frame
				stray.ID = far
				if _, err := e.Send(t.Context(), []pipeline.Frame{stray}); err != nil {
					t.Fatal(err)
				}
			}
			frame.ID = id
			if _, err := e.Send(t.Context(), []pipeline.Frame{frame}); err != nil {
				t.Fatal(err)
			}
		}
		r, err := e.Close(t.Context(), edge.Ending{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Delivered < frames*2 { // the strays that are distinct too
			t.Errorf("%d frames and their strays have come to %d results", frames, r.Delivered)
		}
	})
}
