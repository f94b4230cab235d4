package strategy

import (
	"testing"
	"time"
)

const ms = time.Millisecond

// fleet makes one of nodes that take so long for a frame and have a queue of ten, all of them empty.
func fleet(services ...time.Duration) *Fleet {
	f := NewFleet(len(services))
	for i, s := range services {
		f.See(i, Neighbour{Up: true})
		f.Observe(i, Feedback{Accepted: true, Capacity: 10, Service: s})
	}
	return f
}

// deal sends frames to where the fleet wants them, and returns how many each node got.
func deal(f *Fleet, frames int, now, interval time.Duration) []int {
	got := make([]int, len(f.members))
	for range frames {
		to := f.Outlook(now).To
		got[to]++
		f.Sent(to, now)
		now += interval
	}
	return got
}

func TestFleetSharesOutByExpectedDelay(t *testing.T) {
	if got := deal(fleet(10*ms, 10*ms), 100, time.Second, 5*ms); got[0] != 50 || got[1] != 50 {
		t.Errorf("equal nodes got %v", got)
	}
	if got := deal(fleet(10*ms, 30*ms), 400, time.Second, 75*ms/10); got[0] < 290 || got[0] > 310 {
		t.Errorf("a node three times as fast got %d of 400", got[0])
	}
	if got := deal(fleet(10*ms, 40*ms), 50, time.Second, 20*ms); got[1] != 0 {
		t.Errorf("the fast node is idle, and %d frames went to the slow one", got[1])
	}
}

func TestFleetLeavesOutWhatIsDownOrFull(t *testing.T) {
	f := fleet(10*ms, 10*ms)
	f.See(0, Neighbour{})
	if o := f.Outlook(time.Second); o.To != 1 || !o.Up || o.Full {
		t.Errorf("one is down: %+v", o)
	}
	f.Observe(1, Feedback{Now: time.Second, Capacity: 10, Length: 10, Service: 10 * ms})
	if o := f.Outlook(time.Second); !o.Full || o.Free != 0 {
		t.Errorf("one is down, one full: %+v", o)
	}
	if o := f.Outlook(time.Second + 25*ms); o.Full || o.Free < 1 || o.Free > 2 {
		t.Errorf("25 ms later: %+v", o)
	}
	f.See(1, Neighbour{})
	if o := f.Outlook(2 * time.Second); o.Up || !o.Full {
		t.Errorf("both are down: %+v", o)
	}
	f.See(0, Neighbour{Up: true})
	f.See(1, Neighbour{Up: true})
	f.Observe(1, Feedback{Now: 3 * time.Second, Accepted: true, Busy: true, Capacity: 10, Length: 3, Service: 10 * ms})
	f.Sent(1, 3*time.Second)
	if f.standings[1].full <= 3*time.Second {
		t.Error("a queue beyond its high-water mark has places")
	}
}

// A node that has measured nothing is asked again as soon as it should be idle: it may be faster than the best that is known. Before
// it is idle it gets no more frames than the others.
func TestFleetAsksTheUnknown(t *testing.T) {
	f := fleet(50*ms, 30*ms, 0)
	f.See(2, Neighbour{Up: true, RoundTrip: 8 * ms})
	if o := f.Outlook(time.Second); o.To != 2 {
		t.Errorf("all are idle, and node %d gets the frame", o.To)
	}
	f.Sent(2, time.Second)
	f.Observe(2, Feedback{Now: time.Second + 8*ms, Accepted: true, Capacity: 10}) // it computes it
	for after, want := range map[time.Duration]int{10 * ms: 1, 60 * ms: 2} {
		if o := f.Outlook(time.Second + after); o.To != want {
			t.Errorf("after %s node %d gets the frame", after, o.To)
		}
	}
	f.Observe(2, Feedback{Now: time.Second + 80*ms, Accepted: true, Capacity: 10, Service: 70 * ms})
	if o := f.Outlook(2 * time.Second); o.To != 1 {
		t.Errorf("it is known to be slow, and node %d gets the frame", o.To)
	}
}

// Strategies see of the link to the node that would get the frame what the stage sees.
func TestOutlookShowsTheLink(t *testing.T) {
	f := fleet(10*ms, 10*ms)
	f.See(0, Neighbour{Up: true, InFlight: 3, RoundTrip: 40 * ms, Pace: 8 * ms})
	f.See(1, Neighbour{Up: true, InFlight: 1, RoundTrip: 4 * ms, Pace: 2 * ms})
	if o := f.Outlook(time.Second); o.To != 1 || o.RoundTrip != 4*ms {
		t.Errorf("%+v", o)
	}
}

