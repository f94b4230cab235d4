package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tandem/pipeline"
	"tandem/transport/auth"
	"tandem/transport/link"
)

// fakeNode answers as its fields say and remembers what came in.
type fakeNode struct {
	mu      sync.Mutex
	frames  []pipeline.Frame
	opening Opening
	closing Closing
	status  []pipeline.Status
	losses  []pipeline.Loss
	live    *pipeline.Live
	report  pipeline.Report
	nodes   []pipeline.Entry
	err     error
	wait    func()
	told    []Told
	asked   string

	supplying Supplying

	forgetsWire bool // as a node from before there were wire formats
}

var described = Description{Role: "slow", Name: "slow-1", Version: "v1", Model: "net.onnx", Digest: "abc", Layers: 7, Inputs: []Input{{Name: "ids", Shape: []int{3, 4}, Type: "int64"}}}

func (n *fakeNode) Survey(context.Context) (Survey, error)         { return surveyed, n.err }
func (n *fakeNode) Calibrate(context.Context) (Calibration, error) { return calibrated, n.err }

func (n *fakeNode) Describe(context.Context) (Description, error) { return described, n.err }

func (n *fakeNode) Open(_ context.Context, o Opening) (Opened, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.opening = o
	o.Run.Model = "filled in"
	if n.forgetsWire {
		o.Run.Wire = ""
	}
	return Opened{Run: o.Run, Inputs: []Input{{Name: "ids", Shape: []int{3, 4}, Type: "int64"}, {Shape: []int{5}}}, Address: "another:1", Life: "first", End: "end-1"}, n.err
}

func (n *fakeNode) Push(_ context.Context, p Pushing) (Pushed, error) {
	frames := p.Frames
	if n.wait != nil {
		n.wait()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err != nil {
		return Pushed{}, n.err
	}
	n.frames, n.status, n.losses = append(n.frames, frames...), p.Status, p.Losses
	answers := make([]pipeline.Feedback, len(frames))
	for i := range answers {
		answers[i] = pipeline.Feedback{Accepted: i%2 == 0, Length: i, Capacity: 10, Service: time.Millisecond, Number: 1<<62 + uint64(i), Left: [][2]uint64{{1, 2}, {5, 1 << 62}}[min(i, 2):]}
	}
	return Pushed{Feedback: answers, Live: n.live, Life: "second", Left: n.nodes != nil, Nodes: n.nodes}, nil
}

func (n *fakeNode) Answers(ctx context.Context, run string, again bool, tell func(Told) error) error {
	n.mu.Lock()
	told, err := n.told, n.err
	n.asked = fmt.Sprint(run, again)
	n.mu.Unlock()
	for _, t := range told {
		if err := tell(t); err != nil {
			return err
		}
	}
	if n.wait != nil {
		n.wait()
	}
	return err
}

func (n *fakeNode) Supply(_ context.Context, s Supplying) (Supplied, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.supplying = s
	return Supplied{Wanted: []int{5, 7}, Left: 16384}, n.err
}

func (n *fakeNode) Fetch(_ context.Context, digest string, chunks []int) (Fetched, error) {
	f := Fetched{Manifest: []byte(digest), Opening: []int{0, 3}}
	for _, i := range chunks {
		f.Chunks = append(f.Chunks, Chunk{i, []byte{byte(i)}})
	}
	return f, n.err
}

func (n *fakeNode) Close(_ context.Context, c Closing) (pipeline.Report, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closing = c
	return n.report, n.err
}

// serve starts a real server on a free port and returns its address.
func serve(t *testing.T, n Node, maxBody int) string {
	t.Helper()
	return serveOver(t, n, maxBody, nil)
}

// serveOver starts a server that answers over an uplink.
func serveOver(t *testing.T, n Node, maxBody int, up *link.Uplink) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gate := auth.NewGate(nil, func(auth.Refusal) {})
	s := NewServer(n, nil, maxBody, gate, log.New(io.Discard, "", 0))
	done := make(chan error, 1)
	go func() { done <- s.Serve(gate.Listen(up.Listen(l))) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		up.Close()
	})
	return l.Addr().String()
}

func client(address string) *Client {
	return NewClient(address, Limits{Dial: time.Minute, Call: time.Minute, Window: 2, MaxBody: 1 << 20}, nil)
}

func push(ctx context.Context, c *Client, id uint64) error {
	_, err := c.Push(ctx, Pushing{Run: "run", From: "me", Frames: []pipeline.Frame{frame(id)}})
	return err
}

