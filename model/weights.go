package model

import (
	"fmt"
	"math"
	"math/rand/v2"

	"tandem/model/internal/f32"
	"tandem/model/internal/op"
)

// Format is how an executor stores the weights of large layers.
type Format = f32.Format

// The formats. Int8 has a scale for each 32 weights of a row. Float16Arithmetic
// multiplies in half precision, too, where the processor can.
const (
	Float32           = f32.Float32
	Float16           = f32.Float16
	Int8              = f32.Int8
	Float16Arithmetic = f32.Float16Arithmetic
)

// ParseFormat reads the name of a format.
func ParseFormat(name string) (Format, error) { return f32.ParseFormat(name) }

// Stored is what a network's weights take in a format, and what that costs.
type Stored struct {
	Format string `json:"format"`
	Bytes  int64  `json:"bytes"` // of all layers with large weights
	// Error is the largest difference that it makes to an output, in percent of the
	// largest one, among those that are finite.
	Error float64 `json:"error_percent"`
}

// Stored runs the network in each format, on an input at random.
func (n *Network) Stored() (all []Stored, err error) {
	x := make([]float32, 0, n.Size(0))
	random := rand.New(rand.NewPCG(1, 2))
	for _, in := range n.Entering(0) {
		for range op.Volume(in.Shape) {
			v := float32(0) // places in a table stay 0
			if in.Type == "float32" {
				v = random.Float32()
			}
			x = append(x, v)
		}
	}
	var exact []float32
	formats := []Format{Float32, Float16, Int8}
	if f32.MultipliesHalves() {
		formats = append(formats, Float16Arithmetic)
	}
	for _, f := range formats {
		s := Stored{Format: f.String()}
		y, bytes, err := n.in(f, x)
		if err != nil {
			return nil, fmt.Errorf("--weights %v: %w", f, err)
		}
		if f == Float32 {
			exact = y
		}
		most := 0.0
		for i, v := range y {
			e := float64(exact[i])
			if math.IsNaN(e) || math.IsInf(e, 0) { // of a logarithm, say: there is nothing to compare
				continue
			}
			s.Error = max(s.Error, math.Abs(float64(v)-e))
			most = max(most, math.Abs(e))
		}
		s.Bytes, s.Error = bytes, 100*s.Error/max(most, math.SmallestNonzeroFloat32)
		all = append(all, s)
	}
	return all, nil
}

// in gives the outputs with weights in a format, and the bytes of these.
func (n *Network) in(f Format, x []float32) (y []float32, bytes int64, err error) {
	e := NewExecutor(n, Options{Weights: f})
	defer e.Close()
	if err := e.Load(0, n.Len()); err != nil {
		return nil, 0, err
	}
	for _, k := range e.kernels {
		if s, is := k.(op.Storer); is {
			bytes += int64(s.Store(f))
		}
	}
	ys, err := e.Run([][]float32{x}, 0, n.Len())
	if err != nil {
		return nil, 0, err
	}
	return append(y, ys[0]...), bytes, nil
}