// Of a full node that has not yet measured a frame nothing says when it will have a place: it is left alone for a moment,
// and then asked.
func TestFleetAsksAFullNodeAgainWhosePaceIsUnknown(t *testing.T) {
	f := NewFleet(1)
	f.See(0, Neighbour{Up: true})
	f.Observe(0, Feedback{Now: time.Second, Accepted: true, Length: 10, Capacity: 10})
	for after, free := range map[time.Duration]float64{0: 0, unasked - 1: 0, unasked: 1, time.Minute: 1} {
		if o := f.Outlook(time.Second + after); o.Free != free || o.Full != (free == 0) {
			t.Errorf("after %v: %+v", after, o)
		}
	}
	f.See(0, Neighbour{Up: true, InFlight: 1})
	if o := f.Outlook(time.Minute); !o.Full {
		t.Errorf("it is being asked: %+v", o)
	}
}

// Two halves of a place on two nodes are no place for a frame.
func TestFleetCountsWholePlaces(t *testing.T) {
	f := fleet(10*ms, 10*ms)
	for i := range 2 {
		f.Observe(i, Feedback{Now: time.Second, Length: 10, Capacity: 10, Service: 10 * ms})
	}
	if o := f.Outlook(time.Second + 17*ms); o.Free != 0 || o.Full {
		t.Errorf("each has 0.7 places: %+v", o)
	}
	if o := f.Outlook(time.Second + 21*ms); o.Free != 2 {
		t.Errorf("each has 1.1 places: %+v", o)
	}
}

// A node that computes frames together needs as many: with less it has too little to do.
func TestFleetKeepsWholeBatches(t *testing.T) {
	f := fleet(10*ms, 10*ms)
	for i, batch := range []int{1, 8} {
		f.Observe(i, Feedback{Now: time.Second, Accepted: true, Batch: batch, Capacity: 10, Length: 9, Service: 10 * ms})
	}
	if o := f.Outlook(time.Second); o.Idle != time.Second+(9-7)*10*ms {
		t.Errorf("nine frames are two more than a batch needs at least: %v", o.Idle-time.Second)
	}
}

func TestFleetExpectsAThrottledNodeToBecomeSlower(t *testing.T) {
	f := fleet(10*ms, 10*ms)
	f.Observe(0, Feedback{Accepted: true, Throttled: true, Capacity: 10, Service: 10 * ms, Spread: 5 * ms})
	if o := f.Outlook(time.Second); o.To != 1 {
		t.Errorf("the throttled node is preferred: %+v", o)
	}
}

// Of many nodes near their capacity every one gets its share, and none is overrun.
func TestFleetOfManyNodes(t *testing.T) {
	services := make([]time.Duration, 16)
	for i := range services {
		services[i] = 16 * ms
	}
	f := fleet(services...)
	for i, n := range deal(f, 16*100, time.Second, ms*103/100) {
		if n < 70 || n > 130 {
			t.Errorf("node %d got %d of 1600 frames", i, n)
		}
	}
	for i := range f.members {
		if q := f.Queued(i, time.Second+16*100*ms*103/100); q > 5*16*ms {
			t.Errorf("node %d has work for %v", i, q)
		}
	}
}

// Who leaves gets no more frames, and who joins gets its share; a fleet that all have left has nothing to offer.
func TestFleetMembersComeAndGo(t *testing.T) {
	f := fleet(10*ms, 10*ms, 20*ms)
	f.See(0, Neighbour{Up: true, Leaving: true})
	if got := deal(f, 90, time.Second, 5*ms); got[0] != 0 || got[1] < 55 || got[1] > 65 {
		t.Errorf("while the first leaves they got %v", got)
	}
	f.Leave(0)
	if got := deal(f, 90, 5*time.Second, 5*ms); got[0] != 0 {
		t.Errorf("when the first has left they got %v", got)
	}
	if at := f.Join(); at != 0 {
		t.Errorf("the new one is at %d", at)
	}
	f.See(0, Neighbour{Up: true})
	f.Observe(0, Feedback{Accepted: true, Capacity: 10, Service: 5 * ms})
	if got := deal(f, 200, 10*time.Second, 3*ms); got[0] < 100 || got[1] < 30 {
		t.Errorf("with a new one that is fast they got %v", got)
	}
	if at := f.Join(); at != 3 {
		t.Errorf("a fourth is at %d", at)
	}
	for i := range 4 {
		f.Leave(i)
	}
	if o := f.Outlook(time.Minute); o.Up || !o.Full || o.To != -1 || o.Free != 0 {
		t.Errorf("nobody is there: %+v", o)
	}
}

// A node that has measured nothing yet gets no more than those that have: it may be slow.
func TestFleetDoesNotOverrunANodeThatIsNotKnown(t *testing.T) {
	f := NewFleet(2)
	f.See(0, Neighbour{Up: true})
	f.See(1, Neighbour{Up: true})
	f.Observe(0, Feedback{Now: time.Second, Accepted: true, Capacity: 32, Service: 40 * ms})
	f.Observe(1, Feedback{Now: time.Second, Accepted: true, Capacity: 32})
	sent := [2]int{}
	for range 20 {
		o := f.Outlook(time.Second)
		sent[o.To]++
		f.Sent(o.To, time.Second)
	}
	if sent != [2]int{10, 10} {
		t.Errorf("of 20 frames the nodes got %v", sent)
	}
}
