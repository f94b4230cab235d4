package supply

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"tandem/model"
	"tandem/pipeline"
)

// Held are the chunks of one network that are in the cache. They lie in files as they came, each of a process that wrote it, so
// that several may use the folder at once. A file is read once when it is opened: a chunk is there if there are 8 KiB with its
// digest, and what a power cut has left counts as nothing.
//
//	chunks.1:  [ 17 ][ 18 ][ 3 ]…      in the order in which they came
//	chunks.2:  [ 40 ][ 41 ]…
type Held struct {
	cache    *Cache
	name     string
	manifest model.Manifest

	mu     sync.Mutex
	places []place // of each chunk
	files  []*os.File
	own    *os.File // that this process writes; nil: none yet
	end    int64    // of it
}

// place is where a chunk is.
type place struct {
	file *os.File // nil: it is not here
	at   int64
}

const (
	manifestFile = "manifest.json"
	chunksFile   = "chunks"
)

// ErrMissing is in the chain of errors of whoever reads a chunk that is not here.
var ErrMissing = errors.New("a chunk of the network is not here")

// missing is the error of one chunk.
type missing int

func (m missing) Error() string { return fmt.Sprintf("%v: chunk %d", ErrMissing, int(m)) }
func (m missing) Unwrap() error { return ErrMissing }

// Open opens what there is of the network of a digest. The error is pipeline.ErrNoNetwork where there is nothing.
func (c *Cache) Open(digest string) (*Held, error) {
	text, err := os.ReadFile(filepath.Join(c.of(folderName(digest)), manifestFile))
	if err != nil {
		return nil, fmt.Errorf("%w %s", pipeline.ErrNoNetwork, digest)
	}
	m, err := model.ParseManifest(text)
	if err != nil || m.Digest() != digest {
		return nil, fmt.Errorf("%w %s: what was kept of it is damaged", pipeline.ErrNoNetwork, digest)
	}
	return c.hold(m)
}

// Begin opens what there is of the network that a manifest describes, or begins with nothing.
func (c *Cache) Begin(m model.Manifest) (*Held, error) {
	name := folderName(m.Digest())
	if text, err := os.ReadFile(filepath.Join(c.of(name), manifestFile)); err != nil || string(text) != string(m.Bytes()) {
		if err := c.write(name, manifestFile, m.Bytes()); err != nil {
			return nil, err
		}
	}
	return c.hold(m)
}

// hold finds the chunks of a network.
func (c *Cache) hold(m model.Manifest) (*Held, error) {
	h := &Held{cache: c, name: folderName(m.Digest()), manifest: m, places: make([]place, m.Len())}
	c.touch(h.name)
	paths, _ := filepath.Glob(filepath.Join(c.of(h.name), chunksFile+".*"))
	wanted := make(map[[sha256.Size]byte]int, m.Len())
	for i := range m.Len() {
		wanted[m.Chunk(i)] = i
	}
	for _, path := range paths {
		if err := h.scan(path, wanted); err != nil {
			return nil, errors.Join(err, h.Close())
		}
	}
	return h, nil
}

// scan finds the chunks of a file.
func (h *Held) scan(path string, wanted map[[sha256.Size]byte]int) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	h.files = append(h.files, f)
	last := h.manifest.Len() - 1
	slot := make([]byte, model.ChunkBytes)
	for at := int64(0); ; at += model.ChunkBytes {
		switch _, err := io.ReadFull(f, slot); {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF): // of a chunk that was being written
			return nil
		case err != nil:
			return fmt.Errorf("cache: %w", err)
		}
		i, is := wanted[sha256.Sum256(slot)]
		if !is { // the last chunk is shorter than its place
			i, is = wanted[sha256.Sum256(slot[:h.manifest.Length(last)])]
			is = is && i == last
		}
		if is {
			h.places[i] = place{f, at}
		}
	}
}

// Put takes in a chunk. The error is pipeline.ErrInvalidRun where it is not what the manifest says.
func (h *Held) Put(i int, data []byte) error {
	if i < 0 || i >= h.manifest.Len() {
		return fmt.Errorf("%w: chunk %d of the network: it has %d", pipeline.ErrInvalidRun, i, h.manifest.Len())
	}
	if len(data) != h.manifest.Length(i) {
		return fmt.Errorf("%w: chunk %d of the network has come with %d of its %d bytes: it is truncated", pipeline.ErrInvalidRun, i, len(data), h.manifest.Length(i))
	}
	if sha256.Sum256(data) != h.manifest.Chunk(i) {
		return fmt.Errorf("%w: chunk %d of the network has come with another SHA-256 than its manifest has: the sender's file has changed or is damaged: start that node again",
			pipeline.ErrInvalidRun, i)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.places[i].file != nil {
		return nil
	}
	if err := h.cache.makeRoom(h.name, model.ChunkBytes); err != nil {
		return err
	}
	if h.own == nil {
		f, err := os.CreateTemp(h.cache.of(h.name), chunksFile+".*")
		if err != nil {
			return fmt.Errorf("cache: %w", err)
		}
		h.own, h.files = f, append(h.files, f)
	}
	slot := make([]byte, model.ChunkBytes)
	copy(slot, data)
	if _, err := h.own.WriteAt(slot, h.end); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	h.places[i] = place{h.own, h.end}
	h.end += model.ChunkBytes
	return nil
}

// Missing gives those of the chunks that are not here.
func (h *Held) Missing(chunks []int) (all []int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, i := range chunks {
		if i >= 0 && i < len(h.places) && h.places[i].file == nil {
			all = append(all, i)
		}
	}
	return all
}

// ReadAt reads from the network's files, one behind the other. The error is ErrMissing where a chunk is not here.
func (h *Held) ReadAt(b []byte, at int64) (n int, err error) {
	for n < len(b) {
		i, within := int((at+int64(n))/model.ChunkBytes), (at+int64(n))%model.ChunkBytes
		if i >= h.manifest.Len() || within >= int64(h.manifest.Length(i)) {
			return n, io.EOF
		}
		h.mu.Lock()
		p := h.places[i]
		h.mu.Unlock()
		if p.file == nil {
			return n, missing(i)
		}
		want := b[n:][:min(len(b)-n, h.manifest.Length(i)-int(within))]
		k, err := p.file.ReadAt(want, p.at+within)
		if n += k; err != nil {
			return n, fmt.Errorf("cache: %w", err)
		}
	}
	return n, nil
}

// Network opens the network under a name. It reads from here until it is closed.
func (h *Held) Network(name string, s model.Settings) (*model.Network, error) {
	return model.OpenSupplied(name, h.manifest, h, s)
}

// Close closes the files.
func (h *Held) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var errs []error
	for _, f := range h.files {
		errs = append(errs, f.Close())
	}
	h.files, h.own = nil, nil
	return errors.Join(errs...)
}
