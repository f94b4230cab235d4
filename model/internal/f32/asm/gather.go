package main

import "fmt"

// gather writes rows of so many vectors, each put together from runs (see f32's
// Gather). Every run writes as many vectors as it has numbers for, and what is too much
// of the last one is overwritten by the next run, and by the next row.
func gather(s set, vectors int) *kernel {
	k := s.kernel(fmt.Sprint("gather", vectors*s.lanes), "dst, src *float32, off *int, rows int, runs *Run, count int")
	dst, src, off, rows, runs := k.arg("dst"), k.arg("src"), k.arg("off"), k.arg("rows"), k.arg("runs")
	count, from := k.arg("count"), k.register("where a row comes from")
	run, left, at := k.register("run"), k.register("runs left"), k.register("a run's To, then its length")
	source, to := k.register("a run's From"), k.register("where it is written")
	row := k.vectors("row", vectors)
	end := func(loop string) {
		k.op("ADDQ", vectors*k.bytes, dst)
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
	k.op("MOVQ", run.at(0), at)
	k.op("MOVQ", run.at(8), source)
	k.op("LEAQ", dst.at(0).by(at, 4), to)
	k.op("NEGQ", at)
	k.op("ADDQ", run.at(16), at)
	for i, v := range row {
		k.op("VMOVUPS", from.at(i*k.bytes).by(source, 4), v)
		k.op("VMOVUPS", v, to.at(i*k.bytes))
		if i < len(row)-1 {
			k.op("CMPQ", at, (i+1)*k.lanes)
			k.op("JLE", "copied")
		}
	}
	k.label("copied")
	k.op("ADDQ", 16, run)
	k.op("DECQ", left)
	k.op("JNE", "run")
	end("row")
	k.label("done")
	return k
}
