package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// camera is a stream of JPEG pictures one after another: mjpeg:-, which a camera's software writes (rpicam-vid --codec
// mjpeg -o -), mjpeg:FILE, or the multipart/x-mixed-replace of a network camera. It is read as it comes; pictures are
// decoded when their time has come.
type camera struct {
	picture
	called string // in what is said
	box    mailbox
	since  time.Time    // it is waited for
	timed  bool         // it is no recording, whose pictures have no time
	live   bool         // only the newest picture counts, as far as can be known before any has come
	seen   bool         // a picture could be read
	taken  time.Time    // when the last byte of the last picture arrived
	heard  atomic.Int64 // bytes that came, pictures or not
	fault  atomic.Value // string: why nothing comes
	stop   context.CancelFunc
	over   chan struct{} // closed when nobody reads any more
}

// Patience with a camera: how long the first picture may take, and a further one, as cameras are started again. A
// connection that brings nothing for so long is made anew.
const (
	firstPicture = 5 * time.Second
	nextPicture  = 30 * time.Second
	silentLine   = 8 * time.Second
)

// isCamera says whether a path is that of a camera.
func isCamera(path string) bool {
	return isURL(path) || strings.HasPrefix(path, "mjpeg:")
}

func isURL(path string) bool {
	scheme, _, is := strings.Cut(path, "://")
	return is && scheme != "" && !strings.ContainsAny(scheme, "/=.")
}

func openCamera(o Options, path string) (*camera, error) {
	c := &camera{picture: newPicture(o), called: path, timed: true, since: time.Now(), over: make(chan struct{})}
	c.box = mailbox{guess: true, room: make(chan struct{}, 1), skip: o.passed.skip, wake: o.wake}
	switch o.Newest {
	case Always:
		c.box.live, c.box.guess = true, false
	case Never:
		c.box.guess = false
	}
	where := strings.TrimPrefix(path, "mjpeg:")
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	switch u, err := url.Parse(where); {
	case !isURL(where):
		from, recorded, err := openStream(o, where)
		if err != nil {
			return nil, fmt.Errorf("--input mjpeg: %w", err)
		}
		if recorded {
			c.timed, c.box.guess = false, false
		}
		c.live = c.box.guess || c.box.live
		go func() {
			defer close(c.over)
			_, err := c.read(ctx, from)
			c.box.end(err)
			_ = from.Close() // it was only read
		}()
	case err != nil:
		return nil, fmt.Errorf("--input: %w", err)
	case u.Scheme == "http" || u.Scheme == "https":
		c.called, c.live = u.Redacted(), c.box.guess || c.box.live
		go func() {
			defer close(c.over)
			c.call(ctx, where)
		}()
	default:
		return nil, fmt.Errorf("--input %s: a camera that sends MJPEG over http can be read, and not %s. Let ffmpeg turn it into MJPEG, and pipe it:\n  ffmpeg -loglevel error %s-i '%s' -an -c:v mjpeg -q:v 3 -f mjpeg - | tandem … --input mjpeg:-",
			u.Redacted(), u.Scheme, map[bool]string{true: "-rtsp_transport tcp "}[u.Scheme == "rtsp"], u.Redacted())
	}
	return c, nil
}

// openStream opens a file, or stdin. One that can be read again from its beginning is a recording.
func openStream(o Options, path string) (from io.ReadCloser, recorded bool, err error) {
	from = io.NopCloser(o.Stdin)
	seeker, seeks := o.Stdin.(io.Seeker)
	if path != Stdin {
		file, err := os.Open(path)
		if err != nil {
			return nil, false, err
		}
		from, seeker, seeks = file, file, true
	}
	if seeks {
		_, err := seeker.Seek(0, io.SeekCurrent)
		recorded = err == nil
	}
	return from, recorded && o.Newest != Always, nil
}

// read puts the stream's pictures into the mailbox until it ends, and says how many these were and why it does.
func (c *camera) read(ctx context.Context, from io.Reader) (good int, err error) {
	stream := newJPEGs(counting{from, &c.heard})
	for ctx.Err() == nil {
		began := time.Now()
		file, err := stream.next()
		now := time.Now()
		switch d := new(damage); {
		case errors.As(err, d):
			err = fmt.Errorf("%s: a picture is damaged: %w", c.called, err)
			c.fault.Store(d.Error())
			if err = c.passed.over(err); err != nil {
				return good, err
			}
		case errors.Is(err, io.EOF):
			return good, ended(stream.bytes)
		case err != nil:
			return good, err
		default:
			good++
			c.box.put(shot{file, now}, now.Sub(began), ctx.Done())
		}
	}
	return good, io.EOF
}

