package onnx

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

func str(b []byte, num protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v)
}

func num(b []byte, num protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), uint64(v))
}

// parse reads a file with one initializer.
func parse(t *testing.T, tensor []byte) (*Tensor, error) {
	t.Helper()
	b := str(nil, 7, str(nil, 5, str(tensor, 8, []byte("t"))))
	b = str(b, 8, num(str(nil, 1, []byte("ai.onnx")), 2, 17))
	m, err := Parse(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	if m.Opsets[""] != 17 {
		t.Errorf("opset %d, want 17", m.Opsets[""])
	}
	return &m.Graph.Initializers[0], nil
}

func TestInts(t *testing.T) {
	shape := func(typ DataType, dims ...byte) []byte { return num(str(nil, 1, dims), 2, int64(typ)) }
	varints := protowire.AppendVarint(protowire.AppendVarint(nil, 3), 1<<64-1)
	for about, test := range map[string]struct {
		tensor []byte
		want   []int64
		says   string
	}{
		"int64_data":         {str(shape(Int64, 2), 7, varints), []int64{3, -1}, ""},
		"raw int64":          {str(shape(Int64, 1), 9, []byte{254, 255, 255, 255, 255, 255, 255, 255}), []int64{-2}, ""},
		"raw int32":          {str(shape(Int32, 2), 9, []byte{1, 0, 0, 0, 255, 255, 255, 255}), []int64{1, -1}, ""},
		"scalar":             {str(num(nil, 2, 7), 7, []byte{9}), []int64{9}, ""},
		"none":               {shape(Int64, 0), nil, ""},
		"too few":            {str(shape(Int64, 3), 7, varints), nil, "has 2 integers, want 3"},
		"too many":           {str(shape(Int64, 1), 7, varints), nil, "has 2 integers, want 1"},
		"cut short":          {str(shape(Int64, 1), 7, []byte{0x80}), nil, "unexpected EOF"},
		"no data":            {num(num(nil, 2, 6), 14, 1), nil, "in the file"},
		"floats":             {str(shape(Float32, 1), 4, []byte{0, 0, 0, 0}), nil, "holds float32"},
		"impossibly many":    {str(num(num(nil, 1, 1<<13), 2, 7), 7, varints), nil, "for 8192 integers"},
		"both kinds of data": {str(str(shape(Int64, 2), 7, varints), 9, varints), nil, "twice"},
		"not packed":         {num(shape(Int64, 1), 7, 3), nil, "not packed"},
	} {
		tensor, err := parse(t, test.tensor)
		var got []int64
		if err == nil {
			got, err = tensor.Ints()
		}
		if test.says == "" && (err != nil || !slices.Equal(got, test.want)) {
			t.Errorf("%s: got %d, %v, want %d", about, got, err, test.want)
		}
		if test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%s: got %d, %v, want an error saying %q", about, got, err, test.says)
		}
	}
}

func TestExternal(t *testing.T) {
	pair := func(b []byte, key, value string) []byte {
		return str(b, 13, str(str(nil, 1, []byte(key)), 2, []byte(value)))
	}
	head := num(num(num(nil, 1, 4), 2, 1), 14, 1)
	got, err := parse(t, pair(pair(pair(head, "location", "net.onnx.data"), "offset", "4096"), "length", "16"))
	if err != nil {
		t.Fatal(err)
	}
	if want := (External{"net.onnx.data", 4096, 16}); got.External == nil || *got.External != want {
		t.Errorf("got %v, want %v", got.External, want)
	}
	for _, offset := range []string{"-1", "many", "99999999999999999999"} {
		if _, err := parse(t, pair(head, "offset", offset)); !errors.Is(err, ErrMalformed) {
			t.Errorf("offset %s: got %v, want %v", offset, err, ErrMalformed)
		}
	}
}

func TestFloatsReadAnywhere(t *testing.T) {
	values := make([]float32, 10000)
	for i := range values {
		values[i] = float32(i)
	}
	tensor := FloatTensor(values, 100, 100)
	got := make([]float32, 9000) // more than is read at once
	if err := tensor.Floats(got, 500); err != nil || !slices.Equal(got, values[500:9500]) {
		t.Errorf("got %v ... (%v), want 500 ...", got[:3], err)
	}
	if err := tensor.Floats(got, 5000); err == nil {
		t.Error("read beyond the end")
	}
}

func TestGroupsAreRefused(t *testing.T) {
	b := protowire.AppendTag(nil, 9, protowire.StartGroupType)
	if _, err := Parse(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrMalformed) {
		t.Errorf("got %v, want %v", err, ErrMalformed)
	}
}

// A file that is shorter than it was said to be.
func TestShortFile(t *testing.T) {
	b := str(nil, 7, make([]byte, 100))
	if _, err := Parse(bytes.NewReader(b[:50]), int64(len(b))); err == nil {
		t.Error("accepted")
	}
}
