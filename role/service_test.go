package role

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/role/input"
	"tandem/role/options"
)

// served is a client that answers requests.
type served struct {
	url  string // of the model
	stop func() (pipeline.Report, error)
}

// startServing starts one before a fast node. It is stopped with the test, if not before.
func startServing(t *testing.T, c setup, fast string) served {
	t.Helper()
	c.Role, c.Next, c.Serve, c.Strategy, c.LogLevel = options.Client, []string{fast}, "127.0.0.1:0", "balance", "info"
	c.Timeout = 10 * time.Minute // this machine may be busy, and a quarter is how long refused frames go again
	ready := make(chan string, 1)
	c.Log = zerolog.New(lineWriter(func(line []byte) {
		var said struct{ Message, URL string }
		if _ = json.Unmarshal(line, &said); said.URL != "" {
			ready <- said.URL
		}
	}))
	ctx, stop := context.WithCancel(context.Background())
	type ended struct {
		report pipeline.Report
		err    error
	}
	done := make(chan ended, 1)
	go func() {
		r, err := play(ctx, c)
		done <- ended{r, err}
	}()
	s := served{stop: sync.OnceValues(func() (pipeline.Report, error) {
		stop()
		e := <-done
		return e.report, e.err
	})}
	t.Cleanup(func() { _, _ = s.stop() })
	select {
	case s.url = <-ready:
	case e := <-done:
		done <- e
		t.Fatal(e.err)
	case <-time.After(time.Minute):
		t.Fatal("it does not serve")
	}
	return s
}

type lineWriter func([]byte)

func (w lineWriter) Write(line []byte) (int, error) { w(line); return len(line), nil }

// outputsOf asks for rows of digits, and returns the outputs, or the status and the error.
func outputsOf(url string, rows int, data []float32) (values []float32, status int, text string) {
	body, _ := json.Marshal(map[string]any{"inputs": []any{map[string]any{"name": "input", "datatype": "FP32", "shape": []int{rows, 64}, "data": data}}})
	r, err := http.Post(url+"/infer", "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, 0, err.Error()
	}
	defer r.Body.Close()
	content, _ := io.ReadAll(r.Body)
	var answer struct {
		Outputs []struct{ Data []float32 }
	}
	if json.Unmarshal(content, &answer); len(answer.Outputs) > 0 {
		values = answer.Outputs[0].Data
	}
	return values, r.StatusCode, string(content)
}

// digitRows are the pictures, and what PyTorch makes of them.
func digitRows(t *testing.T) (images, logits []float32) {
	t.Helper()
	images, _, err := input.ReadFloats(digitsImages)
	if err == nil {
		logits, _, err = input.ReadFloats(digitsOutputs[digits])
	}
	if err != nil {
		t.Fatal(err)
	}
	return images, logits
}

// A program asks, in requests of several rows and many at once, and has PyTorch's outputs; the report accounts for each row.
func TestRequestsAreAnswered(t *testing.T) {
	c := quick()
	nodes := startQuick(t, c)
	s := startServing(t, c, nodes.fast.address)
	images, logits := digitRows(t)
	var asking sync.WaitGroup
	for first := 0; first < 360; first += 6 {
		asking.Go(func() {
			got, status, text := outputsOf(s.url, 6, images[first*64:(first+6)*64])
			if status != http.StatusOK || len(got) != 60 {
				t.Errorf("rows from %d: code %d: %s", first, status, text)
				return
			}
			for i, v := range got {
				if d := v - logits[first*10+i]; d > 1e-4 || d < -1e-4 {
					t.Fatalf("value %d of the rows from %d is %v, and PyTorch has %v", i, first, v, logits[first*10+i])
				}
			}
		})
	}
	asking.Wait()
	r, err := s.stop()
	if err != nil {
		t.Fatal(err)
	}
	if r.Frames != 360 || r.Delivered != 360 || r.Unaccounted != 0 {
		t.Errorf("%+v", r)
	}
}

// Programs that ask all at once, each over a connection of its own, are all answered, though they are more than a node lets in.
func TestManyRequestsAtOnce(t *testing.T) {
	c := quick()
	nodes := startQuick(t, c)
	s := startServing(t, c, nodes.fast.address)
	var asking sync.WaitGroup
	connected := make(chan struct{})
	host := strings.Split(s.url, "/")[2]
	for range 300 {
		conn, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		asking.Go(func() {
			<-connected
			program := http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }}}
			r, err := program.Get(s.url)
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Body.Close()
			if r.StatusCode != http.StatusOK {
				t.Errorf("code %d", r.StatusCode)
			}
		})
	}
	close(connected)
	asking.Wait()
}

