package supply

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/dustin/go-humanize"
	"github.com/gofrs/flock"
	"github.com/rs/zerolog"

	"tandem/model"
)

// download brings files from a web server into the cache. A transfer that broke goes on where it was, if the file there is the
// same; one that is complete is only asked about; and one that can't be asked about, as the server is away, counts as the same.
type download struct {
	cache  *Cache
	from   *url.URL // of the ONNX file
	client *http.Client
	log    zerolog.Logger
}

// stallTime is how long nothing may come before a transfer is begun anew where it broke.
const stallTime = 30 * time.Second

// IsAddress reports whether a --model is the address of a file on a web server.
func IsAddress(text string) bool {
	return strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://")
}

// parseAddress reads the address of an ONNX file, and the network's digest that may stand behind a #.
func parseAddress(text string) (from *url.URL, digest string, err error) {
	from, err = url.Parse(text)
	if err != nil || from.Host == "" || strings.HasSuffix(from.Path, "/") || len(from.Path) < 2 || path.Base(from.Path) == ".." {
		return nil, "", fmt.Errorf("--model %s: use the address of a file, such as http://host/net.onnx", text)
	}
	digest, from.Fragment = from.Fragment, ""
	if digest != "" && !strings.HasPrefix(digest, "chunks:") {
		return nil, "", fmt.Errorf("--model %s: use the digest that tandem inspect --format json shows, as in http://host/net.onnx#chunks:1f3a…", text)
	}
	return from, digest, nil
}

// Download brings the network at an address into the cache, and opens it.
func (c *Cache) Download(ctx context.Context, address string, s model.Settings, log zerolog.Logger) (*model.Network, error) {
	from, digest, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	d := download{c, from, http.DefaultClient, log}
	if err := os.MkdirAll(c.of(d.name()), 0o755); err != nil {
		return nil, fmt.Errorf("cache: %w: choose another folder with --cache", err)
	}
	lock := flock.New(filepath.Join(c.of(d.name()), "lock")) // another node on this machine may want the same file
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	defer func() { _ = lock.Unlock() }() // the process's end would do so, too
	c.touch(d.name())
	file := path.Base(from.Path)
	if err := d.get(ctx, file); err != nil {
		return nil, err
	}
	main := filepath.Join(c.of(d.name()), file)
	beside, err := model.Beside(main)
	if err != nil {
		return nil, d.distrust(file, err)
	}
	for _, location := range beside {
		if err := d.get(ctx, location); err != nil {
			return nil, err
		}
	}
	net, err := model.OpenWith(main, s)
	if err != nil {
		return nil, err
	}
	if digest != "" && net.Digest() != digest {
		wrong := fmt.Errorf("--model %s: it has come with the digest %s: the file there is another one, or the transfer is damaged", address, net.Digest())
		return nil, errors.Join(d.distrust(file, wrong), net.Close())
	}
	return net, nil
}

// distrust forgets files that are not what they should be, so that they come anew.
func (d download) distrust(file string, why error) error {
	return errors.Join(why, os.Remove(d.path(file)))
}

// name is what the network is called in the cache.
func (d download) name() string {
	return fmt.Sprintf("web-%.16x", sha256.Sum256([]byte(d.from.String())))
}

func (d download) path(file string) string { return filepath.Join(d.cache.of(d.name()), file) }

