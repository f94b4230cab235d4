package pipeline

import (
	"testing"
	"time"

	"tandem/strategy"
)

// In virtual time a station that has found no frame is given the next one at once, so that it never takes a place of the queue,
// as is so for a loop that waits.
func TestIdleStationIsHandedAFrame(t *testing.T) {
	now := time.Now()
	net := &fakeNet{}
	var lost []Loss
	s := NewStation(StageConfig{
		ID: NodeID{Role: "fast"}, Executor: net, Strategy: strategy.Finisher{}, Holding: Holding{0, 1, net.Shapes},
		Cut: 1, Layers: 1, Queue: 2, Batch: 2, Gone: func(l Loss) { lost = append(lost, l) }, Failed: func(int, error) {},
	}, now)
	admit := func(ids ...uint64) (accepted int) {
		for _, id := range ids {
			answers, err := s.Admit(now, []Frame{{ID: id, Since: now, Shapes: [][]int{{1}}, Data: []float32{1}}}, false)
			if err != nil {
				t.Fatal(err)
			}
			if answers[0].Accepted {
				accepted++
			}
		}
		return accepted
	}
	if batch := s.Take(now, nil); len(batch) != 0 {
		t.Fatalf("%d frames of none", len(batch))
	}
	if n := admit(0, 1, 2, 3); n != 3 || s.queue.Peak() != 2 {
		t.Errorf("%d accepted, %d in the queue: one should be handed over", n, s.queue.Peak())
	}
	if len(lost) != 1 || lost[0].Outcome != Refused || lost[0].Frames.String() != "3" {
		t.Errorf("losses %v", lost)
	}
	batch := s.Take(now, nil)
	if len(batch) != 2 || batch[0].ID != 0 || batch[1].ID != 1 {
		t.Fatalf("it takes %v first", batch)
	}
	if !s.Place(&batch[0]) {
		t.Error("there is no place to leave")
	}
	s.Ran(batch, 10*time.Millisecond, 1)
	s.Finished(batch[:1], []Feedback{{Life: "e"}}, nil)
	s.Return(batch[1])
	if f, is := s.Back(); !is || f.ID != 1 {
		t.Errorf("%v came back", f)
	} else {
		s.Lose([]Frame{f}, ErrUnreachable)
	}
	if batch = s.Take(now, batch); len(batch) != 1 || batch[0].ID != 2 {
		t.Fatalf("it takes %v then", batch)
	}
	if e := s.account(now); e.Received != 4 || e.Refused != 1 || e.Finished != 1 || e.Lost != 1 || s.ledger.Here() != 1 || e.BusyMS != 10 {
		t.Errorf("ledger %+v", e)
	}
	s.Release(batch[0])
	s.Close()
	if s.Take(now, nil); !s.idle {
		t.Error("a frame of a closed queue")
	}
}
