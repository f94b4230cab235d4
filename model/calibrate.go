package model

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tandem/model/internal/f32"
)

// Calibration is what the layers of a slice cost on this device.
type Calibration struct {
	Model        string  `json:"model"`
	From         int     `json:"from"` // first layer
	To           int     `json:"to"`   // the one behind the last
	LoadMS       float64 `json:"load_ms"`
	Bytes        int64   `json:"bytes"`         // resident weights
	BandwidthGBS float64 `json:"bandwidth_gbs"` // of reading memory, with all threads
	Threads      int     `json:"threads"`       // that may be used
	Layers       []Cost  `json:"layers"`
}

// Cost is what one layer costs.
type Cost struct {
	Layer   int         `json:"layer"`
	Name    string      `json:"name"`
	Output  string      `json:"output"` // the tensor it gives
	Bytes   int64       `json:"bytes"`  // resident weights
	Batches []BatchCost `json:"batches"`
}

// BatchCost is what one layer costs for so many frames together.
type BatchCost struct {
	Frames   int     `json:"frames"`
	Threads  int     `json:"threads"` // that were chosen
	MedianUS float64 `json:"median_us"`
	P99US    float64 `json:"p99_us"`
	GFLOPS   float64 `json:"gflops"` // 2 operations for each multiply-add
	GBS      float64 `json:"gbs"`    // weights read, once for each batch
}

// calibrated are the batches that are measured.
var calibrated = [...]int{1, 4, 16}

// Calibrate loads the layers [from, to) and measures each of them, and anew for
// which of them the threads are worth their while.
func Calibrate(n *Network, from, to, threads int) (Calibration, error) {
	c := Calibration{Model: n.Name(), From: from, To: to, Threads: threads}
	e := NewExecutor(n, Options{Threads: threads, Batch: slices.Max(calibrated[:])})
	defer e.Close()
	began := time.Now()
	if err := e.Load(from, to); err != nil {
		return c, err
	}
	c.LoadMS = time.Since(began).Seconds() * 1000
	const long = 30 * time.Second // for all layers
	ctx, cancel := context.WithTimeout(context.Background(), long)
	defer cancel()
	e.tune(ctx, from, to, true)
	each := min(100*time.Millisecond, long/time.Duration(max(1, (to-from)*len(calibrated))))
	for i := from; i < to; i++ {
		cost, err := e.cost(i, each)
		if err != nil {
			return c, err
		}
		c.Bytes += cost.Bytes
		c.Layers = append(c.Layers, cost)
	}
	c.BandwidthGBS = bandwidth(threads)
	return c, nil
}

// cost measures layer i by itself: a ReLU behind it, which is fused in real runs, is not.
func (e *Executor) cost(i int, each time.Duration) (Cost, error) {
	work, bytes := e.net.Work(i, i+1), e.net.Bytes(i, i+1)
	cost := Cost{Layer: i, Name: e.net.Describe(i), Output: e.net.Tensor(i + 1), Bytes: bytes}
	for _, frames := range calibrated {
		times, err := e.sample(i, frames, each)
		if err != nil {
			return cost, err
		}
		b := BatchCost{Frames: frames, Threads: 1}
		if team := e.threads(i, frames); team != nil {
			b.Threads = team.Threads()
		}
		mid := median(times)
		b.MedianUS = mid.Seconds() * 1e6
		b.P99US = times[(len(times)-1)*99/100].Seconds() * 1e6 // median has sorted them
		if s := mid.Seconds(); s > 0 {
			b.GFLOPS = 2 * float64(work) * float64(frames) / s / 1e9
			b.GBS = float64(bytes) / s / 1e9
		}
		cost.Batches = append(cost.Batches, b)
	}
	return cost, nil
}

// sample times layer i for so long, but at least 5 and at most 1000 times.
func (e *Executor) sample(i, frames int, each time.Duration) ([]time.Duration, error) {
	xs := make([][]float32, frames)
	for f := range xs {
		xs[f] = make([]float32, e.net.Size(i))
	}
	var times []time.Duration
	for deadline := time.Now().Add(each); len(times) < 5 || len(times) < 1000 && time.Now().Before(deadline); {
		began := time.Now()
		if _, err := e.Run(xs, i, i+1); err != nil {
			return nil, fmt.Errorf("calibrate: %w", err)
		}
		times = append(times, time.Since(began))
	}
	return times, nil
}

// bandwidth is how fast this device reads memory, in GB/s: the median of
// streaming a matrix through the kernel that is larger than any cache here.
func bandwidth(threads int) float64 {
	const side = 4096 // 64 MiB
	m := f32.New(side, side)
	defer m.Free()
	team := f32.NewTeam(threads)
	defer team.Close()
	data := m.Data()
	for i := 0; i < len(data); i += 1024 { // a page that was never written is the one zero page
		data[i] = 1
	}
	x, y := make([]float32, side), make([]float32, side)
	var times []time.Duration
	for range 7 {
		began := time.Now()
		team.Affine(m, y, x, nil, f32.Linear)
		times = append(times, time.Since(began))
	}
	return float64(m.Bytes()) / median(times).Seconds() / 1e9
}
