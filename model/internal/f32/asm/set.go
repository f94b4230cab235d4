package main

import "fmt"

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

// firstLanes makes masks of the first n lanes, one for each of several neighbours.
func (k *kernel) firstLanes(what string, n reg, neighbours int) []reg {
	v, masks := k.vector("n"), make([]reg, neighbours)
	if k.set == avx2 {
		masks = k.vectors(what, neighbours)
	}
	low := "X" + v[1:]
	k.op("VMOVD", n, low)
	k.op("VPBROADCASTD", low, v)
	for i := range masks {
		if k.set == avx512 {
			k.masks++
			masks[i] = reg(fmt.Sprint("K", k.masks))
		}
		k.op("VPCMPGTD", fmt.Sprintf("lanes<>+%d(SB)", i*k.bytes), v, masks[i])
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

// lanesOf are n registers, each for some lanes of a vector, as a comparison finds
// them.
func (k *kernel) lanesOf(what string, n int) []reg {
	if k.set == avx2 {
		return k.vectors("lanes with "+what, n)
	}
	masks := make([]reg, n)
	for i := range masks {
		k.masks++
		masks[i] = reg(fmt.Sprint("K", k.masks))
	}
	k.legend = append(k.legend, fmt.Sprint(masks, " lanes with ", what))
	return masks
}

// join adds lanes to those in all.
func (k *kernel) join(lanes, all reg) {
	if k.set == avx2 {
		k.op("VORPS", lanes, all, all)
	} else {
		k.op("KORW", lanes, all, all)
	}
}

// setOnes sets all bits in some lanes of v, which makes them NaN.
func (k *kernel) setOnes(lanes, v reg) {
	if k.set == avx2 {
		k.op("VORPS", lanes, v, v)
	} else {
		k.op("VPTERNLOGD", 0xff, v, v, lanes, v)
	}
}

// evens loads what everyOther needs.
func (k *kernel) evens() (order reg) {
	if k.set == avx512 {
		order = k.vector("order")
		k.op("VMOVUPS", "lanes<>(SB)", order)
		k.op("VPADDD", order, order, order)
	}
	return order
}

// everyOther leaves in the first of two vectors every other lane of both.
func (k *kernel) everyOther(v []reg, order reg) {
	if k.set == avx2 {
		k.op("VSHUFPS", 0x88, v[1], v[0], v[0]) // 0 2 8 10 4 6 12 14
		k.op("VPERMPD", 0xd8, v[0], v[0])       // 0 2 4 6 8 10 12 14
	} else {
		k.op("VPERMT2PS", v[1], order, v[0])
	}
}

// lanes has the numbers of the lanes of two vectors.
func lanes() (s string) {
	for i := range 32 {
		s += fmt.Sprintf("DATA lanes<>+%d(SB)/4, $%d\n", 4*i, i)
	}
	return s + "GLOBL lanes<>(SB), RODATA|NOPTR, $128\n"
}
