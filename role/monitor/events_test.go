package monitor

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tandem/pipeline"
	"tandem/role/sse"
)

// pipes is a listener whose connections have no buffers: what is not read is not sent. It needs no network, so that
// time may be a test's own.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// showing is a history that is served, with a clock of its own. Call it in a bubble of synctest.
type showing struct {
	*History
	pipes *pipes
	http  *http.Server
	done  chan error
}

func show(look func() Snapshot) *showing {
	s := &showing{
		History: StartHistory(look, func(error) {}),
		pipes:   &pipes{make(chan net.Conn), make(chan struct{})},
		done:    make(chan error, 1),
	}
	s.http = &http.Server{Handler: http.HandlerFunc(s.serveEvents)}
	go func() { s.done <- s.http.Serve(s.pipes) }()
	return s
}

func (s *showing) stop(t *testing.T) {
	s.Close()
	s.Close() // is harmless
	if err := s.http.Close(); err != nil {
		t.Error(err)
	}
	<-s.done
}

// watching is a viewer's side.
type watching struct {
	*http.Response
	conn  net.Conn
	lines *bufio.Scanner
}

// connect asks for the events, and reads no more than the answer's header.
func (s *showing) connect(t *testing.T) *watching {
	t.Helper()
	client, server := net.Pipe()
	s.pipes.conns <- server
	if _, err := client.Write([]byte("GET /events HTTP/1.1\r\nHost: end\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReaderSize(client, 16), nil) // a small reader, so that little is read ahead
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(r.Body)
	lines.Buffer(nil, 16<<20)
	return &watching{r, client, lines}
}

// next reads an event.
func (w *watching) next() (name, data string, comments int) {
	for w.lines.Scan() {
		line := w.lines.Text()
		switch {
		case strings.HasPrefix(line, ":"):
			comments++
		case strings.HasPrefix(line, "event: "):
			name = strings.TrimPrefix(line, "event: ")
		case strings.HasPrefix(line, "data: "):
			data = strings.TrimPrefix(line, "data: ")
		case line == "" && name != "":
			return name, data, comments
		}
	}
	return "", "", comments
}

func running() Snapshot {
	return Snapshot{
		Node: pipeline.NodeID{Role: "end"}, Run: &OpenRun{ID: "r"}, Live: &pipeline.Live{Rate: 33, Coverage: 90},
		Nodes: []pipeline.Status{statusOf("fast", "f"), statusOf("end", "e")},
	}
}

// A viewer gets what was, then a sample a second and each report, whether a run is open or not, and signs of life for
// proxies.
func TestViewerSeesWhatHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var open atomic.Bool
		open.Store(true)
		s := show(func() Snapshot {
			r := running()
			if !open.Load() {
				r.Run, r.Live = nil, nil
			}
			return r
		})
		defer s.stop(t)
		s.Add(pipeline.Report{Run: "before"})
		time.Sleep(3500 * time.Millisecond)
		w := s.connect(t)
		if w.StatusCode != http.StatusOK || w.Header.Get("Content-Type") != "text/event-stream" {
			t.Errorf("%s, %v", w.Status, w.Header)
		}
		name, data, _ := w.next()
		var past struct {
			Samples []shortSample
			Runs    []pipeline.Report
		}
		if err := json.Unmarshal([]byte(data), &past); err != nil || name != "history" {
			t.Fatalf("%s: %v: %s", name, err, data)
		}
		if len(past.Samples) != 3 || past.Samples[0].Status.Live.Rate != 33 || past.Samples[0].Status.Run["id"] != "r" || past.Samples[1].T-past.Samples[0].T != 1000 ||
			len(past.Samples[0].Status.Nodes) != 2 || past.Samples[0].Status.Nodes[0].Role != "fast" || len(past.Runs) != 1 || past.Runs[0].Run != "before" {
			t.Errorf("%+v", past)
		}
		began, comments := time.Now(), 0
		var all []sample
		for range 30 {
			name, data, more := w.next()
			var one sample
			if err := json.Unmarshal([]byte(data), &one); err != nil || name != "sample" {
				t.Fatalf("%s: %v: %s", name, err, data)
			}
			all = append(all, one)
			comments += more
			open.Store(len(all) < 20) // the run ends, the samples go on
		}
		if took := time.Since(began); took > 30*time.Second || took < 29*time.Second || comments != 3 {
			t.Errorf("30 samples in %v, with %d comments", took, comments)
		}
		if all[0].Status.Run == nil || all[29].Status.Run != nil || all[29].T-all[0].T != 29_000 {
			t.Errorf("%+v, %+v", all[0], all[29])
		}
		go s.Add(pipeline.Report{Run: "now", Coverage: 97})
		if name, data, _ := w.next(); name != "run" || !strings.Contains(data, `"run":"now"`) || !strings.Contains(data, `"coverage":97`) {
			t.Errorf("%s: %s", name, data)
		}
		s.Close()
		if name, _, _ := w.next(); name != "" {
			t.Errorf("after the end: %s", name)
		}
		_ = w.conn.Close()
	})
}

