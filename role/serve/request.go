package serve

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"tandem/pipeline"
	"tandem/transport"
)

// request is what a program asks: the values of each row, all inputs one after the other, and which outputs it wants.
type request struct {
	id      string
	rows    [][]float32
	outputs []wanted
}

// wanted is an output that a program asks for.
type wanted struct {
	index  int // among the network's
	binary bool
}

// statusError is an error with the status that answers it.
type statusError struct {
	status int
	error
}

func (e statusError) Unwrap() error { return e.error }

// invalid is the error of a request that can't be understood, or asks for what there is not.
func invalid(format string, args ...any) error {
	return statusError{http.StatusBadRequest, fmt.Errorf(format, args...)}
}

// readRequest reads the body of a request for a network with these inputs and outputs.
func readRequest(r *http.Request, inputs, outputs []pipeline.Tensor) (request, error) {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return request{}, statusError{http.StatusUnsupportedMediaType, fmt.Errorf("Content-Encoding %.40q: send the request uncompressed", encoding)}
	}
	body, err := readBody(r)
	if err != nil {
		return request{}, err
	}
	text, binary := body, []byte(nil)
	if length := r.Header.Get(lengthHeader); length != "" {
		n, err := strconv.Atoi(length)
		if err != nil || n < 0 || n > len(body) {
			return request{}, invalid("%s is %.40q, and the body has %d bytes", lengthHeader, length, len(body))
		}
		text, binary = body[:n], body[n:]
	}
	if most := transport.MaxTensors; entries(text, 2, most) > most { // two bytes of the body would take a hundred in memory
		return request{}, invalid("a list of its inputs or outputs has more than %d entries", most)
	}
	var m inferRequest
	if err := json.Unmarshal(text, &m); err != nil {
		return request{}, unreadable(err)
	}
	if len(m.ID) > maxID {
		return request{}, invalid("its id has %d bytes: %d are allowed", len(m.ID), maxID)
	}
	q := request{id: m.ID}
	if q.outputs, err = selectOutputs(m, outputs); err != nil {
		return request{}, err
	}
	q.rows, err = readRows(m.Inputs, binary, inputs)
	return q, err
}

// maxID is how many bytes the id of a request may have, which is sent back.
const maxID = 1024

// readBody reads a body at once, where its size is known, so that the memory for it is made once.
func readBody(r *http.Request) ([]byte, error) {
	var body bytes.Buffer
	if n := r.ContentLength; n > 0 {
		body.Grow(int(min(n, 1<<20)) + bytes.MinRead)
	}
	_, err := io.Copy(&body, r.Body)
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return nil, statusError{http.StatusRequestEntityTooLarge, fmt.Errorf("the body has more than %d bytes: send fewer rows in a request, or raise --max-body on every node", large.Limit)}
	}
	switch {
	case errors.Is(err, pipeline.ErrBusy): // the gate holds too many bytes
		return nil, statusError{http.StatusTooManyRequests, fmt.Errorf("refused on %v: %w", here, err)}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, invalid("the body has come to %d bytes, of %d that Content-Length says, and no more came in time", body.Len(), r.ContentLength)
	case err != nil:
		return nil, invalid("the body could not be read: %w", err)
	}
	return body.Bytes(), nil
}

// unreadable says of a text that is not of the protocol what is wrong with it.
func unreadable(err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return invalid("the request is no JSON of the protocol: %w", err)
	}
	want := map[reflect.Kind]string{
		reflect.Struct: "an object", reflect.Slice: "a list", reflect.String: "a text", reflect.Bool: "true or false", reflect.Int: "a whole number",
	}[wrong.Type.Kind()]
	return invalid("%s: it is a JSON %.40s, and %s is wanted", cmp.Or(wrong.Field, "the request"), wrong.Value, want)
}

// selectOutputs finds out which outputs are wanted: all of them where none is named.
func selectOutputs(m inferRequest, outputs []pipeline.Tensor) (list []wanted, err error) {
	for i := range outputs {
		if len(m.Outputs) == 0 {
			list = append(list, wanted{i, m.Parameters.BinaryOutputs})
		}
	}
	for _, o := range m.Outputs {
		i := slices.IndexFunc(outputs, func(t pipeline.Tensor) bool { return t.Name == o.Name })
		switch {
		case i < 0:
			return nil, invalid("output %.80q: the network has no such output: it gives %s", o.Name, namesOf(outputs))
		case slices.ContainsFunc(list, func(w wanted) bool { return w.index == i }):
			return nil, invalid("output %q is asked for twice", o.Name)
		case o.Parameters.Classification != 0:
			return nil, invalid("output %q: classification is not offered: the values are, of which the largest is the class", o.Name)
		}
		binary := m.Parameters.BinaryOutputs
		if b := o.Parameters.Binary; b != nil {
			binary = *b
		}
		list = append(list, wanted{i, binary})
	}
	return list, nil
}

