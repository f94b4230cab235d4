//go:build slow

package chaos

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/role/input"
)

// serving starts a client that answers requests, and returns the address of its model.
func (s *site) serving(t *testing.T, flags ...string) (p *process, url string) {
	t.Helper()
	p = s.client(append([]string{"--serve", "127.0.0.1:0"}, flags...)...)
	line := p.line(t, &p.stderr, `"message":"ready"`, `"url"`)
	var ready struct{ URL string }
	if err := json.Unmarshal([]byte(line), &ready); err != nil {
		t.Fatalf("%v: %s", err, p.stderr.text())
	}
	return p, ready.URL
}

// asks is what a standard library of Python makes of it: 360 digits, so many at once, and the outputs as lines.
const asks = `
import ast, json, struct, sys, urllib.request
from concurrent.futures import ThreadPoolExecutor
url, images, at_once = sys.argv[1:]
file = open(images, "rb").read()
head = struct.unpack("<H", file[8:10])[0]
rows, size = ast.literal_eval(file[10:10 + head].decode())["shape"]
data = struct.unpack("<%df" % (rows * size), file[10 + head:])
def ask(i):
    tensor = {"name": "input", "datatype": "FP32", "shape": [1, size], "data": data[i * size:(i + 1) * size]}
    with urllib.request.urlopen(url + "/infer", json.dumps({"id": str(i), "inputs": [tensor]}).encode()) as answer:
        return answer.read().decode()
with ThreadPoolExecutor(int(at_once)) as pool:
    for answer in pool.map(ask, range(rows)): print(answer)
`

// Programs that are not ours, a Python with its standard library and curl, have PyTorch's outputs for all digits over four
// processes, however many ask at once, and no frame is lost.
func TestProgramsAskForDigits(t *testing.T) {
	t.Parallel()
	logits, _, err := input.ReadFloats(logits)
	if err != nil {
		t.Fatal(err)
	}
	s := fourProcesses(t, nil, []string{"--model", digits})
	client, url := s.serving(t, "--strategy", "balance", "--timeout", "30s")
	asked, again := int64(0), false
	for _, program := range []struct {
		name  string
		lines func(atOnce int) ([]byte, error)
	}{
		{"python3", func(atOnce int) ([]byte, error) {
			return exec.CommandContext(t.Context(), "python3", "-c", asks, url, images, fmt.Sprint(atOnce)).Output()
		}},
		{"curl", func(atOnce int) ([]byte, error) {
			return exec.CommandContext(t.Context(), "curl", "-sS", "--parallel", "--parallel-max", fmt.Sprint(atOnce), "--config", curlConfig(t, url)).Output()
		}},
	} {
		if _, err := exec.LookPath(program.name); err != nil {
			t.Log(err) // CI has both
			continue
		}
		for _, atOnce := range []int{1, 8, 64} {
			for deadline := time.Now().Add(patience); ; again = true {
				text, err := program.lines(atOnce)
				if err = errors.Join(err, answered(t, logits, text)); err == nil {
					break
				}
				// Where the machine stood still, requests may have been lost.
				if client.machine.calm(t) || time.Now().After(deadline) {
					t.Fatalf("%s, %d at once: %v: %.2000s", program.name, atOnce, err, text)
				}
			}
			asked += 360
		}
	}
	client.signal(syscall.SIGTERM)
	if r := s.sound(t, client); r.Delivered < asked || !again && (r.Frames != asked || r.Delivered != asked) {
		t.Errorf("%d rows were asked for: %+v", asked, r)
	}
}

// answered reports whether there are answers with outputs to all 360 digits, and checks those.
func answered(t *testing.T, logits []float32, text []byte) error {
	t.Helper()
	answers := json.NewDecoder(bytes.NewReader(text))
	for range 360 {
		var a struct {
			ID      string
			Outputs []struct{ Data []float32 }
		}
		row := 0
		err := answers.Decode(&a)
		if _, wrong := fmt.Sscan(a.ID, &row); err != nil || wrong != nil || len(a.Outputs) != 1 || len(a.Outputs[0].Data) != 10 {
			return fmt.Errorf("no answer with outputs: %w", errors.Join(err, wrong))
		}
		for i, v := range a.Outputs[0].Data {
			if math.Abs(float64(v-logits[row*10+i])) > 1e-4 {
				t.Fatalf("row %d: %v, PyTorch has %v", row, a.Outputs[0].Data, logits[row*10:row*10+10])
			}
		}
	}
	return nil
}

