package model

import (
	"strings"
	"testing"
)

// What is measured can't be foreseen, but how the figures hang together can.
func TestCalibrate(t *testing.T) {
	n := openDigits(t)
	c, err := Calibrate(n, 2, 5, 2)
	if err != nil {
		t.Fatal(err)
	}
	if c.Model != "digits_mlp.onnx" || c.From != 2 || c.To != 5 || c.LoadMS <= 0 || c.BandwidthGBS <= 0 {
		t.Errorf("%+v", c)
	}
	if want := int64(4 * (512*512 + 512 + 512*10 + 10)); c.Bytes != want {
		t.Errorf("%d bytes resident, want %d", c.Bytes, want)
	}
	for i, l := range c.Layers {
		if l.Layer != 2+i || l.Output != n.Tensor(3+i) || len(l.Batches) != 3 {
			t.Errorf("layer %d: %+v", i, l)
		}
		for k, b := range l.Batches {
			if b.Frames != calibrated[k] || b.Threads < 1 || b.Threads > 2 || b.MedianUS <= 0 || b.P99US < b.MedianUS {
				t.Errorf("layer %d: %+v", l.Layer, b)
			}
			if dense := strings.HasPrefix(l.Name, "dense"); dense != (b.GFLOPS > 0) || dense != (b.GBS > 0) {
				t.Errorf("layer %d, %s: %+v", l.Layer, l.Name, b)
			}
		}
	}
	if _, err := Calibrate(n, 2, 6, 1); err == nil {
		t.Error("a layer is measured that there is not")
	}
}
