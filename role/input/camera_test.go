package input

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tandem/transport"
)

// jpegOf is a JPEG image of one grey.
func jpegOf(t testing.TB, grey uint8) []byte {
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

// withoutHuffman takes the tables out, as USB cameras do.
func withoutHuffman(t testing.TB, file []byte) []byte {
	t.Helper()
	at, segment := segmentOf(file, dht)
	if segment == nil {
		t.Fatal("it has no tables")
	}
	return slices.Concat(file[:at], file[at+len(segment):])
}

// garbled damages the scan.
func garbled(file []byte) []byte {
	file = slices.Clone(file)
	at, scan := segmentOf(file, sos)
	for i := range file[at+len(scan) : len(file)-2] {
		file[at+len(scan)+i] = 0xff
	}
	return file
}

// fed is a feed that has begun, and what it has said and skipped.
type fed struct {
	*Feed
	skipped atomic.Int64
	said    atomic.Int64
}

func feed(t *testing.T, o Options) (*fed, error) {
	t.Helper()
	f := &fed{}
	o.Skipped = func(n int) { f.skipped.Add(int64(n)) }
	o.Say = func(string) { f.said.Add(1) }
	var err error
	if f.Feed, err = OpenFeed(o); err != nil {
		return nil, err
	}
	t.Cleanup(f.Close)
	if err := f.Fit([]transport.Input{{Shape: []int{1, 2, 2}}}); err != nil {
		return nil, err
	}
	f.Start(0)
	return f, nil
}

// rest reads the greys of all further frames, and why they end.
func (f *fed) rest(ctx context.Context) (greys []int, err error) {
	for {
		item, err := f.Next(ctx, time.Now())
		if err != nil {
			return greys, err
		}
		greys = append(greys, int(item.Data[0]*255+0.5))
	}
}

func TestRecordings(t *testing.T) {
	a, b := jpegOf(t, 51), jpegOf(t, 204)
	all := func(files ...[]byte) string { return string(slices.Concat(files...)) }
	for about, test := range map[string]struct {
		stream  string
		greys   []int
		skipped int64
		says    string // in place of the end
	}{
		"whole":                      {all(a, b, a), []int{51, 204, 51}, 0, ""},
		"noise and a thumbnail":      {all([]byte("noise"), a, []byte{0, 0xff, 0}, withThumbnail(b, a), a), []int{51, 204, 51}, 0, ""},
		"without Huffman tables":     {all(withoutHuffman(t, a), withoutHuffman(t, b)), []int{51, 204}, 0, ""},
		"a damaged one":              {all(a, garbled(b), b), []int{51, 204}, 1, ""},
		"the last one is cut off":    {all(a, b, a[:len(a)-5]), []int{51, 204}, 1, ""},
		"one in the middle is":       {all(a, b[:len(b)-5], b, a[:40], b), []int{51, 204, 204}, 2, ""},
		"one lacks its end marker":   {all(a, b[:len(b)-2], b), []int{51, 204}, 1, ""},
		"no end marker at all":       {all(a[:len(a)-2], b[:len(b)-2]), nil, 2, "no picture came, it ended after"},
		"why there is no end marker": {all(a[:len(a)-2]), nil, 1, "it has no end marker"},
		"no stream of pictures":      {strings.Repeat("\x00\x00\x00\x01\x27", 100), nil, 0, "it ended after 500 bytes: JPEG pictures one after another are needed"},
		"nothing":                    {"", nil, 0, "it ended after 0 bytes"},
		"a header alone":             {"\xff\xd8\xff\xe0\x00\x01", nil, 1, "no picture came"},
		"all damaged":                {all(garbled(a), garbled(a)), nil, 2, "no JPEG image that can be read"},
	} {
		f, err := feed(t, Options{Paths: []string{"mjpeg:-"}, Stdin: strings.NewReader(test.stream)})
		if err != nil {
			t.Fatal(err)
		}
		greys, err := f.rest(t.Context())
		if !slices.Equal(greys, test.greys) || f.skipped.Load() != test.skipped || errors.Is(err, io.EOF) != (test.says == "") || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, %d skipped, %v; want %v, %d, %q", about, greys, f.skipped.Load(), err, test.greys, test.skipped, test.says)
		}
		if notes := f.Notes(); (test.skipped > 0) != (len(notes) == 1 && strings.Contains(notes[0], "damaged")) || min(1, test.skipped) != f.said.Load() {
			t.Errorf("%s: %d said, notes %q", about, f.said.Load(), notes)
		}
	}
	strict, err := feed(t, Options{Paths: []string{"mjpeg:-"}, Strict: true, Stdin: strings.NewReader(all(a, garbled(b), b))})
	if err != nil {
		t.Fatal(err)
	}
	if greys, err := strict.rest(t.Context()); len(greys) != 1 || errors.Is(err, io.EOF) || strict.skipped.Load() != 0 {
		t.Errorf("strict: %v, %v", greys, err)
	}
}

