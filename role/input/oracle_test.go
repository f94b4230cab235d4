package input

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tandem/transport"
)

// found is a program that fails where a module is missing. To import torchvision would take longer than the test.
const found = "import sys, importlib.util as i; sys.exit(not all(map(i.find_spec, sys.argv[1:])))"

// python is the interpreter of Debian's packages.
func python(t *testing.T, modules string) string {
	t.Helper()
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(name, append([]string{"-c", found}, strings.Split(modules, ",")...)...).Run() == nil {
			return name
		}
	}
	t.Skipf("Debian's python3-numpy, python3-pil and, for long, python3-torchvision are needed: no Python can import %s", modules)
	return ""
}

// Pictures become what Pillow and torchvision make of them, to a few units of 255. That torchvision crops as the short test says is
// looked at in the long one.
func TestPicturesAgainstPillowAndTorchvision(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	folder := t.TempDir()
	pixels := map[bool][]string{false: {"400000"}, true: {"12000000", "torchvision"}}[long] // at most: those of a photo take long
	modules := strings.Join(append([]string{"PIL", "numpy"}, pixels[1:]...), ",")
	if out, err := exec.Command(python(t, modules), append([]string{"testdata/pictures.py", folder}, pixels...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	wanted, err := filepath.Glob(filepath.Join(folder, "*.*.*.*.*"))
	if err != nil || len(wanted) < 180 {
		t.Fatalf("%d files, %v", len(wanted), err)
	}
	type worst struct {
		mean, most float64
		at         string
		n          int
	}
	found, read := map[string]*worst{}, map[string]raster{}
	for _, path := range wanted {
		parts := strings.Split(filepath.Base(path), ".")
		source, fit, mode, side := filepath.Join(folder, parts[0]+"."+parts[1]), Fit(parts[2]), parts[3], parts[4]
		channels, width, height := 3, 0, 0
		if mode == "L" {
			channels = 1
		}
		if n, _ := fmt.Sscanf(side, "%dx%d", &width, &height); n < 2 {
			height = width
		}
		p := newPicture(Options{Fit: fit})
		if err := p.Fit(transport.Input{Shape: []int{height, width, channels}}); err != nil {
			t.Fatal(err)
		}
		r, known := read[source+mode]
		if !known {
			file, err := os.ReadFile(source)
			if err == nil {
				r, err = p.read(file)
			}
			if err != nil {
				t.Errorf("%s: %v", source, err)
				continue
			}
			read[source+mode] = r
		}
		data := p.values(r)
		want, err := os.ReadFile(path)
		if err != nil || len(want) != len(data) {
			t.Fatalf("%s: %d bytes, %v", path, len(want), err)
		}
		sum, most := 0.0, 0.0
		for i, v := range data {
			d := max(float64(v)*255-float64(want[i]), float64(want[i])-float64(v)*255)
			sum, most = sum+d, max(most, d)
		}
		mean := sum / float64(len(data))
		if mean > 1 || most > 3.01 {
			t.Errorf("%s: mean difference %.3f, largest %.1f of 255", filepath.Base(path), mean, most)
		}
		key := fmt.Sprintf("%-4s %s", parts[1], fit)
		w := found[key]
		if w == nil {
			w = &worst{}
			found[key] = w
		}
		w.n++
		w.mean = max(w.mean, mean)
		if most > w.most {
			w.most, w.at = most, filepath.Base(path)
		}
	}
	for key, w := range found {
		t.Logf("%s: %d pictures, mean difference at most %.3f, largest %.1f of 255 (%s)", key, w.n, w.mean, w.most, w.at)
	}
}
