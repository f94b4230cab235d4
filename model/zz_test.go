package model

import (
	"fmt"
	"os"
	"path/filepath"
	"tandem/model/internal/op"
	"testing"
)

func TestZZCost(t *testing.T) {
	for _, path := range os.Args[len(os.Args)-1:] {
		_ = path
	}
	for _, path := range filepaths() {
		n, err := Open(path)
		if err != nil {
			fmt.Println(path, err)
			continue
		}
		times, err := Measure(n, 1)
		if err != nil {
			fmt.Println(path, err)
			continue
		}
		costs := n.Costs()
	for i := range times {
			nd := n.nodes[i]
			in, out := 0, 0
			for _, v := range nd.in {
				in += op.Volume(n.values[v].dims)
			}
			for _, v := range nd.out {
				out += op.Volume(n.values[v].dims)
			}
			fmt.Printf("CSV|%s|%d|%s|%d|%d|%d|%d|%d|%.0f\n", n.name, i, nd.Operation, nd.Work(), nd.Bytes(), in, out, times[i].Nanoseconds(), costs[i])
		}
	}
}
func filepaths() (all []string) {
	for _, f := range filepathSplit(os.Getenv("ZZ")) {
		m, _ := filepathGlob(f + "/*.onnx")
		all = append(all, m...)
	}
	return
}

var filepathSplit = filepath.SplitList
var filepathGlob = filepath.Glob
