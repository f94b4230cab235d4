package transport

import (
	"tandem/pipeline"
	"tandem/transport/wire"
)

// recutToWire is nil where there was none.
func recutToWire(r pipeline.Recut) *wire.Recut {
	if r.Epoch == 0 {
		return nil
	}
	return &wire.Recut{Epoch: int32(r.Epoch), Cuts: ints[int32](r.Cuts), Go: r.Go, Why: r.Why}
}

func recutFromWire(m *wire.Recut) (pipeline.Recut, error) {
	r := pipeline.Recut{Epoch: int(m.GetEpoch()), Cuts: ints[int](m.GetCuts()), Go: m.GetGo(), Why: m.GetWhy()}
	return r, r.Validate()
}

func recuttingToWire(r pipeline.Recutting) *wire.Recutting {
	if r.Epoch == 0 {
		return nil
	}
	return &wire.Recutting{Epoch: int32(r.Epoch), Ready: r.Ready, Refused: r.Refused}
}

func recuttingFromWire(m *wire.Recutting) pipeline.Recutting {
	return pipeline.Recutting{Epoch: int(m.GetEpoch()), Ready: m.GetReady(), Refused: m.GetRefused()}
}
