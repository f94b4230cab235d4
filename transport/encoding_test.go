package transport

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tandem/pipeline"
	"tandem/transport/wire"
)

// roundHalf is the nearest half of a finite value, by arithmetic.
func roundHalf(v float32) float64 {
	x := float64(v)
	_, exponent := math.Frexp(x)
	step := math.Ldexp(1, max(exponent-11, -24))
	x = math.RoundToEven(x/step) * step
	return max(-65504, min(65504, x))
}

func TestHalves(t *testing.T) {
	check := func(v float32) {
		if got, want := float64(single(half(v))), roundHalf(v); got != want || math.Signbit(got) != math.Signbit(float64(v)) {
			t.Fatalf("%v (%#08x) travels as %v, want %v", v, math.Float32bits(v), got, want)
		}
	}
	for h := range 1 << 16 {
		if h&halfInfinity == halfInfinity {
			continue
		}
		v := single(uint16(h))
		if got := half(v); got != uint16(h) {
			t.Fatalf("%#04x is %v, and comes back as %#04x", h, v, got)
		}
		// Between it and the next larger one, and next to that.
		if next := single(uint16(h + 1)); h&0x7fff < halfMax {
			middle := (v + next) / 2
			check(middle)
			check(math.Nextafter32(middle, v))
			check(math.Nextafter32(middle, next))
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 1 << 20 {
		if v := math.Float32frombits(random.Uint32()); notFinite([]float32{v}) < 0 {
			check(v)
		}
	}
	for _, v := range []float32{65504, 65519.996, 65520, 65536, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32} {
		check(v)
	}
	for _, v := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
		if _, i := floatsOfHalves(halves([]float32{0, v})); i != 1 {
			t.Errorf("%v becomes %#04x, which a receiver takes", v, half(v))
		}
	}
}

// travel takes values over the wire in a format.
func travel(t *testing.T, values []float32, format string) []float32 {
	t.Helper()
	f := pipeline.Frame{Shapes: [][]int{{len(values)}}, Data: values, Label: pipeline.NoLabel, Since: time.Now()}
	m := framesToWire([]pipeline.Frame{f}, format, time.Now())[0]
	if want := map[string]int{Float32: 4, Float16: 2, Int8: 1}[format] * len(values); len(m.GetData()) != want {
		t.Errorf("%d values take %d bytes as %s, want %d", len(values), len(m.GetData()), format, want)
	}
	got, err := frameFromWire(m)
	if err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return got.Data
}

// bounded fails where a value is further off than its format may make it.
func bounded(t *testing.T, values, got []float32, format string) {
	t.Helper()
	low, high := float64(slices.Min(values)), float64(slices.Max(values))
	for i, v := range values {
		off, allowed := math.Abs(float64(got[i])-float64(v)), 0.0
		switch format {
		case Float16: // half a unit in the last place, where it is in range
			allowed = max(math.Abs(float64(v))/(1<<11), 0x1p-25)
			if math.Abs(float64(v)) > 65504 {
				allowed = math.Abs(float64(v)) - 65504
			}
		case Int8: // half a step; the scale is a float32, and so is the sum
			allowed = (high-low)/255/2*(1+1e-4) + max(math.Abs(low), math.Abs(high))*0x1p-23 + 0x1p-140
		}
		if !(off <= allowed) {
			t.Fatalf("%s: %v arrives as %v, which is off by %g, and %g is allowed", format, v, got[i], off, allowed)
		}
	}
}

func TestEncodingsAreBounded(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	normal := make([]float32, 5000)
	for i := range normal {
		normal[i] = float32(random.NormFloat64())
	}
	relu := slices.Clone(normal)
	for i, v := range relu {
		relu[i] = max(v, 0)
	}
	for _, values := range [][]float32{
		normal, relu, {0}, {-3.5, -3.5, -3.5}, {1e30, 1e30}, {0, math.SmallestNonzeroFloat32}, {1, math.Nextafter32(1, 2)},
		{-math.MaxFloat32, 0, math.MaxFloat32}, {math.MaxFloat32, math.MaxFloat32 / 2}, {1e-38, 2e-38}, {65504, 65536, 1e6},
	} {
		before := slices.Clone(values)
		for _, format := range formats {
			got := travel(t, values, format)
			bounded(t, values, got, format)
			if !slices.Equal(values, before) {
				t.Fatalf("%s changes the frame, which may be sent again", format)
			}
			if again := travel(t, values, format); !slices.Equal(again, got) {
				t.Errorf("%s: the second time a frame arrives as another", format)
			}
		}
	}
	got := travel(t, relu, Int8)
	for i, v := range relu {
		if v == 0 && got[i] != 0 {
			t.Fatal("what a ReLU has made 0 is not 0 on arrival")
		}
	}
}

// Values that are not finite are refused in every format, as what they are encoded to.
func TestNotFiniteIsRefusedInEveryFormat(t *testing.T) {
	for _, format := range formats {
		for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
			f := pipeline.Frame{ID: 7, Shapes: [][]int{{3}}, Data: []float32{1, bad, 2}, Label: pipeline.NoLabel, Since: time.Now()}
			m := framesToWire([]pipeline.Frame{f}, format, time.Now())
			if _, err := framesFromWire(m, time.Now()); !errors.Is(err, pipeline.ErrInvalidFrame) || !strings.Contains(err.Error(), "frame 7") {
				t.Errorf("%s, %v: error %v", format, bad, err)
			}
		}
	}
}

