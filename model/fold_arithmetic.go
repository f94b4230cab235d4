package model

import (
	"fmt"

	"tandem/model/internal/onnx"
)

// foldCast turns integers into float32, or the other way round.
func foldCast(imp *importer, n *onnx.Node, in []*constant) (*constant, error) {
	dims, err := imp.small(in[0])
	if err != nil {
		return nil, err
	}
	c := in[0]
	switch to := onnx.DataType(n.Int("to", 0)); {
	case to == onnx.Float32 && c.integer:
		if err := imp.spend(8 * int64(volume(dims))); err != nil {
			return nil, err
		}
		cast := &constant{dims: c.dims}
		for _, v := range c.ints {
			cast.reals = append(cast.reals, float32(v))
		}
		return cast, nil
	case (to == onnx.Int32 || to == onnx.Int64) && !c.integer:
		if err := imp.spend(16 * int64(volume(dims))); err != nil {
			return nil, err
		}
		cast := &constant{dims: c.dims, integer: true}
		for _, v := range c.reals {
			cast.ints = append(cast.ints, int64(v))
		}
		return cast, nil
	case to == onnx.Float32 || to == onnx.Int32 || to == onnx.Int64:
		return foldIdentity(imp, n, in)
	default:
		return nil, fmt.Errorf("to %v: %w: float32, int32 and int64 are", to, ErrUnsupported)
	}
}

// foldArithmetic computes two small constants element by element.
func foldArithmetic(imp *importer, n *onnx.Node, in []*constant) (*constant, error) {
	if len(in) != 2 || in[0] == nil || in[1] == nil || in[0].integer != in[1].integer {
		return nil, fmt.Errorf("%w: two constants of one type are wanted", ErrMalformed)
	}
	a, err := imp.small(in[0])
	if err != nil {
		return nil, err
	}
	b, err := imp.small(in[1])
	if err != nil {
		return nil, err
	}
	dims, err := broadcast(a, b)
	if err != nil {
		return nil, err
	}
	from := listed(dims, func([]int) int { return 0 })
	result, err := imp.take(&constant{integer: true, ints: []int64{0}}, dims, from)
	if err != nil {
		return nil, err
	}
	walk, at := together(dims, a, b), [3]int{}
	size, move := walk.inner()
	each := func(f func(y, a, b int) error) error {
		for len(from) > 0 {
			for i := range size {
				if err := f(at[0]+i*move[0], at[1]+i*move[1], at[2]+i*move[2]); err != nil {
					return err
				}
			}
			if !walk.next(&at) {
				break
			}
		}
		return nil
	}
	if in[0].integer {
		return result, each(func(y, a, b int) (err error) {
			result.ints[y], err = whole64(n.Op, in[0].ints[a], in[1].ints[b])
			return err
		})
	}
	result.integer, result.ints, result.reals = false, nil, make([]float32, len(from))
	f := arithmetic[map[string]string{"Add": "add", "Sub": "subtract", "Mul": "multiply", "Div": "divide", "Min": "minimum", "Max": "maximum"}[n.Op]]
	return result, each(func(y, a, b int) error {
		f(result.reals[y:y+1], in[0].reals[a:], in[1].reals[b:], 1, 1)
		return nil
	})
}

func whole64(op string, a, b int64) (int64, error) {
	switch op {
	case "Add":
		return a + b, nil
	case "Sub":
		return a - b, nil
	case "Mul":
		return a * b, nil
	case "Min":
		return min(a, b), nil
	case "Max":
		return max(a, b), nil
	}
	if b == 0 {
		return 0, fmt.Errorf("%w: it divides by 0", ErrMalformed)
	}
	return a / b, nil
}
