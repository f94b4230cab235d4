package strategy

// baseline never reacts: the pipeline without help.
type baseline struct{}

func (baseline) Next(Situation) Decision { return Decision{} }
func (baseline) Observe(Feedback)        {}