// curlConfig makes a file that has curl ask for all digits, each in a connection's turn.
func curlConfig(t *testing.T, url string) string {
	t.Helper()
	data, shape, err := input.ReadFloats(images)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	var config strings.Builder
	for i := range shape[0] {
		body, _ := json.Marshal(question(i, 1, data[i*64:(i+1)*64]))
		file := filepath.Join(folder, fmt.Sprint(i, ".json"))
		if err := os.WriteFile(file, body, 0o600); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			config.WriteString("next\n")
		}
		fmt.Fprintf(&config, "url = %s/infer\ndata-binary = @%s\nheader = Content-Type: application/json\n", url, file)
	}
	file := filepath.Join(folder, "config")
	if err := os.WriteFile(file, []byte(config.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func question(id, rows int, data []float32) any {
	return map[string]any{"id": fmt.Sprint(id), "inputs": []any{map[string]any{"name": "input", "datatype": "FP32", "shape": []int{rows, 64}, "data": data}}}
}

// crowd is what became of the requests of many programs.
type crowd struct {
	mu    sync.Mutex
	codes map[int]int64
	times []time.Duration
	texts []string // of those that were not answered with outputs
}

// ask asks once, and takes note of what became of it.
func (c *crowd) ask(url string) {
	body, _ := json.Marshal(question(0, 1, make([]float32, 64)))
	began := time.Now()
	r, err := http.Post(url+"/infer", "application/json", bytes.NewReader(body))
	took := time.Since(began)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.codes[0]++
		c.texts = append(c.texts, err.Error())
		return
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(r.Body)
	c.codes[r.StatusCode]++
	c.times = append(c.times, took)
	if r.StatusCode != http.StatusOK {
		c.texts = append(c.texts, string(text))
	}
}

// known checks that each request was answered as it should be, and in its time.
func (c *crowd) known(t *testing.T, timeout time.Duration, machine pace) (all int64) {
	t.Helper()
	for code, n := range c.codes {
		if all += n; !slices.Contains([]int{200, 429, 503, 504}, code) {
			t.Errorf("code %d, %d times: %q", code, n, c.texts)
		}
	}
	slices.Sort(c.times)
	p99, longest := c.times[len(c.times)*99/100], c.times[len(c.times)-1]
	t.Logf("%v: p50 %v, p99 %v, at most %v", c.codes, c.times[len(c.times)/2], p99, longest)
	if longest > timeout+2*time.Second && machine.calm(t) {
		t.Errorf("a request took %v", longest)
	}
	return all
}

// At one and a half times what the nodes can do each request is answered in its time, with outputs or with why there are none,
// and the report accounts for each.
func TestOverloadedServiceAnswersAll(t *testing.T) {
	t.Parallel()
	s := fourProcesses(t, nil, []string{"--model", digits, "--emulate", "pi3"}) // some 43 frames a second
	client, url := s.serving(t, "--strategy", "balance", "--timeout", "4s")
	c := crowd{codes: map[int]int64{}}
	var asking sync.WaitGroup
	began, machine := time.Now(), watch(t)
	for sent := 0; asked(&c) < 600; time.Sleep(time.Second / 65) {
		due := int(65 * time.Since(began).Seconds())
		for sent = max(sent, due-20); sent < due; sent++ { // a machine that is a little late catches up
			asking.Go(func() { c.ask(url) })
		}
	}
	asking.Wait()
	all := c.known(t, 4*time.Second, machine)
	client.signal(syscall.SIGTERM)
	client.exit(t, 0)
	r, err := client.report()
	if err != nil {
		t.Fatal(err)
	}
	check(t, r)
	var sum pipeline.Outcomes
	for _, n := range r.Nodes {
		if n.Role != "end" {
			sum.Add(n.Outcomes)
		}
	}
	// What a node counts as lost may have arrived nevertheless: such a frame has two fates.
	ok, late, lost := c.codes[http.StatusOK], c.codes[http.StatusGatewayTimeout], sum.Lost-c.codes[http.StatusServiceUnavailable]
	if r.Frames != all || sum.Refused != c.codes[http.StatusTooManyRequests] || sum.Refused == 0 || lost < 0 || lost > r.DoubleCounted ||
		r.Delivered < ok || r.Delivered > ok+late+r.DoubleCounted {
		t.Errorf("%v: %+v", c.codes, r)
	}
	if p99 := c.times[len(c.times)*99/100]; p99 > 4*time.Second && late == 0 && machine.calm(t) {
		t.Errorf("p99 %v", p99)
	}
}

func asked(c *crowd) (n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.codes {
		n += k
	}
	return n
}

// Each node is killed, stopped, and started again while requests run. None of them hangs, most of them do not notice, and when
// all are back none fails.
func TestServiceOutlivesItsNodes(t *testing.T) {
	t.Parallel()
	s := fourProcesses(t, nil, []string{"--model", digits})
	client, url := s.serving(t, "--strategy", "balance")
	c := crowd{codes: map[int]int64{}}
	machine, over := watch(t), make(chan struct{})
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
					c.ask(url)
				}
			}
		})
	}
	for _, node := range []string{"slow", "fast", "end"} {
		for _, by := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
			s.process(node).signal(by)
			<-s.process(node).ended
			s.up(t, node)
			before := c.answered()
			for deadline := time.Now().Add(patience); c.answered() < before+20; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("no requests are answered after %s was ended by %v: %v, %q", node, by, c.codes, c.texts)
				}
			}
		}
	}
	close(over)
	asking.Wait()
	c.known(t, 5*time.Second, machine)
	if bad := asked(&c) - c.codes[http.StatusOK]; bad*5 > asked(&c) {
		t.Errorf("%v: %q", c.codes, c.texts)
	}
	calm := crowd{codes: map[int]int64{}}
	for range 50 {
		calm.ask(url)
	}
	if calm.codes[http.StatusOK] != 50 {
		t.Errorf("%v: %q", calm.codes, calm.texts)
	}
	client.signal(syscall.SIGTERM)
	client.exit(t, 0)
	r, err := client.report()
	if err != nil {
		t.Fatal(err)
	}
	check(t, r)
	if sum := c.codes[http.StatusOK] + 50; r.Delivered+r.Forgotten+r.Died < sum {
		t.Errorf("%d requests were answered: %+v", sum, r)
	}
}

// answered is how many requests have been answered with outputs.
func (c *crowd) answered() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.codes[http.StatusOK]
}
