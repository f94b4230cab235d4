package main

import (
	"fmt"
	"math"
	"slices"
)

// Winograd's transforms, as many tiles side by side as a vector has lanes; see
// ../winograd.go for what they compute, and ../winograd_portable.go for the same in
// Go.

// factors are what the transforms multiply by, each in all lanes.
var factors = []float64{
	.25, .5, 1.25, 2, 2.5, 4, 4.25, 5, 5.25, 8, 16, 32,
	math.Sqrt2, math.Sqrt2 / 2, math.Sqrt2 / 4, math.Sqrt2 * 2,
}

func factorsData() (s string) {
	for i, f := range factors {
		for lane := range avx512.lanes {
			s += fmt.Sprintf("DATA factors<>+%d(SB)/4, $%#x\n", i*avx512.bytes+4*lane, math.Float32bits(float32(f)))
		}
	}
	return s + fmt.Sprintf("GLOBL factors<>(SB), RODATA|NOPTR, $%d\n", len(factors)*avx512.bytes)
}

// by is where a factor is.
func by(f float64) string {
	return fmt.Sprintf("factors<>+%d(SB)", slices.Index(factors, f)*avx512.bytes)
}

// plus adds to sum v times f, minus subtracts it.
func (k *kernel) plus(sum, v reg, f float64)  { k.op("VFMADD231PS", by(f), v, sum) }
func (k *kernel) minus(sum, v reg, f float64) { k.op("VFNMADD231PS", by(f), v, sum) }

// both are a+b and a-b.
func (k *kernel) both(a, b, sum, difference reg) {
	k.op("VADDPS", b, a, sum)
	k.op("VSUBPS", b, a, difference)
}

// winogradInput transforms tiles of size+2 rows: first down the columns, tile by
// tile, with a row of the tile in a vector (AVX-512: two tiles, each in a half), then
// along the rows.
//
//	buffer: [row][tile][8] ── transposed: a vector for each column
func winogradInput(s set, size int) *kernel {
	k := s.kernel(fmt.Sprint("winogradInput", size), "v *float32, stride int, x *float32, pitch int, at *int, groups int, buffer *float32")
	v, stride, x, pitch, at, groups, buffer := k.arg("v"), k.arg("stride"), k.arg("x"), k.arg("pitch"), k.arg("at"), k.arg("groups"), k.arg("buffer")
	left, to := k.register("tiles or rows left"), k.register("where it is written")
	together := k.lanes / 8
	var from []reg
	for range together {
		from = append(from, k.register("where it is read"))
	}
	n, row := size+2, k.lanes*8*4
	d, t := k.vectors("tile", 8), k.vectors("scratch", 6)
	k.op("SHLQ", 2, stride)
	k.op("SHLQ", 2, pitch)

	k.label("group")
	k.op("MOVQ", buffer, to)
	k.op("MOVQ", k.lanes/together, left)
	k.label("tile")
	for i, from := range from {
		k.op("MOVQ", at.at(8*i), from)
		k.op("LEAQ", x.at(0).by(from, 4), from)
	}
	k.op("ADDQ", 8*together, at)
	for r := range n {
		k.op("VMOVUPS", from[0].at(0), "Y"+d[r][1:])
		if together == 2 {
			k.op("VINSERTF64X4", 1, from[1].at(0), d[r], d[r])
		}
		for _, from := range from {
			k.op("ADDQ", pitch, from)
		}
	}
	for r, result := range k.input(size, d, t) {
		k.store(to.at(r*row), result)
	}
	k.op("ADDQ", k.bytes, to)
	k.op("DECQ", left)
	k.op("JNE", "tile")

	k.op("MOVQ", buffer, from[0])
	k.op("MOVQ", v, to)
	k.op("ADDQ", k.bytes, v)
	k.op("MOVQ", n, left)
	k.label("row")
	for half := range 2 {
		four := d[4*half:][:4]
		for i, r := range four {
			k.op("VMOVUPS", from[0].at(i*32+16*half), "X"+r[1:])
			for quarter := 1; quarter < k.lanes/4; quarter++ {
				k.insert(quarter, from[0].at((i+4*quarter)*32+16*half), r)
			}
		}
		k.transpose(four, t)
	}
	for _, result := range k.input(size, d, t) {
		k.store(to.at(0), result)
		k.op("ADDQ", stride, to)
	}
	k.op("ADDQ", row, from[0])
	k.op("DECQ", left)
	k.op("JNE", "row")
	k.op("DECQ", groups)
	k.op("JNE", "group")
	return k
}

