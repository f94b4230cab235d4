package main

// copyRows copies rows of cols entries, every step-th of src, step being 1 or 2.
// The last vector of a row is always made with masks, so that nothing is read
// behind the last entry: one mask for its n results, and where step is 2 two for
// the 2n-1 entries they come from.
func copyRows(s set, name string, step int) *kernel {
	k := s.kernel(name, "dst, src *float32, to, from, rows, cols int")
	dst, src, to, from, rows, cols := k.arg("dst"), k.arg("src"), k.arg("to"), k.arg("from"), k.arg("rows"), k.arg("cols")
	at, left := k.register("bytes made of the row"), k.register("entries left of it, but for the last vector")
	minus, scratch := k.register("-n, then 1-2n"), k.register("scratch")
	entries := k.vectors("entries", step)
	k.op("SHLQ", 2, to)
	k.op("SHLQ", 2, from)

	k.op("MOVQ", cols, minus)
	k.op("DECQ", minus)
	k.op("ANDQ", k.lanes-1, minus)
	k.op("INCQ", minus) // n, from 1 on
	k.op("SUBQ", minus, cols)
	k.op("NEGQ", minus)
	result := k.firstLanes("mask of results", minus, scratch, 1)[0]
	masks, order := []reg{result}, reg("")
	if step == 2 {
		k.op("LEAQ", minus.at(1).by(minus, 1), minus)
		masks, order = k.firstLanes("masks of entries", minus, scratch, 2), k.evens()
	}

	k.label("row")
	k.op("MOVQ", cols, left)
	k.op("XORQ", at, at)

	k.label("vector")
	k.op("TESTQ", left, left)
	k.op("JEQ", "last")
	k.load(src.at(0).by(at, step), entries[0])
	if step == 2 {
		k.everyOther(entries[0], src.at(k.bytes).by(at, step), order)
	}
	k.store(dst.at(0).by(at, 1), entries[0])
	k.op("ADDQ", k.bytes, at)
	k.op("SUBQ", k.lanes, left)
	k.op("JMP", "vector")

	k.label("last")
	for i, e := range entries {
		k.loadMasked(src.at(i*k.bytes).by(at, step), masks[i], e)
	}
	if step == 2 {
		k.everyOther(entries[0], entries[1], order)
	}
	k.storeMasked(dst.at(0).by(at, 1), result, entries[0])
	k.op("ADDQ", to, dst)
	k.op("ADDQ", from, src)
	k.op("DECQ", rows)
	k.op("JNE", "row")
	return k
}
