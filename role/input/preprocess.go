package input

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Preprocess is how a picture becomes numbers: fitted to the network's input, its values in [0, 1], minus Mean, divided by
// Std. The zero value stretches it, and leaves values as they are.
type Preprocess struct {
	Mean, Std []float32 // for each channel, or one for all; empty: 0 and 1
	Layout    Layout
	Fit       Fit // empty: Stretch
	Resize    int // of Crop: what the shorter side becomes; 0: 8/7 of the input's
}

// Layout is the order of a picture's dimensions in the model's input.
type Layout string

// The layouts. By default the shape says it: the dimension of 1 or 3 is the channels.
const (
	AnyLayout Layout = ""
	CHW       Layout = "chw" // PyTorch
	HWC       Layout = "hwc" // Keras
)

// presets are all of it in one word.
var presets = map[string]Preprocess{
	// What torchvision's ImageNet networks were trained with: red, green, blue.
	"imagenet": {Mean: []float32{0.485, 0.456, 0.406}, Std: []float32{0.229, 0.224, 0.225}, Fit: Crop},
	"yolo":     {Fit: Letterbox},
}

var errPreprocess = errors.New("use imagenet, or mean, std and layout as in mean=0.485,0.456,0.406,std=0.5,layout=hwc: one number or three, for values in [0, 1]; chw as in PyTorch, or hwc as in Keras; or yolo; or resize=232, the shorter side before --fit crop")

// ParsePreprocess reads imagenet, yolo, mean=…, std=…, layout=… and resize=…, one after another: later ones take the place
// of what imagenet or yolo has set.
func ParsePreprocess(s string) (Preprocess, error) {
	var p Preprocess
	key := ""
	given := map[string][]string{}
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		name, value, named := strings.Cut(part, "=")
		preset, known := presets[part]
		switch {
		case known:
			p, key = preset, ""
			continue
		case named && len(given[name]) > 0:
			return Preprocess{}, fmt.Errorf("%q is given twice: %w", name, errPreprocess)
		case named:
			key, part = name, value
		}
		given[key] = append(given[key], part)
	}
	for key, values := range given {
		var err error
		switch key {
		case "mean":
			p.Mean, err = numbers(values, math.Inf(-1))
		case "std":
			p.Std, err = numbers(values, 0)
		case "layout":
			if p.Layout = Layout(values[0]); len(values) > 1 || p.Layout != CHW && p.Layout != HWC {
				err = errPreprocess
			}
		case "resize":
			if p.Resize, err = strconv.Atoi(values[0]); err != nil || len(values) > 1 || p.Resize < 1 || p.Resize > maxSide {
				err = errPreprocess
			}
		default:
			err = errPreprocess
		}
		if err != nil {
			return Preprocess{}, fmt.Errorf("%q: %w", strings.TrimPrefix(key+"="+strings.Join(values, ","), "="), err)
		}
	}
	return p, nil
}

// numbers reads one number, or three, each above a bound.
func numbers(texts []string, above float64) ([]float32, error) {
	values := make([]float32, len(texts))
	for i, text := range texts {
		v, err := strconv.ParseFloat(text, 32)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v <= above || len(texts) == 2 || len(texts) > 3 {
			return nil, errPreprocess
		}
		values[i] = float32(v)
	}
	return values, nil
}

// maxSide bounds what a side may be scaled to.
const maxSide = 1 << 14

// IsZero reports whether nothing is set.
func (p Preprocess) IsZero() bool {
	return len(p.Mean)+len(p.Std)+p.Resize == 0 && p.Layout == AnyLayout && p.Fit == ""
}
