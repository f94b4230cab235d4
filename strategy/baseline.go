package strategy

// baseline never reacts: the pipeline without help.
type baseline struct{}

var _ Strategy = baseline{}

func newBaseline(Params) Strategy { return baseline{} }

func (baseline) Next(Situation) Decision { return Decision{} }
func (baseline) Observe(Feedback)        {}
