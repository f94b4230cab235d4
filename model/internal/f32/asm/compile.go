package main

import (
	"fmt"
	"log"
	"strings"
)

// machine is an instruction set that formulas are compiled for. Vector registers
// have numbers.
type machine interface {
	registers() int
	lanes() int

	// tied is the operand in whose register the result has to be made, or -1.
	// dies says which operands are used for the last time.
	tied(v *value, dies func(k int) bool) int

	// fresh says that the result may not be made in the register of an operand.
	fresh(v *value) bool

	one(c *code, v *value, to int, from []int) // v
	move(c *code, to, from int)
	constant(c *code, to int, v *value)                 // loads a constant where it is used
	constants(c *code, first int, v []*value)           // loads some for good
	load(c *code, pair bool, first, streams int)        // x, and z behind, and moves on
	end(c *code, pair bool, first, each int)            // loads the last numbers of a row that are no whole vector, with those before them, and the number of the row into each, if that is no less than 0
	ended(c *code, each bool, body func() (result int)) // computes and stores these
	store(c *code, from []int)                          // and moves on
	loop(c *code, streams int, last bool, body func())

	begin() string               // loads the arguments
	address(table string) string // loads the address of the constants
	next(each bool) string       // goes to the next row, or returns
	suffix() string              // of the name of a kernel
	word() int                   // bytes of an argument
	repeated() int               // how often each constant is in the table
}

// code is assembly that is being written.
type code struct {
	strings.Builder
	count int      // instructions
	held  int      // numbers that are loaded for good
	later []*value // constants in the order in which they are loaded where they are used
}

func (c *code) op(format string, args ...any) {
	fmt.Fprintf(c, "\t"+format+"\n", args...)
	c.count++
}

func (c *code) label(name string) { fmt.Fprintf(c, "\n%s:\n", name) }

// compiled is a formula as a kernel: table is its constants, those first that are
// loaded for good.
type compiled struct {
	*formula
	code   string
	table  []uint32
	legend []string // what is held in which register
}

// compile makes the loop that takes the fewest instructions for a vector: of how
// many vectors side by side, and with how many constants in registers.
func compile(m machine, f *formula) *compiled {
	var best *compiled
	least := 0.0
	for _, streams := range []int{4, 2, 1} {
		a := newAllocation(m, f)
		for held := len(a.constants); held >= 0; held-- {
			k, cost, ok := a.try(streams, held)
			if !ok {
				continue
			}
			if best == nil || cost < least-.01 {
				best, least = k, cost
			}
			break
		}
	}
	if best == nil {
		log.Panicf("%s: there are too few registers", f.name)
	}
	return best
}

// allocation is which value is in which register.
type allocation struct {
	machine
	*formula
	constants []*value // the most used first
	last      map[*value]int

	free  []bool
	place map[*value][]int // by stream
}

func newAllocation(m machine, f *formula) *allocation {
	a := &allocation{machine: m, formula: f, last: map[*value]int{}}
	for i, v := range f.values {
		for _, arg := range v.args {
			a.last[arg] = i
		}
	}
	a.last[f.result] = len(f.values)
	var params, factors, others []*value
	for _, v := range f.values {
		if !v.constant() || a.last[v] == 0 {
			continue
		}
		factor := false // it is not only what products are added to
		for _, u := range f.values {
			for k, arg := range u.args {
				factor = factor || arg == v && !(u.op == "fma" && k == 2)
			}
		}
		switch {
		case v.op == "param" || v.op == "each":
			params = append(params, v)
		case factor:
			factors = append(factors, v)
		default:
			others = append(others, v)
		}
	}
	a.constants = append(append(params, factors...), others...)
	return a
}

type outOfRegisters struct{}

// take takes n registers, neighbours where there are several.
func (a *allocation) take(n int) int {
search:
	for r := 0; r+n <= len(a.free); r++ {
		for k := range n {
			if !a.free[r+k] {
				continue search
			}
		}
		for k := range n {
			a.free[r+k] = false
		}
		return r
	}
	panic(outOfRegisters{})
}

