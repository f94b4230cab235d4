package f32

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// threads lets a team have as many threads as a test needs, on any machine.
func threads(t *testing.T, n int) *Team {
	before := runtime.GOMAXPROCS(max(n, runtime.GOMAXPROCS(0)))
	team := NewTeam(n)
	t.Cleanup(func() {
		team.Close()
		runtime.GOMAXPROCS(before)
	})
	if team.Threads() != n {
		t.Fatalf("%d threads, want %d", team.Threads(), n)
	}
	return team
}

type tally struct {
	seen []atomic.Int32
	busy []atomic.Bool // of each thread
}

func (w *tally) Chunk(thread, i int) {
	if w.busy[thread].Swap(true) {
		panic("thread is in two places")
	}
	w.seen[i].Add(1)
	w.busy[thread].Store(false)
}

// Each chunk of each job runs once, whether the workers look or are parked, and
// none runs after Do has returned.
func TestTeamRunsEachChunkOnce(t *testing.T) {
	for _, n := range []int{1, 2, 4} {
		team := threads(t, n)
		r := rand.New(rand.NewPCG(29, 30))
		for job := range 3000 {
			if job%300 == 0 {
				time.Sleep(3 * Spin)
			}
			w := &tally{make([]atomic.Int32, r.IntN(20)), make([]atomic.Bool, n)}
			team.Do(len(w.seen), w)
			for i := range w.seen {
				if seen := w.seen[i].Load(); seen != 1 {
					t.Fatalf("job %d: chunk %d ran %d times", job, i, seen)
				}
			}
		}
	}
}

// Several callers may use one team; they take turns.
func TestTeamSharedByCallers(t *testing.T) {
	team := threads(t, 3)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				w := &tally{make([]atomic.Int32, 7), make([]atomic.Bool, 3)}
				team.Do(len(w.seen), w)
				for i := range w.seen {
					if w.seen[i].Load() != 1 {
						t.Errorf("chunk %d ran %d times", i, w.seen[i].Load())
					}
				}
			}
		})
	}
	wg.Wait()
}

// Split products equal whole ones to the last bit: a row is summed in the same
// order wherever it is computed.
func TestTeamProducts(t *testing.T) {
	team := threads(t, 3)
	each(t, func(t *testing.T, i isa) {
		r := rand.New(rand.NewPCG(31, 32))
		for round := range rounds() / 10 {
			rows, cols, n := 1+r.IntN(400), 1+r.IntN(60), 1+r.IntN(1500)
			if round%2 == 0 {
				n = 1 + r.IntN(60)
			}
			m := packFor(i, rows, cols, random(r, rows*cols))
			bias, c := drawBias(r, rows), drawClamp(r)
			x, one, split := frames(r, 5, cols), frames(r, 5, rows), frames(r, 5, rows)
			m.Affine(one[0], x[0], bias, c)
			team.Affine(m, split[0], x[0], bias, c)
			m.AffineBatch(one[1:], x[1:], bias, c)
			team.AffineBatch(m, split[1:], x[1:], bias, c)
			for f := range one {
				if !slices.Equal(one[f], split[f]) {
					t.Fatalf("%d×%d: frame %d differs", rows, cols, f)
				}
			}
			b := RowMajor{random(r, cols*n), n}
			whole := Product{C: random(r, rows*n), Ldc: n, B: &b, N: n, Bias: bias, Clamp: c}
			parts := whole
			parts.C = random(r, rows*n)
			m.Mul(&whole, make([]float32, m.Scratch(n)))
			team.Mul(m, &parts, make([]float32, team.Scratch(m, n)))
			for k, v := range whole.C {
				// A column may be in a wide tile of one and a narrow tile of the
				// other, which add up in different orders.
				near(t, parts.C[k], float64(v), float64(cols)+1, "%d×%d·%d: entry %d", rows, cols, n, k)
			}
		}
	})
}

func TestTeamClosed(t *testing.T) {
	team := NewTeam(4)
	team.Close()
	team.Close()
	w := &tally{make([]atomic.Int32, 5), make([]atomic.Bool, 1)}
	team.Do(5, w)
	if w.seen[4].Load() != 1 {
		t.Error("a closed team does not work")
	}
}

// The collector stops workers that look for work, and idle ones cost nothing.
func TestTeamIdle(t *testing.T) {
	team := threads(t, 2)
	for range 50 {
		w := &tally{make([]atomic.Int32, 9), make([]atomic.Bool, 2)}
		team.Do(9, w)
		runtime.GC()
	}
	var used time.Duration
	for range 20 { // on a busy machine they have not had the time to fall asleep
		var before, after syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
		time.Sleep(200 * time.Millisecond)
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
		used = time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
		if used < 20*time.Millisecond {
			return
		}
	}
	t.Errorf("idle for 200ms, the team took %v of CPU", used)
}

// A product is split so that the thread with the most to do has little more than
// its share, packing included: that bounds how threads scale on idle cores.
func TestSplitIsFair(t *testing.T) {
	for _, i := range supported() {
		s := shapes[i]
		// The cost of columns is that of multiplying them with so many rows, and as
		// much as four more for packing.
		cost := func(m *Matrix, from, to, cols int) int {
			rows := ceil(min(to*m.width, m.rows)-from*m.width, s.tileRows) * s.tileRows
			whole := cols / s.tileCols * s.tileCols
			if rest := cols - whole; rest > 1 {
				whole += ceil(rest, s.narrow) * s.narrow
			} else {
				whole += rest
			}
			return (rows + 4) * whole
		}
		for _, shape := range []struct{ rows, cols, n int }{
			{64, 147, 112 * 112}, {96, 16, 112 * 112}, {64, 576, 56 * 56}, {128, 1152, 28 * 28}, {256, 2304, 14 * 14}, {512, 4608, 7 * 7},
			{320, 960, 7 * 7}, {256, 3456, 13 * 13}, {192, 1600, 27 * 27}, {1000, 512, 13 * 13}, {64, 16, 55 * 55}, {384, 64, 14 * 14},
		} {
			m := newFor(i, shape.rows, shape.cols)
			alone := cost(m, 0, m.Panels(), shape.n)
			for threads, least := range map[int]float64{2: 1.8, 4: 3.2} {
				p, busy := split(m, shape.n, threads), make([]int, threads)
				for part := range p.across * p.down {
					from, to, left := p.of(part)
					next := slices.Index(busy, slices.Min(busy))
					busy[next] += cost(m, from, to, min(p.cols, shape.n-left))
				}
				if shape.n < 2*s.tiles*s.tileCols && m.Panels() < 4*threads {
					continue // too few columns and panels for so many
				}
				if scale := float64(alone) / float64(slices.Max(busy)); scale < least {
					t.Errorf("%v: %d×%d·%d over %d threads in %d×%d parts: at most %.2f times as fast", i, shape.rows, shape.cols, shape.n, threads, p.down, p.across, scale)
				}
			}
			m.Free()
		}
	}
}

// Weights in fewer bits are split as float32s are: each part makes its own of them.
func TestSplitOfFormats(t *testing.T) {
	for _, i := range supported() {
		for _, f := range []Format{Float16, Int8} {
			m := newFor(i, 512, 1152)
			want := split(m, 28*28, 4)
			if !m.Store(f) {
				t.Fatalf("%v is not stored", f)
			}
			if got := split(m, 28*28, 4); got != want {
				t.Errorf("%v, %v: split as %+v, want %+v", i, f, got, want)
			}
			m.Free()
		}
	}
}
