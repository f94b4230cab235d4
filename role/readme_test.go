package role_test

import (
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"tandem/pipeline"
	"tandem/role/answer"
	"tandem/role/cert"
	"tandem/role/discover"
	"tandem/role/inspect"
	"tandem/role/install"
	"tandem/role/options"
	"tandem/role/plan"
	"tandem/role/plot"
	"tandem/role/simulate"
	"tandem/role/sweep"
	"tandem/strategy"
)

// What the READMEs name is there: flags, recipes, files, headings, tests, fields, metrics and messages.

const root = ".."

// files are the texts of all files of the repository that have such a name, by their paths.
func files(t *testing.T, pattern string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch is, _ := filepath.Match(pattern, d.Name()); {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "dist"):
			return fs.SkipDir
		case is && !d.IsDir():
			text, err := os.ReadFile(path)
			found[path] = string(text)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

var (
	fence  = regexp.MustCompile("(?ms)^```\\w*\n(.*?)^```")
	inline = regexp.MustCompile("`([^`\n]+)`")
)

// code is what a README has as code: blocks, line by line, and what stands between backquotes.
func code(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, block := range fence.FindAllStringSubmatch(text, -1) {
			for line := range strings.Lines(block[1]) {
				if !yield(strings.TrimSpace(line)) {
					return
				}
			}
		}
		for line := range strings.Lines(fence.ReplaceAllString(text, "")) {
			if strings.HasPrefix(line, "    ") {
				if !yield(strings.TrimSpace(line)) {
					return
				}
				continue
			}
			for _, span := range inline.FindAllStringSubmatch(line, -1) {
				if !yield(span[1]) {
					return
				}
			}
		}
	}
}

// others are flags of other programs.
var others = strings.Fields("cacert yes width height framerate codec help version " + // curl, npx, rpicam-vid, and everybody
	"rm image image-pull-policy from-file rounds avx cpu") // kubectl, .ci/onnxruntime, .ci/count

func TestREADMEsNameFlagsThatExist(t *testing.T) {
	known := append(slices.Clone(others), "cert") // curl has a --cert
	for _, s := range options.Table(new(options.Options)) {
		known = append(known, s.Name)
	}
	for _, c := range []*cli.Command{inspect.Command(nil), plot.Command(nil), plan.Command("", nil, nil, nil), discover.Command(nil), cert.Command(nil), simulate.Command("", nil, nil), sweep.Command("", nil, nil, nil), install.Commands(nil, nil, nil, nil)[0]} {
		for _, f := range c.Flags {
			known = append(known, f.Names()...)
		}
	}
	flag := regexp.MustCompile(`(?:^|[\s\x60(])--([a-z][a-z-]*)`)
	for path, text := range files(t, "README.md") {
		for piece := range code(text) {
			for _, f := range flag.FindAllStringSubmatch(piece, -1) {
				if !slices.Contains(known, f[1]) {
					t.Errorf("%s: --%s is no flag: %s", path, f[1], piece)
				}
			}
			if name, _, is := strings.Cut(piece, "="); is && strings.HasPrefix(name, "TANDEM_") && name != "TANDEM_MODELS" && name != "TANDEM_CASES" {
				if !slices.ContainsFunc(options.Table(new(options.Options)), func(s options.Setting) bool { return s.Variable() == name }) {
					t.Errorf("%s: %s is no setting", path, name)
				}
			}
		}
	}
}

func TestREADMEsNameRecipesThatExist(t *testing.T) {
	justfile, err := os.ReadFile(filepath.Join(root, "justfile"))
	if err != nil {
		t.Fatal(err)
	}
	recipe := regexp.MustCompile(`^just ([a-z][a-z-]*)`)
	for path, text := range files(t, "README.md") {
		for piece := range code(text) {
			for _, r := range recipe.FindAllStringSubmatch(piece, -1) {
				if !regexp.MustCompile(`(?m)^` + r[1] + `( [^:\n]*)?:( |$)`).Match(justfile) {
					t.Errorf("%s: there is no recipe %s", path, r[1])
				}
			}
		}
	}
}

var heading = regexp.MustCompile(`(?m)^#+ (.*)$`)

// anchors are what links to the headings of a text end with, as GitHub makes them.
func anchors(text string) (all []string) {
	for _, h := range heading.FindAllStringSubmatch(text, -1) {
		kept := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(h[1]), "")
		all = append(all, strings.ReplaceAll(kept, " ", "-"))
	}
	return all
}

