package model

import "tandem/model/internal/onnx"

// operators read one node each, whose inputs are not all constants. A new
// operator is one entry and one function.
var operators map[string]func(*importer, *onnx.Node) error

// folds compute a constant from constants.
var folds map[string]func(*importer, *onnx.Node, []*constant) (*constant, error)

func init() { // not where they are declared: the functions look into them
	operators = map[string]func(*importer, *onnx.Node) error{
		"Add":                (*importer).add,
		"AveragePool":        (*importer).averagePool,
		"BatchNormalization": (*importer).batchNormalization,
		"Cast":               (*importer).cast,
		"Clip":               (*importer).clip,
		"Concat":             (*importer).concat,
		"Constant":           (*importer).constantNode,
		"ConstantOfShape":    (*importer).onlyConstant,
		"Conv":               (*importer).conv,
		"Div":                (*importer).div,
		"Dropout":            (*importer).identity,
		"Flatten":            (*importer).flatten,
		"Gather":             (*importer).gather,
		"Gemm":               (*importer).gemm,
		"GlobalAveragePool":  (*importer).globalAveragePool,
		"HardSigmoid":        (*importer).hardSigmoid,
		"HardSwish":          (*importer).hardSwish,
		"Identity":           (*importer).identity,
		"LRN":                (*importer).lrn,
		"LeakyRelu":          (*importer).leakyRelu,
		"MatMul":             (*importer).matMul,
		"Max":                (*importer).max,
		"MaxPool":            (*importer).maxPool,
		"Min":                (*importer).min,
		"Mul":                (*importer).mul,
		"Pad":                (*importer).pad,
		"ReduceMean":         (*importer).reduceMean,
		"Relu":               (*importer).relu,
		"Reshape":            (*importer).reshape,
		"Shape":              (*importer).shape,
		"Sigmoid":            (*importer).sigmoid,
		"Slice":              (*importer).slice,
		"Softmax":            (*importer).softmax,
		"Split":              (*importer).split,
		"Squeeze":            (*importer).squeeze,
		"Sub":                (*importer).sub,
		"Tanh":               (*importer).tanh,
		"Transpose":          (*importer).transpose,
		"Unsqueeze":          (*importer).unsqueeze,
	}
	folds = map[string]func(*importer, *onnx.Node, []*constant) (*constant, error){
		"Add":             foldArithmetic,
		"Cast":            foldCast,
		"Concat":          foldConcat,
		"ConstantOfShape": foldConstantOfShape,
		"Div":             foldArithmetic,
		"Dropout":         foldIdentity,
		"Flatten":         foldShape,
		"Gather":          foldGather,
		"Identity":        foldIdentity,
		"Max":             foldArithmetic,
		"Min":             foldArithmetic,
		"Mul":             foldArithmetic,
		"Reshape":         foldShape,
		"Shape":           foldShapeOf,
		"Slice":           foldSlice,
		"Squeeze":         foldShape,
		"Sub":             foldArithmetic,
		"Transpose":       foldTranspose,
		"Unsqueeze":       foldShape,
	}
}
