package role

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"tandem/role/simulate"
)

func TestDebugSeed(t *testing.T) {
	seed, _ := strconv.Atoi(os.Getenv("SEED"))
	o := chance(rand.New(rand.NewPCG(uint64(seed), 1)))
	fmt.Println(describe(o))
	site, _ := simulate.Open(o)
	site.Delay = memoryDelay
	v, err := site.Play(o, o.Strategy)
	fmt.Printf("%v\n", err)
	for _, n := range v.Nodes {
		fmt.Printf("  sim  %v switches %d peak %d busy %.0f bytes %d dec %v states %v\n", n, n.Switches, n.QueuePeak, n.BusyMS, n.Bytes, n.Decisions, n.States)
	}
	fmt.Printf("%+v %v %v elapsed %v died %v\n", v.Latency, v.Coverage, v.Rate, v.ElapsedS, v.Died)
	r := playFake(t, o)
	for _, n := range r.Nodes {
		fmt.Printf("  real %v switches %d peak %d busy %.0f bytes %d dec %v states %v\n", n, n.Switches, n.QueuePeak, n.BusyMS, n.Bytes, n.Decisions, n.States)
	}
	fmt.Printf("%+v %v %v elapsed %v died %v %q\n", r.Latency, r.Coverage, r.Rate, r.ElapsedS, r.Died, r.Notes)
}