// film writes a picture every so often, with its number as its grey; it blocks as a pipe without a buffer does.
func film(t *testing.T, to io.WriteCloser, every time.Duration, from, until int) {
	for i := from; i < until; i++ {
		if _, err := to.Write(jpegOf(t, uint8(i))); err != nil {
			return
		}
		time.Sleep(every)
	}
	_ = to.Close()
}

// Of a camera that is faster than the beat the newest picture is sent, and its age begins when its last byte arrived.
func TestTheNewestPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		f, err := feed(t, Options{Paths: []string{"mjpeg:-"}, Stdin: reader})
		if err != nil {
			t.Fatal(err)
		}
		if !f.Live() {
			t.Error("it is not taken for a camera")
		}
		began := time.Now()
		go func() { // it has waited for its reader, so there is a backlog
			for i := range 40 {
				_, _ = writer.Write(jpegOf(t, uint8(i)))
			}
			film(t, writer, 30*time.Millisecond, 40, 200)
		}()
		due, sent := began, 0
		for {
			item, err := f.Next(t.Context(), due)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			sent++
			number := int(item.Data[0]*255 + 0.5)
			written := began.Add(time.Duration(number-40) * 30 * time.Millisecond)
			if age := time.Since(item.since); sent > 3 && (age > 31*time.Millisecond || item.since.Sub(written).Abs() > time.Millisecond) {
				t.Errorf("frame %d: picture %d, written %v ago, age %v", sent, number, time.Since(written), age)
			}
			time.Sleep(time.Until(due))
			due = due.Add(100 * time.Millisecond)
		}
		if n := int(f.skipped.Load()); sent < 45 || sent > 55 || n != 200-sent {
			t.Errorf("%d sent, %d skipped", sent, n)
		}
	})
}

// A recording that comes through a pipe is played whole, however slow the beat is, and so is a camera if that is wanted.
func TestRecordingThroughAPipe(t *testing.T) {
	for newest, every := range map[Newest]time.Duration{"": 0, Never: 30 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			reader, writer := io.Pipe()
			f, err := feed(t, Options{Paths: []string{"mjpeg:-"}, Stdin: reader, Newest: newest})
			if err != nil {
				t.Fatal(err)
			}
			go film(t, writer, every, 0, 50)
			for i := range 50 {
				time.Sleep(100 * time.Millisecond)
				item, err := f.Next(t.Context(), time.Now())
				if err != nil {
					t.Fatal(err)
				}
				if number := int(item.Data[0]*255 + 0.5); number != i {
					t.Fatalf("newest %q: picture %d comes as frame %d", newest, number, i)
				}
			}
			if _, err := f.Next(t.Context(), time.Now()); !errors.Is(err, io.EOF) || f.skipped.Load() > 0 {
				t.Errorf("%v, %d skipped", err, f.skipped.Load())
			}
		})
	}
}