func frame(id uint64) pipeline.Frame {
	return pipeline.Frame{ID: id, Next: 1, Shapes: [][]int{{2, 2}}, Data: []float32{1, -2.5, math.MaxFloat32, 0}, Label: pipeline.NoLabel, Since: time.Now()}
}

func TestFramesAndFeedbackCrossTheWire(t *testing.T) {
	n := &fakeNode{}
	c := client(serve(t, n, 1<<20))
	sent := []pipeline.Frame{frame(0), frame(1<<63 + 5)}
	sent[0].Label, sent[0].Age = 0, time.Second
	sent[1].Label, sent[1].By = 9, pipeline.NodeID{Role: "slow", Address: "slow:12345"}
	answers, err := c.Push(t.Context(), Pushing{Run: "run", From: "me", Frames: sent})
	if err != nil {
		t.Fatal(err)
	}
	want := []pipeline.Feedback{
		{Accepted: true, Length: 0, Capacity: 10, Service: time.Millisecond, Number: 1 << 62, Left: [][2]uint64{{1, 2}, {5, 1 << 62}}, Life: "second"},
		{Accepted: false, Length: 1, Capacity: 10, Service: time.Millisecond, Number: 1<<62 + 1, Left: [][2]uint64{{5, 1 << 62}}, Life: "second"},
	}
	if d := cmp.Diff(want, answers.Feedback); d != "" {
		t.Error(d)
	}
	for i := range n.frames {
		got := &n.frames[i]
		if got.Age < sent[i].Age || got.Age > sent[i].Age+time.Minute {
			t.Errorf("frame %d was %v old and arrives as %v old", i, sent[i].Age, got.Age)
		}
		got.Age, got.Since = sent[i].Age, sent[i].Since
	}
	if d := cmp.Diff(sent, n.frames, cmpopts.IgnoreUnexported(pipeline.Frame{})); d != "" {
		t.Error(d)
	}
	if c.RoundTrip() <= 0 {
		t.Error("no round trip was measured")
	}
}

func TestOpeningAndClosingCrossTheWire(t *testing.T) {
	accuracy := 98.9
	n := &fakeNode{report: pipeline.Report{Run: "r", Coverage: 82, Accuracy: &accuracy, Nodes: []pipeline.Entry{{NodeID: pipeline.NodeID{Role: "end"}, Outcomes: pipeline.Outcomes{Received: 1 << 40}}}}}
	c := client(serve(t, n, 1<<20))
	o := Opening{
		Run:  pipeline.Run{ID: "r", Strategy: "s1", Tasks: 40, Frames: 1 << 40, Interval: time.Second, Digest: "sha256:0", Cuts: []int{3}, Load: "background", Wire: Int8, Newest: true},
		From: "me", Address: "you:1", Layer: 2,
	}
	opened, err := c.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(o, n.opening); d != "" {
		t.Error(d)
	}
	o.Run.Model = "filled in"
	if d := cmp.Diff(Opened{Run: o.Run, Inputs: []Input{{Name: "ids", Shape: []int{3, 4}, Type: "int64"}, {Shape: []int{5}}}, Address: "another:1", Life: "first", End: "end-1"}, opened); d != "" {
		t.Error(d)
	}
	cl := Closing{Run: "r", From: "me", Notes: []string{"odd; and more", "strange"}, Nodes: []pipeline.Entry{{NodeID: pipeline.NodeID{Role: "fast"}, Outcomes: pipeline.Outcomes{Received: 1 << 40}}}}
	report, err := c.Close(t.Context(), cl)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(cl, n.closing); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(n.report, report); d != "" {
		t.Error(d)
	}
}

// The pipeline's errors keep their meaning and their text across the wire.
func TestErrorsCrossTheWire(t *testing.T) {
	n := &fakeNode{}
	address := serve(t, n, 1<<20)
	c := client(address)
	for _, kind := range []error{
		pipeline.ErrInvalidFrame, pipeline.ErrInvalidRun, pipeline.ErrUnknownRun,
		pipeline.ErrBusy, pipeline.ErrStopping, pipeline.ErrUnreachable,
	} {
		n.err = kind
		_, err := c.Push(t.Context(), Pushing{Run: "run", From: "me", Frames: nil})
		if !errors.Is(err, kind) || !strings.Contains(err.Error(), address) || !strings.Contains(err.Error(), kind.Error()) {
			t.Errorf("%v arrives as %v", kind, err)
		}
	}
	n.err = errors.New("something else")
	if _, err := c.Push(t.Context(), Pushing{Run: "run", From: "me", Frames: nil}); err == nil || !strings.Contains(err.Error(), "something else") {
		t.Errorf("another error arrives as %v", err)
	}
}

