package simulate

import (
	"testing"

	"tandem/role/options"
)

// BenchmarkRun is one run of 300 frames, as a sweep plays thousands.
func BenchmarkRun(b *testing.B) {
	o := options.Default(options.Local)
	o.Simulated = true
	o.Frames = 300
	site, err := Open(o)
	if err != nil {
		b.Fatal(err)
	}
	defer site.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := site.Play(o, "balance"); err != nil {
			b.Fatal(err)
		}
	}
}
