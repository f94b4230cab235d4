package role

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // registers the decoder
	_ "image/png"  // registers the decoder
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/image/draw"
)

// maxPixels bounds what an image may unpack to.
const maxPixels = 64 << 20

// images are the PNG and JPEG files of a folder in the order of their names, again from the first after the last. They
// are scaled to the model's input, with values in [0, 1].
type images struct {
	paths                   []string
	channels, height, width int
}

func openImages(folder string) (*images, error) {
	entries, err := os.ReadDir(folder) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("--input: %w", err)
	}
	m := &images{}
	for _, e := range entries {
		if slices.Contains([]string{".png", ".jpg", ".jpeg"}, strings.ToLower(filepath.Ext(e.Name()))) {
			m.paths = append(m.paths, filepath.Join(folder, e.Name()))
		}
	}
	if len(m.paths) == 0 {
		return nil, fmt.Errorf("--input %s: the folder has no .png, .jpg or .jpeg files", folder)
	}
	return m, nil
}

// fit takes [channels height width], [height width], or a flat [n] where n is a square, or three squares.
func (m *images) fit(shape []int) error {
	switch n := size(shape); {
	case len(shape) == 3 && (shape[0] == 1 || shape[0] == 3):
		m.channels, m.height, m.width = shape[0], shape[1], shape[2]
	case len(shape) == 2:
		m.channels, m.height, m.width = 1, shape[0], shape[1]
	case len(shape) == 1 && square(n) > 0:
		m.channels, m.height, m.width = 1, square(n), square(n)
	case len(shape) == 1 && n%3 == 0 && square(n/3) > 0:
		m.channels, m.height, m.width = 3, square(n/3), square(n/3)
	default:
		return fmt.Errorf("--input: images can't have the model's input shape %v: [1 H W], [3 H W], [H W] or the flat form of a square image is allowed", shape)
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

func (m *images) count() int { return len(m.paths) }

func (m *images) next(i uint64) ([]float32, error) {
	path := m.paths[i%uint64(len(m.paths))]
	data, err := m.read(path)
	if err != nil {
		return nil, fmt.Errorf("--input %s: %w", path, err)
	}
	return data, nil
}

func (m *images) read(path string) (data []float32, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	config, _, err := image.DecodeConfig(file)
	if err != nil {
		return nil, err
	}
	if int64(config.Width)*int64(config.Height) > maxPixels {
		return nil, fmt.Errorf("it has %dx%d pixels: at most %d are allowed", config.Width, config.Height, maxPixels)
	}
	if _, err := file.Seek(0, 0); err != nil {
		return nil, err
	}
	picture, _, err := image.Decode(file)
	if err != nil {
		return nil, err
	}
	return m.scale(picture), nil
}

// scale returns the picture as [channels height width].
func (m *images) scale(picture image.Image) []float32 {
	scaled := image.NewRGBA(image.Rect(0, 0, m.width, m.height))
	draw.ApproxBiLinear.Scale(scaled, scaled.Bounds(), picture, picture.Bounds(), draw.Src, nil)
	plane := m.height * m.width
	data := make([]float32, m.channels*plane)
	for y := range m.height {
		for x := range m.width {
			at, pixel := y*m.width+x, scaled.RGBAAt(x, y)
			if m.channels == 1 {
				data[at] = float32(color.GrayModel.Convert(pixel).(color.Gray).Y) / 255
				continue
			}
			for c, v := range [3]uint8{pixel.R, pixel.G, pixel.B} {
				data[c*plane+at] = float32(v) / 255
			}
		}
	}
	return data
}
