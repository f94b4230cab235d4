package model

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// BenchmarkReckoned compares what is reckoned with what is measured in the networks
// of TANDEM_MODELS: of the whole, for each class of operators, and how much of the
// time lies before the cut that would be taken. After a kernel has changed it says
// what to write into internal/op/cost.go.
func BenchmarkReckoned(b *testing.B) {
	all := map[string]reckoning{}
	for _, folder := range filepath.SplitList(os.Getenv("TANDEM_MODELS")) {
		paths, _ := filepath.Glob(filepath.Join(folder, "*.onnx"))
		for _, path := range paths {
			n, err := Open(path)
			if err != nil {
				b.Logf("%s: %v", path, err)
				continue
			}
			b.Run(n.Name(), func(b *testing.B) {
				var measured []float64
				for b.Loop() {
					measured = fastest(b, n)
				}
				b.Log(compare(n, measured, all))
			})
			n.Close()
		}
	}
	b.Log(table(all, 0))
}

// reckoning is nanoseconds.
type reckoning struct{ reckoned, measured float64 }

// compare tells about one network, and adds its classes to those of all.
func compare(n *Network, measured []float64, all map[string]reckoning) string {
	reckoned, own, whole := n.reckoned(), map[string]reckoning{}, reckoning{}
	for l, r := range reckoned {
		class := classOf(n.Describe(l))
		for _, of := range []map[string]reckoning{own, all} {
			of[class] = reckoning{of[class].reckoned + r, of[class].measured + measured[l]}
		}
		whole = reckoning{whole.reckoned + r, whole.measured + measured[l]}
	}
	text := fmt.Sprintf("%.2f ms, reckoned %.2f of it\n", whole.measured/1e6, whole.reckoned/whole.measured)
	for by, costs := range map[string][]float64{"reckoned": reckoned, "measured": measured} {
		before := 0.0
		for _, m := range measured[:n.BestCut(costs)] {
			before += m
		}
		text += fmt.Sprintf("the best cut by what is %s, %d, has %.3f of the time before it\n", by, n.BestCut(costs), before/whole.measured)
	}
	return text + table(own, 0.02*whole.measured)
}

// table is the classes that take so much.
func table(of map[string]reckoning, least float64) (text string) {
	byTime := func(a, b string) int { return cmp.Compare(of[b].measured, of[a].measured) }
	for _, class := range slices.SortedFunc(maps.Keys(of), byTime) {
		if r := of[class]; r.measured > least {
			text += fmt.Sprintf("%10.2f ms, reckoned %5.2f of it: %s\n", r.measured/1e6, r.reckoned/r.measured, class)
		}
	}
	return text
}

// classOf is how a description begins, with the kernel of a convolution.
func classOf(description string) (class string) {
	for i, word := range strings.FieldsFunc(description, func(r rune) bool { return r == ' ' || r == ',' }) {
		size := i > 0 && strings.ContainsAny(word, "x0123456789[(")
		if word != "to" && (!size || strings.Contains(description, "conv") && strings.Contains(word, "x")) {
			class += " " + word
		}
	}
	return strings.TrimSpace(class)
}

// fastest is what each layer takes at best, in the whole network, in nanoseconds:
// of one thread's own time, so that a busy machine says nearly the same as an idle
// one.
func fastest(b *testing.B, n *Network) []float64 {
	const enough = time.Second
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	e := NewExecutor(n, Options{})
	defer e.Close()
	if err := e.Load(0, n.Len()); err != nil {
		b.Fatal(err)
	}
	p, err := e.plan(0, n.Len())
	if err != nil {
		b.Fatal(err)
	}
	for k, in := range p.in[0] {
		for i := range in.Float32s() {
			if n.Entering(0)[k].Type == "float32" {
				in.Float32s()[i] = float32(i%17) / 17
			}
		}
	}
	times, asking := make([]float64, n.Len()), costOfAsking(b)
	for began, round := time.Now(), 0; round < 10 || round < 200 && time.Since(began) < enough; round++ {
		for i := range p.steps {
			s := &p.steps[i]
			start := threadTime(b)
			if err := e.apply(s, 0, 1); err != nil {
				b.Fatal(err)
			}
			if took := max(1, float64(threadTime(b)-start)-asking); s.node >= 0 && (round == 0 || took < times[s.node]) {
				times[s.node] = took
			}
		}
	}
	return times
}

// costOfAsking is what lies between two calls of threadTime.
func costOfAsking(b *testing.B) float64 {
	least := int64(time.Second)
	for range 10_000 {
		start := threadTime(b)
		least = min(least, threadTime(b)-start)
	}
	return float64(least)
}

// threadTime is what this thread has had of a processor, in nanoseconds.
func threadTime(b *testing.B) int64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now); err != nil {
		b.Fatal(err)
	}
	return now.Nano()
}
