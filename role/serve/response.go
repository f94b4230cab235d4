package serve

import (
	"encoding/json"
	"net/http"
	"strconv"

	"tandem/role/answer"
)

// writeResponse answers a request with the outputs of all its rows, in their order.
func writeResponse(w http.ResponseWriter, model string, q request, rows []answer.Answer) {
	m := inferResponse{Model: model, Version: version, ID: q.id, Outputs: []responseOutput{}}
	var binary []byte
	anyBinary := false
	for _, want := range q.outputs {
		first := rows[0].Outputs[want.index]
		d := typeOf(first.Type)
		out := responseOutput{Name: first.Name, Datatype: d.name, Shape: append([]int{len(rows)}, first.Shape...)}
		values := []float32(first.Values)
		if len(rows) > 1 {
			values = make([]float32, 0, len(rows)*len(values))
			for _, r := range rows {
				values = append(values, r.Outputs[want.index].Values...)
			}
		}
		if want.binary {
			before := len(binary)
			binary = d.appendBinary(binary, values)
			out.Parameters, anyBinary = &binaryParameters{len(binary) - before}, true
		} else {
			out.Data = d.appendJSON(nil, values)
		}
		m.Outputs = append(m.Outputs, out)
	}
	text, err := json.Marshal(m)
	if err != nil {
		writeError(w, http.StatusInternalServerError, err)
		return
	}
	if anyBinary {
		w.Header().Set(lengthHeader, strconv.Itoa(len(text)))
		w.Header().Set("Content-Type", "application/octet-stream")
	} else {
		w.Header().Set("Content-Type", "application/json")
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(text)+len(binary)))
	_, _ = w.Write(text) // the program may be gone
	_, _ = w.Write(binary)
}

// writeJSON answers with a message.
func writeJSON(w http.ResponseWriter, status int, message any) {
	text, _ := json.Marshal(message) // texts and numbers
	text = append(text, '\n')
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text) // the program may be gone
}

// maxError is how many bytes an error has at most: it may name what a request has.
const maxError = 2 << 10

func writeError(w http.ResponseWriter, status int, err error) {
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	text := err.Error()
	if len(text) > maxError {
		text = text[:maxError] + " …"
	}
	writeJSON(w, status, errorResponse{text})
}
