package input

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/transport"
)

func TestPictures(t *testing.T) {
	from := raster{2, 1, 3, []uint8{255, 0, 0, 0, 0, 255}}
	for about, test := range map[string]struct {
		cfg  Preprocess
		want transport.Input
		data []float32
	}{
		"channels first":       {Preprocess{}, transport.Input{Shape: []int{3, 1, 2}}, []float32{1, 0, 0, 0, 0, 1}},
		"channels last":        {Preprocess{}, transport.Input{Shape: []int{1, 2, 3}}, []float32{1, 0, 0, 0, 0, 1}},
		"forced last":          {Preprocess{Layout: HWC}, transport.Input{Shape: []int{1, 2, 3}}, []float32{1, 0, 0, 0, 0, 1}},
		"mean of each channel": {Preprocess{Mean: []float32{1, 0.5, 0.25}, Std: []float32{0.5}}, transport.Input{Shape: []int{3, 1, 2}}, []float32{0, -2, -1, -1, -0.5, 1.5}},
		"bytes":                {Preprocess{}, transport.Input{Shape: []int{3, 1, 2}, Type: "uint8"}, []float32{255, 0, 0, 0, 0, 255}},
	} {
		p := newPicture(Options{Preprocess: test.cfg})
		if err := p.Fit(test.want); err != nil {
			t.Fatal(err)
		}
		if got := p.values(from); !slices.Equal(got, test.data) {
			t.Errorf("%s: got %v, want %v", about, got, test.data)
		}
	}
	p := newPicture(Options{Preprocess: Preprocess{Mean: []float32{1, 2, 3}}})
	if err := p.Fit(transport.Input{Shape: []int{1, 4, 4}}); err == nil || !strings.Contains(err.Error(), "mean has 3 numbers") {
		t.Errorf("three means for one channel: %v", err)
	}
	if err := p.Fit(transport.Input{Name: "x", Shape: []int{3, 4, 4}, Type: "uint8"}); err == nil || !strings.Contains(err.Error(), "x holds uint8") {
		t.Errorf("a mean of bytes: %v", err)
	}
	if says := TakenFor([]int{192}); says != "8 x 8, red, green and blue one after the other (chw), row by row in one list" || TakenFor([]int{7}) != "" {
		t.Errorf("%q, %q", says, TakenFor([]int{7}))
	}
}

