package role

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/transport"
)

// BenchmarkCredentials plays the same runs with nothing, with a key and with certificates, in turn, over real TCP with all
// roles on these cores, and reports what the latter two cost as ratios to the first, each the median of all rounds:
// processor time and age of a frame at 33 f/s, and the rate where the client keeps no beat.
func BenchmarkCredentials(b *testing.B) {
	kinds := []struct {
		name           string
		files          transport.Files
		nodes          *localNodes
		creds          *transport.Credentials
		cpu, age, rate []float64 // of each round; µs a frame, ms, f/s
	}{{name: "plain"}, {name: "key", files: keyFile(b, secret)}, {name: "tls", files: certificate(b)}}
	c := quick()
	c.Model, c.Queue = "", 1000
	for i := range kinds {
		k := &kinds[i]
		k.creds = credentials(b, k.files)
		c.credentials = k.creds
		var err error
		if k.nodes, err = startLocal(b.Context(), c); err != nil {
			b.Fatal(err)
		}
	}
	play := func(nodes *localNodes, creds *transport.Credentials, frames uint64, interval time.Duration) (r pipeline.Report) {
		c.credentials, c.Frames, c.Interval = creds, frames, interval
		r, err := nodes.run(b.Context(), c, "baseline")
		if err != nil {
			b.Fatal(err)
		}
		if r.Unaccounted != 0 {
			b.Fatalf("%d frames are unaccounted for", r.Unaccounted)
		}
		return r
	}
	for b.Loop() {
		for i := range kinds {
			k := &kinds[i]
			before := processorTime(b)
			const frames = 66
			k.age = append(k.age, play(k.nodes, k.creds, frames, 30*time.Millisecond).Latency.P50)
			k.cpu = append(k.cpu, float64((processorTime(b)-before).Microseconds())/frames)
			k.rate = append(k.rate, play(k.nodes, k.creds, 2000, 0).Rate)
		}
	}
	plain := kinds[0]
	for _, k := range kinds[1:] {
		b.ReportMetric(median(k.cpu)/median(plain.cpu), "cpu-"+k.name+"/plain")
		b.ReportMetric(median(k.age)/median(plain.age), "age-"+k.name+"/plain")
		b.ReportMetric(median(k.rate)/median(plain.rate), "rate-"+k.name+"/plain")
	}
	b.ReportMetric(median(plain.rate), "f/s-plain")
	b.ReportMetric(median(plain.cpu), "cpu-µs/frame-plain")
	for _, k := range kinds {
		if err := k.nodes.stop(); err != nil {
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
