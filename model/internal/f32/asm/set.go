package main

import (
	"fmt"
	"slices"
)

// set is an instruction set. What both have to say, each in its own instructions,
// are the methods below.
type set struct {
	name      string
	letter    string // of its vector registers
	bytes     int    // in a vector
	lanes     int    // float32s in a vector
	registers int
}

var (
	avx2   = set{name: "AVX2", letter: "Y", bytes: 32, lanes: 8, registers: 16}
	avx512 = set{name: "AVX512", letter: "Z", bytes: 64, lanes: 16, registers: 32}
)

func (k *kernel) zero(v ...reg) {
	for _, r := range v {
		if k.set == avx2 {
			k.op("VXORPS", r, r, r)
		} else {
			k.op("VPXORQ", r, r, r) // AVX-512F has no VXORPS
		}
	}
}

// accumulate adds v, times the one float32 at `from`, to the sums. For a single
// one AVX-512 broadcasts in the multiply itself; otherwise it goes by way of scratch.
func (k *kernel) accumulate(sums, v []reg, from mem, scratch reg) {
	if k.set == avx512 && len(sums) == 1 {
		k.op("VFMADD231PS.BCST", from, v[0], sums[0])
		return
	}
	k.op("VBROADCASTSS", from, scratch)
	for i, sum := range sums {
		k.op("VFMADD231PS", v[i], scratch, sum)
	}
}

// firsts masks the first n lanes where it is read from n words before its zeros on.
var firsts = table("firsts", append(slices.Repeat([]uint32{0xffffffff}, 32), make([]uint32, 32)...))

// firstLanes makes masks of the first n lanes, one for each of several neighbours,
// given -n.
func (k *kernel) firstLanes(what string, minus, scratch reg, neighbours int) []reg {
	v := k.vectors(what, neighbours)
	k.op("LEAQ", "firsts<>(SB)", scratch)
	k.load(scratch.at(32*4).by(minus, 4), v...)
	if k.set == avx2 {
		return v
	}
	masks := make([]reg, neighbours)
	for i := range v {
		k.masks++
		masks[i] = reg(fmt.Sprint("K", k.masks))
		k.op("VPTESTMD", v[i], v[i], masks[i])
	}
	return masks
}

func (k *kernel) loadMasked(from mem, mask, v reg) {
	if k.set == avx2 {
		k.op("VMASKMOVPS", from, mask, v)
	} else {
		k.op("VMOVUPS.Z", from, mask, v)
	}
}

func (k *kernel) storeMasked(to mem, mask, v reg) {
	if k.set == avx2 {
		k.op("VMASKMOVPS", v, mask, to)
	} else {
		k.op("VMOVUPS", v, mask, to)
	}
}

var evens = table("evens", []uint32{0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30})

// evens loads what everyOther needs.
func (k *kernel) evens() (order reg) {
	if k.set == avx512 {
		order = k.vector("order")
		k.op("VMOVUPS", "evens<>(SB)", order)
	}
	return order
}

// everyOther leaves in v every other lane of v and its neighbour, a register or
// memory.
func (k *kernel) everyOther(v reg, neighbour any, order reg) {
	if k.set == avx2 {
		k.op("VSHUFPS", 0x88, neighbour, v, v) // 0 2 8 10 4 6 12 14
		k.op("VPERMPD", 0xd8, v, v)            // 0 2 4 6 8 10 12 14
	} else {
		k.op("VPERMT2PS", neighbour, order, v)
	}
}

// table is a constant in memory.
func table(name string, words []uint32) (s string) {
	for i, w := range words {
		s += fmt.Sprintf("DATA %s<>+%d(SB)/4, $%#x\n", name, 4*i, w)
	}
	return s + fmt.Sprintf("GLOBL %s<>(SB), RODATA|NOPTR, $%d\n", name, 4*len(words))
}
