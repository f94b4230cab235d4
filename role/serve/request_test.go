package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"tandem/pipeline"
	"tandem/role/answer"
)

var (
	ids    = pipeline.Tensor{Name: "ids", Shape: []int{2}, Type: "int64"}
	mask   = pipeline.Tensor{Name: "mask", Shape: []int{1, 2}, Type: "bool"}
	scores = pipeline.Tensor{Name: "scores", Shape: []int{2}, Type: "float32"}
	count  = pipeline.Tensor{Name: "count", Shape: []int{}, Type: "int32"}
)

// asked is a request with a body, the first bytes of which are JSON; 0: all of them.
func asked(body string, jsonBytes int) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/v2/models/m/infer", strings.NewReader(body))
	if jsonBytes > 0 {
		r.Header.Set(lengthHeader, strconv.Itoa(jsonBytes))
	}
	return r
}

// Rows are frames: each has the values of all inputs, in the network's order and not the request's.
func TestRowsOfARequest(t *testing.T) {
	inputs, outputs := []pipeline.Tensor{ids, mask}, []pipeline.Tensor{scores, count}
	binary := `{"id":"7","inputs":[{"name":"mask","datatype":"BOOL","shape":[1,1,2],"parameters":{"binary_data_size":2}},` +
		`{"name":"ids","datatype":"INT64","shape":[2],"parameters":{"binary_data_size":16}}],"parameters":{"binary_data_output":true}}`
	for name, test := range map[string]struct {
		body string
		json int
		want request
	}{
		"flat": {`{"inputs":[{"name":"ids","datatype":"INT64","shape":[2,2],"data":[1,2,-3,16777216]},{"name":"mask","datatype":"BOOL","shape":[2,1,2],"data":[true,false,0,1]}]}`, 0,
			request{"", [][]float32{{1, 2, 1, 0}, {-3, 1 << 24, 0, 1}}, []wanted{{0, false}, {1, false}}}},
		"nested, one output": {`{"outputs":[{"name":"count","parameters":{"binary_data":true}}],"inputs":[{"name":"mask","datatype":"BOOL","shape":[1,2],"data":[[true, true]]}, {"name":"ids","datatype":"INT64","shape":[1,2],"data":[[ 1e1 , 2 ]]}]}`, 0,
			request{"", [][]float32{{10, 2, 1, 1}}, []wanted{{1, true}}}},
		"binary": {binary + "\x01\x00" + "\x05\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff", len(binary),
			request{"7", [][]float32{{5, -1, 1, 0}}, []wanted{{0, true}, {1, true}}}},
	} {
		got, err := readRequest(asked(test.body, test.json), inputs, outputs)
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %v: %+v, want %+v", name, err, got, test.want)
		}
	}
}

