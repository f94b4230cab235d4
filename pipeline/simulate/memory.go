package simulate

import (
	"errors"

	"tandem/pipeline"
)

// memory is the node's executor, as far as a simulation has one: whether the tail is resident, and the shapes of frames.
type memory struct {
	tail   bool
	shapes func(layer int) [][]int
	values map[int][]float32 // what frames before a layer have, all of them the same
}

var errSimulated = errors.New("a simulation computes and sends nothing")

func (m *memory) Run([][]float32, int, int) ([][]float32, error) { return nil, errSimulated }
func (m *memory) Load(int, int) error                            { return errSimulated }
func (m *memory) Prepare(int, int) (func() error, error)         { return nil, errSimulated }
func (m *memory) Drop(int, int)                                  { m.tail = false }
func (m *memory) Resident(int, int) bool                         { return m.tail }
func (m *memory) Shapes(layer int) [][]int                       { return m.shapes(layer) }

// data is what a frame has that enters a layer.
func (m *memory) data(layer int) []float32 {
	data, is := m.values[layer]
	if !is {
		n := 0
		for _, shape := range m.shapes(layer) {
			n += pipeline.Volume(shape)
		}
		data = make([]float32, n)
		m.values[layer] = data
	}
	return data
}
