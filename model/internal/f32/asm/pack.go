package main

// pack copies rows into tiles, three vectors wide, that lie `each` apart: rows are
// read from front to back. Where they are far apart they are in pages of their own,
// and the hardware does not prefetch from one to the next: so it is done here.
func pack(s set) *kernel {
	k := s.kernel("pack", "dst, src *float32, each, from, rows, tiles int")
	dst, src, each, from, rows := k.arg("dst"), k.arg("src"), k.arg("each"), k.arg("from"), k.arg("rows")
	tiles, to, at, left := k.arg("tiles"), k.register("tile"), k.register("of the row"), k.register("tiles left")
	tile := k.vectors("row of a tile", 3)
	k.op("SHLQ", 2, each)
	k.op("SHLQ", 2, from)

	k.label("row")
	k.op("MOVQ", dst, to)
	k.op("MOVQ", src, at)
	k.op("MOVQ", tiles, left)
	k.label("tile")
	for line := 0; line < 3*k.bytes; line += 64 {
		k.op("PREFETCHT0", at.at(line).by(from, 4))
	}
	k.load(at.at(0), tile...)
	k.store(to.at(0), tile...)
	k.op("ADDQ", 3*k.bytes, at)
	k.op("ADDQ", each, to)
	k.op("DECQ", left)
	k.op("JNE", "tile")
	k.op("ADDQ", 3*k.bytes, dst)
	k.op("ADDQ", from, src)
	k.op("DECQ", rows)
	k.op("JNE", "row")
	return k
}