// What is wrong with a request is told with the tensor, the value and what is allowed.
func TestWrongRequestIsExplained(t *testing.T) {
	inputs, outputs := []pipeline.Tensor{scores}, []pipeline.Tensor{scores}
	of := func(input string) string { return `{"inputs":[` + input + `]}` }
	good := `{"name":"scores","datatype":"FP32","shape":[1,2],"data":[1,2]}`
	long := `{"name":"scores","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}}`
	for _, test := range []struct {
		body string
		json int
		says []string
	}{
		{"", 0, []string{"no JSON"}},
		{"[]", 0, []string{"the request: it is a JSON array, and an object is wanted"}},
		{`{"id":7}`, 0, []string{"id: it is a JSON number, and a text is wanted"}},
		{`{"inputs":{}}`, 0, []string{"inputs: it is a JSON object, and a list is wanted"}},
		{of(strings.Replace(good, "[1,2]", "[1.0,2]", 1)), 0, []string{"inputs.shape: it is a JSON number 1.0, and a whole number is wanted"}},
		{of(strings.Replace(long, "8}", `"8"}`, 1)), 0, []string{"binary_data_size: it is a JSON string, and a whole number is wanted"}},
		{`{"inputs":[]}`, 0, []string{`input "scores" is missing`, `takes "scores"`}},
		{of(`{"name":"x","datatype":"FP32","shape":[1,2],"data":[1,2]}`), 0, []string{`input "x"`, `takes "scores"`}},
		{of(good + "," + good), 0, []string{`input "scores" is given twice`}},
		{of(strings.Replace(good, "FP32", "FP64", 1)), 0, []string{`"FP64"`, "takes FP32"}},
		{of(strings.Replace(good, "[1,2]", "[2,1]", 1)), 0, []string{"shape is [2 1]", "[rows,2] is allowed"}},
		{of(strings.Replace(good, "[1,2]", "[0,2]", 1)), 0, []string{"shape is [0 2]", "1 to 1024 rows"}},
		{of(strings.Replace(good, "[1,2]", "[9999999999999,2]", 1)), 0, []string{"1 to 1024 rows"}},
		{of(strings.Replace(good, "[1,2]}", "[1]}", 1)), 0, []string{"has 1 values, and shape [1 2] takes 2"}},
		{of(strings.Replace(good, "[1,2]}", "[1,2,3]}", 1)), 0, []string{"more than 2 values"}},
		{of(strings.Replace(good, "[1,2]}", `[1,"two"]}`, 1)), 0, []string{`value 1 is "two"`, "a number is wanted"}},
		{of(strings.Replace(good, "[1,2]}", `[1,null]}`, 1)), 0, []string{`value 1 is null`}},
		{of(strings.Replace(good, "[1,2]}", `[1,-1e39]}`, 1)), 0, []string{`value 1 is -1e+39`, "at most 3.4028235e+38"}},
		{of(strings.Replace(good, "[1,2]}", `[1,1e999]}`, 1)), 0, []string{`value 1 is +Inf`, "finite"}},
		{of(good[:len(good)-1] + `,"parameters":{"binary_data_size":0}}`), 0, []string{"both in the JSON and behind it"}},
		{of(long) + "1234567", len(of(long)), []string{"binary_data_size is 8, and 7 bytes follow"}},
		{of(long) + "123456789", len(of(long)), []string{"1 bytes follow the JSON that belong to no input"}},
		{of(strings.Replace(long, "8}", "4}", 1)) + "1234", len(of(long)), []string{"binary_data_size is 4", "takes 8 bytes"}},
		{of(strings.Replace(long, "8}", "-1}", 1)), 0, []string{"binary_data_size is -1"}},
		{of(long) + "\x00\x00\x80\x3f\x00\x00\xc0\x7f", len(of(long)), []string{"value 1 is NaN", "finite"}},
		{of(good), 1000, []string{lengthHeader, "1000"}},
		{`{"outputs":[{"name":"y"}],"inputs":[` + good + `]}`, 0, []string{`output "y"`, `gives "scores"`}},
		{`{"outputs":[{"name":"scores"},{"name":"scores"}],"inputs":[` + good + `]}`, 0, []string{"asked for twice"}},
		{`{"outputs":[{"name":"scores","parameters":{"classification":3}}],"inputs":[` + good + `]}`, 0, []string{"classification"}},
		{`{"id":"` + strings.Repeat("x", 1025) + `","inputs":[` + good + `]}`, 0, []string{"1025 bytes", "1024 are allowed"}},
	} {
		_, err := readRequest(asked(test.body, test.json), inputs, outputs)
		var wrong statusError
		if !errors.As(err, &wrong) || wrong.status != http.StatusBadRequest {
			t.Errorf("%.200s: error %v", test.body, err)
			continue
		}
		for _, one := range test.says {
			if !strings.Contains(err.Error(), one) {
				t.Errorf("%.200s: %q does not say %q", test.body, err, one)
			}
		}
	}
	r := asked(of(good), 0)
	r.Header.Set("Content-Encoding", "gzip")
	if _, err := readRequest(r, inputs, outputs); err == nil || !strings.Contains(err.Error(), "uncompressed") {
		t.Errorf("error %v", err)
	}
	r = asked(of(good), 0)
	r.Body = io.NopCloser(iotest.ErrReader(fmt.Errorf("%w: too much at once", pipeline.ErrBusy)))
	if _, err := readRequest(r, inputs, outputs); err == nil || err.(statusError).status != http.StatusTooManyRequests {
		t.Errorf("error %v", err)
	}
	r = asked(of(good), 0)
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), iotest.ErrReader(os.ErrDeadlineExceeded)))
	if _, err := readRequest(r, inputs, outputs); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("1 bytes, of %d that", r.ContentLength)) {
		t.Errorf("error %v", err)
	}
	r = asked(of(good), 0)
	r.Body = http.MaxBytesReader(httptest.NewRecorder(), r.Body, 10)
	if _, err := readRequest(r, inputs, outputs); err == nil || !strings.Contains(err.Error(), "more than 10 bytes") || !strings.Contains(err.Error(), "--max-body") {
		t.Errorf("error %v", err)
	}
}

