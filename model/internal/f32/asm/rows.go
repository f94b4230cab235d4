package main

// copyRows copies rows of cols entries, every step-th of src, step being 1 or 2.
// The last vector of a row is always made with masks, so that nothing is read
// behind the last entry: one mask for its n results, and where step is 2 two for
// the 2n-1 entries they come from.
func copyRows(s set, name string, step int) *kernel {
	k := s.kernel(name, "dst, src *float32, to, from, rows, cols int")
	dst, src, to, from, rows := k.arg("dst"), k.arg("src"), k.arg("to"), k.arg("from"), k.arg("rows")
	whole, n, at := k.arg("cols"), k.register("n, then 2n-1"), k.register("bytes up to the last vector, negative")
	entries := k.vectors("entries", step)
	k.op("SHLQ", 2, to)
	k.op("SHLQ", 2, from)

	k.op("LEAQ", whole.at(-1), n)
	k.op("ANDQ", k.lanes-1, n)
	k.op("INCQ", n)
	k.op("SUBQ", n, whole)
	k.op("LEAQ", dst.at(0).by(whole, 4), dst) // the last vector of the row
	k.op("LEAQ", src.at(0).by(whole, 4*step), src)
	k.op("SHLQ", 2, whole)
	k.op("NEGQ", whole)
	result := k.firstLanes("mask of results", n, 1)[0]
	masks, order := []reg{result}, reg("")
	if step == 2 {
		k.op("LEAQ", n.at(-1).by(n, 1), n)
		masks, order = k.firstLanes("masks of entries", n, 2), k.evens()
	}

	// Intel's processors up to Cascade Lake are slow where a jump crosses a multiple
	// of 32 bytes. From here on none does, and rows are too short to bear it. Loops
	// of more than 100 bytes are not to be aligned: Go's assembler (1.26) may then
	// never end, as it weighs short jumps against long ones.
	k.op("PCALIGN", 32)
	k.label("row")
	k.op("MOVQ", whole, at)
	k.op("TESTQ", at, at)
	k.op("JEQ", "last")
	k.label("vector")
	k.load(src.at(0).by(at, step), entries...)
	if step == 2 {
		k.everyOther(entries, order)
	}
	k.store(dst.at(0).by(at, 1), entries[0])
	k.op("ADDQ", k.bytes, at)
	k.op("JNE", "vector")

	k.label("last")
	for i, e := range entries {
		k.loadMasked(src.at(i*k.bytes), masks[i], e)
	}
	if step == 2 {
		k.everyOther(entries, order)
	}
	k.storeMasked(dst.at(0), result, entries[0])
	k.op("ADDQ", to, dst)
	k.op("ADDQ", from, src)
	k.op("DECQ", rows)
	k.op("JNE", "row")
	return k
}