// A service of a single process needs no nodes.
func TestServiceOfOneProcess(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	given := options.Given{"serve": {"127.0.0.1:0"}, "model": {digits}, "format": {"json"}}
	o, err := given.Options(nil)
	if err != nil {
		t.Fatal(err)
	}
	said, says := io.Pipe()
	var printed bytes.Buffer
	o.Stdin, o.Stdout, o.Stderr = strings.NewReader(""), &printed, says
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, o) }()
	text := make([]byte, 0, 1024)
	url := ""
	for url == "" {
		n, _ := said.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		_, rest, _ := strings.Cut(string(text), "answered on ")
		url, _, _ = strings.Cut(rest, "\n")
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	if got, status, text := outputsOf(url, 1, make([]float32, 64)); status != http.StatusOK || len(got) != 10 {
		t.Errorf("code %d: %s", status, text)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if text := printed.String(); !strings.Contains(text, `"strategy":"balance"`) || !strings.Contains(text, `"delivered":1,`) || !strings.Contains(text, `"emulate":"off"`) {
		t.Errorf("it prints %s", text)
	}
}

// Who may ask is as on the nodes: with the key, and not from a page of elsewhere. Probes are let in.
func TestServiceAsksForTheKey(t *testing.T) {
	c := quick()
	nodes := startQuick(t, c)
	guarded := c
	guarded.credentials = credentials(t, keyFile(t, secret))
	guarded.Serve = "127.0.0.1:0"
	c.front = newFront(guarded)
	s := startServing(t, c, nodes.fast.address)
	root, _, _ := strings.Cut(s.url, "/v2")
	for _, test := range []struct {
		path, header, value string
		want                int
	}{
		{"/v2", "", "", http.StatusUnauthorized},
		{"/v2", "Authorization", "Bearer " + secret, http.StatusOK},
		{"/v2", "Authorization", "Bearer another", http.StatusUnauthorized},
		{"/v2/health/ready", "", "", http.StatusOK},
		{"/v2/health/live", "", "", http.StatusOK},
	} {
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, root+test.path, nil)
		if test.header != "" {
			request.Header.Set(test.header, test.value)
		}
		r, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		if r.StatusCode != test.want {
			t.Errorf("%s with %s %q: code %d, want %d", test.path, test.header, test.value, r.StatusCode, test.want)
		}
	}
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/infer", strings.NewReader("{}"))
	request.Header.Set("Origin", "http://elsewhere.example")
	request.Header.Set("Authorization", "Bearer "+secret)
	r, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	if r.StatusCode != http.StatusForbidden {
		t.Errorf("a page from elsewhere: code %d", r.StatusCode)
	}
}

// The examples of the README do what the text says.
func TestPythonExamples(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?ms)^```python\n(.*?)^```").FindAllStringSubmatch(string(readme), -1)
	if len(examples) != 2 {
		t.Fatalf("the README has %d examples in Python", len(examples))
	}
	c := quick()
	nodes := startQuick(t, c)
	s := startServing(t, c, nodes.fast.address)
	_, logits := digitRows(t)
	for i, example := range examples {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			needs := "json"
			if strings.Contains(example[1], "numpy") {
				needs = "numpy"
			}
			python := pythonWith(t, needs)
			program := strings.Replace(example[1], "http://localhost:8000/v2/models/digits_mlp", s.url, 1)
			command := exec.CommandContext(t.Context(), python, "-c", program)
			command.Dir = ".."
			out, err := command.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if needs == "json" {
				if !regexp.MustCompile(`^it is a \d\n$`).Match(out) {
					t.Errorf("it prints %s", out)
				}
				return
			}
			got := strings.Fields(strings.Trim(strings.TrimSpace(string(out)), "[]"))
			if len(got) != 100 {
				t.Fatalf("it prints %s", out)
			}
			for i, class := range got {
				if want, _ := (&pipeline.Frame{Data: logits[i*10 : i*10+10]}).Top(); fmt.Sprint(want) != class {
					t.Errorf("picture %d is a %s, and PyTorch says %d", i, class, want)
				}
			}
		})
	}
}

// pythonWith is a Python that has a module.
func pythonWith(t *testing.T, module string) string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(t.Context(), name, "-c", "import "+module).Run() == nil {
			return name
		}
	}
	t.Skipf("there is no python3 here with %s", module)
	return ""
}
