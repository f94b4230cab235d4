package input

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"testing"

	"tandem/transport"
)

// BenchmarkPicture is what a camera's picture of 640 x 480 costs for an ImageNet network; decoding alone, and all of it.
func BenchmarkPicture(b *testing.B) {
	from := image.NewRGBA(image.Rect(0, 0, 640, 480))
	random := rand.New(rand.NewPCG(1, 2))
	for y := range 480 {
		for x := range 640 {
			from.Set(x, y, color.RGBA{uint8(x / 3), uint8(y / 2), uint8(random.Uint32() % 64), 255})
		}
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, from, nil); err != nil {
		b.Fatal(err)
	}
	p := newPicture(Options{Preprocess: presets["imagenet"]})
	if err := p.Fit(transport.Input{Shape: []int{3, 224, 224}}); err != nil {
		b.Fatal(err)
	}
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := jpeg.Decode(bytes.NewReader(file.Bytes())); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := p.decode(file.Bytes()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
