package answer

import (
	"math"
	"strconv"
)

// Number is a float32 in JSON: in as few digits as tell it from all others, and null where it is no number.
type Number float32

// Numbers are some of them.
type Numbers []float32

func (n Number) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }

func (n Numbers) MarshalJSON() ([]byte, error) {
	const usual = 12 // bytes of one
	text := append(make([]byte, 0, usual*len(n)+2), '[')
	for i, v := range n {
		if i > 0 {
			text = append(text, ',')
		}
		text = Number(v).AppendJSON(text)
	}
	return append(text, ']'), nil
}

// AppendJSON appends the number to a text.
func (n Number) AppendJSON(to []byte) []byte {
	v := float64(n)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(to, "null"...)
	}
	format := byte('f')
	if size := math.Abs(v); size != 0 && (size < 1e-6 || size >= 1e21) { // as encoding/json has it
		format = 'e'
	}
	return strconv.AppendFloat(to, v, format, -1, 32)
}
