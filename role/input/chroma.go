package input

import (
	"image"
	"math/bits"
)

// Most JPEG and WebP files have one colour for four pixels. Decoders differ in how they spread it: Go repeats it, while
// libjpeg and libwebp, by which networks were trained, weigh the nearest ones, a triangle ("fancy upsampling"). The
// difference is up to a third of the range at an edge, so it is done as there: libjpeg-turbo's jdsample.c and jdcolor.c,
// libwebp's dsp/upsampling.c and dsp/yuv.h.

// chroma says how luminance and colour of a file become red, green and blue.
type chroma int

const (
	jpegChroma chroma = iota // all of 0 to 255 (JFIF)
	webpChroma               // 16 to 235 (ITU-R BT.601)
)

// upsampler makes rows of red, green and blue of a picture with fewer samples of colour.
type upsampler struct {
	from   *image.YCbCr
	chroma chroma
	across int // pixels for a sample of colour
	down   int
	fancy  bool
	width  int // samples of colour in a row
	height int
	cb, cr []uint8 // of one row, as many as there are pixels
	sums   []int   // of two rows, three to one
}

func newUpsampler(from *image.YCbCr, c chroma) *upsampler {
	u := &upsampler{from: from, chroma: c, across: 1, down: 1}
	switch from.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		u.across = 2
	case image.YCbCrSubsampleRatio420:
		u.across, u.down = 2, 2
	case image.YCbCrSubsampleRatio440:
		u.down = 2
	case image.YCbCrSubsampleRatio411:
		u.across = 4
	case image.YCbCrSubsampleRatio410:
		u.across, u.down = 4, 2
	}
	b := from.Rect
	u.width, u.height = (b.Dx()+u.across-1)/u.across, (b.Dy()+u.down-1)/u.down
	u.fancy = u.across <= 2 && (u.across == 1 || u.width > 2 || c == webpChroma) // as libjpeg does
	u.cb, u.cr, u.sums = make([]uint8, b.Dx()), make([]uint8, b.Dx()), make([]int, u.width)
	return u
}

// row writes row y of the picture.
func (u *upsampler) row(y int, to []uint8) {
	u.spread(u.cb, u.from.Cb, y)
	u.spread(u.cr, u.from.Cr, y)
	b := u.from.Rect
	lum := u.from.Y[u.from.YOffset(b.Min.X, b.Min.Y+y):][:b.Dx()]
	if u.chroma == webpChroma {
		for x, l := range lum {
			to[3*x], to[3*x+1], to[3*x+2] = webpRGB(int(l), int(u.cb[x]), int(u.cr[x]))
		}
		return
	}
	for x, l := range lum {
		to[3*x], to[3*x+1], to[3*x+2] = jpegRGB(int(l), int(u.cb[x]), int(u.cr[x]))
	}
}

// samples is one row of colour.
func (u *upsampler) samples(plane []uint8, row int) []uint8 {
	b := u.from.Rect
	return plane[u.from.COffset(b.Min.X, b.Min.Y+row*u.down):][:u.width]
}

// spread gives every pixel of row y its colour: three parts of the sample that it lies in, and one of the next nearest,
// in either direction.
func (u *upsampler) spread(to, plane []uint8, y int) {
	near := u.samples(plane, y/u.down)
	if !u.fancy {
		for x := range to {
			to[x] = near[x/u.across]
		}
		return
	}
	if u.down == 1 && u.across == 1 {
		copy(to, near)
		return
	}
	far := near // the row before or behind; beyond the edge there is none
	if other := y/u.down + 2*(y%u.down) - 1; u.down == 2 && other >= 0 && other < u.height {
		far = u.samples(plane, other)
	}
	if u.down == 2 {
		for i, v := range near {
			u.sums[i] = 3*int(v) + int(far[i])
		}
	} else {
		for i, v := range near {
			u.sums[i] = int(v)
		}
	}
	if u.across == 1 {
		for x := range to {
			to[x] = uint8((u.sums[x] + 1 + y%2) >> 2)
		}
		return
	}
	even, odd, shift := 8, 7, 4 // added before the last bits go: libjpeg dithers
	if u.down == 1 {
		even, odd, shift = 1, 2, 2
	}
	if u.chroma == webpChroma {
		odd = even
	}
	last := u.sums[0]
	for i, sum := range u.sums {
		next := u.sums[min(i+1, len(u.sums)-1)]
		to[2*i] = uint8((3*sum + last + even) >> shift)
		if 2*i+1 < len(to) {
			to[2*i+1] = uint8((3*sum + next + odd) >> shift)
		}
		last = sum
	}
}

// jpegRGB is jdcolor.c's ycc_rgb_convert.
func jpegRGB(y, cb, cr int) (r, g, b uint8) {
	const half = 1 << 15
	cb, cr = cb-128, cr-128
	return clip(y + (91881*cr+half)>>16), clip(y + (-22554*cb-46802*cr+half)>>16), clip(y + (116130*cb+half)>>16)
}

// webpRGB is yuv.h's VP8YuvToRgb.
func webpRGB(y, u, v int) (r, g, b uint8) {
	y = y * 19077 >> 8
	return clip((y + v*26149>>8 - 14234) >> 6), clip((y - u*6419>>8 - v*13320>>8 + 8708) >> 6), clip((y + u*33050>>8 - 17685) >> 6)
}

func clip(v int) uint8 {
	if uint(v) < 256 {
		return uint8(v)
	}
	return uint8(^v >> (bits.UintSize - 1)) // 0 below, 255 above
}
