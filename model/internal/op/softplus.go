package op

import "math"

// softplus is log(1 + exp(x)), which no large x makes infinite.
func softplus(x float64) float64 {
	return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
}

// softsign is x / (1 + |x|).
func softsign(x float64) float64 { return x / (1 + math.Abs(x)) }
