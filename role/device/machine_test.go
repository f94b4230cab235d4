package device

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestMachineAndItsLoad(t *testing.T) {
	pi := fstest.MapFS{
		"proc/device-tree/model": {Data: []byte("Raspberry Pi 3 Model B Plus Rev 1.3\x00")},
		"proc/loadavg":           {Data: []byte("2.08 1.53 1.20 3/512 4711\n")},
	}
	if got := machine(pi); got != "Raspberry Pi 3B Plus" {
		t.Errorf("%q", got)
	}
	if got := load(pi, 4); got != 0.52 {
		t.Errorf("load %v", got)
	}
	if got := machine(fstest.MapFS{}); !strings.HasSuffix(got, " cores") || load(fstest.MapFS{}, 4) != 0 {
		t.Errorf("%q", got)
	}
}
