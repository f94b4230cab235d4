package input

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tandem/transport"
)

// shot is a JPEG image of one grey.
func shot(t testing.TB, grey uint8) []byte {
	t.Helper()
	picture := image.NewGray(image.Rect(0, 0, 16, 16))
	for i := range picture.Pix {
		picture.Pix[i] = grey
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withThumbnail puts a whole image into a segment of another one, as cameras do.
func withThumbnail(outer, inner []byte) []byte {
	n := len(inner) + 2
	segment := append([]byte{0xff, 0xe1, byte(n >> 8), byte(n)}, inner...)
	return slices.Concat(outer[:2], segment, outer[2:])
}

func TestMJPEG(t *testing.T) {
	a, b := shot(t, 51), shot(t, 204)
	stream := slices.Concat([]byte("noise"), a, []byte{0, 0xff, 0}, withThumbnail(b, a), a, b[:len(b)-5])
	s, err := Open(Options{Paths: []string{"mjpeg:-"}, Stdin: bytes.NewReader(stream), Preprocess: Preprocess{Mean: []float32{0.2}, Std: []float32{2}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Fit([]transport.Input{{Shape: []int{1, 2, 2}}}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []float32{0, 0.3, 0} {
		data, err := s.Next(uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range data {
			if v < want-0.01 || v > want+0.01 {
				t.Errorf("image %d: %v, want about %v", i, data, want)
			}
		}
	}
	if _, err := s.Next(3); !errors.Is(err, io.EOF) { // cut off
		t.Errorf("at the end: %v, want %v", err, io.EOF)
	}
	s, err = Open(Options{Paths: []string{"mjpeg:-"}, Stdin: strings.NewReader("\xff\xd8\xff\xe0\x00\x01")})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Fit([]transport.Input{{Shape: []int{1, 2, 2}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(0); err == nil || !strings.Contains(err.Error(), "no JPEG") {
		t.Errorf("a damaged stream: %v", err)
	}
}

func FuzzMJPEG(f *testing.F) {
	a := shot(f, 100)
	f.Add(slices.Concat(a, a))
	f.Add(withThumbnail(a, a))
	f.Fuzz(func(t *testing.T, stream []byte) {
		s, err := openMJPEG(Options{Stdin: bytes.NewReader(stream)}, "-")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Fit(transport.Input{Shape: []int{3, 4, 4}}); err != nil {
			t.Fatal(err)
		}
		for i := range uint64(len(stream) + 1) {
			if _, err := s.Next(i); errors.Is(err, io.EOF) {
				return
			}
		}
		t.Error("it never ends")
	})
}

func TestPictures(t *testing.T) {
	from := image.NewRGBA(image.Rect(0, 0, 2, 1))
	from.Set(0, 0, color.RGBA{255, 0, 0, 255})
	from.Set(1, 0, color.RGBA{0, 0, 255, 255})
	for about, test := range map[string]struct {
		cfg   Preprocess
		shape []int
		want  []float32
	}{
		"channels first":       {Preprocess{}, []int{3, 1, 2}, []float32{1, 0, 0, 0, 0, 1}},
		"channels last":        {Preprocess{}, []int{1, 2, 3}, []float32{1, 0, 0, 0, 0, 1}},
		"forced last":          {Preprocess{Layout: HWC}, []int{1, 2, 3}, []float32{1, 0, 0, 0, 0, 1}},
		"mean of each channel": {Preprocess{Mean: []float32{1, 0.5, 0.25}, Std: []float32{0.5}}, []int{3, 1, 2}, []float32{0, -2, -1, -1, -0.5, 1.5}},
	} {
		p := picture{Preprocess: test.cfg}
		if err := p.Fit(transport.Input{Shape: test.shape}); err != nil {
			t.Fatal(err)
		}
		got := p.scale(from)
		// The first and the third row of either layout.
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", about, got, test.want)
		}
	}
	p := picture{Preprocess: Preprocess{Mean: []float32{1, 2, 3}}}
	if err := p.Fit(transport.Input{Shape: []int{1, 4, 4}}); err == nil || !strings.Contains(err.Error(), "mean has 3 numbers") {
		t.Errorf("three means for one channel: %v", err)
	}
}

func TestParsePreprocess(t *testing.T) {
	net := imageNet()
	for text, want := range map[string]Preprocess{
		"imagenet":                       net,
		"imagenet,layout=hwc":            {Mean: net.Mean, Std: net.Std, Layout: HWC},
		"imagenet,std=1":                 {Mean: net.Mean, Std: []float32{1}},
		"mean=0.5":                       {Mean: []float32{0.5}},
		"mean=1,2,3,std=4,layout=chw":    {Mean: []float32{1, 2, 3}, Std: []float32{4}, Layout: CHW},
		"std=0.5, 0.25, 0.125, mean=-1 ": {Mean: []float32{-1}, Std: []float32{0.5, 0.25, 0.125}},
	} {
		if got, err := ParsePreprocess(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "imagnet", "0.5", "mean=", "mean=1,2", "mean=NaN", "mean=1,2,3,4", "std=0", "std=-1", "layout=chw,hwc", "layout=nhwc", "mean=1,mean=2", "means=1"} {
		if got, err := ParsePreprocess(text); err == nil || !strings.Contains(err.Error(), "use imagenet") {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}
