package placement

import (
	"math"
	"time"
)

// Burst is how devices help that finish frames only after an overload, so many at a time, as takeover and alternate do.
type Burst struct {
	Tasks      int  // 0: they don't
	Alternates bool // one frame is passed on after each that is finished; otherwise none is
	Places     int  // of the queues behind
	// Switch is what a burst takes beside its frames, while the device does nothing else: it makes the tail resident.
	Switch time.Duration
}

// rate is how many frames a second pass a device of a stage, when so many are offered to it, and those behind take next. Where it
// passes on more than that, the queues behind fill, and overflow: then it finishes its burst, while they drain.
//
//	queue behind   ____                ____
//	              /    \              /    \
//	         ____/      \____________/      \___
//	         fill  burst     fill     burst
//
//	fill:  lasts drained / (passed - next), and passes on so many all the time
//	burst: lasts tasks · whole, or with one passed on after each, tasks · (whole + head)
func (b Burst) rate(p part, offered, next float64) float64 {
	passed := min(offered, p.most())
	if passed <= next {
		return passed
	}
	tasks := float64(b.Tasks)
	burst, through := b.Switch.Seconds()+tasks*p.whole, tasks
	if b.Alternates {
		burst += tasks * p.head
	}
	if math.IsInf(burst, 1) { // its memory is too small to finish any
		return next
	}
	drained := next * burst
	if b.Alternates {
		through += min(tasks, drained)
		drained = max(0, drained-tasks)
	}
	drained = min(drained, float64(b.Places))
	fill := drained / (passed - next)
	return (through + passed*fill) / (burst + fill)
}

// stage is how many frames a second pass a stage, in front of others that take next.
func (g Goal) stage(parts []part, next float64, last bool) float64 {
	if g.Burst.Tasks == 0 || last {
		return newOffer(parts).rate(next)
	}
	offered := g.Offered
	if offered == 0 {
		offered = math.Inf(1)
	}
	rate, each := 0.0, 1/float64(len(parts)) // which share what comes and those behind
	for _, p := range parts {
		rate += g.Burst.rate(p, offered*each, next*each)
	}
	return rate
}

// helps reports whether a device may finish frames that others are behind.
func (g Goal) helps() bool { return g.Help || g.Burst.Tasks > 0 }
