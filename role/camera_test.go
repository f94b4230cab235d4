package role

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/role/answer"
	"tandem/role/device"
	"tandem/role/report"
)

// cases is where files are whose right answers are known; they are not part of the repository.
func cases(t *testing.T, path string) string {
	t.Helper()
	for _, folder := range append(filepath.SplitList(os.Getenv("TANDEM_CASES")), "../../shared/cases") {
		if _, err := os.Stat(filepath.Join(folder, path)); err == nil {
			return filepath.Join(folder, path)
		}
	}
	t.Skipf("there are no cases with %s", path)
	return ""
}

// cell is a picture of 10 x 10 cells, one of them bright.
func cell(t *testing.T, i int) []byte {
	picture := image.NewGray(image.Rect(0, 0, 80, 80))
	for y := range 8 {
		for x := range 8 {
			picture.SetGray(8*(i%10)+x, 8*(i/10%10)+y, color.Gray{255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	filmTime  = 6 * time.Second
	filmEvery = 30 * time.Millisecond
)

// TestCameraProcess is no test: it is the camera of the next one, in a process of its own. It says when it writes which
// picture.
func TestCameraProcess(t *testing.T) {
	times := os.Getenv("TANDEM_TEST_CAMERA")
	if times == "" {
		t.Skip("it is started by another test")
	}
	said, err := os.Create(times)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for i := 0; time.Since(began) < filmTime; i++ {
		fmt.Fprintln(said, time.Now().UnixNano())
		if _, err := os.Stdout.Write(cell(t, i)); err != nil {
			break
		}
		time.Sleep(time.Until(began.Add(time.Duration(i+1) * filmEvery)))
	}
	os.Exit(0)
}

// A camera writes 33 pictures a second into a pipe, and a node takes ten: the answers are of what was just to be seen,
// and say how old they are. So it is at the beat of the camera and without one, whichever node is the slow one.
func TestLagOfALivePicture(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	network := cases(t, "pictures/grid100.onnx")
	for about, test := range map[string]struct {
		interval   time.Duration
		strategy   string
		head, tail time.Duration
	}{
		"a beat, slow is slow":  {30 * time.Millisecond, "baseline", time.Millisecond, 100 * time.Millisecond},
		"no beat, fast is slow": {0, "baseline", 100 * time.Millisecond, time.Millisecond},
		"a slow beat":           {100 * time.Millisecond, "baseline", time.Millisecond, 10 * time.Millisecond},
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			times, results := filepath.Join(folder, "times"), filepath.Join(folder, "results")
			camera := exec.Command(os.Args[0], "-test.run=^TestCameraProcess$")
			camera.Env = append(os.Environ(), "TANDEM_TEST_CAMERA="+times)
			film, err := camera.StdoutPipe()
			if err == nil {
				err = syscall.Mkfifo(results, 0o600)
			}
			if err == nil {
				err = camera.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = camera.Wait() }()
			type arrival struct {
				answer.Answer
				at time.Time
			}
			arrivals := make(chan []arrival)
			go func() {
				var all []arrival
				file, err := os.Open(results)
				if err == nil {
					defer file.Close()
					for lines := bufio.NewScanner(file); lines.Scan(); {
						a := arrival{at: time.Now()}
						if json.Unmarshal(lines.Bytes(), &a.Answer) == nil {
							all = append(all, a)
						}
					}
				}
				arrivals <- all
			}()
			var out bytes.Buffer
			c := quick()
			c.Stdin, c.Stdout = film, &out
			c.Model, c.Results, c.Input.Paths = network, results, []string{"mjpeg:-"}
			c.Strategy, c.Frames, c.Interval, c.Report.Format = test.strategy, 0, test.interval, report.JSON
			if c.Emulate, err = device.ParseEmulation(fmt.Sprintf("head=%v,tail=%v", test.head, test.tail)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(500 * time.Millisecond) // the camera is there first, and the pipe full
			stoodStill := watchMachine()
			if err := Run(t.Context(), c.Options); err != nil {
				t.Fatal(err)
			}
			stood := stoodStill()
			var r pipeline.Report
			if err := json.Unmarshal(out.Bytes(), &r); err != nil {
				t.Fatal(err)
			}
			checkLedgers(t, r, 1)
			written, err := os.ReadFile(times)
			if err != nil {
				t.Fatal(err)
			}
			var moments []time.Time
			for text := range strings.Lines(string(written)) {
				var at int64
				if _, err := fmt.Sscan(text, &at); err == nil {
					moments = append(moments, time.Unix(0, at))
				}
			}
			var lags, wrong []time.Duration
			for _, a := range <-arrivals {
				shown := -1 // the newest of the pictures with that cell
				for i := a.Class; i < len(moments) && moments[i].Before(a.at); i += 100 {
					shown = i
				}
				if shown >= 0 {
					lag := a.at.Sub(moments[shown])
					lags, wrong = append(lags, lag), append(wrong, (lag-time.Duration(a.AgeMS*float64(time.Millisecond))).Abs())
				}
			}
			if busy := strings.Contains(fmt.Sprint(r.Notes), "too busy"); busy || stood > 3*filmEvery {
				t.Skipf("the machine stood still for %v, or is too busy to emulate the devices, and is no witness of times: %q", stood, r.Notes)
			}
			slices.Sort(lags)
			slices.Sort(wrong)
			if len(lags) < 30 {
				t.Fatalf("%d answers", len(lags))
			}
			client := r.Nodes[0]
			lag, off := lags[len(lags)/2], wrong[len(wrong)/2]
			t.Logf("%d pictures, %d skipped, %d answers, %.1f a second; lag: median %v, 95 %% %v, the age is %v off; %v",
				client.Received, client.Skipped, len(lags), r.Rate, lag, lags[len(lags)*95/100], off, r.Nodes)
			if lag > 250*time.Millisecond || off > 50*time.Millisecond {
				t.Errorf("median lag %v, and the age is %v off", lag, off)
			}
			if all := int64(len(moments)); client.Received < all*9/10 || client.Received > all {
				t.Errorf("%d pictures were received of %d", client.Received, all)
			}
		})
	}
}
