package role

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/transport/auth"
)

// BenchmarkCredentials plays the same runs with nothing, with a key and with certificates, in turn, over real TCP with all
// roles on these cores, and reports what the latter two cost as ratios to the first in the same round, the median of all
// rounds: processor time and age of a frame at 33 f/s, and the rate where the client keeps no beat.
func BenchmarkCredentials(b *testing.B) {
	names := []string{"plain", "key", "tls"}
	c := quick()
	c.Model, c.Queue = "", 1000
	var nodes []*localNodes
	var creds []*auth.Credentials
	for _, files := range []auth.Files{{}, keyFile(b, secret), certificate(b)} {
		c.credentials = credentials(b, files)
		n, err := startLocal(b.Context(), c)
		if err != nil {
			b.Fatal(err)
		}
		nodes, creds = append(nodes, n), append(creds, c.credentials)
	}
	play := func(i int, frames uint64, interval time.Duration) pipeline.Report {
		c.credentials, c.Frames, c.Interval = creds[i], frames, interval
		r, err := nodes[i].run(b.Context(), c, "baseline")
		if err != nil {
			b.Fatal(err)
		}
		return r
	}
	ratios := map[string][]float64{}
	for b.Loop() {
		var first [3]float64
		for i, name := range names {
			const frames = 33
			before := processorTime(b)
			age := play(i, frames, 30*time.Millisecond).Latency.P50
			cpu := float64((processorTime(b) - before).Microseconds()) / frames
			rate := play(i, 1000, 0).Rate
			if i == 0 {
				first = [3]float64{cpu, age, rate}
				ratios["cpu-µs/frame-plain"], ratios["f/s-plain"] = append(ratios["cpu-µs/frame-plain"], cpu), append(ratios["f/s-plain"], rate)
				continue
			}
			for n, value := range map[string]float64{"cpu-": cpu / first[0], "age-": age / first[1], "rate-": rate / first[2]} {
				ratios[n+name+"/plain"] = append(ratios[n+name+"/plain"], value)
			}
		}
	}
	for name, values := range ratios {
		b.ReportMetric(median(values), name)
	}
	for _, n := range nodes {
		if err := n.stop(); err != nil {
			b.Fatal(err)
		}
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
