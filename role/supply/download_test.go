package supply

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"tandem/model"
)

// web is a server of one file that a test can trouble.
type web struct {
	*httptest.Server
	mu      sync.Mutex // of what follows
	content []byte
	etag    string
	cut     int // bytes after which the connection breaks; 0: never
	down    bool
	asked   []string // Range of each request, or - without
	sent    atomic.Int64
}

func serveFile(t *testing.T) *web {
	content, err := os.ReadFile(digits)
	if err != nil {
		t.Fatal(err)
	}
	w := &web{content: content, etag: `"1"`}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

func (w *web) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	from := r.Header.Get("Range")
	if from == "" {
		from = "-"
	}
	w.asked = append(w.asked, from)
	switch {
	case w.down:
		panic(http.ErrAbortHandler)
	case r.URL.Path != "/models/net.onnx":
		http.NotFound(out, r)
		return
	}
	if w.cut > 0 {
		out = &cutting{out, w.cut}
		w.cut = 0
	}
	out.Header().Set("ETag", w.etag)
	http.ServeContent(&counting{out, &w.sent}, r, "", time.Time{}, bytes.NewReader(w.content))
}

func (w *web) ranges() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.asked)
}

type counting struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (c *counting) Write(b []byte) (int, error) {
	c.n.Add(int64(len(b)))
	return c.ResponseWriter.Write(b)
}

// cutting breaks the connection behind so many bytes.
type cutting struct {
	http.ResponseWriter
	left int
}

func (c *cutting) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b[:min(len(b), c.left)])
	if c.left -= n; c.left == 0 {
		http.NewResponseController(c.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, err
}

func fetch(t *testing.T, c *Cache, address string) (*model.Network, error) {
	t.Helper()
	net, err := c.Download(t.Context(), address, model.Settings{}, zerolog.Nop())
	if err == nil {
		t.Cleanup(func() { net.Close() })
	}
	return net, err
}

// A file comes once, goes on where the connection broke, is taken from the cache where it is still the same or the server is
// away, and comes anew where it has changed.
func TestDownload(t *testing.T) {
	w, c := serveFile(t), NewCache(t.TempDir(), 64<<20)
	at, want := w.URL+"/models/net.onnx", openDigits(t).Digest()
	w.cut = 1 << 20
	net, err := fetch(t, c, at+"#"+want)
	if err != nil || net.Digest() != want || net.Name() != "net.onnx" {
		t.Fatal(net, err)
	}
	if asked := w.ranges(); len(asked) != 2 || asked[1] != "bytes="+strconv.Itoa(1<<20)+"-" {
		t.Errorf("it asked for %v", asked)
	}
	sent := w.sent.Load()
	if _, err := fetch(t, c, at); err != nil || w.sent.Load() != sent {
		t.Errorf("it came again: %d bytes, %v", w.sent.Load()-sent, err)
	}
	w.mu.Lock()
	w.down = true
	w.mu.Unlock()
	if _, err := fetch(t, c, at); err != nil {
		t.Errorf("while the server is away: %v", err)
	}
	other, err := os.ReadFile("../../model/testdata/digits_cnn.onnx")
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	w.down, w.etag, w.content = false, `"2"`, other
	w.mu.Unlock()
	if net, err = fetch(t, c, at); err != nil || net.Digest() == want {
		t.Errorf("it has changed, and did not come anew: %v", err)
	}
	if _, err = fetch(t, c, at+"#"+want); err == nil || !strings.Contains(err.Error(), "another one, or the transfer is damaged") {
		t.Errorf("a file of another digest: %v", err)
	}
}

// A file that changes while it comes is not put together from two.
func TestDownloadChanges(t *testing.T) {
	w, c := serveFile(t), NewCache(t.TempDir(), 64<<20)
	w.cut = 1 << 20
	d := w.content
	w.Config.Handler = http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		if len(w.asked) == 1 {
			w.etag, w.content = `"2"`, append([]byte(nil), d...)
			w.content[len(d)-1] ^= 1
		}
		w.mu.Unlock()
		w.ServeHTTP(out, r)
	})
	if _, err := fetch(t, c, w.URL+"/models/net.onnx"); err != nil {
		t.Fatal(err)
	}
	paths, _ := filepath.Glob(filepath.Join(c.folder, "networks", "*", "net.onnx"))
	if got, err := os.ReadFile(paths[0]); err != nil || !bytes.Equal(got, w.content) {
		t.Errorf("it is not what the server has: %v", err)
	}
}

func TestDownloadRefused(t *testing.T) {
	w := serveFile(t)
	for address, says := range map[string]string{
		w.URL:                                   "use the address of a file",
		w.URL + "/models/":                      "use the address of a file",
		w.URL + "/models/other.onnx":            "404",
		w.URL + "/models/net.onnx#sha256:1":     "the digest that tandem inspect --format json shows",
		w.URL + "/models/net.onnx#chunks:wrong": "another one, or the transfer is damaged",
		w.URL + "/models/..%2f..%2fx/%2e%2e":    "use the address of a file",
	} {
		c := NewCache(t.TempDir(), 64<<20)
		if _, err := fetch(t, c, address); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := fetch(t, NewCache(t.TempDir(), 1<<20), w.URL+"/models/net.onnx"); err == nil || !strings.Contains(err.Error(), "raise --cache-size") {
		t.Error(err)
	}
	w.content = []byte("no network")
	if _, err := fetch(t, NewCache(t.TempDir(), 1<<20), w.URL+"/models/net.onnx"); !errors.Is(err, model.ErrMalformed) && !errors.Is(err, model.ErrUnsupported) {
		t.Error(err)
	}
}

// pipes is a listener in memory, for a test in fake time.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, open := <-p
	if !open {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	p <- there
	return here, nil
}

// A server that goes silent in the midst of a file is asked again.
func TestDownloadStalls(t *testing.T) {
	content, err := os.ReadFile(digits)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w, c := &web{content: content, etag: `"1"`}, NewCache(t.TempDir(), 64<<20)
		stalling := http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			w.mu.Lock()
			first := len(w.asked) == 0
			if first {
				w.asked = append(w.asked, "-")
			}
			w.mu.Unlock()
			if first {
				out.Header().Set("ETag", w.etag)
				out.Header().Set("Content-Length", strconv.Itoa(len(w.content)))
				_, _ = out.Write(w.content[:5000])
				http.NewResponseController(out).Flush()
				<-r.Context().Done()
				return
			}
			w.ServeHTTP(out, r)
		})
		listener, server := make(pipes), &http.Server{Handler: stalling}
		served := make(chan error)
		go func() { served <- server.Serve(listener) }()
		client := &http.Client{Transport: &http.Transport{DialContext: listener.dial}}
		from, _, _ := parseAddress("http://web/models/net.onnx")
		d := download{c, from, client, zerolog.Nop()}
		if err := os.MkdirAll(c.of(d.name()), 0o755); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		err := d.get(t.Context(), "net.onnx")
		if asked := w.ranges(); err != nil || len(asked) != 2 || asked[1] != "bytes=5000-" {
			t.Errorf("%v, asked for %v", err, asked)
		}
		if took := time.Since(began); took < stallTime || took > 2*stallTime {
			t.Errorf("it took %v", took)
		}
		client.CloseIdleConnections()
		close(listener)
		<-served
		_ = server.Close()
	})
}
