package role

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"slices"
	"strings"
	"testing"
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
	s, err := openSource(Config{Input: "mjpeg:-", Stdin: bytes.NewReader(stream), Mean: []float32{0.2}, Std: []float32{2}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.fit([]int{1, 2, 2}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []float32{0, 0.3, 0} {
		data, err := s.next(uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range data {
			if v < want-0.01 || v > want+0.01 {
				t.Errorf("image %d: %v, want about %v", i, data, want)
			}
		}
	}
	if _, err := s.next(3); !errors.Is(err, io.EOF) { // cut off
		t.Errorf("at the end: %v, want %v", err, io.EOF)
	}
	s, err = openSource(Config{Input: "mjpeg:-", Stdin: strings.NewReader("\xff\xd8\xff\xe0\x00\x01")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.next(0); err == nil || !strings.Contains(err.Error(), "no JPEG") {
		t.Errorf("a damaged stream: %v", err)
	}
}

func FuzzMJPEG(f *testing.F) {
	a := shot(f, 100)
	f.Add(slices.Concat(a, a))
	f.Add(withThumbnail(a, a))
	f.Fuzz(func(t *testing.T, stream []byte) {
		s, err := openMJPEG(Config{Stdin: bytes.NewReader(stream)}, "-")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.fit([]int{3, 4, 4}); err != nil {
			t.Fatal(err)
		}
		for i := range uint64(len(stream) + 1) {
			if _, err := s.next(i); errors.Is(err, io.EOF) {
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
		cfg   Config
		shape []int
		want  []float32
	}{
		"channels first":       {Config{}, []int{3, 1, 2}, []float32{1, 0, 0, 0, 0, 1}},
		"channels last":        {Config{}, []int{1, 2, 3}, []float32{1, 0, 0, 0, 0, 1}},
		"forced last":          {Config{Layout: HWC}, []int{1, 2, 3}, []float32{1, 0, 0, 0, 0, 1}},
		"mean of each channel": {Config{Mean: []float32{1, 0.5, 0.25}, Std: []float32{0.5}}, []int{3, 1, 2}, []float32{0, -2, -1, -1, -0.5, 1.5}},
	} {
		p := newPicture(test.cfg)
		if err := p.fit(test.shape); err != nil {
			t.Fatal(err)
		}
		got := p.scale(from)
		// The first and the third row of either layout.
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", about, got, test.want)
		}
	}
	p := newPicture(Config{Mean: []float32{1, 2, 3}})
	if err := p.fit([]int{1, 4, 4}); err == nil || !strings.Contains(err.Error(), "--mean has 3 numbers") {
		t.Errorf("three means for one channel: %v", err)
	}
	for text, ok := range map[string]bool{"imagenet": true, "0.5": true, "1,2,3": true, "": false, "1,2": false, "NaN": false, "1,2,3,4": false} {
		if _, err := ParseMean(text); (err == nil) != ok {
			t.Errorf("--mean %q: %v", text, err)
		}
	}
	if _, err := ParseStd("0"); err == nil {
		t.Error("--std 0 is allowed")
	}
}
