package input

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // registers the decoder
	_ "image/png"  // registers the decoder
	"io"
	"math"

	"tandem/pipeline"
	"tandem/transport"

	"golang.org/x/image/draw"
)

// maxPixels bounds what an image may unpack to.
const maxPixels = 64 << 20

// picture makes frames of images: scaled to the model's input, with values in [0, 1], minus mean, divided by std.
type picture struct {
	Preprocess
	channels, height, width int
	table                   [3][256]float32 // the value for each channel and byte
}

// Fit takes [channels height width] or [height width channels], [height width], or a flat [n] where n is a square, or
// three squares, of channels in the layout that is set.
func (p *picture) Fit(want transport.Input) error {
	shape := want.Shape
	chw := len(shape) == 3 && (shape[0] == 3 || shape[0] == 1 && (shape[2] != 3 || p.Layout == CHW)) && p.Layout != HWC
	hwc := len(shape) == 3 && (shape[2] == 1 || shape[2] == 3) && p.Layout != CHW
	switch n := pipeline.Volume(shape); {
	case chw:
		p.channels, p.height, p.width = shape[0], shape[1], shape[2]
	case hwc:
		p.channels, p.height, p.width = shape[2], shape[0], shape[1]
		p.Layout = HWC
	case len(shape) == 2:
		p.channels, p.height, p.width = 1, shape[0], shape[1]
	case len(shape) == 1 && square(n) > 0:
		p.channels, p.height, p.width = 1, square(n), square(n)
	case len(shape) == 1 && n%3 == 0 && square(n/3) > 0:
		p.channels, p.height, p.width = 3, square(n/3), square(n/3)
	default:
		return fmt.Errorf("--input: images can't have the model's input shape %v: [1 H W], [3 H W], [H W 1], [H W 3], [H W] or the flat form of a square image is allowed, and --preprocess layout=hwc says that the last dimension is the channels", shape)
	}
	for name, list := range map[string][]float32{"mean": p.Mean, "std": p.Std} {
		if len(list) > 1 && len(list) != p.channels {
			return fmt.Errorf("--preprocess: %s has %d numbers, and the model's input %d channels: give one number, or one for each", name, len(list), p.channels)
		}
	}
	of := func(list []float32, c int, otherwise float32) float32 {
		if len(list) == 0 {
			return otherwise
		}
		return list[c%len(list)]
	}
	for c := range p.channels {
		for v := range p.table[c] {
			p.table[c][v] = (float32(v)/255 - of(p.Mean, c, 0)) / of(p.Std, c, 1)
		}
	}
	return nil
}

// square returns the root of a square number, or 0.
func square(n int) int {
	if root := int(math.Round(math.Sqrt(float64(n)))); root*root == n {
		return root
	}
	return 0
}

// read decodes an image, once its size is known to be sound.
func (p *picture) read(from io.Reader) ([]float32, error) {
	var head bytes.Buffer
	config, _, err := image.DecodeConfig(io.TeeReader(from, &head))
	if err == nil && int64(config.Width)*int64(config.Height) > maxPixels {
		err = fmt.Errorf("it has %dx%d pixels: at most %d are allowed", config.Width, config.Height, maxPixels)
	}
	if err != nil {
		return nil, err
	}
	decoded, _, err := image.Decode(io.MultiReader(&head, from))
	if err != nil {
		return nil, err
	}
	return p.scale(decoded), nil
}

// scale returns the image in the model's shape.
func (p *picture) scale(from image.Image) []float32 {
	scaled := image.NewRGBA(image.Rect(0, 0, p.width, p.height))
	draw.ApproxBiLinear.Scale(scaled, scaled.Bounds(), from, from.Bounds(), draw.Src, nil)
	channel, pixel := p.height*p.width, 1 // distances
	if p.Layout == HWC {
		channel, pixel = 1, p.channels
	}
	data := make([]float32, p.channels*p.height*p.width)
	for y := range p.height {
		for x := range p.width {
			at, c := (y*p.width+x)*pixel, scaled.RGBAAt(x, y)
			if p.channels == 1 {
				data[at] = p.table[0][color.GrayModel.Convert(c).(color.Gray).Y]
				continue
			}
			for k, v := range [3]uint8{c.R, c.G, c.B} {
				data[k*channel+at] = p.table[k][v]
			}
		}
	}
	return data
}
