//go:build slow

package monitor_test

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tandem/role"
	"tandem/role/device"
	"tandem/role/options"
)

var update = flag.Bool("update", false, "take the README's picture of the page anew")

// The README shows the page in the midst of a run, in which the slow node becomes hot. With -update the picture is taken
// anew, which is two minutes.
func TestPictureInTheREADME(t *testing.T) {
	const file, width, height, most = "page.png", 1000, 960, 60 << 10
	if *update {
		p := openTab(t, startBrowser(t), playHot(t))
		p.until(t, live)
		p.do(t, chromedp.EmulateViewport(width, height))
		for _, sent := range []string{"[1-9][0-9]{2}", "1[0-9]{3}", "2[6-9][0-9]{2}"} { // each within a minute of the one before
			p.until(t, fmt.Sprintf(`/ of %s sent$/.test(document.getElementById("delivered").textContent.replaceAll(",", ""))`, sent))
		}
		evaluate[any](t, p, `document.querySelector("#span [value='1']").click()`)
		p.settle(t)
		shot, err := chromedp.Run(p, chromedp.CaptureScreenshot())
		if err == nil {
			err = os.WriteFile(file, smaller(t, shot), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	drawn, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	config, err := png.DecodeConfig(bytes.NewReader(drawn))
	if err != nil || config.Width != width || config.Height != height || len(drawn) > most {
		t.Errorf("%s has %d bytes, and %dx%d pixels: %v", file, len(drawn), config.Width, config.Height, err)
	}
}

// playHot plays all roles at the pace of Raspberry Pis until the test ends; after a while the slow one takes half as long
// again. It returns the address of the page.
func playHot(t *testing.T) string {
	t.Helper()
	o := options.Default(options.Local)
	o.Strategy, o.Frames = "balance", 0
	slow := device.Pi3
	slow.Name, slow.Tail = "pi3, hot", append(device.Always(42*time.Millisecond), device.Leg{Takes: 63 * time.Millisecond, From: 45 * time.Second})
	o.EmulateSlow = []device.Emulation{slow}
	said, says := io.Pipe()
	o.Stdout, o.Stderr = io.Discard, says
	ctx, stop := context.WithCancel(context.Background())
	var playing sync.WaitGroup
	t.Cleanup(func() {
		stop()
		playing.Wait()
	})
	playing.Go(func() {
		if err := role.Run(ctx, o); err != nil {
			t.Error(err)
		}
	})
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, said) // until the pipe is garbage
	return strings.TrimSpace(strings.TrimPrefix(line, "watch it on "))
}

// smaller makes a picture of its 256 most frequent colours; the others become the nearest of them.
func smaller(t *testing.T, shot []byte) []byte {
	t.Helper()
	full, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	often := map[color.Color]int{}
	bounds := full.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			often[full.At(x, y)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(often), func(a, b color.Color) int { return often[b] - often[a] })
	few := image.NewPaletted(bounds, colours[:min(len(colours), 256)])
	draw.Draw(few, bounds, full, bounds.Min, draw.Src)
	var file bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&file, few); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}
