package pipeline

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"tandem/strategy"
)

// Every registered strategy keeps the ledger's identity on every node and end to end, whatever the nodes are, how many
// there are, and which frames they leave out; on a healthy network, on one that loses calls, and on one that loses
// answers.
func TestEveryStrategyAccountsForEveryFrame(t *testing.T) {
	for _, e := range strategy.All() {
		seeds := uint64(60)
		if testing.Short() { // under qemu
			seeds = 6 // two of each network
		}
		for seed := range seeds {
			t.Run(fmt.Sprintf("%s/%d", e.Name, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { conserve(t, e, seed) })
			})
		}
	}
}

// The networks of the test.
const (
	healthy = iota
	losesCalls
	losesAnswers
	networks
)

func conserve(t *testing.T, e strategy.Entry, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 0))
	upTo := func(ms int) time.Duration { return time.Duration(random.IntN(ms)) * time.Millisecond }
	network := int(seed % networks)
	p := plan{
		run: Run{
			ID: "r", Strategy: e.Name, Tasks: 1 + random.IntN(30), Frames: 300, Interval: time.Millisecond + upTo(40),
			Load: []Loading{"", strategy.Background, strategy.Blocking}[random.IntN(3)],
		},
		slow:   [][]int{{1}, {1}, {3}, {1, 1}, {2, 2}, {1, 3, 1}}[random.IntN(6)],
		device: func(int, int) *fakeNet { return &fakeNet{head: upTo(10), tail: upTo(90), load: upTo(900)} },
	}
	var told Losses
	p.adjust = func(c *StageConfig) {
		c.Gone = func(f Loss) { told.Add(f) }
		c.Queue = 1 + random.IntN(12)
		c.Batch = 1 + random.IntN(4)
		switch random.IntN(3) {
		case 0:
			c.Drop = DropOldest // also a frame of which fast has made another copy
		case 1:
			c.MaxAge = 50*time.Millisecond + upTo(500)
		}
		c.HighWater = random.IntN(c.Queue + 1)
	}
	if network != healthy {
		spoil := func(s Sender) Sender { return unreliable(s, seed, network == losesAnswers) }
		p.link = func(_, _ int, to Sender) Hopper { return up{spoil(to)} }
		p.result = spoil
	}
	r := p.start().play()
	var lost int64
	for _, n := range r.Nodes {
		if n.Received != n.Refused+n.Dropped+n.Expired+n.Forwarded+n.Finished+n.Lost {
			t.Errorf("the ledger does not add up: %v", n)
		}
		lost += n.Lost
	}
	for _, f := range told.Take() { // each is counted, and each that is counted is told
		for i := range r.Nodes {
			if n := &r.Nodes[i]; n.NodeID == f.NodeID {
				*n.Outcomes.Of(f.Outcome) -= int64(f.Frames.Len())
			}
		}
	}
	for _, n := range r.Nodes {
		if n.Role != "client" && n.Gone() != 0 {
			t.Errorf("%v, beyond what was told", n)
		}
	}
	if r.Unaccounted != 0 || r.Died != 0 || r.Forgotten != 0 {
		t.Errorf("%d frames are unaccounted for, %d died, %d are forgotten: %+v", r.Unaccounted, r.Died, r.Forgotten, r.Nodes)
	}
	if double := r.DoubleCounted > 0; double && network != losesAnswers || !double && network == losesAnswers && !e.Keeps && !e.Whole {
		t.Errorf("%d frames are double-counted", r.DoubleCounted)
	}
	if network != losesAnswers && r.Duplicates != 0 {
		t.Errorf("%d duplicates", r.Duplicates)
	}
	if lost > 0 && (network == healthy || e.Keeps || e.Whole) { // these send again
		t.Errorf("%d frames lost", lost)
	}
	if r.Delivered == 0 || r.Delivered > r.Frames {
		t.Errorf("%d of %d frames delivered", r.Delivered, r.Frames)
	}
}

// unreliable fails every tenth call or so: before the frames arrive, or when they have arrived.
func unreliable(s Sender, seed uint64, arrived bool) Sender {
	random := make(chan *rand.Rand, 1) // senders are called by several goroutines
	random <- rand.New(rand.NewPCG(seed, 1))
	return sendFunc(func(ctx context.Context, frames []Frame) (answers []Feedback, err error) {
		r := <-random
		fail := r.IntN(10) == 0
		random <- r
		if !fail || arrived {
			answers, err = s.Send(ctx, frames)
		}
		if fail {
			return nil, ErrUnreachable
		}
		return answers, err
	})
}
