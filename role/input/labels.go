package input

import (
	"fmt"
	"math"
)

// OpenLabels reads what --labels names, for that input.
func OpenLabels(o Options, input Source) ([]int, error) {
	if o.Labels == "" {
		return nil, nil
	}
	labels, err := ReadLabels(o.Labels)
	if err == nil && input.Count() > 0 && input.Count() != len(labels) {
		err = fmt.Errorf("--labels %s: it has %d labels for %d frames of input: give one for each", o.Labels, len(labels), input.Count())
	}
	return labels, err
}

// ReadLabels reads the true classes, one for each row of the input.
func ReadLabels(path string) ([]int, error) {
	labels, err := readIntegers(path)
	if err != nil {
		return nil, fmt.Errorf("--labels %s: %w", path, err)
	}
	if len(labels) == 0 {
		return nil, fmt.Errorf("--labels %s: it has no labels", path)
	}
	for i, l := range labels {
		if l < 0 || l > math.MaxInt16 {
			return nil, fmt.Errorf("--labels %s: label %d is %d: a class index of 0 to %d is allowed", path, i, l, math.MaxInt16)
		}
	}
	return labels, nil
}
