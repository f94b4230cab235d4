//go:build openblas

package model_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"tandem/model/internal/f32/openblas"
	"tandem/pipeline"
	"tandem/role"
	"tandem/role/device"
	"tandem/role/options"
	"tandem/role/report"
)

// BenchmarkPipelineOpenBLAS compares the frames a second that come out of the whole pipeline (all four roles in this
// process, over TCP, offered 1.2 times as many) with those that OpenBLAS computes of the tail alone, on one thread and with nothing
// beside it. Both take turns in one run.
func BenchmarkPipelineOpenBLAS(b *testing.B) {
	if os.Getenv("OPENBLAS_CORETYPE") == "" {
		b.Skip("set OPENBLAS_CORETYPE to this processor's, such as SkylakeX or Haswell: Debian's OpenBLAS takes unknown ones for much older")
	}
	openblas.Threads(1)
	for _, batch := range []int{1, 16} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			var delivered, alone float64
			for b.Loop() {
				rate := tailRate(batch)
				alone += rate
				delivered += pipelineRate(b, batch, 1.2*rate)
			}
			n := float64(b.N)
			b.ReportMetric(delivered/n, "f/s-pipeline")
			b.ReportMetric(alone/n, "f/s-openblas-tail")
			b.ReportMetric(delivered/alone, "x-openblas")
		})
	}
}

func pipelineRate(b *testing.B, batch int, offered float64) float64 {
	var out bytes.Buffer
	c := options.Default(options.Local)
	c.Strategy, c.Emulate, c.Batch, c.Report.Format = "baseline", device.Emulation{}, batch, report.JSON
	c.Interval, c.Frames = time.Duration(float64(time.Second)/offered), uint64(offered) // a second's worth
	c.Queue = max(10, 2*batch)
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(""), &out, &out
	if err := role.Run(b.Context(), c); err != nil {
		b.Fatal(err)
	}
	var r pipeline.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		b.Fatal(err)
	}
	return r.Rate
}

// tailRate is how many frames a second OpenBLAS takes through dense 2000 to 2000 with bias.
func tailRate(batch int) float64 {
	const side = 2000
	random := rand.New(rand.NewPCG(1, 2))
	fill := func(n int) []float32 {
		s := make([]float32, n)
		for i := range s {
			s[i] = random.Float32()
		}
		return s
	}
	w, bias, x, y := fill(side*side), fill(side), fill(batch*side), make([]float32, batch*side)
	frames, began := 0, time.Now()
	for time.Since(began) < 300*time.Millisecond {
		if batch == 1 {
			openblas.Affine(side, side, w, x, bias, y)
		} else {
			openblas.Batch(batch, side, side, w, x, y)
		}
		frames += batch
	}
	return float64(frames) / time.Since(began).Seconds()
}
