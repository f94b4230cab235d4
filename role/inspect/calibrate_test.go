package inspect

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"tandem/model"
)

func TestCalibrationIsGolden(t *testing.T) {
	batches := func(us float64) []model.BatchCost {
		return []model.BatchCost{
			{Frames: 1, Threads: 1, MedianUS: us, P99US: 2 * us, GFLOPS: 12.3, GBS: 4.5},
			{Frames: 16, Threads: 4, MedianUS: 8 * us, P99US: 9 * us, GFLOPS: 24.6, GBS: 2.25},
		}
	}
	c := model.Calibration{
		Model: "net.onnx", From: 1, To: 3, LoadMS: 12.3, Bytes: 16 << 20, BandwidthGBS: 1.5, Threads: 4,
		Layers: []model.Cost{
			{Layer: 1, Name: "dense 2000 to 2000", Batches: batches(10000)},
			{Layer: 2, Name: "a layer with a very long name", Batches: batches(1.5)},
		},
	}
	var b bytes.Buffer
	printCalibration(&b, c, false)
	golden(t, "calibration.table", b.Bytes())
	for line := range strings.Lines(b.String()) {
		if n := utf8.RuneCountInString(line) - 1; n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}
