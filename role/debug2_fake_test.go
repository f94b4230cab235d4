package role

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"tandem/pipeline"
	psim "tandem/pipeline/simulate"
	"tandem/role/simulate"
)

func TestDebugTrace(t *testing.T) {
	seed, _ := strconv.Atoi(os.Getenv("SEED"))
	o := chance(rand.New(rand.NewPCG(uint64(seed), 1)))
	site, _ := simulate.Open(o)
	site.Delay = memoryDelay
	p, _ := site.Plan(o, o.Strategy)
	w := bufio.NewWriter(os.Stdout)
	defer w.Flush()
	n := 0
	p.Levels[0][0].Stage.Traced = func(d pipeline.Decided) {
		if n++; n < 30 {
			fmt.Fprintf(w, "%.2f %d %s to %d %+v\n", d.AtMS, d.Frame, d.Decision, d.To, d.Slow)
		}
	}
	psim.Play(p)
	fmt.Fprintln(w)
	file := t.TempDir() + "/trace"
	o.Trace = file
	playFake(t, o)
	f, _ := os.Open(file)
	sc := bufio.NewScanner(f)
	for i := 0; i < 30 && sc.Scan(); i++ {
		fmt.Fprintln(w, sc.Text())
	}
}
