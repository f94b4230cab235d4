package plan

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/device"
	"tandem/transport"
)

// A node that takes connections, and says nothing, as it hangs or its machine has just been unplugged, is away: it is not waited
// for as one is that measures, for minutes.
func TestSurveyDoesNotWaitForOneThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, err := device.ParseEmulation("whole=10ms")
		if err != nil {
			t.Fatal(err)
		}
		near, far := net.Pipe()
		defer far.Close()
		hangs := transport.NewClient("slow:12345", transport.Limits{
			Dial: time.Second, Call: time.Second, Window: 1, MaxBody: 1 << 20,
			DialContext: func(context.Context, string, string) (net.Conn, error) { return near, nil },
		}, nil)
		built := make(chan struct{})
		close(built)
		network := model.Default(1)
		c := Calibrator{
			Built: built, Threads: 1, Queue: 1, Emulate: e, Cut: []int{1},
			Net:   func() *model.Network { return network },
			ID:    func() pipeline.NodeID { return pipeline.NodeID{Role: "fast"} },
			Below: func() []*transport.Client { return []*transport.Client{hangs} },
		}
		ctx, cancel := context.WithTimeout(t.Context(), AskTime)
		defer cancel()
		began := time.Now()
		s, err := c.Survey(ctx)
		if took := time.Since(began); took > time.Minute || !errors.Is(err, pipeline.ErrUnreachable) || len(s.Sites) != 1 {
			t.Errorf("%v after %v: %+v", err, took, s.Sites)
		}
	})
}
