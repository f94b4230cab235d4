package placement

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// profile is what a device can do with a network: times and weights of the layers before each boundary, so that those between
// two are a difference.
type profile struct {
	Device
	bytes   []int
	takes   []float64 // seconds
	weights []int64
}

func profiles(n Network, fleet []Device) (all []profile) {
	for _, d := range fleet {
		all = append(all, newProfile(n, d))
	}
	return all
}

func newProfile(n Network, d Device) profile {
	p := profile{Device: d, bytes: n.Bytes, takes: []float64{0}, weights: []int64{0}}
	for i, layer := range d.Layers {
		p.takes = append(p.takes, p.takes[i]+layer.Seconds())
		p.weights = append(p.weights, p.weights[i]+n.Weights[i])
	}
	return p
}

// part is what one device, or several that are alike, can do in a stage, in frames a second:
//
//	x frames are passed on at the cut, y are finished here
//
//	x·head + y·whole ≤ 1                      its processor
//	x·bytes(cut) + y·bytes(output) ≤ send     its link, there
//	(x + y)·bytes(input) ≤ receive            and back
//
// The last stage finishes all.
type part struct {
	count       float64
	head, whole float64 // seconds; whole is infinite where it may not finish frames, or its memory is too small for that
	send        float64 // frames passed on that its link takes
	answer      float64 // frames finished that its link takes
	receive     float64 // frames that its link brings
	delay       time.Duration
}

// least is a time that is none, in seconds: no device is infinitely fast.
const least = 1e-9

// part reports false where the layers are too large for the device's memory.
func (p profile) part(from, to int, help bool) (part, bool) {
	layers, fits := len(p.Layers), func(to int) bool { return p.Memory == 0 || p.weights[to]-p.weights[from] <= p.Memory }
	a := part{count: 1, head: max(p.takes[to]-p.takes[from], least), whole: math.Inf(1), delay: p.Link.Delay}
	if (help || to == layers) && fits(layers) {
		a.whole = max(p.takes[layers]-p.takes[from], least)
	}
	a.send, a.answer, a.receive = frames(p.Link.Send, p.bytes[to]), frames(p.Link.Send, p.bytes[layers]), frames(p.Link.Receive, p.bytes[from])
	return a, fits(to)
}

// frames is how many of so many bytes a link of that rate takes in a second.
func frames(rate float64, bytes int) float64 {
	if rate <= 0 || bytes == 0 {
		return math.Inf(1)
	}
	return rate / float64(bytes)
}

// latency is what a frame takes on the device and on its way to the next one.
func (p part) latency() time.Duration {
	return time.Duration(math.Round((p.head+1/p.send)*float64(time.Second))) + p.delay
}

// most is how many frames the device passes on when it finishes none.
func (p part) most() float64 { return min(1/p.head, p.send, p.receive) }

// limits are the lines that bound how many frames the device takes together, x + y, when it passes on x of them. The last one
// does not depend on x.
func (p part) limits() [3]line {
	return [3]line{{1 / p.whole, 1 - p.head/p.whole}, {p.answer, 1 - over(p.answer, p.send)}, {p.receive, 0}}
}

// together is how many frames the device takes when it passes on x of them: concave in x.
func (p part) together(x float64) float64 {
	all := math.Inf(1)
	for _, l := range p.limits() {
		all = min(all, l.at(x))
	}
	return all
}

// line is a + b·x.
type line struct{ a, b float64 }

func (l line) at(x float64) float64 { return l.a + l.b*x }

// over is a/b where infinite frames mean no limit.
func over(a, b float64) float64 {
	if math.IsInf(a, 1) || math.IsInf(b, 1) {
		return 0
	}
	return a / b
}

// offer is what the devices of a stage make of what those behind them take: that is given piece by piece to the device that
// gains most by it.
type offer struct {
	alone  float64 // frames that they take when they pass on none
	pieces []piece // those that gain most come first
}

// piece is so many frames passed on, of which each lets its device take so much of a frame more.
type piece struct{ frames, gain float64 }

func newOffer(parts []part) (o offer) {
	o.pieces = make([]piece, 0, 4*len(parts))
	for _, p := range parts {
		o.alone += p.count * p.together(0)
		o.pieces = p.addPieces(o.pieces)
	}
	slices.SortFunc(o.pieces, func(a, b piece) int { return cmp.Compare(b.gain, a.gain) })
	return o
}

// addPieces adds those between the kinks of together. As it is concave, the first gain most.
func (p part) addPieces(to []piece) []piece {
	most, limits := p.most(), p.limits()
	kinks := append(make([]float64, 0, 5), 0, most)
	for i, k := range limits {
		for _, l := range limits[:i] {
			if x := (k.a - l.a) / (l.b - k.b); x > 0 && x < most {
				kinks = append(kinks, x)
			}
		}
	}
	slices.Sort(kinks)
	for i, x := range kinks[1:] {
		if frames := x - kinks[i]; frames > 0 {
			to = append(to, piece{p.count * frames, (p.together(x) - p.together(kinks[i])) / frames})
		}
	}
	return to
}

// rate is how many frames a second the stage takes in front of devices that take so many.
func (o offer) rate(next float64) float64 {
	rate := o.alone
	for _, p := range o.pieces {
		frames := min(p.frames, next)
		if p.gain <= 0 || frames <= 0 {
			break
		}
		rate, next = rate+p.gain*frames, next-frames
	}
	return rate
}
