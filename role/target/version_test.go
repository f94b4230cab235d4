package target

import (
	"strings"
	"testing"

	"tandem/role/options"
	"tandem/transport"
)

// A neighbour of another version is named, with both.
func TestDiffers(t *testing.T) {
	client := transport.NewClient("slow:12345", transport.Limits{}, nil)
	of := Target{Client: client, Flag: "--next", Role: options.Slow, Own: "v2"}
	if text := of.Differs("v2"); text != "" {
		t.Error(text)
	}
	if text := of.Differs("v1"); !strings.Contains(text, "slow (slow:12345) is of version v1 of tandem, and its neighbour above of v2") {
		t.Error(text)
	}
	if text := of.Differs(""); !strings.Contains(text, "none that it says") {
		t.Error(text)
	}
}