// insert puts four numbers into a quarter of a vector, but the first one; extract takes
// them out.
func (k *kernel) insert(quarter int, from mem, r reg) {
	if quarter == 1 {
		r = "Y" + r[1:]
		k.op("VINSERTF128", quarter, from, r, r)
		return
	}
	k.op("VINSERTF32X4", quarter, from, r, r)
}

func (k *kernel) extract(quarter int, r reg, to any) {
	switch {
	case quarter == 0:
		k.op("VMOVUPS", "X"+r[1:], to)
	case quarter == 1:
		k.op("VEXTRACTF128", quarter, "Y"+r[1:], to)
	default:
		k.op("VEXTRACTF32X4", quarter, r, to)
	}
}

// transpose turns 4×4 numbers in each quarter of four vectors.
func (k *kernel) transpose(r, t []reg) {
	k.op("VUNPCKLPS", r[1], r[0], t[0])
	k.op("VUNPCKHPS", r[1], r[0], t[1])
	k.op("VUNPCKLPS", r[3], r[2], t[2])
	k.op("VUNPCKHPS", r[3], r[2], t[3])
	k.op("VUNPCKLPD", t[2], t[0], r[0])
	k.op("VUNPCKHPD", t[2], t[0], r[1])
	k.op("VUNPCKLPD", t[3], t[1], r[2])
	k.op("VUNPCKHPD", t[3], t[1], r[3])
}

// input makes Bᵀ d, and tells where it is.
func (k *kernel) input(size int, d, t []reg) []reg {
	if size == 4 {
		k.op("VADDPS", d[0], d[4], d[0])
		k.op("VADDPS", d[5], d[1], d[5])
		k.op("VMULPS", by(math.Sqrt2/2), d[3], t[0])
		k.op("VMULPS", by(2), d[2], t[1])
		k.minus(d[0], d[2], 2.5)
		k.minus(d[5], d[3], 2.5)
		k.minus(t[0], d[1], math.Sqrt2)
		k.op("VSUBPS", t[1], d[4], t[1])
		k.minus(d[4], d[2], .5)
		k.op("VMULPS", by(math.Sqrt2), d[3], d[3])
		k.both(t[1], t[0], t[2], t[1])
		k.minus(d[3], d[1], math.Sqrt2/2)
		k.both(d[4], d[3], t[0], d[4])
		return []reg{d[0], t[2], t[1], t[0], d[4], d[5]}
	}
	k.op("VSUBPS", d[0], d[6], d[0])
	k.op("VSUBPS", d[1], d[7], d[7])
	k.op("VSUBPS", d[4], d[2], t[0])
	k.op("VSUBPS", d[5], d[3], t[1])
	k.plus(d[0], t[0], 5.25)
	k.plus(d[7], t[1], 5.25)
	k.op("VADDPS", d[6], d[2], t[0])
	k.op("VADDPS", d[5], d[1], t[1])
	k.minus(t[0], d[4], 4.25)
	k.minus(t[1], d[3], 4.25)
	k.both(t[0], t[1], t[2], t[0]) // at ±1
	k.op("VMULPS", by(.25), d[2], t[1])
	k.op("VMULPS", by(2), d[5], t[3])
	k.op("VMULPS", by(.5), d[5], d[5])
	k.minus(t[1], d[4], 1.25)
	k.minus(t[3], d[3], 2.5)
	k.minus(d[5], d[3], 2.5)
	k.op("VADDPS", d[6], t[1], t[1])
	k.plus(t[3], d[1], .5)
	k.plus(d[5], d[1], 2)
	k.plus(d[6], d[2], 4)
	k.both(t[1], t[3], t[4], t[1]) // at ±2
	k.minus(d[6], d[4], 5)
	k.both(d[6], d[5], t[3], d[6]) // at ±½
	return []reg{d[0], t[2], t[0], t[4], t[1], t[3], d[6], d[7]}
}

