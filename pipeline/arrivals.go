package pipeline

import (
	"iter"
	"math/rand/v2"
	"time"
)

// When frames come: the times between them, one behind each frame, without end.

// Beat is a frame every so often.
func Beat(every time.Duration) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		for yield(every) {
		}
	}
}

// Poisson is frames that come independently of each other, and in the mean one every so often.
func Poisson(every time.Duration, seed uint64) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		random := rand.New(rand.NewPCG(seed, 4))
		for yield(time.Duration(random.ExpFloat64() * float64(every))) {
		}
	}
}

// Bursts is so many frames at once, and in the mean one every so often.
func Bursts(every time.Duration, frames int) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		for i := 1; ; i++ {
			gap := time.Duration(0)
			if i%frames == 0 {
				gap = time.Duration(frames) * every
			}
			if !yield(gap) {
				return
			}
		}
	}
}