// A camera that is silent is an error after a few seconds, and never a run without frames.
func TestSilentCamera(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		f, err := feed(t, Options{Paths: []string{"mjpeg:-"}, Stdin: reader})
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				if _, err := writer.Write([]byte("no picture")); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		began := time.Now()
		if _, err := f.Next(t.Context(), began); err == nil || !strings.Contains(err.Error(), "no picture came") || time.Since(began) > firstPicture+time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		_ = reader.Close()
		time.Sleep(2 * time.Second) // the writer sees it
	})
	synctest.Test(t, func(t *testing.T) { // it says nothing at all
		reader, _ := io.Pipe()
		f, err := feed(t, Options{Paths: []string{"mjpeg:-"}, Stdin: reader})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Next(t.Context(), time.Now()); err == nil || !strings.Contains(err.Error(), "has sent nothing") {
			t.Error(err)
		}
		_ = reader.Close()
	})
	synctest.Test(t, func(t *testing.T) { // it falls silent later
		reader, writer := io.Pipe()
		f, err := feed(t, Options{Paths: []string{"mjpeg:-"}, Stdin: reader})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = writer.Write(jpegOf(t, 51)) }()
		greys, err := f.rest(t.Context())
		if len(greys) != 1 || err == nil || !strings.Contains(err.Error(), "no further picture came for 30s") {
			t.Errorf("%v, %v", greys, err)
		}
		_ = reader.Close()
	})
}

// site is a network camera that sends a few pictures and then hangs up.
func site(t *testing.T, grey uint8, pictures int, answers *atomic.Int64) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers.Add(1)
		if user, word, _ := r.BasicAuth(); r.URL.Path != "/stream.mjpg" || user != "me" || word != "secret" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=next")
		for range pictures {
			if r.Context().Err() != nil {
				return
			}
			file := jpegOf(t, grey)
			fmt.Fprintf(w, "--next\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n", len(file), file)
			w.(http.Flusher).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	}))
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "//", "//me:secret@", 1)
}

func TestNetworkCamera(t *testing.T) {
	var answers atomic.Int64
	url := site(t, 51, 3, &answers)
	f, err := feed(t, Options{Paths: []string{url + "/stream.mjpg"}, Newest: Never})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		if item, err := f.Next(t.Context(), time.Now()); err != nil || int(item.Data[0]*255+0.5) != 51 {
			t.Fatalf("frame %d: %v, %v", i, item, err)
		}
	}
	if answers.Load() < 3 || !strings.Contains(strings.Join(f.Notes(), ""), "was made again") || strings.Contains(strings.Join(f.Notes(), ""), "secret") {
		t.Errorf("%d connections, notes %q", answers.Load(), f.Notes())
	}
}

// Two cameras have equal shares, whatever their paces, and one that is not there stops neither.
func TestSeveralSources(t *testing.T) {
	var answers atomic.Int64
	door, yard := site(t, 51, 1000, &answers), site(t, 204, 1000, &answers)
	f, err := feed(t, Options{Sources: []string{
		"door=" + door + "/stream.mjpg", "nowhere=" + door + "/other", "yard=" + yard + "/stream.mjpg",
	}})
	if err != nil {
		t.Fatal(err)
	}
	share := map[string]int{}
	for range 40 {
		for _, s := range f.streams { // a busy machine may be late with a picture
			for s.name != "nowhere" && !s.in.ready() {
				time.Sleep(time.Millisecond)
			}
		}
		item, err := f.Next(t.Context(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if grey := map[string]int{"door": 51, "yard": 204}[item.Source]; int(item.Data[0]*255+0.5) != grey {
			t.Errorf("%q has grey %v", item.Source, item.Data[0])
		}
		share[item.Source]++
	}
	if share["door"] != 20 || share["yard"] != 20 {
		t.Errorf("shares %v", share)
	}
	for _, bad := range []string{"x", "=x", "a b=x", "http://x/y=z", "a="} {
		if _, _, err := ParseSource(bad); err == nil {
			t.Errorf("--source %q is taken", bad)
		}
	}
}

// Streams that are no cameras take turns too, and the feed goes on with those that have not ended.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ones, twos := &rows{shape: []int{2, 1}, data: []float32{1, 1}, size: 1}, &rows{shape: []int{2, 1}, data: []float32{2, 2}, size: 1}
		f := startFeed(nil, 100, ones, twos)
		defer f.Close()
		count := map[float32]int{}
		for range 100 {
			synctest.Wait() // the rows are read ahead
			item, err := f.Next(t.Context(), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			count[item.Data[0]]++
		}
		if count[1] != 50 || count[2] != 50 {
			t.Errorf("shares %v", count)
		}
		if _, err := f.Next(t.Context(), time.Now()); !errors.Is(err, io.EOF) {
			t.Errorf("after the last frame: %v", err)
		}
	})
}

