//go:build slow

package monitor_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"tandem/role/monitor"
)

// object is a piece of what the end node tells its viewers.
type object = map[string]any

// scene is an end node that tells what a test wants.
type scene struct {
	*httptest.Server
	mu      sync.Mutex
	history object
	sample  object
	down    bool
	viewers map[chan []byte]bool
}

func newScene(t *testing.T, build func() (history, sample object)) *scene {
	history, sample := build()
	s := &scene{history: history, sample: sample, viewers: map[chan []byte]bool{}}
	mux := http.NewServeMux()
	mux.Handle("GET /", monitor.PageHandler())
	mux.HandleFunc("GET /events", s.serveEvents)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		s.cut()
		s.Close()
	})
	return s
}

func (s *scene) serveEvents(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if s.down {
		s.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	events := make(chan []byte, 16)
	events <- sceneEvent("history", s.history)
	events <- sceneEvent("sample", s.sample)
	s.viewers[events] = true
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	tick := time.NewTicker(time.Second) // the same moment again is news enough
	defer tick.Stop()
	for {
		select {
		case e, open := <-events:
			if !open {
				panic(http.ErrAbortHandler)
			}
			_, _ = w.Write(e)
			_ = http.NewResponseController(w).Flush()
		case <-tick.C:
			s.mu.Lock()
			_, _ = w.Write(sceneEvent("sample", s.sample))
			s.mu.Unlock()
			_ = http.NewResponseController(w).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

func sceneEvent(kind string, data object) []byte {
	var b bytes.Buffer
	text, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", kind, text)
	return b.Bytes()
}

// cut ends all streams, and takes no more until mend.
func (s *scene) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = true
	for v := range s.viewers {
		close(v)
	}
	clear(s.viewers)
}

func (s *scene) mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = false
}

// sceneNodes are the nodes of a pipeline some seconds into a run.
func sceneNodes(slow int, chain bool, strategy string, second float64) []object {
	wave := func(period, low, high float64) float64 {
		return low + (high-low)*(0.5+0.5*math.Sin(second*2*math.Pi/period))
	}
	helping := math.Mod(second, 40) > 22
	state := "forwarding"
	switch {
	case helping && math.Mod(second, 40) < 24:
		state = "switching"
	case helping:
		state = "finishing"
	}
	in := 33.3
	finished := 6.0
	node := func(role, address string, more object) object {
		n := object{
			"role": role, "address": address, "received": math.Floor(in * second), "refused": 0, "dropped": 0, "expired": 0, "forwarded": 0, "finished": 0,
			"lost": 0, "switches": 0, "switch_ms": 0, "busy_ms": 0, "queue_peak": 0, "state": "", "queue": 0, "capacity": 0, "service_ms": 0, "spread_ms": 0,
			"wait_ms": 0, "rate_in": in, "rate_out": in, "throttled": false, "staleness_s": 0.4, "layers": []int{0, 0},
		}
		for k, v := range more {
			n[k] = v
		}
		return n
	}
	nodes := []object{
		node("client", "", object{"forwarded": math.Floor(in * second)}),
		node("fast", "fast.kitchen.example.net:12345", object{"state": state, "queue": math.Floor(wave(17, 0, 6)), "capacity": 10, "service_ms": 4.13, "spread_ms": 0.2, "wait_ms": wave(17, 1, 24),
			"forwarded": math.Floor((in - finished) * second), "finished": math.Floor(finished * second), "switches": math.Floor(second/40) + 1, "busy_ms": second * 240, "emulate": "pi3",
			"decisions": object{"slow has enough": math.Floor(finished * second), "slow runs dry": math.Floor((in - finished) * second)}, "layers": []int{0, 1}}),
	}
	for i := range slow {
		part := in - finished
		if !chain {
			part /= float64(slow)
		}
		refused := math.Floor(second / 3)
		n := node("slow", fmt.Sprintf("192.168.178.%d:12345", 40+i), object{"queue": math.Floor(wave(23+float64(5*i), 2, 10.9)), "capacity": 10, "service_ms": 42.2, "spread_ms": 1.1,
			"wait_ms": wave(23, 40, 380), "refused": refused, "finished": math.Floor((part - 0.4) * second), "rate_in": part, "rate_out": part - 0.4, "busy_ms": second * 900, "emulate": "pi3", "layers": []int{1, 2}})
		if chain {
			n["layers"] = []int{i + 1, i + 2}
			if i+1 < slow {
				n["forwarded"], n["finished"], n["state"] = n["finished"], 0, "forwarding"
			}
		}
		if i == 1 {
			n["throttled"], n["device"] = true, "under-voltage, 600 of 1400 MHz, 82 °C"
		}
		nodes = append(nodes, n)
	}
	return append(nodes, node("end", "[::]:12345", object{"finished": math.Floor((in - 1) * second), "staleness_s": 0, "rate_in": in - 1}))
}

var sceneStart = time.Date(2026, 2, 11, 14, 3, 22, 0, time.UTC)

// sceneSample is a moment of a run; run nil: none is open.
func sceneSample(t time.Time, run object, nodes []object, second float64) object {
	status := object{"node": object{"role": "end", "address": "[::]:12345"}, "version": "v1.4.0", "run": run, "nodes": nodes}
	if run != nil {
		run["open_s"] = second
		sent := math.Floor(33.3 * second)
		status["live"] = object{"sent": sent, "delivered": math.Floor(sent * 0.96), "duplicates": 0, "coverage": 96 + 2*math.Sin(second/30), "rate": 31.9 + 2*math.Sin(second/7),
			"age_p50_ms": 120 + 60*math.Sin(second/11), "age_p95_ms": 380 + 130*math.Sin(second/11)}
	}
	return object{"t": t.UnixMilli(), "status": status}
}

// sceneDown makes slow nodes of a moment not answer.
func sceneDown(sample object, addresses ...string) {
	var down []object
	for _, address := range addresses {
		down = append(down, object{"role": "slow", "address": address})
	}
	sample["status"].(object)["live"].(object)["down"] = down
}

func sceneRun(id, strategy string, cuts ...int) object {
	return object{"id": id, "strategy": strategy, "tasks": 0, "load": "background", "frames": 18000, "interval_ms": 30.0, "model": "mobilenet_v2", "cuts": cuts}
}

// sceneReports are runs of three strategies over tasks.
func sceneReports() []object {
	var all []object
	add := func(strategy string, tasks int, coverage, rate float64) {
		id := sceneStart.Add(-time.Duration(30-len(all))*time.Minute).Format("20060102-150405-") + fmt.Sprintf("AB%04d", len(all))
		r := object{"run": id, "strategy": strategy, "tasks": tasks, "frames": 100, "interval_ms": 30.0, "delivered": coverage, "coverage": coverage, "rate": rate,
			"latency_ms": object{"p50": 448 - 2*coverage, "p95": 600, "p99": 640, "max": 701}, "elapsed_s": 4.1, "model": "dense-100-2000-2000", "cut": 1, "emulate": "pi3", "joules_per_frame": 0.3 + float64(len(all))/100,
			"nodes": []object{{"role": "client", "address": "", "received": 100, "refused": 0, "lost": 0}, {"role": "fast", "address": "fast.kitchen.example.net:12345", "refused": 0, "switches": 2},
				{"role": "slow", "address": "192.168.178.40:12345", "refused": 100 - coverage, "switches": 0}, {"role": "end", "address": "end:12345"}}}
		if len(all) == 4 {
			r["notes"] = []string{"slow: under-voltage, throttled, 600 of 1400 MHz, 82 °C"}
		}
		all = append(all, r)
	}
	add("baseline", 0, 81, 23.8)
	for i, n := range []int{1, 5, 10, 15, 20, 40} {
		add("takeover", n, []float64{72, 72, 71, 73, 77, 74}[i], []float64{20.14, 19.92, 20.68, 20.58, 20.59, 21.41}[i])
		add("alternate", n, []float64{72, 78, 83, 88, 89, 89}[i], []float64{20.15, 23.02, 24.48, 24.39, 27.11, 29.25}[i])
	}
	add("balance", 0, 100, 33.2)
	return all
}

// sceneUnlike are the same, and runs over another link, at another interval, and of another model.
func sceneUnlike() []object {
	all := sceneReports()
	for i, other := range []object{{"link": "wifi", "tasks": 1, "coverage": 61.0}, {"link": "wifi", "tasks": 20, "coverage": 63.0}, {"interval_ms": 20.0, "tasks": 20, "coverage": 55.0},
		{"model": "squeezenet1_1", "strategy": "balance", "tasks": 0, "coverage": 99.0}} {
		r := maps.Clone(all[1])
		maps.Copy(r, other)
		r["run"] = sceneStart.Add(-time.Duration(10-i)*time.Minute).Format("20060102-150405-") + "UNLIKE"
		all = append(all, r)
	}
	return all
}

// sceneSimulated are runs that were measured, and the same ones simulated.
func sceneSimulated() []object {
	all := sceneReports()
	for i, r := range sceneReports() {
		r["run"], r["simulated"] = fmt.Sprintf("simulated-%s-%d", r["strategy"], i), true
		r["coverage"], r["rate"] = r["coverage"].(float64)-1, r["rate"].(float64)-0.3
		all = append(all, r)
	}
	return all
}

// sceneHistory is the last ten minutes: a run, a pause, and the run that is open.
func sceneHistory(run object, nodes func(second float64) []object, reports []object) (history, sample object) {
	before := sceneRun(sceneStart.Add(-20*time.Minute).Format("20060102-150405-")+"BEFORE", "takeover", 1)
	if len(reports) > 0 {
		before["id"] = reports[len(reports)-1]["run"]
	}
	var samples []object
	for i := range 600 {
		t := sceneStart.Add(time.Duration(i-599) * time.Second)
		switch {
		case i < 330:
			sample = sceneSample(t, before, nodes(float64(i)), float64(i))
		case i < 360 || run == nil:
			sample = sceneSample(t, nil, nodes(0), 0)
		default:
			sample = sceneSample(t, run, nodes(float64(i-360)), float64(i-360))
		}
		samples = append(samples, sample)
	}
	return object{"samples": samples[:len(samples)-1], "runs": reports}, sample
}
