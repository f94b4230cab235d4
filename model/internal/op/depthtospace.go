package op

import (
	"fmt"

	"gorgonia.org/tensor"
)

// depthToSpace makes blocks of pixels of the channels: of shape [n c h w] it
// gives [n c/b² h b w b].
func depthToSpace(n *Node) error {
	shape, b, err := n.blocks()
	if err != nil {
		return err
	}
	batch, c, h, w := shape[0], shape[1], shape[2], shape[3]
	if c%(b*b) != 0 {
		return fmt.Errorf("%w: %d channels and blocks of %d", ErrMalformed, c, b)
	}
	c /= b * b
	s := shuffleOp{name: "depth to space", from: []int{batch, b, b, c, h, w}, order: []int{0, 3, 4, 1, 5, 2}}
	switch mode := n.word("mode", "DCR"); mode {
	case "DCR":
	case "CRD":
		s.from, s.order = []int{batch, c, b, b, h, w}, []int{0, 1, 4, 2, 5, 3}
	default:
		return fmt.Errorf("%w: mode %.20q, want DCR or CRD", ErrMalformed, mode)
	}
	return n.give(s, []int{batch, c, h * b, w * b}, 0)
}

// spaceToDepth makes channels of blocks of pixels: of shape [n c h w] it gives
// [n c b² h/b w/b].
func spaceToDepth(n *Node) error {
	shape, b, err := n.blocks()
	if err != nil {
		return err
	}
	batch, c, h, w := shape[0], shape[1], shape[2]/b, shape[3]/b
	if shape[2]%b != 0 || shape[3]%b != 0 {
		return fmt.Errorf("%w: shape %v and blocks of %d", ErrMalformed, shape, b)
	}
	s := shuffleOp{name: "space to depth", from: []int{batch, c, h, b, w, b}, order: []int{0, 3, 5, 1, 2, 4}}
	return n.give(s, []int{batch, c * b * b, h, w}, 0)
}

// blocks reads the size of the blocks.
func (n *Node) blocks() (shape []int, size int, err error) {
	if shape, err = n.only(); err != nil {
		return nil, 0, err
	}
	b := n.Int("blocksize", 0)
	if len(shape) != 4 || b < 1 || b > 1<<10 {
		return nil, 0, fmt.Errorf("%w: blocks of %d in shape %v", ErrMalformed, b, shape)
	}
	return shape, int(b), nil
}

// shuffleOp gives the dimensions of its input, which is seen with another shape,
// another order.
type shuffleOp struct {
	weightless
	name        string
	from, order []int
}

func (l shuffleOp) Moves() bool    { return true }
func (l shuffleOp) String() string { return l.name }

func (l shuffleOp) Load() (Kernel, error) {
	return shuffleKernel(turning(rowMajor(permuted(l.from, l.order)), rowMajor(l.from), l.order)), nil
}

type shuffleKernel walk

func (k shuffleKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	rearrange(y.Float32s(), xs[0].Float32s(), walk(k))
	return nil
}
