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
// A network is a graph of nodes, each an operation on values (tensors), in an
// order in which few numbers are alive. Each node is a layer. A cut is the index
// of the first layer of the tail; the activation that enters it is the list of
// the tensors alive there, one after the other in one slice:
//
//	            cut=1         cut=2         cut=3         cut=4
//	             a             a, b          c             d
//	             ┌───── conv ──── b ────┐
//	x ── conv ── a                      add ── c ── dense ── d ── softmax ── y
//	             └──────────────────────┘
//
// What enters layer 0 are the network's inputs, and what the last one gives its
// outputs.
//
// Opening a network reads its description only; Load reads the weights of the
// layers asked for and no others. Shapes are without the batch dimension: a
// frame is one input.
//
// The way of a network through the package:
//
//	import*.go, absorb.go     a file's nodes become operations, and constants what they are computed to
//	order.go, alive.go        layers get their order, and what is alive between them is found
//	cut.go                    where to cut
//	room.go                   convolutions that are faster with more memory get it
//	draft.go, finish.go       a range of layers becomes steps, fused
//	memory.go, plan.go        each value gets a place in memory, each step a kernel and tensors
//	executor.go               loads and runs
//
// Operators and their kernels are in model/internal/op, the arithmetic is in
// model/internal/f32, and the file format in model/internal/onnx. Shape and
// memory of activations are in tensors of gorgonia.org/tensor, which nothing
// outside of this directory imports.
package model
