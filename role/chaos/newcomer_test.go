//go:build slow

package chaos

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// A newcomer types what the READMEs have, from top to bottom, and it works. Hosts are addresses of the loopback interface
// here, and the newcomer's own network is one of the repository's.
func TestNewcomerFollowsTheREADMEs(t *testing.T) {
	n := newcomer{folder: t.TempDir(), net: fmt.Sprintf("127.%d.%d.", 1+rand.IntN(250), 1+rand.IntN(250))}
	n.prepare(t)
	for _, chapter := range []struct{ file, title string }{
		{"../../README.md", "Four terminals"},
		{"../../README.md", "Four Pis"},
		{"../../README.md", "Your own network"},
		{"../README.md", "Several slow nodes"},
	} {
		t.Run(chapter.title, func(t *testing.T) {
			text, err := os.ReadFile(chapter.file)
			if err != nil {
				t.Fatal(err)
			}
			_, below, is := strings.Cut(string(text), "\n## "+chapter.title+"\n")
			if !is {
				t.Fatalf("%s has no such section", chapter.file)
			}
			below, _, _ = strings.Cut(below, "\n## ")
			for block := range strings.SplitSeq(below, "\n\n") {
				if strings.HasPrefix(strings.TrimPrefix(block, "\n"), "    ") {
					n.play(t, block)
				}
			}
		})
	}
}

type newcomer struct{ folder, net string }

// prepare makes what newcomers bring: pictures, and names of classes.
func (n newcomer) prepare(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(n.folder, "photos"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"photos/1.png": picture.Bytes(), "classes.txt": []byte("zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n")} {
		if err := os.WriteFile(filepath.Join(n.folder, name), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

var prompted = regexp.MustCompile(`^(\w+)\$ +tandem (.*)$`)

// play types the lines of a block that start the program: nodes, which stay up until all is played, and what ends by
// itself. Nodes that the text has named elsewhere are added.
func (n newcomer) play(t *testing.T, block string) {
	t.Helper()
	var nodes []*process
	fast := strings.Contains(block, "--role fast")
	if fast && !strings.Contains(block, "--role end") {
		block = "    end$ tandem --role end\n" + block
	}
	if fast && !strings.Contains(block, "--role client") {
		block += "\n    client$ tandem --role client --next fast"
	}
	for line := range strings.Lines(block) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "  #")
		host, flags := "", ""
		if p := prompted.FindStringSubmatch(line); p != nil && fast {
			host, flags = p[1], p[2]
		} else if rest, is := strings.CutPrefix(line, "./tandem "); is {
			flags = rest
		} else {
			continue
		}
		if strings.Contains(flags, "--role") && !strings.Contains(flags, "--role client") {
			nodes = append(nodes, launch(t, &network{}, line, n.adapt(host, flags)...))
			continue
		}
		code, said, stderr := tandem(t, n.adapt(host, flags)...)
		if code != 0 || !strings.Contains(said, "coverage") && !strings.Contains(said, "can be cut") {
			t.Errorf("%s: code %d: %s%s", line, code, said, stderr)
		}
	}
	for _, node := range nodes {
		node.signal(syscall.SIGTERM)
	}
	for _, node := range nodes {
		node.exit(t, 0)
	}
}

// named are the neighbours that nodes find where multicast passes, which over loopback it does not.
var named = map[string]string{"slow": " --next end", "fast": " --next slow --end end", "client": " --next fast"}

// adapt puts what is here in the place of what the text has.
func (n newcomer) adapt(host, flags string) (args []string) {
	if host != "" && !strings.Contains(flags, "--next") {
		flags += named[host]
	}
	if host != "" && !strings.Contains(flags, "--role client") {
		flags += " --listen " + host
	}
	if strings.Contains(flags, "--next") {
		flags += " --wait 1m"
	}
	hosts := map[string]string{"slow": "4", "fast": "3", "end": "5", "slow1": "6", "slow2": "7", "mid": "8", "last": "9"}
	here := map[string]string{
		"net.onnx": digitsCNN, "photos/": filepath.Join(n.folder, "photos"), "imagenet": "mean=0.5,std=0.5",
		"results.jsonl": filepath.Join(n.folder, "results.jsonl"), "classes.txt": filepath.Join(n.folder, "classes.txt"),
		"9": "3", "21": "7", "26": "3", "1000": "100", // cuts, of a smaller network, and frames
	}
	before := ""
	for _, arg := range strings.Fields(flags) {
		given := arg
		switch own, is := here[arg]; {
		case is:
			arg = own
		case strings.HasPrefix(arg, "model/"):
			arg = "../../" + arg
		case strings.HasPrefix(arg, "127.0.0."):
			arg = n.net + strings.TrimPrefix(arg, "127.0.0.")
		case hosts[arg] != "" && before != "--role":
			arg = n.net + hosts[arg]
		}
		args, before = append(args, arg), given
	}
	return args
}