// try compiles with so many streams and constants held in registers.
func (a *allocation) try(streams, held int) (k *compiled, cost float64, ok bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, out := r.(outOfRegisters); !out {
				panic(r)
			}
			ok = false
		}
	}()
	for _, v := range a.constants[held:] {
		if v.op != "number" {
			return nil, 0, false
		}
	}
	total := a.registers()
	c := &code{}
	for _, v := range a.constants[:held] {
		if v.op == "number" {
			c.held++
		}
	}
	// Of a row that has no whole number of vectors, the last is loaded before
	// anything is stored: where y is x, what it shares with the one before is still
	// as it was.
	kept := total - held - 1
	if a.pair {
		kept--
	}
	if kept < 1 {
		return nil, 0, false
	}
	begin := func() {
		a.free, a.place = make([]bool, total), map[*value][]int{}
		for r := range kept {
			a.free[r] = true
		}
		for i, v := range a.constants[:held] {
			a.place[v] = []int{total - held + i}
		}
		c.later = nil
	}
	begin()
	a.machine.constants(c, total-held, a.constants[:held])
	c.label("row")
	each := -1
	if a.each {
		each = a.place[a.z][0]
	}
	a.end(c, a.pair, kept, each)
	a.loop(c, streams, streams == 1, func() {
		before := c.count
		a.body(c, streams)
		cost = float64(c.count-before+2) / float64(streams)
	})
	if streams > 1 {
		begin()
		a.loop(c, 1, true, func() { a.body(c, 1) })
	}
	c.label("done")
	begin()
	a.ended(c, a.each, func() int {
		a.inputs(kept, 1)
		return a.results(c, 1)[0]
	})
	k = &compiled{formula: a.formula, code: c.String()}
	for i, v := range a.constants[:held] {
		k.legend = append(k.legend, fmt.Sprint(total-held+i, " ", v))
		if v.op == "number" {
			k.table = append(k.table, v.bits)
		}
	}
	for _, v := range c.later {
		k.table = append(k.table, v.bits)
	}
	return k, cost, true
}

func (v *value) String() string {
	if v.op == "each" {
		return "the number of the row"
	}
	if v.op == "param" {
		return fmt.Sprintf("p[%d]", v.bits)
	}
	return fmt.Sprint(number(v.bits))
}

// body is the formula for some vectors side by side, in step, so that one does not
// wait for what has just been made of it.
func (a *allocation) body(c *code, streams int) {
	inputs := streams
	if a.pair {
		inputs *= 2
	}
	first := a.take(inputs)
	a.load(c, a.pair, first, streams)
	a.inputs(first, streams)
	a.store(c, a.results(c, streams))
}

// inputs says where x and z are.
func (a *allocation) inputs(first, streams int) {
	for s := range streams {
		a.place[a.x] = append(a.place[a.x], first+s)
		if a.pair {
			a.place[a.z] = append(a.place[a.z], first+streams+s)
		}
	}
}

// results computes the formula, and gives the registers of the results.
func (a *allocation) results(c *code, streams int) []int {
	for i, v := range a.values {
		if !v.constant() && v != a.x && v != a.z {
			a.compute(c, i, v, streams)
		}
	}
	return a.place[a.result]
}

func (a *allocation) compute(c *code, i int, v *value, streams int) {
	dies := func(k int) bool { return !v.args[k].constant() && a.last[v.args[k]] == i }
	tied := a.tied(v, dies)
	to := make([]int, streams)
	for s := range to {
		to[s] = -1
	}
	var loaded []int // constants for this value alone
	for k, arg := range v.args {
		if !arg.constant() || a.place[arg] != nil {
			continue
		}
		r := a.take(1)
		a.constant(c, r, arg)
		c.later = append(c.later, arg)
		a.place[arg] = []int{r}
		if k == tied { // the others get a copy
			to[0] = r
			for s := 1; s < streams; s++ {
				to[s] = a.take(1)
				a.move(c, to[s], r)
			}
		} else {
			loaded = append(loaded, r)
		}
		defer delete(a.place, arg)
	}
	at := func(arg *value, s int) int { return a.place[arg][min(s, len(a.place[arg])-1)] }
	for s := range streams {
		from := make([]int, len(v.args))
		for k, arg := range v.args {
			from[k] = at(arg, s)
		}
		kept := map[int]bool{}
		release := func() {
			for k := range v.args {
				if dies(k) && !kept[from[k]] {
					a.free[from[k]] = true
				}
			}
		}
		switch {
		case to[s] >= 0: // a constant is there already
			from[tied] = to[s]
			release()
		case tied >= 0 && dies(tied):
			to[s] = from[tied]
			kept[to[s]] = true
			release()
		case tied >= 0:
			to[s] = a.take(1)
			a.move(c, to[s], from[tied])
			from[tied] = to[s]
			release()
		case a.fresh(v):
			to[s] = a.take(1)
			kept[to[s]] = true
			release()
		default:
			release()
			to[s] = a.take(1)
		}
		a.one(c, v, to[s], from)
	}
	for _, r := range loaded {
		a.free[r] = true
	}
	a.place[v] = to
}
