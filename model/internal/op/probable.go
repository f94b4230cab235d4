package op

// Probable says whether the results of an operation are probabilities: that it makes such numbers, or that it passes on those
// of its first input, moved, rounded or as they are.
func Probable(o Operation) (makes, passes bool) {
	if held, is := o.(heldOp); is {
		o = held.Operation
	}
	switch o := o.(type) {
	case softmaxOp:
		return o.name == "softmax", false
	case curve:
		return o.name == "sigmoid", false
	case quantizeOp, dequantizeOp, View:
		return false, true
	case Mover:
		return false, o.Moves()
	}
	return false, false
}
