package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"tandem/pipeline"
	"tandem/transport/auth"
	"tandem/transport/wire"
)

func status(role string) pipeline.Status {
	return pipeline.Status{
		Entry:  pipeline.Entry{NodeID: pipeline.NodeID{Role: role, Address: role + ":1"}, Outcomes: pipeline.Outcomes{Received: 7}},
		Layers: [2]int{1, 4}, State: pipeline.Finishing, Queue: 3, Capacity: 10, RateIn: 33.3, StalenessS: 0.5,
		Links: []pipeline.Link{{NodeID: pipeline.NodeID{Role: "slow", Address: "slow:1"}, Rate: 1.5e6}},
	}
}

func TestLiveFiguresCrossTheWire(t *testing.T) {
	n := &fakeNode{live: &pipeline.Live{Sent: 5, Delivered: 4, Coverage: 80, Rate: 33.3, State: pipeline.Finishing, StalenessS: 0.5,
		Links: []pipeline.Link{{NodeID: pipeline.NodeID{Role: "slow", Address: "slow:1"}, Rate: 1.5e6}}}}
	c := client(serve(t, n, 1<<20))
	sent := []pipeline.Status{status("client"), status("fast")}
	pushed, err := c.Push(t.Context(), Pushing{Run: "run", From: "me", Status: sent})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(sent, n.status); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(n.live, pushed.Live); d != "" {
		t.Error(d)
	}
	n.live = nil
	if pushed, err = c.Push(t.Context(), Pushing{Run: "run", From: "me"}); err != nil || pushed.Live != nil || len(n.status) != 0 {
		t.Errorf("%+v, %+v: %v", pushed, n.status, err)
	}
	n.live = &pipeline.Live{Coverage: -1}
	if _, err = c.Push(t.Context(), Pushing{Run: "run", From: "me"}); !errors.Is(err, pipeline.ErrInvalidRun) {
		t.Errorf("a coverage of -1: %v", err)
	}
}

// What a node says of itself never costs its sign of life: long texts are cut, and a figure that is none is not shown.
func TestOddStatusIsASignOfLife(t *testing.T) {
	n := &fakeNode{}
	c := client(serve(t, n, 1<<20))
	long, bad := status("fast"), status("slow")
	long.Emulate, long.Device, bad.RateIn = strings.Repeat("tail=1ms,", 10_000), strings.Repeat("hot, ", 200), -1
	if _, err := c.Push(t.Context(), Pushing{Run: "run", From: "me", Status: []pipeline.Status{bad, long, status("end")}}); err != nil {
		t.Fatal(err)
	}
	if len(n.status) != 2 || len(n.status[0].Emulate) > 512+3 || !strings.HasPrefix(n.status[0].Device, "hot, hot, ") || n.status[1].Role != "end" {
		t.Errorf("%+v", n.status)
	}
}

func TestInvalidStatusIsRefused(t *testing.T) {
	c := client(serve(t, &fakeNode{}, 1<<20))
	one := func(change func(*wire.Status)) []*wire.Status {
		s := &wire.Status{Ledger: &wire.Ledger{Role: "fast"}}
		change(s)
		return []*wire.Status{s}
	}
	for name, statuses := range map[string][]*wire.Status{
		"figure":    one(func(s *wire.Status) { s.RateIn = -1 }),
		"energy":    one(func(s *wire.Status) { s.Ledger.EnergyJ = 1e308 }),
		"name":      one(func(s *wire.Status) { s.Ledger.Decisions = map[string]int64{"\x1b[2J": 1} }),
		"no ledger": one(func(s *wire.Status) { s.Ledger = nil }),
		"layers":    one(func(s *wire.Status) { s.Layers = []int32{1, 2, 3} }),
		"many":      slices.Repeat(one(func(*wire.Status) {}), maxStatuses+1),
	} {
		_, err := c.node.Push(t.Context(), &wire.PushRequest{Run: "run", From: "me", Status: statuses})
		if err = c.fromWire(err); !errors.Is(err, pipeline.ErrInvalidRun) && !errors.Is(err, pipeline.ErrInvalidFrame) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// However many nodes there are, a sign of life is no larger than what is taken, and the first nodes are in it.
func TestStatusIsCutToFit(t *testing.T) {
	var many []pipeline.Status
	for i := range 300 {
		many = append(many, status(fmt.Sprintf("slow%d", i)))
	}
	for _, test := range []struct{ most, least int }{{maxStatusBytes, maxStatuses}, {1024, 2}, {100, 0}} {
		list := statusToWire(many, test.most)
		size := proto.Size(&wire.PushRequest{Status: list})
		back, err := statusFromWire(list)
		if err != nil || size > test.most || len(back) < test.least || len(back) > maxStatuses {
			t.Errorf("at most %d bytes: %d statuses in %d: %v", test.most, len(back), size, err)
		}
		if len(back) > 0 && back[0].Role != "slow0" {
			t.Errorf("the first is %+v", back[0])
		}
	}
}

func TestDescribe(t *testing.T) {
	n := &fakeNode{}
	address := serve(t, n, 1<<20)
	if d, err := client(address).Describe(t.Context()); err != nil || !cmp.Equal(d, described) {
		t.Errorf("%+v, %v", d, err)
	}
	describe := func(c *Client, ctx context.Context) error {
		_, err := c.Describe(ctx)
		return err
	}
	n.err = fmt.Errorf("this node is %w", pipeline.ErrStopping)
	if err := describe(client(address), t.Context()); !errors.Is(err, pipeline.ErrStopping) {
		t.Errorf("error %v", err)
	}
	if err := describe(client("127.0.0.1:1"), t.Context()); !errors.Is(err, pipeline.ErrUnreachable) {
		t.Errorf("error %v", err)
	}
	hanging, err := net.Listen("tcp", "127.0.0.1:0") // the kernel takes connections, and nobody answers
	if err != nil {
		t.Fatal(err)
	}
	defer hanging.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := describe(client(hanging.Addr().String()), ctx); !errors.Is(err, pipeline.ErrUnreachable) || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("error %v", err)
	}
}

// What is no call goes to the other handler, whose answer may go on for longer than a call's body may take.
func TestOtherHandlersShareThePort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	others := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "it is "+r.URL.Path) })
	s := NewServer(&fakeNode{}, others, 1<<20, auth.NewGate(nil, func(auth.Refusal) {}), log.New(io.Discard, "", 0))
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	defer func() {
		_ = s.Close()
		<-done
	}()
	r, err := (&http.Client{Timeout: time.Minute}).Get("http://" + l.Addr().String() + "/status")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if text, err := io.ReadAll(r.Body); err != nil || string(text) != "it is /status" {
		t.Errorf("%q: %v", text, err)
	}
	if _, err := client(l.Addr().String()).Push(t.Context(), Pushing{Run: "run", From: "me"}); err != nil {
		t.Error(err)
	}
}
