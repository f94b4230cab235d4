package model_test

import (
	"fmt"
	"log"

	"tandem/model"
)

// The head on one node and the tail on another give what the whole gives.
func Example() {
	net, err := model.Open("testdata/digits_mlp.onnx")
	if err != nil {
		log.Fatal(err)
	}
	defer net.Close()
	cut, err := net.Cut("/1/Relu_output_0")
	if err != nil {
		log.Fatal(err)
	}

	fast, slow := model.NewExecutor(net, model.Options{}), model.NewExecutor(net, model.Options{})
	if err := fast.Load(0, cut); err != nil {
		log.Fatal(err)
	}
	if err := slow.Load(cut, net.Len()); err != nil {
		log.Fatal(err)
	}

	image := make([]float32, 64) // all black
	hidden, err := fast.Run([][]float32{image}, 0, cut)
	if err != nil {
		log.Fatal(err)
	}
	logits, err := slow.Run(hidden, cut, net.Len())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(net.Name(), "cut at", cut, "of", net.Len())
	fmt.Println(net.Shapes(0), "to", net.Shapes(cut), "to", net.Shapes(net.Len()))
	fmt.Println(len(logits[0]), "logits")
	// Output:
	// digits_mlp.onnx cut at 2 of 5
	// [[64]] to [[512]] to [[10]]
	// 10 logits
}