// Every datatype takes the values that it has, and gives them back.
func TestDatatypes(t *testing.T) {
	for _, d := range datatypes {
		values := []float32{0, 1, 1.5, -2}
		switch {
		case d.name == "BOOL":
			values = []float32{0, 1, 1, 0}
		case d.integer():
			values = []float32{0, 1, float32(d.least), float32(d.most)}
		}
		binary, err := d.ofBinary(d.appendBinary([]byte(nil), values))
		text, wrong := d.ofJSON(d.appendJSON(nil, values), len(values))
		if err != nil || wrong != nil || !reflect.DeepEqual(binary, values) || !reflect.DeepEqual(text, values) {
			t.Errorf("%s: %v, %v; %v and %v, want %v", d.name, err, wrong, binary, text, values)
		}
		if typeOf(d.kind).name != d.name {
			t.Errorf("%s is %s", d.kind, typeOf(d.kind).name)
		}
		for _, bad := range []float64{d.least - 1, d.most + 1, 0.5, math.NaN()} {
			if _, err := d.take(bad); d.integer() && (err == nil || !strings.Contains(err.Error(), fmt.Sprintf("integers from %.0f to %.0f", d.least, d.most))) {
				t.Errorf("%s takes %v: %v", d.name, bad, err)
			}
		}
	}
	if d := typeOf(""); d.name != "FP32" {
		t.Errorf("what says nothing of itself is %s", d.name)
	}
}

// Values go to the nearest bfloat16, of two to the even one; what is no number stays none.
func TestNearestBfloat16(t *testing.T) {
	for v, want := range map[float32]uint16{
		1: 0x3f80, 1.00390625: 0x3f80, 1.00390637: 0x3f81, 1.01171875: 0x3f82, -2.5: 0xc020, math.MaxFloat32: 0x7f80, float32(math.Inf(-1)): 0xff80,
	} {
		if got := bfloat16(v); got != want {
			t.Errorf("%v is %#x, want %#x", v, got, want)
		}
	}
	if v := bfloat16(math.Float32frombits(0x7fffffff)); v&0x7f80 != 0x7f80 || v&0x7f == 0 {
		t.Errorf("NaN is %#x", v)
	}
}

// An error does not repeat all that a request has.
func TestErrorsAreShort(t *testing.T) {
	_, err := readRequest(asked(`{"inputs":[{"name":"ids","datatype":"INT64","shape":[1`+strings.Repeat("0", 1<<20)+`]}]}`, 0), []pipeline.Tensor{ids}, []pipeline.Tensor{scores})
	w := httptest.NewRecorder()
	fail(w, err)
	if w.Code != http.StatusBadRequest || w.Body.Len() > 2*maxError {
		t.Errorf("code %d, %d bytes", w.Code, w.Body.Len())
	}
}

// Lists of a request take no more memory than its bytes do.
func TestListsAreBounded(t *testing.T) {
	for _, body := range []string{`{"inputs":[{}`, `{"inputs":[null`, `{"outputs":[{}`, `{"inputs":[{"shape":[1`} {
		_, entry, _ := strings.Cut(body, "[")
		if i := strings.LastIndex(entry, "["); i >= 0 {
			entry = entry[i+1:]
		}
		body += strings.Repeat(","+entry, 1<<20)
		body += map[bool]string{true: "]}]}", false: "]}"}[strings.Contains(body, "shape")]
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := readRequest(asked(body, 0), []pipeline.Tensor{ids}, []pipeline.Tensor{scores})
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), "has more than 128 entries") {
			t.Errorf("%.30s: error %.200v", body, err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > uint64(8*len(body)) {
			t.Errorf("%.30s: %d bytes take %d", body, len(body), took)
		}
	}
}

