package f32

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Team is a number of threads that work on one product at a time. The caller is
// one of them. Waking a parked thread costs 50-100 µs, as much as many a layer,
// so a worker that runs out of work looks for more for Spin before it parks:
//
//	           chunks left                      none for Spin
//	working ◀──────────────▶ looking ───────────────────────────▶ parked
//	   ▲                                                            │
//	   └──────────────────────── next Do ───────────────────────────┘
//
// Chunks are claimed one by one, so a thread that the system holds up delays
// the product by one chunk at most. The caller claims from the front and the
// workers from the back: from one frame to the next each core meets mostly the
// weights that its own cache still holds.
type Team struct {
	mu      sync.Mutex // one product at a time
	work    Work
	left    atomic.Uint64 // chunks not claimed: first<<32 | end
	open    atomic.Int64  // chunks not finished
	closed  atomic.Bool
	workers []*worker
	wg      sync.WaitGroup

	affine affineWork // the arguments of the product at hand, kept here
	batch  batchWork  // so that they are not allocated
	mul    mulWork
}

// Work is a job cut in chunks that may run at the same time, in any order.
// thread is in [0, Threads) and differs between chunks that run together.
type Work interface{ Chunk(thread, i int) }

// Spin is how long a worker looks for work before it parks, and the most of a
// core that a product can waste. It spans the gap between the layers of a frame.
const Spin = 100 * time.Microsecond

type worker struct {
	parked atomic.Bool
	wake   chan struct{} // one token at most: only who resets parked sends
}

// NewTeam starts threads-1 workers, but no more than fit beside the caller in
// GOMAXPROCS. Close stops them.
func NewTeam(threads int) *Team {
	t := &Team{}
	for range min(threads, runtime.GOMAXPROCS(0)) - 1 {
		w := &worker{wake: make(chan struct{}, 1)}
		t.workers = append(t.workers, w)
	}
	for i, w := range t.workers {
		t.wg.Go(func() { t.run(w, i+1) })
	}
	return t
}

// Threads is the number of threads that share a product, the caller included.
func (t *Team) Threads() int { return len(t.workers) + 1 }

// Close waits for a product that runs and for the workers. After it, Do still
// works, on the caller alone.
func (t *Team) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed.Store(true)
	t.rouse(len(t.workers))
	t.wg.Wait()
	t.workers = nil
}

// Do runs work's chunks 0..chunks-1 and returns when all are done.
func (t *Team) Do(chunks int, work Work) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.do(chunks, work)
}

func (t *Team) do(chunks int, work Work) {
	if len(t.workers) == 0 || chunks < 2 {
		for i := range chunks {
			work.Chunk(0, i)
		}
		return
	}
	t.work = work
	t.open.Store(int64(chunks))
	t.left.Store(uint64(chunks)) // publishes the two above
	t.rouse(chunks - 1)
	for {
		i, ok := t.claim(true)
		if !ok {
			break
		}
		work.Chunk(0, i)
		t.open.Add(-1)
	}
	for n := 1; t.open.Load() > 0; n++ { // at most one chunk of each worker
		if n%64 == 0 {
			runtime.Gosched()
		}
		pause()
	}
	t.work = nil
}

// claim takes the first or the last of the chunks that are left. Who holds a
// claim may read t.work: it stays until the claimed chunk is reported done.
func (t *Team) claim(front bool) (chunk int, ok bool) {
	for {
		left := t.left.Load()
		first, end := left>>32, left&(1<<32-1)
		if first >= end {
			return 0, false
		}
		if front {
			if t.left.CompareAndSwap(left, (first+1)<<32|end) {
				return int(first), true
			}
		} else if t.left.CompareAndSwap(left, first<<32|(end-1)) {
			return int(end - 1), true
		}
	}
}

// rouse wakes the first n workers where they are parked.
func (t *Team) rouse(n int) {
	for _, w := range t.workers[:min(n, len(t.workers))] {
		if w.parked.Load() && w.parked.CompareAndSwap(true, false) {
			w.wake <- struct{}{}
		}
	}
}

func (t *Team) run(w *worker, thread int) {
	for !t.closed.Load() {
		for {
			i, ok := t.claim(false)
			if !ok {
				break
			}
			t.work.Chunk(thread, i)
			t.open.Add(-1)
		}
		if t.look() {
			continue
		}
		w.parked.Store(true)
		if t.waiting() && w.parked.CompareAndSwap(true, false) {
			continue // it came while we lay down
		}
		<-w.wake
	}
}

// look waits for work for as long as it is cheaper than to park, and reports
// whether some came. The garbage collector and other goroutines get their turn.
func (t *Team) look() bool {
	began := time.Now()
	for n := 1; ; n++ {
		if t.waiting() {
			return true
		}
		if n%16 == 0 {
			if time.Since(began) > Spin {
				return false
			}
			runtime.Gosched()
		}
		pause()
	}
}

func (t *Team) waiting() bool {
	left := t.left.Load()
	return left>>32 < left&(1<<32-1) || t.closed.Load()
}