// A source that has failed is noted though another one always has a frame.
func TestFailedSourceIsNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cut := &rawStream{in: strings.NewReader("x"), raw: make([]byte, 4)}
		f := startFeed(nil, 0, &rows{shape: []int{1, 1}, data: []float32{1}, size: 1}, cut)
		defer f.Close()
		f.streams[1].name = "door"
		for range 10 {
			synctest.Wait() // the rows are read ahead
			if _, err := f.Next(t.Context(), time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if notes := f.Notes(); len(notes) != 1 || !strings.Contains(notes[0], "--source door: --input -: it ends within frame 0") {
			t.Errorf("notes %q", notes)
		}
	})
}

// A camera that hangs up again and again, each time after another number of bytes, is noted once.
func TestConnectionsThatEndAreNotedOnce(t *testing.T) {
	var answers atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range answers.Add(1) {
			_, _ = w.Write(jpegOf(t, 51))
		}
	}))
	t.Cleanup(server.Close)
	f, err := feed(t, Options{Paths: []string{server.URL}, Newest: Never})
	if err != nil {
		t.Fatal(err)
	}
	for answers.Load() < 4 {
		if _, err := f.Next(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if notes := f.Notes(); len(notes) != 1 {
		t.Errorf("notes %q", notes)
	}
}

// The client that hangs up at its end tells of no connection that was made again.
func TestTheEndIsNoBrokenConnection(t *testing.T) {
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(jpegOf(t, 51))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		close(gone)
	}))
	t.Cleanup(server.Close)
	c, err := openCamera(Options{Paths: []string{server.URL}, passed: newPassed(Options{}), wake: func() {}}, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	for !c.box.ready() {
		time.Sleep(time.Millisecond)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	<-gone
	<-c.over
	if notes := c.passed.all(); len(notes) != 0 {
		t.Errorf("notes %q", notes)
	}
}

// What can't be read is answered with what can.
func TestOtherCameras(t *testing.T) {
	for _, path := range []string{"rtsp://me:secret@camera/stream", "mjpeg:rtsp://camera/stream", "rtmp://camera/live"} {
		_, err := Open(Options{Paths: []string{path}})
		if err == nil || !strings.Contains(err.Error(), "ffmpeg") || !strings.Contains(err.Error(), "-f mjpeg - | tandem") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", path, err)
		}
	}
	for text, want := range map[string][2]string{
		"http://camera/?a=b":       {"", "http://camera/?a=b"},
		"image=http://camera/?a=b": {"image", "http://camera/?a=b"},
		"mjpeg:a=b":                {"", "mjpeg:a=b"},
		"x:0=mjpeg:-":              {"x:0", "mjpeg:-"},
	} {
		if name, path := split(text); name != want[0] || path != want[1] {
			t.Errorf("%q: %q, %q", text, name, path)
		}
	}
}

func FuzzMJPEG(f *testing.F) {
	a := jpegOf(f, 100)
	f.Add(slices.Concat(a, a))
	f.Add(withThumbnail(a, a))
	f.Add(withoutHuffman(f, a))
	f.Fuzz(func(t *testing.T, stream []byte) { playAll(t, stream) })
}

// playAll plays a stream to its end, which has to come.
func playAll(t *testing.T, stream []byte) {
	t.Helper()
	f, err := feed(t, Options{Paths: []string{"mjpeg:-"}, Stdin: bytes.NewReader(stream)})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if _, err := f.rest(ctx); ctx.Err() != nil {
		t.Errorf("it never ends: %v", err)
	}
}
