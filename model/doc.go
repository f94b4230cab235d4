// Package model owns layers, networks, their weights, and the executor that
// computes a slice of them.
//
//	Default(seed)    Open("net.onnx")
//	       └────────┬────────┘
//	             Network            what there is: names, shapes, where the weights are
//	                │ NewExecutor
//	             Executor           what is in memory here: the layers [from, to)
//	                │
//	Load(from,to)   Run(x, from, to)   Drop(from,to)
//
// A network is a chain of layers. Layer i takes activation i and gives
// activation i+1; a cut is the index of an activation, and the head is the
// layers before it, the tail those from it on:
//
//	input ──[ layer 0 ]── activation 1 ──[ layer 1 ]── activation 2 ──[ layer 2 ]── output
//	                          cut=1                        cut=2
//
// Opening a network reads its description only; Load reads the weights of the
// layers asked for and no others. Shapes are without the batch dimension: a
// frame is one input.
//
// Layers keep shape and memory in tensors of gorgonia.org/tensor, and this
// package is the only one that imports it. The arithmetic is in
// model/internal/f32 and comes in through engine; the file format is in
// model/internal/onnx.
package model
