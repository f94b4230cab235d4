package input

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// maxMember bounds the bytes that an array of a .npz file may unpack to.
const maxMember = 1 << 30

// splitMember takes path.npz:name apart.
func splitMember(path string) (file, member string) {
	if i := strings.Index(strings.ToLower(path), ".npz:"); i > 0 {
		i += len(".npz")
		return path[:i], path[i+1:]
	}
	return path, ""
}

func isArchive(path string) bool { return strings.EqualFold(filepath.Ext(path), ".npz") }

// archive is a .npz file as an input: the array that has the input's name, or the only one.
type archive struct {
	Source // none before the input is known
	path   string
}

func (a *archive) Count() int { return 0 }

// of opens what is for an input of that name.
func (a *archive) of(input string) (Source, error) {
	names, err := membersOf(a.path)
	if err != nil {
		return nil, fmt.Errorf("--input %s: %w", a.path, err)
	}
	if len(names) == 1 {
		input = names[0]
	}
	return openRows(a.path + ":" + input)
}

var errNPZ = errors.New("it is no .npz file: write it with numpy.savez")

// membersOf are the names of a file's arrays.
func membersOf(path string) (names []string, err error) {
	from, err := zip.OpenReader(path)
	if errors.Is(err, zip.ErrFormat) {
		err = errNPZ
	}
	if err != nil {
		return nil, err
	}
	for _, f := range from.File {
		names = append(names, strings.TrimSuffix(f.Name, ".npy"))
	}
	return names, from.Close()
}

// readMember returns an array of a .npz file; without a name the only one.
func readMember(path, name string) (file []byte, err error) {
	names, err := membersOf(path)
	if err != nil {
		return nil, err
	}
	at := slices.Index(names, name)
	if name == "" && len(names) == 1 {
		at = 0
	}
	if at < 0 {
		return nil, fmt.Errorf("it has no array %q. It has %s: name one, as in %s:NAME", name, strings.Join(names, ", "), path)
	}
	from, err := zip.OpenReader(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	member := from.File[at]
	if member.UncompressedSize64 > maxMember {
		return nil, fmt.Errorf("the array %s has %d bytes, and at most %d are allowed", names[at], member.UncompressedSize64, maxMember)
	}
	unpacked, err := member.Open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unpacked.Close()) }()
	return io.ReadAll(io.LimitReader(unpacked, int64(member.UncompressedSize64)+1))
}
