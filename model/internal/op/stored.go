package op

import "tandem/model/internal/f32"

// stored is the weights of a dense layer in a file.
type stored struct {
	weights *Constant // [out in], or [in out] when across
	across  bool
	alpha   float32
	after   []scaling // of each output: the bias, and what was absorbed
}

func (s *stored) Read(w *f32.Matrix, b []float32) error {
	scale, shift, err := combine(s.after, w.Rows())
	if err != nil {
		return err
	}
	scaleBy(scale, s.alpha)
	copy(b, shift)
	if s.across {
		return s.weights.blocks(w.Cols(), w.Rows(), 0, func(from int, block []float32) {
			for i := range block {
				block[i] *= scale[i%w.Rows()]
			}
			w.SetColumns(from, block)
		})
	}
	return s.weights.blocks(w.Rows(), w.Cols(), 0, func(from int, block []float32) {
		for r := range len(block) / w.Cols() {
			scaleBy(block[r*w.Cols():][:w.Cols()], scale[from+r])
		}
		w.SetRows(from, block)
	})
}
