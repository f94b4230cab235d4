package transport

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"tandem/pipeline"
	"tandem/transport/auth"
	"tandem/transport/wire"
)

// FuzzRequests gives the server's handler any body, to each procedure and in each encoding. It always answers, and an
// error is never its own fault.
func FuzzRequests(f *testing.F) {
	encode := func(m proto.Message) []byte {
		b, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	run := &wire.Run{Id: "r", Strategy: "s1", Cuts: []int32{1, 2}, Load: "blocking"}
	f.Add(byte(0), byte(0), encode(&wire.OpenRequest{Run: run, From: "me", Address: "you:1"}))
	f.Add(byte(1), byte(0), encode(&wire.PushRequest{Run: "r", From: "me", Frames: framesToWire([]pipeline.Frame{frame(1)}, Float32, time.Now())}))
	f.Add(byte(2), byte(0), encode(&wire.CloseRequest{Run: "r", From: "me", Nodes: []*wire.Ledger{{Role: "fast", Received: 3, States: map[string]float64{"forwarding": 100}}}}))
	f.Add(byte(1), byte(1), []byte(`{"run":"r","frames":[{"id":4,"shape":[1],"data":"AACAPw=="}]}`))
	f.Add(byte(2), byte(1), []byte(`{"run":"r","nodes":[],"notes":["\u001b[2J"]}`))
	f.Add(byte(1), byte(2), append([]byte{0, 0, 0, 0, 2}, 10, 0))
	f.Add(byte(1), byte(3), []byte{0, 0, 0, 0, 0})

	procedures := []string{"Open", "Push", "Close", "Nothing"}
	encodings := []string{"application/proto", "application/json", "application/grpc", "application/grpc-web+json", "text/plain"}
	handler := NewServer(&fakeNode{report: pipeline.Report{Run: "r"}}, nil, 1<<20, auth.NewGate(nil, func(auth.Refusal) {}), log.New(io.Discard, "", 0)).Handler
	f.Fuzz(func(t *testing.T, procedure, encoding byte, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/tandem.v1.Node/"+procedures[int(procedure)%len(procedures)], bytes.NewReader(body))
		r.Header.Set("Content-Type", encodings[int(encoding)%len(encodings)])
		r.ProtoMajor, r.ProtoMinor = 2, 0 // gRPC wants that
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code == http.StatusInternalServerError {
			t.Errorf("%s of %q: %d %s", r.URL.Path, body, w.Code, w.Body)
		}
	})
}

// FuzzAnswers gives the client's side any answer.
func FuzzAnswers(f *testing.F) {
	f.Add(int32(-5), int32(3), int32(1<<30), int64(-1), int64(1)<<62)
	f.Fuzz(func(t *testing.T, a, b, c int32, d, e int64) {
		for _, got := range feedbackFromWire([]*wire.Feedback{
			{Number: uint64(a), Left: []uint64{uint64(b), uint64(c), uint64(d)}, QueueLength: b, QueueCapacity: c, Batch: a, ServiceNs: d, SpreadNs: e}, nil, {Left: make([]uint64, 1000), SpreadNs: d, QueueCapacity: a},
		}, "x") {
			if len(got.Left) > maxLeft || got.Batch < 0 || got.Length < 0 || got.Capacity < 0 || min(got.Service, got.Spread) < 0 || max(got.Service, got.Spread) > maxAge {
				t.Errorf("%+v", got)
			}
		}
		if validInputs([]Input{{Shape: []int{int(a), int(b), int(c)}}}, math.MaxInt) == nil && (a < 1 || b < 1 || c < 1) {
			t.Errorf("shape %d, %d, %d is taken", a, b, c)
		}
	})
}

// post sends a body and returns the status and the answer.
func post(t *testing.T, address, method, encoding string, body []byte, headers ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://"+address+"/tandem.v1.Node/"+method, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", encoding)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// A small message must not become a large one in memory.
func TestMessagesThatGrowAreRefused(t *testing.T) {
	address := serve(t, &fakeNode{}, 1<<20)
	empty := func(n int) *wire.PushRequest {
		m := &wire.PushRequest{Run: "r"}
		for range n {
			m.Frames = append(m.Frames, &wire.Frame{})
		}
		return m
	}
	encode := func(m proto.Message) []byte {
		b, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, test := range map[string]struct {
		method, encoding string
		body             []byte
		headers          []string
		says             string
	}{
		"frames":          {"Push", "application/proto", encode(empty(100_000)), nil, "PushRequest.frames has more than 256 elements"},
		"frames in JSON":  {"Push", "application/json", []byte(`{"run":"r","frames":[` + strings.Repeat("{},", 100_000) + `{}]}`), nil, "more than 65536 names and values"},
		"257 in JSON":     {"Push", "application/json", []byte(`{"run":"r","frames":[` + strings.Repeat("{},", 256) + `{}]}`), nil, "PushRequest.frames has 257 elements: 256 are allowed"},
		"dimensions":      {"Push", "application/proto", encode(&wire.PushRequest{Run: "r", Frames: []*wire.Frame{{Shape: make([]int32, 500_000)}}}), nil, "500000 dimensions: 1 to 8 are allowed"},
		"dims in JSON":    {"Push", "application/json", []byte(`{"run":"r","frames":[{"shape":[` + strings.Repeat("1,", 100_000) + `1]}]}`), nil, "more than 65536 names and values"},
		"a large opening": {"Open", "application/proto", encode(&wire.OpenRequest{Run: &wire.Run{Id: "r", Cuts: make([]int32, 100_000)}}), nil, "65536"},
		"a zip bomb":      {"Push", "application/proto", []byte("\x1f\x8b\x08"), []string{"Content-Encoding: gzip"}, "gzip"},
		"a long id":       {"Push", "application/proto", encode(&wire.PushRequest{Run: strings.Repeat("x", 500_000)}), nil, "256 are allowed"},
		"a long sender":   {"Close", "application/proto", encode(&wire.CloseRequest{Run: "r", From: strings.Repeat("x", 200_000)}), nil, "256 are allowed"},
		"many ledgers":    {"Close", "application/json", []byte(`{"run":"r","nodes":[` + strings.Repeat("{},", 1000) + `{}]}`), nil, "CloseRequest.nodes has 1001 elements: 256 are allowed"},
		"odd neighbours":  {"Close", "application/json", []byte(`{"run":"r","nodes":[{"role":"fast","next":["\u001b[2J"]}]}`), nil, "can't be printed"},
		"no figures":      {"Close", "application/json", []byte(`{"run":"r","nodes":[{"role":"fast","energy_j":1e308}]}`), nil, "Ledger.energy_j is 1e+308"},
		"below nothing":   {"Close", "application/json", []byte(`{"run":"r","nodes":[{"role":"fast","lost":-1}]}`), nil, "Ledger.lost is -1"},
		"odd ledgers":     {"Close", "application/json", []byte(`{"run":"r","nodes":[{"role":"\u001b[2J"}]}`), nil, "can't be printed"},
		"an odd run":      {"Open", "application/json", []byte(`{"run":{"id":"r\u0007"},"from":"me","address":"you"}`), nil, "can't be printed"},
		"an odd sender":   {"Open", "application/json", []byte(`{"run":{"id":"r"},"from":"\u001b","address":"you"}`), nil, "can't be printed"},
	} {
		code, text := post(t, address, test.method, test.encoding, test.body, test.headers...)
		if code == http.StatusOK || !strings.Contains(text, test.says) || len(text) > 2000 {
			t.Errorf("%s: %d %.300s, want an answer that says %q", name, code, text, test.says)
		}
	}
	// As many as are allowed are no hindrance.
	m := empty(0)
	for id := range uint64(256) {
		f := frame(id)
		f.Shapes = [][]int{{1, 1, 1, 1, 1, 1, 2, 2}}
		m.Frames = append(m.Frames, framesToWire([]pipeline.Frame{f}, Float32, time.Now())...)
	}
	if code, text := post(t, address, "Push", "application/proto", encode(m)); code != http.StatusOK {
		t.Errorf("256 frames: %d %s", code, text)
	}
}

// A small answer must not become a large one in memory either.
func TestAnswersThatGrowAreRefused(t *testing.T) {
	encode := func(m proto.Message) []byte {
		b, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	answer := func(nodes int) []byte {
		return encode(&wire.CloseResponse{Report: &wire.Report{Run: "r", Nodes: slices.Repeat([]*wire.Ledger{{Role: "slow"}}, nodes)}})
	}
	open := func(c *Client) error {
		_, err := c.Open(t.Context(), Opening{Run: pipeline.Run{ID: "r", Strategy: "s1"}, From: "me", Address: "you"})
		return err
	}
	push := func(c *Client) error {
		_, err := c.Push(t.Context(), Pushing{Run: "r", From: "me"})
		return err
	}
	end := func(c *Client) error {
		_, err := c.Close(t.Context(), Closing{Run: "r", From: "me"})
		return err
	}
	for name, test := range map[string]struct {
		body []byte
		call func(*Client) error
		says string // empty: it is taken
	}{
		"feedbacks":       {bytes.Repeat([]byte{1<<3 | 2, 0}, 100_000), push, "PushResponse.feedback has more than 256 elements"},
		"a large opening": {encode(&wire.OpenResponse{Shape: make([]int32, 100_000)}), open, "65536 are allowed"},
		"a large report":  {encode(&wire.CloseResponse{Report: &wire.Report{Version: strings.Repeat(" ", 1<<20)}}), end, "1048576 are allowed"},
		"ledgers":         {answer(50_000), end, "Report.nodes has more than 257 elements"},
		"one ledger more": {answer(258), end, "more than 257 elements"},
		"all the ledgers": {answer(257), end, ""},
		"no ledgers":      {encode(&wire.CloseResponse{Report: &wire.Report{Run: "r"}}), end, ""},
		"no report":       {encode(&wire.CloseResponse{}), end, "a report that is none"},
		"another's":       {encode(&wire.CloseResponse{Report: &wire.Report{Run: "another"}}), end, `"another"`},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/proto")
			_, _ = w.Write(test.body) // the client may have enough of it
		}))
		err := test.call(NewClient(s.Listener.Addr().String(), Limits{Dial: time.Minute, Call: time.Minute, Window: 2, MaxBody: 8 << 20}, nil))
		if (err != nil) != (test.says != "") || err != nil && (!strings.Contains(err.Error(), test.says) || len(err.Error()) > 500) {
			t.Errorf("%s: error %v, want one that says %q", name, err, test.says)
		}
		s.Close()
	}
}

// A node must not make a client of it run out of memory.
func TestShapeThatNobodyCanSend(t *testing.T) {
	for shape, says := range map[[3]int]string{{1 << 14, 1 << 14, 4}: "--max-body", {1, -1, 1}: "which is none", {1 << 20, 1 << 20, 1}: "which is none"} {
		if err := validInputs([]Input{{Shape: shape[:]}}, 8<<20); !errors.Is(err, pipeline.ErrInvalidFrame) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v", shape, err)
		}
	}
	if err := errors.Join(validInputs(nil, 1<<10), validInputs([]Input{{Shape: []int{16, 15}}, {Shape: []int{16}}}, 1<<10)); err != nil {
		t.Error(err)
	}
}