// Without a run and without viewers nothing is remembered.
func TestNothingHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := show(func() Snapshot { return Snapshot{} })
		defer s.stop(t)
		time.Sleep(time.Hour)
		if len(s.samples) != 0 {
			t.Errorf("%d samples", len(s.samples))
		}
	})
}

func TestViewersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := show(running)
		defer s.stop(t)
		var all []*watching
		for range maxViewers {
			all = append(all, s.connect(t))
		}
		one := s.connect(t)
		if one.StatusCode != http.StatusServiceUnavailable || !one.lines.Scan() || !strings.Contains(one.lines.Text(), "32 viewers are allowed") {
			t.Errorf("%s: %q", one.Status, one.lines.Text())
		}
		_ = one.conn.Close()
		_ = all[0].conn.Close() // makes room
		synctest.Wait()
		again := s.connect(t)
		if again.StatusCode != http.StatusOK {
			t.Error(again.Status)
		}
		for _, w := range append(all, again) {
			_ = w.conn.Close()
		}
	})
}

// A viewer that does not read is cut off, and the others see nothing of it.
func TestSlowViewerIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := show(running)
		defer s.stop(t)
		slow, good := s.connect(t), s.connect(t)
		viewers := func() int {
			s.mu.Lock()
			defer s.mu.Unlock()
			return len(s.viewers)
		}
		began := time.Now()
		for viewers() == 2 {
			if name, _, _ := good.next(); name == "" {
				t.Fatal("the good viewer was cut off")
			}
			if time.Since(began) > time.Minute {
				t.Fatal("the slow viewer stays")
			}
		}
		if took := time.Since(began); took > sse.Patience+2*sampleEvery {
			t.Errorf("the slow viewer stays for %v", took)
		}
		for range 10 {
			if name, _, _ := good.next(); name != "sample" {
				t.Errorf("%q", name)
			}
		}
		_, _ = slow.conn.Close(), good.conn.Close()
	})
}

// Where a link is slower than what is to be told, the viewer is cut off before more than its queue waits.
func TestViewersQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := show(running)
		defer s.stop(t)
		w := s.connect(t) // reads nothing
		for i := range 2 * viewerQueue {
			s.Add(pipeline.Report{Run: fmt.Sprint(i)})
		}
		if len(s.viewers) != 0 {
			t.Error("it is still told")
		}
		_ = w.conn.Close()
	})
}

// What is remembered does not grow.
func TestHistoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in which the history's own clock stands still
		h := StartHistory(running, func(err error) { t.Error(err) })
		defer h.Close()
		start := time.UnixMilli(1_000_000)
		for i := range 2 * maxSamples {
			h.tick(start.Add(time.Duration(i) * time.Second))
		}
		for i := range 2 * maxRuns {
			h.Add(pipeline.Report{Run: fmt.Sprint(i)})
		}
		if len(h.samples) != maxSamples || cap(h.samples) > 2*maxSamples || len(h.runs) != maxRuns || cap(h.runs) > 2*maxRuns {
			t.Errorf("%d samples, %d runs", len(h.samples), len(h.runs))
		}
		if h.runs[0].report.Run != fmt.Sprint(maxRuns) || h.runs[maxRuns-1].report.Run != fmt.Sprint(2*maxRuns-1) {
			t.Errorf("the runs are %s to %s", h.runs[0].report.Run, h.runs[maxRuns-1].report.Run)
		}
		if !bytes.Contains(h.samples[0], fmt.Appendf(nil, `"t":%d`, start.UnixMilli()+maxSamples*1000)) {
			t.Errorf("the oldest sample is %s", h.samples[0])
		}
		if !json.Valid(h.all()) {
			t.Error("the history is no JSON")
		}
	})
}

// BenchmarkTick is what end does once a second, for so many viewers.
func BenchmarkTick(b *testing.B) {
	for _, viewers := range []int{0, 1, 10} {
		b.Run(fmt.Sprintf("viewers=%d", viewers), func(b *testing.B) {
			h := &History{look: running, viewers: make(map[viewer]bool)} // without a clock
			var all []viewer
			for range viewers {
				v := h.join()
				<-v // the history
				all = append(all, v)
			}
			b.ReportAllocs()
			for b.Loop() {
				h.tick(time.Now())
				for _, v := range all {
					<-v
				}
			}
		})
	}
}

// Of long reports fewer are remembered, and the newest ones.
func TestRunsAreBoundedInBytes(t *testing.T) {
	runs := make([]pastRun, 10)
	for i := range runs {
		runs[i].json = make([]byte, maxRunBytes/4)
	}
	if n := fitting(runs); n != 4 {
		t.Errorf("%d runs of a quarter of the bytes fit", n)
	}
	if n := fitting(runs[:3]); n != 3 {
		t.Errorf("%d of 3 runs fit", n)
	}
}