func TestREADMEsLinkToWhatExists(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	named := regexp.MustCompile(`^\.?[a-z_]+/[\w./-]*$`)
	for path, text := range files(t, "README.md") {
		there := func(target string) bool {
			_, err := os.Stat(filepath.Join(filepath.Dir(path), target))
			return err == nil
		}
		for _, l := range link.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(l[1], "#")
			switch {
			case strings.Contains(target, "://"):
				continue
			case target == "":
				target = filepath.Base(path)
			case !there(target):
				t.Errorf("%s: there is no %s", path, target)
				continue
			}
			if anchor != "" {
				linked, err := os.ReadFile(filepath.Join(filepath.Dir(path), target))
				if err != nil || !slices.Contains(anchors(string(linked)), anchor) {
					t.Errorf("%s: %s has no heading #%s (%v)", path, target, anchor, err)
				}
			}
		}
		for _, span := range inline.FindAllStringSubmatch(text, -1) {
			if folder, _, _ := strings.Cut(span[1], "/"); !named.MatchString(span[1]) || folder == "photos" || folder == "dist" {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, span[1])); err != nil && !there(span[1]) {
				t.Errorf("%s: there is no %s", path, span[1])
			}
		}
	}
}

// Whoever runs a test or a benchmark as a README says finds one.
func TestREADMEsNameTestsThatExist(t *testing.T) {
	var tests strings.Builder
	for _, text := range files(t, "*_test.go") {
		tests.WriteString(text)
	}
	asked := regexp.MustCompile(`-(run|bench) '?([A-Z][\w|]*)`)
	for path, text := range files(t, "README.md") {
		for piece := range code(text) {
			for _, a := range asked.FindAllStringSubmatch(piece, -1) {
				for name := range strings.SplitSeq(a[2], "|") {
					if !regexp.MustCompile(`(?m)^func (Test|Benchmark|Example|Fuzz)\w*` + name).MatchString(tests.String()) {
						t.Errorf("%s: nothing is called %s: %s", path, name, piece)
					}
				}
			}
		}
	}
}

// fields are the names of a struct's JSON, with those of the structs in it.
func fields(of reflect.Type) (names []string) {
	for f := range of.Fields() {
		inner := f.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			names = append(names, fields(inner)...)
		}
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// Reports, results, traces and statuses have no field that role/README.md does not explain, and there is no such metric.
func TestREADMEExplainsEveryField(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	explained := map[string]bool{}
	for piece := range code(string(text)) {
		name, _, _ := strings.Cut(piece, "{")
		explained[name] = true
	}
	names := slices.Concat(
		fields(reflect.TypeFor[pipeline.Report]()), fields(reflect.TypeFor[pipeline.Status]()), fields(reflect.TypeFor[pipeline.Live]()),
		fields(reflect.TypeFor[pipeline.Decided]()), fields(reflect.TypeFor[answer.Answer]()),
	)
	metric := regexp.MustCompile(`"(tandem_\w+)"`)
	for path, source := range files(t, "*.go") {
		if filepath.Base(filepath.Dir(path)) == "monitor" && !strings.HasSuffix(path, "_test.go") {
			for _, m := range metric.FindAllStringSubmatch(source, -1) {
				names = append(names, m[1])
			}
		}
	}
	shownNowhere := []string{"unacknowledged", "denied"}
	for _, name := range names {
		if !explained[name] && !slices.Contains(shownNowhere, name) {
			t.Errorf("%s is not explained", name)
		}
	}
}

// section is the part of a text below a heading.
func section(t *testing.T, text, title string) string {
	t.Helper()
	_, below, is := strings.Cut(text, "\n## "+title+"\n")
	if !is {
		t.Fatalf("there is no section %q", title)
	}
	below, _, _ = strings.Cut(below, "\n## ")
	return below
}

// A newcomer looks for what the program has said: the symptoms in the README are its own words, and so are the notes.
func TestREADMEsQuoteTheProgram(t *testing.T) {
	var sources strings.Builder
	for path, text := range files(t, "*.go") {
		if !strings.HasSuffix(path, "_test.go") {
			sources.WriteString(text)
		}
	}
	all := files(t, "README.md")
	_, notes, _ := strings.Cut(all["../role/README.md"], "\n### Notes\n")
	notes, _, _ = strings.Cut(notes, "\n## ")
	row := regexp.MustCompile(`(?m)^\| ([^|]*) \|`)
	quoted := 0
	for _, cell := range row.FindAllStringSubmatch(section(t, all["../README.md"], "When something goes wrong")+notes, -1) {
		for _, message := range inline.FindAllStringSubmatch(cell[1], -1) {
			for _, part := range regexp.MustCompile(`…|: `).Split(message[1], -1) {
				if part = strings.Trim(part, " "); part != "" && !strings.HasPrefix(part, "fast.") {
					quoted++
					if !strings.Contains(sources.String(), part) {
						t.Errorf("the program never says %q", part)
					}
				}
			}
		}
	}
	if quoted < 20 {
		t.Errorf("only %d parts of messages were found", quoted)
	}
}

func TestREADMEIsShort(t *testing.T) {
	text := files(t, "README.md")["../README.md"]
	if lines := strings.Count(text, "\n"); lines > 180 {
		t.Errorf("it has %d lines: the rest belongs in a folder's README", lines)
	}
	for _, e := range strategy.All() {
		if !strings.Contains(section(t, text, "Start"), "\n    "+e.Name+" ") {
			t.Errorf("the table of go run . lacks %s", e.Name)
		}
	}
}
