package serve

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/transport/auth"
)

// serveOn starts a server before a node, and returns its address.
func serveOn(t *testing.T, n *fakeNode, ready func() error) string {
	t.Helper()
	tensor := []pipeline.Tensor{{Name: "x", Shape: []int{1}, Type: "float32"}}
	b := &fakeBook{handed: map[pipeline.NodeID]int{}, gone: map[pipeline.Outcome]int{}}
	line := StartLine(t.Context(), LineConfig{
		Run: pipeline.Run{ID: "r", Model: "net.onnx", Outputs: tensor}, Inputs: tensor, Neighbours: []Neighbour{n},
		Book: b, Buffer: pipeline.NewBuffer(1<<20, func() {}), Window: 4, Timeout: time.Second,
	})
	n.line = line
	s := NewServer(Config{
		Line: line, Version: "v1", Ready: ready, Gate: auth.NewGate(nil, func(auth.Refusal) {}), MaxBody: 1 << 20, Errors: log.New(io.Discard, "", 0),
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := errors.Join(s.Stop(), <-served); err != nil {
			t.Error(err)
		}
		line.Close()
	})
	return "http://" + l.Addr().String()
}

// Prometheus reads how many requests were answered, with which codes, and how long that took.
func TestMetricsOfRequests(t *testing.T) {
	url := serveOn(t, fast(10, time.Microsecond), func() error { return nil })
	for _, body := range []string{`{"inputs":[{"name":"x","datatype":"FP32","shape":[2,1],"data":[1,2]}]}`, "{", "{"} {
		r, err := http.Post(url+"/v2/models/net/infer", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
	}
	r, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`tandem_requests_total{code="200"} 1`, `tandem_requests_total{code="400"} 2`, "tandem_request_seconds_count 3", "tandem_requests_underway 0"} {
		if !strings.Contains(string(text), want+"\n") {
			t.Errorf("%s is missing in:\n%s", want, text)
		}
	}
}

func TestPathsOfTheProtocol(t *testing.T) {
	var away error
	url := serveOn(t, fast(10, time.Microsecond), func() error { return away })
	const body = `{"inputs":[{"name":"x","datatype":"FP32","shape":[2,1],"data":[1,2]}]}`
	expect := func(method, path, body string, status int, says ...string) *http.Response {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		text, _ := io.ReadAll(r.Body)
		if r.StatusCode != status || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: code %d, %s: %s", method, path, r.StatusCode, r.Header.Get("Content-Type"), text)
		}
		for _, one := range says {
			if !strings.Contains(string(text), one) {
				t.Errorf("%s %s: %s does not say %s", method, path, text, one)
			}
		}
		return r
	}
	expect("GET", "/v2", "", 200, `"name":"tandem"`, `"version":"v1"`, `"binary_tensor_data"`)
	expect("GET", "/v2/", "", 200, `"name":"tandem"`)
	expect("GET", "/v2/health/live", "", 200, `"live":true`)
	expect("GET", "/v2/health/ready", "", 200, `"ready":true`)
	for _, model := range []string{"/v2/models/net", "/v2/models/net/versions/1"} {
		expect("GET", model, "", 200, `"name":"net"`, `"versions":["1"]`, `"inputs":[{"name":"x","datatype":"FP32","shape":[-1,1]}]`, `"outputs":[{"name":"x"`)
		expect("GET", model+"/ready", "", 200, `"ready":true`)
		expect("POST", model+"/infer", body, 200, `"outputs":[{"name":"x","datatype":"FP32","shape":[2,1],"data":[10,20]}]`)
	}
	expect("GET", "/v2/models/other", "", 404, `no model \"other\"`, `there is \"net\"`)
	expect("POST", "/v2/models/net/versions/2/infer", body, 404, `no version \"2\"`)
	expect("GET", "/v2/models/net/infer", "", 404, "POST to /v2/models/net/infer")
	expect("GET", "/", "", 404, "Open Inference Protocol")
	expect("POST", "/v2/models/net/infer", "{}", 400, `input \"x\" is missing`)
	expect("POST", "/v2/models/net/infer", strings.Repeat("x", 1<<21), 413, "--max-body")
	away = errors.New("fast does not answer")
	expect("GET", "/v2/health/ready", "", 503, "fast does not answer")
	expect("GET", "/v2/models/net/ready", "", 503)
	expect("GET", "/v2/health/live", "", 200)
}

// Who is refused learns when to come again.
func TestRefusalSaysWhenToComeAgain(t *testing.T) {
	n := fast(1, time.Hour)
	url := serveOn(t, n, func() error { return nil })
	const body = `{"inputs":[{"name":"x","datatype":"FP32","shape":[3,1],"data":[1,2,3]}]}`
	r, err := http.Post(url+"/v2/models/net/infer", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(r.Body)
	if r.StatusCode != http.StatusTooManyRequests || r.Header.Get("Retry-After") != "1" || !strings.Contains(string(text), "refused on fast (fast:1)") {
		t.Errorf("code %d, %v: %s", r.StatusCode, r.Header, text)
	}
}

// A program that sends all of its request before it reads finds the answer, though nobody wanted the rest of the request.
func TestAnswerIsThereForWhoSendsAllFirst(t *testing.T) {
	address := strings.TrimPrefix(serveOn(t, fast(10, time.Microsecond), func() error { return nil }), "http://")
	const infer = "/v2/models/net/infer"
	body := bytes.Repeat([]byte("x"), 16<<20) // more than the system takes in for a connection that nobody reads
	for name, c := range map[string]struct {
		path, header string
		status       int
	}{
		"too large":          {infer, "Content-Length: 16777216", http.StatusRequestEntityTooLarge},
		"too large, chunked": {infer, "Transfer-Encoding: chunked", http.StatusRequestEntityTooLarge},
		"compressed":         {infer, "Content-Encoding: gzip\r\nContent-Length: 16777216", http.StatusUnsupportedMediaType},
		"no such model":      {"/v2/models/other/infer", "Content-Length: 16777216", http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			before, behind := "", ""
			if strings.Contains(c.header, "chunked") {
				before, behind = "1000000\r\n", "\r\n0\r\n\r\n" // hexadecimal
			}
			for _, part := range [][]byte{[]byte("POST " + c.path + " HTTP/1.1\r\nHost: localhost\r\n" + c.header + "\r\n\r\n" + before), body, []byte(behind)} {
				if _, err := conn.Write(part); err != nil {
					t.Fatal(err)
				}
			}
			r, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			text, err := io.ReadAll(r.Body)
			if r.StatusCode != c.status || err != nil || !strings.HasPrefix(string(text), `{"error":"`) {
				t.Errorf("code %d, %v: %s", r.StatusCode, err, text)
			}
		})
	}
}