// winogradOutput transforms tiles back to size rows of results: down the columns,
// then along the rows, which are transposed for each tile to have its own.
func winogradOutput(s set, size int) *kernel {
	k := s.kernel(fmt.Sprint("winogradOutput", size), "y *float32, pitch int, m *float32, stride int, at *int, groups int, buffer *float32, bias, lo, hi float32")
	y, pitch, m, stride, at, groups, buffer := k.arg("y"), k.arg("pitch"), k.arg("m"), k.arg("stride"), k.arg("at"), k.arg("groups"), k.arg("buffer")
	left, from, to := k.register("columns or rows left"), k.register("where it is read"), k.register("where it is written")
	column, row, line := k.register("column of m"), k.register("row of y"), k.register("bytes between rows of m")
	n := size + 2
	bias, lo, hi := k.spread("bias"), k.spread("lo"), k.spread("hi")
	d, t := k.vectors("tile", 8), k.vectors("scratch", 5)
	k.op("SHLQ", 2, stride)
	k.op("SHLQ", 2, pitch)
	k.op("IMUL3Q", n, stride, line)

	k.label("group")
	k.op("MOVQ", buffer, to)
	k.op("MOVQ", m, column)
	k.op("MOVQ", n, left)
	k.label("column")
	k.op("MOVQ", column, from)
	k.op("ADDQ", stride, column)
	for i := range n {
		k.load(from.at(0), d[i])
		k.op("ADDQ", line, from)
	}
	for i, result := range k.output(size, d, t) {
		k.store(to.at(i*n*k.bytes), result)
	}
	k.op("ADDQ", k.bytes, to)
	k.op("DECQ", left)
	k.op("JNE", "column")

	k.op("ADDQ", k.bytes, m)
	k.op("MOVQ", buffer, from)
	k.op("MOVQ", y, row)
	k.op("MOVQ", size, left)
	k.label("row")
	k.load(from.at(0), d[:n]...)
	if size == 6 {
		k.op("VADDPS", bias, d[1], d[1]) // the point 1: every result of the row gets what it has
	}
	results := k.output(size, d, t)
	if size == 4 {
		for _, r := range results {
			k.op("VADDPS", bias, r, r)
		}
	}
	k.clamp(lo, hi, results...)
	var free []reg
	for _, r := range slices.Concat(d, t) {
		if !slices.Contains(results, r) {
			free = append(free, r)
		}
	}
	k.transpose(results[:4], free)
	for tile, r := range results[:4] {
		for quarter := range k.lanes / 4 {
			k.op("MOVQ", at.at(8*(tile+4*quarter)), to)
			k.extract(quarter, r, row.at(0).by(to, 4))
		}
	}
	if size == 6 {
		k.op("VUNPCKLPS", results[5], results[4], free[0])
		k.op("VUNPCKHPS", results[5], results[4], free[1])
		for quarter := range k.lanes / 4 {
			for i, pair := range free[:2] {
				low := "X" + pair[1:]
				if quarter > 0 {
					low = "X" + free[2][1:]
					k.extract(quarter, pair, low)
				}
				k.op("MOVQ", at.at(8*(4*quarter+2*i)), to)
				k.op("VMOVLPS", low, row.at(16).by(to, 4))
				k.op("MOVQ", at.at(8*(4*quarter+2*i+1)), to)
				k.op("VMOVHPS", low, row.at(16).by(to, 4))
			}
		}
	}
	k.op("ADDQ", n*k.bytes, from)
	k.op("ADDQ", pitch, row)
	k.op("DECQ", left)
	k.op("JNE", "row")
	k.op("ADDQ", 8*k.lanes, at)
	k.op("DECQ", groups)
	k.op("JNE", "group")
	return k
}

// output makes Aᵀ m, and tells where it is.
func (k *kernel) output(size int, m, t []reg) []reg {
	k.op("VADDPS", m[2], m[1], t[0])
	k.op("VSUBPS", m[2], m[1], m[1])
	k.both(m[3], m[4], m[2], m[3])
	if size == 4 {
		k.op("VADDPS", t[0], m[0], m[0])
		k.op("VMULPS", by(math.Sqrt2/2), m[1], t[1])
		k.op("VMULPS", by(.5), t[0], t[0])
		k.plus(m[5], m[1], math.Sqrt2/4)
		k.op("VADDPS", m[2], m[0], m[0])
		k.plus(t[1], m[3], math.Sqrt2)
		k.plus(t[0], m[2], 2)
		k.plus(m[5], m[3], math.Sqrt2*2)
		return []reg{m[0], t[1], t[0], m[5]}
	}
	k.both(m[5], m[6], m[4], m[5])
	k.op("VADDPS", t[0], m[0], m[0])
	k.op("VADDPS", m[1], m[7], m[7])
	k.op("VMOVAPS", t[0], m[6])
	k.op("VMOVAPS", m[1], t[1])
	k.plus(m[6], m[2], 4)
	k.plus(t[1], m[3], 2)
	k.plus(t[0], m[2], 16)
	k.plus(m[1], m[3], 8)
	k.op("VADDPS", m[2], m[0], m[0])
	k.op("VADDPS", m[5], m[7], m[7])
	k.plus(m[6], m[4], 8)
	k.plus(t[1], m[5], 16)
	k.plus(t[0], m[4], 2)
	k.plus(m[1], m[5], 4)
	k.plus(m[0], m[4], 32)
	k.plus(m[7], m[3], 32)
	return []reg{m[0], t[1], m[6], m[1], t[0], m[7]}
}
