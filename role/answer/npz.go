package answer

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"tandem/pipeline"
)

// npz is a .npz file: an array for each output, and beside them id, age_ms, label (-1: not known) and run, an index into runs.
// With several sources of frames there are source and sources, too.
//
// The arrays grow in files without a name in the same folder, and become the .npz file when a run is closed. A process that is
// killed leaves the rows of the runs before.
type npz struct {
	table
	runs, sources texts
	saved         int64 // rows
}

// label is the true class, or pipeline.NoLabel.
func (a *Answer) label() int64 {
	if a.Label == nil {
		return pipeline.NoLabel
	}
	return int64(*a.Label)
}

// texts are those that the numbers of a column stand for.
type texts []string

func (t *texts) number(text string) int64 {
	for i, known := range slices.Backward(*t) { // nearly always the last
		if known == text {
			return int64(i)
		}
	}
	*t = append(*t, text)
	return int64(len(*t) - 1)
}

func createNPZ(path string) (*npz, error) {
	n := &npz{}
	n.path = path
	n.create = func() (*os.File, error) {
		file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
		if err == nil {
			err = os.Remove(file.Name()) // it lives as long as it is open
		}
		return file, err
	}
	n.beside = []field{
		{"id", "<u8", nil, func(c *column, a *Answer) { c.addInteger(int64(a.ID)) }},
		{"age_ms", "<f8", nil, func(c *column, a *Answer) { c.addFloat(a.AgeMS) }},
		{"label", "<i8", nil, func(c *column, a *Answer) { c.addInteger(a.label()) }},
		{"run", "<i4", &n.runs, func(c *column, a *Answer) { c.addInteger(n.runs.number(a.Run)) }},
		{"source", "<i4", &n.sources, func(c *column, a *Answer) { c.addInteger(n.sources.number(a.Source)) }},
	}
	return n, makeRoom(path)
}

// Flush makes the file of all rows.
func (n *npz) Flush(ctx context.Context) (int64, error) {
	if n.saved < n.rows {
		if err := n.save(ctx); err != nil {
			n.lost.add(0, fmt.Errorf("%d answers are not in the file: %w", n.rows-n.saved, err))
		} else {
			n.saved = n.rows
		}
	}
	return n.table.Flush(ctx)
}

// save writes the file beside the one of before, and puts it into its place when it is whole.
func (n *npz) save(ctx context.Context) error {
	part := n.path + ".part"
	file, err := os.Create(part)
	if err != nil {
		return err
	}
	to := bufio.NewWriterSize(file, 1<<20)
	err = errors.Join(n.archive(ctx, to), to.Flush(), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(part, n.path)
	}
	if err != nil {
		_ = os.Remove(part)
	}
	return err
}

// archive writes all arrays.
func (n *npz) archive(ctx context.Context, to io.Writer) error {
	archive := zip.NewWriter(to)
	add := func(name string, array io.Reader) error {
		member, err := archive.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: zip.Store})
		if err != nil {
			return err
		}
		const piece = 1 << 20 // bytes
		for err == nil && ctx.Err() == nil {
			_, err = io.CopyN(member, array, piece)
			n.moved.Add(1)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		return errors.Join(err, ctx.Err())
	}
	for i, c := range n.columns {
		var names []string
		if at := i - len(n.outputs); at >= 0 && n.beside[at].names != nil {
			names = *n.beside[at].names
		}
		if len(names) == 1 && names[0] == "" { // frames have no source
			continue
		}
		if err := add(c.name, io.NewSectionReader(c.file, 0, c.size(n.rows))); err != nil {
			return err
		}
		if len(names) > 0 {
			if err := add(c.name+"s", bytes.NewReader(npyTexts(names))); err != nil {
				return err
			}
		}
	}
	return archive.Close()
}
