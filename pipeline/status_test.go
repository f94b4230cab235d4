package pipeline

import (
	"context"
	"math"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tandem/strategy"
)

// A meter shows the rate of the last second or two to all who read it, however often they do.
func TestMeter(t *testing.T) {
	start := time.Now()
	for _, every := range []time.Duration{50 * time.Millisecond, 500 * time.Millisecond, time.Second} {
		var m Meter
		for at := time.Duration(0); at <= 20*time.Second; at += every {
			perSecond := 33.0
			if at > 10*time.Second {
				perSecond = 5
			}
			count := int64(33 * min(at, 10*time.Second).Seconds())
			if at > 10*time.Second {
				count += int64(5 * (at - 10*time.Second).Seconds())
			}
			got := m.Rate(start.Add(at), count)
			settled := at > 2*time.Second && at <= 10*time.Second || at > 12*time.Second
			if settled && math.Abs(got-perSecond) > 2 {
				t.Errorf("read every %v, after %v: %v f/s, want %v", every, at, got, perSecond)
			}
		}
	}
	var m Meter
	m.Rate(start, 100)
	if got := m.Rate(start.Add(time.Second), 90); got != 0 {
		t.Errorf("a count that went down has the rate %v", got)
	}
}

func TestRecentArrivals(t *testing.T) {
	start := time.Now()
	var r recent
	if rate, p50, p95 := r.look(start); rate != 0 || p50 != 0 || p95 != 0 {
		t.Errorf("without arrivals: %v, %v, %v", rate, p50, p95)
	}
	for i := range 100 { // one every 20 ms, of the ages 0 to 99 ms
		r.add(start.Add(time.Duration(i)*20*time.Millisecond), time.Duration(i)*time.Millisecond)
	}
	rate, p50, p95 := r.look(start.Add(99 * 20 * time.Millisecond))
	if math.Abs(rate-50) > 0.1 || p50 != 49*time.Millisecond || p95 != 94*time.Millisecond {
		t.Errorf("%v f/s, ages %v and %v", rate, p50, p95)
	}
	if rate, _, _ := r.look(start.Add(3 * time.Second)); math.Abs(rate-25) > 1 { // a second without frames
		t.Errorf("%v f/s, want half of it", rate)
	}
	if rate, p50, _ := r.look(start.Add(time.Minute)); rate != 0 || p50 != 0 {
		t.Errorf("long after the last frame: %v f/s, age %v", rate, p50)
	}
	for i := range 10_000 { // more than are kept
		r.add(start.Add(time.Minute+time.Duration(i)*time.Millisecond), time.Second)
	}
	if rate, _, _ := r.look(start.Add(time.Minute + 9999*time.Millisecond)); math.Abs(rate-1000) > 1 {
		t.Errorf("%v f/s, want 1000", rate)
	}
}

func TestLiveFiguresOfARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRecorder(Run{ID: "r"}, time.Now())
		if l := r.Live(time.Now(), nil); !reflect.DeepEqual(l, Live{}) {
			t.Errorf("before the first frame: %+v", l)
		}
		for id := range uint64(40) { // every fifth frame is gone
			time.Sleep(25 * time.Millisecond)
			if id%5 != 0 {
				r.Add(&Frame{ID: id, Age: 30 * time.Millisecond, Since: time.Now(), Label: NoLabel})
			}
		}
		r.Add(&Frame{ID: 39, Since: time.Now(), Label: NoLabel})
		nodes := []Status{
			{Entry: Entry{NodeID: NodeID{Role: "client"}, Outcomes: Outcomes{Received: 30}}}, // older than the newest frame
			{Entry: Entry{NodeID: NodeID{Role: "fast"}}, State: Switching},
			{Entry: Entry{NodeID: NodeID{Role: "slow"}}, State: HopDown, Down: []NodeID{{"end", "e:1"}}},
			{Entry: Entry{NodeID: NodeID{Role: "slow", Address: "silent"}}, StalenessS: 4, Down: []NodeID{{"slow", "s:1"}}}, // it may be back
		}
		l := r.Live(time.Now(), nodes)
		if l.Sent != 40 || l.Delivered != 32 || l.Duplicates != 1 || l.Coverage != 80 || l.State != Switching || !slices.Equal(l.Down, nodes[2].Down) {
			t.Errorf("%+v", l)
		}
		if math.Abs(l.Rate-32) > 1 || l.AgeP50MS != 30 || l.AgeP95MS != 30 {
			t.Errorf("%+v", l)
		}
		nodes[0].Received = 64 // the last ones were all refused
		if l := r.Live(time.Now(), nodes); l.Sent != 64 || l.Coverage != 50 {
			t.Errorf("%+v", l)
		}
		if s := r.Status(NodeID{Role: "end"}); s.Received != 32 || s.Finished != 32 || s.Role != "end" || s.RateIn != l.Rate {
			t.Errorf("%+v", s)
		}
	})
}

// What a stage says of itself while it works is what the ledger, the queue and the clock say.
func TestStatusOfAStage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := pi()
		net.resident[0], net.resident[1] = true, true
		var served, waited []time.Duration
		s := StartStage(context.Background(), StageConfig{
			ID: NodeID{Role: "slow", Address: "slow:1"}, Executor: net, Strategy: strategy.Finisher{}, Holding: Holding{0, 2, net.Shapes},
			Cut: 1, Layers: 2, KeepTail: true, Queue: 3, Window: 2, End: toRecorder(NewRecorder(Run{ID: "r"}, time.Now())), Failed: func(int, error) {},
			Served: func(d time.Duration) { served = append(served, d) },
			Waited: func(d time.Duration) { waited = append(waited, d) },
		})
		s.Status() // rates begin here
		for id := range uint64(5) {
			if _, err := s.Offer([]Frame{{ID: id, Shapes: [][]int{{1}}, Data: []float32{1}, Label: NoLabel, Since: time.Now()}}, false); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		time.Sleep(50 * time.Millisecond) // the first is through, the second at work; the last found no place
		synctest.Wait()
		st := s.Status()
		if st.Role != "slow" || st.Received != 5 || st.Refused != 1 || st.Finished != 1 || st.Queue != 2 || st.Capacity != 3 || st.QueuePeak != 3 {
			t.Errorf("%+v", st)
		}
		if st.Layers != [2]int{0, 2} || st.ServiceMS != 46 || st.WaitMS != 46 || st.State != "" || st.RateIn != 100 || st.RateOut != 20 {
			t.Errorf("%+v", st)
		}
		s.Close()
		if got := s.Status(); got.Here() != 0 || got.Queue != 0 || len(served) != 4 || len(waited) != 4 || waited[3] != 3*46*time.Millisecond {
			t.Errorf("%+v, served %v, waited %v", got, served, waited)
		}
	})
}
