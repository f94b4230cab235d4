package model

import (
	"slices"
	"testing"
)

// A slice that was prepared beside the work computes what one computes that was loaded at once.
func TestPreparedLayersAreThoseThatAreLoaded(t *testing.T) {
	n := openDigits(t)
	loaded, prepared := NewExecutor(n, Options{}), NewExecutor(n, Options{})
	defer loaded.Close()
	defer prepared.Close()
	if err := loaded.Load(0, n.Len()); err != nil {
		t.Fatal(err)
	}
	if err := prepared.Load(0, 2); err != nil {
		t.Fatal(err)
	}
	x := [][]float32{make([]float32, 64)}
	x[0][7] = 1
	for range 3 { // again after the tail was dropped
		installs := make(chan func() error)
		go func() {
			install, err := prepared.Prepare(1, n.Len()) // layer 1 is resident already
			if err != nil {
				t.Error(err)
			}
			installs <- install
		}()
		head, err := prepared.Run(x, 0, 2) // beside it
		if err != nil {
			t.Fatal(err)
		}
		head = [][]float32{slices.Clone(head[0])}
		install := <-installs
		if prepared.Resident(2, n.Len()) {
			t.Error("resident before it is installed")
		}
		if err := install(); err != nil {
			t.Fatal(err)
		}
		got, err := prepared.Run(head, 2, n.Len())
		if err != nil {
			t.Fatal(err)
		}
		want, err := loaded.Run(x, 0, n.Len())
		if err != nil {
			t.Fatal(err)
		}
		for i := range got[0] {
			if d := got[0][i] - want[0][i]; d > 1e-4 || d < -1e-4 {
				t.Errorf("output %d: %v, loaded at once %v", i, got[0][i], want[0][i])
			}
		}
		prepared.Drop(2, n.Len())
	}
	if _, err := prepared.Prepare(3, 99); err == nil {
		t.Error("layers were prepared that there are not")
	}
}

// They are stored as the others are.
func TestPreparedLayersAreStoredAlike(t *testing.T) {
	n := openDigits(t)
	loaded, prepared := NewExecutor(n, Options{Weights: Int8}), NewExecutor(n, Options{Weights: Int8})
	defer loaded.Close()
	defer prepared.Close()
	if err := loaded.Load(0, n.Len()); err != nil {
		t.Fatal(err)
	}
	install, err := prepared.Prepare(0, n.Len())
	if err != nil {
		t.Fatal(err)
	}
	if err := install(); err != nil {
		t.Fatal(err)
	}
	x := [][]float32{make([]float32, 64)}
	for i := range x[0] {
		x[0][i] = float32(i%7) / 7
	}
	want, err := loaded.Run(x, 0, n.Len())
	if err != nil {
		t.Fatal(err)
	}
	got, err := prepared.Run(x, 0, n.Len())
	if err != nil || !slices.Equal(got[0], want[0]) {
		t.Errorf("%v, and %v where they are loaded at once: %v", got, want, err)
	}
}
