package answer

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"sync/atomic"

	"tandem/pipeline"
)

// jsonl is a file with a JSON line for each answer, in the order in which they arrive. The file can be read meanwhile.
type jsonl struct {
	file   *os.File
	buffer bytes.Buffer
	size   int64 // of the whole lines in the file
	lost   missing
	moved  atomic.Int64
}

func createJSONL(path string) (*jsonl, error) {
	file, err := os.Create(path)
	return &jsonl{file: file}, err
}

func (j *jsonl) Begin(pipeline.Run) error { return nil } // each line says what its outputs are
func (j *jsonl) Progress() (int64, error) { return j.moved.Load(), nil }
func (j *jsonl) Close() error             { return j.file.Close() }

func (j *jsonl) Put(_ context.Context, answers []*Answer) {
	const most = 64 << 10 // bytes at once: those of a few hundred short lines
	lines := json.NewEncoder(&j.buffer)
	for _, a := range answers {
		if err := lines.Encode(a); err != nil {
			j.lost.add(1, err)
		}
		if j.buffer.Len() >= most {
			j.write()
		}
	}
	j.write() // somebody may read along
}

func (j *jsonl) Flush(context.Context) (int64, error) { return j.lost.take() }

// write writes the lines that wait. Of those that find no room on the disk none stays behind in part: there may be room for
// the next ones.
func (j *jsonl) write() {
	text := j.buffer.Bytes()
	if len(text) == 0 {
		return
	}
	n, err := j.file.Write(text)
	whole := n
	if err != nil {
		whole = bytes.LastIndexByte(text[:n], '\n') + 1
		j.lost.add(int64(bytes.Count(text[whole:], []byte("\n"))), err)
	}
	j.size += int64(whole)
	if whole < n {
		_ = j.file.Truncate(j.size) // of a pipe there is nothing to take back
		_, _ = j.file.Seek(j.size, 0)
	}
	j.buffer.Reset()
	j.moved.Add(int64(whole))
}
