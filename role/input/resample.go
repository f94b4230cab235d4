package input

import (
	"image"
	"math"
)

// resample scales a picture as Pillow's resize(…, BILINEAR) does, which is what torchvision calls: a triangle whose width
// grows with the reduction, so that every pixel counts (antialiasing), first along the rows and then along the columns,
// each rounded to a byte. It returns the part of the scaled picture that is wanted. Formulas: Pillow's
// src/libImaging/Resample.c.
func resample(from raster, width, height int, wanted image.Rectangle) raster {
	across := weightsOf(from.width, width, wanted.Min.X, wanted.Max.X)
	down := weightsOf(from.height, height, wanted.Min.Y, wanted.Max.Y)
	top, bottom := down[0].first, down[len(down)-1].first+len(down[len(down)-1].by)

	rows := newRaster(wanted.Dx(), bottom-top, from.channels)
	for y := range rows.height {
		scaleRow(rows.row(y), from.row(top+y), from.channels, across)
	}
	scaled := newRaster(wanted.Dx(), wanted.Dy(), from.channels)
	sums := make([]int32, len(scaled.row(0)))
	for y, w := range down {
		for i := range sums {
			sums[i] = 1 << (weightBits - 1)
		}
		for k, by := range w.by {
			row := rows.row(w.first - top + k)
			for i, v := range row {
				sums[i] += by * int32(v)
			}
		}
		row := scaled.row(y)
		for i, s := range sums {
			row[i] = clip(int(s >> weightBits))
		}
	}
	return scaled
}

func scaleRow(to, from []uint8, channels int, across []weights) {
	const half = 1 << (weightBits - 1)
	for x, w := range across {
		if channels == 1 {
			sum := int32(half)
			for k, v := range from[w.first:][:len(w.by)] {
				sum += w.by[k] * int32(v)
			}
			to[x] = clip(int(sum >> weightBits))
			continue
		}
		r, g, b := int32(half), int32(half), int32(half)
		at := from[3*w.first:][:3*len(w.by)]
		for k, by := range w.by {
			r, g, b = r+by*int32(at[3*k]), g+by*int32(at[3*k+1]), b+by*int32(at[3*k+2])
		}
		to[3*x], to[3*x+1], to[3*x+2] = clip(int(r>>weightBits)), clip(int(g>>weightBits)), clip(int(b>>weightBits))
	}
}

// weights are what the pixels from the first on count for in one of the scaled picture, in fixed point.
type weights struct {
	first int
	by    []int32
}

const weightBits = 22 // of the fraction: Pillow's PRECISION_BITS

// weightsOf returns the weights for the scaled pixels [begin, end) of a row or column of so many.
func weightsOf(from, to, begin, end int) []weights {
	scale := float64(from) / float64(to)
	support := max(scale, 1) // half the triangle's base
	all := make([]weights, 0, end-begin)
	for x := begin; x < end; x++ {
		centre := (float64(x) + 0.5) * scale
		first := max(0, int(centre-support+0.5))
		last := min(from, int(centre+support+0.5))
		part, sum := make([]float64, last-first), 0.0
		for k := range part {
			part[k] = max(0, 1-math.Abs((float64(first+k)-centre+0.5)/support))
			sum += part[k]
		}
		w := weights{first, make([]int32, len(part))}
		for k, p := range part {
			w.by[k] = int32(p/sum*(1<<weightBits) + 0.5)
		}
		all = append(all, w)
	}
	return all
}
