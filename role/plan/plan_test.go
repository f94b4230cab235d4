package plan

import (
	"strings"
	"testing"
	"time"

	"tandem/model"
	"tandem/transport"
)

// A plan gives a device that is too small for the network what fits, and says which one it is.
func TestPlanForASmallDevice(t *testing.T) {
	net := model.Default(1)
	at := func(address string, memory int64) node {
		return node{
			client:      transport.NewClient(address, transport.Limits{Window: 1, MaxBody: 1 << 20}, nil),
			Description: transport.Description{Name: address},
			Calibration: transport.Calibration{Layers: []time.Duration{time.Millisecond, 20 * time.Millisecond}, Memory: memory},
		}
	}
	p, err := find(net, []node{at("large:1", 1<<30), at("small:1", net.Bytes(0, 1))}, terms{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Nodes[0].Address != "small:1" || p.Nodes[1].Address != "large:1" || len(p.Notes) != 1 || !strings.HasPrefix(p.Notes[0], "small:1 is too small") {
		t.Errorf("%+v", p)
	}
}
