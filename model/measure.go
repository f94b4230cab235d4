package model

import "time"

// Measure runs the layers before and behind each place to cut at on this device,
// as two nodes would: before[i] and after[i] are for cut i+1, one frame each,
// the median of a few.
func Measure(n *Network, threads int) (before, after []time.Duration, err error) {
	e := NewExecutor(n, Options{Threads: threads})
	defer e.Close()
	if err := e.Load(0, n.Len()); err != nil {
		return nil, nil, err
	}
	for cut := 1; cut < n.Len(); cut++ {
		head, err := e.time(0, cut)
		if err != nil {
			return nil, nil, err
		}
		tail, err := e.time(cut, n.Len())
		if err != nil {
			return nil, nil, err
		}
		before, after = append(before, head), append(after, tail)
	}
	return before, after, nil
}

func (e *Executor) time(from, to int) (time.Duration, error) {
	const rounds = 5
	xs := [][]float32{make([]float32, e.net.Size(from))}
	var times []time.Duration
	for round := range rounds + 1 {
		began := time.Now()
		if _, err := e.Run(xs, from, to); err != nil {
			return 0, err
		}
		if round > 0 { // the first one makes the plan
			times = append(times, time.Since(began))
		}
	}
	return median(times), nil
}