func TestEntriesAreCounted(t *testing.T) {
	for text, want := range map[string]int{`[1]`: 1, `[1,2]`: 2, `[[1,2],{"a":[1,2],"b":2}]`: 2, `["a,b","\",\\",3]`: 3, `[1,2,3,4,5,6]`: 5, `null`: 1} {
		if got := entries([]byte(text), 1, 4); got != want {
			t.Errorf("%s has %d entries, want %d", text, got, want)
		}
		if got := entries([]byte(`{"inputs":`+text+`}`), 2, 4); got != want {
			t.Errorf("%s in an object has %d entries, want %d", text, got, want)
		}
	}
	// Each list may have as many as are allowed, whatever objects stand beside it.
	if got := entries([]byte(`{"inputs":[1,2,3,4],"parameters":{"a":1,"b":2,"c":3,"d":4,"e":5},"outputs":[1,2,3]}`), 2, 4); got > 4 {
		t.Errorf("several lists have %d entries", got)
	}
}

// A response has the rows in their order, in JSON or behind it.
func TestResponse(t *testing.T) {
	rows := []answer.Answer{
		{Outputs: []answer.Output{{Name: "scores", Type: "float32", Shape: []int{2}, Values: answer.Numbers{1, 2.5}}, {Name: "count", Type: "int32", Values: answer.Numbers{7}}}},
		{Outputs: []answer.Output{{Name: "scores", Type: "float32", Shape: []int{2}, Values: answer.Numbers{3, float32(math.NaN())}}, {Name: "count", Type: "int32", Values: answer.Numbers{8}}}},
	}
	w := httptest.NewRecorder()
	writeResponse(w, "m", request{id: "x", outputs: []wanted{{1, true}, {0, false}}}, rows)
	n, _ := strconv.Atoi(w.Header().Get(lengthHeader))
	body := w.Body.Bytes()
	want := `{"model_name":"m","model_version":"1","id":"x","outputs":[{"name":"count","datatype":"INT32","shape":[2],"parameters":{"binary_data_size":8}},` +
		`{"name":"scores","datatype":"FP32","shape":[2,2],"data":[1,2.5,3,null]}]}`
	if string(body[:n]) != want || !bytes.Equal(body[n:], []byte{7, 0, 0, 0, 8, 0, 0, 0}) {
		t.Errorf("%q, want %q", body, want)
	}
	w = httptest.NewRecorder()
	writeResponse(w, "m", request{outputs: []wanted{{1, false}}}, rows[:1])
	if text := w.Body.String(); w.Header().Get(lengthHeader) != "" || text != `{"model_name":"m","model_version":"1","outputs":[{"name":"count","datatype":"INT32","shape":[1],"data":[7]}]}` {
		t.Errorf("%q", text)
	}
}

// No request makes the server fail, or makes frames that do not fit the network.
func FuzzRequest(f *testing.F) {
	inputs := []pipeline.Tensor{ids, mask}
	f.Add([]byte(`{"inputs":[{"name":"ids","datatype":"INT64","shape":[1,2],"data":[1,2]},{"name":"mask","datatype":"BOOL","shape":[1,1,2],"data":[true,false]}]}`), 0)
	f.Add([]byte(`{"inputs":[{"name":"ids","datatype":"INT64","shape":[1,2],"parameters":{"binary_data_size":16}}]}0123456789abcdef`), 95)
	f.Fuzz(func(t *testing.T, body []byte, jsonBytes int) {
		q, err := readRequest(asked(string(body), jsonBytes), inputs, []pipeline.Tensor{scores})
		if err != nil {
			if _, is := errors.AsType[statusError](err); !is {
				t.Errorf("error %v has no status", err)
			}
			return
		}
		for _, row := range q.rows {
			if len(row) != 4 {
				t.Errorf("a row of %d values", len(row))
			}
		}
		if _, err := json.Marshal(q.rows); err != nil || len(q.rows) == 0 || len(q.rows) > maxRows {
			t.Errorf("%d rows: %v", len(q.rows), err)
		}
	})
}