// ended is the io.EOF of a stream of so many bytes.
type ended int64

func (e ended) Error() string        { return fmt.Sprintf("it ended after %d bytes", int64(e)) }
func (e ended) Is(target error) bool { return target == io.EOF }

// nothing is the error of a camera that has sent no picture.
func (c *camera) nothing(why error) error {
	because, is := c.fault.Load().(string)
	switch {
	case is:
	case c.heard.Load() == 0:
		because = "whoever sends them is connected, and has sent nothing: see whether it runs"
	default:
		because = "JPEG pictures one after another are needed, as of rpicam-vid --codec mjpeg or ffmpeg -f mjpeg"
	}
	return fmt.Errorf("%s: no picture came, %v: %s", c.called, why, because)
}

// call reads a network camera, and calls it again when the connection ends.
func (c *camera) call(ctx context.Context, where string) {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = 100*time.Millisecond, 2*time.Second
	for ctx.Err() == nil {
		good, err := c.connect(ctx, where)
		if ctx.Err() != nil { // it is the client that has hung up
			return
		}
		if errors.As(err, new(damage)) { // --strict
			c.box.end(err)
			return
		}
		c.fault.Store(err.Error())
		if good > 0 {
			pauses.Reset()
			if errors.Is(err, io.EOF) { // each time after other bytes, and that it did is said once
				err = io.EOF
			}
			c.passed.note(fmt.Sprintf("%s: the connection ended (%v), and was made again", c.called, err))
		}
		select {
		case <-time.After(pauses.NextBackOff()):
		case <-ctx.Done():
		}
	}
}

// network is how cameras are called.
var network = &http.Client{Transport: &http.Transport{
	Proxy:                 http.ProxyFromEnvironment,
	DialContext:           (&net.Dialer{Timeout: 3 * time.Second}).DialContext,
	TLSHandshakeTimeout:   firstPicture,
	ResponseHeaderTimeout: firstPicture,
}}

// connect reads one connection to its end, and says why it ended.
func (c *camera) connect(ctx context.Context, where string) (good int, err error) {
	ctx, hangUp := context.WithCancelCause(ctx)
	defer hangUp(nil)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return 0, err
	}
	answer, err := network.Do(request)
	if u := new(url.Error); errors.As(err, &u) {
		err = u.Err // without the address, which may have a password
	}
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close() // it was only read
	if answer.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("it answers %s", answer.Status)
	}
	if kind := answer.Header.Get("Content-Type"); strings.HasPrefix(kind, "text/") {
		return 0, fmt.Errorf("it answers %s, and no pictures: name the stream's own address", kind)
	}
	body := &watched{Reader: answer.Body, timer: time.AfterFunc(silentLine, func() {
		hangUp(fmt.Errorf("nothing came for %s", silentLine))
	})}
	defer body.timer.Stop()
	good, err = c.read(ctx, body)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return good, err
}

// counting is a stream of which the bytes are counted.
type counting struct {
	io.Reader
	bytes *atomic.Int64
}

func (c counting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.bytes.Add(int64(n))
	return n, err
}

// watched is a stream whose reader is woken when nothing comes.
type watched struct {
	io.Reader
	timer *time.Timer
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.Reader.Read(b)
	if n > 0 {
		w.timer.Reset(silentLine)
	}
	return n, err
}

func (c *camera) Count() int { return 0 }

// Next decodes the next picture. Call it when the mailbox is ready.
func (c *camera) Next(uint64) ([]float32, error) {
	s, err := c.box.take()
	if errors.Is(err, io.EOF) && !c.seen {
		err = c.nothing(err)
	}
	if err != nil {
		return nil, err
	}
	data, err := c.decode(s.file)
	if err != nil {
		err = fmt.Errorf("it is no JPEG image that can be read: %w", err)
		c.fault.Store(err.Error())
		return nil, damage{fmt.Errorf("%s: %w", c.called, err)}
	}
	c.seen = true
	if c.timed {
		c.taken = s.at
	}
	return data, nil
}

// overdue says why no picture comes, once that takes too long; nil: it may still come.
func (c *camera) overdue(now time.Time) error {
	switch silent := c.box.silent(c.since, now); {
	case !c.seen && now.Sub(c.since) > firstPicture:
		return c.nothing(fmt.Errorf("for %s", firstPicture))
	case silent > nextPicture:
		return fmt.Errorf("%s: no further picture came for %s", c.called, nextPicture)
	}
	return nil
}

// Close ends the reading.
func (c *camera) Close() error { c.stop(); return nil }
