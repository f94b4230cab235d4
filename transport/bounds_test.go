package transport

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"tandem/pipeline"
	"tandem/strategy"
	"tandem/transport/wire"
)

func TestStatusIsValidated(t *testing.T) {
	good := pipeline.Status{Entry: pipeline.Entry{NodeID: pipeline.NodeID{Role: "fast", Address: "fast:1"}}}
	checkStatus := func(s pipeline.Status) error {
		m, ledger := new(wire.Status), new(wire.Ledger)
		if err := errors.Join(convert(s, m), convert(s.Entry, ledger)); err != nil {
			return fmt.Errorf("%w: %w", pipeline.ErrInvalidRun, err) // JSON knows no NaN
		}
		m.Ledger = ledger
		return check(m)
	}
	if err := checkStatus(good); err != nil {
		t.Error(err)
	}
	many := map[strategy.Reason]int64{}
	for i := range 65 {
		many[strategy.Reason(fmt.Sprint(i))] = 1
	}
	for name, spoil := range map[string]func(*pipeline.Status){
		"no role":       func(s *pipeline.Status) { s.Role = "" },
		"long address":  func(s *pipeline.Status) { s.Address = strings.Repeat("x", maxNameBytes+1) },
		"long next":     func(s *pipeline.Status) { s.Next = []string{"slow:1", strings.Repeat("x", maxNameBytes+1)} },
		"many next":     func(s *pipeline.Status) { s.Next = make([]string, maxNameBytes+1) },
		"much energy":   func(s *pipeline.Status) { s.EnergyJ = math.MaxFloat64 },
		"low peak":      func(s *pipeline.Status) { s.QueuePeak = -1 },
		"long state":    func(s *pipeline.Status) { s.State = pipeline.State(strings.Repeat("x", 65)) },
		"below 0":       func(s *pipeline.Status) { s.Lost = -1 },
		"not a number":  func(s *pipeline.Status) { s.RateIn = math.NaN() },
		"infinite":      func(s *pipeline.Status) { s.ServiceMS = math.Inf(1) },
		"from tomorrow": func(s *pipeline.Status) { s.StalenessS = -1 },
		"ancient":       func(s *pipeline.Status) { s.StalenessS = 1e12 },
		"huge queue":    func(s *pipeline.Status) { s.Queue = 1 << 30 },
		"many reasons":  func(s *pipeline.Status) { s.Decisions = many },
		"long reason": func(s *pipeline.Status) {
			s.Decisions = map[strategy.Reason]int64{strategy.Reason(strings.Repeat("x", 65)): 1}
		},
		"bad share": func(s *pipeline.Status) { s.States = map[pipeline.State]float64{"x": math.NaN()} },
	} {
		bad := good
		spoil(&bad)
		if err := checkStatus(bad); !errors.Is(err, pipeline.ErrInvalidRun) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	for _, bad := range []pipeline.Live{{Rate: math.NaN()}, {Sent: -1}, {StalenessS: 1e12}, {State: pipeline.State(strings.Repeat("x", 65))}} {
		m := new(wire.Live)
		if err := errors.Join(convert(bad, m), check(m)); err == nil || m.String() != "" && !errors.Is(err, pipeline.ErrInvalidRun) {
			t.Errorf("%+v: error %v", bad, err)
		}
	}
}

func TestRunIsValidated(t *testing.T) {
	good := pipeline.Run{ID: "r", Strategy: "balance", Frames: 1e15, Cuts: []int{1, 4}, Load: "background"}
	checkRun := func(r pipeline.Run) error {
		return check(&wire.OpenRequest{Run: runToWire(r), From: "me", Address: "you"})
	}
	if err := checkRun(good); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*pipeline.Run){
		"no id":          func(r *pipeline.Run) { r.ID = "" },
		"long model":     func(r *pipeline.Run) { r.Model = strings.Repeat("x", 129) },
		"many frames":    func(r *pipeline.Run) { r.Frames++ },
		"tasks below 0":  func(r *pipeline.Run) { r.Tasks = -1 },
		"interval below": func(r *pipeline.Run) { r.Interval = -1 },
		"many cuts":      func(r *pipeline.Run) { r.Cuts = make([]int, 65) },
	} {
		bad := good
		spoil(&bad)
		if err := checkRun(bad); !errors.Is(err, pipeline.ErrInvalidRun) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
