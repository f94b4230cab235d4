package input

import (
	"image"
	"math"
)

// Fit says how a picture of another shape than the network's input gets into it.
type Fit string

// The ways.
const (
	Stretch   Fit = "stretch"   // each side by itself
	Crop      Fit = "crop"      // torchvision's Resize and CenterCrop: the shorter side becomes Preprocess.Resize
	Letterbox Fit = "letterbox" // all of it, with grey bars, as YOLO is trained
)

// bars is the grey of a letterbox: Ultralytics' 114.
const bars = 114

// placing is the size that a picture is scaled to, and where its corner lies in the network's input.
type placing struct {
	width, height int
	corner        image.Point
}

// place says where a picture of a size goes in an input of width times height.
func (f Fit) place(from image.Point, width, height, resize int) placing {
	switch f {
	case Crop:
		p := shorter(from, width, height, resize)
		p.corner = image.Pt(centred(p.width, width), centred(p.height, height))
		return p
	case Letterbox: // Ultralytics' LetterBox
		by := min(float64(width)/float64(from.X), float64(height)/float64(from.Y))
		w := max(1, int(math.RoundToEven(float64(from.X)*by)))
		h := max(1, int(math.RoundToEven(float64(from.Y)*by)))
		return placing{w, h, image.Pt((width-w)/2, (height-h)/2)}
	}
	return placing{width, height, image.Point{}}
}

// shorter scales a picture such that its shorter side becomes what resize says, as torchvision's Resize does. Without it
// the picture becomes as small as it may be while the input is 7/8 of it each way: 256 for 224, as ImageNet's networks are
// evaluated.
func shorter(from image.Point, width, height, resize int) placing {
	side, least := from.X, width
	if resize == 0 && from.X*height > from.Y*width || resize > 0 && from.Y < from.X {
		side, least = from.Y, height
	}
	if resize == 0 {
		resize = int(math.Round(float64(least) * 8 / 7))
	}
	long := func(d int) int {
		if d == side {
			return resize
		}
		return max(1, int(int64(resize)*int64(d)/int64(side)))
	}
	return placing{width: long(from.X), height: long(from.Y)}
}

// centred is where a side begins in that of the input, as in torchvision's CenterCrop: a longer one is cut, and a shorter
// one has bars.
func centred(side, input int) int {
	if side < input {
		return (input - side) / 2
	}
	return -int(math.RoundToEven(float64(side-input) / 2))
}

// fit returns the picture in the input's size.
func (p *picture) fit(from raster) raster {
	at := p.Preprocess.Fit.place(image.Pt(from.width, from.height), p.width, p.height, p.Resize)
	input := image.Rect(0, 0, p.width, p.height)
	seen := image.Rect(0, 0, at.width, at.height).Add(at.corner).Intersect(input)
	scaled := resample(from, at.width, at.height, seen.Sub(at.corner))
	if seen == input {
		return scaled
	}
	whole := newRaster(p.width, p.height, from.channels)
	if p.Preprocess.Fit == Letterbox {
		for i := range whole.pix {
			whole.pix[i] = bars
		}
	}
	for y := range scaled.height {
		copy(whole.row(seen.Min.Y + y)[seen.Min.X*from.channels:], scaled.row(y))
	}
	return whole
}
