package model

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/model/internal/op"
)

// TestMain leaves nothing in the cache of whoever runs the tests: what a busy machine measures is not worth keeping.
func TestMain(m *testing.M) {
	_ = os.Setenv("XDG_CACHE_HOME", os.DevNull)
	os.Exit(m.Run())
}

// denses is a network of dense layers of the same shape.
func denses(layers, side int) *Network {
	weights := slices.Repeat([]float32{0.01}, side*side)
	return chain([]int{side}, slices.Repeat([]link{{op.NewDense(side, side, 1, false, given{weights, nil}), []int{side}}}, layers)...)
}

// knowing is an executor on two threads with these findings.
func knowing(t testing.TB, n *Network, f *findings[gain]) *Executor {
	e := NewExecutor(n, Options{Threads: 2, Batch: 4})
	t.Cleanup(e.Close)
	if !e.several() {
		t.Skip("one thread only")
	}
	e.findings = f
	return e
}

// A shape is measured once, for one frame and for a batch: in an executor, in a process, and on a device.
func TestShapesAreMeasuredOnce(t *testing.T) {
	n, folder := denses(3, 300), filepath.Join(t.TempDir(), "cache")
	first := newFindings[gain]("sharing", folder, "this")
	for range 2 { // executors
		e := knowing(t, n, first)
		e.Tune(t.Context())
		if got := first.measured.Load(); got != 2 {
			t.Fatalf("measured %d times, want 2", got)
		}
		if e.Resident(0, 1) || len(e.plans) > 0 {
			t.Error("a layer stayed")
		}
	}
	second := newFindings[gain]("sharing", folder, "this")
	e := knowing(t, n, second)
	e.Tune(t.Context())
	if got := second.measured.Load(); got != 0 || len(second.left) != 2 || !slices.Equal(shapes(second.left), shapes(first.fresh)) {
		t.Errorf("the next process measured %d times, and found %v of %v", got, second.left, first.fresh)
	}
	other := newFindings[gain]("sharing", folder, "other")
	other.path = first.path // as if the names were the same
	knowing(t, n, other).Tune(t.Context())
	if got := other.measured.Load(); got != 2 {
		t.Errorf("another device measured %d times, want 2", got)
	}
}

func shapes(of map[string]finding[gain]) []string { return slices.Sorted(maps.Keys(of)) }

// What a busy machine answered is asked again another day.
func TestFindingsOfABusyMachineEnd(t *testing.T) {
	folder := t.TempDir()
	f := newFindings[gain]("sharing", folder, "this")
	for shape, until := range map[string]time.Time{"quiet": {}, "busy": time.Now().Add(busyDay), "yesterday": time.Now().Add(-time.Minute)} {
		f.remember(shape, finding[gain]{always, until})
	}
	f.save()
	f = newFindings[gain]("sharing", folder, "this")
	for shape, want := range map[string]gain{"quiet": always, "busy": always, "yesterday": {}} {
		if got, ok := f.of(shape); got != want || ok != (want == always) {
			t.Errorf("%s: %v, %v", shape, got, ok)
		}
	}
}