func TestBrokenEncodingsAreRefused(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, bad := range []struct {
		m    *wire.Frame
		says string
	}{
		{&wire.Frame{Encoding: 3, Data: make([]byte, 4)}, "its encoding is 3, and this node knows float32, float16, int8"},
		{&wire.Frame{Encoding: -1, Data: make([]byte, 16)}, "its encoding is -1"},
		{&wire.Frame{Encoding: wire.Encoding_FLOAT16, Data: make([]byte, 16)}, "it has 16 bytes of data, and shape [4] needs 8"},
		{&wire.Frame{Encoding: wire.Encoding_INT8, Data: make([]byte, 8), Scale: 1}, "8 bytes of data, and shape [4] needs 4"},
		{&wire.Frame{Encoding: wire.Encoding_FLOAT32, Data: make([]byte, 8)}, "8 bytes of data, and shape [4] needs 16"},
		{&wire.Frame{Encoding: wire.Encoding_FLOAT16, Data: []byte{0, 0, 0, 0x7c, 0, 0, 0, 0}}, "value 1 is not finite"},
		{&wire.Frame{Encoding: wire.Encoding_INT8, Data: make([]byte, 4)}, "its scale is 0"},
		{&wire.Frame{Encoding: wire.Encoding_INT8, Data: make([]byte, 4), Scale: -1}, "its scale is -1"},
		{&wire.Frame{Encoding: wire.Encoding_INT8, Data: make([]byte, 4), Scale: nan}, "its scale is NaN"},
		{&wire.Frame{Encoding: wire.Encoding_INT8, Data: make([]byte, 4), Scale: inf}, "its scale is +Inf"},
		{&wire.Frame{Encoding: wire.Encoding_INT8, Data: make([]byte, 4), Scale: 1, Offset: nan}, "its offset NaN"},
		{&wire.Frame{Encoding: wire.Encoding_INT8, Data: make([]byte, 4), Scale: 1, Offset: -inf}, "its offset -Inf"},
	} {
		bad.m.Id, bad.m.Shape = 5, []int32{4}
		if _, err := frameFromWire(bad.m); !errors.Is(err, pipeline.ErrInvalidFrame) || !strings.Contains(err.Error(), bad.says) {
			t.Errorf("%v: error %v, want one that says %q", bad.m, err, bad.says)
		}
	}
}

// Several tensors of a frame have one float32 slice, and with int8 each its own scale; a single one looks on the wire as
// if there could not be more.
func TestTensorsTravelTogether(t *testing.T) {
	small, large := []float32{0.25, 1, 0.5}, []float32{-1000, 1000, 0, 500}
	f := pipeline.Frame{ID: 4, Shapes: [][]int{{3}, {2, 2}}, Data: slices.Concat(small, large), Label: pipeline.NoLabel, Since: time.Now()}
	for _, format := range formats {
		m := framesToWire([]pipeline.Frame{f}, format, time.Now())[0]
		got, err := frameFromWire(m)
		if err != nil || cmp.Diff(f.Shapes, got.Shapes) != "" {
			t.Fatalf("%s: %v, %v", format, got.Shapes, err)
		}
		bounded(t, small, got.Data[:3], format)
		bounded(t, large, got.Data[3:], format)
		one := f
		one.Shapes, one.Data = f.Shapes[:1], small
		if m := framesToWire([]pipeline.Frame{one}, format, time.Now())[0]; len(m.GetMore()) > 0 || !slices.Equal(m.GetShape(), []int32{3}) {
			t.Errorf("%s: a single tensor is %v", format, m)
		}
	}
	for says, shapes := range map[string][][]int{
		"shape [[3] [2 3]] needs 36":   {{3}, {2, 3}},
		"0 dimensions":                 {{3}, {}},
		"no shape of a frame":          {{3}, {1 << 30, 1 << 30}},
		"129 tensors: 128 are allowed": slices.Repeat([][]int{{1}}, 129),
		"its shape [1073741824] is no": {{1 << 30}, {1 << 30}},
	} {
		bad := f
		bad.Shapes = shapes
		if _, err := frameFromWire(framesToWire([]pipeline.Frame{bad}, Float32, time.Now())[0]); !errors.Is(err, pipeline.ErrInvalidFrame) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: error %v, want one that says %q", shapes, err, says)
		}
	}
}