// readRows reads the inputs of a request, in whatever order they stand, as rows of all of them.
func readRows(given []requestInput, binary []byte, inputs []pipeline.Tensor) ([][]float32, error) {
	values, rows := make([][]float32, len(inputs)), 0
	for _, g := range given {
		i := slices.IndexFunc(inputs, func(t pipeline.Tensor) bool { return t.Name == g.Name })
		switch {
		case i < 0:
			return nil, invalid("input %.80q: the network has no such input: it takes %s", g.Name, namesOf(inputs))
		case values[i] != nil:
			return nil, invalid("input %q is given twice", g.Name)
		}
		data := []byte(nil)
		if n := g.Parameters.BinarySize; n != nil {
			if *n < 0 || *n > len(binary) {
				return nil, invalid("input %q: its binary_data_size is %d, and %d bytes follow the JSON for it", g.Name, *n, len(binary))
			}
			data, binary = binary[:*n:*n], binary[*n:]
		}
		of, err := rowsIn(g, inputs[i])
		if err != nil {
			return nil, err
		}
		if rows > 0 && of != rows {
			return nil, invalid("input %q: it has %d rows, and the one before has %d", g.Name, of, rows)
		}
		rows = of
		if values[i], err = readValues(g, data, inputs[i], rows); err != nil {
			return nil, err
		}
	}
	for i, t := range inputs {
		if values[i] == nil {
			return nil, invalid("input %q is missing: the network takes %s", t.Name, namesOf(inputs))
		}
	}
	if len(binary) > 0 {
		return nil, invalid("%d bytes follow the JSON that belong to no input: each input's binary_data_size says how many are its own", len(binary))
	}
	return inRows(values, inputs, rows), nil
}

// maxRows is how many frames a request may be.
const maxRows = 1024

// rowsIn is how many rows an input of a request has, by its shape.
func rowsIn(g requestInput, t pipeline.Tensor) (int, error) {
	if slices.Equal([]int(g.Shape), t.Shape) { // a single one, without a batch dimension
		return 1, nil
	}
	if len(g.Shape) != len(t.Shape)+1 || !slices.Equal([]int(g.Shape[1:]), t.Shape) || g.Shape[0] < 1 || g.Shape[0] > maxRows {
		allowed := strings.ReplaceAll(strings.Trim(fmt.Sprint(t.Shape), "[]"), " ", ",")
		if allowed != "" {
			allowed = "," + allowed
		}
		return 0, invalid("input %q: its shape is %v: [rows%s] is allowed, with 1 to %d rows", g.Name, g.Shape, allowed, maxRows)
	}
	return g.Shape[0], nil
}

// readValues reads the values of all rows of an input.
func readValues(g requestInput, data []byte, t pipeline.Tensor, rows int) (values []float32, err error) {
	d, want := typeOf(t.Type), rows*pipeline.Volume(t.Shape)
	if g.Datatype != d.name {
		return nil, invalid("input %q: its datatype is %.40q: the network takes %s", g.Name, g.Datatype, d.name)
	}
	switch binary := g.Parameters.BinarySize != nil; {
	case binary && len(g.Data) > 0:
		return nil, invalid("input %q: it has data both in the JSON and behind it", g.Name)
	case binary && len(data) != want*d.size:
		return nil, invalid("input %q: its binary_data_size is %d: shape %v of %s takes %d bytes", g.Name, len(data), g.Shape, d.name, want*d.size)
	case binary:
		values, err = d.ofBinary(data)
	default:
		values, err = d.ofJSON(g.Data, want)
		if err == nil && len(values) != want {
			err = fmt.Errorf("has %d values, and shape %v takes %d", len(values), g.Shape, want)
		}
	}
	if err != nil {
		return nil, invalid("input %q: %w", g.Name, err)
	}
	return values, nil
}

// inRows takes inputs apart into rows, each with the values of all inputs. Those of a single input share its memory.
func inRows(values [][]float32, inputs []pipeline.Tensor, rows int) [][]float32 {
	all := make([][]float32, rows)
	for r := range all {
		for i, t := range inputs {
			n := pipeline.Volume(t.Shape)
			if part := values[i][r*n : (r+1)*n : (r+1)*n]; len(inputs) == 1 {
				all[r] = part
			} else {
				all[r] = append(all[r], part...)
			}
		}
	}
	return all
}

func namesOf(tensors []pipeline.Tensor) string {
	names := make([]string, len(tensors))
	for i, t := range tensors {
		names[i] = strconv.Quote(t.Name)
	}
	return strings.Join(names, ", ")
}