// What was measured of a layer is remembered and decides where to cut, and what is
// reckoned of the others is brought to its scale.
func TestTimesAreRemembered(t *testing.T) {
	folder, was := t.TempDir(), thisDevice
	defer func() { thisDevice = was }()
	begin := func() { // a process
		thisDevice = sync.OnceValue(func() deviceFindings {
			return deviceFindings{was().sharing, newFindings[time.Duration]("times", folder, "this")}
		})
	}
	n := denses(8, 64)
	begin()
	even := n.DefaultCut(1)
	measured, err := Measure(n, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	begin()
	for i, cost := range n.Costs(1) {
		if want := float64(measured[len(measured)-1]); cost != want { // they are of one shape
			t.Errorf("layer %d costs %v, want %v", i, cost, want)
		}
	}
	if got := n.Costs(2); got[0] == float64(measured[0]) {
		t.Error("what one thread takes stands for two")
	}
	weights := slices.Repeat([]float32{0.01}, 64*64)
	mixed := chain([]int{64}, append(slices.Repeat([]link{{op.NewDense(64, 64, 1, false, given{weights, nil}), []int{64}}}, 7),
		link{operation(t, "Sin", 64), []int{64}})...) // which no other layer does with its own
	reckoned := mixed.reckoned()
	times := thisDevice().times
	times.remember(mixed.shape(0, 1, 1), finding[time.Duration]{Found: time.Duration(10 * reckoned[0])})
	if got, want := mixed.Costs(1)[7], 10*reckoned[7]; math.Abs(got/want-1) > 0.01 {
		t.Errorf("what is reckoned costs %v beside what is measured, want %v", got, want)
	}
	times.remember(mixed.shape(7, 1, 1), finding[time.Duration]{Found: time.Hour})
	if got := mixed.DefaultCut(1); got != 7 || even != 4 {
		t.Errorf("the best cut is %d, want 7; of equal layers %d, want 4", got, even)
	}
}

// What is remembered is used.
func TestSharingIsAsRemembered(t *testing.T) {
	n := denses(1, 300)
	for _, want := range []sharing{{}, {one: always}, {more: gain{Awake: true}}} {
		f := newFindings[gain]("sharing", "", "this")
		e := knowing(t, n, f)
		f.remember(e.shape(0, 1), finding[gain]{Found: want.one})
		f.remember(e.shape(0, 4), finding[gain]{Found: want.more})
		e.Tune(t.Context())
		if err := e.Load(0, 1); err != nil {
			t.Fatal(err)
		}
		if e.sharing[0] != want || f.measured.Load() != 0 {
			t.Errorf("%+v, want %+v; measured %d times", e.sharing[0], want, f.measured.Load())
		}
	}
}

// A switch measures nothing, on the loop or beside it, and guesses by the size of the work.
func TestSwitchesMeasureNothing(t *testing.T) {
	for _, load := range []func(*Executor) error{
		func(e *Executor) error { return e.Load(0, 2) },
		func(e *Executor) error {
			install, err := e.Prepare(0, 2)
			if err != nil {
				return err
			}
			return install()
		},
	} {
		for side, want := range map[int]gain{50: {}, 3000: always} {
			f := newFindings[gain]("sharing", t.TempDir(), "this")
			e := knowing(t, denses(2, side), f)
			if err := load(e); err != nil {
				t.Fatal(err)
			}
			if got := e.sharing[1]; got != (sharing{want, want}) || f.measured.Load() != 0 || len(f.fresh) != 0 {
				t.Errorf("dense %d to %d: %+v, want %+v; measured %d times", side, side, got, want, f.measured.Load())
			}
		}
	}
}

// A file that can't be read or written costs measuring again, and nothing else.
func TestBrokenFindingsAreMeasuredAgain(t *testing.T) {
	n := denses(1, 300)
	for name, spoil := range map[string]func(path string) error{
		"empty":     func(path string) error { return os.WriteFile(path, nil, 0o644) },
		"cut short": func(path string) error { return os.Truncate(path, 40) },
		"mistyped": func(path string) error {
			return os.WriteFile(path, []byte(`{"device":"this","layers":{"a":{"found":{"awake":true}},"b":7}}`), 0o644)
		},
		"a list":   func(path string) error { return os.WriteFile(path, []byte(`[1]`), 0o644) },
		"null":     func(path string) error { return os.WriteFile(path, []byte(`{"device":"this","layers":null}`), 0o644) },
		"huge":     func(path string) error { return os.Truncate(path, maxFile*2) },
		"a folder": func(path string) error { return os.Mkdir(path, 0o755) },
		"no place": func(path string) error { return os.RemoveAll(filepath.Dir(path)) },
		"a file in the folder's place": func(path string) error {
			_ = os.RemoveAll(filepath.Dir(path))
			return os.WriteFile(filepath.Dir(path), nil, 0o644)
		},
	} {
		folder := filepath.Join(t.TempDir(), "cache")
		before := newFindings[gain]("sharing", folder, "this")
		knowing(t, n, before).Tune(t.Context())
		if name == "a folder" {
			_ = os.Remove(before.path)
		}
		if err := spoil(before.path); err != nil {
			t.Fatal(err)
		}
		after := newFindings[gain]("sharing", folder, "this")
		e := knowing(t, n, after)
		e.Tune(t.Context())
		if got := after.measured.Load(); got != 2 || len(after.left) > 0 {
			t.Errorf("%s: measured %d times, want 2; took %v", name, got, after.left)
		}
		if left, _ := filepath.Glob(before.path + ".*"); len(left) > 0 {
			t.Errorf("%s: left %q", name, left)
		}
		if name == "a folder" || strings.HasPrefix(name, "a file") {
			continue // that is in the way
		}
		if mended := newFindings[gain]("sharing", folder, "this").load(); len(mended) != 2 {
			t.Errorf("%s: the file was not mended: %v", name, mended)
		}
	}
}

// The file keeps what other processes found, up to a number of shapes; what was measured last comes first.
func TestFindingsAreBounded(t *testing.T) {
	folder := t.TempDir()
	fill := func(f *findings[gain], name string, count int) {
		for i := range count {
			f.remember(fmt.Sprint(name, i), finding[gain]{Found: always})
		}
		f.save()
	}
	one, two := newFindings[gain]("sharing", folder, "this"), newFindings[gain]("sharing", folder, "this")
	fill(one, "a", 3)
	fill(two, "b", 2)
	if got := newFindings[gain]("sharing", folder, "this").load(); len(got) != 5 {
		t.Errorf("%d shapes of two processes, want 5", len(got))
	}
	fill(two, "c", maxShapes-1-2)
	got := newFindings[gain]("sharing", folder, "this").load()
	if _, kept := got["c7"]; len(got) != maxShapes || !kept {
		t.Errorf("%d shapes, want %d; the last are kept: %v", len(got), maxShapes, kept)
	}
}

// Several nodes of one process tune at a time.
func TestTuneAtOnce(t *testing.T) {
	n, f := denses(2, 200), newFindings[gain]("sharing", t.TempDir(), "this")
	done := make(chan bool)
	for range 3 {
		e := knowing(t, n, f)
		go func() {
			e.Tune(t.Context())
			done <- true
		}()
	}
	for range 3 {
		<-done
	}
	if got := f.measured.Load(); got != 2 {
		t.Errorf("measured %d times, want 2", got)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	e := knowing(t, denses(1, 210), f)
	if e.Tune(ended); f.measured.Load() != 2 {
		t.Error("measured after its end")
	}
}

// BenchmarkLoadOnTwoThreads compares loading with one thread and with two, in turn, when the layers are known.
func BenchmarkLoadOnTwoThreads(b *testing.B) {
	paths := []string{"testdata/digits_mlp.onnx"}
	if folder := os.Getenv("TANDEM_MODELS"); folder != "" {
		paths, _ = filepath.Glob(filepath.Join(folder, "*.onnx"))
	}
	for _, path := range paths {
		b.Run(filepath.Base(path), func(b *testing.B) {
			n, err := Open(path)
			if err != nil {
				b.Skip(err)
			}
			defer n.Close()
			began, tuned := time.Now(), NewExecutor(n, Options{Threads: 2})
			tuned.Tune(b.Context())
			tuned.Close()
			first := time.Since(began)
			var took [2][]time.Duration
			for b.Loop() {
				for k := range took {
					e := NewExecutor(n, Options{Threads: 1 + k})
					began := time.Now()
					if e.Tune(b.Context()); e.Load(0, n.Len()) != nil {
						b.Fatal("not loaded")
					}
					took[k] = append(took[k], time.Since(began))
					e.Close()
				}
			}
			one, two := median(took[0]), median(took[1])
			b.ReportMetric(first.Seconds()*1000, "ms-first-tune")
			b.ReportMetric(one.Seconds()*1000, "ms-one-thread")
			b.ReportMetric(float64(two)/float64(one), "x-one-thread")
		})
	}
}
