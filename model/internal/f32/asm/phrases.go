package main

// What several kernels do, in the instructions that both sets have.

// load and store move vectors from and to neighbours in memory.
func (k *kernel) load(from mem, v ...reg) {
	for i, r := range v {
		k.op("VMOVUPS", from.plus(i*k.bytes), r)
	}
}

func (k *kernel) store(to mem, v ...reg) {
	for i, r := range v {
		k.op("VMOVUPS", r, to.plus(i*k.bytes))
	}
}

// clamp bounds vectors. They are the second source of VMAXPS and VMINPS, so NaN
// stays NaN.
func (k *kernel) clamp(lo, hi reg, v ...reg) {
	for _, r := range v {
		k.op("VMAXPS", r, lo, r)
	}
	for _, r := range v {
		k.op("VMINPS", r, hi, r)
	}
}

// begin gives sums their first values: where the parameter resume is set, what
// resume loads; else what bias loads from init, which is in scratch then, or 0
// where init is nil.
func (k *kernel) begin(sums []reg, scratch reg, resume, bias func()) {
	k.op("MOVBLZX", k.param("resume"), scratch)
	k.op("TESTL", scratch, scratch)
	k.op("JNE", "resume")
	k.op("MOVQ", k.param("init"), scratch)
	k.op("TESTQ", scratch, scratch)
	k.op("JNE", "bias")
	k.zero(sums...)
	k.op("JMP", "begun")
	k.label("bias")
	bias()
	k.op("JMP", "begun")
	k.label("resume")
	resume()
	k.label("begun")
}
