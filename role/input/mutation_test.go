package input

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"tandem/transport"
)

// mutant changes a few bytes, cuts, doubles or mixes a file.
func mutant(random *rand.Rand, file []byte) []byte {
	b := slices.Clone(file)
	for range 1 + random.IntN(4) {
		if len(b) < 2 {
			return b
		}
		i, j := random.IntN(len(b)), random.IntN(len(b))
		i, j = min(i, j), max(i, j)
		switch random.IntN(7) {
		case 0:
			b[i] ^= 1 << random.IntN(8)
		case 1:
			b[i] = byte(random.Uint32())
		case 2:
			b[i] = []byte{0, 0xff, 0x7f, 0x80, 0xd8, 0xd9}[random.IntN(6)]
		case 3:
			b = b[:j]
		case 4:
			b = slices.Delete(b, i, min(j, i+random.IntN(20)+1))
		case 5:
			b = slices.Insert(b, i, b[i:min(j, i+300)]...)
		case 6: // a header is hit more often
			b[random.IntN(min(len(b), 200))] = byte(random.Uint32())
		}
	}
	return b
}

// colours is a picture with some of everything.
func colours(width, height int) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	random := rand.New(rand.NewPCG(5, 6))
	for y := range height {
		for x := range width {
			m.Set(x, y, color.NRGBA{uint8(5 * x), uint8(7 * y), uint8(random.Uint32()), uint8(200 + x%50)})
		}
	}
	return m
}

// However a file is damaged, it is read or refused, in little time and memory.
func TestMutants(t *testing.T) {
	each := map[bool]int{false: 300, true: 1300}[long]
	if testing.Short() {
		each = 100
	}
	var jpg, pic bytes.Buffer
	if err := jpeg.Encode(&jpg, colours(70, 50), nil); err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(&pic, colours(70, 50)); err != nil {
		t.Fatal(err)
	}
	webp, err := os.ReadFile("testdata/lossy.webp")
	if err != nil {
		t.Fatal(err)
	}
	npy, err := os.ReadFile(writeNPY(t, []float32{1, 2, 3, 4, 5, 6, 7, 8}))
	if err != nil {
		t.Fatal(err)
	}
	withEXIF := slices.Concat(jpg.Bytes()[:2], exif(6), jpg.Bytes()[2:])
	asPicture := func(t *testing.T, b []byte) {
		p := newPicture(Options{Fit: Crop})
		if err := p.Fit(transport.Input{Shape: []int{3, 16, 16}}); err != nil {
			t.Fatal(err)
		}
		if data, err := p.decode(b); err == nil && len(data) != 3*16*16 {
			t.Errorf("%d values", len(data))
		}
	}
	for _, kind := range []struct {
		name string
		file []byte
		read func(*testing.T, []byte)
	}{
		{"jpeg", withEXIF, asPicture},
		{"png", pic.Bytes(), asPicture},
		{"webp", webp, asPicture},
		{"mjpeg", slices.Concat(jpg.Bytes(), withThumbnail(jpg.Bytes(), jpegOf(t, 9)), withoutHuffman(t, jpg.Bytes())), playAll},
		{"npy", npy, func(t *testing.T, b []byte) {
			_, _ = parseNPY(b)
			if in, err := openInput(Options{Paths: []string{writeFile(t, "x.npy", b)}}, 2, 2); err == nil {
				if data, err := in.Next(1); err != nil || len(data) != 4 {
					t.Errorf("%v, %v", data, err)
				}
			}
		}},
	} {
		t.Run(kind.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, uint64(len(kind.file))))
			var slowest time.Duration
			most := uint64(0)
			for i := range each {
				b := mutant(random, kind.file)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				began := processorTime(t)
				kind.read(t, b)
				slowest = max(slowest, processorTime(t)-began)
				runtime.ReadMemStats(&after)
				if most = max(most, after.TotalAlloc-before.TotalAlloc); t.Failed() {
					t.Fatalf("mutant %d", i)
				}
			}
			t.Logf("%d files, the slowest took %v, the largest %d MiB", each, slowest, most>>20)
			if most > 512<<20 || slowest > 10*time.Second {
				t.Errorf("the slowest took %v, the largest %d MiB", slowest, most>>20)
			}
		})
	}
}

// processorTime is what this process has had of the processors, so that it does not matter what else they do.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// exif is a segment that says how the camera was held.
func exif(orientation byte) []byte {
	body := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00?\x00\x00\x00\x00\x00\x00")
	body[bytes.IndexByte(body, '?')] = orientation
	return slices.Concat([]byte{mark, 0xe1, 0, byte(len(body) + 2)}, body)
}

func TestOrientationOfAFile(t *testing.T) {
	plain := jpegOf(t, 1)
	for want := range 10 {
		got := orientation(slices.Concat(plain[:2], exif(byte(want)), plain[2:]), "jpeg")
		if known := want >= 1 && want <= 8; known && got != want || !known && got != 1 {
			t.Errorf("%d is read as %d", want, got)
		}
	}
	if got := orientation(plain, "jpeg"); got != 1 {
		t.Errorf("without EXIF: %d", got)
	}
}

func FuzzPicture(f *testing.F) {
	var jpg, pic bytes.Buffer
	_, _ = jpeg.Encode(&jpg, colours(20, 15), nil), png.Encode(&pic, colours(20, 15))
	f.Add(jpg.Bytes())
	f.Add(pic.Bytes())
	if webp, err := os.ReadFile("testdata/lossy.webp"); err == nil {
		f.Add(webp)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p := newPicture(Options{Fit: Letterbox})
		if err := p.Fit(transport.Input{Shape: []int{3, 8, 9}}); err != nil {
			t.Fatal(err)
		}
		if data, err := p.decode(b); err == nil && len(data) != 3*8*9 {
			t.Errorf("%d values", len(data))
		}
	})
}
