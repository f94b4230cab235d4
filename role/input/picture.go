package input

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	_ "image/jpeg" // registers the decoder
	_ "image/png"  // registers the decoder
	"math"

	_ "golang.org/x/image/webp" // registers the decoder

	"tandem/pipeline"
	"tandem/transport"
)

// maxPixels bounds what an image may unpack to, and pixelsForByte what each of its bytes may: no format has more.
const (
	maxPixels     = 64 << 20
	pixelsForByte = 1 << 13
)

// picture makes frames of images: fitted to the model's input, with values in [0, 1], minus mean, divided by std.
type picture struct {
	Preprocess
	canvas
	table [3][256]float32 // the value for each channel and byte
	told  bool            // that the picture is in colour and the network is not

	passed passed
}

func newPicture(o Options) picture {
	p := picture{Preprocess: o.Preprocess, passed: o.passed}
	p.Preprocess.Fit = cmp.Or(o.Fit, p.Preprocess.Fit)
	return p
}

// canvas is the picture that an input of a network is.
type canvas struct {
	channels, height, width int
	layout                  Layout
	flat                    bool
}

func (c canvas) String() string {
	text := fmt.Sprintf("%d x %d, ", c.width, c.height)
	switch {
	case c.channels == 1:
		text += "grey"
	case c.layout == HWC:
		text += "red, green and blue of each pixel together (hwc)"
	default:
		text += "red, green and blue one after the other (chw)"
	}
	if c.flat {
		text += ", row by row in one list"
	}
	return text
}

// canvasOf finds the picture in [channels height width] or [height width channels], [height width], or a flat [n] where n
// is a square, or three squares, of channels in the layout that is set.
func canvasOf(shape []int, layout Layout) (canvas, error) {
	chw := len(shape) == 3 && (shape[0] == 3 || shape[0] == 1 && (shape[2] != 3 || layout == CHW)) && layout != HWC
	hwc := len(shape) == 3 && (shape[2] == 1 || shape[2] == 3) && layout != CHW
	switch n := pipeline.Volume(shape); {
	case chw:
		return canvas{shape[0], shape[1], shape[2], CHW, false}, nil
	case hwc:
		return canvas{shape[2], shape[0], shape[1], HWC, false}, nil
	case len(shape) == 2:
		return canvas{1, shape[0], shape[1], layout, false}, nil
	case len(shape) == 1 && square(n) > 0:
		return canvas{1, square(n), square(n), layout, true}, nil
	case len(shape) == 1 && n%3 == 0 && square(n/3) > 0:
		return canvas{3, square(n / 3), square(n / 3), layout, true}, nil
	}
	return canvas{}, fmt.Errorf("images can't have the model's input shape %v: [1 H W], [3 H W], [H W 1], [H W 3], [H W] or the flat form of a square image is allowed, and --preprocess layout=hwc says that the last dimension is the channels", shape)
}

// TakenFor says which picture an input of that shape is taken for; empty: none.
func TakenFor(shape []int) string {
	c, err := canvasOf(shape, AnyLayout)
	if err != nil {
		return ""
	}
	return c.String()
}

// Fit takes an input that canvasOf finds a picture in.
func (p *picture) Fit(want transport.Input) (err error) {
	if p.canvas, err = canvasOf(want.Shape, p.Layout); err != nil {
		return fmt.Errorf("--input: %w", err)
	}
	if want.Integer() && len(p.Mean)+len(p.Std) > 0 {
		return fmt.Errorf("--preprocess: the input %s holds %s, the bytes of the picture: mean and std are for numbers in [0, 1]", want.Name, want.Type)
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
			if want.Integer() {
				p.table[c][v] = float32(v)
				continue
			}
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

// decode makes a frame of a file.
func (p *picture) decode(file []byte) ([]float32, error) {
	r, err := p.read(file)
	if err != nil {
		return nil, err
	}
	return p.values(r), nil
}

// read decodes a file, as large as it is, once its size is known to be sound.
func (p *picture) read(file []byte) (raster, error) {
	config, format, err := image.DecodeConfig(bytes.NewReader(file))
	switch pixels := int64(config.Width) * int64(config.Height); {
	case err == nil && pixels > maxPixels:
		err = fmt.Errorf("it has %dx%d pixels: at most %d are allowed", config.Width, config.Height, maxPixels)
	case err == nil && pixels > 1<<20+pixelsForByte*int64(len(file)):
		err = fmt.Errorf("it is to have %dx%d pixels, and has %d bytes: it is damaged", config.Width, config.Height, len(file))
	}
	if err != nil {
		return raster{}, err
	}
	if format == "jpeg" {
		file = withHuffman(file)
	}
	decoded, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return raster{}, err
	}
	c := jpegChroma
	if format == "webp" {
		c = webpChroma
	}
	p.tell(decoded, c)
	return upright(rasterOf(decoded, p.channels, c), orientation(file, format)), nil
}

// values returns a picture in the model's shape.
func (p *picture) values(from raster) []float32 {
	scaled := p.fit(from)
	plane, pixel := p.height*p.width, 1 // distances
	if p.layout == HWC {
		plane, pixel = 1, p.channels
	}
	data := make([]float32, len(scaled.pix))
	for c := range p.channels {
		table := &p.table[c]
		for i := range p.height * p.width {
			data[c*plane+i*pixel] = table[scaled.pix[i*p.channels+c]]
		}
	}
	return data
}

// tell says once that a picture loses its colours.
func (p *picture) tell(decoded image.Image, c chroma) {
	if _, grey := decoded.(*image.Gray); grey || p.channels == 3 || p.told || p.passed.tally == nil {
		return
	}
	if p.told = rasterOf(decoded, 3, c).coloured(); p.told {
		p.passed.note(fmt.Sprintf("the picture is in colour, and the network takes %v: it is made grey", p.canvas))
	}
}