// Errors that were joined stay apart, and so do those in notes.
func TestErrorsAreNotRunTogether(t *testing.T) {
	both := errors.Join(errors.New("one does not fit"), errors.New("another is gone"))
	const apart = "one does not fit; another is gone"
	n := &fakeNode{err: both}
	c := client(serve(t, n, 1<<20))
	if _, err := c.Push(t.Context(), Pushing{Run: "run", From: "me"}); err == nil || !strings.HasSuffix(err.Error(), ": "+apart) {
		t.Errorf("two errors arrive as %v", err)
	}
	n.err, n.report = nil, pipeline.Report{Run: "run", Notes: []string{both.Error() + "\n"}}
	if r, err := c.Close(t.Context(), Closing{Run: "run", From: "me"}); err != nil || len(r.Notes) != 1 || r.Notes[0] != apart {
		t.Errorf("and as a note %q, %v", r.Notes, err)
	}
}

func TestInvalidInputIsRefused(t *testing.T) {
	n := &fakeNode{}
	c := client(serve(t, n, 1<<20))
	with := func(change func(*pipeline.Frame)) pipeline.Frame {
		f := frame(3)
		change(&f)
		return f
	}
	for _, bad := range []struct {
		frame pipeline.Frame
		says  string
	}{
		{with(func(f *pipeline.Frame) { f.Data[2] = float32(math.NaN()) }), "value 2 is NaN"},
		{with(func(f *pipeline.Frame) { f.Data[0] = float32(math.Inf(-1)) }), "value 0 is -Inf"},
		{with(func(f *pipeline.Frame) { f.Data = f.Data[:3] }), "12 bytes of data, and shape [2 2] needs 16"},
		{with(func(f *pipeline.Frame) { f.Shapes = nil }), "0 dimensions"},
		{with(func(f *pipeline.Frame) { f.Shapes = [][]int{{2, -2}} }), "no shape"},
		{with(func(f *pipeline.Frame) { f.Shapes = [][]int{{1 << 30, 1 << 30, 1 << 30, 1 << 30}} }), "no shape"},
		{with(func(f *pipeline.Frame) { f.Shapes = [][]int{make([]int, 9)} }), "9 dimensions"},
		{with(func(f *pipeline.Frame) { f.Next = -1 }), "next layer is -1"},
		{with(func(f *pipeline.Frame) { f.Age = -time.Hour }), "its age is"},
		{with(func(f *pipeline.Frame) { f.Label = -7 }), "label is -7"},
		{with(func(f *pipeline.Frame) { f.By.Role = strings.Repeat("x", 1000) }), "longer than"},
	} {
		_, err := c.Push(t.Context(), Pushing{Run: "run", From: "me", Frames: []pipeline.Frame{frame(0), bad.frame}})
		if !errors.Is(err, pipeline.ErrInvalidFrame) || !strings.Contains(err.Error(), bad.says) || !strings.Contains(err.Error(), "frame 3") {
			t.Errorf("%+v: error %v, want one that says %q", bad.frame, err, bad.says)
		}
	}
	if len(n.frames) > 0 {
		t.Errorf("of calls with an invalid frame, %d were taken", len(n.frames))
	}
	if _, err := c.Push(t.Context(), Pushing{Run: "", From: "me", Frames: nil}); !errors.Is(err, pipeline.ErrInvalidRun) {
		t.Errorf("empty run id: error %v", err)
	}
	for _, o := range []Opening{
		{From: "me", Address: "you"},
		{Run: pipeline.Run{ID: strings.Repeat("x", 1000)}, From: "me", Address: "you"},
		{Run: pipeline.Run{ID: "r"}, Address: "you"},
		{Run: pipeline.Run{ID: "r"}, From: "me"},
		{Run: pipeline.Run{ID: "r", Tasks: -1}, From: "me", Address: "you"},
	} {
		if _, err := c.Open(t.Context(), o); !errors.Is(err, pipeline.ErrInvalidRun) {
			t.Errorf("opening %+v: error %v", o, err)
		}
	}
	// The node is none the worse for it.
	if _, err := c.Push(t.Context(), Pushing{Run: "run", From: "me", Frames: []pipeline.Frame{frame(1)}}); err != nil {
		t.Error(err)
	}
}

