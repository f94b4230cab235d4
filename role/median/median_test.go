package median

import "testing"

func TestInterval(t *testing.T) {
	var values []float64
	for i := range 20 {
		values = append(values, float64(i+1))
	}
	for n, want := range map[int]Interval{ // Conover's tables: of 10 the second and the ninth, of 20 the sixth and the fifteenth
		1: {1, 1, 1}, 3: {2, 1, 3}, 6: {3.5, 1, 6}, 10: {5.5, 2, 9}, 20: {10.5, 6, 15},
	} {
		if got := Of(values[:n]); got != want {
			t.Errorf("of %d values: %v, and %v is right", n, got, want)
		}
	}
}