// The largest messages that may be allowed are more, all together, than 32 bits count.
func TestLargestMessages(t *testing.T) {
	for _, maxBody := range []int{90 << 20, 256 << 20, 1 << 30} {
		c := client(serve(t, &fakeNode{}, maxBody))
		if err := push(t.Context(), c, 1); err != nil {
			t.Errorf("a frame where messages may have %d bytes: %v", maxBody, err)
		}
	}
}

// Nor are few bytes taken for a shape that needs more than 32 bits count.
func TestShapesOfManyBytes(t *testing.T) {
	for _, shape := range [][]int32{{1 << 15, 1 << 15}, {5, 214748365}} { // 2^32 bytes, and 4 more
		for _, data := range [][]byte{nil, {}, make([]byte, 4)} {
			if f, err := frameFromWire(&wire.Frame{Id: 1, Shape: shape, Data: data}); !errors.Is(err, pipeline.ErrInvalidFrame) {
				t.Errorf("%d bytes for the shape %v: %v, %v", len(data), shape, f, err)
			}
		}
	}
	if values, bytes := floatsOf(nil), bytesOf(nil); len(values)+len(floatsOf([]byte{}))+len(bytes) != 0 {
		t.Errorf("of nothing: %v, %v", values, bytes)
	}
}

// Reports and errors of other nodes can't steer the terminal that shows them.
func TestTextsOfOthersAreMadePlain(t *testing.T) {
	node := new(fakeNode)
	c := client(serve(t, node, 1<<20))
	node.report = pipeline.Report{Run: "r", Notes: []string{"\x1b[2J" + strings.Repeat("x", 2*maxTextBytes)}, Nodes: []pipeline.Entry{{NodeID: pipeline.NodeID{Role: "slow"}, Emulate: "\x07", Device: "\x1b"}}}
	r, err := c.Close(t.Context(), Closing{Run: "r"})
	if err != nil || len(r.Notes[0]) > maxTextBytes+3 || !printable(r.Notes[0]) || !printable(r.Nodes[0].Emulate+r.Nodes[0].Device) {
		t.Errorf("%v: %.20q", err, r.Notes)
	}
	node.report.Run = "another"
	if _, err = c.Close(t.Context(), Closing{Run: "r"}); err == nil || !strings.Contains(err.Error(), `"another"`) {
		t.Errorf("the report of another run: %v", err)
	}
	node.report.Run, node.report.Nodes[0].States = "r", map[pipeline.State]float64{}
	for i := range 1000 {
		node.report.Nodes[0].States[pipeline.State(fmt.Sprint(i))] = 1
	}
	if _, err = c.Close(t.Context(), Closing{Run: "r"}); err == nil {
		t.Error("a ledger of too many states is taken")
	}
	node.err = fmt.Errorf("\x1b]0;evil\x07: %w", pipeline.ErrInvalidRun)
	if _, err = c.Close(t.Context(), Closing{Run: "r"}); err == nil || !printable(err.Error()) {
		t.Errorf("error %q", err)
	}
}

// Nor can what listens in a node's place, and is none. What kind of fault it is stays known.
func TestTextsOfOtherServersAreMadePlain(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			_, _ = http.ReadRequest(bufio.NewReader(c))
			_, _ = io.WriteString(c, "HTTP/1.1 503 \x1b[2J\x1b]0;evil\x07"+strings.Repeat("x", 2*maxTextBytes)+"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			c.Close()
		}
	}()
	c := client(l.Addr().String())
	_, pushed := c.Push(t.Context(), Pushing{Run: "r", From: "me"})
	_, reached := c.Reach(t.Context())
	for what, err := range map[string]error{"Push": pushed, "Reach": reached} {
		if !errors.Is(err, pipeline.ErrUnreachable) || !strings.Contains(err.Error(), "503") || !printable(err.Error()) || len(err.Error()) > maxTextBytes+200 {
			t.Errorf("%s: %.200q", what, err)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Push(over, Pushing{Run: "r", From: "me"}); !errors.Is(err, context.Canceled) {
		t.Errorf("a call that nobody waits for: %v", err)
	}
}
