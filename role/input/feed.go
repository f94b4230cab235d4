package input

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"

	"tandem/pipeline"
)

// Feed reads a source ahead, so that the beat waits neither for a decoder nor for a slow stdin. Its goroutine ends with
// the source or with Stop; only one that waits for stdin can't be stopped, and is left to the end of the process.
type Feed struct {
	labels []int
	items  chan feedItem
	Stop   context.CancelFunc
}

type feedItem struct {
	data []float32
	err  error
}

// readAhead is how many frames are decoded before their time.
const readAhead = 4

// frames is what is read ahead.
type frames interface {
	Next(i uint64) ([]float32, error)
}

// StartFeed begins to read so many frames; 0: until their end. Stop ends it.
func StartFeed(s frames, labels []int, count uint64) *Feed {
	ctx, stop := context.WithCancel(context.Background())
	f := &Feed{labels: labels, items: make(chan feedItem, readAhead), Stop: stop}
	go func() {
		defer close(f.items)
		for i := uint64(0); count == 0 || i < count; i++ {
			data, err := s.Next(i)
			if err == nil {
				err = finite(i, data)
			}
			select {
			case f.items <- feedItem{data, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return f
}

// Next returns the data and label of frame i, or io.EOF.
func (f *Feed) Next(ctx context.Context, i uint64) ([]float32, int, error) {
	label := pipeline.NoLabel
	if len(f.labels) > 0 {
		label = f.labels[i%uint64(len(f.labels))]
	}
	select {
	case item, open := <-f.items:
		if !open {
			return nil, 0, io.EOF
		}
		return item.data, label, item.err
	case <-ctx.Done():
		return nil, 0, io.EOF
	}
}

// finite refuses NaN and infinity at the edge.
func finite(i uint64, data []float32) error {
	if k := slices.IndexFunc(data, notFinite); k >= 0 {
		return fmt.Errorf("--input: value %d of frame %d is %v: only finite values are allowed", k, i, data[k])
	}
	return nil
}

func notFinite(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) }
