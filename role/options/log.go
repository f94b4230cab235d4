package options

import (
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"
)

// Logger makes the log that the options ask for.
func (o Options) Logger() zerolog.Logger {
	var to io.Writer = zerolog.ConsoleWriter{Out: o.Stderr, TimeFormat: time.TimeOnly, NoColor: !Terminal(o.Stderr)}
	if o.LogFormat == "json" {
		to = o.Stderr
	}
	level, _ := zerolog.ParseLevel(o.LogLevel) // checked when it was set
	log := zerolog.New(to).Level(level).With().Timestamp()
	if o.Role != Local {
		log = log.Str("role", string(o.Role))
	}
	return log.Logger()
}

// Terminal reports whether a person reads what is written there.
func Terminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}
