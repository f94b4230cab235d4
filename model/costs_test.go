//go:build linux

package model

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What is reckoned is compared with what is measured: for each class of operators
// in the networks of the folders that TANDEM_COSTS lists, and for the best cut. It
// says what to write into internal/op/cost.go after a kernel has changed.
func TestReckonedIsMeasured(t *testing.T) {
	type sum struct{ reckoned, measured float64 }
	classes := map[string]*sum{}
	for _, folder := range filepath.SplitList(os.Getenv("TANDEM_COSTS")) {
		paths, _ := filepath.Glob(filepath.Join(folder, "*.onnx"))
		for _, path := range paths {
			n, err := Open(path)
			if err != nil {
				t.Logf("%s: %v", path, err)
				continue
			}
			reckoned, measured := n.reckoned(), fastest(t, n)
			within := map[string]*sum{}
			var whole sum
			for l := range reckoned {
				class := classOf(n.Describe(l))
				for _, of := range []map[string]*sum{classes, within} {
					if of[class] == nil {
						of[class] = new(sum)
					}
					of[class].reckoned += reckoned[l]
					of[class].measured += measured[l]
				}
				whole.reckoned += reckoned[l]
				whole.measured += measured[l]
			}
			cut, before := n.BestCut(reckoned), 0.0
			for _, m := range measured[:cut] {
				before += m
			}
			best, beforeBest := n.BestCut(measured), 0.0
			for _, m := range measured[:best] {
				beforeBest += m
			}
			fmt.Printf("%-28s %8.2f ms, reckoned %5.2f of it; cut %3d has %.3f of it before, cut %3d %.3f\n", n.Name(),
				whole.measured/1e6, whole.reckoned/whole.measured, cut, before/whole.measured, best, beforeBest/whole.measured)
			for _, class := range sortedBy(within, func(s *sum) float64 { return -s.measured }) {
				if s := within[class]; s.measured > 0.02*whole.measured {
					fmt.Printf("    %5.1f %%  x %5.2f  %s\n", 100*s.measured/whole.measured, s.reckoned/s.measured, class)
				}
			}
			if os.Getenv("TANDEM_COSTS_LAYERS") != "" {
				for l := range reckoned {
					if measured[l] > 0.002*whole.measured {
						fmt.Printf("      %8.0f µs  x %5.2f  %d: %s %v to %v\n", measured[l]/1e3, reckoned[l]/measured[l], l, n.Describe(l), n.dims(n.nodes[l].in), n.dims(n.nodes[l].out))
					}
				}
			}
			n.Close()
		}
	}
	for _, class := range sortedBy(classes, func(s *sum) float64 { return -s.measured }) {
		s := classes[class]
		fmt.Printf("all: %8.2f ms  x %5.2f  %s\n", s.measured/1e6, s.reckoned/s.measured, class)
	}
}

func sortedBy[T any](of map[string]T, by func(T) float64) (names []string) {
	for name := range of {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return int(math.Copysign(1, by(of[a])-by(of[b]))) })
	return names
}

// classOf is how a description begins, with the kernel of a convolution.
func classOf(s string) string {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' })
	class := ""
	for i, w := range words {
		if strings.ContainsAny(w, "x0123456789[(") && i > 0 {
			if strings.Contains(s, "conv") && strings.Contains(w, "x") {
				class += " " + w
			}
			continue
		}
		if w != "to" {
			class += " " + w
		}
	}
	return class
}

// threadTime is what this thread has had of a processor, in nanoseconds.
func threadTime(t *testing.T) int64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now); err != nil {
		t.Fatal(err)
	}
	return now.Nano()
}

// fastest is what each layer takes at best, in the whole network: of one thread's
// own time, so that a busy machine says the same as an idle one, or nearly so.
func fastest(t *testing.T, n *Network) []float64 {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	e := NewExecutor(n, Options{})
	defer e.Close()
	if err := e.Load(0, n.Len()); err != nil {
		t.Fatal(err)
	}
	p, err := e.plan(0, n.Len())
	if err != nil {
		t.Fatal(err)
	}
	for k, in := range p.in[0] {
		for i := range in.Float32s() {
			if n.Entering(0)[k].Type == "float32" {
				in.Float32s()[i] = float32(i%17) / 17
			}
		}
	}
	times := make([]float64, n.Len())
	for began, round := time.Now(), 0; round < 10 || round < 200 && time.Since(began) < fastestTime; round++ {
		took := make([]float64, n.Len())
		for i := range p.steps {
			s := &p.steps[i]
			start := threadTime(t)
			if err := e.apply(s, 0, 1); err != nil {
				t.Fatal(err)
			}
			if s.node >= 0 {
				took[s.node] += float64(threadTime(t) - start)
			}
		}
		for l, d := range took {
			if times[l] == 0 || d < times[l] {
				times[l] = d
			}
		}
	}
	return times
}

const fastestTime = time.Second
