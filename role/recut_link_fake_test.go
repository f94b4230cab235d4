package role

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"tandem/pipeline"
)

// channels are those of what passes between the layers of narrowing, of 16x16 values each: half of the work is done before the
// third boundary, where a frame has 64 KiB, and three fifths before the fourth one, where it has 4.
var channels = []int{1, 8, 16, 64, 4, 64, 10}

// narrowing writes that network.
func narrowing(t *testing.T) string {
	number := func(to []byte, field protowire.Number, n int) []byte {
		return protowire.AppendVarint(protowire.AppendTag(to, field, protowire.VarintType), uint64(n))
	}
	text := func(to []byte, field protowire.Number, b string) []byte {
		return protowire.AppendString(protowire.AppendTag(to, field, protowire.BytesType), b)
	}
	var graph []byte
	for i, from := range channels[:len(channels)-1] {
		to, name := channels[i+1], string(rune('a'+i))
		node := text(text(text(text(nil, 1, name), 1, "w"+name), 2, string(rune('b'+i))), 4, "Conv")
		graph = text(graph, 1, string(node))
		var weights []byte
		for _, d := range []int{to, from, 1, 1} {
			weights = number(weights, 1, d)
		}
		graph = text(graph, 5, string(text(text(number(weights, 2, 1), 8, "w"+name), 9, strings.Repeat("\x00\x00\x00\x3c", to*from)))) // 2^-7
	}
	for field, i := range map[protowire.Number]int{11: 0, 12: len(channels) - 1} {
		var shape []byte
		for _, d := range []int{1, channels[i], 16, 16} {
			shape = text(shape, 1, string(number(nil, 1, d)))
		}
		kind := text(nil, 1, string(text(number(nil, 1, 1), 2, string(shape))))
		graph = text(graph, field, string(text(text(nil, 1, string(rune('a'+i))), 2, string(kind))))
	}
	file := filepath.Join(t.TempDir(), "narrowing.onnx")
	if err := os.WriteFile(file, text(text(number(nil, 1, 8), 8, string(number(nil, 2, 13))), 7, string(graph)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// The link between two nodes that becomes slower in mid-run, from 108 to 12 Mbit/s, moves the cut from the middle of the work to
// where frames are small, where more pass; one that is slow for 5 s moves nothing. No frame is unaccounted for.
func TestCutMovesWithTheLink(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		link  string
		lasts int // seconds
		moves bool
	}{"slower": {"rate=108mbit,12mbit@12s", 72, true}, "disturbed": {"rate=108mbit,12mbit@12s,108mbit@17s", 50, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && !test.moves {
				t.Skip("a minute of a run, once is enough for the race detector")
			}
			network := narrowing(t)
			synctest.Test(t, func(t *testing.T) {
				const device = "whole=60ms,load=100ms"
				s := recutSite(t, network, test.link, device, []string{device})
				s.cuts = []string{"auto"}
				r, delivered := s.history("baseline", 35*time.Millisecond, time.Duration(test.lasts)*time.Second)
				if r.Unaccounted != 0 || r.Died != 0 {
					t.Errorf("%d unaccounted, %d died", r.Unaccounted, r.Died)
				}
				before, slow, after := rate(delivered, 4, 11), rate(delivered, 19, 39), rate(delivered, test.lasts-9, test.lasts-1)
				t.Logf("%.1f f/s, %.1f when the link may be slow, %.1f in the end: %+v", before, slow, after, r.Recuts)
				switch {
				case !test.moves && len(r.Recuts) > 0:
					t.Errorf("%+v", r.Recuts)
				case !test.moves:
				case len(r.Recuts) != 1 || pipeline.FormatCuts(r.Recuts[0].Was) != "3" || pipeline.FormatCuts(r.Recuts[0].Cuts) != "4" || !strings.Contains(r.Recuts[0].Why, "ms to slow"):
					t.Errorf("%+v: %s", r.Recuts, s.story.String())
				case after < 1.1*slow:
					t.Errorf("%.1f f/s by the other cut, and %.1f before", after, slow) // 1.8 times as many
				}
			})
		})
	}
}
