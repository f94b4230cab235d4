package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// ChunkBytes is how many bytes of a network's files have one digest.
const ChunkBytes = 8 << 10

// Manifest says what is in the files of a network, chunk by chunk. Its own digest
// is that of the network. So a node that has the manifest can check each chunk
// alone, whoever sends it, and needs those of its own layers only:
//
//	[ net.onnx ][ net.onnx.data ]       files, one behind the other
//	[chunk][chunk][chunk][chunk][ch]    of 8 KiB; the last one is shorter
//	   │      │      │      │     │     SHA-256 of each
//	   ▼      ▼      ▼      ▼     ▼
//	{ shapes, files,  chunks           } as JSON ──▶ SHA-256 ──▶ the network's digest
type Manifest struct {
	Shapes []string   `json:"shapes,omitempty"` // sizes that the file leaves open, as Shape.String has them
	Files  []PartFile `json:"files"`            // the ONNX file, then those beside it in the order of their names
	Chunks []byte     `json:"chunks"`           // the digests, one behind the other
}

// PartFile is one file of a network.
type PartFile struct {
	Location string `json:"location,omitempty"` // relative to the ONNX file; empty: it is that
	Size     int64  `json:"size"`
}

// maxNetwork is how many bytes the files of a network may have whose manifest is
// read: far more than a Pi holds.
const maxNetwork = 1 << 40

// ParseManifest reads what Bytes gives, and nothing else: one network has one
// manifest.
func ParseManifest(text []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return Manifest{}, fmt.Errorf("manifest of a network: %w: %v", ErrMalformed, err)
	}
	if !bytes.Equal(m.Bytes(), text) {
		return Manifest{}, fmt.Errorf("manifest of a network: %w: it is not written as tandem writes it", ErrMalformed)
	}
	if len(m.Files) == 0 || len(m.Files) > maxSiblings+1 || m.Files[0].Location != "" {
		return Manifest{}, fmt.Errorf("manifest of a network: %w: it names %d files, of which the first has to be the ONNX file", ErrMalformed, len(m.Files))
	}
	for _, f := range m.Files {
		if f.Size < 0 || f.Size > maxNetwork || m.Size() > maxNetwork {
			return Manifest{}, fmt.Errorf("manifest of a network: %w: a file of %d bytes", ErrMalformed, f.Size)
		}
	}
	if want := chunksOf(m.Size()) * sha256.Size; int64(len(m.Chunks)) != want {
		return Manifest{}, fmt.Errorf("manifest of a network: %w: %d bytes of digests, and its files have %d", ErrMalformed, len(m.Chunks), want)
	}
	return m, nil
}

// Bytes is the manifest as it is kept, sent and digested.
func (m Manifest) Bytes() []byte {
	text, _ := json.Marshal(m) // it holds nothing that JSON can't
	return text
}

// Digest is "chunks:" and the hex SHA-256 of Bytes.
func (m Manifest) Digest() string { return fmt.Sprintf("chunks:%x", sha256.Sum256(m.Bytes())) }

// Size is that of all files, in bytes.
func (m Manifest) Size() (sum int64) {
	for _, f := range m.Files {
		sum += f.Size
	}
	return sum
}

// Len is the number of chunks.
func (m Manifest) Len() int { return len(m.Chunks) / sha256.Size }

// Chunk is the digest of chunk i.
func (m Manifest) Chunk(i int) [sha256.Size]byte {
	return [sha256.Size]byte(m.Chunks[i*sha256.Size:])
}

// Length is how many bytes chunk i has.
func (m Manifest) Length(i int) int {
	return int(min(ChunkBytes, m.Size()-int64(i)*ChunkBytes))
}

// chunksOf is how many chunks so many bytes are.
func chunksOf(size int64) int64 { return (size + ChunkBytes - 1) / ChunkBytes }

// manifestOf makes the manifest of files, which are read once.
func manifestOf(c *content, locations []string, s Settings) (Manifest, error) {
	m := Manifest{Chunks: make([]byte, 0, chunksOf(c.size)*sha256.Size)}
	for _, shape := range s.Shapes {
		m.Shapes = append(m.Shapes, shape.String())
	}
	for i, p := range c.parts {
		f := PartFile{Size: p.size}
		if i > 0 {
			f.Location = locations[i-1]
		}
		m.Files = append(m.Files, f)
	}
	chunk := make([]byte, ChunkBytes)
	for at := int64(0); at < c.size; at += ChunkBytes {
		b := chunk[:min(ChunkBytes, c.size-at)]
		if n, err := c.ReadAt(b, at); n < len(b) {
			return Manifest{}, err
		}
		sum := sha256.Sum256(b)
		m.Chunks = append(m.Chunks, sum[:]...)
	}
	return m, nil
}

// content is the files of a network, one behind the other.
type content struct {
	parts []part
	size  int64
	seen  map[int]bool // the chunks that were read; nil: nobody wants to know
}

// part is one file, and where it begins in the whole.
type part struct {
	io.ReaderAt
	at, size int64
}

// add puts a file behind the others, and gives where it is.
func (c *content) add(r io.ReaderAt, size int64) *io.SectionReader {
	c.parts = append(c.parts, part{r, c.size, size})
	c.size += size
	return io.NewSectionReader(c, c.size-size, size)
}

// ReadAt reads from the whole.
func (c *content) ReadAt(b []byte, at int64) (n int, err error) {
	if c.seen != nil {
		for i := range chunksIn(at, min(at+int64(len(b)), c.size)) {
			c.seen[i] = true
		}
	}
	for _, p := range c.parts {
		from := at + int64(n) - p.at
		if from < 0 || from >= p.size || n == len(b) {
			continue
		}
		want := b[n:][:min(int64(len(b)-n), p.size-from)]
		k, err := p.ReaderAt.ReadAt(want, from)
		if n += k; k < len(want) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return n, err
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// chunksIn gives the chunks that the bytes [from, to) are in.
func chunksIn(from, to int64) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := from / ChunkBytes; i*ChunkBytes < to; i++ {
			if !yield(int(i)) {
				return
			}
		}
	}
}

// whole is the place in the content of what r reads, where it reads that.
func (c *content) whole(r *io.SectionReader) (from, to int64, is bool) {
	inner, from, n := r.Outer()
	for {
		if own, is := inner.(*content); is {
			return from, from + n, own == c
		}
		section, is := inner.(*io.SectionReader)
		if !is {
			return 0, 0, false
		}
		var at int64
		inner, at, _ = section.Outer()
		from += at
	}
}

// sorted are the keys of a set, in rising order.
func sorted(set map[int]bool) []int {
	var all []int
	for i := range set {
		all = append(all, i)
	}
	slices.Sort(all)
	return all
}