// Several frames of a call travel in the run's format, each with its own scale, and results as they are.
func TestFramesTravelInTheRunsFormat(t *testing.T) {
	for _, format := range append([]string{""}, formats...) {
		n := &fakeNode{}
		c := client(serve(t, n, 1<<20))
		sent := []pipeline.Frame{frame(0), frame(1), frame(2)}
		sent[0].Data = []float32{1, 2, 3, 4.0001}
		sent[1].Data = []float32{1e-3, 2e-3, 3.3e-3, 4e-3}
		sent[2].Data = []float32{1.00001, -2.00001, 3.00001, 4.00001}
		sent[2].By = pipeline.NodeID{Role: "slow"}
		push := Pushing{Run: "run", From: "me", Wire: format, Frames: sent}
		if _, err := c.Push(t.Context(), push); err != nil {
			t.Fatal(err)
		}
		if each := 4 * valueBytes[encodingOf(&pipeline.Frame{}, format)]; push.bytes() != 2*each+4*4 { // the last one is a result
			t.Errorf("%q: the push has %d bytes of data", format, push.bytes())
		}
		for i, f := range n.frames {
			bounded(t, sent[i].Data, f.Data, format)
			if exact := format == "" || format == Float32 || i == 2; slices.Equal(sent[i].Data, f.Data) != exact {
				t.Errorf("%s: frame %d arrives as %v, and was %v", format, i, f.Data, sent[i].Data)
			}
		}
	}
	push := Pushing{Wire: Int8, Frames: []pipeline.Frame{frame(0), {By: pipeline.NodeID{Role: "fast"}, Data: make([]float32, 10)}}}
	if got := push.bytes(); got != 4+40 {
		t.Errorf("the push has %d bytes, want 44", got)
	}
}

func TestUnknownWireFormatIsRefused(t *testing.T) {
	c := client(serve(t, &fakeNode{}, 1<<20))
	_, err := c.Open(t.Context(), Opening{Run: pipeline.Run{ID: "r", Wire: "bfloat16"}, From: "me", Address: "you:1"})
	for _, want := range []string{"run r", `its wire format "bfloat16" is unknown`, "float32, float16, int8"} {
		if !errors.Is(err, pipeline.ErrInvalidRun) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
	// A node from before there were formats answers without one.
	for format, refused := range map[string]bool{"": false, Float32: false, Float16: true} {
		old := &fakeNode{forgetsWire: true}
		_, err := client(serve(t, old, 1<<20)).Open(t.Context(), Opening{Run: pipeline.Run{ID: "r", Wire: format}, From: "me", Address: "you:1"})
		if (err != nil) != refused || refused && (!errors.Is(err, pipeline.ErrInvalidRun) || !strings.Contains(err.Error(), "same version of tandem")) {
			t.Errorf("%q on an old node: error %v", format, err)
		}
	}
}

// FuzzEncodings takes any values over the wire: what is finite arrives within the format's bounds, all else is refused.
func FuzzEncodings(f *testing.F) {
	f.Add([]byte{0, 0, 0x80, 0x3f, 0, 0, 0x80, 0xbf}, 1)
	f.Add([]byte{0xff, 0xff, 0x7f, 0x7f, 0xff, 0xff, 0x7f, 0xff, 1, 0, 0, 0}, 2)
	f.Fuzz(func(t *testing.T, b []byte, format int) {
		values := make([]float32, len(b)/4)
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		}
		if len(values) == 0 {
			return
		}
		name := formats[uint(format)%uint(len(formats))]
		frames := []pipeline.Frame{{Shapes: [][]int{{len(values)}}, Data: values, Label: pipeline.NoLabel, Since: time.Now()}}
		got, err := framesFromWire(framesToWire(frames, name, time.Now()), time.Now())
		if notFinite(values) >= 0 {
			if err == nil {
				t.Fatalf("%s: %v is taken", name, values)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		bounded(t, values, got[0].Data, name)
		if name == Float32 && !bytes.Equal(bytesOf(got[0].Data), b[:4*len(values)]) {
			t.Error("float32 is not exact")
		}
	})
}

func BenchmarkEncodings(b *testing.B) {
	values := make([]float32, 64<<10)
	for i := range values {
		values[i] = max(0, float32(math.Sin(float64(i))))
	}
	for _, format := range formats {
		var m wire.Frame
		shapes := [][]int{{len(values)}}
		b.Run(format+" encode", func(b *testing.B) {
			b.SetBytes(int64(4 * len(values)))
			for b.Loop() {
				encode(&m, shapes, values, encodingOf(&pipeline.Frame{}, format))
			}
		})
		b.Run(format+" decode", func(b *testing.B) {
			b.SetBytes(int64(4 * len(values)))
			for b.Loop() {
				if _, err := decode(&m, shapes); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
