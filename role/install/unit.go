package install

import (
	"bytes"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"text/template"

	"tandem/model"
)

// unit is what differs between services.
type unit struct {
	Name, Role, Program, Settings string
	Credentials                   []credential
	Shown                         []string // files that it reads
	Video                         bool     // the machine has the group that may ask a Pi's firmware
}

// credential is a file that systemd hands to the service.
type credential struct{ Name, Variable, File string }

// unitText is a service that starts with the machine, again whenever it ends, and at once where it no longer answers. It can
// change nothing but its own folders in /var/lib and /var/cache.
var unitText = template.Must(template.New("unit").Parse(`# Written by tandem install, which overwrites it.
[Unit]
Description=tandem {{.Role}}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={{.Program}} --config %d/settings
ExecReload=/bin/kill -HUP $MAINPID
LoadCredential=settings:{{.Settings}}
{{- range .Credentials}}
LoadCredential={{.Name}}:{{.File}}
Environment={{.Variable}}=%d/{{.Name}}
{{- end}}
Restart=always
RestartSec=1
TimeoutStartSec=infinity
WatchdogSec=30
TimeoutStopSec=5min

DynamicUser=yes
StateDirectory={{.Name}}
CacheDirectory={{.Name}}
WorkingDirectory=%S/{{.Name}}
Environment=XDG_CACHE_HOME=%C/{{.Name}}
{{- if .Video}}
SupplementaryGroups=video
{{- end}}
{{- range .Shown}}
BindReadOnlyPaths={{.}}
{{- end}}
ProtectSystem=strict
ProtectHome=tmpfs
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
CapabilityBoundingSet=
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
UMask=0027

[Install]
WantedBy=multi-user.target
`))

// show lets the service see a file, and of a network those beside it too. It has to be readable for all.
func (u *unit) show(setting, file string) error {
	files := []string{file}
	if setting == "model" {
		beside, err := model.Beside(file)
		if err != nil {
			return fmt.Errorf("--model: %w", err)
		}
		for _, location := range beside {
			files = append(files, filepath.Join(filepath.Dir(file), location))
		}
	}
	for _, f := range files {
		info, err := os.Stat(f)
		if err == nil && info.Mode()&0o004 == 0 {
			err = fmt.Errorf("%s: the service has a user of its own, who can't read it: chmod a+r %s", f, f)
		}
		if err != nil {
			return fmt.Errorf("--%s: %w", setting, err)
		}
	}
	u.Shown = append(u.Shown, files...)
	return nil
}

func (u unit) text() ([]byte, error) {
	var b bytes.Buffer
	err := unitText.Execute(&b, u)
	return b.Bytes(), err
}

func hasGroup(name string) bool {
	_, err := user.LookupGroup(name)
	return err == nil
}
