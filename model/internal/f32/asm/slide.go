package main

import (
	"fmt"
	"slices"
)

// slide is a kernel that slides a window over one plane, for a strip of it that
// is n vectors wide, and sums up, or takes the largest of, what it sees. It goes
// down the rows of the input and loads each of them once: a row adds to as many
// rows of results as have it in their windows, whose sums are in registers. For a
// window of 3 rows and stride 1:
//
//	                       sums 0   sums 1   sums 2
//	row 1 of the input:    ky 2     ky 1     ky 0
//	                       done: stored, and begun anew with the bias
//	row 2:                 ky 0     ky 2     ky 1
//	                                done
//	row 3:                 ky 1     ky 0     ky 2, done
//
// Rows of padding add nothing and are left out; what a vector holds of the
// padding at the left and right, a mask sets to 0, or to -Inf.
type slide struct {
	largest bool
	k, s, n int // window, stride, vectors
}

// slides are the kernels of an instruction set: for each window the one that fills
// the registers, and narrower ones.
type slides struct {
	set    string  // as names of kernels end
	isa    string  // of package f32
	lanes  int     // of a vector
	widest []slide // for each window
}

func (s slides) all() (all []slide) {
	for _, d := range s.widest {
		for n := range d.n {
			all = append(all, slide{d.largest, d.k, d.s, n + 1})
		}
	}
	return all
}

// sets is how many rows of results have a row of the input in common.
func (d slide) sets() int { return (d.k + d.s - 1) / d.s }

// row is one row of the input: the row of the weights that it meets in each set
// of sums, -1 where there is none.
type row []int

// rowAt is row v of the first window, padding counted; first is the set of sums
// of that window's results.
func (d slide) rowAt(v, first int) row {
	r := make(row, d.sets())
	for i := range r {
		ky := v - i*d.s
		if ky < 0 || ky >= d.k {
			ky = -1
		}
		r[(first+i)%len(r)] = ky
	}
	return r
}

// schedule writes a kernel in whatever instructions emit knows. The rows down to
// those that finish the first window come first, entered at the row that is the
// plane's first; then the loop; then, for each place where it may end, a row that
// finishes nothing and the sums that padding finishes.
func (d slide) schedule(e emitter) {
	e.begin()
	for v := range d.k - d.s {
		e.label(fmt.Sprint("row", v))
		e.row(d.rowAt(v, 0))
	}
	for r := range d.sets() {
		e.label(fmt.Sprint("main", r))
		for v := d.k - d.s; v < d.k; v++ {
			e.row(d.rowAt(v, r))
		}
		e.finish(r, true)
		e.next(r)
	}
	for i := range d.sets() {
		r := (i + 0) % d.sets()
		e.label(fmt.Sprint("end", r))
		if d.s > 1 {
			e.unlessExtra(fmt.Sprint("rest", r))
			e.row(d.rowAt(d.k-d.s, r))
			e.label(fmt.Sprint("rest", r))
		}
		for j := range d.k / 2 {
			e.unlessRest("done")
			e.finish((r+j)%d.sets(), false)
		}
		e.jump("done")
	}
	e.label("done")
	e.end()
}

// emitter is an instruction set.
type emitter interface {
	begin()
	label(name string)
	row(r row)                 // loads a row and adds its products
	finish(set int, more bool) // bounds and stores a set of sums; more: and begins it anew
	next(set int)              // counts the rows of results, and goes on to the set behind or to its end
	unlessExtra(label string)
	unlessRest(label string)
	jump(label string)
	end()
}

// slideCalls is how Go knows the kernels of some instruction sets.
func slideCalls(sets ...slides) string {
	var lanes, widest, kernels, choice string
	for _, s := range sets {
		lanes += fmt.Sprintf("%s: %d,", s.isa, s.lanes)
		widest += fmt.Sprintf("%s: {\n", s.isa)
		for _, d := range s.widest {
			widest += fmt.Sprintf("{%v, %d, %d}: %d,\n", d.largest, d.k, d.s, d.n)
		}
		widest += "},\n"
		choice += fmt.Sprintf("case %s:\nswitch k {\n", s.isa)
		for _, d := range s.all() {
			kernels += fmt.Sprintf("\n//go:noescape\nfunc %s%s(c *slideCall)\n", d.name(), s.set)
			if d.n == 1 {
				choice += fmt.Sprintf("case slideKind{%v, %d, %d}:\nswitch n {\n", d.largest, d.k, d.s)
			}
			choice += fmt.Sprintf("case %d:\n%s%s(c)\n", d.n, d.name(), s.set)
			if slices.Contains(s.widest, d) {
				choice += "}\n"
			}
		}
		choice += "}\n"
	}
	return header + "package f32\n" +
		fmt.Sprintf("\nvar slideLanes = [isaCount]int{%s}\n", lanes) +
		"\n// slideWidest is how many vectors the widest kernel for a window takes; 0: there is none.\n" +
		fmt.Sprintf("var slideWidest = [isaCount]map[slideKind]int{\n%s}\n", widest) + kernels +
		fmt.Sprintf("\nfunc slide(i isa, k slideKind, n int, c *slideCall) {\nswitch i {\n%s}\n}\n", choice)
}

func (d slide) name() string {
	name := "sum"
	if d.largest {
		name = "largest"
	}
	return fmt.Sprintf("%s%ds%dx%d", name, d.k, d.s, d.n)
}

func (d slide) masks() int { return d.k - 1 }
