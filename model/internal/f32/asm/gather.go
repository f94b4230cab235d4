package main

// gather writes rows of three vectors, each put together from runs (see f32's
// Gather). Every run writes three vectors, and what is too much of one is
// overwritten by the next, and by the next row.
func gather(s set) *kernel {
	k := s.kernel("gather", "dst, src *float32, off *int, rows int, runs *Run, count int")
	dst, src, off, rows, runs := k.arg("dst"), k.arg("src"), k.arg("off"), k.arg("rows"), k.arg("runs")
	count, from := k.arg("count"), k.register("where a row comes from")
	run, left, at := k.register("run"), k.register("runs left"), k.register("a run's To, then From")
	row := k.vectors("row", 3)
	end := func(loop string) {
		k.op("ADDQ", 3*k.bytes, dst)
		k.op("ADDQ", 8, off)
		k.op("DECQ", rows)
		k.op("JNE", loop)
	}

	k.op("CMPQ", count, 1)
	k.op("JNE", "row")
	k.op("MOVQ", runs.at(8), at)
	k.op("LEAQ", src.at(0).by(at, 4), src)
	k.label("single")
	k.op("MOVQ", off.at(0), at)
	k.load(src.at(0).by(at, 4), row...)
	k.store(dst.at(0), row...)
	end("single")
	k.op("JMP", "done")

	k.label("row")
	k.op("MOVQ", off.at(0), at)
	k.op("LEAQ", src.at(0).by(at, 4), from)
	k.op("MOVQ", runs, run)
	k.op("MOVQ", count, left)
	k.label("run")
	k.op("MOVQ", run.at(8), at)
	k.load(from.at(0).by(at, 4), row...)
	k.op("MOVQ", run.at(0), at)
	k.store(dst.at(0).by(at, 4), row...)
	k.op("ADDQ", 16, run)
	k.op("DECQ", left)
	k.op("JNE", "run")
	end("row")
	k.label("done")
	return k
}
