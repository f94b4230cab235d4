package f32

// Epilogue is what becomes of results while they are still in the cache, after
// their bias and bounds: first a function of each, then a pair with the number
// that lies at the same place of another tensor, then bounds again.
//
//	y = Clamp(Pair(Function(y), Other))
//
// The zero value leaves them as they are. Whoever computes results that are not
// finished in a kernel's registers calls Rows for a block of them as soon as it is
// complete, and at no time twice.
type Epilogue struct {
	Function Function
	Pair     Pair
	Other    []float32 // laid out as all the results, which it does not overlap; nil: no pair, and no bounds
	Clamp    Clamp
}

// None says that there is nothing to do.
func (e *Epilogue) None() bool { return e.Function.kind == identity && e.Other == nil }

// Rows finishes rows of cols results, from element at of all the results y on,
// pitch apart.
func (e *Epilogue) Rows(y []float32, at, rows, cols, pitch int) {
	e.rows(native, y, at, rows, cols, pitch)
}

func (e *Epilogue) rows(i isa, y []float32, at, rows, cols, pitch int) {
	if e.None() {
		return
	}
	if rows <= 0 || cols <= 0 {
		return
	}
	b := area{rows, cols, pitch}
	if cols == pitch {
		b = area{1, rows * cols, rows * cols}
	}
	y = y[at:]
	if f := &e.Function; f.kind != identity {
		b.compute(i, f.kind, y, y, y, &f.p)
	}
	if e.Other != nil {
		b.pair(i, e.Pair, y, y, e.Other[at:], e.Clamp)
	}
}

// From is the epilogue of the results from element at on.
func (e Epilogue) From(at int) Epilogue {
	if e.Other != nil {
		e.Other = e.Other[at:]
	}
	return e
}
