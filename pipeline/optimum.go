package pipeline

// What a fleet can do at best, whatever its strategy is.

// fluid is a fast node and the slow ones behind it, in which frames flow instead of coming one by one. Times are in seconds.
type fluid struct {
	head, tail float64 // on fast
	slow       []float64
	places     int // of all queues
}

// rate is the best one, in frames per second, where so many are offered. Of those that are forwarded, f, fast has the heads, and
// of those that it finishes, g, all:
//
//	f + g → max,   f ≤ Σ 1/slow,   head·f + (head + tail)·g ≤ 1,   f + g ≤ offered
//
// A frame that is forwarded costs fast less, so f is as large as it can be, and g what is left.
func (l fluid) rate(offered float64) float64 {
	f := offered
	slow := 0.0
	for _, s := range l.slow {
		slow += 1 / s
	}
	f = min(f, slow)
	if l.head > 0 {
		f = min(f, 1/l.head)
	}
	return f + min(offered-f, max(0, 1-l.head*f)/(l.head+l.tail))
}

// coverage is the best one of a run of so many frames, in percent. What waits at its end, and is under way, arrives too.
func (l fluid) coverage(offered float64, frames int64) float64 {
	waits := float64(l.places + len(l.slow) + 1)
	return 100 * min(1, l.rate(offered)/offered+waits/float64(frames))
}

// optimum fills in what was possible at best with the devices as they were measured. It is known where frames come on a beat, to
// one fast node with slow ones behind it. A fast node that has finished none has a tail like that of the first slow one.
func (r *Report) optimum() {
	var l fluid
	for _, n := range r.Nodes {
		switch n.Role {
		case "fast":
			l.head, l.tail = n.HeadMS/1000, n.TailMS/1000
		case "slow":
			if n.TailMS > 0 {
				l.slow = append(l.slow, n.TailMS/1000)
			}
		}
		l.places += n.Places
	}
	if len(r.Cuts) > 1 || len(r.Recuts) > 0 || r.IntervalMS == 0 || r.Frames == 0 || l.head == 0 || len(l.slow) == 0 {
		return
	}
	if l.tail == 0 {
		l.tail = l.slow[0]
	}
	offered := 1000 / r.IntervalMS
	coverage, rate := l.coverage(offered, r.Frames), l.rate(offered)
	r.BestCoverage, r.BestRate = &coverage, &rate
}
