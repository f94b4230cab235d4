package model

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"os"
	"slices"
	"sync/atomic"
	"testing"
)

const digits = "testdata/digits_mlp.onnx"

// npy reads the numbers of a version 1 .npy file of little-endian float32.
func npy(t testing.TB, path string) []float32 {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(b, []byte("\x93NUMPY\x01\x00")) || !bytes.Contains(b, []byte("'<f4'")) {
		t.Fatalf("%s: not a version 1 .npy file of float32", path)
	}
	b = b[10+binary.LittleEndian.Uint16(b[8:]):]
	s := make([]float32, len(b)/4)
	for i := range s {
		s[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return s
}

func openDigits(t testing.TB) *Network {
	t.Helper()
	n, err := Open(digits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// All images (a few of them in short tests), whole and cut at every place, against PyTorch's logits.
func TestDigitsAgreeWithPyTorch(t *testing.T) {
	images, logits := npy(t, "testdata/digits_images.npy"), npy(t, "testdata/digits_mlp_logits.npy")
	n := openDigits(t)
	in, out := n.Size(0), n.Size(n.Len())
	if in != 64 || out != 10 || len(images) != 360*in || len(logits) != 360*out {
		t.Fatalf("%d to %d with %d and %d numbers, want 64 to 10 with 360 images", in, out, len(images), len(logits))
	}
	step := 1
	if testing.Short() { // under qemu
		step = 12
	}
	for cut := 1; cut <= n.Len(); cut++ {
		head, tail := NewExecutor(n, Options{}), NewExecutor(n, Options{})
		if err := head.Load(0, cut); err != nil {
			t.Fatal(err)
		}
		if err := tail.Load(cut, n.Len()); err != nil {
			t.Fatal(err)
		}
		for f := 0; f < 360; f += step {
			y, err := runOne(head, images[f*in:][:in], 0, cut)
			if err == nil && cut < n.Len() {
				y, err = runOne(tail, y, cut, n.Len())
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range logits[f*out:][:out] {
				if d := math.Abs(float64(y[i] - want)); !(d <= 1e-4) {
					t.Fatalf("cut %d, image %d: logit %d is %v, want %v", cut, f, i, y[i], want)
				}
			}
		}
	}
}

func TestDigitsDescription(t *testing.T) {
	n := openDigits(t)
	if n.Name() != "digits_mlp.onnx" || n.Len() != 5 || n.Tensor(0) != "input" || n.Tensor(5) != "logits" {
		t.Errorf("%s of %d layers from %q to %q", n.Name(), n.Len(), n.Tensor(0), n.Tensor(n.Len()))
	}
	// of {"files":[{"size":1204925}],"chunks":"…"}, with the base64 of sha256sum of every 8 KiB
	if want := "chunks:a8fc2348f99d5775b3ecdcbe6857a18db3d06c3efb66e47de4704dc876fa164e"; n.Digest() != want {
		t.Errorf("digest %s, want %s", n.Digest(), want)
	}
	for i, want := range []int{64, 512, 512, 512, 512, 10} {
		if s := n.Shapes(i); len(s) != 1 || !slices.Equal(s[0], []int{want}) || n.Size(i) != want {
			t.Errorf("activation %d has shapes %v, want [[%d]]", i, s, want)
		}
	}
	if len(n.Shapes(-1)) > 0 || len(n.Shapes(6)) > 0 || n.Tensor(-1) != "" || n.Tensor(6) != "" {
		t.Error("activations beyond the network")
	}
}

// counter counts the bytes read from a file.
type counter struct {
	io.ReaderAt
	n atomic.Int64
}

func (c *counter) ReadAt(b []byte, at int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(b, at)
	c.n.Add(int64(n))
	return n, err
}

func TestLoadReadsItsSliceOnly(t *testing.T) {
	b, err := os.ReadFile(digits)
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{ReaderAt: bytes.NewReader(b)}
	n, err := read("digits", c, int64(len(b)), &siblings{}, Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if got, most := c.n.Load()-int64(len(b)), int64(64<<10); got > most {
		t.Errorf("opening read %d bytes beside the digest's, want at most %d", got, most)
	}
	e := NewExecutor(n, Options{})
	for _, test := range []struct {
		from, to int
		want     int64
	}{
		{0, 1, 4 * (64*512 + 512)},
		{1, 2, 0},
		{2, 4, 4 * (512*512 + 512)},
		{0, 4, 0}, // all resident
		{0, 5, 4 * (512*10 + 10)},
	} {
		before := c.n.Load()
		if err := e.Load(test.from, test.to); err != nil {
			t.Fatal(err)
		}
		if got := c.n.Load() - before; got != test.want {
			t.Errorf("loading layers %d to %d read %d bytes, want %d", test.from, test.to, got, test.want)
		}
	}
}
