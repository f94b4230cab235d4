package model

import (
	"bytes"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"
)

// Files that people take for ONNX files: how each begins, and what to do.
var foreign = []struct {
	at     int64
	begins string
	is     string
}{
	{0, "version https://git-lfs", "a Git LFS pointer, which stands for the network: fetch the network itself with git lfs pull"},
	{0, "<!DOCTYPE html", "a web page: download the file itself, not the page that shows it"},
	{0, "<!doctype html", "a web page: download the file itself, not the page that shows it"},
	{0, "<html", "a web page: download the file itself, not the page that shows it"},
	{0, "PK\x03\x04", "a zip archive, which is also what torch.save writes: unpack it, or export the network with torch.onnx.export"},
	{0, "\x1f\x8b", "compressed with gzip: unpack it with gunzip"},
	{0, "\x89HDF\r\n", "an HDF5 file, which Keras wrote before its version 3: load it there, and export it with model.export(\"net.onnx\", format=\"onnx\")"},
	{4, "TFL3", "a TensorFlow Lite file: convert it with python -m tf2onnx.convert --tflite FILE --output net.onnx"},
	{4, "ORTM", "in onnxruntime's own format: take the ONNX file that it was made of"},
	{0, "\x93NUMPY", "a NumPy array, as --input takes it: name the network's own file, net.onnx"},
	{0, "\x89PNG", "a picture, as --input takes it: name the network's own file, net.onnx"},
	{0, "\xff\xd8\xff", "a picture, as --input takes it: name the network's own file, net.onnx"},
	{0, "7767517\n", "an ncnn file: take the ONNX file that it was made of"},
}

// isText says whether a file seems to be one for people: its beginning has what
// they read, and nothing else. An ONNX file may look like that in theory, so that
// only one that can't be read is asked.
func isText(r io.ReaderAt) bool {
	head := make([]byte, 512)
	n, _ := r.ReadAt(head, 0)
	head = head[:n]
	for range min(n, utf8.UTFMax-1) { // the last character may be cut short
		if r, _ := utf8.DecodeLastRune(head); r == utf8.RuneError {
			head = head[:len(head)-1]
		}
	}
	return len(head) > 0 && !bytes.ContainsFunc(head, func(c rune) bool {
		return c == utf8.RuneError || unicode.IsControl(c) && !unicode.IsSpace(c)
	})
}

// notForeign says what a file is that is known not to be in ONNX's format.
func notForeign(r io.ReaderAt) error {
	head := make([]byte, 64)
	n, _ := r.ReadAt(head, 0)
	head = bytes.TrimPrefix(head[:n], []byte("\ufeff"))
	for _, f := range foreign {
		if int64(len(head)) > f.at && bytes.HasPrefix(head[f.at:], []byte(f.begins)) {
			return fmt.Errorf("no ONNX file: %w: it is %s", ErrUnsupported, f.is)
		}
	}
	return nil
}
