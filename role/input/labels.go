package input

import (
	"fmt"
	"math"
)

// OpenLabels reads what --labels names, for that input.
func OpenLabels(o Options, input *Inputs) ([]int, error) {
	if o.Labels == "" {
		return nil, nil
	}
	labels, err := ReadLabels(o.Labels)
	if err == nil {
		err = oneForEach(o.Labels, labels, input.Count())
	}
	return labels, err
}

// oneForEach refuses labels of another number of frames; 0: it is not known.
func oneForEach(path string, labels []int, frames int) error {
	if frames > 0 && frames != len(labels) {
		return fmt.Errorf("--labels %s: it has %d labels for %d frames of input: give one for each", path, len(labels), frames)
	}
	return nil
}

// ReadLabels reads the true classes, one for each row of the input.
func ReadLabels(path string) ([]int, error) {
	a, err := openNPY(path)
	var labels []int
	if classes, ok := integers[a.kind]; ok {
		labels, err = classes(a)
	} else if err == nil {
		err = fmt.Errorf("its elements are %s, and integers are needed: save x.astype(numpy.int64)", a.kind)
	}
	if err != nil {
		return nil, fmt.Errorf("--labels %s: %w", path, err)
	}
	return labels, nil
}

// integers are the kinds of arrays that can hold classes.
var integers = map[string]func(array) ([]int, error){
	"i1": classes[int8], "i2": classes[int16], "i4": classes[int32], "i8": classes[int64],
	"u1": classes[uint8], "u2": classes[uint16], "u4": classes[uint32], "u8": classes[uint64],
}

func classes[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](a array) ([]int, error) {
	values, err := elements[T](a)
	labels := make([]int, len(values))
	for i, v := range values {
		if v < 0 || uint64(v) > math.MaxInt16 {
			return nil, fmt.Errorf("label %d is %d: a class index of 0 to %d is allowed", i, v, math.MaxInt16)
		}
		labels[i] = int(v)
	}
	return labels, err
}
