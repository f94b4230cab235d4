package op

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"tandem/model/internal/onnx"
)

// nonMaxSuppression chooses boxes: for each class the one with the best score,
// and then the best one that overlaps none that was chosen by more than a
// threshold, until there are enough. It gives [rows 3]: sample, class, box.
//
// How many there are depends on the frame, and shapes do not: it gives as many
// rows as the file declares, or as there can be at most, and those that are not
// used are -1.
//
// https://onnx.ai/onnx/operators/onnx__NonMaxSuppression.html
func nonMaxSuppression(n *Node) error {
	if err := n.takes(2, 5); err != nil {
		return err
	}
	boxes, err := n.dims(0)
	if err != nil {
		return err
	}
	scores, err := n.dims(1)
	if err != nil {
		return err
	}
	if len(boxes) != 3 || len(scores) != 3 || boxes[0] != scores[0] || boxes[1] != scores[2] || boxes[2] != 4 {
		return fmt.Errorf("%w: boxes of shape %v and scores of shape %v", ErrMalformed, boxes, scores)
	}
	rows := 0
	if to := n.declared(0); len(to) == 2 {
		rows = to[0]
	} else {
		most, err := n.ints(2, "")
		if err != nil {
			return fmt.Errorf("as many rows as the frame says: %w", err)
		}
		if len(most) != 1 || most[0] < 1 {
			return fmt.Errorf("at most %d boxes of a class: %w: there would be no row", most, ErrUnsupported)
		}
		rows = scores[0] * scores[1] * int(min(most[0], int64(boxes[1])))
	}
	o := nonMaxSuppressionOp{centers: n.Int("center_point_box", 0) != 0}
	return n.typed(onnx.Int64, n.combine(o, []int{rows, 3}, 0, 1, 2, 3, 4))
}

type nonMaxSuppressionOp struct {
	weightless
	centers bool // a box is its centre, width and height, and not two corners
}

func (l nonMaxSuppressionOp) Load() (Kernel, error) { return l, nil }
func (l nonMaxSuppressionOp) String() string        { return "non-maximum suppression" }

func (l nonMaxSuppressionOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	boxes, scores, z := xs[0].Float32s(), xs[1].Float32s(), y.Float32s()
	most, overlap, least := each(at(xs, 2), 0, 0), each(at(xs, 3), 0, 0), each(at(xs, 4), 0, math.Inf(-1))
	samples, classes, count := xs[1].Shape()[0], xs[1].Shape()[1], xs[1].Shape()[2]
	fill(z, -1)
	rows := 0
	for s := range samples {
		of := boxes[s*count*4:][:count*4]
		for c := range classes {
			first := rows
			before := float32(math.Inf(1)) // the score of the box that was looked at last, and its number
			last := -1
			for float64(rows-first) < most && rows < len(z)/3 {
				best := -1
				for b, v := range scores[(s*classes+c)*count:][:count] {
					follows := v < before || v == before && b > last
					if follows && float64(v) > least && (best < 0 || v > scores[(s*classes+c)*count+best]) {
						best = b
					}
				}
				if best < 0 {
					break
				}
				before, last = scores[(s*classes+c)*count+best], best
				fits := true
				for r := first; fits && r < rows; r++ {
					fits = float64(l.overlap(of[best*4:], of[int(z[r*3+2])*4:])) <= overlap
				}
				if fits {
					z[rows*3], z[rows*3+1], z[rows*3+2] = float32(s), float32(c), float32(best)
					rows++
				}
			}
		}
	}
	return nil
}

// overlap is the area that two boxes share, as a part of the area of both.
func (l nonMaxSuppressionOp) overlap(a, b []float32) float32 {
	var area, low, high [2]float32
	low, high = [2]float32{-math.MaxFloat32, -math.MaxFloat32}, [2]float32{math.MaxFloat32, math.MaxFloat32}
	for i, box := range [2][]float32{a, b} {
		area[i] = 1
		for d := range 2 {
			from, to := min(box[d], box[d+2]), max(box[d], box[d+2])
			if l.centers {
				from, to = box[d]-box[d+2]/2, box[d]+box[d+2]/2
			}
			area[i] *= to - from
			low[d], high[d] = max(low[d], from), min(high[d], to)
		}
	}
	both := max(0, high[0]-low[0]) * max(0, high[1]-low[1])
	if both <= 0 {
		return 0
	}
	return both / (area[0] + area[1] - both)
}
