package input

import (
	"image"
	"image/color"
	"slices"
)

// raster is a picture of one or three bytes a pixel, grey or red, green, blue, row after row: what Pillow's convert("L")
// and convert("RGB") make of a file.
type raster struct {
	width, height, channels int
	pix                     []uint8
}

func newRaster(width, height, channels int) raster {
	return raster{width, height, channels, make([]uint8, width*height*channels)}
}

func (r raster) row(y int) []uint8 {
	n := r.width * r.channels
	return r.pix[y*n:][:n]
}

// rasterOf converts a decoded picture. Alpha is left out, as in Pillow: a pixel that can't be seen has its colour.
func rasterOf(from image.Image, channels int, c chroma) raster {
	b := from.Bounds()
	r := newRaster(b.Dx(), b.Dy(), channels)
	rgb := make([]uint8, 3*r.width)
	read := rowReader(from, c)
	for y := range r.height {
		read(y, rgb)
		if channels == 3 {
			copy(r.row(y), rgb)
			continue
		}
		row := r.row(y)
		for x := range row {
			row[x] = luma(rgb[3*x], rgb[3*x+1], rgb[3*x+2])
		}
	}
	return r
}

// luma is Pillow's L: ITU-R 601-2, in fixed point with 16 bits.
func luma(r, g, b uint8) uint8 {
	return uint8((19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 1<<15) >> 16)
}

// rowReader returns what reads row y of a picture, counted from its top, as red, green and blue.
func rowReader(from image.Image, c chroma) func(y int, to []uint8) {
	min := from.Bounds().Min
	switch m := from.(type) {
	case *image.YCbCr:
		return newUpsampler(m, c).row
	case *image.NYCbCrA:
		return newUpsampler(&m.YCbCr, c).row
	case *image.Gray:
		return func(y int, to []uint8) {
			for x := range len(to) / 3 {
				v := m.Pix[m.PixOffset(min.X+x, min.Y+y)]
				to[3*x], to[3*x+1], to[3*x+2] = v, v, v
			}
		}
	case *image.NRGBA:
		return func(y int, to []uint8) { threeOfFour(to, m.Pix[m.PixOffset(min.X, min.Y+y):]) }
	case *image.RGBA: // of a decoder: opaque
		return func(y int, to []uint8) { threeOfFour(to, m.Pix[m.PixOffset(min.X, min.Y+y):]) }
	}
	return func(y int, to []uint8) {
		for x := range len(to) / 3 {
			to[3*x], to[3*x+1], to[3*x+2] = rgbOf(from.At(min.X+x, min.Y+y))
		}
	}
}

func threeOfFour(to, from []uint8) {
	for i, j := 0, 0; i < len(to); i, j = i+3, j+4 {
		copy(to[i:i+3], from[j:j+3])
	}
}

// rgbOf is a colour without its alpha; 16 bits lose the lower eight.
func rgbOf(c color.Color) (r, g, b uint8) {
	switch c := c.(type) {
	case color.NRGBA:
		return c.R, c.G, c.B
	case color.NRGBA64:
		return uint8(c.R >> 8), uint8(c.G >> 8), uint8(c.B >> 8)
	}
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return n.R, n.G, n.B
}

// coloured reports whether a picture has any colour, beyond the small errors of a grey one that was compressed.
func (r raster) coloured() bool {
	const grey = 16
	for i := 0; r.channels == 3 && i < len(r.pix); i += 3 {
		if p := r.pix[i : i+3]; slices.Max(p)-slices.Min(p) > grey {
			return true
		}
	}
	return false
}