func TestParsePreprocess(t *testing.T) {
	net := presets["imagenet"]
	for text, want := range map[string]Preprocess{
		"imagenet":                       net,
		"imagenet,layout=hwc":            {Mean: net.Mean, Std: net.Std, Layout: HWC, Fit: Crop},
		"imagenet,std=1":                 {Mean: net.Mean, Std: []float32{1}, Fit: Crop},
		"imagenet,resize=232":            {Mean: net.Mean, Std: net.Std, Fit: Crop, Resize: 232},
		"yolo":                           {Fit: Letterbox},
		"mean=0.5":                       {Mean: []float32{0.5}},
		"mean=1,2,3,std=4,layout=chw":    {Mean: []float32{1, 2, 3}, Std: []float32{4}, Layout: CHW},
		"std=0.5, 0.25, 0.125, mean=-1 ": {Mean: []float32{-1}, Std: []float32{0.5, 0.25, 0.125}},
	} {
		if got, err := ParsePreprocess(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "imagnet", "0.5", "mean=", "mean=1,2", "mean=NaN", "mean=1,2,3,4", "std=0", "std=-1", "layout=chw,hwc", "layout=nhwc", "mean=1,mean=2", "means=1", "resize=0", "resize=1,2", "resize=99999"} {
		if got, err := ParsePreprocess(text); err == nil || !strings.Contains(err.Error(), "use imagenet") {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

// The places and sizes are torchvision's and Ultralytics'.
func TestFits(t *testing.T) {
	for about, test := range map[string]struct {
		fit                   Fit
		from                  image.Point
		width, height, resize int
		want                  placing
	}{
		"stretch":              {Stretch, image.Pt(640, 480), 224, 224, 0, placing{224, 224, image.Pt(0, 0)}},
		"crop, wide":           {Crop, image.Pt(640, 480), 224, 224, 0, placing{341, 256, image.Pt(-58, -16)}},
		"crop, tall":           {Crop, image.Pt(480, 641), 224, 224, 0, placing{256, 341, image.Pt(-16, -58)}},
		"crop of V2 weights":   {Crop, image.Pt(640, 480), 224, 224, 232, placing{309, 232, image.Pt(-42, -4)}},
		"crop of 299":          {Crop, image.Pt(500, 500), 299, 299, 0, placing{342, 342, image.Pt(-22, -22)}},
		"crop, wider input":    {Crop, image.Pt(100, 100), 320, 160, 0, placing{366, 366, image.Pt(-23, -103)}},
		"crop, small resize":   {Crop, image.Pt(100, 100), 224, 224, 100, placing{100, 100, image.Pt(62, 62)}},
		"crop, a line":         {Crop, image.Pt(10000, 1), 224, 224, 0, placing{2560000, 256, image.Pt(-1279888, -16)}},
		"letterbox, wide":      {Letterbox, image.Pt(640, 480), 640, 640, 0, placing{640, 480, image.Pt(0, 80)}},
		"letterbox, odd":       {Letterbox, image.Pt(101, 57), 64, 64, 0, placing{64, 36, image.Pt(0, 14)}},
		"letterbox, one pixel": {Letterbox, image.Pt(1000, 1), 64, 64, 0, placing{64, 1, image.Pt(0, 31)}},
	} {
		if got := test.fit.place(test.from, test.width, test.height, test.resize); got != test.want {
			t.Errorf("%s: %+v, want %+v", about, got, test.want)
		}
	}
	p := newPicture(Options{Fit: Crop}) // the far ends of a line are not computed
	if err := p.Fit(transport.Input{Shape: []int{3, 224, 224}}); err != nil {
		t.Fatal(err)
	}
	if data := p.values(newRaster(10000, 1, 3)); len(data) != 3*224*224 {
		t.Errorf("%d values", len(data))
	}
}

// Every orientation is turned upright.
func TestUpright(t *testing.T) {
	// As it should be: 1 2 / 3 4 / 5 6, and how a camera that was held otherwise has stored it.
	want := raster{2, 3, 1, []uint8{1, 2, 3, 4, 5, 6}}
	for orientation, stored := range map[int]raster{
		1: want,
		2: {2, 3, 1, []uint8{2, 1, 4, 3, 6, 5}},
		3: {2, 3, 1, []uint8{6, 5, 4, 3, 2, 1}},
		4: {2, 3, 1, []uint8{5, 6, 3, 4, 1, 2}},
		5: {3, 2, 1, []uint8{1, 3, 5, 2, 4, 6}},
		6: {3, 2, 1, []uint8{2, 4, 6, 1, 3, 5}},
		7: {3, 2, 1, []uint8{6, 4, 2, 5, 3, 1}},
		8: {3, 2, 1, []uint8{5, 3, 1, 6, 4, 2}},
	} {
		if got := upright(stored, orientation); !reflect.DeepEqual(got, want) {
			t.Errorf("%d: %v, want %v", orientation, got, want)
		}
	}
}

// pictureFile encodes a picture of one colour.
func pictureFile(t testing.TB, c color.Color) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 9, 7))
	for i := range 63 {
		m.Set(i%9, i/9, c)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Pictures of a folder that can't be read are told of, and are no frames; other files are nobody's business.
func TestOtherPicturesOfAFolder(t *testing.T) {
	folder := t.TempDir()
	for name, b := range map[string][]byte{"a.jpg": jpegOf(t, 51), "b.HEIC": nil, "c.tiff": nil, "notes.txt": nil} {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := feed(t, Options{Paths: []string{folder}, Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if item, err := f.Next(t.Context(), time.Now()); err != nil || int(item.Data[0]*255+0.5) != 51 {
			t.Fatalf("%v, %v", item, err)
		}
	}
	if notes := f.Notes(); len(notes) != 1 || !strings.Contains(notes[0], "2 pictures are left out, the first b.HEIC: .png, ") || f.said.Load() != 1 || f.skipped.Load() != 0 {
		t.Errorf("%d said, %d skipped, notes %q", f.said.Load(), f.skipped.Load(), notes)
	}
}

// A folder's damaged pictures are skipped, each counted once, and labels stay with their pictures.
func TestDamagedPictures(t *testing.T) {
	folder := t.TempDir()
	grey := func(v uint8) []byte { return pictureFile(t, color.NRGBA{v, v, v, 255}) }
	for name, b := range map[string][]byte{
		"a.png": grey(51), "._a.png": []byte("\x00\x05\x16\x07 of a Mac"), "b.png": grey(102)[:60], "c.jpg": jpegOf(t, 153), "d.txt": []byte("no picture"),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(folder, "z.png"), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := feed(t, Options{Paths: []string{folder}, Labels: writeNPY(t, []int64{0, 1, 2, 3})}) // ._a a b c
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][2]int{{51, 1}, {153, 3}, {51, 1}, {153, 3}} {
		item, err := f.Next(t.Context(), time.Now())
		if err != nil || int(item.Data[0]*255+0.5) != want[0] || item.Label != want[1] {
			t.Errorf("frame %d: %v, %v, want %v", i, item, err, want)
		}
	}
	if notes := f.Notes(); f.skipped.Load() != 2 || len(notes) != 1 || !strings.Contains(notes[0], "2 damaged pictures were skipped; the first: --input "+filepath.Join(folder, "._a.png")) {
		t.Errorf("%d skipped, notes %q", f.skipped.Load(), notes)
	}
	strict, err := feed(t, Options{Paths: []string{folder}, Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := strict.Next(t.Context(), time.Now()); err == nil || !strings.Contains(err.Error(), "._a.png") || strict.skipped.Load() != 0 {
		t.Errorf("strict: %v", err)
	}
	for _, name := range []string{"a.png", "c.jpg"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("broken"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	none, err := feed(t, Options{Paths: []string{folder}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := none.Next(t.Context(), time.Now()); err == nil || !strings.Contains(err.Error(), "none of the 4 pictures can be read") {
		t.Errorf("all are damaged: %v", err)
	}
}

// That a picture loses its colours is said once, and nothing is said of a grey one.
func TestColourForAGreyNetwork(t *testing.T) {
	for about, test := range map[string]struct {
		colour color.Color
		said   int64
	}{"grey": {color.NRGBA{90, 92, 91, 255}, 0}, "colour": {color.NRGBA{200, 30, 30, 255}, 1}} {
		f, err := feed(t, Options{Paths: []string{writeFile(t, "x.png", pictureFile(t, test.colour))}})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := f.Next(t.Context(), time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if f.said.Load() != test.said || len(f.Notes()) != int(test.said) {
			t.Errorf("%s: said %d times, notes %q", about, f.said.Load(), f.Notes())
		}
	}
}
