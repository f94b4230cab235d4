// Package model owns networks, their weights, and the executor that computes a
// slice of them.
//
//	Default(seed)    Open("net.onnx")
//	       └────────┬────────┘
//	             Network            what there is: names, shapes, where the weights are
//	                │ NewExecutor
//	             Executor           what is in memory here: the layers [from, to)
//	                │
//	Load(from,to)   Run(x, from, to)   Drop(from,to)
//
// A network is a graph of nodes, each an operation on values (tensors). Where
// exactly one value is alive it can be cut; what lies between two neighbouring
// cuts is a layer, and layers are a chain. A cut is the index of the first layer
// of the tail:
//
//	            layer 0            layer 1                  layer 2
//	                           ┌──▶ conv ──┐
//	input ──▶ [ conv ] ──▶ a ──┤           ├─▶ [ add ] ─▶ b ──▶ [ dense ] ──▶ output
//	                      cut=1└───────────┘            cut=2
//
// Opening a network reads its description only; Load reads the weights of the
// layers asked for and no others. Shapes are without the batch dimension: a
// frame is one input.
//
// The way of a network through the package:
//
//	import*.go, fold.go    a file's nodes become operations, and constants what they are computed to
//	segment.go             nodes become layers
//	operation.go           what an operation is; one file for each kind of them
//	draft.go, plan.go      a range of layers becomes kernels, fused, with a place in memory for each value
//	executor.go            loads and runs
//
// Kernels keep shape and memory in tensors of gorgonia.org/tensor, and this
// package is the only one that imports it. The arithmetic is in
// model/internal/f32; the file format is in model/internal/onnx.
package model