// get brings one file, which is named relative to the ONNX file.
func (d download) get(ctx context.Context, file string) error {
	if !filepath.IsLocal(file) {
		return fmt.Errorf("--model %s: it has weights in %.80q, which is not beside it", d.from, file)
	}
	if err := os.MkdirAll(filepath.Dir(d.path(file)), 0o755); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	pauses := backoff.NewExponentialBackOff()
	pauses.MaxInterval = 5 * time.Second
	had := int64(-1)
	for failed := 0; ; failed++ {
		err := d.try(ctx, file)
		if err == nil || ctx.Err() != nil || errors.As(err, new(*refusal)) {
			return err
		}
		if _, missing := os.Stat(d.path(file)); missing == nil {
			d.log.Warn().Err(err).Str("file", file).Msg("the server does not give its file: the one in the cache is taken")
			return nil
		}
		if has := d.part(file); has > had { // it made progress
			had, failed = has, 0
			pauses.Reset()
		}
		if failed == 5 {
			return fmt.Errorf("%w: start this node again when the server is there; %s have come, and are kept", err, humanize.IBytes(uint64(max(had, 0))))
		}
		d.log.Warn().Err(err).Str("file", file).Msg("the network's file has not come: trying again")
		select {
		case <-time.After(pauses.NextBackOff()):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// part is how many bytes of a file that is not complete are here.
func (d download) part(file string) int64 {
	info, err := os.Stat(d.path(file) + ".part")
	if err != nil {
		return 0
	}
	return info.Size()
}

// refusal is an answer that asking again does not change.
type refusal struct{ error }

func (r *refusal) Unwrap() error { return r.error }

// version is what a server says of a file so that it can tell whether it is the same.
type version struct {
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
}

// readVersion is that of a file; what is missing or damaged says nothing.
func readVersion(path string) (v version) {
	if text, err := os.ReadFile(path + ".version"); err == nil {
		_ = json.Unmarshal(text, &v)
	}
	return v
}

// tag is what it is compared by; empty: it can't be.
func (v version) tag() string {
	if v.ETag != "" && !strings.HasPrefix(v.ETag, "W/") { // a weak one says nothing of single bytes
		return v.ETag
	}
	return v.Modified
}

// try asks for a file once, or for the rest of it.
func (d download) try(ctx context.Context, file string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	alarm := time.AfterFunc(stallTime, func() { cancel(fmt.Errorf("nothing has come for %s", stallTime)) })
	defer alarm.Stop()
	at := d.from.JoinPath("..", filepath.ToSlash(file)).String()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return &refusal{err}
	}
	from := d.part(file)
	if _, err := os.Stat(d.path(file)); err == nil {
		known := readVersion(d.path(file))
		request.Header.Set("If-None-Match", known.ETag)
		request.Header.Set("If-Modified-Since", known.Modified) // which counts where there is no ETag
	} else if tag := readVersion(d.path(file) + ".part").tag(); from > 0 && tag != "" {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
		request.Header.Set("If-Range", tag)
	}
	response, err := d.client.Do(request)
	if err != nil {
		return fmt.Errorf("--model %s: %w", d.from, cause(ctx, err))
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusNotModified:
		return nil
	case http.StatusOK:
		from = 0
	case http.StatusPartialContent:
		if want := fmt.Sprintf("bytes %d-", from); !strings.HasPrefix(response.Header.Get("Content-Range"), want) {
			return &refusal{fmt.Errorf("--model %s: the server answers with another part than was asked for: %.80q", at, response.Header.Get("Content-Range"))}
		}
	case http.StatusRequestedRangeNotSatisfiable:
		return errors.Join(fmt.Errorf("--model %s: the file there has become shorter", at), os.Remove(d.path(file)+".part"))
	default:
		err := fmt.Errorf("--model %s: the server answers %s", at, response.Status)
		if response.StatusCode < 500 && response.StatusCode != http.StatusTooManyRequests {
			return &refusal{err}
		}
		return err
	}
	now := version{response.Header.Get("ETag"), response.Header.Get("Last-Modified")}
	if err := d.take(response, file, from, now, func() { alarm.Reset(stallTime) }); err != nil {
		return fmt.Errorf("--model %s: %w", at, cause(ctx, err))
	}
	d.log.Info().Str("from", at).Str("bytes", humanize.IBytes(uint64(from+response.ContentLength))).Msg("the network's file has come")
	return nil
}

// cause says why a context has ended, if that is what has ended a transfer.
func cause(ctx context.Context, err error) error {
	if why := context.Cause(ctx); why != nil {
		return why
	}
	return err
}

// take writes what comes behind the first bytes of a file that are here.
func (d download) take(response *http.Response, file string, from int64, v version, moved func()) error {
	if response.ContentLength < 0 {
		return &refusal{errors.New("the server does not say how long the file is")}
	}
	if err := d.cache.makeRoom(d.name(), response.ContentLength); err != nil {
		return &refusal{err}
	}
	text, _ := json.Marshal(v) // two strings
	if err := os.WriteFile(d.path(file)+".part.version", text, 0o644); err != nil {
		return &refusal{fmt.Errorf("cache: %w", err)}
	}
	part, err := os.OpenFile(d.path(file)+".part", os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return &refusal{fmt.Errorf("cache: %w", err)}
	}
	err = part.Truncate(from)
	if err == nil {
		_, err = part.Seek(from, io.SeekStart)
	}
	if err == nil {
		_, err = io.Copy(part, progress{response.Body, moved}) // it is an error if less comes than was said
	}
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return err
	}
	if err := os.Rename(d.path(file)+".part", d.path(file)); err != nil {
		return err
	}
	return os.Rename(d.path(file)+".part.version", d.path(file)+".version")
}

// progress tells when bytes come.
type progress struct {
	io.Reader
	moved func()
}

func (p progress) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if n > 0 {
		p.moved()
	}
	return n, err
}