func TestOversizedBodyIsRefused(t *testing.T) {
	n := &fakeNode{}
	address := serve(t, n, 64<<10)
	big := pipeline.Frame{Shapes: [][]int{{1 << 18}}, Data: make([]float32, 1<<18), Label: pipeline.NoLabel, Since: time.Now()}
	large := NewClient(address, Limits{Dial: time.Minute, Call: time.Minute, Window: 1, MaxBody: 8 << 20}, nil)
	small := NewClient(address, Limits{Dial: time.Minute, Call: time.Minute, Window: 1, MaxBody: 64 << 10}, nil)
	for name, c := range map[string]*Client{"found by the server": large, "found by the client": small} {
		_, err := c.Push(t.Context(), Pushing{Run: "run", From: "me", Frames: []pipeline.Frame{big}})
		if !errors.Is(err, pipeline.ErrInvalidFrame) || !strings.Contains(err.Error(), "--max-body") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := client(address).Push(t.Context(), Pushing{Run: "run", From: "me", Frames: []pipeline.Frame{frame(0)}}); err != nil {
		t.Error(err)
	}
}

func TestUnreachableNode(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port where nothing answers
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	c := client(address)
	if _, err := c.Reach(t.Context()); !errors.Is(err, pipeline.ErrUnreachable) || !strings.Contains(err.Error(), address) {
		t.Errorf("Reach: %v", err)
	}
	if _, err := c.Push(t.Context(), Pushing{Run: "run", From: "me", Frames: nil}); !errors.Is(err, pipeline.ErrUnreachable) || !strings.Contains(err.Error(), address) {
		t.Errorf("Push: %v", err)
	}
}

// What answers at the address may be something else.
func TestReachOfSomethingElse(t *testing.T) {
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	_, err := client(other.Listener.Addr().String()).Reach(t.Context())
	if !errors.Is(err, pipeline.ErrUnreachable) || !strings.Contains(err.Error(), "no tandem node: it answers 404") {
		t.Errorf("error %v", err)
	}
}

// Who takes a connection and says nothing is there, and only not ready.
func TestReachOfOneThatIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var silent []net.Conn
		dial := func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			silent = append(silent, there)
			return here, nil
		}
		c := NewClient("silent:1", Limits{Dial: time.Second, Call: time.Minute, Window: 1, MaxBody: 1 << 20, DialContext: dial}, nil)
		began := time.Now()
		if d, err := c.Reach(t.Context()); err != nil || d.Role != "" || time.Since(began) != time.Second {
			t.Errorf("%+v after %v: %v", d, time.Since(began), err)
		}
		for _, conn := range silent {
			_ = conn.Close()
		}
	})
}

// A neighbour that takes a call and never answers costs the call's deadline, no more.
func TestSilentNodeCostsTheDeadline(t *testing.T) {
	release := make(chan struct{})
	n := &fakeNode{wait: func() { <-release }}
	address := serve(t, n, 1<<20)
	t.Cleanup(func() { close(release) })
	c := NewClient(address, Limits{Dial: time.Minute, Call: 50 * time.Millisecond, Window: 1, MaxBody: 1 << 20}, nil)
	_, err := c.Push(t.Context(), Pushing{Run: "run", From: "me", Frames: []pipeline.Frame{frame(0)}})
	if !errors.Is(err, pipeline.ErrUnreachable) || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("error %v", err)
	}
}

// The wire speaks to curl: JSON over a plain POST.
func TestJSON(t *testing.T) {
	n := &fakeNode{}
	address := serve(t, n, 1<<20)
	post := func(method, body string) (int, string) {
		t.Helper()
		return post(t, address, method, "application/json", []byte(body))
	}
	code, body := post("Push", `{"run":"r","frames":[{"id":4,"shape":[1],"data":"AACAPw=="}]}`)
	if code != http.StatusOK || !strings.Contains(body, `"accepted":true`) {
		t.Errorf("%d %s", code, body)
	}
	if len(n.frames) != 1 || n.frames[0].Data[0] != 1 || n.frames[0].Label != pipeline.NoLabel {
		t.Errorf("arrived: %+v", n.frames)
	}
	if code, body := post("Push", `{"run":"r","frames":[{"id":4,"shape":[2],"data":"AACAPw=="}]}`); code != http.StatusBadRequest || !strings.Contains(body, "needs 8") {
		t.Errorf("%d %s", code, body)
	}
	if code, _ := post("Push", `{{{`); code != http.StatusBadRequest {
		t.Errorf("garbage: %d", code)
	}
	if code, body := post("Close", `{"run":"r","nodes":"[{"}`); code != http.StatusBadRequest || !strings.Contains(body, "unexpected token") {
		t.Errorf("%d %s", code, body)
	}
}
